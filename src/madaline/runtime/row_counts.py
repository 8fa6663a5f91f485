"""Of how many rows a matrix product may be, so that none of its rows depends on the others.

A matrix library may round differently for another number of rows, and on some processors for the
last rows of many. Products of `CHUNK` rows, the last of them padded, never do. Where products of
more rows are found to have the very same bits, they are quicker, and for one row those of fewer.
"""

from __future__ import annotations

import numpy as np

from madaline.nn.arrays import Array

CHUNK = 8
"""Rows of a product whose bits count."""

FEW, MANY = 2, 64
"""Rows of smaller and of larger products: beyond `MANY` they get no quicker. One row has another
beside it, as libraries multiply a vector in other ways."""

LARGEST_PRODUCT = 2**18
"""Multiply-adds of a product. Up to so many, OpenBLAS, the matrix library of NumPy on most
machines, stays on one thread: so a prediction has the same bits on any number of threads."""

TRIED = 2**22
"""Multiply-adds with which products are tried, about: a tenth of a millisecond."""


def rows_of_product(weight: Array, n_rows: int) -> int:
    """Return how many rows to multiply at a time.

    Parameters
    ----------
    weight : float32 ndarray of shape (members, in, units)
        What each row is multiplied with, by each member.
    n_rows : int
        How many rows there are: one, or a multiple of `CHUNK`.

    Returns
    -------
    int
        A divisor of `n_rows`, but for one row `FEW` or `CHUNK`.

    Examples
    --------
    >>> rows_of_product(np.ones((3, 20, 1), np.float32), 64)  # sums of one unit are no product
    8
    """
    rows, size = FEW if n_rows == 1 else MANY, weight[0].size
    if n_rows == CHUNK or min(weight.shape[1:]) == 1 or CHUNK * size > LARGEST_PRODUCT:
        return CHUNK
    while rows > CHUNK and (n_rows % rows or rows * size > LARGEST_PRODUCT):
        rows //= 2
    return rows if _have_same_bits(weight[0], rows) else CHUNK


def _have_same_bits(weight: Array, rows: int) -> bool:
    """Return whether the rows of a product have the bits that they have among `CHUNK` rows.

    Which sums are taken in which order depends on shapes alone, so that any numbers will tell, if
    there are many: of three inputs another order changes few sums.
    """
    tried = min(512, max(MANY, TRIED // weight.size // MANY * MANY))
    x = np.sin(np.arange(tried * len(weight), dtype=np.float32)).reshape(-1, len(weight))
    among, alone = (np.matmul(x.reshape(-1, size, len(weight)), weight) for size in (CHUNK, rows))
    return bool(among.tobytes() == alone.tobytes())
