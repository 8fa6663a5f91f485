"""Which tables are taken for dated: those of packages should be, shuffled ones hardly ever.

A line a table: milliseconds of processor time, and what was noticed. Of tables at random also how
often a shuffled one was taken for dated, in so many shuffles of so many rows.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dated_tables import SOURCES, load_frame, names_of
from madaline._race.evaluation.objective import Objective
from madaline._race.time.noticing import TimeOrder, find_time_order
from madaline._tables.io.recognition import to_table
from madaline._tables.io.targets import to_target
from madaline._tables.schema import Schema
from tables import DEFAULT_FOLDER, load_table, table_names


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line a table, and how many were noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--dated", action="store_true", help="tables of packages whose rows lie in time"
    )
    parser.add_argument("--tables", nargs="+", metavar="NAME", help="all by default")
    parser.add_argument("--shuffles", type=int, default=8, help="of each table at random")
    parser.add_argument(
        "--rows", type=int, nargs="+", default=[100, 1000, 10_000], help="rows of a shuffle"
    )
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="the data folder")
    options = parser.parse_args(arguments)
    names = options.tables or (names_of() if options.dated else table_names(options.folder))
    noticed, shuffled = [], []
    for name in names:
        x, y, task = (
            _dated(name, options.folder) if options.dated else _at_random(name, options.folder)
        )
        start = time.process_time()
        noticed.append(find(x, y, task))
        spent = time.process_time() - start
        own = [] if options.dated else list(_shuffled(x, y, task, options.shuffles, options.rows))
        shuffled += own
        counted = f" {sum(own)} of {len(own)} shuffles" if own else ""
        print(f"{name:22}{1000 * spent:6.0f} ms{counted}  {told(noticed[-1])}", flush=True)
    n_dated = sum(order is not None and order.of_time for order in noticed)
    print(f"{n_dated} of {len(noticed)} tables are taken for dated")
    if shuffled:
        print(
            f"{sum(shuffled)} of {len(shuffled)} shuffled ones: {sum(shuffled) / len(shuffled):.2%}"
        )
    return 0


def find(x: Any, y: Any, task: str) -> TimeOrder | None:
    """Return the order of the rows in which later ones are harder to predict, as a fit finds it."""
    table = to_table(x)
    schema = Schema.infer(table)
    target = to_target(y)
    encoder = Objective().fit_target_encoder(task, target, None)
    return find_time_order(schema.read(table), schema, encoder, encoder.matrix(target))


def told(order: TimeOrder | None) -> str:
    """Return what was noticed in a few words."""
    if order is None:
        return ""
    among, after = order.noticed.among, order.noticed.after
    errors = (after - among) / order.noticed.standard_error
    kind = "" if order.of_time else " (not of time)"
    losses = f"{among:.4g} among, {after:.4g} after, {errors:.1f} standard errors"
    return f"{order.times.name}{kind}: {losses}"


def _shuffled(x: Any, y: Any, task: str, shuffles: int, rows: Sequence[int]) -> Iterator[bool]:
    """Yield whether rows in random order are taken for dated by their order."""
    for seed in range(shuffles):
        for n_rows in rows:
            taken = np.random.default_rng(seed).permutation(len(y))[:n_rows]
            if len(set(y[taken])) > 1:
                yield find(x.iloc[taken], y[taken], task) is not None


def _dated(name: str, folder: Path) -> tuple[Any, Any, str]:
    source, frame = SOURCES[name], load_frame(name, folder)
    task = "classification" if source.is_classification else "regression"
    target = frame.pop(source.target)
    return frame, target.to_numpy(str if source.is_classification else float), task


def _at_random(name: str, folder: Path) -> tuple[Any, Any, str]:
    import pandas as pd

    table = load_table(folder, name)
    task = "classification" if table.is_classification else "regression"
    x, y = pd.concat([table.x_train, table.x_test]), np.concatenate([table.y_train, table.y_test])
    return x, y.astype(str if table.is_classification else float), task


if __name__ == "__main__":
    sys.exit(main())
