"""The settings of `NeuralNetwork.train`, checked, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from madaline._apps.neural_network import arguments
from madaline._apps.neural_network.descent import StepRule, step_rule
from madaline._base.words import format_count
from madaline.errors import InputError
from madaline.nn.arrays import Array, Rng

RATES = {"sgd": 0.1, "adam": 0.01}  # unless another learning rate is given
HELD_OUT_SHARE = 0.2
MIN_ROWS_TO_HOLD_OUT = 100  # in adaptive training, unless it is told how many


@final
@dataclass(frozen=True)
class TrainingSettings:
    """The checked settings of `NeuralNetwork.train`, which tells what they mean."""

    epochs: int = 1000
    learning_rate: float | None = None
    adaptive: bool = True
    batch_size: int | None = None
    momentum: float | None = None
    optimizer: str = "sgd"
    weight_decay: float = 0.0
    early_stopping: int | None = None
    validation_fraction: float | None = None
    shuffle: bool = True
    verbose: bool = False

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        arguments.whole_number("epochs", self.epochs)
        arguments.positive_number(self.first_rate)
        for name in ("batch_size", "early_stopping"):
            if getattr(self, name) is not None:
                arguments.whole_number(name, getattr(self, name))
        if self.momentum is not None:
            arguments.check_number("momentum", self.momentum, below=1, example="0.9")
        arguments.check_number("weight_decay", self.weight_decay, example="0.001")
        self.step_rule()

    @property
    def first_rate(self) -> float:
        """The learning rate of the first step."""
        return RATES.get(self.optimizer, 0.1) if self.learning_rate is None else self.learning_rate

    @property
    def learns_all_rows(self) -> bool:
        """Whether the last epochs learn rows held out, too: if nobody asked to hold them out."""
        return self.adaptive and self.validation_fraction is None

    def step_rule(self) -> StepRule:
        """Return the optimizer, which remembers nothing yet."""
        momentum = self.momentum
        if momentum is None:
            momentum = 0.9 if self.adaptive and self.optimizer == "sgd" else 0.0
        return step_rule(self.optimizer, momentum)

    def split(self, n_rows: int) -> tuple[Array, Array]:
        """Return the rows to train on and those to hold out, the same ones each time.

        >>> [len(rows) for rows in TrainingSettings().split(200)]
        [160, 40]
        """
        share: object = self.validation_fraction
        early_stopping = self.early_stopping is not None
        if share is None:
            is_long = self.adaptive and n_rows >= MIN_ROWS_TO_HOLD_OUT
            share = HELD_OUT_SHARE if early_stopping or is_long else 0.0
        if not (isinstance(share, int | float | np.number) and 0 <= share < 1):
            raise InputError(
                "validation_fraction is {share!r}: give a share of the rows from 0 to 1, such as 0.2.",
                share=share,
            )
        if early_stopping and (not share or n_rows < 2):
            rows = format_count(n_rows, "row")
            raise InputError(
                "early_stopping needs rows held out, but validation_fraction is {share!r} of {rows}: give a share above 0 of two rows or more, such as 0.2.",
                share=share,
                rows=rows,
            )
        n_held_out = min(n_rows - 1, int(np.ceil(float(share) * n_rows)))
        order = np.random.default_rng(0).permutation(n_rows)
        return np.sort(order[n_held_out:]), np.sort(order[:n_held_out])

    def batches(self, n_rows: int, rng: Rng) -> Iterator[Array | slice]:
        """Yield the rows of each batch of an epoch: all rows, or some of them in a new order."""
        size = n_rows if self.batch_size is None else min(self.batch_size, n_rows)
        if size == n_rows:
            yield slice(None)
            return
        order = rng.permutation(n_rows) if self.shuffle else np.arange(n_rows)
        for start in range(0, n_rows, size):
            yield order[start : start + size]
