"""Values of a table as text."""

from __future__ import annotations

from typing import Any

import numpy as np

from madaline._data.media.images import CHANNELS, size_words
from madaline._data.media.signals import Signal


def value_text(value: Any, *, digits: int = 6, longest: int | None = 24) -> str:
    """Return a value of a table as text.

    Parameters
    ----------
    value : object
        A value, an image or a signal.
    digits : int
        Significant digits of a number that is not whole.
    longest : int or None
        Characters of a text, at most.

    Examples
    --------
    >>> value_text(12500.0), value_text(0.1234567, digits=4), value_text("red"), value_text(True)
    ('12500', '0.1235', 'red', 'true')
    >>> value_text(np.zeros((8, 8, 1))), value_text(np.zeros((40, 26)))
    ('8 x 8 pixels, gray', '40 x 26 numbers')
    """
    if isinstance(value, np.ndarray):
        if value.ndim == 3 and value.shape[-1] in CHANNELS:
            return size_words(value.shape)
        return f"{' x '.join(map(str, value.shape))} numbers"
    if isinstance(value, Signal):
        return value.words
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, np.datetime64) and not np.isnat(value):
        return str(value.astype("datetime64[s]")).replace("T00:00:00", "").replace("T", " ")
    if value is None or value != value:  # NaN or NaT
        return "missing"
    if isinstance(value, float | np.floating):
        number = float(value) + 0.0  # no negative zero
        whole = number.is_integer() and abs(number) < 1e15
        return f"{number:.0f}" if whole else f"{number:.{digits}g}"
    text = str(value)
    return text if longest is None or len(text) <= longest else f"{text[: longest - 3]}..."
