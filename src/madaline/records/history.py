"""A history is every epoch of every recipe, as the columns of a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from madaline.records.record import Record


class History(dict[str, list[Any]]):
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

    @classmethod
    def of(cls, records: Iterable[Record]) -> History:
        """Return the history of some records."""
        records = tuple(records)
        return cls(
            {one.name: [getattr(record, one.name) for record in records] for one in fields(Record)}
        )

    def to_frame(self, library: str = "pandas") -> Any:
        """Return a data frame.

        Parameters
        ----------
        library : {"pandas", "polars", "pyarrow"}, default="pandas"
            Whose.

        Raises
        ------
        InputError
            If there is no such library, or it is not installed.
        """
        from madaline.data.io.frames import make_frame

        return make_frame(self, library)
