"""The words for arrays that the whole core shares.

Leading axes are the population's (``members``, or ``recipes, folds``); the last two are always
``(batch, features)`` for data and ``(in_features, out_features)`` for weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
"""Any NumPy array; docstrings give its shape."""

Rng: TypeAlias = np.random.Generator
"""The source of random numbers: always passed, never global."""

Parameters: TypeAlias = Mapping[str, Array]
"""The named parameters of one layer, each a view ``(*axes, *shape)`` into the population."""

BLOCK = 2**17
"""Numbers that are processed together: they stay in the processor's cache."""


def row_blocks(n_rows: int, width: int) -> Iterator[slice]:
    """Yield the rows some at a time, so that what is made of them needs little room.

    Parameters
    ----------
    n_rows : int
        How many there are.
    width : int
        Numbers in a row.

    Examples
    --------
    >>> list(row_blocks(1000, 256))
    [slice(0, 512, None), slice(512, 1000, None)]
    """
    step = max(16, BLOCK // max(1, width) // 16 * 16)
    for start in range(0, n_rows, step):
        yield slice(start, min(start + step, n_rows))
