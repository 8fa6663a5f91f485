"""The decisions of the coach of a network: what was seen, what was tried, what came of it."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from math import isfinite
from typing import ClassVar

from madaline._words import format_count
from madaline.records.decision import Decision
from madaline.records.history import Epoch


@dataclass(frozen=True)
class CoachDecision(Decision):
    """Abstract: a decision of the coach.

    A change is tried for some epochs. Then it is kept, or training returns to the weights before.
    """

    tried: ClassVar[bool] = True  # whether it is kept only if it helps

    kept: bool | None = field(default=None, kw_only=True)  # None before it is known
    loss_before: float | None = field(default=None, kw_only=True)  # at the decision
    loss_after: float | None = field(default=None, kw_only=True)  # after the trial
    trial_epochs: int = field(default=0, kw_only=True)  # how long the trial was

    @property
    def on_trial(self) -> bool:
        """Whether it is yet to be seen if it helps."""
        return self.kept is None and self.tried

    @property
    @abstractmethod
    def reason(self) -> str:
        """What was seen and done, in words, without the full stop."""

    @property
    def sentence(self) -> str:
        """What was seen and done, and what came of it."""
        return f"{self.reason}." if self.kept is None else f"{self.reason}; {self._outcome}."

    @property
    def _outcome(self) -> str:
        """What came of it, and whether it is kept."""
        verdict = "it is kept" if self.kept else "training returns to the network before"
        return f"{self._course}, so {verdict}"

    @property
    def _course(self) -> str:
        """How the loss went on trial."""
        before, after = self.loss_before or 0.0, self.loss_after or 0.0
        epochs = format_count(self.trial_epochs, "epoch")
        change = (after - before) / abs(before) if before else 0.0
        if abs(change) < 0.0005:
            return f"in {epochs} the loss stayed at {after:.3g}"
        size = f" by {abs(change):.1%}" if abs(change) < 10 else ""
        to = _loss(after)
        return f"in {epochs} the loss {'rose' if change > 0 else 'fell'}{size} to {to}"


@dataclass(frozen=True)
class _Repeated(CoachDecision):
    """Abstract: the epochs just passed are repeated with a change."""

    epochs: int  # that are repeated

    @property
    def _course(self) -> str:
        """How the loss came out, with the change and without."""
        after, before = self.loss_after or 0.0, self.loss_before or 0.0
        digits = 3 if f"{after:.3g}" != f"{before:.3g}" else 5
        with_it, without = _loss(after, digits), _loss(before, digits)
        if with_it == without:
            return f"the loss is no lower, {without}"
        course = f"the loss is {with_it} instead of {without}"
        return course if self.kept or after > before else f"{course}, hardly lower"


@dataclass(frozen=True)
class _OtherLearningRate(_Repeated):
    """Abstract: another learning rate is tried."""

    learning_rate: float  # on trial
    previous_learning_rate: float

    @property
    def _outcome(self) -> str:
        if self.kept:
            return f"{self._course}, so {self.learning_rate:.3g} is kept"
        return f"{self._course}, so it is {self.previous_learning_rate:.3g} again"


@dataclass(frozen=True)
class LearningRateRaised(_OtherLearningRate):
    """Learning is slow."""

    action = "raise"
    fall: float  # of the loss, as a share

    @property
    def reason(self) -> str:
        fell = f"fell by {self.fall:.1%}" if self.fall >= 0.0005 else "hardly fell"
        return (
            f"Slow: the loss {fell} in {self.epochs} epochs, so they are repeated with a learning"
            f" rate of {self.learning_rate:.3g}, up from {self.previous_learning_rate:.3g}"
        )


@dataclass(frozen=True)
class LearningRateLowered(_OtherLearningRate):
    """The loss goes up and down, or rises: steps are too long."""

    action = "lower"
    rises: int  # epochs in which the loss rose

    @property
    def reason(self) -> str:
        return (
            f"Uneven: the loss rose in {self.rises} of {self.epochs} epochs, so they are repeated"
            f" with a learning rate of {self.learning_rate:.3g}, down from"
            f" {self.previous_learning_rate:.3g}"
        )


@dataclass(frozen=True)
class BestRestored(CoachDecision):
    """Learning diverged, and goes on from the best weights at a lower learning rate."""

    action = "restore"
    tried = False
    loss: float
    best: Epoch  # with the lowest loss so far
    learning_rate: float  # from now on
    previous_learning_rate: float

    @property
    def reason(self) -> str:
        return (
            f"Diverged: the loss rose from {self.best.loss:.3g} to {_loss(self.loss)}, so training"
            f" goes back to the weights of epoch {self.best.epoch}, and the learning rate down from"
            f" {self.previous_learning_rate:.3g} to {self.learning_rate:.3g}"
        )


@dataclass(frozen=True)
class UnitsAdded(_Repeated):
    """The fit is weak, and no other learning rate helped: hidden layers get more units."""

    action = "grow"
    loss: float  # that is still high
    hidden_size: tuple[int, ...]  # units of each hidden layer, on trial
    previous_hidden_size: tuple[int, ...]

    @property
    def reason(self) -> str:
        old, new = map(_sizes, (self.previous_hidden_size, self.hidden_size))
        return (
            f"Weak fit: the loss is still {self.loss:.3g}, so {self.epochs} epochs are repeated"
            f" with {new} instead of {old} hidden units"
        )


@dataclass(frozen=True)
class WeightDecayRaised(CoachDecision):
    """The network overfits: back to the best weights, and from now on steps make them smaller."""

    action = "simplify"
    best: Epoch  # with the lowest loss on the rows held out
    now: Epoch
    learning_rate: float  # from now on
    weight_decay: float  # on trial
    previous_weight_decay: float
    attempts: int = 0  # weight decays that were tried before, from the same weights

    @property
    def reason(self) -> str:
        if self.attempts:
            return (
                f"Still overfit: from the weights of epoch {self.best.epoch}, a weight decay of"
                f" {self.weight_decay:.3g} is tried next"
            )
        return (
            f"Overfit: since epoch {self.best.epoch}, the loss fell from {self.best.loss:.3g} to"
            f" {self.now.loss:.3g} on training rows, but rose from"
            f" {self.best.validation_loss:.3g} to {self.now.validation_loss:.3g} on held-out rows,"
            f" so training goes back to that epoch, and tries a weight decay of"
            f" {self.weight_decay:.3g} instead of {self.previous_weight_decay:.3g}, at a learning"
            f" rate of {self.learning_rate:.3g}"
        )

    @property
    def _course(self) -> str:
        return (
            f"in {format_count(self.trial_epochs, 'epoch')} the lowest loss on held-out rows was"
            f" {self.loss_after:.3g}"
        )


@dataclass(frozen=True)
class Stopped(CoachDecision):
    """The network overfits, and no weight decay helped."""

    action = "stop"
    tried = False
    best: Epoch  # with the lowest loss on the rows held out
    now: Epoch
    attempts: int  # weight decays that were tried

    @property
    def reason(self) -> str:
        if self.attempts:
            return (
                "Weight decay did not help against overfitting, so training stops with the weights"
                f" of epoch {self.best.epoch}, which have the lowest loss on held-out rows,"
                f" {self.best.validation_loss:.3g}"
            )
        return (
            f"Overfit: since epoch {self.best.epoch}, the loss rose from"
            f" {self.best.validation_loss:.3g} to {self.now.validation_loss:.3g} on held-out rows,"
            f" so training stops with the weights of that epoch"
        )


@dataclass(frozen=True)
class HeldOutLearned(CoachDecision):
    """The rows held out have shown when the network is best; now they are learned, too."""

    action = "learn"
    rows: int  # all of them
    epochs: int  # that learn them
    best_epoch: int  # with the lowest loss on the rows held out
    learning_rate: float

    @property
    def reason(self) -> str:
        return (
            f"The rows held out are learned too, for {format_count(self.epochs, 'epoch')}: from the"
            f" weights of epoch {self.best_epoch}, the best on these rows, training goes on with"
            f" all {self.rows:,} rows at a learning rate of {self.learning_rate:.3g}"
        )

    @property
    def _course(self) -> str:
        return f"{super()._course} on all rows"


def _loss(loss: float, digits: int = 3) -> str:
    return f"{loss:.{digits}g}" if isfinite(loss) else "infinity"


def _sizes(hidden_size: tuple[int, ...]) -> str:
    return " + ".join(map(str, hidden_size))
