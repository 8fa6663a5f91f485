"""What follows a program, tried beside NumPy before it is used."""

from __future__ import annotations

from functools import cache, partial

import numpy as np

from madaline.core.programs import Follower, in_few_calls
from madaline.core.workspace import Call

TRIED = ((5, 37, 7), (64, 32, 32), (130, 96, 100))
"""Rows, inputs and units that products are tried with: odd, and small and large for OpenBLAS."""


@cache
def follower() -> Follower | None:
    """Return what follows a program; None without numba, or where NumPy multiplies otherwise.

    It asks the same library for the same products as NumPy, where NumPy brought it along.
    """
    try:
        from madaline.core.machine import follow, product_addresses

        matrices, vector = product_addresses()
        found = partial(follow, matrices, vector)
        return found if gives_same_bits(found) else None
    except Exception:  # whatever is wrong with a library that nobody needs
        return None


def gives_same_bits(follow: Follower) -> bool:
    """Return whether a program of products and copies gives the bits of NumPy's own.

    Examples
    --------
    >>> gives_same_bits(lambda program: None)
    False
    """
    return all(_same_bits(follow, *shape) for shape in TRIED)


def _same_bits(follow: Follower, rows: int, inputs: int, units: int) -> bool:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, rows, inputs), np.float32)
    weight = rng.standard_normal((2, inputs, units), np.float32)
    slopes = np.matmul(x, weight)
    ones = np.ones((1, rows), np.float32)
    pairs = (x, weight), (x.mT, slopes), (slopes, weight.mT), (ones, x), (x, weight[..., :1])
    products = [np.matmul(*pair) for pair in (*pairs, (x.mT, slopes[..., :1]))]
    calls: list[Call] = []
    for pair, product in zip((*pairs, (x.mT, slopes[..., :1])), products, strict=True):
        calls.append((np.matmul, pair, {"out": np.empty_like(product)}))
    turned = np.empty(weight.mT.shape, np.float32)
    (call,) = in_few_calls([*calls, (np.copyto, (turned, weight.mT), {})], {}, follow)
    call[0](*call[1])
    return bool((turned == weight.mT).all()) and all(
        product.tobytes() == own["out"].tobytes()
        for product, (_, _, own) in zip(products, calls, strict=True)
    )
