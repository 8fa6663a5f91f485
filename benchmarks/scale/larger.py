"""How much time, memory and disk a fit takes of tables of any size, in files and in memory.

Makes tables of 13 numbers, five categories, a Boolean and a date, and fits them in processes of
their own: read block by block within a limit on the address space, and, where they are not too
large, as a data frame. Both fits learn the same networks, so their times can be compared.

    python benchmarks/scale/larger.py --rows 500000 2000000 --folder /tmp/tables
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

PART, TARGET = 500_000, "price"
N_SHOPS, N_LEVELS = 3000, 30


def main() -> None:
    """Print one row of a table for each fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[500_000])
    parser.add_argument("--folder", type=Path, required=True, help="where tables are made and kept")
    parser.add_argument("--space", type=float, default=4.0, help="GiB of address space of a fit")
    parser.add_argument("--effort", type=int, default=100)
    parser.add_argument("--members", default="all")
    parser.add_argument("--most-in-memory", type=int, default=1_000_000, help="rows")
    parser.add_argument("--fit", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.fit:
        print(json.dumps(fit(*arguments.fit, arguments)))
        return
    print(
        "| rows | read | processor s | µs a row and epoch | epochs | R² | peak MB | disk MB |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    for n_rows in arguments.rows:
        files = tables(n_rows, arguments.folder)
        print(measured(n_rows, files, "in blocks", arguments), flush=True)
        if n_rows <= arguments.most_in_memory:
            print(measured(n_rows, files, "in memory", arguments), flush=True)


def tables(n_rows: int, folder: Path) -> str:
    """Make Parquet files of so many rows, and return their pattern."""
    folder = folder / f"rows-{n_rows}"
    folder.mkdir(parents=True, exist_ok=True)
    for number, start in enumerate(range(0, n_rows, PART)):
        path = folder / f"{number:04}.parquet"
        if not path.exists():
            frame(min(PART, n_rows - start), number).write_parquet(path)
    return f"{folder}/*.parquet"


def frame(n_rows: int, seed: int) -> pl.DataFrame:
    """Return made rows; the target is last."""
    rng, effects = np.random.default_rng([7, seed]), np.random.default_rng(1)
    of_shops, of_levels = effects.normal(size=N_SHOPS), effects.normal(size=(4, N_LEVELS))
    x = rng.normal(size=(n_rows, 12))
    levels = rng.integers(0, N_LEVELS, (n_rows, 4))
    shop, day = rng.zipf(1.3, n_rows) % N_SHOPS, rng.integers(0, 3650, n_rows)
    y = x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + np.abs(x[:, 3]) + 0.5 * of_shops[shop]
    y += 0.4 * sum(of_levels[k][levels[:, k]] for k in range(4)) + 0.3 * np.sin(day / 58)
    x[rng.random(x.shape) < 0.02] = np.nan
    return pl.DataFrame(
        {f"x{k}": x[:, k] for k in range(12)}
        | {f"c{k}": np.char.add("level ", levels[:, k].astype(str)) for k in range(4)}
        | {
            "shop": np.char.add("shop ", shop.astype(str)),
            "day": np.datetime64("2015-01-01") + day,
            "flag": rng.random(n_rows) < 0.2,
            "count": rng.integers(0, 10, n_rows),
            TARGET: y + rng.normal(size=n_rows),
        }
    )


def measured(n_rows: int, files: str, how: str, arguments: argparse.Namespace) -> str:
    """Return a line about a fit in a process of its own."""
    words = [sys.executable, __file__, "--folder", ".", "--fit", files, how]
    for name in ("space", "effort", "members"):
        words += [f"--{name}", str(getattr(arguments, name))]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    facts = json.loads(done.stdout.splitlines()[-1])
    each = 1e6 * facts["seconds"] / (n_rows * facts["passes"])
    return (
        f"| {n_rows:,} | {how} | {facts['seconds']:.0f} | {each:.1f} | {facts['epochs']} |"
        f" {facts['score']:.4f} | {facts['peak'] / 1e6:,.0f} | {facts['disk'] / 1e6:,.0f} |"
    )


def fit(files: str, how: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Fit a table, and return what it took."""
    from madaline import AdaptiveRegressor

    model = AdaptiveRegressor(
        effort=arguments.effort, members=arguments.members, random_state=0, n_jobs=1
    )
    stores = sizes_of_stores()
    started = time.process_time()
    if how == "in memory":
        table = pl.read_parquet(files)
        model.fit(table.drop(TARGET), table[TARGET])
    else:
        space = int(arguments.space * 2**30)
        resource.setrlimit(resource.RLIMIT_AS, (space, space))
        model.fit(files, y=TARGET)
    drawn = model.decisions_[0]
    return {
        "seconds": time.process_time() - started,
        "epochs": model.n_iter_,
        "passes": model.n_iter_ / getattr(drawn, "blocks", 1),
        "score": model.scores_[0].value,
        "peak": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "disk": sum(stores),
    }


def sizes_of_stores() -> list[int]:
    """Let all rows be kept on disk; return a list that gets the bytes of what is written."""
    from madaline._models.fitting import preparation
    from madaline._race.row_store import RowStore

    sizes: list[int] = []
    blocks, close = preparation.blocks_of_files, RowStore.close

    def on_disk(sampled: Any, prepared: Any, _: Any, *, seed: int) -> Any:
        return blocks(sampled, prepared, lambda _: False, seed=seed)

    def noted(store: RowStore) -> None:
        sizes.append(store.n_bytes)
        close(store)

    preparation.blocks_of_files = on_disk
    RowStore.close = noted  # type: ignore[method-assign]
    return sizes


if __name__ == "__main__":
    main()
