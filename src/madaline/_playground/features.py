"""What a network sees of a point: its coordinates, their squares, their product, their sines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np

from madaline.nn.arrays import Array


@final
@dataclass(frozen=True)
class Feature:
    """A function of a point."""

    label: str  # beside the unit in the picture
    code: str  # in Python
    of: Callable[[Array], Array]  # from (n_samples, 2) to (n_samples,)


FEATURES = {
    "x1": Feature("x₁", "x[:, 0]", lambda x: x[:, 0]),
    "x2": Feature("x₂", "x[:, 1]", lambda x: x[:, 1]),
    "x1x1": Feature("x₁²", "x[:, 0] ** 2", lambda x: x[:, 0] ** 2),
    "x2x2": Feature("x₂²", "x[:, 1] ** 2", lambda x: x[:, 1] ** 2),
    "x1x2": Feature("x₁x₂", "x[:, 0] * x[:, 1]", lambda x: x[:, 0] * x[:, 1]),
    "sin1": Feature("sin 3x₁", "np.sin(3 * x[:, 0])", lambda x: np.sin(3 * x[:, 0])),
    "sin2": Feature("sin 3x₂", "np.sin(3 * x[:, 1])", lambda x: np.sin(3 * x[:, 1])),
}
"""All features of a point, by their names in addresses; its coordinates are standardized."""


def features_of(x: Array, names: tuple[str, ...]) -> Array:
    """Return the features of points, shape (n_samples, n_features).

    >>> features_of(np.array([[2.0, 3.0]]), ("x1", "x1x2"))
    array([[2., 6.]])
    """
    return np.column_stack([FEATURES[name].of(x) for name in names])
