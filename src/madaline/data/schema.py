"""A schema holds the kind of each column of a table, and why some are left out."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from madaline.data.inference import infer_columns
from madaline.data.kinds import OF_MANY_VALUES, ColumnSchema
from madaline.data.table import Table


@dataclass(frozen=True)
class Schema:
    """The kind of each column of a table.

    Parameters
    ----------
    columns : tuple of ColumnSchema
        In the order of the table.
    n_samples : int
        Rows of the table.

    Examples
    --------
    >>> table = Table.from_columns({"size": [1.5, 2, None], "color": ["red", "blue", "red"]})
    >>> print(Schema.infer(table))
    column  kind      missing  distinct  detail
    size    number          1         2  from 1.5 to 2
    color   category        0         2  red, blue
    >>> Schema.infer(table, {"color": "dropped"}).kept
    ('size',)
    """

    columns: tuple[ColumnSchema, ...]
    n_samples: int

    @classmethod
    def infer(cls, table: Table, kinds: Mapping[str, str] | None = None) -> Schema:
        """Infer the kind of each column.

        Parameters
        ----------
        table : Table
            The training table, without the target.
        kinds : mapping of str to str, optional
            The kinds of some columns, for example ``{"zip": "category"}``.

        Returns
        -------
        Schema
            Columns without information (constant, all missing) and identifiers are dropped; a
            column whose kind is given is only dropped when it has no information.

        Raises
        ------
        InputError
            If `kinds` names an unknown column or kind, or a column cannot be read as that kind.
        """
        return cls(infer_columns(table, kinds), table.n_samples)

    @property
    def kept(self) -> tuple[str, ...]:
        """Names of the columns that are used."""
        return tuple(column.name for column in self.columns if column.kept)

    @property
    def single(self) -> tuple[str, ...]:
        """Names of the columns that are used and hold one value a row, unlike images."""
        return tuple(o.name for o in self.columns if o.kept and o.kind not in OF_MANY_VALUES)

    def __getitem__(self, name: str) -> ColumnSchema:
        """Return the schema of one column.

        Raises
        ------
        KeyError
            If there is no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

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
        """Return the schema as JSON-able values."""
        return {
            "n_samples": self.n_samples,
            "columns": [asdict(column) for column in self.columns],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Schema:
        """Return the schema that `to_json` described."""
        columns = tuple(
            ColumnSchema(**(column | {"quartiles": tuple(column.get("quartiles", ()))}))
            for column in values["columns"]
        )
        return cls(columns, values["n_samples"])


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
