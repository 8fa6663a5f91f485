"""Watches the rows that a model predicts, in a thread of its own, and tells of what changes."""

from __future__ import annotations

import asyncio
import itertools
import math
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias

from madaline._model import FittedModel
from madaline._serve.messages import Refusal
from madaline._serve.metrics import Metrics
from madaline._serve.rows import Rows, joined
from madaline._watching.alarm import Alarms
from madaline._watching.monitor import Monitor
from madaline._words import count
from madaline.errors import InputError, ModelFileError

TOGETHER = 64
"""Rows that are observed together, where so many come within a second: one alone costs as much."""

SECONDS, SAVE_SECONDS = 1.0, 60.0
"""How long rows wait to be observed, and how often the state is saved."""

MOST_WAITING, MOST_BYTES = 10_000, 50_000_000
"""Requests that wait to be observed, and their bytes; what comes beyond is counted and left out."""

LONGEST_LEVEL = 200
"""Letters that the state keeps of a category that training did not have."""

ENDING = ".watch"
"""Ending of the files of states."""


@dataclass(frozen=True, eq=False)
class Seen:
    """Rows that were predicted, with keys under which their labels will come, if there are any."""

    rows: Rows
    keys: Sequence[Hashable] | None
    n_bytes: int


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels that came, and who waits to hear what became of them."""

    keys: Sequence[Hashable]
    labels: Sequence[Any]
    future: asyncio.Future[Alarms]


Item: TypeAlias = Seen | Labels


class Watcher:
    """A monitor, and the thread that feeds it (final).

    Parameters
    ----------
    name : str
        The model, for the log and the metrics.
    model : FittedModel
        The model.
    path : path
        Where the monitor's state is kept.
    metrics : Metrics
        Counts alarms.
    log : callable
        Gets the sentence of each alarm.

    Raises
    ------
    InputError
        If the model's file is too old to be watched.
    """

    def __init__(
        self,
        name: str,
        model: FittedModel,
        path: Path,
        metrics: Metrics,
        log: Callable[[str], object],
    ) -> None:
        self._name, self._model, self._path = name, model, path
        self._metrics, self._log = metrics, log
        self.monitor = self._opened(model)
        self._queue: SimpleQueue[Item | None] = SimpleQueue()
        self._bytes_put, self._bytes_taken = 0, 0  # each is changed by one thread alone
        self._end, self._last = math.inf, math.inf
        self._saved = time.monotonic()
        self._thread = threading.Thread(target=self._work, name="madaline-watch", daemon=True)
        self._thread.start()

    def observe(self, rows: Rows, keys: Sequence[Hashable] | None, n_bytes: int) -> None:
        """Take in rows that were predicted, which came in so many bytes, later."""
        waiting = self._bytes_put - self._bytes_taken
        free = self._queue.qsize() < MOST_WAITING and waiting + n_bytes <= MOST_BYTES
        if self._end == math.inf and free:
            self._bytes_put += n_bytes
            self._queue.put(Seen(rows, keys, n_bytes))
        else:
            self._metrics.unwatched(self._name, rows.n_rows)

    async def learn(self, keys: Sequence[Hashable], labels: Sequence[Any]) -> Alarms:
        """Take in labels, and return the alarms that they raised.

        Raises
        ------
        InputError
            If no row waits under a key, or the model was replaced meanwhile.
        """
        if self._end < math.inf:
            raise Refusal(503, f"{self._name} is being replaced: send the labels again.")
        future: asyncio.Future[Alarms] = asyncio.get_running_loop().create_future()
        self._queue.put(Labels(keys, labels, future))
        return await future

    def close(self, seconds: float) -> None:
        """Let the thread observe what is waiting and save the state, half of the time for each."""
        now = time.monotonic()
        self._end, self._last = now + seconds / 2, now + seconds
        self._queue.put(None)

    def wait(self) -> None:
        """Return when the thread has ended, or its time has."""
        self._thread.join(max(0.0, self._last - time.monotonic()))
        if self._thread.is_alive():
            self._log(f"The state of watching {self._name} was not saved: there was no time left.")

    def _opened(self, model: FittedModel) -> Monitor:
        if not self._path.exists():
            return model.watch()
        try:
            return model.watch(file=self._path)
        except ModelFileError as error:
            aside = _free_name(self._path)
            self._path.rename(aside)
            self._log(f"Watching {self._name} starts anew, the state is kept as {aside}: {error}")
            return model.watch()

    def _work(self) -> None:
        going_on, left = True, 0
        while going_on:
            items, going_on = self._gathered()
            for _, group in groupby(chain.from_iterable(map(_parts, items)), _together):
                some = list(group)
                if time.monotonic() < self._end:
                    self._take_in(some)
                else:
                    left += sum(one.rows.n_rows for one in some if isinstance(one, Seen))
            if not going_on or time.monotonic() - self._saved > SAVE_SECONDS:
                self._save()
        if left:
            self._metrics.unwatched(self._name, left)
            self._log(f"{self._name}: the last {count(left, 'row')} came too late to be observed.")

    def _gathered(self) -> tuple[list[Item], bool]:
        """Return what came, in its order, and whether more will come; labels do not wait."""
        items: list[Item] = []
        n_rows, end = 0, time.monotonic() + SECONDS
        while n_rows < TOGETHER and (wait := end - time.monotonic()) > 0:
            try:
                item = self._queue.get(timeout=wait)
            except Empty:
                break
            if item is None:
                return items, False
            items.append(item)
            if isinstance(item, Labels):
                break
            n_rows += item.rows.n_rows
            self._bytes_taken += item.n_bytes
        return items, True

    def _take_in(self, items: Sequence[Item]) -> None:
        """Take in labels, or rows that can be observed together."""
        for item in items:
            if isinstance(item, Labels):
                self._learn(item)
        seen = [item for item in items if isinstance(item, Seen)]
        try:
            if seen:
                self._observe(seen)
        except InputError:  # each was predicted, but they cannot be one table
            for one in seen if len(seen) > 1 else ():
                self._take_in([one])
            if len(seen) == 1:  # such as of a key under which a row waits already
                self._metrics.unwatched(self._name, seen[0].rows.n_rows)
        except Exception as error:  # watching goes on whatever happens
            self._log(f"{self._name}: rows were not observed ({type(error).__name__}: {error}).")

    def _observe(self, seen: Sequence[Seen]) -> None:
        keys = None
        if seen[0].keys is not None:
            keys = [key for one in seen for key in one.keys or ()]
        table = joined([self._shortened(one.rows) for one in seen])
        self._tell(self.monitor.observe(table, keys=keys))
        self._metrics.watched(self._name, table.n_samples)

    def _shortened(self, rows: Rows) -> Rows:
        """Return rows whose unknown categories are short enough to be kept."""
        columns = dict(rows.columns)
        for (_, name), codes in self.monitor.source.levels.items():
            if any(type(one) is str and len(one) > LONGEST_LEVEL for one in columns.get(name, ())):
                columns[name] = [
                    one[:LONGEST_LEVEL] if type(one) is str and one not in codes.codes else one
                    for one in columns[name]
                ]
        return Rows(columns, rows.n_rows, rows.plain)

    def _learn(self, item: Labels) -> None:
        outcome: Alarms | Exception
        try:
            outcome = self.monitor.learn(list(item.keys), list(item.labels))
            self._tell(outcome)
        except Exception as error:  # whoever waits must hear of it
            outcome = error
        loop = item.future.get_loop()
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, item.future, outcome)

    def _tell(self, alarms: Alarms) -> None:
        for alarm in alarms:
            self._metrics.alarm(self._name, alarm.what)
            self._log(f"{self._name}: {alarm.sentence}")

    def _save(self) -> None:
        """Replace the state once the new one has been read."""
        self._saved = time.monotonic()
        new = self._path.with_name(f"{self._path.name}.new")
        try:
            self.monitor.save(new)
            self._model.watch(file=new)
            new.replace(self._path)
        except Exception as error:  # such as a full disk; watching goes on
            self._log(f"The state of watching {self._name} was not saved: {error}")
            new.unlink(missing_ok=True)


def _parts(item: Item) -> Iterator[Item]:
    """Yield an item, or rows of it, none of which takes long to observe."""
    if isinstance(item, Labels) or not item.rows.plain or item.rows.n_rows <= TOGETHER:
        yield item
        return
    for start in range(0, item.rows.n_rows, TOGETHER):
        some = slice(start, start + TOGETHER)
        columns = {name: values[some] for name, values in item.rows.columns.items()}
        rows = Rows(columns, len(next(iter(columns.values()))), True)
        yield Seen(rows, None if item.keys is None else item.keys[some], 0)


def _together(item: Item) -> Hashable:
    """Return what is the same for items that follow one another and are observed together."""
    if isinstance(item, Labels) or not item.rows.plain or item.rows.n_rows >= TOGETHER:
        return id(item)
    return item.keys is None


def _free_name(path: Path) -> Path:
    """Return a name beside a file that no other file has."""
    names = (
        path.with_name(f"{path.name}.unreadable{number or ''}") for number in itertools.count()
    )
    return next(name for name in names if not name.exists())


def _settle(future: asyncio.Future[Alarms], outcome: Alarms | Exception) -> None:
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
