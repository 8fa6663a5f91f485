"""The decisions on a model: what pruning removed, how it is calibrated, updates, and streams."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from madaline._base.codec import Count, Finite, Items, Sentence, Share
from madaline._base.language import _
from madaline._base.words import (
    format_change,
    format_count,
    format_list,
    format_share,
    format_with_error,
    metric_name,
)
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
        change_of_loss = format_change(self.loss - self.best_loss, self.standard_error)
        return _(
            "the validation loss of the ensemble changes by {change_of_loss}, within the tolerance of pruning"
        ).format(change_of_loss=change_of_loss)


@dataclass(frozen=True)
class MemberRemoved(Pruned):
    """A recipe was removed from the ensemble."""

    weight: float  # that it had

    @property
    def sentence(self) -> str:
        return _("Removed from the ensemble (weight {weight:.0%}): {comparison}.").format(
            weight=self.weight, comparison=self.comparison
        )


@dataclass(frozen=True)
class UnitsRemoved(Pruned):
    """The networks of a recipe lost hidden units."""

    units: int  # in all hidden layers of one of its networks
    previous_units: int
    work: float  # multiply-adds of predicting a row, as a share of those before

    @property
    def sentence(self) -> str:
        return _("Pruned from {previous_units} to {units} hidden units: {comparison}.").format(
            previous_units=self.previous_units, units=self.units, comparison=self.comparison
        )


@dataclass(frozen=True)
class Calibrated(Decision):
    """The temperature that raw outputs are divided by was chosen, and what is added before."""

    action = "calibrate"
    best: float  # the temperature with the lowest out-of-fold loss
    gain: float  # fall of the loss of each fold with the temperature of the others
    standard_error: float  # of the gain
    error_before: float  # expected calibration error out of fold
    error_after: float  # the same with the best temperature
    offset: float = 0.0  # added to the raw outputs of two classes before they are divided

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
        if self.offset:
            return _(
                "Probabilities are recalibrated: adding {offset:.2f} to the raw outputs and dividing them by a temperature of {best:.2f} changes the validation loss by {gain} (expected calibration error {error_before:.3f} before, {error_after:.3f} after)."
            ).format(
                offset=self.offset,
                best=self.best,
                gain=format_change(-self.gain, self.standard_error),
                error_before=self.error_before,
                error_after=self.error_after,
            )
        if self.used:
            return _(
                "{text}confident: dividing the raw outputs by a temperature of {best:.2f} changes the validation loss by {gain} (expected calibration error {error_before:.3f} before, {error_after:.3f} after)."
            ).format(
                text="Under" if self.best < 1 else "Over",
                best=self.best,
                gain=format_change(-self.gain, self.standard_error),
                error_before=self.error_before,
                error_after=self.error_after,
            )
        return _(
            "Probabilities are not recalibrated: a temperature ({best:.2f}), learned on other folds, would change the validation loss by {gain} (expected calibration error {error_before:.3f})."
        ).format(
            best=self.best,
            gain=format_change(-self.gain, self.standard_error),
            error_before=self.error_before,
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
            return _(
                "The second class is predicted above a probability of {best:.3f}, not 0.5: the {metric} improves from {values} on folds that the threshold was not tuned on."
            ).format(best=self.best, metric=metric_name(self.metric), values=values)
        return _(
            "The threshold stays at 0.5: with {best:.3f}, the best one, the {metric} changes from {values} on folds that it was not tuned on."
        ).format(best=self.best, metric=metric_name(self.metric), values=values)


@dataclass(frozen=True)
class QuantilesMoved(Decision):
    """A number was added to each predicted quantile, so that it holds on new rows."""

    action = "move"
    levels: Annotated[tuple[Share, ...], Items(least=1)]
    below: tuple[Share, ...]  # share of held-out truths at or below each quantile as it was learned
    offsets: tuple[Finite, ...]  # added to the raw outputs
    rows: Count  # held out

    @property
    def sentence(self) -> str:
        shares, levels = map(format_list, (map(format_share, self.below), self.levels))
        told = _(
            "Predicted quantiles ({levels}) are moved by their errors on {rows:,} held-out rows: before, {shares} of the true values lay at or below them."
        ).format(levels=levels, rows=self.rows, shares=shares)
        if min(1 - max(self.levels), min(self.levels)) * (self.rows + 1) >= 1 - 1e-9:
            return told
        return _("{told} So few rows cannot tell levels so close to 0 or 1.").format(told=told)


AS_IT_IS, ADJUSTED, ANEW = "as it is", "adjusted", "fitted anew"  # what may be kept


@dataclass(frozen=True)
class Updated(Decision):
    """New rows came, and of three candidates the one was kept that predicts them best.

    Losses are those on new rows that the predicting networks did not learn from.
    """

    action = "update"
    kept: str  # "as it is", "adjusted" or "fitted anew"
    date: str  # when, such as 2027-01-31
    rows: int  # that came
    metric: str  # what the losses are
    loss: float  # of the model as it was
    loss_error: float  # standard error of that
    adjusted_loss: float | None = None  # None: was not tried
    adjusted_error: float | None = None  # standard error of the difference from `loss`
    anew_loss: float | None = None
    anew_error: float | None = None
    old_rows: int = 0  # kept ones, on which the following was measured
    old_loss: float | None = None  # of the model as it was, on old rows
    old_loss_now: float | None = None  # of what was kept, on old rows
    old_error: float | None = None  # standard error of the difference
    reason: Sentence = ""  # why there was no comparison, in a sentence
    # the latest of the new rows, on which candidates were compared, each predicted from earlier
    # rows alone; 0: on all, whose times are not known
    latest_rows: int = 0

    @property
    def loss_now(self) -> float:
        """The loss of what was kept on the new rows."""
        of_kept = {ADJUSTED: self.adjusted_loss, ANEW: self.anew_loss}.get(self.kept)
        return self.loss if of_kept is None else of_kept

    @property
    def compared_rows(self) -> str:
        """The new rows that candidates were compared on, in words."""
        rows = format_count(self.rows, "new row")
        if not self.latest_rows:
            return rows
        return _("the latest {latest_rows:,} of {rows}, predicted from those before,").format(
            latest_rows=self.latest_rows, rows=rows
        )

    @property
    def candidates(self) -> tuple[tuple[str, float, float], ...]:
        """Each candidate that was tried: its name, its loss, and the difference's error."""
        tried = [(AS_IT_IS, self.loss, self.loss_error)]
        if self.adjusted_loss is not None and self.adjusted_error is not None:
            tried.append((ADJUSTED, self.adjusted_loss, self.adjusted_error))
        if self.anew_loss is not None and self.anew_error is not None:
            tried.append((ANEW, self.anew_loss, self.anew_error))
        return tuple(tried)

    @property
    def sentence(self) -> str:
        return " ".join(self._sentences())

    def _sentences(self) -> Iterator[str]:
        if self.reason:
            yield _("{capital}: {reason}").format(capital=_capital(self.kept), reason=self.reason)
        elif self.kept == AS_IT_IS:
            yield self._unchanged()
        else:
            yield self._changed()
        yield from self._old()

    def _changed(self) -> str:
        error = {ADJUSTED: self.adjusted_error, ANEW: self.anew_error}.get(self.kept) or 0.0
        before, after, shown = format_with_error((self.loss, self.loss_now, error), error)
        return _(
            "{capital}: the {metric} on {compared_rows} {moves} from {before} to {after} (standard error of the difference {shown})."
        ).format(
            capital=_capital(self.kept),
            metric=metric_name(self.metric),
            compared_rows=self.compared_rows,
            moves=_moves(self.loss, self.loss_now),
            before=before,
            after=after,
            shown=shown,
        )

    def _unchanged(self) -> str:
        differences = [
            f"{name} {format_change(loss - self.loss, error)}"
            for name, loss, error in self.candidates
            if name != AS_IT_IS
        ]
        (shown,) = format_with_error((self.loss,), self.loss_error)
        return _(
            "Kept as it is: on {compared_rows} the {metric} is {shown}, and no change lowers it by more than a standard error ({differences})."
        ).format(
            compared_rows=self.compared_rows,
            metric=metric_name(self.metric),
            shown=shown,
            differences=_("; ").join(differences),
        )

    def _old(self) -> Iterator[str]:
        if self.kept == AS_IT_IS or self.old_loss is None or self.old_loss_now is None:
            return
        error = self.old_error or 0.0
        before, after = format_with_error((self.old_loss, self.old_loss_now), error)
        rows, moves = (
            format_count(self.old_rows, "kept old row"),
            _moves(self.old_loss, self.old_loss_now),
        )
        yield _("On {rows} it {moves} from {before} to {after}.").format(
            rows=rows, moves=moves, before=before, after=after
        )


def _moves(before: float, after: float) -> str:
    return "falls" if after < before else "rises"


def _capital(text: str) -> str:
    return "Kept as it is" if text == AS_IT_IS else text.capitalize()


@dataclass(frozen=True)
class WentBack(Decision):
    """An earlier state of the model is the model again."""

    action = "back"
    name: str  # of the earlier state: a day, or that of the first fit
    date: str  # when, such as 2027-01-31
    rows: Count = 0  # labeled ones that states were compared on; 0: the user decided
    metric: str = ""  # what the losses are
    difference: Finite = 0.0  # how much lower the loss of the earlier state is
    error: Finite = 0.0  # standard error of that

    @property
    def sentence(self) -> str:
        if not self.rows:
            return _("Went back to the earlier model {name}.").format(name=self.name)
        return _("Went back: {seen}").format(seen=self.seen)

    @property
    def seen(self) -> str:
        """How much better the earlier state is, in a sentence."""
        return _(
            "the earlier model {name} is better by {difference} on {rows} ({metric}, difference ± s.e.)."
        ).format(
            name=self.name,
            difference=format_change(self.difference, self.error).removeprefix("+"),
            rows=format_count(self.rows, "labeled row"),
            metric=metric_name(self.metric),
        )


@dataclass(frozen=True)
class LeadChanged(Decision):
    """Networks of another memory got most of the weight; `epoch` counts labels instead."""

    action = "lead"
    rows: int  # how many of the latest rows these networks learn again
    weight: float  # their share of the weight, a mean over recent labels
    rows_before: int = 0  # those of the networks that led before; 0 if none did

    def __str__(self) -> str:
        """Return the decision in a line."""
        return self.sentence

    @property
    def sentence(self) -> str:
        since = _("Since row {epoch:,} the networks that remember {rows:,} rows lead").format(
            epoch=self.epoch, rows=self.rows
        )
        if not self.rows_before:
            return _("{since} ({weight:.0%} of the weight).").format(
                since=since, weight=self.weight
            )
        return _(
            "{since} ({weight:.0%} of the weight), no longer those that remember {rows_before:,}: {reason}."
        ).format(since=since, weight=self.weight, rows_before=self.rows_before, reason=self._reason)

    @property
    def _reason(self) -> str:
        if self.rows < self.rows_before:
            return "the latest rows tell more than older ones, so something may have changed"
        return "older rows tell as much as the latest, so little has changed lately"
