"""How the race stands after an epoch: what policies look at, and all they look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from madaline.data.io.spill import Rows
from madaline.engine.blas import one_threaded_products
from madaline.nn.arrays import Array
from madaline.nn.network import Network
from madaline.race.dataset import Examples
from madaline.race.ensemble_weights import combined
from madaline.race.recipe import Recipe
from madaline.records.record import Record


def nothing() -> Array:
    """Return outputs or parameters that are not there."""
    return np.empty(0, np.float32)


@dataclass(eq=False)
class Candidate:
    """A recipe at its best epoch, or a snapshot of it at another.

    Parameters
    ----------
    recipe : Recipe
        Which hyperparameters.
    network : Network
        Which layers.
    loss : float
        Lowest out-of-fold loss.
    epoch : int
        When it was reached.
    theta : ndarray of shape (folds, parameters)
        The averaged networks of that epoch.
    output : Rows of shape (n_samples, n_outputs)
        Their out-of-fold raw outputs.
    now : Rows of shape (n_samples, n_outputs)
        The out-of-fold raw outputs of its latest epoch, while it races.
    record : Record, optional
        Its latest epoch; None before its first.
    entered : int
        After which epoch it joined the race; 0 for those that started it.
    inherited : int
        How often its networks had seen the table when it joined.
    parent : str
        Name of the recipe from whose networks it went on; empty for a start of its own.
    kept : int
        After which epoch a snapshot of it was last kept; 0 if that never happened.
    snapshot : bool
        Whether it is a snapshot: not the recipe's best epoch by itself, but good for the mix.
    racing : bool
        Whether it still trains.
    """

    recipe: Recipe
    network: Network
    loss: float = np.inf
    epoch: int = 0
    theta: Array = field(default_factory=nothing, repr=False)
    output: Rows = field(default_factory=nothing, repr=False)
    now: Rows = field(default_factory=nothing, repr=False)
    record: Record | None = None
    entered: int = 0
    inherited: int = 0
    parent: str = ""
    kept: int = 0
    snapshot: bool = False
    racing: bool = True

    @property
    def latest(self) -> float:
        """Out-of-fold loss of the latest epoch."""
        return np.inf if self.record is None else self.record.loss

    def stopped_at(self, epoch: int) -> bool:
        """Whether it stopped training after this very epoch."""
        return not self.racing and self.record is not None and self.record.epoch == epoch

    def seen(self, epoch: int) -> int:
        """Return how often its networks have seen the table after an epoch of the race."""
        return self.inherited + epoch - self.entered

    @property
    def name(self) -> str:
        """The recipe's name; of a snapshot, with its epoch."""
        return f"{self.recipe.name} · epoch {self.epoch}" if self.snapshot else self.recipe.name


@dataclass(frozen=True)
class Standing:
    """The race after an epoch.

    Parameters
    ----------
    epoch : int
        Counted from one.
    candidates : mapping of str to Candidate
        All recipes that ever raced, by name.
    examples : Examples
        The rows that they are judged on.
    """

    epoch: int
    candidates: Mapping[str, Candidate]
    examples: Examples

    @property
    def racing(self) -> list[Candidate]:
        """The recipes that still train."""
        return [one for one in self.candidates.values() if one.racing]

    @property
    def best(self) -> Candidate:
        """The recipe with the lowest loss so far."""
        return min(self.candidates.values(), key=lambda one: one.loss)

    def mixed_loss(self, *more: Rows) -> float:
        """Return the loss of the best mix of all recipes at their best epochs.

        Parameters
        ----------
        *more : Rows of shape (n_samples, n_outputs)
            Raw out-of-fold outputs that may take part, too.
        """
        examples = self.examples
        outputs = [one.output for one in self.candidates.values() if one.epoch] + [*more]
        return examples.mean_loss(combined(outputs, examples.best_mix(outputs, by_loss=True)))

    def seen_loss(self, candidate: Candidate) -> float:
        """Return a candidate's loss on rows that its networks learned from.

        Each fold's networks are asked about as many rows as they are judged on.
        """
        examples = self.examples
        n_bins = candidate.recipe.n_bins
        places = [examples.rows.seen(fold) for fold in range(examples.rows.n_folds)]
        with one_threaded_products():
            outputs = [
                candidate.network.predict(theta, examples.encoded(n_bins, fold, rows))
                for fold, (theta, rows) in enumerate(zip(candidate.theta, places, strict=True))
            ]
        return examples.mean_loss(np.concatenate(outputs), np.concatenate(places))
