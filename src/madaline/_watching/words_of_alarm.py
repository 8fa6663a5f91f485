"""From a test that reached its threshold to an alarm: what changed, measured in its own unit."""

from __future__ import annotations

import numpy as np

from madaline._watching.alarm import Alarm
from madaline._watching.bank import Bank, Crossing, Signal
from madaline._watching.source import Source, short_name
from madaline.nn.arrays import Array

FEWEST_LABELS = 10
"""Labels since a change from which its effect on the loss is told."""


def describe(crossing: Crossing, signal: Signal, labels: Bank, source: Source) -> Alarm:
    """Return the alarm of a test.

    Parameters
    ----------
    crossing : Crossing
        The test.
    signal : Signal
        What it tests.
    labels : Bank
        The tests of labels; the first is of the loss.
    source : Source
        It knows the names of levels.
    """
    values = crossing.values
    level, is_new = "", False
    if signal.kind == "level":
        measure, before = "share", crossing.reference.share(crossing.cell)
        now = crossing.share
        if signal.what != "missing":
            is_new = crossing.cell == len(crossing.reference.codes) + 1
            level = source.cell_name(signal, crossing.reference, crossing.cell)
        if is_new:
            level = _commonest_new(crossing, values, source.levels[signal.what, signal.name].name)
    elif signal.what in ("errors", "calibration"):
        measure, before, now = "mean", crossing.reference.mean, float(np.mean(values))
    else:
        measure, before, now = _of_numbers(crossing, values)
    loss_before, loss_now = _loss(labels, crossing, source)
    return Alarm(
        signal.what,
        signal.name,
        crossing.row,
        crossing.since,
        measure,
        before,
        now,
        signal.kind,
        short_name(level),
        is_new,
        source.loss_name,
        loss_before,
        loss_now,
    )


def _of_numbers(crossing: Crossing, values: Array) -> tuple[str, float, float]:
    quantile = crossing.reference.quantile
    if crossing.change == "shift":
        return "median", quantile(0.5), float(np.median(values))
    low, high = np.quantile(values, (0.25, 0.75))
    return "interquartile range", quantile(0.75) - quantile(0.25), float(high - low)


def _commonest_new(crossing: Crossing, values: Array, name: object) -> str:
    """Return the most frequent level among those that did not occur before."""
    new = values[crossing.reference.cells(values) == crossing.cell]
    codes, numbers = np.unique(new.astype(np.intp), return_counts=True)
    return str(name(int(codes[np.argmax(numbers)])))  # type: ignore[operator]


def _loss(labels: Bank, crossing: Crossing, source: Source) -> tuple[float | None, float | None]:
    """Return the mean loss in training and since a change, where enough labels are known."""
    reference = source.of_labels[0][1] if source.of_labels else None
    if reference is None:
        return None, None
    since = labels.recent.values(0, crossing.since, crossing.row)
    if len(since) < FEWEST_LABELS:
        return None, None
    return reference.mean, float(np.mean(since))
