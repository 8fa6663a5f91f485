"""The decisions of a race: which recipes end, and what else is tried with the best of them."""

from __future__ import annotations

from dataclasses import dataclass

from madaline.records.decision import Decision


@dataclass(frozen=True)
class TrainingEnded(Decision):
    """Abstract: a recipe is trained no more; its best epoch may still be part of the ensemble."""

    loss: float  # the lowest out-of-fold loss of the recipe


@dataclass(frozen=True)
class Dropped(TrainingEnded):
    """A recipe lost against the others."""

    action = "drop"
    best_loss: float  # the lowest of all recipes
    weight: float  # in the best ensemble of all recipes

    @property
    def sentence(self) -> str:
        return (
            f"Loss {self.loss:.4f}, against {self.best_loss:.4f} of the best recipe, and a weight"
            f" of {self.weight:.0%} in the best ensemble: stopped early."
        )


@dataclass(frozen=True)
class Stopped(TrainingEnded):
    """A recipe stopped improving."""

    action = "stop"
    best_epoch: int  # when the lowest loss was reached
    parent_loss: float | None = None  # of the recipe that it is a changed copy of

    @property
    def epochs(self) -> int:
        """How many epochs brought no improvement."""
        return self.epoch - self.best_epoch

    @property
    def improvement(self) -> float:
        """By how much its loss is below that of the recipe that it is a copy of; 0 without one."""
        return 0.0 if self.parent_loss is None else self.parent_loss - self.loss

    @property
    def sentence(self) -> str:
        outcome = ""
        if self.parent_loss is not None:
            outcome = f"; the change did not improve the loss, {self.parent_loss:.4f} before"
            if self.improvement > 0:
                outcome = (
                    f"; the change improved the loss by {self.improvement:.2g},"
                    f" from {self.parent_loss:.4f}"
                )
        return (
            f"No better than at epoch {self.best_epoch} (loss {self.loss:.4f}) for {self.epochs}"
            f" epochs: stopped{outcome}."
        )


@dataclass(frozen=True)
class EpochLimitReached(TrainingEnded):
    """A recipe was trained for as many epochs as the effort allows."""

    action = "stop"
    epochs: int  # the most that the effort allows

    @property
    def sentence(self) -> str:
        return (
            f"Stopped after {self.epochs} epochs, the most that this effort allows, with a loss of"
            f" {self.loss:.4f} at best; a higher effort may improve it."
        )


@dataclass(frozen=True)
class SnapshotKept(Decision):
    """A recipe that is flat by itself goes on, as its present networks improve the ensemble."""

    action = "keep"
    loss: float  # the lowest of the recipe
    best_epoch: int  # when it was reached
    ensemble_loss: float  # with the present networks
    previous_ensemble_loss: float  # without them

    @property
    def sentence(self) -> str:
        return (
            f"No better than at epoch {self.best_epoch} (loss {self.loss:.4f}) by itself, but its"
            " present networks lower the loss of the ensemble from"
            f" {self.previous_ensemble_loss:.4f} to {self.ensemble_loss:.4f}: a snapshot of them is"
            " kept, and training goes on."
        )


@dataclass(frozen=True)
class LearningRateLowered(Decision):
    """A copy of the best recipe, which is flat, goes on with a lower learning rate."""

    action = "lower"
    loss: float  # the lowest of the recipe
    learning_rate: float  # of the copy
    previous_learning_rate: float  # of the recipe

    @property
    def sentence(self) -> str:
        return (
            f"The best recipe (loss {self.loss:.4f}) no longer improves: a copy continues from its"
            f" best epoch with a learning rate of {self.learning_rate:.2g} instead of"
            f" {self.previous_learning_rate:.2g}."
        )


@dataclass(frozen=True)
class Restored(Decision):
    """A recipe diverged and went back."""

    action = "restore"
    loss: float  # of the latest epoch
    best_epoch: int  # where it goes back to; 0: it starts again
    learning_rate: float  # from now on
    previous_learning_rate: float

    @property
    def sentence(self) -> str:
        back = f"goes back to epoch {self.best_epoch}" if self.best_epoch else "starts again"
        return (
            f"Diverged to a loss of {self.loss:.3g}: it {back} and continues with a learning rate"
            f" of {self.learning_rate:.2g} instead of {self.previous_learning_rate:.2g}."
        )


@dataclass(frozen=True)
class Simplified(Decision):
    """The best recipe overfits and is tried anew with columns hidden in training."""

    action = "simplify"
    loss: float  # the lowest of the recipe
    training_loss: float  # on rows that its networks were trained on
    column_dropout: float  # share of the columns that is hidden in each row

    @property
    def sentence(self) -> str:
        return (
            f"The best recipe (loss {self.loss:.4f}) overfits (training loss"
            f" {self.training_loss:.4f}): new networks of its kind are trained with"
            f" {self.column_dropout:.0%} of the columns hidden at random in each row."
        )


@dataclass(frozen=True)
class Grown(Decision):
    """A copy of the best recipe, which has few parameters for so many rows, gets more units."""

    action = "grow"
    loss: float  # the lowest of the recipe
    parameters: int  # of one of its networks
    rows: int  # that one of its networks is trained on
    units: int  # of the first hidden layer of the copy
    previous_units: int  # of that of the recipe

    @property
    def sentence(self) -> str:
        return (
            f"The best recipe (loss {self.loss:.4f}) has {self.parameters:,} parameters for"
            f" {self.rows:,} rows: a copy continues from its best epoch with {self.units} instead"
            f" of {self.previous_units} units in each layer, and a lower learning rate."
        )
