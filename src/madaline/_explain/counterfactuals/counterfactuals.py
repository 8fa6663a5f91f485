"""Counterfactuals of some rows, as a table of changes."""

from __future__ import annotations

from typing import Any

from madaline._charts.html import block, more, table, together
from madaline._charts.listing import Listing
from madaline._explain.counterfactuals.counterfactual import Counterfactual

MOST_ROWS = 20
"""Rows of a table that are shown, at most."""


class Counterfactuals(Listing[Counterfactual]):
    """One for each row, in their order (final)."""

    __slots__ = ()

    def to_columns(self) -> dict[str, Any]:
        """Return a line for each change, and for each row without one: which row, and what."""
        lines = [(one, change) for one in self for change in (one.changes or (None,))]
        changed = [None if change is None else change.to_json() for _, change in lines]
        return {
            "row": [one.row for one, _ in lines],
            "found": [one.found for one, _ in lines],
            "before": [one.before for one, _ in lines],
            "after": [one.after for one, _ in lines],
            "column": [None if one is None else one["column"] for one in changed],
            "from": [None if one is None else str(one["before"]) for one in changed],
            "to": [None if one is None else str(one["after"]) for one in changed],
        }

    def _repr_html_(self) -> str:
        rows = [
            [str(one.row), together(one.before), together(one.after), _changes(one)]
            for one in self[:MOST_ROWS]
        ]
        header = ["row", "is predicted", "would be", "if"]
        return block(table(header, rows, right=(0,)), more(len(rows), len(self), "rows"))


def _changes(one: Counterfactual) -> str:
    if one.found:
        return " and ".join(map(str, one.changes)) or "(it meets the target already)"
    closest = f": the closest is if {' and '.join(map(str, one.changes))}" if one.changes else ""
    return f"no such change was found{closest}"
