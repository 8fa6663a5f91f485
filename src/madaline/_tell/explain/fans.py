"""The fan of a series: its latest known values, and behind them its forecast with intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from madaline._base.language import _
from madaline._models.runtime.forecast import places_of, rows_ahead
from madaline._models.runtime.given_rows import given_rows
from madaline._models.runtime.predictor import Predictor
from madaline._race.time.calendar import moments
from madaline._race.time.lags import STEPS_AHEAD, shown_series
from madaline._race.time.past import Past
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.records._results.figure import COLORS, Axis, Band, Figure, Line

COVERAGES = (0.5, 0.8, 0.95)  # of the intervals of a fan; the middle one tells what is hard
_MAX_SERIES = 4  # that are drawn where none is named: the hardest ones and typical ones
_SECONDS = "datetime64[s]"
_HISTORY = 3  # forecasts, or longest lags, that the history before a forecast is as long as


@final
@dataclass(frozen=True, eq=False)
class Fan:
    """The latest known values of a series, and its forecast with intervals."""

    name: str  # of the series; empty where there is one
    known_times: Array  # (n_known,): moments, or numbers
    known: Array  # (n_known,)
    times: Array  # (n_ahead,)
    forecast: Array  # (n_ahead,)
    bounds: Array  # (n_coverages, n_ahead, 2), by `COVERAGES`

    @property
    def difficulty(self) -> float:
        """The mean width of the intervals, as a share of the usual distance from the mean."""
        spread = float(np.std(self.known)) or float(np.mean(np.abs(self.known))) or 1.0
        low, high = self.bounds[len(COVERAGES) // 2].T
        return float(np.mean(high - low)) / spread

    def figure(self, target: str, time: str) -> Figure:
        """Return history, forecast and intervals in one picture."""
        numbers = [self.known, self.forecast, self.bounds[np.isfinite(self.bounds)]]
        times = np.concatenate([self.known_times, self.times])
        of_dates = times.dtype.kind == "M"
        seconds = times.astype(_SECONDS).astype(np.float64) if of_dates else times
        shares = _(", ").join(f"{share:.0%}" for share in COVERAGES)
        label = _("forecast, with intervals of {shares}").format(shares=shares)
        return Figure(
            _("Forecast of {target}, {series}").format(target=target, series=self.name)
            if self.name
            else _("Forecast of {target}").format(target=target),
            _("What is known of {target}, its forecast and intervals.").format(target=target),
            _("The shaded intervals hold {shares} of new values.").format(shares=shares),
            Axis.around(seconds, time, unit="moment" if of_dates else "number"),
            Axis.around(np.concatenate(numbers), target),
            (
                *(
                    Band(self.times, bounds[:, 0], bounds[:, 1], 0.2)
                    for bounds in self.bounds[::-1]
                    if np.isfinite(bounds).all()
                ),
                Line(self.known_times, self.known, COLORS[1], _("known")),
                Line(self.times, self.forecast, COLORS[0], label),
            ),
        )


def forecast_fans(predictor: Predictor, horizon: int | None = None, rows: Any = None) -> list[Fan]:
    """Return the fan of each series of which a value is known.

    `InputError` where numbers are not predicted, or `Predictor.forecast` raises it.
    """
    lags, table = rows_ahead(predictor.past, predictor.encoder, predictor.columns, horizon, rows)
    past = predictor.past
    assert past is not None  # else there are no rows ahead
    encoded = predictor.encode(table)
    forecast = predictor.predict(encoded)
    if lags.classes or forecast.ndim > 1:
        raise InputError("This plot is of forecasts of numbers, not of classes or quantiles.")
    bounds = np.stack([predictor.predict_interval(encoded, share) for share in COVERAGES])
    steps = places_of(lags, table, encoded.steps)
    names = lags.read_series(table)
    known = past if rows is None else past.joined(given_rows(rows, predictor.encoder, past.read))
    fans = []
    for name, times, values in _latest(known):
        own = np.flatnonzero(names == name)
        if len(own) and len(values):
            ahead = times[-1] + steps[STEPS_AHEAD] if lags.time is None else steps[lags.time]
            ahead = ahead[own].astype(times.dtype)
            fans.append(
                Fan(shown_series(name), times, values, ahead, forecast[own], bounds[:, own])
            )
    return fans


def chosen_fans(fans: Sequence[Fan]) -> list[Fan]:
    """Return the hardest series and typical ones, the hardest first."""
    hardest_first = sorted(fans, key=lambda fan: -fan.difficulty)
    if len(fans) <= _MAX_SERIES:
        return hardest_first
    n_typical = _MAX_SERIES // 2
    middle = max(_MAX_SERIES - n_typical, (len(fans) - n_typical) // 2)
    return [*hardest_first[: _MAX_SERIES - n_typical], *hardest_first[middle:][:n_typical]]


def _latest(past: Past) -> Iterator[tuple[str, Array, Array]]:
    """Yield the name of each series, and its latest times and values."""
    lags, kept = past.lags, past.kept
    n_shown = _HISTORY * max(lags.horizon, *lags.rows)
    for name, start, stop in zip(kept.names, kept.starts[:-1], kept.starts[1:], strict=True):
        points = np.arange(max(start, stop - n_shown), stop)
        points = points[~np.isnan(kept.values[points, 0])]
        times = kept.times[points]
        times = moments(times).astype(_SECONDS) if lags.of_dates else times
        yield name, times, kept.values[points, 0]
