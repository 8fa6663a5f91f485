r"""What a stream takes: which names, labels and weights, and how far numbers are believed.

Names, labels, keys and weights are checked where they are given, so that whatever was learned or
watched can be saved.

One wild number must not ruin what is learned later. Of the latest numbers, the four largest and the
four smallest are left out (fewer, if there are few). The others reach from :math:`a` to :math:`b`,
and numbers are believed up to one such width beyond: from :math:`2a - b` to :math:`2b - a`. A
number outside these fences (Tukey, 1977, "Exploratory data analysis") counts for nothing: it sets
no scale, no network learns it, and no later row sees it. So an error of a sensor is as good as
ignored, while what comes more often is believed: then the world has changed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from madaline._data.json_checks import TRUTH, Check, Either, Malformed, Number, Text, Whole
from madaline.errors import InputError
from madaline.nn.arrays import Array

_WHOLE = Whole(-(2**63), 2**64 - 1)

NAME: Check = Either(Text(), _WHOLE)  # the name of a column
LABEL: Check = Either(Text(), Whole(-(2**63), 2**63 - 1), Number(), TRUTH)  # a class
KEY: Check = Either(Text(200), _WHOLE)  # what a label that comes later is found by
LEVEL = Text()  # a level that has a code of its own
MAX_LETTERS = 2**22  # letters of all levels that have a code of their own
MAX_WEIGHT = 1e12  # of a row: squares of slopes must not overflow in float32
MAX_LEFT_OUT = 4  # how many of the largest numbers are left out, and of the smallest
ROWS_PER_LEFT_OUT = 16  # one of so many is left out, as long as there are few
MAX_NUMBER = 1e100  # no number is believed beyond it, so that squares overflow nowhere


def check_given(check: Check, value: Any, what: str, remedy: str) -> None:
    """Refuse a value that a file could not hold.

    >>> check_given(KEY, 2**70, "A key", "give a shorter one")
    Traceback (most recent call last):
    madaline.errors.InputError: A key is 1180591620717411303424, but must be text of at most 200
    characters: give a shorter one.
    """
    try:
        check(value)
    except Malformed as error:
        raise InputError(f"{what} {error.problem}: {remedy}.") from None


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
    rows, left_out = np.arange(len(values)), np.minimum(counts // ROWS_PER_LEFT_OUT, most)
    return values[rows, left_out], values[rows, counts - 1 - left_out]
