"""A counterfactual: what would have to be different for another answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from madaline.explain.effect import value_text


@dataclass(frozen=True)
class Change:
    """Another value in one column.

    Parameters
    ----------
    column : str
        Its name.
    before, after : object
        What is there, and what would have to be; None where it is missing.
    distance : float
        How far that is: in interquartile ranges of a number; a category moves by one.
    """

    column: str
    before: Any
    after: Any
    distance: float

    def __str__(self) -> str:
        """Say it in words."""
        before = "missing" if self.before is None else _number_text(self.before, 7)
        # With all its digits: what is printed must be enough.
        return f"{self.column} were {_number_text(self.after, 12)} instead of {before}"

    def to_json(self) -> dict[str, Any]:
        """Return the change as JSON-able values."""
        return {
            "column": self.column,
            "before": _json(self.before),
            "after": _json(self.after),
            "distance": self.distance,
        }


@dataclass(frozen=True)
class Counterfactual:
    """The smallest change found that leads to another answer, or that none was found.

    Parameters
    ----------
    row : int
        Number of the row, counted from zero.
    wish : str
        What is wished, in words.
    before, after : str
        What is predicted for the row, and after the changes, in words. If none was found, what the
        closest one led to.
    found : bool
        Whether the changes are enough.
    changes : tuple of Change
        The largest first; none if the row is predicted as wished already.
    columns : tuple of str
        The columns that might be changed.
    most_columns : int
        How many at a time.

    Examples
    --------
    >>> change = Change("education-num", 9.0, 13.0, 1.33)
    >>> print(Counterfactual(0, "yes", "no (62.0%)", "yes (51.0%)", True, (change,), (), 3))
    Row 0 is predicted no (62.0%). It would be yes (51.0%) if education-num were 13 instead of 9.
    """

    row: int
    wish: str
    before: str
    after: str
    found: bool
    changes: tuple[Change, ...]
    columns: tuple[str, ...]
    most_columns: int

    @property
    def distance(self) -> float:
        """How far the changes go together."""
        return float(sum(change.distance for change in self.changes))

    def __str__(self) -> str:
        """Say it in a sentence or two."""
        start = f"Row {self.row} is predicted {self.before}"
        *others, last = map(str, self.changes) if self.changes else ("",)
        changes = f"{', '.join(others)} and {last}" if others else last
        if self.found:
            if not self.changes:
                return f"{start}, as wished."
            return f"{start}. It would be {self.after} if {changes}."
        n_columns = min(self.most_columns, len(self.columns))
        which = "column" if n_columns == 1 else "columns"
        among = ", ".join(self.columns[:8]) + (", ..." if len(self.columns) > 8 else "")
        closest = f"; the closest comes to {self.after}, if {changes}" if changes else ""
        return (
            f"{start}. No change was found that makes it {self.wish}, with up to {n_columns} other"
            f" {which} of {among} and values seen in training{closest}."
        )

    def to_json(self) -> dict[str, Any]:
        """Return the counterfactual as JSON-able values."""
        return {
            "row": self.row,
            "wish": self.wish,
            "before": self.before,
            "after": self.after,
            "found": self.found,
            "distance": self.distance,
            "changes": [change.to_json() for change in self.changes],
            "sentence": str(self),
        }


def _number_text(value: Any, digits: int) -> str:
    return f"{value:.{digits}g}" if isinstance(value, float) else value_text(value)


def _json(value: Any) -> Any:
    return value if value is None or isinstance(value, str | bool | float) else value_text(value)
