"""A backend trains networks and computes their outputs: with NumPy alone, or compiled by numba.

Same backend, same bits. Two backends agree within 1e-5 a step: they add in another order.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, final

from madaline.nn._sparse_rows import Features
from madaline.nn.arrays import Array, Rng, Workspace
from madaline.nn.losses import Loss
from madaline.nn.network import Network
from madaline.nn.optimizers import Bounds, Optimizer
from madaline.nn.population import Population


class Backend(ABC):
    """Who computes. Subclasses are final and hold no state."""

    name: ClassVar[str]
    """What a checkpoint calls it."""

    uses_threads: ClassVar[bool]
    """Whether it trains networks one at a time without Python's lock, so that threads pay."""

    @abstractmethod
    def covers(self, rule: TrainingRule) -> bool:
        """Return whether it can train such networks."""

    @abstractmethod
    def train(self, rule: TrainingRule, members: Population, batches: Batches) -> None:
        """Take a step for each batch, in place.

        Parameters
        ----------
        rule : TrainingRule
            How the networks learn; its optimizer has been started.
        members : Population
            With axes (recipes, folds), and columns ``learning_rate`` and ``weight_decay``.
        batches : Batches
            Those of these folds.
        """

    @abstractmethod
    def predict(self, network: Network, theta: Array, x: Features, chunk: int) -> Array:
        """Return the raw outputs of networks for the same rows.

        Parameters
        ----------
        network : Network
            The layers.
        theta : float32 ndarray of shape (members, parameters)
            The parameters.
        x : Features of shape (n_samples, n_features)
            Encoded rows, float32.
        chunk : int
            How many rows to take at a time, so that activations stay in the processor's cache.

        Returns
        -------
        float32 ndarray of shape (members, n_samples, n_outputs)
        """


@final
@dataclass(frozen=True, eq=False)
class TrainingRule:
    """How networks of the same layers learn."""

    network: Network  # the layers
    loss: Loss  # what is minimized
    optimizer: Optimizer  # which steps are taken
    # float32 (parameters,): learning rate of each parameter, as a multiple of its network's
    rates: Array
    # float32 (parameters,): weight decay of each parameter, as a multiple of its network's
    decays: Array
    warmup_steps: float  # after how many steps learning rate and weight decay reach their full size
    bounds: Bounds | None = None  # what no parameter may cross

    def averaged(self, members: Population) -> Array:
        """Return the parameters to evaluate and to keep, shape (*axes, parameters), a new array."""
        theta = self.optimizer.averaged(members)
        return theta if self.bounds is None else self.bounds.nearest(theta)  # but for rounding


class _Augmentation(Protocol):
    """Changes the rows of a batch at random."""

    def apply(self, x: Array, rngs: Sequence[Rng], workspace: Workspace) -> Array:
        """Return changed rows, (folds, batch, features), given random numbers for each fold."""

    def column_factors(self, shape: tuple[int, ...], rng: Rng) -> Array:
        """Return what to multiply each column of some rows by, shape (*shape, columns)."""


@final
@dataclass(frozen=True, eq=False)
class Batches:
    """An epoch of batches for the networks of some folds."""

    features: Features  # (n_samples, n_features): encoded rows, float32
    target: Array  # float32 (n_samples, n_outputs): what the outputs should be
    weight: Array | None  # float32 (n_samples,): weight of each row
    fold_columns: Array  # int (n,): features that differ from fold to fold
    fold_values: Array  # float32 (folds, n_samples, n): what they are, for each of these folds
    order: Array  # int (folds, steps, batch): the rows of each batch
    augmentation: _Augmentation | None  # what changes the rows of a batch
    rngs: Sequence[Rng]  # random numbers of each fold
