"""A finding is something that is or may be wrong: the observation, its severity, the remedy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from madaline._charts.html import Html, block, paragraph
from madaline._words import clipped

Severity: TypeAlias = Literal["high", "medium", "low"]
"""High: predictions or scores cannot be trusted before this is settled. Medium: some accuracy is
lost, or some rows are predicted badly. Low: good to know."""

SEVERITIES: tuple[Severity, ...] = get_args(Severity)

Kind: TypeAlias = Literal[
    "nothing learned",
    "weak fit",
    "unfinished",
    "overfit",
    "too few rows",
    "dead units",
    "vanishing gradients",
    "exploding gradients",
    "divergence",
    "leak",
    "identifier",
    "duplicates",
    "wrong labels",
    "confused classes",
    "calibration",
    "worse group",
    "reversed group",
    "drift",
    "unseen categories",
    "outside",
]
"""What can be found."""

LONGEST_SUBJECT = 1000
"""Characters of a subject: levels and classes may be whole texts."""

SHOWN_ROWS = 5
"""Numbers of rows that are shown, at most."""


@dataclass(frozen=True)
class Finding:
    """One finding of a diagnosis.

    Parameters
    ----------
    kind : str
        One of `Kind`.
    severity : {"high", "medium", "low"}
        How bad it is.
    subject : str
        What it is about: a column, a group of rows such as ``city = Bonn``, a class, the rows.
    seen : str
        The observation, in words for a newcomer. It may name the subject as ``{subject}`` and the
        numbers of `evidence` as ``{name}`` or, with a format, ``{name:.1%}``; so the words cannot
        disagree with the numbers.
    remedy : str
        What to do or to look at, with names in braces, too.
    evidence : mapping of str to float
        The numbers.
    rows : tuple of int
        Numbers of rows that it is about, the most telling first, counted from 0; some at most.
    names : tuple of str
        Names of those rows, such as the files they were read from; empty if they have none.

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
    seen: str
    remedy: str
    evidence: Mapping[str, float] = field(default_factory=dict)
    rows: tuple[int, ...] = ()
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Cut a long subject."""
        object.__setattr__(self, "subject", clipped(self.subject, LONGEST_SUBJECT))

    @property
    def sentence(self) -> str:
        """The observation and the remedy, with the numbers filled in."""
        return self._filled(f"{self.seen}: {self.remedy}.")

    def __repr__(self) -> str:
        """Return the kind, the severity and the sentence."""
        return f"<Finding {self.kind}, {self.severity}: {self.sentence}>"

    def _repr_html_(self) -> str:
        return block(self.html())

    def html(self) -> Html:
        """Return the sentence and some rows, to be put among others."""
        rows = self.examples(SHOWN_ROWS)
        return Html(paragraph(self.sentence) + (paragraph(rows, "muted") if rows else ""))

    def examples(self, most: int) -> str:
        """Return some rows in words, by their names or their numbers; empty if it has none.

        Examples
        --------
        >>> alike = Finding("duplicates", "low", "the rows", "alike", "look", rows=(7, 9))
        >>> alike.examples(1)
        'rows 7 (counted from 0)'
        """
        if self.names or not self.rows:
            return ", ".join(self.names[:most])
        return f"rows {', '.join(map(str, self.rows[:most]))} (counted from 0)"

    def __str__(self) -> str:
        """Return the sentence."""
        return self.sentence

    def to_json(self) -> dict[str, Any]:
        """Return the finding as JSON-able values, its sentence included."""
        return asdict(self) | {"sentence": self.sentence}

    def facts(self) -> dict[str, Any]:
        """Return JSON-able values to read: as `to_json`, with the numbers filled in everywhere.

        Examples
        --------
        >>> Finding("leak", "high", "paid", "{subject} leaks", "drop it").facts()["seen"]
        'paid leaks'
        """
        return self.to_json() | {
            "seen": self._filled(self.seen),
            "remedy": self._filled(self.remedy),
        }

    def _filled(self, words: str) -> str:
        # Formatted once, so that braces in a subject stay as they are.
        return words.format_map({"subject": self.subject, **self.evidence})

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Finding:
        """Return the finding that `to_json` described."""
        fields = {name: value for name, value in values.items() if name != "sentence"}
        tuples = {name: tuple(fields.get(name, ())) for name in ("rows", "names")}
        return cls(**(fields | tuples))
