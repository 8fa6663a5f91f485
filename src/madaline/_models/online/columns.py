"""The columns of a stream, read as plain numbers: one for each column of a row.

A number stands for itself, a moment for its seconds, a category for the code of its level; NaN is a
missing number or moment. What kind a column is, its first values decide: text of several rows as in
a fit, that of one row only where it leaves no doubt. A level gets a feature of
its own when it is first learned from; levels beyond `MAX_LEVELS`, and those that are too long for
a file, share `_SHARED_CODES` codes. The order of columns means nothing; those that earlier rows did
not have are added when a value of them is first learned, up to `MAX_COLUMNS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeAlias, final
from zlib import crc32

import numpy as np

from madaline._base.codec import Items, Stored
from madaline._base.json_checks import (
    LARGEST,
    TRUTH,
    Check,
    Either,
    Malformed,
    MapOf,
    Number,
    OneOf,
    Text,
    Whole,
    short_repr,
)
from madaline._base.language import _
from madaline._tables.column import in_seconds, is_missing, shown, to_column
from madaline._tables.conversion import as_booleans, as_moments, as_numbers
from madaline._tables.formats.characters import MAX_WORD, MAX_WORDS
from madaline._tables.formats.choice import Format
from madaline._tables.formats.date_format import DateFormat
from madaline._tables.formats.number_format import CURRENCY, NumberFormat
from madaline._tables.io.recognition import is_null
from madaline._tables.table import Table
from madaline._tables.text_columns import choose_text_formats, read_column_in
from madaline.errors import InputError
from madaline.nn.arrays import Array

_WHOLE = Whole(-(2**63), 2**64 - 1)

NAME: Check = Either(Text(), _WHOLE)  # the name of a column
LABEL: Check = Either(Text(), Whole(-(2**63), 2**63 - 1), Number(), TRUTH)  # a class
KEY: Check = Either(Text(200), _WHOLE, words="a short text or a whole number of 64 bits")
"""What a label that comes later is found by."""

LEVEL = Text()  # a level that has a code of its own
MAX_LETTERS = 2**22  # letters of all levels that have a code of their own
MAX_COLUMNS = 512  # later columns are left out; the first rows may have more
MAX_WEIGHT = 1e12  # of a row: squares of slopes must not overflow in float32
# How many of the largest numbers are left out, and of the smallest; with ten, the log loss of
# electricity is .1666 instead of .1637
MAX_LEFT_OUT = 4
ROWS_PER_LEFT_OUT = 16  # one of so many is left out, as long as there are few
MAX_NUMBER = 1e100  # no number is believed beyond it, so that squares overflow nowhere


def place_of(name: str | int) -> tuple[str, str, bool]:
    """Return what columns are sorted by, whatever their order in a row: x2 comes before x10."""
    text = str(name)
    return re.sub("[0-9]+", lambda digits: digits[0].zfill(9), text), text, isinstance(name, str)


def check_given(check: Check, value: Any, what: str, remedy: str) -> None:
    """Refuse a value that a file could not hold."""
    try:
        check(value)
    except Malformed as error:
        problem = _("is {short_repr}, but must be {wanted}").format(
            short_repr=short_repr(value), wanted=error.wanted
        )
        raise InputError(
            "{what} {problem}: {remedy}.", what=what, problem=problem, remedy=remedy
        ) from None


def reach(values: Array, counts: Array) -> tuple[Array, Array]:
    """Return the lowest and the highest number that is believed.

    Where the others would all be the same, only one at either end is left out: what came twice is
    rare, but no error. Values, (rows, n_samples), are in ascending order, missing ones last, none
    beyond `MAX_NUMBER`; of each row so many are there, (rows,), at least one.
    """
    low, high = _ends(values, counts, MAX_LEFT_OUT)
    rarer_low, rarer_high = _ends(values, counts, 1)
    same = low == high
    low, high = np.where(same, rarer_low, low), np.where(same, rarer_high, high)
    width = high - low
    return low - width, high + width


def _ends(values: Array, counts: Array, most: int) -> tuple[Array, Array]:
    """Return the ends of each row's numbers, some of them left out."""
    rows = np.arange(len(values))
    left_out = np.minimum(counts // ROWS_PER_LEFT_OUT, most)
    return values[rows, left_out], values[rows, counts - 1 - left_out]


NUMBER, BOOLEAN, MOMENT, CATEGORY = "number", "boolean", "moment", "category"
KINDS = (NUMBER, BOOLEAN, MOMENT, CATEGORY)
"""Kinds of columns; Booleans are the numbers 1 and 0."""

_NUMBERS = {NUMBER, BOOLEAN}

MAX_LEVELS = 64  # levels of a category that have a code of their own
_SHARED_CODES = 16  # codes that the others share

N_CODES = 1 + MAX_LEVELS + _SHARED_CODES  # of a category: missing, the levels, and those shared
MISSING = 0  # code of a missing level
UNKNOWN = -1  # code of one that was never learned from


_Levels: TypeAlias = Annotated[dict[str, int], MapOf(LEVEL, Whole(1, MAX_LEVELS), most=MAX_LEVELS)]


@final
@dataclass(eq=False)
class StreamColumns(Stored):
    """Names, kinds and levels of a stream's columns; those of a file, or new ones by name."""

    names: Annotated[list[Annotated[Any, NAME]], Items(distinct=True)]
    # words and numbers that stand for missing values
    missing: Annotated[tuple[Annotated[str, Text(MAX_WORD)], ...], Items(most=MAX_WORDS)] = ()
    kinds: list[Annotated[str, OneOf(KINDS)] | None] = field(default_factory=list)
    written: list[NumberFormat | DateFormat | None] = field(default_factory=list)  # those in text
    levels: list[_Levels] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Find the columns that no value is known of."""
        for name in self.names:
            check_given(NAME, name, "The name of a column", "give it another name")
        new = self.names[len(self.kinds) :]
        self.names = self.names[: len(self.kinds)]
        self._n_letters = sum(len(level) for levels in self.levels for level in levels)
        self._add(new)

    @classmethod
    def disagreement(cls, values: Mapping[str, Any]) -> str:
        """Return what is wrong between the columns of a file."""
        lengths = {name: len(items) for name, items in values.items() if name != "missing"}
        if len(lengths) < 4 or len(set(lengths.values())) > 1:
            return _("has other numbers of each ({lengths})").format(lengths=lengths)
        for codes in values["levels"]:
            if list(codes.values()) != list(range(1, len(codes) + 1)):
                return "has levels whose codes are not 1, 2, 3 ..."
        return ""

    @property
    def are_numbers(self) -> bool:
        """Whether all columns are known to be numbers."""
        return all(kind in _NUMBERS for kind in self.kinds)

    def read(self, rows: Table | Mapping[str, Any], *, learning: bool) -> Array:
        """Return a table, or a single row, as numbers, (n_samples, n_columns).

        Columns that are not there are missing values. When `learning`, new levels get a code, and
        columns that earlier rows did not have are added; otherwise these are left out. If a value
        is refused, nothing has changed.
        """
        rows = self._without_missing(rows)
        added = self._new_columns(rows) if learning else []
        if added:
            some = rows.select(added) if isinstance(rows, Table) else {n: rows[n] for n in added}
            StreamColumns(added).read(some, learning=True)  # refuses before anything is added
        raw = self._raw(rows, learning=False)
        self._add(added)
        if added or (learning and (None in self.kinds or (raw == UNKNOWN).any())):
            return self._raw(rows, learning=True)  # now nothing is refused
        return raw

    def _without_missing(self, rows: Table | Mapping[str, Any]) -> Table | Mapping[str, Any]:
        """Return rows without the words and numbers that stand for missing values."""
        if not self.missing:
            return rows
        if isinstance(rows, Table):
            return rows.without(self.missing)
        table = Table.from_columns({name: [value] for name, value in rows.items()})
        gone = table.without(self.missing)
        return {name: None if is_missing(gone[name])[0] else value for name, value in rows.items()}

    def _raw(self, rows: Table | Mapping[str, Any], *, learning: bool) -> Array:
        if isinstance(rows, Table):
            if learning:
                self._decide(rows)
            raw = np.full((rows.n_samples, len(self.names)), np.nan)
            for number, name in enumerate(self.names):
                if name in rows:
                    raw[:, number] = self._column(number, rows[name], learning=learning)
                elif self.kinds[number] == CATEGORY:
                    raw[:, number] = MISSING
            return raw
        if learning and None in self.kinds:
            self._decide(self._new_texts(rows))
        values = [self._value(number, rows.get(name), learning) for number, name in self._numbered]
        return np.array([values])

    def plain(self, table: Table) -> Table:
        """Return a table with its text read as that of earlier rows was."""
        table = table.without(self.missing)
        pairs = [(number, name) for number, name in self._numbered if name in table]
        return table.replaced(
            {name: self._read_text(number, table[name]) for number, name in pairs}
        )

    def has_all(self, names: Iterable[str]) -> bool:
        """Return whether these are names of columns."""
        return self._known.issuperset(names)

    def _new_columns(self, rows: Table | Mapping[str, Any]) -> list[str]:
        """Return the columns of rows to be added: those that have a value."""
        if isinstance(rows, Table):
            new = [name for name in rows.names if name not in self._known]
            new = [name for name in new if not is_missing(rows[name]).all()]
        elif self.has_all(rows):
            return []
        else:
            new = [n for n, value in rows.items() if n not in self._known and not is_null(value)]
        return sorted(new, key=place_of)[: max(0, MAX_COLUMNS - len(self.names))]

    def _add(self, names: Sequence[str]) -> None:
        """Add columns of which no value is known yet."""
        self.names += names
        self.kinds += [None] * len(names)
        self.written += [None] * len(names)
        self.levels += [{} for _ in names]
        self._known = frozenset(self.names)
        self._numbered = list(enumerate(self.names))

    def _new_texts(self, row: Mapping[str, Any]) -> Table:
        """Return the texts of a row in columns whose kind is not known."""
        new = [name for number, name in self._numbered if self.kinds[number] is None]
        texts = {str(name): row.get(name) for name in new}
        return Table.from_columns({n: [text] for n, text in texts.items() if isinstance(text, str)})

    def _decide(self, table: Table) -> None:
        """Decide how text is read in the columns of which there was no value before."""
        new = {
            str(name): number
            for number, name in self._numbered
            if self.kinds[number] is None and self.written[number] is None and str(name) in table
        }
        for name, choice in choose_text_formats(table.select(new)).items():
            several = np.count_nonzero(table.distinct(name).is_present) > 1
            if several or _leaves_no_doubt(choice.format):
                self.written[new[name]] = choice.format

    def _read_text(self, number: int, column: Array) -> Array:
        """Return text as numbers, moments or Booleans where earlier rows held these."""
        name = self.names[number]
        kind = self.kinds[number]
        written = self.written[number]
        if column.dtype != object or not any(isinstance(value, str) for value in column.flat):
            return column
        if written is not None:
            return read_column_in(written, name, column)
        return column if kind not in _READERS else _READERS[kind](name, column)

    def _value(self, number: int, value: Any, learning: bool) -> float:
        """Return the number that stands for a single value."""
        kind = self.kinds[number]
        if value is None:
            return MISSING if kind == CATEGORY else np.nan
        if kind in _NUMBERS and isinstance(value, float | int) and abs(value) <= LARGEST:
            return float(value)
        if kind == CATEGORY and type(value) is str:
            return self._code(number, value, learning)
        column = to_column(self.names[number], [value])
        return float(self._column(number, column, learning=learning)[0])

    def _column(self, number: int, column: Array, *, learning: bool) -> Array:
        """Return the numbers that stand for a column of a table."""
        column = self._read_text(number, column)
        missing = is_missing(column)
        new = _kind(self.names[number], column, missing)
        if learning and self.kinds[number] is None:
            self.kinds[number] = new
        kind = self.kinds[number] or new
        if new is None:
            return np.full(len(column), float(MISSING) if kind == CATEGORY else np.nan)
        if kind == CATEGORY and self.kinds[number] is None:
            return np.full(len(column), np.nan)  # the column may become one of numbers
        if kind == CATEGORY:
            levels = [None if value is None else _level(value) for value in _items(column, missing)]
            distinct = [level for level in dict.fromkeys(levels) if level is not None]
            codes = {level: self._code(number, level, learning) for level in distinct}
            return np.array([MISSING if level is None else codes[level] for level in levels], float)
        if kind != new and not {kind, new} <= _NUMBERS:
            first = shown(_items(column, missing)[int(np.argmin(missing))])
            raise InputError(
                "Column {names!r} held a {kind} in earlier rows and now holds a {new} ({first}): correct it, or leave it empty.",
                names=self.names[number],
                kind=kind,
                new=new,
                first=first,
            )
        if kind == MOMENT:
            return in_seconds(column)
        if column.dtype == object:  # Booleans
            return np.array([np.nan if value is None else float(value) for value in column])
        return column

    def _code(self, number: int, level: str, learning: bool) -> int:
        """Return the code of a level; a new one gets the next."""
        known = self.levels[number]
        code = known.get(level)
        if code is not None:
            return code
        if len(known) >= MAX_LEVELS or not self._has_room(level):
            return 1 + MAX_LEVELS + crc32(level.encode("utf-8", "surrogatepass")) % _SHARED_CODES
        if not learning:
            return UNKNOWN
        self._n_letters += len(level)
        known[level] = len(known) + 1
        return known[level]

    def _has_room(self, level: str) -> bool:
        """Return whether a file can hold one more level."""
        return LEVEL.holds([level]) and self._n_letters + len(level) <= MAX_LETTERS


def _kind(name: str, column: Array, missing: Array) -> str | None:
    """Return the kind of a column, None if all values are missing."""
    if column.ndim > 1:
        raise InputError(
            "Column {name!r} has {ndim} dimensions: a stream takes numbers, text, Booleans and dates.",
            name=name,
            ndim=column.ndim,
        )
    if missing.all():
        return None
    match column.dtype.kind:
        case "f":
            return NUMBER
        case "M":
            return MOMENT
    first = column[int(np.argmin(missing))]
    if isinstance(first, str):
        return CATEGORY
    if isinstance(first, bool):
        return BOOLEAN if all(isinstance(value, bool) for value in column[~missing]) else CATEGORY
    raise InputError(
        "Column {name!r} holds a {type}: a stream takes numbers, text, Booleans and dates.",
        name=name,
        type=type(first).__name__,
    )


_READERS: Mapping[str | None, Callable[[str, Array], Array]] = {
    NUMBER: as_numbers,
    BOOLEAN: as_booleans,
    MOMENT: as_moments,
}
"""How text is read in the form that Python writes."""


def _leaves_no_doubt(written: Format | None) -> bool:
    """Return whether a single text shows its format: a date, or a number with a currency."""
    if isinstance(written, NumberFormat):
        return re.fullmatch(CURRENCY, written.symbol) is not None
    return written is not None


def _items(column: Array, missing: Array) -> list[Any]:
    return [None if gone else value for value, gone in zip(column.tolist(), missing, strict=True)]


def _level(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
