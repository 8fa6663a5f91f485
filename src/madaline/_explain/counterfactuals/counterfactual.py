"""A counterfactual: what would have to be different for another prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from madaline._charts.html import block, paragraph
from madaline._explain.values import value_text


@dataclass(frozen=True)
class Change:
    """Another value in one column.

    Parameters
    ----------
    column : str
        Its name.
    before, after : object
        The value in the row, and the one that replaces it; None is missing.
    distance : float
        Size of the change: in interquartile ranges of a number; one for a category.
    """

    column: str
    before: Any
    after: Any
    distance: float

    def __str__(self) -> str:
        """Return the change in words, the new value with the digits that reproduce it."""
        before = "missing" if self.before is None else _text(self.before, 7)
        return f"{self.column} were {_text(self.after, 12)} instead of {before}"

    def to_json(self) -> dict[str, Any]:
        """Return the change as JSON-able values."""
        before, after = (
            value if value is None or isinstance(value, str | bool | float) else _text(value, 7)
            for value in (self.before, self.after)
        )
        return {
            "column": self.column,
            "before": before,
            "after": after,
            "distance": self.distance,
        }


@dataclass(frozen=True)
class Counterfactual:
    """The smallest change found that reaches a target, or the closest one.

    Parameters
    ----------
    row : int
        Number of the row, counted from zero.
    target : str
        The class or the range to be predicted, in words.
    before, after : str
        The prediction for the row, and after the changes, in words.
    found : bool
        Whether the changes reach the target.
    changes : tuple of Change
        The largest first; none if the row is at the target already.
    columns : tuple of str
        The columns that were allowed to change.
    most_columns : int
        How many at a time.

    Examples
    --------
    >>> change = Change("education-num", 9.0, 13.0, 1.33)
    >>> print(Counterfactual(0, "yes", "no (62.0%)", "yes (51.0%)", True, (change,), (), 3))
    Row 0 is predicted no (62.0%). It would be yes (51.0%) if education-num were 13 instead of 9.
    """

    row: int
    target: str
    before: str
    after: str
    found: bool
    changes: tuple[Change, ...]
    columns: tuple[str, ...]
    most_columns: int

    @property
    def distance(self) -> float:
        """Size of all changes together."""
        return float(sum(change.distance for change in self.changes))

    def __repr__(self) -> str:
        """Return it in a line."""
        return f"<Counterfactual: {self}>"

    def _repr_html_(self) -> str:
        return block(paragraph(str(self)))

    def __str__(self) -> str:
        """Return the counterfactual in a few sentences."""
        start = f"Row {self.row} is predicted {self.before}"
        *others, last = map(str, self.changes) if self.changes else ("",)
        changes = f"{', '.join(others)} and {last}" if others else last
        if self.found:
            if not self.changes:
                return f"{start}, which meets the target."
            return f"{start}. It would be {self.after} if {changes}."
        n_columns = min(self.most_columns, len(self.columns))
        count = f"{n_columns} column{'' if n_columns == 1 else 's'}"
        among = ", ".join(self.columns[:8]) + (", ..." if len(self.columns) > 8 else "")
        closest = f" The closest is {self.after}, if {changes}." if changes else ""
        return (
            f"{start}. No change of up to {count} ({among}) within the values seen in training"
            f" makes it {self.target}.{closest}"
        )

    def to_json(self) -> dict[str, Any]:
        """Return the counterfactual as JSON-able values."""
        return {
            "row": self.row,
            "target": self.target,
            "before": self.before,
            "after": self.after,
            "found": self.found,
            "distance": self.distance,
            "changes": [change.to_json() for change in self.changes],
            "sentence": str(self),
        }


def _text(value: Any, digits: int) -> str:
    if isinstance(value, float):
        return f"{value:.{digits}g}"
    return value_text(value, longest=None)
