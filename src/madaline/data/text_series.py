"""Which texts a column of pandas holds: pandas finds that in a fraction of the time."""

from __future__ import annotations

from typing import Any

import numpy as np

from madaline.data.distinct import Distinct

MANY_ROWS = 256
"""Rows from which on it is quicker to ask pandas."""

_MAY_BE_TEXT = {"str", "string", "object"}
"""What pandas calls types of columns that may hold texts."""


def distinct_texts(values: Any) -> Distinct | None:
    """Return the distinct texts of a series of pandas.

    Parameters
    ----------
    values : object
        Perhaps a series of many texts, some of them missing.

    Returns
    -------
    Distinct or None
        As `Distinct.of` finds them; None where it is something else.

    Examples
    --------
    >>> distinct_texts(np.array(["red", None] * 200, dtype=object)) is None
    True
    """
    name = getattr(getattr(values, "dtype", None), "name", None)
    if name not in _MAY_BE_TEXT or not hasattr(values, "factorize") or len(values) < MANY_ROWS:
        return None
    try:
        places, texts = values.factorize()
    except TypeError:  # lists, for one
        return None
    if set(map(type, texts)) != {str}:
        return None
    return Distinct.of_places(places, np.array([*texts], dtype=object))
