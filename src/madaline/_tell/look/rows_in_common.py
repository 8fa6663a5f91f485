"""What rows have in common: values that are missing, codes, copies, and things that they are of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from madaline._race.time.told_times import TIME_NAME
from madaline._tables.column import is_missing
from madaline._tables.kinds.kind import NUMBER
from madaline._tables.media.images import image_codes
from madaline._tables.schema import Schema
from madaline._tables.table import Distinct, Table
from madaline.nn.arrays import Array

_TOGETHER = 0.95  # of the rows where one of two columns lacks a value, those where both do
_MIN_THINGS, _MIN_SHARED = 10, 3  # things that rows are of, and values of a column that these share
_MAX_COMPARED = 100  # columns among which things are looked for
_MAX_CODES, _MIN_CODED = 30, 20  # values of a column with a code for none, and rows of that code
_MAX_LACKING = 200  # columns whose missing values are compared


@final
@dataclass(frozen=True)
class Missing:
    """Values that are missing."""

    n_columns: int  # that lack some value
    share: float  # of all values of the table
    n_complete: int  # rows that lack no value
    together: tuple[tuple[tuple[str, ...], int], ...]  # columns that lack values in the same rows

    @classmethod
    def of(cls, table: Table) -> Missing:
        """Return which values of a table are missing."""
        lacking, total = {}, 0
        any_missing = np.zeros(table.n_samples, bool)
        for name in table.names:
            missing = is_missing(table[name])
            if missing.any():
                lacking[name] = missing
                any_missing |= missing
                total += int(missing.sum())
        n_values = table.n_samples * len(table.names)
        together = _together(list(lacking.items())[:_MAX_LACKING])
        n_complete = int(np.sum(~any_missing))
        return cls(len(lacking), total / max(1, n_values), n_complete, tuple(together))


def _together(lacking: Iterable[tuple[str, Array]]) -> list[tuple[tuple[str, ...], int]]:
    """Return columns whose values are missing in nearly the same rows, not in all."""
    groups: list[tuple[list[str], Array]] = []
    for name, missing in lacking:
        if missing.all():
            continue
        for names, rows in groups:
            if np.sum(missing & rows) >= _TOGETHER * np.sum(missing | rows):
                names.append(name)
                break
        else:
            groups.append(([name], missing))
    found = [(tuple(names), int(rows.sum())) for names, rows in groups if len(names) > 1]
    return sorted(found, key=lambda group: (-len(group[0]), -group[1]))


@final
@dataclass(frozen=True)
class SharedCode:
    """A number at an end of several columns that all have it in the same rows."""

    columns: tuple[str, ...]
    value: float
    n_rows: int


def shared_codes(table: Table, schema: Schema) -> list[SharedCode]:
    """Return numbers that may stand for a missing value, such as 2 beside 0 and 1."""
    found: dict[tuple[float, bytes], list[str]] = {}
    for column in schema.columns:
        if column.kind != NUMBER or not 2 < column.n_distinct <= _MAX_CODES:
            continue
        values = table[column.name]
        for value in {float(np.nanmin(values)), float(np.nanmax(values))}:
            rows = values == value
            if rows.sum() >= _MIN_CODED:
                found.setdefault((value, rows.tobytes()), []).append(column.name)
    return [
        SharedCode(tuple(names), value, rows.count(b"\1"))
        for (value, rows), names in found.items()
        if any(not np.array_equal(table[names[0]], table[name], equal_nan=True) for name in names)
    ]


@final
@dataclass(frozen=True)
class CopiedRows:
    """Rows that are equal to another one."""

    n_alike: int  # rows that are equal to another one, the target included
    n_copies: int  # those of them that are equal to an earlier one
    n_contradicted: int  # rows that are equal to another one but for the target
    best: float  # the accuracy that no model can exceed on these rows; 1 of numbers
    rows: tuple[int, ...]  # the first rows that are copies, counted from 0

    @classmethod
    def of(
        cls, table: Table, names: Sequence[str], target: Array | None, *, classes: bool
    ) -> CopiedRows:
        """Return the copies among rows of some columns; the target is given as codes or numbers."""
        alike = _row_codes([_bits(table, name) for name in names], table.n_samples)
        if target is None:
            whole, n_contradicted, best = alike, 0, 1.0
        else:
            codes = np.unique(target, return_inverse=True)[1].astype(np.uint64)
            whole = _row_codes([alike, codes], len(codes))
            n_contradicted, best = _contradicted(alike, whole)
        first, counts = np.unique(whole, return_index=True, return_counts=True)[1:]
        copied = np.ones(len(whole), bool)
        copied[first] = False
        rows = tuple(np.flatnonzero(copied)[:50].tolist())
        n_alike = int(counts[counts > 1].sum())
        return cls(n_alike, int(copied.sum()), n_contradicted, best if classes else 1.0, rows)


def _contradicted(alike: Array, whole: Array) -> tuple[int, float]:
    """Return how many rows are equal to rows of another target, and the best possible accuracy."""
    _, index, numbers = np.unique(alike, return_index=True, return_inverse=True)
    _, first, counts = np.unique(whole, return_index=True, return_counts=True)
    group = numbers[first]  # the rows that are alike, of each kind of whole rows
    most = np.zeros(len(index), np.int64)
    np.maximum.at(most, group, counts)
    kinds = np.bincount(group, minlength=len(index))
    return int(np.sum(kinds[numbers] > 1)), float(most.sum() / len(alike))


def find_things(table: Table, schema: Schema, rows: Array) -> tuple[str, tuple[str, ...]] | None:
    """Return the column that tells apart the things that rows are of, and what these share.

    It repeats, and at least two columns are the same in all rows of one of its values.
    """
    names = [name for name in schema.single if schema[name].n_distinct >= _MIN_SHARED]
    codes = {name: Distinct.of(table[name][rows]).codes for name in names[:_MAX_COMPARED]}
    found: list[tuple[int, str, tuple[str, ...]]] = []
    for name, own in codes.items():
        counts = np.bincount(own)
        repeated = np.flatnonzero(counts[own] > 1)
        if TIME_NAME.search(name) or 2 * len(repeated) < len(own):
            continue
        order = repeated[np.argsort(own[repeated], kind="stable")]
        alike = np.flatnonzero(own[order][1:] == own[order][:-1])  # rows before one of the same
        n_things = len(order) - len(alike)
        shared = tuple(
            other
            for other, values in codes.items()
            if other != name
            and (values[order[alike]] == values[order[alike + 1]]).all()
            and _MIN_SHARED <= len(np.unique(values[order])) < n_things
        )
        if n_things >= _MIN_THINGS and len(shared) > 1:
            found.append((len(shared), name, shared))
    return max(found)[1:] if found else None


def _bits(table: Table, name: str) -> Array:
    """Return a whole number for each value of a column, the same for equal ones."""
    column = table[name]
    if column.ndim > 1:
        return image_codes(column).astype(np.uint64)
    if column.dtype.kind == "O":
        return table.distinct(name).codes.astype(np.uint64)
    if column.dtype.kind == "f":
        column = np.where(np.isnan(column), np.nan, column) + 0.0  # one NaN, and no -0
    return column.view(np.uint64)


def _row_codes(columns: Iterable[Array], n_rows: int) -> Array:
    """Return a number for each row, different ones for different rows but for one in billions."""
    codes = np.zeros(n_rows, np.uint64)
    for column in columns:  # as splitmix64 mixes
        codes = (codes ^ column) * np.uint64(0x9E3779B97F4A7C15)
        codes = (codes ^ (codes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        codes ^= codes >> np.uint64(27)
    return codes
