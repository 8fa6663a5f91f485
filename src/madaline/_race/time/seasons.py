"""Which lags suit series: the latest row, and the seasons that the step of their times suggests.

A season counts where the changes of series from row to row resemble those a season before: their
autocorrelation at that lag is clearly above zero.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from madaline._race.time.calendar import DAYS, LENGTH, MONTHS, Calendar
from madaline._race.time.history import SeriesHistory
from madaline.nn.arrays import Array

_DAY = 86_400.0
_MIN_CORRELATION = 0.1  # of changes with those a season before
_MIN_ERRORS = 3.0  # standard errors by which it is above zero
_MIN_GAIN = 0.8  # share of the largest autocorrelation from which on a shorter season counts
_MIN_SEASONS = 3  # of which a series must have rows to be looked at
_MAX_SEASONS = 2  # a day and a week of hours
_MAX_SERIES, _MAX_ROWS = 2000, 5000  # that are looked at: the latest rows of each

# Seasons of numbered rows, and of months, in rows: they may be any of these
_ANY = (4, 5, 6, 7, 10, 12, 24, 48, 52, 96, 168)
_YEAR = 12


def propose_lags(history: SeriesHistory, calendar: Calendar, *, of_dates: bool) -> tuple[int, ...]:
    """Return the lags that suit series, in rows: one, and their seasons.

    The history has a point for each step of the calendar.

    >>> months = np.arange(60.0)
    >>> values = 3 + np.sin(2 * np.pi * months / 12)[:, None]
    >>> history = SeriesHistory(("",), np.array([0, 60]), months, values)
    >>> propose_lags(history, Calendar(LENGTH, 1.0), of_dates=False)
    (1, 12)
    """
    seasons = sorted(set(_candidates(calendar, history.times, of_dates=of_dates)))
    strengths = {season: _strength(history, season) for season in seasons}
    most = max(strengths.values(), default=0.0)
    found = [season for season in seasons if strengths[season] > _MIN_GAIN * most > 0]
    single = found[:1]  # multiples of a season are as strong
    if of_dates and calendar.unit == LENGTH:
        single = [season for season in seasons if strengths[season] > 0][:_MAX_SEASONS]
    return (1, *single)


def _candidates(calendar: Calendar, times: Array, *, of_dates: bool) -> Iterator[int]:
    """Yield the seasons, in rows, that the step of times suggests."""
    step = calendar.length
    if not of_dates:
        yield from _ANY
    elif calendar.unit == DAYS:
        yield len(calendar.weekdays)
    elif calendar.unit == MONTHS:
        yield from [round(_YEAR / step)] if step < _YEAR else []
    elif calendar.unit == LENGTH and step >= _DAY:
        yield from [round(365.25 * _DAY / step)] if step <= 92 * _DAY else []
    else:
        step = step if calendar.unit == LENGTH else float(np.median(np.diff(np.unique(times))))
        yield from (round(length / step) for length in (_DAY, 7 * _DAY) if 2 * step <= length)


def _strength(history: SeriesHistory, season: int) -> float:
    """Return the autocorrelation of changes over a season, over all series; zero if by chance."""
    total = n_changes = 0.0
    long = np.flatnonzero(np.diff(history.starts) >= _MIN_SEASONS * season)
    for one in long[:: -(-len(long) // _MAX_SERIES) or 1].tolist():
        values = history.values[history.starts[one] : history.starts[one + 1], 0]
        changes = np.diff(values[-_MAX_ROWS:])
        if not np.isnan(changes).all() and np.nanstd(changes) > 0:
            changes = np.nan_to_num((changes - np.nanmean(changes)) / np.nanstd(changes))
            total += float(changes[season:] @ changes[:-season])
            n_changes += len(changes) - season
    least = max(_MIN_CORRELATION, _MIN_ERRORS / np.sqrt(max(n_changes, 1)))
    correlation = total / max(n_changes, 1)
    return correlation if correlation > least else 0.0
