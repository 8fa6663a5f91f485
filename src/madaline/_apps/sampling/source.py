"""A table that rows are to be like: its columns read, and how each is to be written again."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Literal, final

import numpy as np

from madaline._apps.sampling.cells import OTHER
from madaline._apps.sampling.frames import ARRAY, CATEGORICAL, COLUMNS, PANDAS, level_text, types_of
from madaline._base.codec import Count, Items, LongText, Stored
from madaline._base.language import _
from madaline._base.words import format_count, format_share, split_names
from madaline._tables.column import in_seconds, is_missing, number_text
from madaline._tables.formats.characters import is_not_given
from madaline._tables.formats.number_format import MAX_EXACT, PARTS, NumberFormat
from madaline._tables.formats.writing import (
    DateWriting,
    NumberWriting,
    TruthWriting,
    learn_dates,
    learn_numbers,
    write_column,
)
from madaline._tables.io.recognition import Form, RecognizedRows, recognize
from madaline._tables.io.table_files import WrittenTable, read_as_written
from madaline._tables.kinds.kind import DROPPED, IMAGE, SEQUENCE, SOUND, ColumnSchema
from madaline._tables.schema import Schema, around_numbers, numbering_of
from madaline._tables.table import Table
from madaline.errors import InputError
from madaline.nn.arrays import Array

MAX_ROWS = 100_000  # rows of a table that are learned from
DRAWN: Final = "drawn"
NUMBERED: Final = "numbered"
EMPTY: Final = "empty"
_MIN_FREQUENT = 0.5  # share of rows with frequent levels from which texts are of few kinds
_FLOAT = "Float64"  # of polars
_MAX_WRITTEN = 500  # distinct texts that the form of a column is learned from


@final
@dataclass(frozen=True)
class SampledColumn(Stored):
    """A column of the table, and what becomes of it in rows that are drawn."""

    name: LongText
    role: Literal["drawn", "numbered", "empty"]
    dtype: str  # of the library
    # how values are written where they are text: always, or in a text file only
    writing: NumberWriting | DateWriting | TruthWriting | None = None
    is_text: bool = False  # whether it is text in a data frame, too
    missing: str | None = None  # what stands in a text for a missing value
    note: str = ""  # what is replaced, and why
    around: tuple[str, str] = ("", "")  # of numbered rows: what stands around the number
    width: Count = 0  # and its digits
    ordered: bool = False  # of a category of pandas: whether its levels are in an order
    levels: Annotated[tuple[str | float | bool, ...], Items()] = ()  # and those that rows may have

    def written(self, values: Array) -> Array:
        """Return values as they are in a data frame: numbers as texts where they were texts."""
        if self.writing is not None and self.is_text:
            return write_column(self.writing, _plain(values), self.missing)
        return values

    def in_file(self, values: Array) -> Array:
        """Return values as they are in a text file."""
        if self.writing is not None:
            return write_column(self.writing, _plain(values), self.missing or "")
        if values.dtype.kind == "M":
            return write_column(_plainly(values), in_seconds(values), "")
        if values.dtype.kind == "f":
            texts = ("" if value != value else number_text(value) for value in values.tolist())
            return np.fromiter(texts, object, len(values))
        missing = np.array(self.missing or "", object)
        return np.where(is_missing(values), missing, values)


def _plain(values: Array) -> Array:
    return in_seconds(values) if values.dtype.kind == "M" else values


@final
@dataclass(frozen=True, eq=False)
class SourceTable:
    """The table: columns that are drawn, and all columns in their order."""

    table: Table
    columns: tuple[SampledColumn, ...]
    library: str
    notes: tuple[str, ...]
    schema: Schema  # how texts of numbers and dates are read
    file: WrittenTable | None = None


def read_source(
    X: Any,
    *,
    min_rows: int,
    kinds: Mapping[str, str] | None = None,
    missing: Sequence[str] = (),
    encoding: str | None = None,
) -> SourceTable:
    """Return a table of any form as a source."""
    kinds = dict(kinds or {})
    file = None
    if isinstance(X, str | os.PathLike):
        categories = [name for name, kind in kinds.items() if kind == "category"]
        file = read_as_written(X, categories=categories, encoding=encoding, missing=missing)
        X = file.typed
    rows = recognize(X)
    table = _table(rows, missing, 2 * min_rows)
    library, types = _types(X, rows.form, rows.content, table)
    short = [name for name in table.names if types[name].lower() in _SHORT]
    table = table.replaced({name: _as_decimals(table[name]) for name in short})
    schema = Schema.infer(table, _by_column(kinds, table.names))
    read = schema.read(table)
    columns = [
        _column(column, read, table[column.name], file, types[column.name], min_rows)
        for column in schema.columns
    ]
    if library == PANDAS:
        columns = [_with_levels(column, X, table[column.name], min_rows) for column in columns]
    drawn = [column.name for column in columns if column.role == DRAWN]
    if not drawn:
        raise InputError(
            "All columns are identifiers or free texts: there is nothing to learn from."
        )
    notes = () if file is None else file.notes
    return SourceTable(read.select(drawn), tuple(columns), library, notes, schema, file)


def _table(rows: RecognizedRows, missing: Sequence[str], min_samples: int) -> Table:
    if rows.form in (Form.IMAGES, Form.SIGNALS):
        raise InputError("Images, sounds and sequences are not supported here: give a table.")
    table = rows.table().without(missing)
    if table.n_samples < min_samples:
        raise InputError(
            "The table has {samples}: give {min_samples} or more.",
            samples=format_count(table.n_samples, "sample"),
            min_samples=min_samples,
        )
    return table


def _by_column(kinds: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """Return the kinds of columns, of which several may be dropped in one text."""
    return {
        column: kind
        for name, kind in kinds.items()
        for column in (split_names([name], names) if kind == DROPPED else [name])
    }


_SHORT = ("float32", "float16")
_MAX_DECIMALS = 7


def _as_decimals(numbers: Array) -> Array:
    """Return numbers of few bits as the decimals they stand for: 44.96 for 44.959999, if all do."""
    if numbers.dtype.kind != "f" or numbers.ndim > 1:
        return numbers
    for decimals in range(_MAX_DECIMALS):
        rounded = np.round(numbers, decimals)
        if np.array_equal(rounded.astype(np.float32), numbers.astype(np.float32), equal_nan=True):
            return rounded
    return numbers


def _types(X: Any, form: Form, content: Any, table: Table) -> tuple[str, dict[str, str]]:
    """Return what a table is made of, and the type of each of its columns."""
    if form == Form.FRAME:
        return types_of(content)
    if form == Form.ARRAY and isinstance(X, np.ndarray):
        return ARRAY, dict.fromkeys(table.names, str(X.dtype))
    given = {**table.columns, **(content if isinstance(content, Mapping) else {})}
    return COLUMNS, {name: str(np.asarray(given[name]).dtype) for name in table.names}


def _column(
    schema: ColumnSchema,
    table: Table,
    given: Array,  # the values before they are read
    file: WrittenTable | None,
    dtype: str,
    min_rows: int,
) -> SampledColumn:
    """Return what becomes of a column."""
    name = schema.name
    column = table[schema.name]
    if schema.kind in (IMAGE, SOUND, SEQUENCE) or column.ndim > 1:
        raise InputError(
            "Column {name!r} holds images, sounds or sequences, which are not supported here: leave it out (drop).",
            name=name,
        )
    if schema.kind == DROPPED and schema.n_distinct > 1:
        return _identifier(name, table, dtype, schema.detail)
    is_text = given.dtype == object and column.dtype != object
    texts = given if is_text else None
    if file is not None and str(file.written[name].dtype) == "String":
        texts = np.array(file.written[name].to_list(), object)
    if column.dtype == object:
        return _levels(name, table, texts, dtype, min_rows)
    return _numbers(schema, column, texts, dtype, is_text=is_text)


def _numbers(
    schema: ColumnSchema, column: Array, texts: Array | None, dtype: str, *, is_text: bool
) -> SampledColumn:
    """Return what becomes of a column of numbers or dates."""
    name = schema.name
    note = ""
    writing = None
    if texts is not None:
        writing = _learn_writing(texts, column, schema)
        if writing is None:
            writing = _plainly(column)
            if not is_missing(column).all():
                note = _(
                    "{name}: its values are written plainly, as their form is not understood."
                ).format(name=name)
    is_whole = isinstance(writing, NumberWriting) and writing.decimals == 0
    if dtype == _FLOAT and is_whole and np.nanmax(np.abs(column)) < MAX_EXACT:
        dtype = "Int64"  # of a text file, which has no types
    missing = _missing_word(texts, column)
    return SampledColumn(name, DRAWN, dtype, writing, is_text, missing, note)


def _levels(
    name: str, table: Table, texts: Array | None, dtype: str, min_rows: int
) -> SampledColumn:
    """Return what becomes of a column of levels or texts."""
    distinct = table.distinct(name)
    counts = distinct.counts[distinct.is_present]
    n_rare = int((counts < min_rows).sum())
    n_values = int(counts.sum())
    rows_rare = int(counts[counts < min_rows].sum())
    if rows_rare > (1 - _MIN_FREQUENT) * n_values:
        return _identifier(
            name, table, dtype, _("{n_counts:,} different texts").format(n_counts=len(counts))
        )
    note = ""
    if n_rare:
        what = format_count(n_rare, "value")
        share = format_share(rows_rare / n_values)
        became = f'"{OTHER}"' if rows_rare >= min_rows else "the most frequent one"
        note = _(
            "{name}: {what} of fewer than {min_rows} rows ({share} of all) became {became}."
        ).format(name=name, what=what, min_rows=min_rows, share=share, became=became)
    missing, writing = None, None
    if texts is not None:
        missing = _missing_word(texts, table[name])
        if set(map(type, distinct.values)) <= {bool, type(None)}:
            words = {bool(v): t for t, v in zip(texts, table[name], strict=True) if v is not None}
            writing = TruthWriting((words.get(False, "false"), words.get(True, "true")))
    return SampledColumn(name, DRAWN, dtype, writing, False, missing, note)


def _identifier(name: str, table: Table, dtype: str, detail: str) -> SampledColumn:
    """Return that rows are numbered anew, or that a text is left empty."""
    column = table[name]
    is_number = column.dtype.kind == "f"
    if not is_number and numbering_of(table, name) is None:
        note = _("{name}: left empty ({detail}): free texts and names are not drawn.").format(
            name=name, detail=detail
        )
        return SampledColumn(name, EMPTY, dtype, note=note)
    note = _("{name}: numbered anew, as it only tells rows apart.").format(name=name)
    texts = [] if is_number else [str(text) for text in column]
    before, after = around_numbers(texts)
    widths = {len(text) - len(before) - len(after) for text in texts}
    width = widths.pop() if len(widths) == 1 else 0
    return SampledColumn(name, NUMBERED, dtype, note=note, around=(before, after), width=width)


def _learn_writing(
    texts: Array, column: Array, schema: ColumnSchema
) -> NumberWriting | DateWriting | None:
    """Return how numbers or dates are written; None if it cannot be told."""
    values = in_seconds(column)
    pairs: dict[str, float] = {}
    for text, value in zip(texts.tolist(), values.tolist(), strict=True):
        if text is not None and value == value and len(pairs) < _MAX_WRITTEN:
            pairs.setdefault(text.strip(), value)
    if not pairs:
        return None
    if column.dtype.kind == "M":
        return learn_dates([*pairs], [*pairs.values()])
    read = schema.written if isinstance(schema.written, NumberFormat) else NumberFormat()
    if read.symbol in PARTS:
        return None
    return learn_numbers([*pairs], [*pairs.values()], read)


def _plainly(column: Array) -> NumberWriting | DateWriting:
    if column.dtype.kind != "M":
        return NumberWriting(decimals=9)
    seconds = in_seconds(column)
    whole_days = bool((seconds[~np.isnan(seconds)] % 86_400 == 0).all())
    return DateWriting("%Y-%m-%d" if whole_days else "%Y-%m-%d %H:%M:%S")


def _missing_word(texts: Array | None, column: Array) -> str | None:
    """Return the most frequent text of missing values; None if there is none but empty ones."""
    if texts is None:
        return None
    words = [text for text in texts[is_missing(column)].tolist() if text]
    words = [word for word in words if is_not_given(word)]
    return max(set(words), key=lambda word: (words.count(word), word)) if words else None


def _with_levels(column: SampledColumn, X: Any, values: Array, min_rows: int) -> SampledColumn:
    """Return a column; a category of pandas with the levels that rows may have, in their order."""
    if column.dtype != CATEGORICAL:
        return column
    dtype = X[column.name].dtype
    counts = Counter(map(str, values.tolist()))
    levels = dtype.categories.tolist()
    frequent = [level for level in levels if counts[level_text(level)] >= min_rows]
    if OTHER in column.note and OTHER not in frequent:
        frequent.append(OTHER)
    return replace(column, ordered=bool(dtype.ordered), levels=tuple(frequent))


def some_rows(table: Table, seed: int) -> tuple[Table, list[str]]:
    """Return the rows of a table that are learned from, and a sentence where they are not all."""
    if table.n_samples <= MAX_ROWS:
        return table, []
    rows = np.random.default_rng([seed, 5]).permutation(table.n_samples)[:MAX_ROWS]
    note = _("{MAX_ROWS:,} of {n_samples:,} rows are learned from.").format(
        MAX_ROWS=MAX_ROWS, n_samples=table.n_samples
    )
    return table.take(np.sort(rows)), [note]


def make_rows(
    drawn: Mapping[str, Array], columns: Sequence[SampledColumn], n_rows: int
) -> dict[str, Array]:
    """Return all columns of a table: those that were drawn, numbered ones and empty ones."""
    rows = {}
    for column in columns:
        if column.role == DRAWN:
            rows[column.name] = drawn[column.name]
        elif column.role == EMPTY:
            rows[column.name] = np.full(n_rows, None, object)
        else:
            numbers = 1 + np.arange(n_rows)
            before, after = column.around
            if before or after or column.width:
                texts = [f"{before}{number:0{column.width}d}{after}" for number in numbers.tolist()]
                rows[column.name] = np.array(texts, object)
            else:
                rows[column.name] = numbers.astype(np.float64)
    return rows
