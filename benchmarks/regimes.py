"""A memory of regimes: what it is worth, how well regimes are told apart, and beside an oracle.

    python benchmarks/regimes.py --streams stagger planes radial trees --orders 3 --oracle
    python benchmarks/regimes.py --streams "arabic digits, published" "cmc, published" --oracle
    python benchmarks/regimes.py --streams "stream: sea" "table: adult"

The regime of every row is known here, never to the learner. `all` is the mean log loss of all rows,
`after` that of the 500 rows after each return of a regime; both with the memory, and divided by
those without. The oracle learns each regime with a model of its own and knows which it is; where
one model of all rows is better in a regime, it takes that one. `beyond` is how much more log loss a
row takes with the memory than with the oracle. C-F1 is the mean over regimes of the best F1 of the
rows that a name was given to, as SELeCT measures it (Halstead and others, 2022): as it was told at
the time, but names that were given up count as the next one.

"published" is the stream of SELeCT: three laps of all rows of each regime, the same rows each time.
Elsewhere no row comes twice.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from madaline import OnlineClassifier
from streaming.streams import STREAMS, load_stream
from tables import DEFAULT_FOLDER, load_table

AFTER = 500
"""Rows after a return that are looked at."""

ROWS = 10_000
"""Rows of streams without returns, at most."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows, their classes and regimes, in the order of time."""

    x: list[dict[str, Any]]
    y: list[Any]
    regimes: np.ndarray

    def __getitem__(self, chosen: np.ndarray) -> Rows:
        """Return the rows at some places."""
        places = chosen.tolist()
        return Rows([self.x[i] for i in places], [self.y[i] for i in places], self.regimes[chosen])


def named(x: np.ndarray, y: np.ndarray, regimes: np.ndarray) -> Rows:
    """Return rows whose columns are called x0, x1 and so on."""
    names = [f"x{number}" for number in range(x.shape[1])]
    return Rows([dict(zip(names, row, strict=True)) for row in x.tolist()], y.tolist(), regimes)


def spans(rng: np.random.Generator, regimes: int, rows: int, length: int) -> np.ndarray:
    """Return the regime of each row: stretches of about `length` rows, never one twice in a row."""
    order: list[int] = []
    while len(order) * length < rows:
        order += [regime for regime in rng.permutation(regimes) if [regime] != order[-1:]]
    return np.repeat(order, length)[:rows]


Rng = np.random.Generator


def stagger(rng: Rng, order: Rng) -> Rows:
    """Return STAGGER: three concepts of three symbols (Schlimmer and Granger, 1986)."""
    size, color, shape = x = rng.integers(3, size=(3, 15_000))
    concepts = (size == 0) & (color == 0), (color == 1) | (shape == 1), size > 0
    regimes = spans(order, 3, 15_000, 1000)
    return named(x.T, np.choose(regimes, concepts).astype(int), regimes)


def planes(rng: Rng, order: Rng) -> Rows:
    """Return four planes through ten numbers, with 5 % of the classes turned."""
    regimes = spans(order, 4, 24_000, 1500)
    x = rng.uniform(-1, 1, (24_000, 10))
    normals = rng.normal(size=(4, 10))
    y = np.einsum("nd,nd->n", x, normals[regimes]) > 0
    return named(x, (y ^ (rng.random(24_000) < 0.05)).astype(int), regimes)


def radial(rng: Rng, order: Rng) -> Rows:
    """Return four sets of centers: the nearest one decides."""
    regimes = spans(order, 4, 24_000, 1500)
    x = rng.random((24_000, 4))
    centers, classes = rng.random((4, 10, 4)), rng.integers(2, size=(4, 10))
    nearest = np.square(x[:, None] - centers[regimes]).sum(axis=2).argmin(axis=1)
    return named(x, classes[regimes, nearest], regimes)


def trees(rng: Rng, order: Rng) -> Rows:
    """Return four random trees of depth six over ten numbers."""
    regimes = spans(order, 4, 24_000, 1500)
    x = rng.random((24_000, 10))
    columns, cuts = rng.integers(10, size=(4, 64)), rng.uniform(0.3, 0.7, (4, 64))
    leaves = rng.integers(2, size=(4, 64))
    node = np.ones(24_000, int)
    for _ in range(6):
        right = x[np.arange(24_000), columns[regimes, node]] > cuts[regimes, node]
        node = 2 * node + right
    return named(x, leaves[regimes, node - 64], regimes)


def still(rng: Rng, order: Rng) -> Rows:  # noqa: ARG001
    """Return a plane that never changes."""
    x = rng.uniform(-1, 1, (10_000, 10))
    y = (x @ rng.normal(size=10) > 0) ^ (rng.random(10_000) < 0.1)
    return named(x, y.astype(int), np.zeros(10_000, int))


MADE: dict[str, Callable[[Rng, Rng], Rows]] = {
    "stagger": stagger,
    "planes": planes,
    "radial": radial,
    "trees": trees,
    "still": still,
}


def deal(rows: Rows, order: Rng, laps: int, *, again: bool = False) -> Rows:
    """Return the rows in laps of one stretch of each regime.

    Rows of a regime are shuffled once; with `again`, every lap has all of them.
    """
    kinds = np.unique(rows.regimes)
    parts = {}
    for kind in kinds:
        shuffled = order.permutation(np.flatnonzero(rows.regimes == kind))
        parts[kind] = [shuffled] * laps if again else np.array_split(shuffled, laps)
    stretches: list[np.ndarray] = []
    last = None
    for lap in range(laps):
        kinds = order.permutation(kinds)
        if kinds[0] == last:
            kinds = kinds[::-1]
        stretches += [parts[kind][lap] for kind in kinds]
        last = kinds[-1]
    return rows[np.concatenate(stretches)]


def of_frame(frame: pd.DataFrame, label: str, regime: str | None = None) -> Rows:
    """Return the rows of a table, the regime left out."""
    y = frame.pop(label).tolist()
    regimes = np.zeros(len(y), int)
    if regime is not None:
        regimes = pd.factorize(frame.pop(regime), sort=True)[0]
    return Rows(frame.to_dict("records"), y, regimes)


def digits(folder: Path) -> Rows:
    """Return written digits of 7 by 7 points, turned by a quarter or not, half of them each."""
    with np.load(folder / "images" / "mnist_5k.npz") as held:
        pictures, y = held["X"] / 255.0, held["y"]
    small = pictures.reshape(-1, 7, 4, 7, 4).mean(axis=(2, 4))
    regimes = np.arange(len(y)) % 2
    small[regimes == 1] = np.rot90(small[regimes == 1], axes=(1, 2))
    return named(small.reshape(-1, 49), y, regimes)


def houses(folder: Path) -> Rows:
    """Return houses, above the median price or not; the regime: inland, by the bay, or else."""
    frame = pd.read_parquet(folder / "tabular" / "california_housing.parquet")
    price = frame.pop("median_house_value")
    frame = frame.drop(columns=["longitude", "latitude"])
    places = {"INLAND": 1, "NEAR BAY": 2}
    frame["regime"] = [places.get(place, 0) for place in frame.pop("ocean_proximity")]
    return of_frame(frame.assign(y=price > price.median()), "y", "regime")


def seasons(folder: Path) -> Rows:
    """Return half hours of the price of electricity; the regime: the quarter of the year."""
    frame = pd.read_parquet(folder / "streams" / "electricity.parquet")
    days = pd.Timestamp("1996-05-07") + pd.to_timedelta(np.arange(len(frame)) // 48, "D")
    return of_frame(frame.assign(regime=days.quarter), "class", "regime")


def bikes(folder: Path) -> Rows:
    """Return hours, many bikes hired or few, in their order; the regime: the season."""
    frame = pd.read_parquet(folder / "tabular" / "bike_hour.parquet")
    frame = frame.sort_values(["x0", "x1", "x2", "x6"], kind="stable")
    busy = frame.pop("y")
    frame = frame.drop(columns=["x1", "x5"])  # the month
    return of_frame(frame.assign(y=busy > busy.median()), "y", "x3")


def dealt(name: str, laps: int, *, again: bool = False) -> Callable[[Path, Rng], Rows]:
    """Return what deals the rows of a table of known regimes."""

    def load(folder: Path, order: Rng) -> Rows:
        frame = pd.read_parquet(folder / "streams" / f"{name}.parquet")
        return deal(of_frame(frame, "label", "regime"), order, laps, again=again)

    return load


REAL: dict[str, Callable[[Path, Rng], Rows]] = {
    "arabic digits": dealt("arabic_digits", 6),
    "cmc": dealt("cmc", 3),
    "arabic digits, published": dealt("arabic_digits", 3, again=True),
    "cmc, published": dealt("cmc", 3, again=True),
    "turned digits": lambda folder, order: deal(digits(folder), order, 5),
    "houses": lambda folder, order: deal(houses(folder), order, 4),
    "seasons": lambda folder, order: seasons(folder),  # noqa: ARG005
    "bikes": lambda folder, order: bikes(folder),  # noqa: ARG005
}
STEADY = tuple(name for name, (_, is_classes) in STREAMS.items() if is_classes)
TABLES = ("adult", "churn", "credit_default_taiwan", "phoneme", "satimage")
OTHERS = (*(f"stream: {name}" for name in STEADY), *(f"table: {name}" for name in TABLES))


def load(name: str, seed: int, order: int, folder: Path) -> Rows:
    """Return a stream; the seed draws rows and concepts, the order the stretches."""
    orders = np.random.default_rng([7, seed, order])
    if name in MADE:
        return MADE[name](np.random.default_rng(seed), orders)
    if name in REAL:
        return REAL[name](folder, orders)
    kind, _, name = name.partition(": ")
    if kind == "table":
        table = load_table(folder, name)
        x = pd.concat([table.x_train, table.x_test])
        y = np.concatenate([table.y_train, table.y_test])
        return of_frame(x.assign(_label=y), "_label")
    stream = load_stream(name, folder, ROWS, seed)
    x, y = zip(*stream.pairs, strict=True)
    return Rows(list(x), list(y), np.zeros(len(y), int))


@dataclass(frozen=True, eq=False)
class Played:
    """What a model did with a stream."""

    lost: np.ndarray  # log loss of each row, predicted before it was learned
    guessed: np.ndarray  # the class with the largest probability
    told: np.ndarray  # the regime that the model said was there, -1 if none
    n_names: int  # regimes that it remembers in the end
    microseconds: float  # of processor time for a row


def play(rows: Rows, seed: int, max_regimes: int) -> Played:
    """Let a model predict and then learn each row."""
    model = OnlineClassifier(random_state=seed, max_regimes=max_regimes)
    lost, told = np.zeros(len(rows.y)), np.full(len(rows.y), -1)
    guessed: list[Any] = []
    started = time.process_time()
    for number, (row, label) in enumerate(zip(rows.x, rows.y, strict=True)):
        shares = model.predict_proba_one(row)
        lost[number] = -np.log(max(shares.get(label, 0.0), 1e-3))
        guessed.append(max(shares, key=shares.__getitem__) if shares else None)
        model.learn_one(row, label)
        told[number] = model.learner_.memory.current
    taken = (time.process_time() - started) / len(rows.y) * 1e6
    kept = model.learner_.memory.numbers
    return Played(lost, np.array(guessed, object), in_the_end(told, kept), len(kept), taken)


def in_the_end(told: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Return names with those that were given up replaced by the next one."""
    series = pd.Series(told, dtype=float)
    return series.where(series.isin(kept)).bfill().fillna(-1).to_numpy(int)


def oracle(rows: Rows, seed: int, one_for_all: Played) -> tuple[np.ndarray, np.ndarray]:
    """Return log losses and guesses of the better in each regime: its own model, or all's."""
    lost, guessed = one_for_all.lost.copy(), one_for_all.guessed.copy()
    for regime in np.unique(rows.regimes):
        chosen = np.flatnonzero(rows.regimes == regime)
        own = play(rows[chosen], seed, 0)
        if own.lost.sum() < lost[chosen].sum():
            lost[chosen], guessed[chosen] = own.lost, own.guessed
    return lost, guessed


def kappa(y: list[Any], guessed: np.ndarray) -> float:
    """Return Cohen's kappa."""
    table = pd.crosstab(np.array(y, object), guessed, normalize=True)
    right = sum(table.loc[c, c] for c in table.index if c in table.columns)
    chance = sum(table.loc[c].sum() * table[c].sum() for c in table.index if c in table.columns)
    return (right - chance) / (1 - chance)


def recognition(regimes: np.ndarray, told: np.ndarray) -> float:
    """Return C-F1: for each regime the best F1 of the rows of a name, in the mean."""
    table = pd.crosstab(regimes, told).to_numpy()
    f1 = 2 * table / (table.sum(axis=0) + table.sum(axis=1, keepdims=True))
    return float(f1.max(axis=1).mean())


def after_returns(regimes: np.ndarray) -> np.ndarray:
    """Return which rows are the first of a regime that was there before."""
    chosen = np.zeros(len(regimes), bool)
    starts = np.flatnonzero(np.diff(regimes, prepend=-1) != 0)
    seen: set[int] = set()
    for start, stop in zip(starts, [*starts[1:], len(regimes)], strict=True):
        if regimes[start] in seen:
            chosen[start : min(stop, start + AFTER)] = True
        seen.add(regimes[start])
    return chosen


def measure(rows: Rows, seed: int, *, with_oracle: bool) -> dict[str, float]:
    """Return what a line of the table says."""
    before, now = (play(rows, seed, max_regimes) for max_regimes in (0, 16))
    line = {"all": now.lost.mean(), "ratio": now.lost.mean() / before.lost.mean()}
    after = after_returns(rows.regimes)
    if after.any():
        line["after"] = now.lost[after].mean()
        line["after ratio"] = now.lost[after].mean() / before.lost[after].mean()
        line["C-F1"] = recognition(rows.regimes, now.told)
    line |= {"names": now.n_names, "kappa": kappa(rows.y, now.guessed)}
    line["kappa without"] = kappa(rows.y, before.guessed)
    if with_oracle:
        lost, guessed = oracle(rows, seed, before)
        line |= {"kappa oracle": kappa(rows.y, guessed), "beyond": now.lost.mean() - lost.mean()}
    return line | {"us": now.microseconds, "us ratio": now.microseconds / before.microseconds}


def main() -> None:
    """Print a line for each stream, seed and order, and the geometric means of ratios."""
    known = [*MADE, *REAL, *OTHERS]
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--streams", nargs="+", default=[*MADE, *REAL], choices=known)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--orders", type=int, default=1, help="so many orders of the stretches")
    parser.add_argument("--oracle", action="store_true", help="with one model for each regime")
    parser.add_argument("--rows", type=int, default=10**9, help="the first so many rows alone")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER)
    options = parser.parse_args()
    lines = []
    for name in options.streams:
        for seed in options.seeds:
            for order in range(options.orders):
                rows = load(name, seed, order, options.folder)
                rows = rows[np.arange(min(options.rows, len(rows.y)))]
                line = measure(rows, seed, with_oracle=options.oracle)
                lines.append(line)
                told = "  ".join(f"{what} {value:.4g}" for what, value in line.items())
                print(f"{name} {seed} {order}: {told}", flush=True)
    for what in ("ratio", "after ratio", "us ratio"):
        values = [line[what] for line in lines if what in line]
        if values:
            print(
                f"{what}: geometric mean {np.exp(np.mean(np.log(values))):.4f}, worst {max(values):.4f}"
            )


if __name__ == "__main__":
    main()
