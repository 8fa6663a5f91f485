"""The options of `NeuralNetwork.train`, checked, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from madaline._neural_network import arguments
from madaline._neural_network.optimizers import StepRule, step_rule
from madaline.nn.arrays import Array, Rng


@final
@dataclass(frozen=True)
class Options:
    """The checked options of `NeuralNetwork.train`."""

    epochs: int
    learning_rate: float
    adaptive: bool
    batch_size: int | None
    momentum: float | None
    optimizer: str
    weight_decay: float
    early_stopping: int | None
    validation_fraction: float | None
    shuffle: bool
    verbose: bool

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        arguments.whole_number("epochs", self.epochs)
        arguments.positive_number(self.learning_rate)
        for name in ("batch_size", "early_stopping"):
            if getattr(self, name) is not None:
                arguments.whole_number(name, getattr(self, name))
        if self.momentum is not None:
            arguments.check_number("momentum", self.momentum, below=1, example="0.9")
        arguments.check_number("weight_decay", self.weight_decay, example="0.001")
        self.step_rule()

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

    def batches(self, n_rows: int, rng: Rng) -> Iterator[Array | slice]:
        """Yield the rows of each batch of an epoch: all rows, or some of them in a new order."""
        size = n_rows if self.batch_size is None else min(self.batch_size, n_rows)
        if size == n_rows:
            yield slice(None)
            return
        order = rng.permutation(n_rows) if self.shuffle else np.arange(n_rows)
        for start in range(0, n_rows, size):
            yield order[start : start + size]
