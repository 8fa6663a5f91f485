"""The importances of columns, as a table with bars."""

from __future__ import annotations

from typing import Any

from madaline._charts.html import Listing, bar, block, more, table
from madaline._race.importance import Importance
from madaline._words import metric_name, with_error

MOST_ROWS = 20
"""Columns that are shown, at most."""


class Importances(Listing[Importance]):
    """Importances, the highest first (final).

    Examples
    --------
    >>> found = Importances([Importance(("age",), "log_loss", 0.031, 0.004)])
    >>> found
    age: log loss worse by 0.0310 ± 0.0040
    >>> found.to_columns()["clear"]
    [True]
    """

    __slots__ = ()

    def to_columns(self) -> dict[str, Any]:
        """Return the column, the metric, by how much it gets worse, and whether that is clear."""
        names = ("metric", "value", "standard_error", "clear")
        values = {name: [getattr(one, name) for one in self] for name in names}
        return {"column": [one.name for one in self]} | values

    def _repr_html_(self) -> str:
        return block(self.html())

    def html(self, most: int = MOST_ROWS) -> str:
        """Return the table of the first ones, to be put among others."""
        shown = self[:most]
        longest = max((one.value + 2 * one.standard_error for one in shown), default=0.0) or 1.0
        rows = []
        for one in shown:
            texts = with_error((one.value, one.standard_error), one.standard_error)
            drawn = bar(one.value, longest, spread=2 * one.standard_error)
            effect = "" if one.clear else "no clear effect"
            rows.append([one.name, f"{texts[0]} ± {texts[1]}", drawn, effect])
        worse = f"{metric_name(shown[0].metric)} worse by" if shown else "worse by"
        return table(
            ["column", worse, "", ""],
            rows,
            right=(1,),
            caption="How much worse predictions get when a column is shuffled (± standard error)",
            unclear=[number for number, one in enumerate(shown) if not one.clear],
        ) + more(len(shown), len(self), "columns")
