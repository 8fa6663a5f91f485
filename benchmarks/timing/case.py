"""What the engines train: the same network, batch, data and number of steps for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

INPUTS, CLASSES, ROWS = 64, 10, 4096
LEARNING_RATE = 1e-3


@dataclass(frozen=True)
class Case:
    """Networks of rectifiers between 64 inputs and 10 classes, trained with Adam.

    Parameters
    ----------
    units : tuple of int
        Units of the hidden layers.
    batch : int
        Rows in a batch; an epoch is all that fit into 4,096 rows.
    members : int
        Networks that are trained, each with batches of its own.
    """

    units: tuple[int, ...]
    batch: int
    members: int = 1

    @property
    def sizes(self) -> tuple[int, ...]:
        """Numbers of inputs, of units, and of classes."""
        return (INPUTS, *self.units, CLASSES)

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """Inputs and outputs of each layer."""
        return list(zip(self.sizes, self.sizes[1:], strict=False))

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return ROWS // self.batch

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of one step of all members.

        A layer has three products: outputs, gradient of the weights, and gradient of its inputs,
        which the first one does not need.
        """
        row = 3 * sum(a * b for a, b in self.shapes) - INPUTS * self.sizes[1]
        return self.members * self.batch * row

    def __str__(self) -> str:
        """Return the sizes and the batch."""
        return "-".join(map(str, self.sizes)) + f", batch {self.batch}"

    def data(self) -> tuple[Any, Any]:
        """Return inputs, float32 of shape (4096, 64), and classes that depend on them."""
        rng = np.random.default_rng(0)
        x = rng.normal(size=(ROWS, INPUTS)).astype(np.float32)
        return x, (x @ rng.normal(size=(INPUTS, CLASSES))).argmax(axis=1)

    def orders(self, rng: np.random.Generator) -> Any:
        """Return the rows of each batch of an epoch, shape (members, steps, batch)."""
        rows = [rng.permutation(ROWS)[: self.steps * self.batch] for _ in range(self.members)]
        return np.stack(rows).reshape(self.members, self.steps, self.batch)


@dataclass(frozen=True)
class Trainer:
    """An engine that is ready to train a case.

    Parameters
    ----------
    run : callable
        Trains for a number of epochs and returns when they are over.
    loss : callable
        Returns the mean cross-entropy of the networks now: all engines learn the same.
    how : str
        How a population is trained, where there is a choice.
    """

    run: Callable[[int], Any]
    loss: Callable[[], float]
    how: str = ""
