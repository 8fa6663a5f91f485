"""What learns from a dated table: madaline, its peers, and what needs no columns at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dated_tables import SOURCES, cuts, load_frame
from measuring import Job
from peers import PEERS
from tables import Table

RANDOM, FORWARD = "random", "forward"


@dataclass(frozen=True)
class DatedTable(Table):
    """A table cut in time, with what was known before each test row.

    `y_before` is the target of the row before each test row, of its series if there are several,
    and missing before the first row of a series; without series, all `series` are the same.
    `gap` is the time from the last training row to the first test row, None where it is the usual.
    """

    time: str | None
    gap: Any
    y_before: NDArray[Any]
    series_train: NDArray[Any]
    series_test: NDArray[Any]


def load(job: Job) -> DatedTable:
    """Return a table cut as the job says."""
    frame = load_frame(job.name, Path(job.folder))
    return cut(job.name, frame, *cuts(frame, SOURCES[job.name].time)[job.arguments["test"]])


def cut(name: str, frame: Any, end: int, start: int) -> DatedTable:
    """Return a table to learn from up to a row, and to test from a row on.

    Test rows of classes that are not among those to learn from are left out.
    """
    source = SOURCES[name]
    column, x = frame[source.target], frame.drop(columns=source.target)
    y = column.to_numpy(object if source.is_classification else float)
    tested = np.arange(len(y)) >= start
    if source.is_classification:
        tested &= column.isin(set(y[:end])).to_numpy()
    series = np.zeros(len(y)) if source.series is None else frame[source.series].to_numpy()
    before = column.groupby(series).shift(1).to_numpy(object)
    return DatedTable(
        name,
        source.is_classification,
        x.iloc[:end].reset_index(drop=True),
        y[:end],
        x[tested].reset_index(drop=True),
        y[tested],
        source.time,
        _gap(frame, source.time, end, start),
        before[tested],
        series[:end],
        series[tested],
    )


def _gap(frame: Any, time: str | None, end: int, start: int) -> Any:
    """Return the time between two rows, in rows where their order is all there is."""
    if start == end:
        return None
    gap = start - end if time is None else frame[time].iloc[start] - frame[time].iloc[end - 1]
    return gap.to_pytimedelta() if hasattr(gap, "to_pytimedelta") else float(gap)


def dates_as_numbers(frame: Any, *, parts_as: type[Any] = int) -> Any:
    """Return dates as days since 1970, with their month, weekday and hour."""
    frame = frame.copy()
    for name in frame.select_dtypes("datetime").columns:
        date = frame.pop(name)
        frame[name] = date.astype("datetime64[s]").astype("int64") / 86400
        for part in ("month", "day_of_week", "hour"):
            frame[f"{name} {part}"] = getattr(date.dt, part).astype(parts_as)
    return frame


def _madaline(table: DatedTable, seed: int, **arguments: Any) -> Any:
    from madaline import AdaptiveClassifier, AdaptiveRegressor

    kind = AdaptiveClassifier if table.is_classification else AdaptiveRegressor
    estimator = kind(random_state=seed, n_jobs=1)
    estimator.fit = partial(estimator.fit, **arguments)
    return estimator


def _told(table: DatedTable, seed: int) -> Any:
    return _madaline(table, seed, time=table.time or True, gap=table.gap)


def _with_lags(table: DatedTable, seed: int) -> Any:
    """Return a fit that learns from the last known value, as far ahead as a quarter of the rows."""
    times = table.x_train[table.time] if table.time else table.x_train.index.to_series()
    return _madaline(
        table,
        seed,
        time=table.time or True,
        series=SOURCES[table.name].series,
        lags=1,
        horizon=int(times.sort_values().iloc[-len(times) // 4 :].nunique()),
    )


def _with_split(table: DatedTable, seed: int) -> Any:
    from sklearn.model_selection import TimeSeriesSplit

    return _madaline(table, seed, time=False, folds=TimeSeriesSplit(5))


def _peer(table: DatedTable, seed: int, *, name: str) -> Any:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    encoded = replace(table, x_train=dates_as_numbers(table.x_train))
    return make_pipeline(FunctionTransformer(dates_as_numbers), PEERS[name](encoded, seed))


def _ridge(table: DatedTable, _: int) -> Any:
    """Return a ridge regression, or a logistic one; months, weekdays and hours are categories."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    encode = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
    )
    model = LogisticRegression(max_iter=2000) if table.is_classification else Ridge()
    dates = FunctionTransformer(dates_as_numbers, kw_args={"parts_as": str})
    return make_pipeline(dates, encode, model)


class _FromTarget:
    """A prediction from the target alone (abstract)."""

    def __init__(self, table: DatedTable, _: int) -> None:
        self.table = table
        self.y = table.y_train

    def fit(self, _: Any, y: Any) -> None:
        """Keep the classes and their shares."""
        self.classes_ = np.array(sorted(set(y.tolist())), object)
        self.shares = np.array([(y == label).mean() for label in self.classes_])

    def _shares_in(self, labels: Iterable[Any]) -> NDArray[Any]:
        """Return the classes' shares among labels, and one row more that is like all rows."""
        counted = np.array(list(labels), object)
        counts = np.array([(counted == label).sum() for label in self.classes_])
        return (counts + self.shares) / (len(counted) + 1)


class _Constant(_FromTarget):
    """The mean, or the classes' shares."""

    def predict(self, x: Any) -> NDArray[Any]:
        """Return the mean of the training rows."""
        return np.full(len(x), self.y.mean())

    def predict_proba(self, x: Any) -> NDArray[Any]:
        """Return the shares among the training rows."""
        return np.tile(self.shares, (len(x), 1))


class _Last(_FromTarget):
    """The last value of the training rows, of the series, for all test rows."""

    def predict(self, _: Any) -> NDArray[Any]:
        """Return the last value of the series; the mean of all rows where it begins later."""
        last = dict(zip(self.table.series_train.tolist(), self.y.tolist(), strict=True))
        mean = self.y.mean()
        return np.array([last.get(one, mean) for one in self.table.series_test.tolist()])

    def predict_proba(self, x: Any) -> NDArray[Any]:
        """Return the classes' shares in the latest tenth."""
        return np.tile(self._shares_in(self.y[-max(1, len(self.y) // 10) :]), (len(x), 1))


class _Previous(_FromTarget):
    """The value of the row before, as if each was known before the next is predicted."""

    def predict(self, _: Any) -> NDArray[Any]:
        """Return the value of the row before; the mean of all rows where there is none."""
        before = self.table.y_before.astype(float)
        return np.where(np.isnan(before), self.y.mean(), before)

    def predict_proba(self, _: Any) -> NDArray[Any]:
        """Return the shares of the classes that followed the class of the row before."""
        after: dict[Any, list[Any]] = defaultdict(list)
        last: dict[Any, Any] = {}
        for series, label in zip(self.table.series_train.tolist(), self.y.tolist(), strict=True):
            after[last.get(series)].append(label)
            last[series] = label
        shares = {label: self._shares_in(labels) for label, labels in after.items()}
        return np.stack([shares.get(label, self.shares) for label in self.table.y_before.tolist()])


OURS = {
    RANDOM: partial(_madaline, time=False),
    FORWARD: _madaline,
    "told": _told,
    "lags": _with_lags,
    "split": _with_split,
}
"""Madaline with folds at random, with its defaults, told what the time is (and the gap, if there is
one), with the last known value of each series, and with scikit-learn's `TimeSeriesSplit`."""

LEARNERS = {
    "catboost": partial(_peer, name="catboost"),
    "lightgbm": partial(_peer, name="lightgbm"),
    "ridge": _ridge,
}

METHODS = OURS | LEARNERS | {"last": _Last, "previous": _Previous, "constant": _Constant}
