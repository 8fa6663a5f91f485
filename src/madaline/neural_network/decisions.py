"""The decisions of the coach of a single network, each with what came of it."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field

from madaline.records.decision import Decision


@dataclass(frozen=True)
class CoachDecision(Decision):
    """Abstract: a decision and the loss that followed it.

    Parameters
    ----------
    loss_before, loss_after : float, optional
        The loss at the decision, and at the next one or the end of training; None until then.
    """

    loss_before: float | None = field(default=None, kw_only=True)
    loss_after: float | None = field(default=None, kw_only=True)

    @property
    @abstractmethod
    def reason(self) -> str:
        """What was seen and done."""

    @property
    def sentence(self) -> str:
        """What was seen and done, and what came of it."""
        if self.loss_before is None or self.loss_after is None:
            return self.reason
        outcome = f"The loss then went from {self.loss_before:.3g} to {self.loss_after:.3g}."
        return f"{self.reason} {outcome}"


@dataclass(frozen=True)
class LearningRateRaised(CoachDecision):
    """Learning was slow.

    Parameters
    ----------
    fall : float
        By what share the loss fell.
    epochs : int
        In how many epochs.
    learning_rate, previous_learning_rate : float
        The learning rate from now on, and the one so far.
    """

    action = "raise"
    fall: float
    epochs: int
    learning_rate: float
    previous_learning_rate: float

    @property
    def reason(self) -> str:
        """What was seen and done."""
        return (
            f"Slow: the loss {'fell' if self.fall >= 0 else 'rose'} by {abs(self.fall):.1%} in"
            f" {self.epochs} epochs, so the learning rate goes from"
            f" {self.previous_learning_rate:.3g} up to {self.learning_rate:.3g}."
        )


@dataclass(frozen=True)
class BestRestored(CoachDecision):
    """Learning diverged, and goes on from the best parameters at a lower learning rate.

    Parameters
    ----------
    loss, best_loss : float
        The loss now, and the lowest so far.
    learning_rate, previous_learning_rate : float
        The learning rate from now on, and the one so far.
    """

    action = "restore"
    loss: float
    best_loss: float
    learning_rate: float
    previous_learning_rate: float

    @property
    def reason(self) -> str:
        """What was seen and done."""
        return (
            f"Diverged to a loss of {self.loss:.3g} after {self.best_loss:.3g}: back to the best,"
            f" and the rate from {self.previous_learning_rate:.3g} to {self.learning_rate:.3g}."
        )


@dataclass(frozen=True)
class Remedy(CoachDecision):
    """Abstract: something is tried because the fit is poor and stays poor.

    Parameters
    ----------
    loss : float
        The loss that it stays at.
    epochs : int
        For how many epochs it has.
    """

    loss: float
    epochs: int

    @property
    def stuck(self) -> str:
        """What was seen, in words."""
        return f"Stuck: the loss stays at {self.loss:.3g}, a weak fit, for {self.epochs} epochs"


@dataclass(frozen=True)
class UnitsAdded(Remedy):
    """Every hidden layer gets a unit."""

    action = "grow"

    @property
    def reason(self) -> str:
        """What was seen and done."""
        return f"{self.stuck}, so units are added."


@dataclass(frozen=True)
class Restarted(Remedy):
    """Learning starts again from new weights."""

    action = "restart"

    @property
    def reason(self) -> str:
        """What was seen and done."""
        return f"{self.stuck}, so learning restarts from new weights; the best are kept aside."


@dataclass(frozen=True)
class BestKept(CoachDecision):
    """Nothing helped, and learning goes on from the best weights of all attempts.

    Parameters
    ----------
    attempts : int
        How many remedies were tried.
    loss : float
        The lowest loss.
    """

    action = "keep"
    attempts: int
    loss: float

    @property
    def reason(self) -> str:
        """What was seen and done."""
        return (
            f"Nothing helped in {self.attempts} attempts, so learning goes on from the best weights"
            f" so far, with a loss of {self.loss:.3g}, without further attempts."
        )
