"""A schema holds the kind of each column of a table, and why some are left out."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from madaline._data.codec import Count, Stored
from madaline._data.formats.number_format import NumberFormat
from madaline._data.inference import infer_columns
from madaline._data.kinds import KINDS
from madaline._data.kinds.kind import LEVELS, NUMBERS, ColumnSchema
from madaline._data.table import Table
from madaline._data.text_columns import read_formats


@dataclass(frozen=True)
class Schema(Stored):
    """The kind of each column of a table.

    >>> table = Table.from_columns({"size": [1.5, 2, None], "color": ["red", "blue", "red"]})
    >>> print(Schema.infer(table))
    column  kind      missing  distinct  detail
    size    number          1         2  from 1.5 to 2
    color   category        0         2  red, blue
    >>> Schema.infer(table, {"color": "dropped"}).kept
    ('size',)
    """

    columns: tuple[ColumnSchema, ...]  # in the order of the table
    n_samples: Count  # rows of the table
    # how the numbers of the target were written, where they were read from text
    target: NumberFormat | None = None

    @classmethod
    def infer(
        cls,
        table: Table,  # the training table, without the target
        # the kinds of some columns, for example ``{"zip": "category"}``
        kinds: Mapping[str, str] | None = None,
    ) -> Schema:
        """Infer the kind of each column.

        Columns without information (constant, all missing) and identifiers are dropped; a column
        whose kind is given is only dropped when it has no information.
        """
        return cls(infer_columns(table, kinds), table.n_samples)

    @property
    def kept(self) -> tuple[str, ...]:
        """Names of the columns that are used."""
        return tuple(column.name for column in self.columns if column.kept)

    @property
    def single(self) -> tuple[str, ...]:
        """Names of the columns that are used and hold one value a row, unlike images."""
        return tuple(
            o.name for o in self.columns if o.kept and KINDS[o.kind].holds in (NUMBERS, LEVELS)
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Why columns of text were not read, then how others were, in a sentence each."""
        noted = [column for column in self.columns if column.note]
        noted.sort(key=lambda column: column.written is not None)
        return tuple(f"{column.name}: {column.note}." for column in noted)

    def read(self, table: Table) -> Table:
        """Return a table with its columns of text read as those of the training table were."""
        return read_formats(table, {column.name: column.written for column in self.columns})

    def __getitem__(self, name: str) -> ColumnSchema:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def __repr__(self) -> str:
        """Return how many columns there are, and how many are used, in one line."""
        kept = f"{len(self.kept):,} of {len(self.columns):,} columns used"
        return f"<Schema of {self.n_samples:,} rows: {kept}>"

    def __str__(self) -> str:
        """Return an aligned table."""
        rows = [_HEADER, *map(_cells, self.columns)]
        widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
        return "\n".join(
            "  ".join(
                cell.rjust(width) if index in _RIGHT else cell.ljust(width)
                for index, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        )

    def _repr_html_(self) -> str:
        rows = [("th", _HEADER), *(("td", _cells(column)) for column in self.columns)]
        body = "".join(
            "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row) + "</tr>"
            for tag, row in rows
        )
        return f"<table>{body}</table>"

    def to_json(self) -> dict[str, Any]:
        return {"n_samples": self.n_samples} | super().to_json()


_HEADER = ("column", "kind", "missing", "distinct", "detail")
_RIGHT = (2, 3)


def _cells(column: ColumnSchema) -> tuple[str, ...]:
    return (
        column.name,
        column.kind,
        f"{column.n_missing:,}",
        f"{column.n_distinct:,}",
        column.detail,
    )
