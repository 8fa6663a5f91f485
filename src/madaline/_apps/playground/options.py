"""What a page sets: the data, what the network sees of them, the network, how it learns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, final

import numpy as np

from madaline._apps.playground.datasets import DATASETS, MadeData
from madaline._base.codec import Items, Share, Stored
from madaline._base.json_checks import Number, OneOf, Whole
from madaline.nn.arrays import Array
from madaline.nn.layers import Activation, ReLU, Sigmoid, Tanh


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


ACTIVATIONS: Mapping[str, type[Activation]] = {"tanh": Tanh, "relu": ReLU, "sigmoid": Sigmoid}
OPTIMIZERS = ("sgd", "momentum", "adam")
MOMENTUM = 0.9  # of the optimizer of that name

TABLE = "table"  # the name of the data that are a table of the user

MAX_LAYERS = 6
MAX_UNITS = 8


@final
@dataclass(frozen=True, kw_only=True)
class NetworkOptions(Stored):
    """The settings of a run; the names are those of the JSON value that a page sends."""

    data: Annotated[str, OneOf((*DATASETS, TABLE))] = "moons"
    noise: Share = 0.2
    rows: Annotated[int, Whole(10, 5000)] = 300
    seed: Annotated[int, Whole(0, 2**31 - 1)] = 0
    held_out: Annotated[float, Number(0, 0.9)] = 0.3
    features: tuple[Annotated[str, OneOf(FEATURES)], ...] = ("x1", "x2")
    hidden: Annotated[tuple[Annotated[int, Whole(1, MAX_UNITS)], ...], Items(most=MAX_LAYERS)] = (
        6,
        4,
    )
    activation: Annotated[str, OneOf(ACTIVATIONS)] = "tanh"
    learning_rate: Annotated[float, Number(1e-6, 1000)] = 0.1
    batch_size: Annotated[int, Whole(0, 5000)] = 10  # 0 for all rows
    optimizer: Annotated[str, OneOf(OPTIMIZERS)] = "sgd"
    l1: Annotated[float, Number(0, 100)] = 0.0
    l2: Annotated[float, Number(0, 100)] = 0.0
    adaptive: bool = False
    table: str = ""  # key of the user's table
    target: str = ""
    columns: tuple[str, ...] = ()

    @property
    def dataset(self) -> MadeData | None:
        """The data that are made up; None where they are a table."""
        return DATASETS.get(self.data)

    @property
    def ordered_features(self) -> tuple[str, ...]:
        """The chosen features, in the order of the picture."""
        return tuple(name for name in FEATURES if name in self.features)
