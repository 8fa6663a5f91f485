"""A diagnosis is a list of findings, the worst first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from madaline._charts.html import Html, block, paragraph, table, word
from madaline._charts.listing import ToFrame
from madaline._diagnosis.finding import SEVERITIES, Finding
from madaline.nn.arrays import Array


@dataclass(frozen=True)
class Diagnosis(ToFrame):
    """All findings about a fit, or about a table.

    Parameters
    ----------
    findings : tuple of Finding
        The worst first. An empty diagnosis is a good one.

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
        """Return the findings one by one."""
        return iter(self.findings)

    def __len__(self) -> int:
        """Return the number of findings."""
        return len(self.findings)

    def __str__(self) -> str:
        """Return a line for each finding."""
        lines = [f"{finding.severity}: {finding.sentence}" for finding in self.findings]
        return "\n".join(lines) or "No problem was found."

    def __repr__(self) -> str:
        """Return the same."""
        return str(self)

    def _repr_html_(self) -> str:
        return block(self.html())

    def html(self) -> Html:
        """Return the table, to be put among others."""
        if not self.findings:
            return paragraph("No problem was found.")
        rows = [[word(one.severity, one.severity), one.kind, one.html()] for one in self.findings]
        return table(["severity", "finding", "what was seen, and what to do"], rows)

    def to_columns(self) -> dict[str, Any]:
        """Return severity, kind, subject and sentence of each finding, and some of its rows."""
        names = ("severity", "kind", "subject", "sentence")
        columns: dict[str, Any] = {name: [getattr(one, name) for one in self] for name in names}
        return columns | {"rows": [", ".join(map(str, one.names or one.rows)) for one in self]}

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
        """Return the diagnosis with names of rows: of row k, the k-th of `names`, if there are any.

        Examples
        --------
        >>> alike = Finding("duplicates", "low", "rows", "alike", "look", rows=(1,))
        >>> [one.names for one in Diagnosis((alike,)).named(["a.png", "b.png"])]
        [('b.png',)]
        """
        if names is None:
            return self
        return Diagnosis(
            tuple(
                replace(finding, names=tuple(str(names[row]) for row in finding.rows))
                for finding in self
            )
        )

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
