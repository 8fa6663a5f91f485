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
from typing import Any, TypeAlias, final

from madaline._apps.serve.answers import settle
from madaline._apps.serve.messages import Refusal, RequestedRows, joined
from madaline._apps.serve.metrics import Metrics
from madaline._base.language import _
from madaline._base.words import format_count
from madaline._models.model import FittedModel
from madaline._models.watching.alarm import Alarms
from madaline._models.watching.monitor import Monitor
from madaline.errors import InputError, ModelFileError

_BATCH_ROWS = 64  # rows observed together, where so many come within a second: one costs as much
_WAIT_SECONDS = 1.0  # how long rows wait
_SAVE_SECONDS = 60.0  # how often the state is saved

# What waits to be observed; what comes beyond is counted and left out
_MAX_WAITING = 10_000  # requests
_MAX_WAITING_BYTES = 50_000_000

_MAX_LEVEL = 200  # letters that the state keeps of a category that training did not have
ENDING = ".watch"  # ending of the files of states


@dataclass(frozen=True, eq=False)
class _Observation:
    """Rows that were predicted, with keys under which their labels will come, if there are any."""

    rows: RequestedRows
    keys: Sequence[Hashable] | None
    n_bytes: int


@dataclass(frozen=True, eq=False)
class _Labels:
    """Labels that came, and who waits to hear what became of them."""

    keys: Sequence[Hashable]
    labels: Sequence[Any]
    future: asyncio.Future[Alarms]


_Item: TypeAlias = _Observation | _Labels


@final
class Watcher:
    """A monitor, the file of its state, and the thread that feeds it.

    Metrics count its alarms, and the log gets the sentence of each.
    """

    def __init__(
        self,
        name: str,
        model: FittedModel,
        path: Path,
        metrics: Metrics,
        log: Callable[[str], object],
    ) -> None:
        self._name = name
        self._model = model
        self._path = path
        self._metrics = metrics
        self._log = log
        self.monitor = self._opened(model)
        self._queue: SimpleQueue[_Item | None] = SimpleQueue()
        self._bytes_put, self._bytes_taken = 0, 0  # each is changed by one thread alone
        self._end = math.inf
        self._last = math.inf
        self._saved = time.monotonic()
        self._thread = threading.Thread(target=self._work, name="madaline-watch", daemon=True)
        self._thread.start()

    def observe(self, rows: RequestedRows, keys: Sequence[Hashable] | None, n_bytes: int) -> None:
        """Take in rows that were predicted, which came in so many bytes, later."""
        waiting = self._bytes_put - self._bytes_taken
        free = self._queue.qsize() < _MAX_WAITING and waiting + n_bytes <= _MAX_WAITING_BYTES
        if self._end == math.inf and free:
            self._bytes_put += n_bytes
            self._queue.put(_Observation(rows, keys, n_bytes))
        else:
            self._metrics.count("unwatched", self._name, by=rows.n_rows)

    async def learn(self, keys: Sequence[Hashable], labels: Sequence[Any]) -> Alarms:
        """Take in labels, and return the alarms that they raised.

        `InputError` if no row waits under a key, or the model was replaced meanwhile.
        """
        if self._end < math.inf:
            raise Refusal(503, "{name} is being replaced: send the labels again.", name=self._name)
        future: asyncio.Future[Alarms] = asyncio.get_running_loop().create_future()
        self._queue.put(_Labels(keys, labels, future))
        return await future

    def close(self, seconds: float) -> None:
        """Let the thread observe what is waiting and save the state, half of the time for each."""
        now = time.monotonic()
        self._end = now + seconds / 2
        self._last = now + seconds
        self._queue.put(None)

    def wait(self) -> None:
        """Return when the thread has ended, or its time has."""
        self._thread.join(max(0.0, self._last - time.monotonic()))
        if self._thread.is_alive():
            self._log(
                _("The state of watching {name} was not saved: there was no time left.").format(
                    name=self._name
                )
            )

    def _opened(self, model: FittedModel) -> Monitor:
        if not self._path.exists():
            return model.watch()
        try:
            return model.watch(file=self._path)
        except ModelFileError as error:
            aside = _free_name(self._path)
            self._path.rename(aside)
            why = _("the state is kept as {aside}: {english}").format(
                aside=aside, english=error.english
            )
            self._log(_("Watching {name} starts anew, {why}").format(name=self._name, why=why))
            return model.watch()

    def _work(self) -> None:
        going_on = True
        left = 0
        while going_on:
            items, going_on = self._gathered()
            for __, group in groupby(chain.from_iterable(map(_parts, items)), _together):
                batch = list(group)
                if time.monotonic() < self._end:
                    self._take_in(batch)
                else:
                    left += sum(
                        item.rows.n_rows for item in batch if isinstance(item, _Observation)
                    )
            if not going_on or time.monotonic() - self._saved > _SAVE_SECONDS:
                self._save()
        if left:
            self._metrics.count("unwatched", self._name, by=left)
            self._log(
                _("{name}: the last {rows} came too late to be observed.").format(
                    name=self._name, rows=format_count(left, "row")
                )
            )

    def _gathered(self) -> tuple[list[_Item], bool]:
        """Return what came, in its order, and whether more will come; labels do not wait."""
        items: list[_Item] = []
        n_rows = 0
        end = time.monotonic() + _WAIT_SECONDS
        while n_rows < _BATCH_ROWS and (wait := end - time.monotonic()) > 0:
            try:
                item = self._queue.get(timeout=wait)
            except Empty:
                break
            if item is None:
                return items, False
            items.append(item)
            if isinstance(item, _Labels):
                break
            n_rows += item.rows.n_rows
            self._bytes_taken += item.n_bytes
        return items, True

    def _take_in(self, items: Sequence[_Item]) -> None:
        """Take in labels, or rows that can be observed together."""
        for item in items:
            if isinstance(item, _Labels):
                self._learn(item)
        batch = [item for item in items if isinstance(item, _Observation)]
        try:
            if batch:
                self._observe(batch)
        except InputError:  # each was predicted, but they cannot be one table
            for item in batch if len(batch) > 1 else ():
                self._take_in([item])
            if len(batch) == 1:  # such as of a key under which a row waits already
                self._metrics.count("unwatched", self._name, by=batch[0].rows.n_rows)
        except Exception as error:  # watching goes on whatever happens
            self._log(
                _("{name}: rows were not observed ({error_type}: {error}).").format(
                    name=self._name, error_type=type(error).__name__, error=error
                )
            )

    def _observe(self, batch: Sequence[_Observation]) -> None:
        keys = None
        if batch[0].keys is not None:
            keys = [key for item in batch for key in item.keys or ()]
        table = joined([self._shortened(item.rows) for item in batch])
        self._tell(self.monitor.observe(table, keys=keys))
        self._metrics.count("watched", self._name, by=table.n_samples)

    def _shortened(self, rows: RequestedRows) -> RequestedRows:
        """Return rows whose unknown categories are short enough to be kept."""
        columns = dict(rows.columns)
        for (__, name), codes in self.monitor.source.levels.items():
            values = columns.get(name, [])
            if any(type(value) is str and len(value) > _MAX_LEVEL for value in values):
                columns[name] = [
                    value[:_MAX_LEVEL] if type(value) is str and value not in codes.codes else value
                    for value in values
                ]
        return RequestedRows(columns, rows.n_rows, rows.plain)

    def _learn(self, item: _Labels) -> None:
        outcome: Alarms | Exception
        try:
            outcome = self.monitor.learn(list(item.keys), list(item.labels))
            self._tell(outcome)
        except Exception as error:  # whoever waits must hear of it
            outcome = error
        loop = item.future.get_loop()
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, item.future, outcome)

    def _tell(self, alarms: Alarms) -> None:
        for alarm in alarms:
            self._metrics.count("alarms", self._name, alarm.what)
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
            self._log(
                _("The state of watching {name} was not saved: {error}").format(
                    name=self._name, error=error
                )
            )
            new.unlink(missing_ok=True)


def _parts(item: _Item) -> Iterator[_Item]:
    """Yield an item, or rows of it, none of which takes long to observe."""
    if isinstance(item, _Labels) or not item.rows.plain or item.rows.n_rows <= _BATCH_ROWS:
        yield item
        return
    for start in range(0, item.rows.n_rows, _BATCH_ROWS):
        part = slice(start, start + _BATCH_ROWS)
        columns = {name: values[part] for name, values in item.rows.columns.items()}
        rows = RequestedRows(columns, len(next(iter(columns.values()))), True)
        yield _Observation(rows, None if item.keys is None else item.keys[part], 0)


def _together(item: _Item) -> Hashable:
    """Return what is the same for items that follow one another and are observed together."""
    if isinstance(item, _Labels) or not item.rows.plain or item.rows.n_rows >= _BATCH_ROWS:
        return id(item)
    return item.keys is None


def _free_name(path: Path) -> Path:
    """Return a name beside a file that no other file has."""
    names = (
        path.with_name(f"{path.name}.unreadable{number or ''}") for number in itertools.count()
    )
    return next(name for name in names if not name.exists())
