"""The decisions of the coach of a network: what was seen, what was tried, what came of it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, ClassVar, NamedTuple

from madaline._words import format_count
from madaline.records.decision import Decision
from madaline.records.history import Epoch


@dataclass(frozen=True)
class CoachDecision(Decision):
    """Abstract: a decision of the coach."""

    tried: ClassVar[bool] = True  # whether it is kept only if it helps

    kept: bool | None = field(default=None, kw_only=True)  # None before it is known

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
        return ""


class Earlier(NamedTuple):
    """A trial that failed."""

    epoch: int
    epochs: int  # that it took
    loss: float  # before it


@dataclass(frozen=True)
class Trial(CoachDecision):
    """Abstract: some epochs are repeated with one value after another, up to the best."""

    epochs: int  # that are repeated
    loss: float  # before these epochs
    loss_without: float  # after them, without the change
    previous: Any  # the value without the change
    values: tuple[Any, ...]  # to try, in turn
    losses: tuple[float, ...] = field(default=(), kw_only=True)  # of the values tried so far
    value: Any = field(default=None, kw_only=True)  # the best so far
    earlier: Earlier | None = field(default=None, kw_only=True)  # in which the first value failed

    @property
    def next_value(self) -> Any:
        """The value that is tried next, or now."""
        return self.values[len(self.losses)]

    def has_another(self, better: bool) -> bool:
        """Return whether another value is tried; higher ones only as long as they are better."""
        return better and len(self.losses) < len(self.values)

    @property
    def on_trial(self) -> bool:
        """Whether it is yet to be seen if it helps."""
        return self.kept is None and bool(self.values)

    @property
    def sentence(self) -> str:
        """What was seen and done, what came of it, and when it failed before."""
        if self.earlier is None:
            return super().sentence
        then = self.earlier
        return (
            f"{super().sentence} It was tried before, in epoch {then.epoch}, over {then.epochs}"
            f" epochs from a loss of {then.loss:.3g}."
        )

    @property
    def _outcome(self) -> str:
        old, *new = self.loss_without, *self.losses
        n = _digits([old, *new])
        match (*new, *map(format_value, self.values[: len(new)])):
            case [a, first]:
                course = f"the loss comes out at {a:.{n}g} for {first}, not {old:.{n}g}"
            case [a, b, first, second]:
                course = (
                    f"the loss comes out at {a:.{n}g} for {first} and {b:.{n}g} for {second},"
                    f" not {old:.{n}g}"
                )
            case [a, b, c, first, second, third]:
                course = (
                    f"the loss comes out at {a:.{n}g} for {first}, {b:.{n}g} for {second}"
                    f" and {c:.{n}g} for {third}, not {old:.{n}g}"
                )
        return f"{course}, so {self._verdict}"

    @property
    def _verdict(self) -> str:
        """What is done after the trial."""
        if self.kept:
            return (
                f"{format_value(self.value)} {'are' if isinstance(self, UnitsAdded) else 'is'} kept"
            )
        return f"it is {format_value(self.previous)} again"


@dataclass(frozen=True)
class RateRaised(Trial):
    """Learning is slow."""

    action = "raise"
    fall: float  # of the loss, as a share

    @property
    def reason(self) -> str:
        fell = f"fell by {self.fall:.1%}" if self.fall >= 0.0005 else "hardly fell"
        return (
            f"Slow: the loss {fell} in {self.epochs} epochs, so they are repeated with a learning"
            f" rate of {self.values[0]:.3g} or more, up from {self.previous:.3g}"
        )


@dataclass(frozen=True)
class RateLowered(Trial):
    """The loss goes up and down, or rises: steps are too long."""

    action = "lower"
    rises: int  # epochs in which the loss rose

    @property
    def reason(self) -> str:
        return (
            f"Uneven: the loss rose in {self.rises} of {self.epochs} epochs, so they are repeated"
            f" with a learning rate of {self.values[0]:.3g} or less, down from"
            f" {self.previous:.3g}"
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
            f" goes back to the weights of epoch {self.best.epoch}, and the learning rate goes"
            f" down from {self.previous_learning_rate:.3g} to {self.learning_rate:.3g}"
        )


@dataclass(frozen=True)
class UnitsAdded(Trial):
    """The fit is weak, and no other learning rate helped: hidden layers get more units."""

    action = "grow"

    @property
    def reason(self) -> str:
        return (
            f"Weak fit: the loss is still {self.loss:.3g}, so {self.epochs} epochs are repeated"
            f" with more than {format_value(self.previous)} hidden units"
        )


@dataclass(frozen=True)
class WeightDecayRaised(Trial):
    """The network overfits: back to the best weights, and from now on steps make them smaller."""

    action = "simplify"
    best: Epoch  # with the lowest loss on the rows held out
    now: Epoch
    learning_rate: float  # from now on

    def has_another(self, better: bool) -> bool:
        """Return whether another value is tried: up to the first that is better."""
        return not better and len(self.losses) < len(self.values)

    @property
    def reason(self) -> str:
        seen = (
            f"Overfit: since epoch {self.best.epoch}, the loss fell from {self.best.loss:.3g} to"
            f" {self.now.loss:.3g} on training rows, but rose from"
            f" {self.best.validation_loss:.3g} to {self.now.validation_loss:.3g} on held-out rows,"
            f" so training goes back to that epoch"
        )
        if not self.values:
            return f"{seen}, and stops"
        return (
            f"{seen}, at a learning rate of {self.learning_rate:.3g}, and tries a weight decay of"
            f" {self.values[0]:.3g} or more, up from {self.previous:.3g}, for"
            f" {format_count(self.epochs, 'epoch')} each"
        )

    @property
    def _verdict(self) -> str:
        return super()._verdict if self.kept else "training stops"


@dataclass(frozen=True)
class HeldOutLearned(CoachDecision):
    """The rows held out have shown when the network is best; now they are learned, too."""

    action = "learn"
    rows: int  # all of them
    epochs: int  # that learn them
    best_epoch: int  # with the lowest loss on the rows held out
    learning_rate: float
    loss_before: float | None = field(default=None, kw_only=True)  # on all rows
    loss_after: float | None = field(default=None, kw_only=True)
    trial_epochs: int = field(default=0, kw_only=True)  # how long the trial was

    @property
    def reason(self) -> str:
        return (
            f"The rows held out are learned too, for {format_count(self.epochs, 'epoch')}: from the"
            f" weights of epoch {self.best_epoch}, the best on these rows, training goes on with"
            f" all {self.rows:,} rows at a learning rate of {self.learning_rate:.3g}"
        )

    @property
    def _outcome(self) -> str:
        verdict = "it is kept" if self.kept else "training returns to the network before"
        return f"{self._course} on all rows, so {verdict}"

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


def _loss(loss: float, digits: int = 3) -> str:
    return f"{loss:.{digits}g}" if isfinite(loss) else "infinity"


def _digits(losses: Sequence[float]) -> int:
    """Return three digits, or more where different losses would look alike."""
    for digits in range(3, 6):
        if len({f"{loss:.{digits}g}" for loss in losses}) == len(set(losses)):
            break
    return digits


def format_value(value: float | tuple[int, ...]) -> str:
    """Return a rate, or the units of each hidden layer."""
    return " + ".join(map(str, value)) if isinstance(value, tuple) else f"{value:.3g}"
