"""How much time and memory `madaline predict` takes for tables of any size.

Makes tables of 16 numbers, a category, a date and a whole number, fits a model to 5,000 rows, and
predicts in processes of their own. One process is killed halfway and started again.

    python benchmarks/scale/predicting.py --rows 500000 1000000 5000000 --folder /tmp/tables
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl

PART, N_TRAINING = 500_000, 5_000
TARGET = "y"


def main() -> None:
    """Print one row of a table for each run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[500_000, 1_000_000])
    parser.add_argument("--folder", type=Path, required=True, help="where tables are made and kept")
    parser.add_argument("--fit", nargs="*", default=[], help="options of the fit")
    parser.add_argument("--csv-rows", type=int, default=500_000)
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    fit(arguments.fit)
    print(
        "| rows | from | to | processor s | s a million rows | peak MB |\n|---|---|---|---|---|---|"
    )
    for n_rows in sorted(arguments.rows):
        files = tables(n_rows)
        print(measured(n_rows, files, "out.parquet", "Parquet"), flush=True)
    print(resumed(n_rows, files), flush=True)
    print(measured(n_rows, files, "out.csv", "Parquet"), flush=True)
    print(measured(n_rows, files, "out.parquet", "Parquet", "--coverage", "0.9"), flush=True)
    n_csv = arguments.csv_rows
    for ending in ("csv", "csv.gz"):
        files = text(n_csv, ending)
        print(measured(n_csv, files, f"out.{ending}", ending), flush=True)


def frame(n_rows: int, seed: int) -> pl.DataFrame:
    """Return made rows; the target is last."""
    rng = np.random.default_rng(seed)
    numbers = {f"x{k}": rng.normal(size=n_rows) for k in range(16)}
    color = rng.integers(0, 3, n_rows)
    x, z = numbers["x0"], numbers["x1"]
    y = 2 * x + np.sin(3 * z) + x * z * (color == 1) + rng.normal(size=n_rows)
    return pl.DataFrame(
        numbers
        | {
            "color": np.array(["red", "green", "blue"])[color],
            "day": np.datetime64("2026-01-01") + rng.integers(0, 300, n_rows).astype("m8[D]"),
            "count": rng.integers(0, 100, n_rows),
            TARGET: y,
        }
    )


def fit(options: Sequence[str]) -> None:
    """Fit a model, once."""
    if not Path("model.madaline").exists():
        frame(N_TRAINING, 0).write_parquet("training.parquet")
        words = ["fit", "training.parquet", "--target", TARGET, "-o", "model.madaline", "--no-time"]
        run([*words, "--quiet", *options])


def tables(n_rows: int) -> str:
    """Make Parquet files of so many rows without their target, and return their pattern."""
    folder = Path(f"rows-{n_rows}")
    folder.mkdir(exist_ok=True)
    for number, size in enumerate(sizes(n_rows)):
        path = folder / f"{number:04}.parquet"
        if not path.exists():
            frame(size, 1 + number).drop(TARGET).write_parquet(path)
    return f"{folder}/*.parquet"


def sizes(n_rows: int) -> Iterator[int]:
    """Yield how many rows each file has."""
    for start in range(0, n_rows, PART):
        yield min(PART, n_rows - start)


def text(n_rows: int, ending: str) -> str:
    """Make one text file of so many rows, and return its name."""
    path = Path(f"rows-{n_rows}.{ending}")
    if not path.exists():
        pl.scan_parquet(tables(n_rows)).sink_csv("rows.csv")
        if ending.endswith("gz"):
            subprocess.run(["gzip", "-1", "-f", "rows.csv"], check=True)
        Path(f"rows.{ending}").replace(path)
    return str(path)


def run(words: Sequence[str]) -> tuple[float, int]:
    """Run a command, and return its processor seconds and its peak of memory in MB."""
    process = start(words)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = status
    if status:
        raise SystemExit(f"madaline {' '.join(words)} failed")
    return used.ru_utime + used.ru_stime, used.ru_maxrss // 1024


def start(words: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a command."""
    return subprocess.Popen([sys.executable, "-m", "madaline", *words])


def measured(n_rows: int, files: str, output: str, source: str, *options: str) -> str:
    """Predict once, and return a row of the table."""
    seconds, memory = run(["predict", "model.madaline", files, "-o", output, *options])
    return line(n_rows, source, " ".join([Path(output).name, *options]), seconds, memory)


def line(n_rows: int, source: str, output: str, seconds: float, memory: int) -> str:
    """Return a row of the table."""
    rate = seconds / n_rows * 1e6
    return f"| {n_rows:,} | {source} | {output} | {seconds:.1f} | {rate:.2f} | {memory} |"


def resumed(n_rows: int, files: str) -> str:
    """Kill a prediction halfway, go on, and check that the file is the same."""
    expected = Path("out.parquet").read_bytes()
    Path("out.parquet").unlink()
    words = ["predict", "model.madaline", files, "-o", "out.parquet"]
    process, before = start(words), resource.getrusage(resource.RUSAGE_CHILDREN)
    half = Path(".out.parquet.madaline-parts", f"{n_rows // 65_536 // 2:06}")
    while not half.exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds, memory = run(words)
    seconds += after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    same = "same bytes" if Path("out.parquet").read_bytes() == expected else "OTHER BYTES"
    return line(n_rows, "Parquet", f"killed halfway, {same}", seconds, memory)


if __name__ == "__main__":
    main()
