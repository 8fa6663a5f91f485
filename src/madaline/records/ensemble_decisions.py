"""The decisions on the ensemble that predicts: what pruning removed, and how it is calibrated."""

from __future__ import annotations

from dataclasses import dataclass

from madaline._words import change, metric_name
from madaline.records.decision import Decision


@dataclass(frozen=True)
class Pruned(Decision):
    """Abstract: the ensemble became smaller and is as good."""

    action = "prune"
    loss: float  # out-of-fold, of the smaller ensemble
    best_loss: float  # the lowest of all ensembles before
    standard_error: float  # of the difference, row by row

    @property
    def comparison(self) -> str:
        """How the loss changes, in words."""
        change_of_loss = change(self.loss - self.best_loss, self.standard_error)
        return (
            f"the validation loss of the ensemble changes by {change_of_loss}, within the tolerance"
            " of pruning"
        )


@dataclass(frozen=True)
class MemberRemoved(Pruned):
    """A recipe was removed from the ensemble."""

    weight: float  # that it had

    @property
    def sentence(self) -> str:
        return f"Removed from the ensemble (weight {self.weight:.0%}): {self.comparison}."


@dataclass(frozen=True)
class UnitsRemoved(Pruned):
    """The networks of a recipe lost hidden units."""

    units: int  # in all hidden layers of one of its networks
    previous_units: int
    work: float  # multiply-adds of predicting a row, as a share of those before

    @property
    def sentence(self) -> str:
        return f"Pruned from {self.previous_units} to {self.units} hidden units: {self.comparison}."


@dataclass(frozen=True)
class Calibrated(Decision):
    """The temperature that raw outputs are divided by was chosen."""

    action = "calibrate"
    best: float  # the temperature with the lowest out-of-fold loss
    gain: float  # fall of the loss of each fold with the temperature of the others
    standard_error: float  # of the gain
    error_before: float  # expected calibration error out of fold
    error_after: float  # the same with the best temperature

    @property
    def used(self) -> bool:
        """Whether the gain is above its standard error."""
        return self.gain > self.standard_error

    @property
    def temperature(self) -> float:
        """What raw outputs are to be divided by."""
        return self.best if self.used else 1.0

    @property
    def sentence(self) -> str:
        if self.used:
            return (
                f"{'Under' if self.best < 1 else 'Over'}confident: dividing the raw outputs by a"
                f" temperature of {self.best:.2f} changes the validation loss by"
                f" {change(-self.gain, self.standard_error)} (expected calibration error"
                f" {self.error_before:.3f} before, {self.error_after:.3f} after)."
            )
        return (
            f"Probabilities are not recalibrated: a temperature of {self.best:.2f} would"
            f" change the validation loss by {change(-self.gain, self.standard_error)} (expected"
            f" calibration error {self.error_before:.3f})."
        )


@dataclass(frozen=True)
class ThresholdChosen(Decision):
    """The threshold of two classes was tuned on out-of-fold probabilities."""

    action = "tune"
    best: float  # the threshold with the best metric
    metric: str
    before: float  # the metric with a threshold of one half
    after: float  # each fold with the threshold that is best for the others
    higher_is_better: bool

    @property
    def used(self) -> bool:
        """Whether the metric improves on folds that the threshold was not tuned on."""
        return self.after > self.before if self.higher_is_better else self.after < self.before

    @property
    def threshold(self) -> float:
        """From which probability on the second class is predicted."""
        return self.best if self.used else 0.5

    @property
    def sentence(self) -> str:
        values = f"{self.before:.4f} to {self.after:.4f}"
        if self.used:
            return (
                f"The second class is predicted above a probability of {self.best:.3f}, not"
                f" 0.5: the {metric_name(self.metric)} improves from {values} on folds that the"
                " threshold was not tuned on."
            )
        return (
            f"The threshold stays at 0.5: with {self.best:.3f}, the best one, the"
            f" {metric_name(self.metric)} changes from {values} on folds that it was not tuned on."
        )
