"""What is in a column, in a few words: its range, its most frequent levels, its sizes."""

from __future__ import annotations

import numpy as np

from madaline._data.column import number_text
from madaline._data.conversion import as_booleans, as_sounds
from madaline._data.distinct import Distinct
from madaline._data.kinds.kind import (
    BOOLEAN,
    CATEGORY,
    DATETIME,
    IMAGE,
    NUMBER,
    SEQUENCE,
    SOUND,
    TEXT,
)
from madaline._data.media.images import size_words
from madaline._data.table import Table
from madaline._data.terms import n_words
from madaline.nn.arrays import Array, row_blocks


def detail_of(
    kind: str,  # what it was taken for
    table: Table,  # it holds the column, read as that kind
    name: str,
) -> str:
    """Return in words what is in a column.

    Examples
    --------
    >>> detail_of("number", Table.from_columns({"size": [1.5, 2, None]}), "size")
    'from 1.5 to 2'
    """
    if kind in _OF_ASCENDING:
        return _OF_ASCENDING[kind](table.ascending(name))
    if kind in _OF_DISTINCT:
        return _OF_DISTINCT[kind](table.distinct(name))
    return _OF_COLUMN[kind](table[name])


def is_whole(numbers: Array) -> bool:
    """Return whether there are only whole numbers, missing ones not counted."""
    blocks = (numbers[rows] for rows in row_blocks(len(numbers), 1))
    return all(bool(((block == np.floor(block)) | np.isnan(block)).all()) for block in blocks)


def short(number: float) -> str:
    """Return a number in four digits, or whole."""
    whole = float(number).is_integer() and abs(number) < 1e9
    return number_text(float(number)) if whole else f"{number:.4g}"


def _number_detail(ascending: Array) -> str:
    if not len(ascending):
        return ""
    word = "whole, " if is_whole(ascending) else ""
    return f"{word}from {short(ascending[0])} to {short(ascending[-1])}"


def _datetime_detail(ascending: Array) -> str:
    if not len(ascending):
        return ""
    first, last = ascending[[0, -1]].astype("datetime64[s]").astype(str)
    words = [moment.replace("T00:00:00", "").replace("T", " ") for moment in (first, last)]
    return f"from {words[0]} to {words[1]}"


def _category_detail(levels: Distinct) -> str:
    shown = levels.values[levels.is_present]
    commonest = np.argsort(-levels.counts[levels.is_present], kind="stable")[:3]
    more = f" and {len(shown) - 3:,} more" if len(shown) > 3 else ""
    texts = [str(level) for level in shown[commonest]]
    return ", ".join(one if len(one) <= 24 else one[:21] + "..." for one in texts) + more


def _boolean_detail(levels: Distinct) -> str:
    numbers = as_booleans("", levels.values)
    present = levels.counts[~np.isnan(numbers)].sum()
    true = levels.counts[numbers == 1].sum()
    return f"true in {true / present:.0%} of the rows" if present else ""


def _text_detail(levels: Distinct) -> str:
    counts = levels.counts[levels.is_present]
    words = [n_words(text) for text in levels.values[levels.is_present]]
    return f"{np.average(words, weights=counts):.0f} words on average" if words else ""


def _sequence_detail(column: Array) -> str:
    present = [one for one in column if one is not None]
    if not present:
        return ""
    lengths, channels = list(map(len, present)), present[0].values.shape[1]
    numbers = f"{channels:,} numbers a step" if channels > 1 else "a number a step"
    return f"{min(lengths):,} to {max(lengths):,} steps, {numbers}"


def _sound_detail(column: Array) -> str:
    present = [one for one in as_sounds("", column) if one is not None]
    if not present:
        return ""
    seconds, rates = [one.seconds for one in present], {one.rate for one in present}
    rate = " to ".join(f"{one:,}" for one in sorted({min(rates), max(rates)}))
    return f"{min(seconds):.2g} to {max(seconds):.2g} seconds, {rate} hertz"


def _image_detail(column: Array) -> str:
    if not len(column):
        return size_words(column.shape[1:])
    return f"{size_words(column.shape[1:])}, from {short(column.min())} to {short(column.max())}"


_OF_ASCENDING = {NUMBER: _number_detail, DATETIME: _datetime_detail}
_OF_DISTINCT = {CATEGORY: _category_detail, BOOLEAN: _boolean_detail, TEXT: _text_detail}
_OF_COLUMN = {IMAGE: _image_detail, SEQUENCE: _sequence_detail, SOUND: _sound_detail}
