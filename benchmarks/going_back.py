"""Seasons that return: what it is worth to keep earlier models, and to try them first.

    python benchmarks/going_back.py --tables bikes digits --seeds 3

A table comes in seasons. The first is fitted, each later one updates the model. At the start of
each season from the third on, 200 rows are labeled (or half of the season, if that is less):
printed are the mean losses of the others by the model as it is, by one updated with these 200,
without and with earlier models (`keep_models=8`), and by the earlier model that an update went back
to, as it was; and how often that was.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tables import DEFAULT_FOLDER
from updates import EFFORT, Stream, loss_of

LABELED = 200


def bikes(folder: Path, seed: int) -> Stream:  # noqa: ARG001
    """Hours of two years, summer and winter: the logarithm of how many bikes are rented."""
    X, y = _bikes(folder)
    halves = (X["x4"].rank(method="dense") * 12 + X["x1"].rank(method="dense") + 2) // 6
    return Stream(X.drop(columns=["x0", "x4"]), y, _bounds(halves.to_numpy()), False)


def days(folder: Path, seed: int) -> Stream:  # noqa: ARG001
    """Working days and others in turns, four times, and no column says which."""
    X, y = _bikes(folder)
    return _in_turns(X.drop(columns=["x7", "x8", "x9"]), y, X["x9"].to_numpy() > 0, 4)


def _bikes(folder: Path) -> tuple[Any, NDArray[Any]]:
    import pandas as pd

    X = pd.read_parquet(folder / "tabular" / "bike_hour.parquet")
    X = X.sort_values(["x4", "x1", "x2", "x6"], kind="stable")
    y = X.pop("y").to_numpy()
    return X, y


def electricity(folder: Path, seed: int) -> Stream:  # noqa: ARG001
    """Half-hours of an electricity market, in half-years."""
    import pandas as pd

    X = pd.read_parquet(folder / "streams" / "electricity.parquet")
    y = X.pop("class").to_numpy()
    return Stream(X, y, _bounds(np.minimum(np.arange(len(y)) // (183 * 48), 4)), True)


def digits(folder: Path, seed: int) -> Stream:
    """Digits spoken by women and by men in turns, four times."""
    return _of_regimes(folder / "streams" / "arabic_digits.parquet", seed, 4)


def cmc(folder: Path, seed: int) -> Stream:
    """Contraceptives used by women of two age groups in turns, three times."""
    return _of_regimes(folder / "streams" / "cmc.parquet", seed, 3)


def _of_regimes(path: Path, seed: int, laps: int) -> Stream:
    import pandas as pd

    table = pd.read_parquet(path).sample(frac=1, random_state=seed)
    regimes = table.pop("regime").to_numpy()
    return _in_turns(table, table.pop("label").to_numpy(), regimes, laps)


def _in_turns(X: Any, y: NDArray[Any], regimes: NDArray[Any], laps: int) -> Stream:
    """Return the rows of each regime in equal parts, by turns."""
    parts = np.zeros(len(y), int)
    for number, regime in enumerate(np.unique(regimes)):
        own = np.flatnonzero(regimes == regime)
        parts[own] = 2 * (np.arange(len(own)) * laps // len(own)) + number
    order = np.argsort(parts, kind="stable")
    return Stream(X.iloc[order], y[order], _bounds(parts[order]), y.dtype.kind != "f")


def _bounds(parts: NDArray[Any]) -> list[int]:
    return [0, *(np.flatnonzero(np.diff(parts)) + 1).tolist(), len(parts)]


STREAMS: dict[str, Callable[[Path, int], Stream]] = {
    one.__name__: one for one in (bikes, days, electricity, digits, cmc)
}


def measure(stream: Stream, model: Any, keep_models: int) -> Iterator[tuple[float, ...]]:
    """Yield rows, losses as it is, updated and gone back, and whether it went back, by season."""
    model = model.fit(*stream.part(0))
    for number in range(1, stream.n_parts):
        X, y = stream.part(number)
        if number > 1:
            n = min(LABELED, len(y) // 2)
            updated = deepcopy(model).update(X.iloc[:n], y[:n], keep_models=keep_models)
            last, models = updated.model_.changes[-2], [model, updated, model]
            went = last.action == "back"
            if went:
                models[2] = deepcopy(model).go_back(last.name)
            losses = [loss_of(one, X[n:], y[n:], is_classes=stream.is_classes) for one in models]
            yield len(y) - n, *losses, went
        model = model.update(X, y, keep_models=keep_models)


def main() -> int:
    """Measure what was asked for."""
    from madaline import AdaptiveClassifier, AdaptiveRegressor

    warnings.simplefilter("ignore")
    options = _parse()
    for name in options.tables:
        for seed in range(options.seeds):
            stream = STREAMS[name](options.folder, seed)
            kind = AdaptiveClassifier if stream.is_classes else AdaptiveRegressor
            for keep_models in options.keep_models:
                model = kind(effort=EFFORT, random_state=seed, keep_rows=options.keep_rows)
                rows = np.array([*measure(stream, model, keep_models)], float)
                losses = rows[:, 0] @ rows[:, 1:4] / rows[:, 0].sum()
                back = f"{int(rows[:, 4].sum())} of {len(rows)}"
                print(
                    name, seed, options.keep_rows, keep_models, *losses.round(4), back, flush=True
                )
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", nargs="+", choices=list(STREAMS), default=list(STREAMS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--keep-rows", type=int, default=0)
    parser.add_argument("--keep-models", type=int, nargs="+", default=[0, 8])
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="the data folder")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
