"""What changed while a stream was played back: sentences, and a picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np

from madaline._charts.figure import Figure
from madaline._charts.over_time import loss_figure, shares_figure
from madaline._data.table import Table
from madaline._online.playback import Segment
from madaline._watching.alarm import Alarm
from madaline._watching.monitor import Monitor
from madaline._watching.source import LARGEST_LABEL
from madaline._watching.stream_source import StreamSource, kinds_of
from madaline._words import count, some

SHOWN = 5
"""Changes that are printed, at most."""

OFTEN = 2000
"""A column that changed more often than once in so many rows does so all the time."""


class StreamChanges:
    """Watches the columns of a stream, and the losses of its predictions (final).

    Parameters
    ----------
    table : Table
        All rows in the order of time.
    loss_name : str
        What the losses are.
    """

    def __init__(self, table: Table, loss_name: str) -> None:
        self._table = table
        self._monitor = Monitor(StreamSource(kinds_of(table), loss_name))
        self._segments: list[Segment] = []

    def add(self, segment: Segment) -> None:
        """Take in the next rows."""
        self._segments.append(segment)
        rows = self._table.take(slice(segment.first - 1, segment.last))
        self._monitor.observe(rows, np.minimum(segment.losses, LARGEST_LABEL))

    @property
    def shown(self) -> list[Alarm]:
        """The changes of columns that rarely change, and the largest rises of the loss."""
        alarms = [one for one in self._monitor.alarms if one.name not in self._restless]
        errors = sorted((one for one in alarms if one.what == "errors"), key=_rise)
        columns = [one for one in alarms if one.what != "errors"]
        chosen = [*columns[-SHOWN:], *errors[-SHOWN:]][-SHOWN:]
        return sorted(chosen, key=lambda one: one.row)

    def sentences(self) -> Iterator[str]:
        """Yield the changes in words."""
        shown = self.shown
        for alarm in shown:
            yield f"{alarm.change_and_loss}"
        others = len(self._monitor.alarms) - len(shown)
        restless = self._restless
        others -= sum(restless.values())
        if others > 0:
            yield f"The loss rose or a column changed {count(others, 'more time')}."
        if restless:
            verb = "changes" if len(restless) == 1 else "change"
            yield (
                f"{some(restless, limit=5)} {verb} all the time, as rows near in time are alike:"
                " such changes are not listed."
            )

    def facts(self) -> list[dict[str, Any]]:
        """Return all changes as JSON-able values."""
        return [one.to_json() | {"sentence": one.seen} for one in self._monitor.alarms]

    def figures(self, leads: Collection[int]) -> list[Figure]:
        """Return the loss over time and the weights of the time scales.

        Parameters
        ----------
        leads : collection of int
            Rows since which networks of another memory lead.
        """
        monitor, segments = self._monitor, self._segments
        rows = np.array([(one.first + one.last) / 2 for one in segments])
        shares = {
            f"{horizon:,} rows": np.array([one.horizons[horizon] for one in segments])
            for horizon in segments[0].horizons
        }
        changes = sorted([*(one.since for one in self.shown), *leads])
        name = monitor.source.loss_name
        return [loss_figure(*monitor.losses.curve(), changes, name), shares_figure(rows, shares)]

    @property
    def _restless(self) -> Counter[str]:
        """How often columns changed that do so all the time."""
        names = Counter(one.name for one in self._monitor.alarms if one.what != "errors")
        most = max(2, self._monitor.n_rows // OFTEN)
        return Counter({name: number for name, number in names.items() if number > most})


def _rise(alarm: Alarm) -> float:
    return alarm.now - alarm.before


def merged(segments: Sequence[Segment], *, is_classes: bool) -> Segment:
    """Return consecutive segments as one."""
    counts = np.array([one.last - one.first + 1 for one in segments])

    def mean(values: list[float]) -> float:
        if is_classes:
            return float(np.average(values, weights=counts))
        shares = counts / counts.sum()
        return float(np.hypot.reduce(np.sqrt(shares) * values))  # no square overflows

    losses = [one.loss for one in segments if one.loss is not None]
    return Segment(
        segments[0].first,
        segments[-1].last,
        mean([one.score for one in segments]),
        mean([one.no_change for one in segments]),
        mean([one.linear for one in segments]),
        float(np.average(losses, weights=counts)) if losses else None,
        {
            horizon: float(np.average([one.horizons[horizon] for one in segments], weights=counts))
            for horizon in segments[0].horizons
        },
        np.concatenate([one.losses for one in segments]),
    )
