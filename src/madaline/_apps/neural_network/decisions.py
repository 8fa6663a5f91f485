"""The decisions of the coach of a network: what was seen, what was tried, what came of it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, ClassVar, NamedTuple

from madaline._base.language import _
from madaline._base.words import format_count
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
        return (
            _("{reason}.").format(reason=self.reason)
            if self.kept is None
            else _("{reason}; {outcome}.").format(reason=self.reason, outcome=self._outcome)
        )

    @property
    def _outcome(self) -> str:
        """What came of it, and whether it is kept."""
        return ""


class Earlier(NamedTuple):
    """A trial that failed."""

    epoch: int
    epochs: int  # that it took
    loss: float  # before it


_COURSES = (
    "the loss comes out at {a} for {first}, not {old}",
    "the loss comes out at {a} for {first} and {b} for {second}, not {old}",
    "the loss comes out at {a} for {first}, {b} for {second} and {c} for {third}, not {old}",
)
"""What came of one, two or three values."""


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
        return _(
            "{sentence} It was tried before, in epoch {epoch}, over {epochs} epochs from a loss of {loss:.3g}."
        ).format(sentence=super().sentence, epoch=then.epoch, epochs=then.epochs, loss=then.loss)

    @property
    def _outcome(self) -> str:
        digits = _digits([self.loss_without, *self.losses])
        old, *new = (f"{loss:.{digits}g}" for loss in (self.loss_without, *self.losses))
        tried = dict(
            zip(("first", "second", "third"), map(format_value, self.values), strict=False)
        )
        course = _(_COURSES[len(new) - 1]).format(
            old=old, **dict(zip("abc", new, strict=False)), **tried
        )
        return _("{course}, so {verdict}").format(course=course, verdict=self._verdict)

    @property
    def _verdict(self) -> str:
        """What is done after the trial."""
        if self.kept:
            return _(
                "{value} are kept" if isinstance(self, UnitsAdded) else "{value} is kept"
            ).format(value=format_value(self.value))
        return _("it is {previous} again").format(previous=format_value(self.previous))


@dataclass(frozen=True)
class RateRaised(Trial):
    """Learning is slow."""

    action = "raise"
    fall: float  # of the loss, as a share

    @property
    def reason(self) -> str:
        fell = (
            _("fell by {fall:.1%}").format(fall=self.fall) if self.fall >= 0.0005 else "hardly fell"
        )
        return _(
            "Slow: the loss {fell} in {epochs} epochs, so they are repeated with a learning rate of {values:.3g} or more, up from {previous:.3g}"
        ).format(fell=fell, epochs=self.epochs, values=self.values[0], previous=self.previous)


@dataclass(frozen=True)
class RateLowered(Trial):
    """The loss goes up and down, or rises: steps are too long."""

    action = "lower"
    rises: int  # epochs in which the loss rose

    @property
    def reason(self) -> str:
        return _(
            "Uneven: the loss rose in {rises} of {epochs} epochs, so they are repeated with a learning rate of {values:.3g} or less, down from {previous:.3g}"
        ).format(
            rises=self.rises, epochs=self.epochs, values=self.values[0], previous=self.previous
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
        return _(
            "Diverged: the loss rose from {loss:.3g} to {to}, so training goes back to the weights of epoch {epoch}, and the learning rate goes down from {previous_learning_rate:.3g} to {learning_rate:.3g}"
        ).format(
            loss=self.best.loss,
            to=_loss(self.loss),
            epoch=self.best.epoch,
            previous_learning_rate=self.previous_learning_rate,
            learning_rate=self.learning_rate,
        )


@dataclass(frozen=True)
class UnitsAdded(Trial):
    """The fit is weak, and no other learning rate helped: hidden layers get more units."""

    action = "grow"

    @property
    def reason(self) -> str:
        return _(
            "Weak fit: the loss is still {loss:.3g}, so {epochs} epochs are repeated with more than {previous} hidden units"
        ).format(loss=self.loss, epochs=self.epochs, previous=format_value(self.previous))


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
        seen = _(
            "Overfit: since epoch {epoch}, the loss fell from {loss:.3g} to {to:.3g} on training rows, but rose from {validation_loss:.3g} to {held_out_to:.3g} on held-out rows, so training goes back to that epoch"
        ).format(
            epoch=self.best.epoch,
            loss=self.best.loss,
            to=self.now.loss,
            validation_loss=self.best.validation_loss,
            held_out_to=self.now.validation_loss,
        )
        if not self.values:
            return _("{seen}, and stops").format(seen=seen)
        return _(
            "{seen}, at a learning rate of {learning_rate:.3g}, and tries a weight decay of {values:.3g} or more, up from {previous:.3g}, for {epochs} each"
        ).format(
            seen=seen,
            learning_rate=self.learning_rate,
            values=self.values[0],
            previous=self.previous,
            epochs=format_count(self.epochs, "epoch"),
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
        return _(
            "The rows held out are learned too, for {epochs}: from the weights of epoch {best_epoch}, the best on these rows, training goes on with all {rows:,} rows at a learning rate of {learning_rate:.3g}"
        ).format(
            epochs=format_count(self.epochs, "epoch"),
            best_epoch=self.best_epoch,
            rows=self.rows,
            learning_rate=self.learning_rate,
        )

    @property
    def _outcome(self) -> str:
        verdict = "it is kept" if self.kept else "training returns to the network before"
        return _("{course} on all rows, so {verdict}").format(course=self._course, verdict=verdict)

    @property
    def _course(self) -> str:
        """How the loss went on trial."""
        before, after = self.loss_before or 0.0, self.loss_after or 0.0
        epochs = format_count(self.trial_epochs, "epoch")
        change = (after - before) / abs(before) if before else 0.0
        if abs(change) < 0.0005:
            return _("in {epochs} the loss stayed at {after:.3g}").format(
                epochs=epochs, after=after
            )
        size = _(" by {change:.1%}").format(change=abs(change)) if abs(change) < 10 else ""
        to = _loss(after)
        return _("in {epochs} the loss {text}{size} to {to}").format(
            epochs=epochs, text="rose" if change > 0 else "fell", size=size, to=to
        )


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
