"""Which texts a column of pandas holds: where it keeps them by Arrow, that is found quickly.

Texts that it keeps as objects are told apart by `Distinct`: some versions of pandas take texts for
the same that are not, such as those that differ behind a zero byte.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from madaline.data.distinct import Distinct

MANY_ROWS = 256
"""Rows from which on it is quicker to ask pandas."""

_BY_ARROW = {"pyarrow", "pyarrow_numpy"}
"""How a column of texts says that Arrow keeps them."""


def distinct_texts(values: Any) -> Distinct | None:
    """Return the distinct texts of a series of pandas.

    Parameters
    ----------
    values : object
        Perhaps a series of many texts, some of them missing, that Arrow keeps.

    Returns
    -------
    Distinct or None
        As `Distinct.of` finds them; None where it is something else.

    Examples
    --------
    >>> distinct_texts(np.array(["red", None] * 200, dtype=object)) is None
    True
    """
    storage = getattr(getattr(values, "dtype", None), "storage", None)
    if storage not in _BY_ARROW or len(values) < MANY_ROWS:
        return None
    places, texts = values.factorize()
    if len(texts) == 0:  # nothing says that it is a column of texts
        return None
    return Distinct.of_places(places, np.array([*texts], dtype=object))
