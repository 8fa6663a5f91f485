"""What follows a program, tried beside NumPy before it is used."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cache, partial
from typing import Any

import numpy as np

from madaline.nn import compiled
from madaline.nn.arrays import Array
from madaline.nn.compiled import OF_TRAINING, Kernel
from madaline.nn.programs import KERNELS, Follower, in_few_calls

TRIED = ((5, 37, 7), (64, 32, 32), (130, 96, 100))
"""Rows, inputs and units that products are tried with: odd, and small and large for OpenBLAS."""


@cache
def follower() -> Follower | None:
    """Return what follows a program; None without numba, or where NumPy multiplies otherwise.

    It asks the same library for the same products as NumPy, where NumPy brought it along.
    """
    return _tried(_of_training, OF_TRAINING)


def _tried(how: Callable[[], Any], kernels: Collection[Kernel]) -> Follower | None:
    try:
        from madaline.nn.lines import addresses

        found = partial(how(), *addresses())
        return found if gives_same_bits(found, kernels) else None
    except Exception:  # whatever is wrong with a library that nobody needs
        return None


def _of_training() -> Any:
    from madaline.nn.machine import follow

    return follow


def gives_same_bits(follow: Follower, kernels: Collection[Kernel]) -> bool:
    """Return whether programs give the bits of NumPy's products and copies, and of some kernels.

    Examples
    --------
    >>> gives_same_bits(lambda program: None, OF_TRAINING)
    False
    """
    named = {kernel: partial(_do, follow, kernel) for kernel in KERNELS if kernel in kernels}
    return compiled.gives_same_bits(named) and all(_same_products(follow, *one) for one in TRIED)


def _do(follow: Follower, function: Callable[..., object], *arguments: Array, **out: Array) -> None:
    """Have a program do what a call does."""
    kernels = {kernel: kernel for kernel in KERNELS}
    for shorter, own, named in in_few_calls([(function, arguments, out)], kernels, follow):
        shorter(*own, **named)


def _same_products(follow: Follower, rows: int, inputs: int, units: int) -> bool:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, rows, inputs), np.float32)
    weight = rng.standard_normal((2, inputs, units), np.float32)
    slopes, ones, turned = x @ weight, np.ones((1, rows), np.float32), np.empty_like(weight.mT)
    _do(follow, np.copyto, turned, weight.mT)
    tanh = np.empty_like(x)
    _do(follow, np.tanh, x, out=tanh)
    vectors = (ones, x), (x, weight[..., :1]), (x.mT, slopes[..., :1])
    pairs = (x, weight), (x.mT, slopes), (slopes, weight.mT), (slopes, turned), *vectors
    products = [(np.matmul(*pair), np.empty_like(np.matmul(*pair))) for pair in pairs]
    for pair, (_, own) in zip(pairs, products, strict=True):
        _do(follow, np.matmul, *pair, out=own)
    others = (weight.mT, turned), (np.tanh(x), tanh)
    return all(one.tobytes() == own.tobytes() for one, own in [*products, *others])
