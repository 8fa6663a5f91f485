"""What a page sets: the data, the network, and how it learns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, final

from madaline._playground.datasets import DATASETS, MadeData
from madaline._playground.features import FEATURES
from madaline.errors import InputError
from madaline.nn.layers import Activation, ReLU, Sigmoid, Tanh

ACTIVATIONS: Mapping[str, type[Activation]] = {"tanh": Tanh, "relu": ReLU, "sigmoid": Sigmoid}
OPTIMIZERS = ("sgd", "momentum", "adam")
MOMENTUM = 0.9  # of the optimizer of that name

TABLE = "table"  # the name of the data that are a table of the user

MAX_LAYERS, MAX_UNITS = 6, 8
_MIN_ROWS = 10


@final
@dataclass(frozen=True, kw_only=True)
class NetworkOptions:
    """The settings of a run; the names are those of the JSON value that a page sends."""

    data: str = "moons"
    noise: float = 0.2
    rows: int = 300
    seed: int = 0
    held_out: float = 0.3
    features: tuple[str, ...] = ("x1", "x2")
    hidden: tuple[int, ...] = (6, 4)
    activation: str = "tanh"
    learning_rate: float = 0.1
    batch_size: int = 10  # 0 for all rows
    optimizer: str = "sgd"
    l1: float = 0.0
    l2: float = 0.0
    adaptive: bool = False
    table: str = ""  # key of the user's table
    target: str = ""
    columns: tuple[str, ...] = ()

    @classmethod
    def of(cls, value: Any) -> NetworkOptions:
        """Return the options in a JSON value; `InputError` for what is none."""
        if not isinstance(value, Mapping):
            raise InputError("The settings are no object: send them by their names.")
        names = {field.name for field in fields(cls)}
        given = {name: _plain(one) for name, one in value.items() if name in names}
        try:
            options = cls(**given)
            options.check()
        except (TypeError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"The settings cannot be read ({error}): start again.") from None
        return options

    def check(self) -> None:
        """Raise `InputError` unless all settings are within their bounds."""
        _check_choice("data", self.data, [*DATASETS, TABLE])
        _check_choice("activation", self.activation, ACTIVATIONS)
        _check_choice("optimizer", self.optimizer, OPTIMIZERS)
        _check_number("noise", self.noise, 0, 1)
        _check_number("rows", self.rows, _MIN_ROWS, 5000, whole=True)
        _check_number("seed", self.seed, 0, 2**31 - 1, whole=True)
        _check_number("held_out", self.held_out, 0, 0.9)
        _check_number("learning_rate", self.learning_rate, 1e-6, 1000)
        _check_number("batch_size", self.batch_size, 0, 5000, whole=True)
        for name in ("l1", "l2"):
            _check_number(name, getattr(self, name), 0, 100)
        if len(self.hidden) > MAX_LAYERS:
            raise InputError(
                f"There are {len(self.hidden)} hidden layers: give up to {MAX_LAYERS}."
            )
        for units in self.hidden:
            _check_number("units", units, 1, MAX_UNITS, whole=True)
        if not self.features:
            raise InputError("No feature is chosen: choose at least one.")
        for name in self.features:
            _check_choice("features", name, FEATURES)
        if self.data == TABLE and len(self.columns) != 2:
            raise InputError("A plane needs two columns: choose two.")

    @property
    def dataset(self) -> MadeData | None:
        """The data that are made up; None where they are a table."""
        return DATASETS.get(self.data)

    @property
    def ordered_features(self) -> tuple[str, ...]:
        """The chosen features, in the order of the picture."""
        return tuple(name for name in FEATURES if name in self.features)


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _check_choice(name: str, value: object, choices: Any) -> None:
    if not isinstance(value, str) or value not in choices:
        raise InputError(f"{name} is {value!r}: choose one of {', '.join(choices)}.")


def _check_number(
    name: str, value: object, low: float, high: float, *, whole: bool = False
) -> None:
    kind = (int,) if whole else (int, float)
    fits = isinstance(value, kind) and not isinstance(value, bool)
    if not fits or not low <= value <= high:  # type: ignore[operator]
        raise InputError(f"{name} is {value!r}: give a number from {low:g} to {high:g}.")
