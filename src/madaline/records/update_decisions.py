"""The decision on an update: whether a model stays as it is, is adjusted, or fitted anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from madaline._words import change, count, metric_name, with_error
from madaline.records.decision import Decision

AS_IT_IS, ADJUSTED, ANEW = "as it is", "adjusted", "fitted anew"
"""What may be kept."""


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
    reason: str = ""  # why there was no comparison, in a sentence

    @property
    def loss_now(self) -> float:
        """The loss of what was kept on the new rows."""
        of_kept = {ADJUSTED: self.adjusted_loss, ANEW: self.anew_loss}.get(self.kept)
        return self.loss if of_kept is None else of_kept

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
            yield f"{_capital(self.kept)}: {self.reason}"
        elif self.kept == AS_IT_IS:
            yield self._unchanged()
        else:
            yield self._changed()
        yield from self._old()

    def _changed(self) -> str:
        error = {ADJUSTED: self.adjusted_error, ANEW: self.anew_error}.get(self.kept) or 0.0
        before, after, shown = with_error((self.loss, self.loss_now, error), error)
        name, rows = metric_name(self.metric), count(self.rows, "new row")
        return (
            f"{_capital(self.kept)}: the {name} on {rows} {_moves(self.loss, self.loss_now)} from"
            f" {before} to {after} (standard error of the difference {shown})."
        )

    def _unchanged(self) -> str:
        differences = [
            f"{name} {change(loss - self.loss, error)}"
            for name, loss, error in self.candidates
            if name != AS_IT_IS
        ]
        (shown,) = with_error((self.loss,), self.loss_error)
        return (
            f"Kept as it is: on {count(self.rows, 'new row')} the {metric_name(self.metric)} is"
            f" {shown}, and no change lowers it by more than a standard error"
            f" ({'; '.join(differences)})."
        )

    def _old(self) -> Iterator[str]:
        if self.kept == AS_IT_IS or self.old_loss is None or self.old_loss_now is None:
            return
        error = self.old_error or 0.0
        before, after = with_error((self.old_loss, self.old_loss_now), error)
        rows, moves = count(self.old_rows, "kept old row"), _moves(self.old_loss, self.old_loss_now)
        yield f"On {rows} it {moves} from {before} to {after}."


def _moves(before: float, after: float) -> str:
    return "falls" if after < before else "rises"


def _capital(text: str) -> str:
    return "Kept as it is" if text == AS_IT_IS else text.capitalize()
