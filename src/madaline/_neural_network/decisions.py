"""The decisions of the coach of a single network, each with what came of it."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

from madaline._words import format_count
from madaline.records.decision import Decision
from madaline.records.history import Epoch

_HELD_OUT = "loss on held-out rows"


@dataclass(frozen=True)
class CoachDecision(Decision):
    """Abstract: a decision and the loss that followed it."""

    on_held_out_rows: ClassVar[bool] = False  # whether it is judged by the loss on these
    changes_network: ClassVar[bool] = True  # whether other weights or units are put in place

    loss_before: float | None = field(default=None, kw_only=True)  # at the decision
    loss_after: float | None = field(default=None, kw_only=True)  # at the next one, or at the end

    @property
    @abstractmethod
    def reason(self) -> str:
        """What was seen and done, in words."""

    @property
    def sentence(self) -> str:
        """What was seen and done, and what came of it."""
        if self.loss_before is None or self.loss_after is None:
            return self.reason
        before, after = f"{self.loss_before:.3g}", f"{self.loss_after:.3g}"
        if self.on_held_out_rows:
            return f"{self.reason} The lowest {_HELD_OUT} was {before} until then, {after} later."
        return f"{self.reason} The loss then went from {before} to {after}."


@dataclass(frozen=True)
class LearningRateRaised(CoachDecision):
    """Learning was slow."""

    action = "raise"
    changes_network = False
    fall: float  # of the loss, as a share
    epochs: int  # in which it fell
    learning_rate: float  # from now on
    previous_learning_rate: float

    @property
    def reason(self) -> str:
        return (
            f"Slow: the loss {'fell' if self.fall >= 0 else 'rose'} by {abs(self.fall):.1%} in"
            f" {self.epochs} epochs, so the learning rate goes from"
            f" {self.previous_learning_rate:.3g} up to {self.learning_rate:.3g}."
        )


@dataclass(frozen=True)
class BestRestored(CoachDecision):
    """Learning diverged, and goes on from the best parameters at a lower learning rate."""

    action = "restore"
    loss: float
    best_loss: float  # the lowest so far
    learning_rate: float  # from now on
    previous_learning_rate: float

    @property
    def reason(self) -> str:
        return (
            f"Diverged to a loss of {self.loss:.3g} after {self.best_loss:.3g}: back to the best,"
            f" and the rate from {self.previous_learning_rate:.3g} to {self.learning_rate:.3g}."
        )


@dataclass(frozen=True)
class Remedy(CoachDecision):
    """Abstract: something is tried because the fit is poor and stays poor."""

    remedy: ClassVar[str]
    loss: float  # that it stays at
    epochs: int  # for how many

    @property
    def reason(self) -> str:
        seen = f"the loss stays at {self.loss:.3g}, a weak fit, for {self.epochs} epochs"
        return f"Stuck: {seen}, so {self.remedy}."


@dataclass(frozen=True)
class UnitsAdded(Remedy):
    """Every hidden layer gets a unit."""

    action = "grow"
    remedy = "units are added"


@dataclass(frozen=True)
class Restarted(Remedy):
    """Learning starts again from new weights."""

    action = "restart"
    remedy = "learning restarts from new weights; the best are kept aside"


@dataclass(frozen=True)
class BestKept(CoachDecision):
    """Nothing helped, and learning goes on from the best weights of all attempts."""

    action = "keep"
    attempts: int  # remedies that were tried
    loss: float  # the lowest

    @property
    def reason(self) -> str:
        return (
            f"Nothing helped in {self.attempts} attempts, so learning goes on from the best weights"
            f" so far, with a loss of {self.loss:.3g}, without further attempts."
        )


@dataclass(frozen=True)
class WeightDecayRaised(CoachDecision):
    """The network overfits, and from now on each step makes its weights smaller."""

    action = "simplify"
    changes_network = False
    on_held_out_rows = True
    best: Epoch  # with the lowest loss on the rows held out
    now: Epoch
    weight_decay: float  # from now on
    previous_weight_decay: float
    again: bool  # whether it was raised just before, without a lower loss

    @property
    def reason(self) -> str:
        if self.again:
            return (
                f"Still overfit: the {_HELD_OUT} is not below the"
                f" {self.best.validation_loss:.3g} of epoch {self.best.epoch}, so the weight decay"
                f" goes from {self.previous_weight_decay:.3g} up to {self.weight_decay:.3g}."
            )
        return (
            f"Overfit: the {_HELD_OUT} is {self.now.validation_loss:.3g} after"
            f" {self.best.validation_loss:.3g} at epoch {self.best.epoch}, but on training rows it"
            f" fell from {self.best.loss:.3g} to {self.now.loss:.3g}. So each step also makes the"
            f" weights smaller, by a weight decay of {self.weight_decay:.3g}."
        )


@dataclass(frozen=True)
class BestOnHeldOutKept(BestKept):
    """Smaller weights did not help, and learning goes on from the best weights of all."""

    on_held_out_rows = True

    @property
    def reason(self) -> str:
        return (
            f"Smaller weights did not help in {format_count(self.attempts, 'attempt')}, so training"
            f" goes back to the best weights, with a {_HELD_OUT} of {self.loss:.3g}, without"
            " further attempts."
        )
