"""Keys tell groups of rows apart: a text or a whole number, or a tuple of several columns' values.

A file may hold as text what a data frame holds as a number, so keys are looked up by their texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias, final

import numpy as np

from madaline._tables.column import as_texts, is_missing
from madaline._tables.table import Table, alike
from madaline.errors import InputError
from madaline.nn.arrays import Array

Key: TypeAlias = tuple[str | int, ...]
"""The value of each column that tells groups apart."""

MAX_KEY = 1000  # characters of a text in a key
_MAX_WHOLE = 2**53  # floating-point numbers hold whole numbers up to it exactly


@final
@dataclass(frozen=True, eq=False)
class GroupedRows:
    """Which group each row belongs to."""

    keys: tuple[Key, ...]  # in ascending order
    numbers: Array  # (n_samples,) ints: the index of each row's key, -1 where a value is missing

    @classmethod
    def of(cls, table: Table, by: Sequence[str]) -> GroupedRows:
        """Group the rows of a table by columns; `InputError` for values that are no keys.

        >>> rows = GroupedRows.of(Table.from_columns({"store": [3.0, 1.0, None, 3.0]}), ["store"])
        >>> rows.keys, rows.numbers.tolist()
        (((1,), (3,)), [1, 0, -1, 1])
        """
        for name in by:
            if name not in table:
                raise InputError(
                    "There is no column {name!r}: {alike}",
                    name=name,
                    alike=alike(name, table.names),
                )
        labels, codes = zip(*(_labels(name, table[name]) for name in by), strict=True)
        known = np.logical_and.reduce([column >= 0 for column in codes])
        numbers = np.full(table.n_samples, -1)
        rows = np.stack(codes, axis=1)[known]
        distinct, index = np.unique(rows, axis=0, return_inverse=True)
        numbers[known] = index.reshape(-1)
        keys = (
            tuple(values[code] for values, code in zip(labels, row, strict=True))
            for row in distinct.tolist()
        )
        return cls(tuple(keys), numbers)

    def rows(self) -> list[Array]:
        """Return the numbers of the rows of each group, in ascending order."""
        order = np.argsort(self.numbers, kind="stable")
        bounds = np.searchsorted(self.numbers[order], np.arange(len(self.keys) + 1))
        return [order[a:b] for a, b in pairwise(bounds)]


def key_text(key: Key) -> str:
    """Return how a key is printed, and named on the command line.

    >>> key_text(("Berlin",)), key_text(("Berlin", 3))
    ('Berlin', 'Berlin,3')
    """
    return ",".join(map(str, key))


def plain_key(key: Key) -> str | int | Key:
    """Return what a key is called in Python: of one column, its value.

    >>> plain_key((3,)), plain_key(("Berlin", 3))
    (3, ('Berlin', 3))
    """
    return key[0] if len(key) == 1 else key


def _labels(name: str, column: Array) -> tuple[list[str | int], Array]:
    """Return the distinct values of a column in ascending order, and the index of each row's."""
    if column.ndim > 1 or column.dtype.kind not in "fMO":
        raise InputError(
            "Column {name!r} cannot tell groups apart: name one of text or numbers.", name=name
        )
    codes = np.full(len(column), -1)
    known = ~is_missing(column)
    values = column[known]
    if column.dtype.kind != "f":
        texts = as_texts(values).astype(object)
        distinct, codes[known] = np.unique(texts, return_inverse=True)
        return [_text(name, text) for text in distinct.tolist()], codes
    wrong = values[(values != np.floor(values)) | (np.abs(values) > _MAX_WHOLE)]
    if len(wrong):
        raise InputError(
            "Column {name!r} holds {wrong:g}, but only texts and whole numbers tell groups apart: round it, or make it text.",
            name=name,
            wrong=wrong[0],
        )
    distinct, codes[known] = np.unique(values, return_inverse=True)
    return [*map(int, distinct)], codes


def _text(name: str, text: str) -> str:
    if len(text) > MAX_KEY:
        raise InputError(
            "Column {name!r} holds a text of {n_text:,} characters, but keys of groups have {MAX_KEY:,} at most: shorten it.",
            name=name,
            n_text=len(text),
            MAX_KEY=MAX_KEY,
        )
    return text
