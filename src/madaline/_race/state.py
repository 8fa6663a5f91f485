"""The state of a race after an epoch: what policies look at, and all they look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from madaline._base.language import _
from madaline._race.dataset import Dataset
from madaline._race.ensemble_weights import weighted_mean
from madaline._race.recipe import Recipe
from madaline._tables.io.spill import Rows
from madaline.nn._engine.blas import one_threaded_products
from madaline.nn.arrays import Array
from madaline.nn.network import Network
from madaline.records.history import Record


def empty() -> Array:
    """Return an array in place of outputs or parameters that are not kept."""
    return np.empty(0, np.float32)


@dataclass(eq=False)
class Candidate:
    """A recipe at its best epoch, or a snapshot of it at another."""

    recipe_id: str  # identifies the recipe in the race
    recipe: Recipe  # which hyperparameters
    network: Network  # which layers
    loss: float = np.inf  # lowest out-of-fold loss
    epoch: int = 0  # when it was reached; 0 before
    # where small gains do not count: the last loss that was a clear gain, and its epoch
    gained_loss: float = np.inf
    gained_epoch: int | None = None
    # (folds, parameters): the averaged networks of that epoch
    theta: Array = field(default_factory=empty, repr=False)
    # (n_samples, n_outputs): their out-of-fold raw outputs
    output: Rows = field(default_factory=empty, repr=False)
    # (n_samples, n_outputs): the out-of-fold raw outputs of its latest epoch, while it races
    latest_output: Rows = field(default_factory=empty, repr=False)
    record: Record | None = None  # its latest epoch; None before its first
    entered: int = 0  # after which epoch it joined the race; 0 for those that started it
    inherited_epochs: int = 0  # for how many epochs its networks had been trained when it joined
    parent_id: str = ""  # the recipe that it is a variant of; empty for a start of its own
    # after which epoch a snapshot of it was last kept; 0 if that never happened
    snapshot_epoch: int = 0
    # whether it is a snapshot: not the recipe's best epoch, but one that improves the ensemble
    snapshot: bool = False
    racing: bool = True  # whether it still trains

    @property
    def latest_loss(self) -> float:
        """Out-of-fold loss of the latest epoch."""
        return np.inf if self.record is None else self.record.loss

    @property
    def improved(self) -> int:
        """After which epoch it last got better; 0 if it never did."""
        return self.epoch if self.gained_epoch is None else self.gained_epoch

    def stopped_at(self, epoch: int) -> bool:
        """Whether it stopped training after this very epoch."""
        return not self.racing and self.record is not None and self.record.epoch == epoch

    def epochs_trained(self, epoch: int) -> int:
        """Return for how many epochs its networks had been trained after an epoch of the race."""
        return self.inherited_epochs + epoch - self.entered

    @property
    def key(self) -> str:
        """Identifies the candidate in the race: its recipe and, of a snapshot, the epoch."""
        return f"{self.recipe_id}@{self.epoch}" if self.snapshot else self.recipe_id

    @property
    def name(self) -> str:
        """The recipe's name, for people; of a snapshot, with its epoch."""
        return (
            _("{name} · epoch {epoch}").format(name=self.recipe.name, epoch=self.epoch)
            if self.snapshot
            else self.recipe.name
        )


@dataclass(frozen=True)
class RaceState:
    """The race after an epoch."""

    epoch: int  # counted from one
    # all recipes that ever raced, and the snapshots of them, by `Candidate.key`
    candidates: Mapping[str, Candidate]
    dataset: Dataset  # the rows, with what is minimized on them

    @property
    def racing(self) -> list[Candidate]:
        """The recipes that still train."""
        return [candidate for candidate in self.candidates.values() if candidate.racing]

    @property
    def able(self) -> list[Candidate]:
        """The recipes and snapshots that may be part of an ensemble."""
        return [candidate for candidate in self.candidates.values() if candidate.epoch]

    @property
    def best(self) -> Candidate:
        """The recipe with the lowest loss so far."""
        return min(self.candidates.values(), key=lambda candidate: candidate.loss)

    @cached_property
    def baseline(self) -> float:
        """The out-of-fold loss of the best constant prediction."""
        return self.dataset.validation_loss(self.dataset.prior_output())

    def gained(self, before: float, after: float, share: float) -> bool:
        """Return whether a loss fell by more than a share of itself, or of what was learned."""
        if not np.isfinite(before) or not share:
            return after < before
        return after < before - share * min(abs(after), max(0.0, self.baseline - after))

    def paid(self, candidate: Candidate, share: float) -> bool:
        """Return whether a changed copy of a recipe gained enough to be changed again."""
        parent = self.candidates.get(candidate.parent_id)
        return parent is None or self.gained(parent.loss, candidate.loss, share)

    def facts(self, candidate: Candidate) -> tuple[int, str, float]:
        """Return what a decision on a recipe begins with: the epoch, its name and lowest loss."""
        return self.epoch, candidate.name, candidate.loss

    def ensemble_loss(self, *more: Rows) -> float:
        """Return the loss of the best ensemble of all recipes at their best epochs."""
        outputs = [*(candidate.output for candidate in self.able), *more]
        weights = self.dataset.best_weights(outputs, by_loss=True)
        return self.dataset.validation_loss(weighted_mean(outputs, weights))

    def training_loss(self, candidate: Candidate) -> float:
        """Return a candidate's loss on rows that its networks learned from.

        For each fold they are as many as the fold has.
        """
        dataset = self.dataset
        n_bins = candidate.recipe.n_bins
        indices = [dataset.rows.training_sample(fold) for fold in range(dataset.rows.n_folds)]
        with one_threaded_products():
            outputs = [
                candidate.network.predict(theta, dataset.encoded(n_bins, fold, rows))
                for fold, (theta, rows) in enumerate(zip(candidate.theta, indices, strict=False))
            ]
        return dataset.validation_loss(np.concatenate(outputs), np.concatenate(indices))
