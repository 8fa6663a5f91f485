"""Large tables on the command line: read block by block, with a line that tells how far it is."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, final

import numpy as np

from madaline._cli.console import tell
from madaline._data.column import is_missing
from madaline._data.io.sources import is_large
from madaline._data.table import Table
from madaline._model import FittedModel
from madaline._model.large_table import LargeTable, counted_from
from madaline._story.progress import can_redraw
from madaline._watching.monitor import Monitor
from madaline._words import format_duration, paragraph
from madaline.errors import InputError
from madaline.nn.arrays import Array


def open_large(
    arguments: Namespace, model: FittedModel, *, also: Sequence[str] = (), carry: Sequence[str] = ()
) -> LargeTable | None:
    """Return the table of a command to be read block by block, and print how it is read.

    None if it is small, or nothing of the kind.
    """
    if not is_large(arguments.table):
        return None
    check_output(arguments)
    rows = LargeTable.open(
        model,
        arguments.table,
        also=also,
        carry=carry,
        encoding=arguments.encoding,
        missing=arguments.missing,
    )
    if rows is not None:
        tell(*map(paragraph, rows.notes))
    return rows


def check_output(arguments: Namespace) -> None:
    """Refuse to write among the files that are read."""
    output = getattr(arguments, "output", None)
    if output in (None, "-"):
        return
    path, table = Path(output).absolute(), Path(arguments.table).absolute()
    if table in path.parents or fnmatch(str(path), str(table)):
        raise InputError(
            f"{output} would become a part of {arguments.table} as it is read: write elsewhere."
        )


_MIN_PAUSE, _MAX_PAUSE = 10.0, 300.0
"""Seconds between two lines in a log; as the work gets longer, pauses do."""


@final
class RowProgress:
    """Tells how many rows are done, how fast, and how long the rest will take."""

    def __init__(self, n_rows: int | None, first: int = 0) -> None:
        self._n_rows, self._first, self._stream = n_rows, first, sys.stderr
        self._redraws = self._stream is not None and can_redraw(self._stream)
        self._started, self._next, self._width = time.monotonic(), _MIN_PAUSE, 0

    def follow(self, done: Iterable[int]) -> None:
        """Go through the numbers of rows that are done, one after each block."""
        try:
            for n_done in done:
                self._show(n_done)
        finally:
            self._draw("")

    def _show(self, n_done: int) -> None:
        elapsed = time.monotonic() - self._started
        if self._redraws:
            self._draw(self._words(n_done, elapsed))
        elif elapsed >= self._next:
            self._next = elapsed + min(max(_MIN_PAUSE, elapsed / 2), _MAX_PAUSE)
            tell(f"  {self._words(n_done, elapsed)}")

    def _words(self, n_done: int, elapsed: float) -> str:
        """Return how far it is, in a line."""
        rate = (n_done - self._first) / max(elapsed, 1e-3)
        words = f"{n_done:,} rows"
        if self._n_rows is not None and self._n_rows >= n_done:
            words = f"{n_done:,} of {self._n_rows:,} rows"
        words = f"{words}, {rate:,.0f} a second"
        if self._n_rows is None or not rate:
            return words
        left = max(1.0, (self._n_rows - n_done) / rate)
        return f"{words}, about {format_duration(left)} left"

    def _draw(self, line: str) -> None:
        """Draw a line over the last one."""
        if self._redraws and (line or self._width):
            self._stream.write("\r" + line.ljust(self._width) + "\r" * (not line))
            self._stream.flush()
            self._width = len(line)


def observe(
    monitor: Monitor, rows: LargeTable, target: str, times_of: Callable[[Table], Array | None]
) -> Iterator[int]:
    """Let a monitor take the rows of a large table, and yield how many it took after each block."""
    latest = None
    for block in rows.blocks():
        with counted_from(block.first):
            times = times_of(block.table)
            latest = _check_order(times, latest, block.first)
            monitor.observe(block.table, block.table.columns.get(target))
        yield block.first + block.table.n_samples


def _check_order(times: Array | None, latest: Any, first: int) -> Any:
    """Return the latest time of rows in the order of time; `InputError` if they are in another."""
    present = None if times is None else times[~is_missing(times)]
    if times is None or present is None or not len(present):
        return latest
    known = np.maximum.accumulate(present)
    known = known if latest is None else np.maximum(known, latest)
    if (present < known).any():
        row = np.flatnonzero(~is_missing(times))[(present < known).argmax()]
        raise InputError(
            f"The rows are not in the order of time: row {first + row + 1:,} is earlier than one"
            " before it. A large table is read in its own order: sort it first."
        )
    return known[-1]
