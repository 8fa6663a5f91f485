"""A table is a dictionary from column names to columns of equal length, on NumPy alone.

Most work needs doing once for each distinct value of a column, not for each row.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import numpy as np

from madaline._base.language import _
from madaline._tables.column import is_missing, to_column
from madaline._tables.media.signals import Signal
from madaline._tables.statistics import in_order
from madaline.errors import InputError
from madaline.nn._engine.threads import in_threads
from madaline.nn.arrays import Array

MIN_PANDAS_ROWS = 256  # rows from which it is quicker to let pandas find the distinct texts
_BY_ARROW = {"pyarrow", "pyarrow_numpy"}  # how pandas names the storage of texts that Arrow keeps


@dataclass(frozen=True, eq=False)
class Distinct:
    """The distinct values of a column, a missing one among them, and the code of each row."""

    # (n_distinct,): a column by itself: levels in the order of the rows, numbers and moments in
    # ascending order
    values: Array
    codes: Array  # int32 (n_samples,): the index of each row's value

    @classmethod
    def of(cls, column: Array) -> Distinct:
        """Return the distinct values of a column of numbers, moments or levels."""
        if column.dtype != object:
            values, codes = np.unique(column, return_inverse=True)
            return cls(values, codes.astype(np.int32))
        index: defaultdict[Any, int] = defaultdict()
        index.default_factory = index.__len__  # a new value gets the next number
        codes = np.fromiter(map(index.__getitem__, column), np.int32, len(column))
        return cls(np.fromiter(index, object, len(index)), codes)

    @classmethod
    def of_codes(
        cls,
        codes: Array,  # int (n_samples,): the index of each row's level, or -1 where it is missing
        # object (n_levels,): the levels, in the order of the rows; none of them is missing
        levels: Array,
    ) -> Distinct:
        """Return the distinct values of a column of levels that is already coded."""
        codes, missing = codes.astype(np.int32), codes < 0
        if not missing.any():
            return cls(levels, codes)
        index = int(codes[: missing.argmax()].max(initial=-1)) + 1  # in the order of the rows
        codes += codes >= index
        codes[missing] = index
        return cls(np.insert(levels, index, np.array(None, object)), codes)

    @cached_property
    def counts(self) -> Array:
        """Number of rows of each value, shape (n_distinct,)."""
        return np.bincount(self.codes, minlength=len(self.values))

    @property
    def column(self) -> Array:
        """The column: rows of the same value share one object."""
        return self.values[self.codes]

    @cached_property
    def is_present(self) -> Array:
        """Which values are not missing, Booleans of shape (n_distinct,)."""
        return ~is_missing(self.values)

    @property
    def n_missing(self) -> int:
        """Number of rows without a value."""
        return int(self.counts[~self.is_present].sum())


def distinct_texts(values: Any) -> Distinct | None:
    """Return the distinct texts of a series of pandas that Arrow keeps; None for anything else.

    Texts that pandas keeps as objects are left to `Distinct.of`: some versions of pandas take texts
    for the same that are not, such as those that differ behind a zero byte.
    """
    storage = getattr(getattr(values, "dtype", None), "storage", None)
    if storage not in _BY_ARROW or len(values) < MIN_PANDAS_ROWS:
        return None
    codes, texts = values.factorize()
    if len(texts) == 0:  # all are missing, so it need not be a column of texts
        return None
    return Distinct.of_codes(codes, np.array([*texts], dtype=object))


_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")

MIN_ROWS_FOR_THREADS = 2**14  # rows from which it pays to start threads


@dataclass(frozen=True, eq=False)
class Levels:
    """The values of a column that is a category by its type."""

    values: Array


@dataclass(frozen=True, eq=False)
class Table:
    """Named columns of equal length; build it with `from_columns`, which checks everything."""

    # (n_samples,), float64 numbers (NaN is missing), datetime64[us] moments (NaT is missing) or
    # objects (text and Booleans as levels; None is missing).
    columns: Mapping[str, Array]
    # Columns that are categories by their type, whatever their levels look like.
    levels: frozenset[str] = frozenset()

    @classmethod
    def from_columns(cls, columns: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Table:
        """Return a checked table of any columns."""
        pairs = columns.items() if isinstance(columns, Mapping) else columns
        given = [(str(name), values) for name, values in pairs]
        check_unique([name for name, _ in given])
        levels = {name for name, values in given if isinstance(values, Levels)}
        converted: dict[str, Array] = {}
        table = cls(converted, frozenset(levels))
        for name, values in given:
            values = values.values if name in levels else values
            texts = distinct_texts(values)
            if texts is not None:
                table._distinct[name] = texts
            converted[name] = to_column(name, values) if texts is None else texts.column
            first, column = next(iter(converted.items()))
            if len(converted[name]) != len(column):
                raise InputError(
                    "Column {name!r} has {n_converted} rows but column {first!r} has {n_column}: give columns of equal length.",
                    name=name,
                    n_converted=len(converted[name]),
                    first=first,
                    n_column=len(column),
                )
        return table

    def __repr__(self) -> str:
        """Return the size and the names in one line."""
        return f"<Table of {self.n_samples:,} rows: {listed(self.names)}>"

    @property
    def n_samples(self) -> int:
        """Number of rows; zero when there are no columns."""
        return len(next(iter(self.columns.values()), ()))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in their order."""
        return tuple(self.columns)

    def __getitem__(self, name: str) -> Array:
        """Return the column of that name, shape (n_samples,)."""
        if name not in self.columns:
            self._check_known([name])
        return self.columns[name]

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def ascending(self, name: str) -> Array:
        """Return the numbers, or moments, of a column in ascending order, without missing ones.

        They are sorted once and kept for the next caller.
        """
        if name not in self._ascending:
            column = self[name]
            self._ascending[name] = in_order(column[~is_missing(column)])
        return self._ascending[name]

    def forget_ascending(self, name: str) -> None:
        """Free the sorted numbers of a column, which take as much memory as the column."""
        self._ascending.pop(name, None)

    def sort(self, n_threads: int) -> None:
        """Sort the numbers and moments of a large table for `ascending`, on several threads."""
        if n_threads == 1 or self.n_samples < MIN_ROWS_FOR_THREADS:
            return
        names = [n for n, c in self.columns.items() if c.ndim == 1 and c.dtype.kind in "fM"]
        in_threads(self.ascending, names, n_threads)

    def distinct(self, name: str) -> Distinct:
        """Return the distinct values of a column, found once and kept."""
        if name not in self._distinct:
            self._distinct[name] = Distinct.of(self[name])
        return self._distinct[name]

    @cached_property
    def _distinct(self) -> dict[str, Distinct]:
        return {}

    @cached_property
    def _ascending(self) -> dict[str, Array]:
        return {}

    def take(self, rows: Any) -> Table:
        """Return the table of some rows, in the order of `rows` (integers, a slice or Booleans)."""
        index = rows if isinstance(rows, slice) else np.asarray(rows)
        if not isinstance(index, slice) and index.size == 0:
            index = index.astype(np.intp)  # an empty list has the type of floats
        return replace(self, columns={name: column[index] for name, column in self.columns.items()})

    @classmethod
    def join(cls, tables: Sequence[Table]) -> Table:
        """Return the rows of several tables of the same columns, one below the other."""
        first = tables[0]
        columns = {n: np.concatenate([table.columns[n] for table in tables]) for n in first.columns}
        return cls(columns, frozenset().union(*(table.levels for table in tables)))

    def select(self, names: Iterable[str]) -> Table:
        """Return the table of these columns, in this order."""
        wanted = list(names)
        self._check_known(wanted)
        return self._of({name: self.columns[name] for name in wanted}, kept=set(wanted))

    def drop(self, names: Iterable[str]) -> Table:
        """Return the table without these columns."""
        unwanted = set(names)
        self._check_known(sorted(unwanted))
        remaining = {name: column for name, column in self.columns.items() if name not in unwanted}
        return replace(self, columns=remaining)

    def replaced(self, columns: Mapping[str, Array]) -> Table:
        """Return the table with some columns replaced; what is known of the others is kept."""
        return self._of({**self.columns, **columns}, kept=set(self.columns) - set(columns))

    def without(self, words: Collection[str]) -> Table:
        """Return the table with `None` or NaN for words and numbers that mean missing values."""
        numbers = [float(word) for word in words if _NUMBER.fullmatch(word)]
        changed = {}
        for name, column in self.columns.items():
            values = numbers if column.dtype.kind == "f" else words
            if values and column.ndim == 1 and column.dtype.kind in "fO":
                gone = _is_among(column, values)
                if gone.any():
                    changed[name] = column.copy()
                    changed[name][gone] = np.nan if column.dtype.kind == "f" else None
        return self.replaced(changed) if changed else self

    def _of(self, columns: Mapping[str, Array], kept: set[str]) -> Table:
        """Return a table of other columns, with what is known of those that are kept."""
        table = replace(self, columns=columns)
        table._distinct.update((n, values) for n, values in self._distinct.items() if n in kept)
        table._ascending.update((n, values) for n, values in self._ascending.items() if n in kept)
        return table

    def _check_known(self, names: list[str]) -> None:
        unknown = [name for name in names if name not in self.columns]
        if unknown:
            raise InputError(
                "The table has no column {listed}: its columns are {columns}.",
                listed=listed(unknown),
                columns=listed(self.names),
            )


def _is_among(column: Array, values: Collection[Any]) -> Array:
    """Return whether each value is one of some; of texts, without the spaces around them."""
    if column.dtype.kind == "f":
        return np.isin(column, list(values))
    known = frozenset(values)
    is_among = (isinstance(item, str) and item.strip() in known for item in column.tolist())
    return np.fromiter(is_among, bool, len(column))


def check_unique(names: Iterable[str]) -> None:
    """Refuse names of columns that are repeated."""
    counts = Counter(names)
    if counts.total() > len(counts):
        repeated = [name for name, count in counts.items() if count > 1]
        raise InputError(
            "Column names must be unique, but {listed} occurs more than once: rename or drop the duplicates.",
            listed=listed(repeated),
        )


def listed(names: Iterable[str], *, at_most: int = 8) -> str:
    """Return names as a message shows them: quoted, and not too many."""
    shown = [repr(name) if len(name) <= 80 else repr(f"{name[:77]}...") for name in map(str, names)]
    if len(shown) <= at_most:
        return ", ".join(shown)
    return ", ".join(shown[:at_most]) + _(" and {n_shown} more").format(
        n_shown=len(shown) - at_most
    )


def alike(name: object, names: Sequence[str]) -> str:
    """Return what somebody may have meant by the name of a column that is not there."""
    near = get_close_matches(str(name), names, n=1)
    return (
        _("did you mean {near!r}?").format(near=near[0])
        if near
        else _("there are {listed}.").format(listed=listed(names))
    )


def is_records(X: Any) -> bool:
    """Return whether `X` is a row as a dictionary, a list of them, or a structured array."""
    if isinstance(X, Mapping):
        return any(map(_is_value, X.values())) and not any(map(_is_column, X.values()))
    if isinstance(X, np.ndarray):
        return X.dtype.names is not None and X.ndim == 1
    return isinstance(X, list | tuple) and len(X) > 0 and all(map(_is_record, X))


def record_columns(X: Any) -> dict[str, Any]:
    """Return the columns of records, by name; what a dictionary lacks is None."""
    if isinstance(X, np.ndarray):
        return {name: X[name] for name in X.dtype.names or ()}
    if isinstance(X, Mapping):
        X = [X]
    X = [record if isinstance(record, Mapping) else record._asdict() for record in X]
    names = dict.fromkeys(name for record in X for name in record)
    return {str(name): [record.get(name) for record in X] for name in names}


def _is_record(row: Any) -> bool:
    """Return whether a row is a dictionary or a named tuple."""
    return isinstance(row, Mapping) or (isinstance(row, tuple) and hasattr(row, "_asdict"))


def _is_value(value: Any) -> bool:
    """Return whether this is the value of one row, and cannot be a column."""
    single = isinstance(value, str | bytes | Signal) or getattr(value, "ndim", 1) == 0
    return single or not hasattr(value, "__len__")


def _is_column(value: Any) -> bool:
    """Return whether this can only be a column: an image beside other values is one of a row."""
    return not _is_value(value) and getattr(value, "ndim", 1) == 1
