"""Grids of parameters: `make test` tries each value somewhere, `make test-all` all combinations."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any

import pytest


def grid(*axes: Iterable[Any]) -> list[Any]:
    """Return all combinations; those are slow without which each value is still tried.

    A value that is a tuple stands for several parameters.
    """
    values = [[one if isinstance(one, tuple) else (one,) for one in axis] for axis in axes]
    longest = max(map(len, values))
    tried = {tuple(k % len(axis) for axis in values) for k in range(longest)}
    return [
        pytest.param(
            *(part for axis, place in zip(values, places, strict=True) for part in axis[place]),
            marks=() if places in tried else pytest.mark.slow,
        )
        for places in product(*(range(len(axis)) for axis in values))
    ]


def some(values: Iterable[Any], n: int) -> list[Any]:
    """Return all values, of which those but `n`, evenly chosen, are slow."""
    values = [one if isinstance(one, tuple) else (one,) for one in values]
    tried = {k * len(values) // n for k in range(n)}
    return [
        pytest.param(*one, marks=() if place in tried else pytest.mark.slow)
        for place, one in enumerate(values)
    ]
