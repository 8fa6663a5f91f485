"""Runs the experiment that `README.md` beside this file lays down; goes on where it stopped."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rivals import DEFAULT, PARTS, RACE, RANDOM, RIVALS, SINGLE
from tables_apart import drawn_half, large_names, load_table, table_names

from measuring import Failure, Job, Outcome, measure_all, run_worker_if_asked, score
from tables import DEFAULT_FOLDER, Table

MAX_SECONDS = 12 * 3600.0
"""Processor seconds of all runs together, after which no other begins."""

FIRST = (RACE, DEFAULT, "quick")
"""Methods that have three seeds on all tables."""

DEFAULT_RECIPE = "recipe 16 3"
"""The recipe that starts first where time is short."""


@dataclass(frozen=True)
class Result(Outcome):
    """What came of one fit: its loss, processor seconds of fit and prediction, and work."""

    name: str
    method: str
    n_train: int
    loss: float
    cpu_s: float
    multiply_adds: float
    seed: int = 0
    arguments: str = "{}"


class Fit:
    """A fit with a rival's plan."""

    def __init__(self, job: Job, table: Table) -> None:
        self.task = "classification" if table.is_classification else "regression"
        self.rival, self.seed = RIVALS[job.method], job.seed
        self.model: Any = None

    def fit(self, x: Any, y: Any) -> None:
        """Fit to a frame."""
        from madaline._models.fitting import Fitting
        from madaline._models.fitting.means import Means
        from madaline._models.fitting.training_data import Roles
        from madaline._models.request import FitRequest
        from madaline._tables.io.recognition import to_table
        from madaline._tables.io.targets import to_target

        rival = self.rival
        request = FitRequest(
            task=self.task, seed=self.seed, members=rival.members, preset=rival.preset
        )
        fitting = Fitting(
            request,
            to_table(x),
            Roles(to_target(y)),
            Means(n_jobs=1),
            adjust=lambda plan: rival.adjust(plan, self.seed),
        )
        for _ in fitting:
            pass
        self.model = fitting.model()

    def predict(self, x: Any) -> Any:
        """Return probabilities of classes, or numbers."""
        from madaline._tables.io.recognition import to_table

        if self.task == "classification":
            return self.model.predict_proba(to_table(x))
        return np.ravel(self.model.predict(to_table(x)))


def measure(job: Job, table: Table, fit: Fit) -> Result:
    """Fit and predict the test rows."""
    start = time.process_time()
    fit.fit(table.x_train, table.y_train)
    prediction = fit.predict(table.x_test)
    seconds = time.process_time() - start
    classes = getattr(fit.model.predictor.target_encoder, "classes", None)
    loss = score(table, prediction, classes)
    work = float(fit.model.summary.multiply_adds)
    name, method, seed, arguments = job.key
    facts = len(table.y_train), loss, round(seconds, 3), work
    return Result(name, method, *facts, seed=seed, arguments=arguments)


def planned(folder: Path, best_recipe: str | None) -> Iterator[Job]:
    """Yield the runs of the protocol, in its order.

    The recipe that is best over all tables is known only once all recipes have been run: until
    then, its larger ensembles are left out.
    """
    names, large = table_names(folder), large_names(folder)
    small = [name for name in names if name not in large]
    recipes = dict.fromkeys([DEFAULT_RECIPE, *([best_recipe] if best_recipe else [])])
    several = [f"{recipe} x{n}" for recipe in recipes for n in (3, 9)]
    others = (*SINGLE, *PARTS, *several, *RANDOM)
    half = drawn_half(names)
    grid = [(name, method, 0) for method in (*FIRST, *others, "best") for name in small]
    grid += [(name, method, 0) for method in FIRST for name in large]
    grid += [(name, method, seed) for seed in (1, 2) for method in FIRST for name in small]
    grid += [(n, method, seed) for seed in (1, 2) for method in others for n in small if n in half]
    for name, method, seed in grid:
        yield Job(name, method, seed, str(folder.resolve()), {})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is missing; 1 if a fit failed or the time was up, else 0."""
    options = _parse(arguments)
    jobs = [job for job in planned(options.folder, options.best) if options.wants(job)]
    seconds, n_failed = 0.0, 0
    for outcome in measure_all(jobs, script=Path(__file__), output=options.output, kind=Result):
        if isinstance(outcome, Failure):
            n_failed += 1
            print(f"{outcome.job} failed: {outcome.message}", file=sys.stderr)
            continue
        seconds += outcome.cpu_s
        print(f"{outcome.name}, {outcome.method}, seed {outcome.seed}: {outcome.loss:.4f}")
        if seconds > MAX_SECONDS:
            print("The processor time of the protocol is used up.", file=sys.stderr)
            return 1
    return 1 if n_failed else 0


class _Options(argparse.Namespace):
    folder: Path
    output: Path | None
    tables: list[str] | None
    methods: list[str] | None
    best: str | None

    def wants(self, job: Job) -> bool:
        """Tell whether a run is among those that were asked for."""
        return (self.tables is None or job.name in self.tables) and (
            self.methods is None or job.method in self.methods
        )


def _parse(arguments: Sequence[str] | None) -> _Options:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, help="CSV of results to go on with")
    parser.add_argument("--tables", nargs="+", help="these alone")
    parser.add_argument("--methods", nargs="+", choices=list(RIVALS), help="these alone")
    parser.add_argument("--best", choices=list(SINGLE), help="the best recipe over all tables")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="the data")
    return parser.parse_args(arguments, namespace=_Options())


if __name__ == "__main__":
    run_worker_if_asked(Fit, measure, lambda job: load_table(Path(job.folder), job.name))
    sys.exit(main())
