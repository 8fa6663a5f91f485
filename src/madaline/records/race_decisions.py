"""The decisions of a race: which recipes end, and what else is tried with the best of them."""

from __future__ import annotations

from dataclasses import dataclass

from madaline.records.decision import Decision


@dataclass(frozen=True)
class TrainingEnded(Decision):
    """Abstract: a recipe is trained no more; its best epoch may still be part of the ensemble.

    Parameters
    ----------
    loss : float
        Its lowest out-of-fold loss.
    """

    loss: float


@dataclass(frozen=True)
class Dropped(TrainingEnded):
    """A recipe lost against the others.

    Parameters
    ----------
    best_loss : float
        The lowest loss of all recipes.
    weight : float
        The recipe's weight in the best ensemble of all.
    """

    action = "drop"
    best_loss: float
    weight: float

    @property
    def sentence(self) -> str:
        """What was seen and done."""
        return (
            f"Loss {self.loss:.4f}, against {self.best_loss:.4f} of the best recipe, and a weight"
            f" of {self.weight:.0%} in the best ensemble: stopped early."
        )


@dataclass(frozen=True)
class Stopped(TrainingEnded):
    """A recipe stopped improving.

    Parameters
    ----------
    best_epoch : int
        The epoch of the lowest loss.
    parent_loss : float, optional
        The lowest loss of the recipe that it is a changed copy of; None if it is none.
    """

    action = "stop"
    best_epoch: int
    parent_loss: float | None = None

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
        """What was seen and done."""
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
    """A recipe was trained for as many epochs as the effort allows.

    Parameters
    ----------
    epochs : int
        How many these are.
    """

    action = "stop"
    epochs: int

    @property
    def sentence(self) -> str:
        """What was seen and done."""
        return (
            f"Stopped after {self.epochs} epochs, the most that this effort allows, with a loss of"
            f" {self.loss:.4f} at best; a higher effort may improve it."
        )


@dataclass(frozen=True)
class SnapshotKept(Decision):
    """A recipe that is flat by itself goes on, as its present networks improve the ensemble.

    Parameters
    ----------
    loss : float
        Its lowest out-of-fold loss.
    best_epoch : int
        The epoch of the lowest loss.
    ensemble_loss, previous_ensemble_loss : float
        The loss of the best ensemble with the present networks, and without.
    """

    action = "keep"
    loss: float
    best_epoch: int
    ensemble_loss: float
    previous_ensemble_loss: float

    @property
    def sentence(self) -> str:
        """What was seen and done."""
        return (
            f"No better than at epoch {self.best_epoch} (loss {self.loss:.4f}) by itself, but its"
            " present networks lower the loss of the ensemble from"
            f" {self.previous_ensemble_loss:.4f} to {self.ensemble_loss:.4f}: a snapshot of them is"
            " kept, and training goes on."
        )


@dataclass(frozen=True)
class LearningRateLowered(Decision):
    """A copy of the best recipe, which is flat, goes on with a lower learning rate.

    Parameters
    ----------
    loss : float
        Its lowest out-of-fold loss.
    learning_rate, previous_learning_rate : float
        The learning rate of the copy, and that of the recipe.
    """

    action = "lower"
    loss: float
    learning_rate: float
    previous_learning_rate: float

    @property
    def sentence(self) -> str:
        """What was seen and done."""
        return (
            f"The best recipe (loss {self.loss:.4f}) no longer improves: a copy continues from its"
            f" best epoch with a learning rate of {self.learning_rate:.2g} instead of"
            f" {self.previous_learning_rate:.2g}."
        )


@dataclass(frozen=True)
class Restored(Decision):
    """A recipe diverged and went back.

    Parameters
    ----------
    loss : float
        Its latest out-of-fold loss.
    best_epoch : int
        The epoch that it went back to; 0 if it starts again.
    learning_rate, previous_learning_rate : float
        The learning rate from now on, and the one so far.
    """

    action = "restore"
    loss: float
    best_epoch: int
    learning_rate: float
    previous_learning_rate: float

    @property
    def sentence(self) -> str:
        """What was seen and done."""
        back = f"goes back to epoch {self.best_epoch}" if self.best_epoch else "starts again"
        return (
            f"Diverged to a loss of {self.loss:.3g}: it {back} and continues with a learning rate"
            f" of {self.learning_rate:.2g} instead of {self.previous_learning_rate:.2g}."
        )


@dataclass(frozen=True)
class Simplified(Decision):
    """The best recipe overfits and is tried anew with columns hidden in training.

    Parameters
    ----------
    loss : float
        Its lowest out-of-fold loss.
    training_loss : float
        Its loss on rows that its networks were trained on.
    column_dropout : float
        Share of the columns that is hidden in each row.
    """

    action = "simplify"
    loss: float
    training_loss: float
    column_dropout: float

    @property
    def sentence(self) -> str:
        """What was seen and done."""
        return (
            f"The best recipe (loss {self.loss:.4f}) overfits (training loss"
            f" {self.training_loss:.4f}): new networks of its kind are trained with"
            f" {self.column_dropout:.0%} of the columns hidden at random in each row."
        )


@dataclass(frozen=True)
class Grown(Decision):
    """A copy of the best recipe, which has few parameters for so many rows, gets more units.

    Parameters
    ----------
    loss : float
        Its lowest out-of-fold loss.
    parameters, rows : int
        Parameters of one of its networks, and rows that it learns from.
    units, previous_units : int
        Units of the first hidden layer of the copy, and of the recipe.
    """

    action = "grow"
    loss: float
    parameters: int
    rows: int
    units: int
    previous_units: int

    @property
    def sentence(self) -> str:
        """What was seen and done."""
        return (
            f"The best recipe (loss {self.loss:.4f}) has {self.parameters:,} parameters for"
            f" {self.rows:,} rows: a copy continues from its best epoch with {self.units} instead"
            f" of {self.previous_units} units in each layer, and a lower learning rate."
        )
