"""What a stream takes: which names, labels and weights, and how far numbers are believed.

The former are what a file can hold and networks can learn from. They are checked where they are
given, so that whatever was learned or watched can be saved.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from madaline._data.json_checks import TRUTH, Check, Either, Malformed, Number, Text, Whole
from madaline.errors import InputError
from madaline.nn.arrays import Array

WHOLE = Whole(-(2**63), 2**64 - 1)

NAME: Check = Either(Text(), WHOLE)  # the name of a column
LABEL: Check = Either(Text(), Whole(-(2**63), 2**63 - 1), Number(), TRUTH)  # a class

LONGEST_KEY = 200
KEY: Check = Either(Text(LONGEST_KEY), WHOLE)  # what a label that comes later is found by
LEVEL = Text()  # a level that has a code of its own
MOST_LETTERS = 2**22  # letters of all levels that have a code of their own
LARGEST_WEIGHT = 1e12  # weight of a row, at most: squares of slopes must not overflow in float32


def check_given(check: Check, value: Any, what: str, remedy: str) -> None:
    """Refuse a value that a file could not hold.

    Examples
    --------
    >>> check_given(KEY, 2**70, "A key", "give a shorter one")
    Traceback (most recent call last):
    madaline.errors.InputError: A key is 1180591620717411303424, but must be text of at most 200
    characters: give a shorter one.
    """
    try:
        check(value)
    except Malformed as error:
        raise InputError(f"{what} {error.problem}: {remedy}.") from None


LEFT_OUT = 4  # how many of the largest numbers are left out, and of the smallest, at most
NEEDED = 16  # one of so many is left out, as long as there are few
FAR = 1e100  # no number is believed beyond it, so that squares overflow nowhere


def reach(values: Array, counts: Array) -> tuple[Array, Array]:
    """Return the lowest and the highest number that is believed.

    Where the others would all be the same, only one at either end is left out: what came twice is
    rare, but no error.

    Shapes: `values` (rows, n_samples); `counts` (rows,) -> (rows,).

    Examples
    --------
    >>> values = np.array([[20.0, 20.5, 21.0, *[22.0] * 13, 1e20]])
    >>> reach(values, np.array([17]))
    (array([19.]), array([23.5]))
    """
    low, high = _ends(values, counts, LEFT_OUT)
    rarer_low, rarer_high = _ends(values, counts, 1)
    same = low == high
    low, high = np.where(same, rarer_low, low), np.where(same, rarer_high, high)
    width = high - low
    return low - width, high + width


def _ends(values: Array, counts: Array, most: int) -> tuple[Array, Array]:
    """Return the ends of each row's numbers, some of them left out."""
    rows, left_out = np.arange(len(values)), np.minimum(counts // NEEDED, most)
    return values[rows, left_out], values[rows, counts - 1 - left_out]
