"""What is in a column, in a few words: its range, its commonest levels, its sizes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from madaline.core.arrays import Array
from madaline.data.column import number_text
from madaline.data.conversion import as_booleans, as_sounds
from madaline.data.images import size_words
from madaline.data.kinds import (
    BOOLEAN,
    CATEGORY,
    DATETIME,
    IMAGE,
    NUMBER,
    SEQUENCE,
    SOUND,
    TEXT,
)
from madaline.data.terms import n_words


def detail_of(kind: str, column: Array) -> str:
    """Return in words what is in a column.

    Parameters
    ----------
    kind : str
        What it was taken for.
    column : ndarray of shape (n_samples,), or of images
        Its values, read as that kind.

    Examples
    --------
    >>> detail_of("number", np.array([1.5, 2, np.nan]))
    'from 1.5 to 2'
    """
    return _DETAILS[kind](column)


def is_whole(numbers: Array) -> bool:
    """Return whether there are only whole numbers, missing ones not counted."""
    blocks = (numbers[start : start + 4096] for start in range(0, len(numbers), 4096))
    return all(bool(((block == np.floor(block)) | np.isnan(block)).all()) for block in blocks)


def short(number: float) -> str:
    """Return a number in four digits, or whole."""
    whole = float(number).is_integer() and abs(number) < 1e9
    return number_text(float(number)) if whole else f"{number:.4g}"


def _number_detail(column: Array) -> str:
    if np.isnan(column).all():
        return ""
    word = "whole, " if is_whole(column) else ""
    return f"{word}from {short(np.nanmin(column))} to {short(np.nanmax(column))}"


def _category_detail(column: Array) -> str:
    counts = Counter(column.tolist())
    del counts[None]
    shown = [_clipped(str(level)) for level, _ in counts.most_common(3)]
    more = f" and {len(counts) - 3:,} more" if len(counts) > 3 else ""
    return ", ".join(shown) + more


def _datetime_detail(column: Array) -> str:
    present = column[~np.isnat(column)]
    return f"from {_moment(present.min())} to {_moment(present.max())}" if len(present) else ""


def _boolean_detail(column: Array) -> str:
    numbers = as_booleans("", column)
    present = numbers[~np.isnan(numbers)]
    return f"true in {present.mean():.0%} of the rows" if len(present) else ""


def _text_detail(column: Array) -> str:
    words = [n_words(text) for text in column.tolist() if text is not None]
    return f"{np.mean(words):.0f} words on average" if words else ""


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
    return f"{min(seconds):.2g} to {max(seconds):.2g} seconds, {rate} numbers a second"


def _image_detail(column: Array) -> str:
    if not len(column):
        return size_words(column.shape[1:])
    return f"{size_words(column.shape[1:])}, from {short(column.min())} to {short(column.max())}"


_DETAILS = {
    NUMBER: _number_detail,
    CATEGORY: _category_detail,
    BOOLEAN: _boolean_detail,
    DATETIME: _datetime_detail,
    IMAGE: _image_detail,
    TEXT: _text_detail,
    SEQUENCE: _sequence_detail,
    SOUND: _sound_detail,
}


def _moment(moment: Any) -> str:
    return str(moment.astype("datetime64[s]")).replace("T00:00:00", "").replace("T", " ")


def _clipped(text: str) -> str:
    return text if len(text) <= 24 else text[:21] + "..."
