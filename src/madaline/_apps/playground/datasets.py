"""Data that are made up: points on a plane with a class or a number each, and digits.

The lines of Python that people take away are those that make the data here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from madaline.nn.arrays import Array

CLASSES, NUMBERS = "classes", "numbers"


@final
@dataclass(frozen=True)
class MadeData:
    """A way to make rows, from their number, their noise and a seed."""

    name: str  # in addresses
    title: str  # for people, in English
    task: str  # `CLASSES` or `NUMBERS`
    code: str  # Python that makes x and y, with {rows}, {noise} and {seed}; imports come first
    max_rows: int = 2000
    on_plane: bool = True

    def python(self, rows: int, noise: float, seed: int) -> tuple[list[str], list[str]]:
        """Return the imports that are needed beside NumPy, and the lines that make x and y."""
        values = {"rows": min(rows, self.max_rows), "noise": noise, "seed": seed}
        lines = self.code.format(**values).strip().splitlines()
        imports = [line for line in lines if line.startswith("from ")]
        return imports, lines[len(imports) :]

    def make(self, rows: int, noise: float, seed: int) -> tuple[Array, Array]:
        """Return x, (n_samples, n_columns), and y, (n_samples,)."""
        made: dict[str, Any] = {"np": np}
        imports, lines = self.python(rows, noise, seed)
        exec("\n".join([*imports, *lines]), made)  # of this file, with numbers in their gaps
        return made["x"], made["y"]


_MOONS = """
from sklearn.datasets import make_moons
x, y = make_moons({rows}, noise={noise}, random_state={seed})
"""
_CIRCLES = """
from sklearn.datasets import make_circles
x, y = make_circles({rows}, noise={noise}, factor=0.4, random_state={seed})
"""
_XOR = """
rng = np.random.default_rng({seed})
x = rng.uniform(-1, 1, ({rows}, 2))
y = (x[:, 0] * x[:, 1] > 0).astype(int)
x = x + {noise} * rng.normal(size=x.shape)
"""
_SPIRALS = """
rng = np.random.default_rng({seed})
y = np.arange({rows}) % 2
far = np.sqrt(rng.uniform(0.01, 1, {rows}))
angle = 3.5 * np.pi * far + np.pi * y
x = far[:, None] * np.column_stack([np.sin(angle), np.cos(angle)])
x = x + {noise} / 4 * rng.normal(size=x.shape)
"""
_CLOUDS = """
from sklearn.datasets import make_blobs
x, y = make_blobs({rows}, centers=[[-1, -1], [1, 1]], cluster_std=0.3 + {noise}, \
random_state={seed})
"""
_PLANE = """
rng = np.random.default_rng({seed})
x = rng.uniform(-1, 1, ({rows}, 2))
y = x.sum(axis=1) + {noise} * rng.normal(size={rows})
"""
_HILL = """
rng = np.random.default_rng({seed})
x = rng.uniform(-1, 1, ({rows}, 2))
high, low = (np.exp(-6 * ((x - center) ** 2).sum(axis=1)) for center in (0.4, -0.4))
y = high - low + {noise} * rng.normal(size={rows})
"""
_DIGITS = """
from sklearn.datasets import load_digits
rng = np.random.default_rng({seed})
x, y = load_digits(return_X_y=True)
chosen = rng.permutation(len(x))[:{rows}]
x, y = x[chosen] / 16, y[chosen]
x = x + {noise} * rng.normal(size=x.shape)
"""

_ALL = (
    MadeData("moons", "Moons", CLASSES, _MOONS),
    MadeData("circles", "Circles", CLASSES, _CIRCLES),
    MadeData("xor", "XOR", CLASSES, _XOR),
    MadeData("spirals", "Spirals", CLASSES, _SPIRALS),
    MadeData("clouds", "Two clouds", CLASSES, _CLOUDS),
    MadeData("plane", "A plane", NUMBERS, _PLANE),
    MadeData("hill", "Hill and hollow", NUMBERS, _HILL),
    MadeData("digits", "Digits", CLASSES, _DIGITS, max_rows=1797, on_plane=False),
)
DATASETS = {made.name: made for made in _ALL}
"""All data that are made up, by their names."""
