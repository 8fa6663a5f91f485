"""The lines of Python that read a table of the user with pandas as the playground reads it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import PurePath

import numpy as np

from madaline._apps.playground.tables import UserTable
from madaline._base.language import translate
from madaline._tables.column import in_seconds
from madaline._tables.formats.date_format import DateFormat
from madaline._tables.formats.number_format import COMMA, NumberFormat
from madaline._tables.formats.writing import learn_dates

_READERS = {
    ".parquet": "read_parquet",
    ".feather": "read_feather",
    ".arrow": "read_feather",
    ".xlsx": "read_excel",
    ".jsonl": "read_json",
    ".json": "read_json",
}


def reading_lines(table: UserTable, columns: Collection[str]) -> list[str]:
    """Return lines that make ``table`` of a file, with the same values in some of its columns.

    What pandas has no words for, such as titles above a table, a comment tells.
    """
    notes = [note for note in table.notes if not _is_of_other_column(note, table, columns)]
    told = [f"# {' '.join(f'{table.name}: {translate(note)}'.split())}" for note in notes]
    reader = _READERS.get(PurePath(table.name).suffix.lower(), "read_csv")
    arguments = [repr(table.name), *_arguments(table, columns, reader)]
    return [*told, f"table = pd.{reader}({', '.join(arguments)})"]


def _arguments(table: UserTable, columns: Collection[str], reader: str) -> Iterator[str]:
    """Yield the arguments that make pandas read the values as they are here."""
    chosen = [column for column in table.schema.columns if column.name in columns]
    if reader == "read_json" and table.name.lower().endswith(".jsonl"):
        yield "lines=True"
    if reader != "read_csv":
        return
    formats = [column.written for column in chosen]
    if table.separator not in ("", ","):
        yield f"sep={table.separator!r}"
    if table.encoding:
        yield f"encoding={table.encoding!r}"
    numbers = [form for form in formats if isinstance(form, NumberFormat)]
    if any(form.decimal == COMMA for form in numbers):
        yield 'decimal=","'
    thousands = next((form.thousands for form in numbers if form.thousands), "")
    if thousands:
        yield f"thousands={thousands!r}"
    texts = [column.name for column in chosen if _is_text(table, column.name)]
    if texts:
        yield f"dtype=dict.fromkeys({texts!r}, str)"
    dates = [column.name for column in chosen if table.values[column.name].dtype.kind == "M"]
    if dates:
        yield f"parse_dates={dates!r}"
    odd = [column.name for column in chosen if isinstance(column.written, DateFormat)]
    known = {name: form for name in odd if (form := _date_format(table, name))}
    if known:
        yield f"date_format={known!r}"


def _date_format(table: UserTable, name: str) -> str:
    """Return how the dates of a column are written, as pandas reads them; "" if unknown."""
    dates = table.values[name]
    known = ~np.isnat(dates)
    texts = table.table[name][known].tolist()
    writing = learn_dates(texts, in_seconds(dates[known]).tolist())
    return "" if writing is None else writing.form.replace("%-", "%")


def _is_text(table: UserTable, name: str) -> bool:
    column = table.values[name]
    return column.dtype == object and any(isinstance(value, str) for value in column)


def _is_of_other_column(note: str, table: UserTable, columns: Collection[str]) -> bool:
    others = [name for name in table.table.names if name not in columns]
    return note.startswith(tuple(f"{name}: " for name in others))
