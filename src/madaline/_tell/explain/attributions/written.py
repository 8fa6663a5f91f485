"""Explanations of all rows of a table, written block by block into a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, final

from madaline._models.model.model_rows import ModelRows, counted_from
from madaline._tables.io.part_files import PartFile
from madaline._tables.io.table_files import without_formulas
from madaline._tables.rows import TableRows
from madaline._tables.table import Table
from madaline._tell.explain.attributions.explain import explain

BLOCK_ROWS = 4096  # rows that are explained at a time


@final
class WrittenExplanations:
    """Explanations of all rows, in a file."""

    def __init__(
        self,
        rows: ModelRows,
        settings: Mapping[str, Any],  # those of `explain`
        *,
        spreadsheet: bool = False,  # whether no text may look like a formula
    ) -> None:
        self._rows = rows
        self._settings = settings
        self._spreadsheet = spreadsheet

    @property
    def key(self) -> dict[str, Any]:
        """What is written, for `parts_of`."""
        settings = {
            name: TableRows(value).digest if isinstance(value, Table) else repr(value)
            for name, value in self._settings.items()
        }
        of_file = {"spreadsheet": self._spreadsheet, "explained": BLOCK_ROWS}
        return {**self._rows.key, **settings, **of_file}

    def write(self, file: PartFile) -> Iterator[int]:
        """Write all that an earlier process did not, and yield how many rows are done."""
        start = sum(note["n_rows"] for note in file.notes)
        for block in self._rows.blocks(start, n_rows=BLOCK_ROWS):
            with counted_from(block.first):
                columns = explain(self._rows.model, block.table, **self._settings).to_columns()
            written = block.spread(columns)
            written = without_formulas(written) if self._spreadsheet else written
            file.write(written, {"n_rows": block.n_rows})
            yield block.first + block.n_rows
        file.finish()
