"""A finding is something that is or may be wrong: the observation, its severity, the remedy."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias, get_args

from madaline._base.codec import Count, Sentence, Stored
from madaline._base.json_checks import Text
from madaline._base.language import Message, _, translate
from madaline._base.words import clip_text, for_command_line
from madaline.nn.arrays import Array
from madaline.records._results.blocks import Findings, Section, finding_blocks
from madaline.records._results.result import Result, ToFrame

# High: predictions or scores cannot be trusted before this is settled. Medium: some accuracy is
# lost, or some rows are predicted badly. Low: good to know.
Severity: TypeAlias = Literal["high", "medium", "low"]

SEVERITIES: tuple[Severity, ...] = get_args(Severity)

_FORM = r"\+?,?(\.\d)?[fg%e]?"  # a format that makes a short text of a number

# What can be found.
Kind: TypeAlias = Literal[
    "nothing learned", "weak fit", "unfinished", "overfit", "too few rows", "dead units",
    "vanishing gradients", "exploding gradients", "divergence", "leak", "one column",
    "identifier", "duplicates", "wrong labels", "confused classes", "calibration", "worse group",
    "drift", "unseen categories", "outside", "last known value", "odd stretch", "aging",
    "late rows", "no value", "constant", "missing values", "far values", "redundant",
    "contradiction", "rare class", "order", "groups",
]  # fmt: skip

_MAX_SUBJECT = 1000  # characters: levels and classes may be whole texts


@dataclass(frozen=True)
class Finding(Stored, Result):
    """One finding of a diagnosis.

    Attributes
    ----------
    kind : str
        What was found, such as "leak".
    severity : str
        "high", "medium" or "low".
    subject : str
        A column, a group of rows such as "city = Bonn", a class, the rows.
    seen : str
        The observation, in words for a newcomer: a message with its values, or a text. So that
        words cannot disagree with numbers, a text names the subject as {subject} and the numbers
        of the evidence as {name} or, with a format, {name:.1%}.
    remedy : str
        What to do, written in the same way.
    evidence : Mapping[str, float]
        Numbers by their names.
    rows : tuple[int, ...]
        Numbers of some rows, the most telling first, counted from 0.
    names : tuple[str, ...]
        Of those rows, such as files; empty if they have none.

    Examples
    --------
    >>> finding = Finding(
    ...     "leak", "high", "paid", "{subject} explains {share:.0%}", "leave it out", {"share": 1.0}
    ... )
    >>> finding.sentence
    'paid explains 100%: leave it out.'
    """

    kind: Kind
    severity: Severity
    subject: str
    seen: Sentence
    remedy: Sentence
    evidence: Mapping[str, float] = field(default_factory=dict)
    rows: tuple[Count, ...] = ()
    names: tuple[str, ...] = ()
    told = {"sentence": Text()}  # noqa: RUF012

    def __post_init__(self) -> None:
        """Cut a long subject, and long names in the words."""
        object.__setattr__(self, "subject", clip_text(self.subject, _MAX_SUBJECT))
        for name in ("seen", "remedy"):
            object.__setattr__(self, name, _clipped(getattr(self, name)))

    @property
    def sentence(self) -> str:
        """The observation and the remedy, with the numbers filled in."""
        seen, remedy = self._filled(self.seen), self._filled(self.remedy)
        return _("{seen}: {remedy}.").format(seen=seen, remedy=remedy)

    @property
    def observed(self) -> str:
        """The observation alone, in a sentence."""
        return _("{seen}.").format(seen=self._filled(self.seen))

    def __repr__(self) -> str:
        """Return the kind, the severity and the sentence."""
        return f"<Finding {self.kind}, {self.severity}: {self.sentence}>"

    def sections(self) -> Iterator[Section]:
        yield Section(finding_blocks(self))

    def examples(self, most: int) -> str:
        """Return some rows in words, by their names or their numbers; empty if it has none."""
        if self.names or not self.rows:
            return ", ".join(self.names[:most])
        return _("rows {rows} (counted from 0)").format(
            rows=_(", ").join(map(str, self.rows[:most]))
        )

    def __str__(self) -> str:
        return self.sentence

    def facts(self) -> dict[str, Any]:
        """Return JSON-able values to read: as `to_json`, with the numbers filled in everywhere."""
        filled = {"seen": self._filled(self.seen), "remedy": self._filled(self.remedy)}
        return self.to_json() | filled

    def for_command_line(self) -> Finding:
        """Return the finding with options of the command line instead of arguments in Python."""
        return replace(self, seen=for_command_line(self.seen), remedy=for_command_line(self.remedy))

    def _filled(self, words: str) -> str:
        # Formatted once, so that braces in a subject stay as they are.
        if isinstance(words, Message) and words.values:
            return words.again()
        template = words.template if isinstance(words, Message) else words
        return _(template).format(subject=translate(self.subject), **self.evidence)

    def to_json(self) -> dict[str, Any]:
        """Return the finding as JSON-able values, its sentence included."""
        return super().to_json() | {"sentence": self.sentence}

    @classmethod
    def disagreement(cls, values: Mapping[str, Any]) -> str:
        """Return what is wrong with the words: they name numbers that the evidence lacks."""
        known = {"subject", *values.get("evidence", {})}
        try:
            words = [text for text in (values["seen"], values["remedy"]) if isinstance(text, str)]
            parts = [*string.Formatter().parse("".join(words))]
        except ValueError:
            return "has braces that do not match"
        for __, name, form, conversion in parts:
            if name is None:
                continue
            if name not in known or conversion or not re.fullmatch(_FORM, form or "", re.ASCII):
                return "has words that name what is not there"
            if name == "subject" and form:
                return "has a format for its subject"
        return ""


def _clipped(words: Any) -> Any:
    """Return a message with its names cut, which may be whole texts."""
    if isinstance(words, Message) and len(words) > _MAX_SUBJECT:
        values = {name: _clipped(value) for name, value in words.values.items()}
        return Message(words, words.template, words.plural, values).again()
    return clip_text(words, _MAX_SUBJECT) if type(words) is str else words


@dataclass(frozen=True)
class Diagnosis(Result, ToFrame):
    """All findings about a fit, or about a table.

    Attributes
    ----------
    findings : tuple[Finding, ...]
        The worst first; an empty diagnosis is a good one.

    Examples
    --------
    >>> low = Finding("identifier", "low", "row", "{subject} was left out", "nothing to do")
    >>> high = Finding("leak", "high", "paid", "{subject} reveals the target", "leave it out")
    >>> print(Diagnosis.of([low, high]))
    high: paid reveals the target: leave it out.
    low: row was left out: nothing to do.
    >>> print(Diagnosis())
    No problem was found.
    """

    findings: tuple[Finding, ...] = ()

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Diagnosis:
        """Return the diagnosis of some findings; those of one severity keep their order."""
        return cls(tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))))

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    __str__ = __repr__ = Result.text

    def sections(self) -> Iterator[Section]:
        yield Section([Findings(self.findings)])

    def to_columns(self) -> dict[str, Any]:
        """Return severity, kind, subject and sentence of each finding, and some of its rows."""
        names = ("severity", "kind", "subject", "sentence")
        columns: dict[str, Any] = {name: [getattr(each, name) for each in self] for name in names}
        return columns | {"rows": [", ".join(map(str, each.names or each.rows)) for each in self]}

    def by_severity(self) -> dict[str, tuple[Finding, ...]]:
        """Return the findings of each severity, high first."""
        return {
            severity: tuple(finding for finding in self.findings if finding.severity == severity)
            for severity in SEVERITIES
        }

    def renumbered(self, numbers: Sequence[int] | Array) -> Diagnosis:
        """Return the diagnosis with other row numbers: of row k, the k-th of `numbers`."""
        return Diagnosis(
            tuple(
                replace(finding, rows=tuple(int(numbers[row]) for row in finding.rows))
                for finding in self
            )
        )

    def named(self, names: Sequence[str] | Array | None) -> Diagnosis:
        """Return the diagnosis with names of rows: of row k, the k-th, if there are any."""
        if names is None:
            return self
        return Diagnosis(
            tuple(
                replace(finding, names=tuple(str(names[row]) for row in finding.rows))
                for finding in self
            )
        )

    def for_command_line(self) -> Diagnosis:
        """Return the findings with options of the command line instead of arguments in Python."""
        return Diagnosis(tuple(finding.for_command_line() for finding in self))

    def to_json(self) -> list[dict[str, Any]]:
        """Return the findings as JSON-able values."""
        return [finding.to_json() for finding in self.findings]

    def facts(self) -> list[dict[str, Any]]:
        """Return the findings as JSON-able values to read, with all numbers filled in."""
        return [finding.facts() for finding in self.findings]

    @classmethod
    def from_json(cls, values: Sequence[Mapping[str, Any]]) -> Diagnosis:
        """Return the diagnosis that `to_json` described."""
        return cls(tuple(map(Finding.from_json, values)))
