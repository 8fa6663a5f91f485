"""A history is every epoch of every recipe, as the columns of a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from madaline._charts.html import block, figures
from madaline._charts.learning import learning_figure
from madaline._charts.listing import ToFrame
from madaline._words import count
from madaline.records.record import Record


class History(dict[str, list[Any]], ToFrame):
    """Columns by name, one entry for each epoch of each recipe (final).

    It is a dict, so that ``pandas.DataFrame(history)`` and ``polars.DataFrame(history)`` make a
    table of it, too.

    Examples
    --------
    >>> history = History.of([Record(1, "plain", 0.5, 0.5, 0.03, 9, 1e6, "1")])
    >>> history["recipe"], history["loss"]
    (['plain'], [0.5])
    >>> history.to_frame("polars").shape
    (1, 8)
    """

    members: tuple[tuple[str, float], ...] = ()
    """The `recipe_id` of each recipe that predicts in the end, and its share: drawn in color."""

    @classmethod
    def of(cls, records: Iterable[Record], members: Iterable[tuple[str, float]] = ()) -> History:
        """Return the history of some records."""
        records = tuple(records)
        history = cls(
            {one.name: [getattr(record, one.name) for record in records] for one in fields(Record)}
        )
        history.members = tuple(members)
        return history

    def to_columns(self) -> dict[str, list[Any]]:
        """Return the columns."""
        return dict(self)

    def __repr__(self) -> str:
        """Return how long it is, and the best epoch of any recipe."""
        losses = self["loss"]
        if not losses:
            return "<History: no epochs>"
        best = min(range(len(losses)), key=losses.__getitem__)
        recipes = count(len(set(self["recipe_id"])), "recipe")
        where = f"{self['recipe'][best]}, epoch {self['epoch'][best]}"
        return (
            f"<History of {recipes} over {count(max(self['epoch']), 'epoch')}; lowest loss"
            f" {losses[best]:.4f}: {where}>"
        )

    def _repr_html_(self) -> str:
        return block(figures([learning_figure(self, self.members)]))
