"""What a backend is given: how networks learn, and the batches of an epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from madaline.nn.arrays import Array, Rng, Workspace
from madaline.nn.losses import Loss
from madaline.nn.network import Network
from madaline.nn.optimizers import Bounds, Optimizer
from madaline.nn.population import Population
from madaline.nn.sparse_rows import Features


@dataclass(frozen=True, eq=False)
class TrainingRule:
    """How networks of the same layers learn (final).

    Parameters
    ----------
    network : Network
        The layers.
    loss : Loss
        What is minimized.
    optimizer : Optimizer
        Which steps are taken.
    rates : float32 ndarray of shape (parameters,)
        Learning rate of each parameter, as a multiple of its network's.
    decays : float32 ndarray of shape (parameters,)
        Weight decay of each parameter, as a multiple of its network's.
    warmup_steps : float
        After how many steps learning rate and weight decay reach their full size.
    bounds : Bounds, optional
        What no parameter may cross.
    """

    network: Network
    loss: Loss
    optimizer: Optimizer
    rates: Array
    decays: Array
    warmup_steps: float
    bounds: Bounds | None = None

    def averaged(self, members: Population) -> Array:
        """Return the parameters to evaluate and to keep, shape (*axes, parameters), a new array."""
        theta = self.optimizer.averaged(members)
        return theta if self.bounds is None else self.bounds.nearest(theta)  # but for rounding


class Augmentation(Protocol):
    """Changes the rows of a batch at random."""

    def apply(self, x: Array, rngs: Sequence[Rng], workspace: Workspace) -> Array:
        """Return changed rows, (folds, batch, features), given random numbers for each fold."""

    def column_factors(self, shape: tuple[int, ...], rng: Rng) -> Array:
        """Return what to multiply each column of some rows by, shape (*shape, columns)."""


@dataclass(frozen=True, eq=False)
class Batches:
    """An epoch of batches for the networks of some folds (final).

    Parameters
    ----------
    features : Features of shape (n_samples, n_features)
        Encoded rows, float32.
    target : float32 ndarray of shape (n_samples, n_outputs)
        What the outputs should be.
    weight : float32 ndarray of shape (n_samples,) or None
        Weight of each row.
    fold_columns : int ndarray of shape (n,)
        Features that differ from fold to fold.
    fold_values : float32 ndarray of shape (folds, n_samples, n)
        What they are, for each of these folds.
    order : int ndarray of shape (folds, steps, batch)
        The rows of each batch.
    augmentation : Augmentation or None
        What changes the rows of a batch.
    rngs : sequence of numpy.random.Generator
        Random numbers of each fold.
    """

    features: Features
    target: Array
    weight: Array | None
    fold_columns: Array
    fold_values: Array
    order: Array
    augmentation: Augmentation | None
    rngs: Sequence[Rng]
