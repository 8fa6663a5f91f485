"""How far it is with the rows of a large table: a line that is drawn over, or one now and then."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TextIO, final

from madaline._base.language import _
from madaline._base.words import format_duration
from madaline._tables.rows import FileRows
from madaline._tables.table import Table
from madaline._tell.progress.drawn_line import MIN_PAUSE, DrawnLine, can_redraw


@final
class RowProgress:
    """Tells how many rows are done, how fast, and how long the rest will take."""

    def __init__(self, n_rows: int | None, stream: TextIO | None, *, doing: str = "") -> None:
        self._n_rows = n_rows
        self._doing = doing
        redraws = stream is not None and can_redraw(stream)
        self._line = DrawnLine(stream, redraws=redraws, first=MIN_PAUSE)
        self.start(0)

    def start(self, first: int) -> None:
        """Begin to measure, after rows that an earlier process did."""
        self.n_done = self._first = first
        self._started = time.monotonic()

    def follow(self, done: Iterable[int]) -> None:
        """Show the numbers of rows that are done, one after each block."""
        try:
            for n_done in done:
                self.show(n_done)
        finally:
            self.end()

    def show(self, n_done: int) -> None:
        """Show that so many rows are done."""
        self.n_done = n_done
        elapsed = time.monotonic() - self._started
        self._line.show(lambda: self._words(n_done, elapsed), elapsed)

    def end(self) -> None:
        """Leave the terminal as it was."""
        self._line.clear()

    def _words(self, n_done: int, elapsed: float) -> str:
        """Return how far it is, in a line."""
        rate = (n_done - self._first) / max(elapsed, 1e-3)
        words = _("{n_done:,} rows").format(n_done=n_done)
        if self._n_rows is not None and self._n_rows >= n_done:
            words = _("{n_done:,} of {n_rows:,} rows").format(n_done=n_done, n_rows=self._n_rows)
        words = _("{doing}{words}, {rate:,.0f} a second").format(
            doing=self._doing, words=words, rate=rate
        )
        if self._n_rows is None or not rate:
            return words
        left = max(1.0, (self._n_rows - n_done) / rate)
        return _("{words}, about {left} left").format(words=words, left=format_duration(left))


def shown(source: FileRows, stream: TextIO) -> FileRows:
    """Return a table that shows how far it has been read, each time that it is read."""

    def follow(blocks: Iterator[Table], n_rows: int | None, start: int) -> Iterator[Table]:
        progress = RowProgress(n_rows, stream, doing="reading: ")
        progress.start(start)
        try:
            for block in blocks:
                yield block
                progress.show(progress.n_done + block.n_samples)
        finally:
            progress.end()

    return replace(source, follow=follow)
