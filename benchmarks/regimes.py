"""A memory of regimes: log loss after what is known to return, with the memory and without.

    python benchmarks/regimes.py --streams stagger planes radial trees --seeds 0

Of each stream the regime of every row is known here, never to the learner. `after` is the mean
log loss of the 500 rows after each return of a regime, `all` that of all rows; both with the
memory, and divided by those without.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from madaline import OnlineClassifier
from tables import DEFAULT_FOLDER

AFTER = 500
"""Rows after a return that are looked at."""

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Columns, classes and regimes, in the order of time."""


def spans(rng: np.random.Generator, regimes: int, rows: int, length: int) -> np.ndarray:
    """Return the regime of each row: stretches of about `length` rows, never one twice in a row."""
    order: list[int] = []
    while len(order) * length < rows:
        order += [regime for regime in rng.permutation(regimes) if [regime] != order[-1:]]
    return np.repeat(order, length)[:rows]


def stagger(rng: np.random.Generator) -> Rows:
    """Return STAGGER: three concepts of three symbols (Schlimmer and Granger, 1986)."""
    size, color, shape = x = rng.integers(3, size=(3, 15_000))
    concepts = (size == 0) & (color == 0), (color == 1) | (shape == 1), size > 0
    regimes = spans(rng, 3, 15_000, 1000)
    return x.T, np.choose(regimes, concepts).astype(int), regimes


def planes(rng: np.random.Generator) -> Rows:
    """Return four planes through ten numbers, with 5 % of the classes turned."""
    regimes = spans(rng, 4, 24_000, 1500)
    x = rng.uniform(-1, 1, (24_000, 10))
    normals = rng.normal(size=(4, 10))
    y = np.einsum("nd,nd->n", x, normals[regimes]) > 0
    return x, (y ^ (rng.random(24_000) < 0.05)).astype(int), regimes


def radial(rng: np.random.Generator) -> Rows:
    """Return four sets of centers: the nearest one decides."""
    regimes = spans(rng, 4, 24_000, 1500)
    x = rng.random((24_000, 4))
    centers, classes = rng.random((4, 10, 4)), rng.integers(2, size=(4, 10))
    nearest = np.square(x[:, None] - centers[regimes]).sum(axis=2).argmin(axis=1)
    return x, classes[regimes, nearest], regimes


def trees(rng: np.random.Generator) -> Rows:
    """Return four random trees of depth six over ten numbers."""
    regimes = spans(rng, 4, 24_000, 1500)
    x = rng.random((24_000, 10))
    columns, cuts = rng.integers(10, size=(4, 64)), rng.uniform(0.3, 0.7, (4, 64))
    leaves = rng.integers(2, size=(4, 64))
    node = np.ones(24_000, int)
    for _ in range(6):
        right = x[np.arange(24_000), columns[regimes, node]] > cuts[regimes, node]
        node = 2 * node + right
    return x, leaves[regimes, node - 64], regimes


def still(rng: np.random.Generator) -> Rows:
    """Return a plane that never changes."""
    x = rng.uniform(-1, 1, (10_000, 10))
    y = (x @ rng.normal(size=10) > 0) ^ (rng.random(10_000) < 0.1)
    return x, y.astype(int), np.zeros(10_000, int)


MADE: dict[str, Callable[[np.random.Generator], Rows]] = {
    "stagger": stagger,
    "planes": planes,
    "radial": radial,
    "trees": trees,
    "still": still,
}
REAL = ("arabic_digits", "cmc", "electricity", "sea")


def load(name: str, seed: int, folder: Path) -> Rows:
    """Return a stream; those that are no table are drawn."""
    if name in MADE:
        return MADE[name](np.random.default_rng(seed))
    table = pd.read_parquet(folder / "streams" / f"{name}.parquet").head(10_000)
    y = table.pop("label" if "label" in table else "class").to_numpy()
    regimes = table.pop("regime").to_numpy() if "regime" in table else np.zeros(len(y), int)
    return table.to_numpy(float), np.unique(y, return_inverse=True)[1], regimes


def losses(x: np.ndarray, y: np.ndarray, seed: int, max_regimes: int) -> tuple[np.ndarray, float]:
    """Return the log loss of each row, predicted before it is learned, and microseconds a row."""
    model = OnlineClassifier(random_state=seed, max_regimes=max_regimes)
    names = [f"x{number}" for number in range(x.shape[1])]
    lost = np.zeros(len(y))
    started = time.process_time()
    for number, (values, label) in enumerate(zip(x.tolist(), y.tolist(), strict=True)):
        row = dict(zip(names, values, strict=True))
        shares = model.predict_proba_one(row)
        lost[number] = -np.log(max(shares.get(label, 0.0), 1e-3))
        model.learn_one(row, label)
    return lost, (time.process_time() - started) / len(y) * 1e6


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


def main() -> None:
    """Print a line for each stream and seed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--streams", nargs="+", default=[*MADE, *REAL], choices=[*MADE, *REAL])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--rows", type=int, default=10**9, help="the first so many rows alone")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER)
    options = parser.parse_args()
    print("stream seed  all  ratio  after  ratio  us a row  ratio", flush=True)
    for name in options.streams:
        for seed in options.seeds:
            x, y, regimes = (part[: options.rows] for part in load(name, seed, options.folder))
            after = after_returns(regimes)
            (before, time_before), (now, time_now) = (losses(x, y, seed, n) for n in (0, 16))
            of_returns = "-"
            if after.any():
                mean = now[after].mean()
                of_returns = f"{mean:.4f} {mean / before[after].mean():.3f}"
            print(
                f"{name} {seed}  {now.mean():.4f} {now.mean() / before.mean():.4f}  {of_returns}"
                f"  {time_now:.0f} {time_now / time_before:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
