"""A coverage is the share of new rows whose truth an interval or a set should hold."""

from __future__ import annotations

from numbers import Real
from typing import Any

from madaline.errors import InputError


def read_coverage(coverage: Any) -> float:
    """Return a coverage, or say what is wrong with it.

    Examples
    --------
    >>> read_coverage(0.9)
    0.9
    >>> read_coverage(90)
    Traceback (most recent call last):
    madaline.errors.InputError: coverage is 90: give a share between 0 and 1, such as 0.9.
    """
    number = isinstance(coverage, Real) and not isinstance(coverage, bool)
    if not number or not 0 < coverage < 1:
        raise InputError(f"coverage is {coverage!r}: give a share between 0 and 1, such as 0.9.")
    return float(coverage)
