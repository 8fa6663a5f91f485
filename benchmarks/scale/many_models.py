"""Many models: what they cost beside single fits, and from how many rows on one pays.

`speed` fits made groups one by one, then with `fit_many` on some processes, and prints the
processor seconds of both; the bits must be the same. `rows` fits a model for each group of a real
table, of so many rows each, and sets them beside one model for all, out of fold.

    python benchmarks/scale/many_models.py speed --groups 100 --rows 300 --jobs 2
    python benchmarks/scale/many_models.py rows adult income occupation --rows 30 60 120 240
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from madaline import AdaptiveRegressor, ManyModels, fit_many

TABLES = Path(__file__).parents[3] / "shared" / "data" / "tabular"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one of the measurements; return 1 if the bits differ."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(required=True)
    speed = commands.add_parser("speed")
    speed.add_argument("--groups", type=int, default=100)
    speed.add_argument("--rows", type=int, default=300)
    speed.add_argument("--effort", type=int, default=100)
    speed.add_argument("--jobs", type=int, default=2)
    speed.add_argument("--preset", default="balanced")
    speed.add_argument("--members", default="all")
    speed.add_argument("--without-single", action="store_true", help="fit no group by itself")
    speed.set_defaults(run=measure_speed)
    rows = commands.add_parser("rows")
    for name in ("table", "target", "by"):
        rows.add_argument(name)
    rows.add_argument("--groups", type=int, default=8)
    rows.add_argument("--rows", type=int, nargs="+", default=[30, 60, 120, 240])
    rows.add_argument("--effort", type=int, default=40)
    rows.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    rows.set_defaults(run=measure_rows)
    arguments = parser.parse_args(argv)
    warnings.simplefilter("ignore")
    return int(arguments.run(arguments))


def measure_speed(arguments: argparse.Namespace) -> bool:
    """Print processor seconds and seconds of the clock; return whether bits differ."""
    frame = pd.concat(
        [_group(number, arguments.rows) for number in range(arguments.groups)], ignore_index=True
    )
    print(f"{arguments.groups} groups of {arguments.rows} rows, effort {arguments.effort}")
    single = AdaptiveRegressor(effort=2, random_state=0)
    single.fit(_columns(frame[:300]), frame["sales"][:300])  # what is imported and compiled once
    start = _seconds()
    settings = {name: getattr(arguments, name) for name in ("effort", "preset", "members")}
    models = fit_many(
        frame, target="sales", by="store", **settings, n_jobs=arguments.jobs, verbose=1
    )
    _end_processes()
    _print(f"fit_many, {arguments.jobs} processes", start)
    return not arguments.without_single and _differ(frame, models, settings)


def _differ(frame: pd.DataFrame, models: ManyModels, settings: dict[str, Any]) -> bool:
    """Fit each group by itself, print what that takes, and return whether bits differ."""
    start, differ = _seconds(), False
    for group, rows in frame.groupby("store"):
        seed = models[group].random_state
        one = AdaptiveRegressor(**settings, random_state=seed)
        one.fit(_columns(rows), rows["sales"])
        differ |= one.model_.to_bytes() != models[group].model_.to_bytes()
    _print("one after the other", start)
    print(f"the same bits: {not differ}")
    return differ


def measure_rows(arguments: argparse.Namespace) -> bool:
    """Print for each number of rows how models of their own compare with one for all."""
    frame = pd.read_parquet(TABLES / f"{arguments.table}.parquet")
    if arguments.by not in frame:  # a column of numbers, by how many it holds
        name = next(name for name in frame if frame[name].nunique() == int(arguments.by))
        frame[arguments.by] = pd.factorize(frame.pop(name), sort=True)[0]
    frame = frame.dropna(subset=[arguments.target, arguments.by])
    counts = frame[arguments.by].value_counts()
    groups = counts[counts >= max(arguments.rows)].index[: arguments.groups]
    for seed in arguments.seeds:
        for n_rows in arguments.rows:
            parts = [
                frame[frame[arguments.by] == group].sample(n_rows, random_state=seed)
                for group in groups
            ]
            models = fit_many(
                pd.concat(parts).sample(frac=1.0, random_state=seed),
                target=arguments.target,
                by=arguments.by,
                compare=True,
                n_jobs=1,
                effort=arguments.effort,
                preset="quick",
                random_state=seed,
            )
            first = models.comparison[0] if models.comparison else "not compared"
            print(f"seed {seed}, {len(groups)} groups of {n_rows} rows: {first}", flush=True)
    return False


def _group(number: int, n_rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(number)
    frame = pd.DataFrame(
        {
            "price": rng.gamma(2.0, 3.0, n_rows),
            "promo": rng.integers(0, 2, n_rows),
            "day": rng.integers(0, 7, n_rows),
            "weather": rng.choice(["sun", "rain", "snow"], n_rows),
            "temperature": rng.normal(15.0, 8.0, n_rows),
            "store": f"store {number:04d}",
        }
    )
    mean = 50 - (3 + number % 3) * frame["price"] + 10 * frame["promo"] + 5 * np.sin(frame["day"])
    frame["sales"] = mean + 6 * (frame["weather"] == "sun") + rng.normal(0, 5, n_rows)
    return frame


def _columns(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns=["store", "sales"])


def _end_processes() -> None:
    """End joblib's processes, so that their seconds are known."""
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)


def _seconds() -> tuple[float, float]:
    """Return the processor seconds of this process and its children, and the clock."""
    spent = os.times()
    children = spent.children_user + spent.children_system
    return spent.user + spent.system + children, time.monotonic()


def _print(what: str, start: tuple[float, float]) -> None:
    processor, clock = (now - before for now, before in zip(_seconds(), start, strict=True))
    print(f"{what:<24} {processor:8.1f} s of processors {clock:8.1f} s of the clock", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
