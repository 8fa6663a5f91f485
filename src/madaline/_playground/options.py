"""What a page sets: the data, the network, and how it learns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, final

from madaline._data.codec import Items, Share, Stored
from madaline._data.json_checks import Number, OneOf, Whole
from madaline._playground.datasets import DATASETS, MadeData
from madaline._playground.features import FEATURES
from madaline.nn.layers import Activation, ReLU, Sigmoid, Tanh

ACTIVATIONS: Mapping[str, type[Activation]] = {"tanh": Tanh, "relu": ReLU, "sigmoid": Sigmoid}
OPTIMIZERS = ("sgd", "momentum", "adam")
MOMENTUM = 0.9  # of the optimizer of that name

TABLE = "table"  # the name of the data that are a table of the user

MAX_LAYERS, MAX_UNITS = 6, 8


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
