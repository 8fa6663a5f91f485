"""The display of fits of many groups: one line that is drawn over, or a line now and then."""

from __future__ import annotations

import time
from typing import Self, TextIO, final

from madaline._base.language import _
from madaline._base.words import format_count, format_duration
from madaline._models.fitting.finished_fits import Done
from madaline._models.model.many import Entry
from madaline._tell.progress.drawn_line import DrawnLine, can_redraw, in_notebook

_ROWS_OF_A_FIT = 500  # rows that take as long as what every fit takes
_BAR = 24  # characters


@final
class GroupProgress:
    """Tells how many fits are done, and about how long the others take."""

    def __init__(self, stream: TextIO | None, n_rows: list[int], *, every: bool = False) -> None:
        self._every = every
        redraws = stream is not None and (can_redraw(stream) or in_notebook())
        self._line = DrawnLine(stream, redraws=redraws)
        self._n_fits = len(n_rows)
        self._work = float(sum(n + _ROWS_OF_A_FIT for n in n_rows))
        self._n_done = self._n_failed = self._n_before = 0
        self._done = self._before = 0.0
        self._started = time.monotonic()

    def __enter__(self) -> Self:
        """Start the clock."""
        return self

    def __exit__(self, *failure: object) -> None:
        """Leave in a line what was done."""
        if not self._n_done:
            return
        took = format_duration(time.monotonic() - self._started)
        before = (
            _(", {n_before:,} of them before").format(n_before=self._n_before)
            if self._n_before
            else ""
        )
        self._line.say(
            _("Fitted {fits}{before}, in {took}.").format(fits=self.fits, before=before, took=took)
        )

    def show(self, fit: Done) -> None:
        """Count a fit that is done; it may be one of an earlier run."""
        work = fit.entry.n_rows + _ROWS_OF_A_FIT
        self._n_done += 1
        self._done += work
        self._n_failed += bool(fit.entry.error)
        if fit.before:
            self._n_before += 1
            self._before += work
        if self._every:
            self._line.say(_line_of(fit.entry))
        if self._line.redraws or not fit.before:
            elapsed = time.monotonic() - self._started
            self._line.show(lambda: self._status(elapsed), elapsed)

    @property
    def fits(self) -> str:
        """How many of the fits are done, in words."""
        failed = (
            _(" ({n_failed:,} without a model)").format(n_failed=self._n_failed)
            if self._n_failed
            else ""
        )
        return _("{n_done:,} of {models}{failed}").format(
            n_done=self._n_done, models=format_count(self._n_fits, "model"), failed=failed
        )

    def _status(self, elapsed: float) -> str:
        left = ""
        fresh = self._done - self._before
        if fresh and self._n_done < self._n_fits:
            seconds = elapsed * (self._work - self._done) / fresh
            left = _(", about {time} left").format(time=format_duration(max(1.0, seconds)))
        bar = f"{self._bar()} " if self._line.redraws else ""
        return f"{bar}{self.fits}, {format_duration(elapsed)}{left}"

    def _bar(self) -> str:
        full = round(_BAR * self._done / max(1.0, self._work))
        return f"[{'=' * full}{' ' * (_BAR - full)}]"


def _line_of(entry: Entry) -> str:
    """Return what came of a fit, in a line."""
    name = entry.text or "all rows"
    return f"  {name}: {entry.score or entry.error} ({format_count(entry.n_rows, 'row')})"
