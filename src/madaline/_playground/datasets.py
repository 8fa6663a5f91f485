"""Data that are made up: points on a plane with a class or a number each, and digits.

Beside each function stand the lines of Python that make the same data, for people to take away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np

from madaline.nn.arrays import Array

_Make: TypeAlias = Callable[[int, float, int], tuple[Array, Array]]

CLASSES, NUMBERS = "classes", "numbers"


@final
@dataclass(frozen=True)
class MadeData:
    """A way to make rows, from their number, their noise and a seed."""

    name: str  # in addresses
    title: str  # for people, in English
    task: str  # `CLASSES` or `NUMBERS`
    make: _Make  # returns (n_samples, n_columns) and (n_samples,)
    imports: tuple[str, ...]  # what its lines need beside NumPy
    lines: tuple[str, ...]  # that make x and y, with {rows}, {noise} and {seed}
    max_rows: int = 2000
    on_plane: bool = True


def _xor(rows: int, noise: float, seed: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (rows, 2))
    y = (x[:, 0] * x[:, 1] > 0).astype(int)
    return x + noise * rng.normal(size=x.shape), y


def _circles(rows: int, noise: float, seed: int) -> tuple[Array, Array]:
    from sklearn.datasets import make_circles

    x, y = make_circles(rows, noise=noise, factor=0.4, random_state=seed)
    return x, y


def _moons(rows: int, noise: float, seed: int) -> tuple[Array, Array]:
    from sklearn.datasets import make_moons

    x, y = make_moons(rows, noise=noise, random_state=seed)
    return x, y


def _spirals(rows: int, noise: float, seed: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    y = np.arange(rows) % 2
    far = np.sqrt(rng.uniform(0.01, 1, rows))
    angle = 3.5 * np.pi * far + np.pi * y
    x = far[:, None] * np.column_stack([np.sin(angle), np.cos(angle)])
    return x + noise / 4 * rng.normal(size=x.shape), y


def _clouds(rows: int, noise: float, seed: int) -> tuple[Array, Array]:
    from sklearn.datasets import make_blobs

    centers = [[-1, -1], [1, 1]]
    x, y = make_blobs(rows, centers=centers, cluster_std=0.3 + noise, random_state=seed)
    return x, y


def _plane(rows: int, noise: float, seed: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (rows, 2))
    return x, x.sum(axis=1) + noise * rng.normal(size=rows)


def _hill(rows: int, noise: float, seed: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (rows, 2))
    high, low = (np.exp(-6 * ((x - center) ** 2).sum(axis=1)) for center in (0.4, -0.4))
    return x, high - low + noise * rng.normal(size=rows)


def _digits(rows: int, noise: float, seed: int) -> tuple[Array, Array]:
    from sklearn.datasets import load_digits

    rng = np.random.default_rng(seed)
    x, y = load_digits(return_X_y=True)
    chosen = rng.permutation(len(x))[:rows]
    x, y = x[chosen] / 16, y[chosen]
    return x + noise * rng.normal(size=x.shape), y


_RNG = "rng = np.random.default_rng({seed})"
_SQUARE = "x = rng.uniform(-1, 1, ({rows}, 2))"
_NOISY_X = "x = x + {noise} * rng.normal(size=x.shape)"
_CENTERS = "centers=[[-1, -1], [1, 1]], cluster_std=0.3 + {noise}, random_state={seed}"
_HILLS = "high, low = (np.exp(-6 * ((x - center) ** 2).sum(axis=1)) for center in (0.4, -0.4))"

DATASETS = {
    made.name: made
    for made in (
        MadeData(
            "moons",
            "Moons",
            CLASSES,
            _moons,
            ("from sklearn.datasets import make_moons",),
            ("x, y = make_moons({rows}, noise={noise}, random_state={seed})",),
        ),
        MadeData(
            "circles",
            "Circles",
            CLASSES,
            _circles,
            ("from sklearn.datasets import make_circles",),
            ("x, y = make_circles({rows}, noise={noise}, factor=0.4, random_state={seed})",),
        ),
        MadeData(
            "xor",
            "XOR",
            CLASSES,
            _xor,
            (),
            (_RNG, _SQUARE, "y = (x[:, 0] * x[:, 1] > 0).astype(int)", _NOISY_X),
        ),
        MadeData(
            "spirals",
            "Spirals",
            CLASSES,
            _spirals,
            (),
            (
                _RNG,
                "y = np.arange({rows}) % 2",
                "far = np.sqrt(rng.uniform(0.01, 1, {rows}))",
                "angle = 3.5 * np.pi * far + np.pi * y",
                "x = far[:, None] * np.column_stack([np.sin(angle), np.cos(angle)])",
                "x = x + {noise} / 4 * rng.normal(size=x.shape)",
            ),
        ),
        MadeData(
            "clouds",
            "Two clouds",
            CLASSES,
            _clouds,
            ("from sklearn.datasets import make_blobs",),
            (f"x, y = make_blobs({{rows}}, {_CENTERS})",),
        ),
        MadeData(
            "plane",
            "A plane",
            NUMBERS,
            _plane,
            (),
            (_RNG, _SQUARE, "y = x.sum(axis=1) + {noise} * rng.normal(size={rows})"),
        ),
        MadeData(
            "hill",
            "Hill and hollow",
            NUMBERS,
            _hill,
            (),
            (_RNG, _SQUARE, _HILLS, "y = high - low + {noise} * rng.normal(size={rows})"),
        ),
        MadeData(
            "digits",
            "Digits",
            CLASSES,
            _digits,
            ("from sklearn.datasets import load_digits",),
            (
                _RNG,
                "x, y = load_digits(return_X_y=True)",
                "chosen = rng.permutation(len(x))[:{rows}]",
                "x, y = x[chosen] / 16, y[chosen]",
                _NOISY_X,
            ),
            max_rows=1797,
            on_plane=False,
        ),
    )
}
"""All data that are made up, by their names."""
