"""What names, labels, keys and weights may be: what a file can hold, and networks can learn from.

They are checked where they are given, so that whatever was learned or watched can be saved.
"""

from __future__ import annotations

from typing import Any

from madaline._data.io.json_checks import TRUTH, Check, Either, Malformed, Number, Text, Whole
from madaline.errors import InputError

WHOLE = Whole(-(2**63), 2**64 - 1)

NAME: Check = Either(Text(), WHOLE)
"""The name of a column."""

LABEL: Check = Either(Text(), Whole(-(2**63), 2**63 - 1), Number(), TRUTH)
"""A class."""

LONGEST_KEY = 200
KEY: Check = Either(Text(LONGEST_KEY), WHOLE)
"""What a label that comes later is found by."""

LEVEL = Text()
"""A level that has a code of its own."""

MOST_LETTERS = 2**22
"""Letters of all levels that have a code of their own."""

LARGEST_WEIGHT = 1e12
"""Weight of a row, at most: squares of slopes must not overflow in float32."""


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
