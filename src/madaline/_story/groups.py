"""The display of fits of many groups: one line that is drawn over, or a line now and then."""

from __future__ import annotations

import time
from typing import Self, TextIO, final

from madaline._language.translation import translate
from madaline._language.widths import clip_to_width, display_width, pad
from madaline._story.progress import MAX_PAUSE, MIN_PAUSE, can_redraw, in_notebook
from madaline._words import format_count, format_duration, say

_ROWS_OF_A_FIT = 500  # rows that take as long as what every fit takes
_BAR = 24  # characters


@final
class GroupProgress:
    """Tells how many fits are done, and about how long the others take."""

    def __init__(self, stream: TextIO | None, n_rows: list[int], *, every: bool = False) -> None:
        self._stream, self._every = stream, every
        self._redraws = stream is not None and (can_redraw(stream) or in_notebook())
        self._n_fits, self._work = len(n_rows), float(sum(n + _ROWS_OF_A_FIT for n in n_rows))
        self._n_done = self._n_failed = self._n_before = self._width = 0
        self._done = self._before = 0.0
        self._started, self._next_line = time.monotonic(), 0.0

    def __enter__(self) -> Self:
        """Start the clock."""
        return self

    def __exit__(self, *failure: object) -> None:
        """Leave in a line what was done."""
        if self._stream is None or not self._n_done:
            return
        self._draw("")
        took = format_duration(time.monotonic() - self._started)
        before = f", {self._n_before:,} of them before" if self._n_before else ""
        say(f"Fitted {self.fits}{before}, in {took}.", self._stream)

    def show(self, n_rows: int, *, text: str, failed: bool, before: bool) -> None:
        """Count a fit that is done; it may be one of an earlier run."""
        work = n_rows + _ROWS_OF_A_FIT
        self._n_done, self._done = self._n_done + 1, self._done + work
        self._n_failed += failed
        if before:
            self._n_before, self._before = self._n_before + 1, self._before + work
        if self._stream is None:
            return
        if self._every:
            self._draw("")
            say(text, self._stream)
        elapsed = time.monotonic() - self._started
        if self._redraws:
            self._draw(f"{self._bar()} {self._status(elapsed)}")
        elif elapsed >= self._next_line and not before:
            self._next_line = elapsed + min(max(MIN_PAUSE, elapsed / 2), MAX_PAUSE)
            say(f"  {self._status(elapsed)}", self._stream)

    @property
    def fits(self) -> str:
        """How many of the fits are done, in words."""
        failed = f" ({self._n_failed:,} without a model)" if self._n_failed else ""
        return f"{self._n_done:,} of {format_count(self._n_fits, 'model')}{failed}"

    def _status(self, elapsed: float) -> str:
        left, fresh = "", self._done - self._before
        if fresh and self._n_done < self._n_fits:
            seconds = elapsed * (self._work - self._done) / fresh
            left = f", about {format_duration(max(1.0, seconds))} left"
        return f"{self.fits}, {format_duration(elapsed)}{left}"

    def _bar(self) -> str:
        full = round(_BAR * self._done / max(1.0, self._work))
        return f"[{'=' * full}{' ' * (_BAR - full)}]"

    def _draw(self, line: str) -> None:
        if self._stream is not None and self._redraws:
            line = clip_to_width(translate(line), 79)
            self._stream.write("\r" + pad(line, self._width) + "\r" * (not line))
            self._stream.flush()
            self._width = display_width(line)
