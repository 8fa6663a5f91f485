"""Start: imports, the first fit, and one prediction on the command line, each a new process."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from timing.tables_of_text import Row, TextTable, digits, grouped, middle, spread
from timing.workers import environment

IMPORTS = ("numpy", "madaline", "sklearn", "lightgbm", "catboost", "torch", "jax", "pytabkit")
FIT = """
from sklearn.datasets import load_iris
from madaline import AdaptiveClassifier
AdaptiveClassifier(random_state=0).fit(*load_iris(return_X_y=True))
"""
RUNTIME = """
import sys
from madaline._models.runtime import load
load(sys.argv[1]).predict({name: [5.0] for name in "abcd"})
"""


def answer(*, threads: int) -> dict[str, float]:
    """Do nothing: every measurement here starts its own process."""
    del threads
    return {}


def measure(options: Namespace) -> Iterator[Row]:
    """Yield a row for each process and repetition."""
    with tempfile.TemporaryDirectory() as name:
        commands = _commands(Path(name), [one for one in IMPORTS if _takes_part(one, options)])
        for number in range(1 if options.quick else max(5, options.rounds)):
            for what, command in commands.items():
                wall, cpu = _run(command)
                yield {"what": what, "round": number, "wall_s": wall, "cpu_s": cpu}


def tables(rows: Sequence[Row]) -> list[TextTable]:
    """Return one table of processes, from start to end."""
    by_what = grouped(rows, "what")
    numpy = middle(by_what[("import numpy",)], "cpu_s")
    lines = [
        (
            what,
            digits(middle(own, "wall_s")),
            digits(middle(own, "cpu_s")),
            spread(own, "cpu_s"),
            f"{middle(own, 'cpu_s') - numpy:+.3f}",
        )
        for (what,), own in by_what.items()
    ]
    heads = ("process", "wall s", "processor s", "spread", "beyond import numpy")
    return [TextTable("Start, whole processes", heads, lines)]


def _takes_part(module: str, options: Namespace) -> bool:
    needed = module in ("numpy", "madaline")
    return find_spec(module) is not None and (needed or options.wants(module))


def _commands(folder: Path, imports: Sequence[str]) -> dict[str, list[str]]:
    """Return the command of each process, after making the files that they need."""
    model, row = folder / "iris.madaline", folder / "row.csv"
    _save_model(model)
    row.write_text("a,b,c,d\n5.1,3.5,1.4,0.2\n")
    python = [sys.executable, "-c"]
    return {
        "nothing": [*python, "pass"],
        **{f"import {name}": [*python, f"import {name}"] for name in imports},
        "madaline.runtime: load and predict a row": [*python, RUNTIME, str(model)],
        "`madaline predict` of a row": [
            *(sys.executable, "-m", "madaline", "predict"),
            *(str(model), str(row)),
        ],
        "first fit: iris, 150 rows": [*python, FIT],
    }


def _save_model(path: Path) -> None:
    import pandas as pd
    from sklearn.datasets import load_iris

    from madaline import AdaptiveClassifier

    x, y = load_iris(return_X_y=True)
    columns = {name: x[:, index] for index, name in enumerate("abcd")}
    AdaptiveClassifier(effort=5, random_state=0).fit(pd.DataFrame(columns), y).save(path)


def _run(command: Sequence[str]) -> tuple[float, float]:
    """Return the seconds on the wall's clock and of the processor of a process."""
    before, start = _children(), time.perf_counter()
    done = subprocess.run(command, env=environment(1), capture_output=True, text=True, check=False)
    wall, cpu = time.perf_counter() - start, _children() - before
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed: {done.stderr.strip().splitlines()[-1]}")
    return wall, cpu


def _children() -> float:
    """Return the processor seconds of all processes that were started and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
