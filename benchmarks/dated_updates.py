"""Whether updates of dated tables help: three fifths are fitted, one updates, and one is the test.

Tables, losses and errors are those of `dated.py`; the time is told, and all has its defaults.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path
from statistics import geometric_mean
from typing import Any

import numpy as np

from dated import loss_and_errors
from dated_methods import DatedTable, cut
from dated_tables import SOURCES, SPLITS, USUAL_SPLITS, load_frame, names_of, starts
from measuring import Job, Promise, measure_and_tell, run_worker_if_asked
from tables import DEFAULT_FOLDER

METHODS = ("never", "update", "update with rows", "fit again")
"""What becomes of the new rows; 5,000 old ones are kept for an update with rows."""

N_KEPT = 5000


@dataclass(frozen=True)
class Update(Promise):
    """What came of one model; a row of a file. `kept` is the candidate that an update chose."""

    name: str
    method: str
    n_train: int
    loss: float
    error: float
    promised: float | None
    promised_error: float | None
    kept: str
    cpu_s: float
    seed: int = 0
    arguments: str = "{}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the tables and print a table in Markdown; 1 if a fit failed, else 0."""
    options = _parse(arguments)
    names = options.tables or names_of(options.split)
    folder = str(options.folder.resolve())
    jobs = [Job(name, method, options.seed, folder, {}) for name in names for method in METHODS]
    measured, failed = measure_and_tell(
        jobs,
        lambda one: f"{one.name:18} {one.method:16} {one.loss:.4g} {one.cpu_s:6.1f} s",
        script=Path(__file__),
        output=options.output,
        parallel=options.jobs,
        kind=Update,
    )
    print("\n".join(_lines(measured)))
    return 1 if failed else 0


def _load(job: Job) -> tuple[DatedTable, DatedTable]:
    """Return the table to fit, and the one whose latest rows are new."""
    source, frame = SOURCES[job.name], load_frame(job.name, Path(job.folder))
    end, start = starts(frame, source.time, (0.6, 0.8))
    return cut(job.name, frame, end, start), cut(job.name, frame, start, start)


def _build(job: Job, tables: tuple[DatedTable, DatedTable]) -> Any:
    from madaline import AdaptiveClassifier, AdaptiveRegressor

    kind = AdaptiveClassifier if tables[0].is_classification else AdaptiveRegressor
    keep_rows = N_KEPT if job.method == "update with rows" else 0
    return kind(random_state=job.seed, n_jobs=1, keep_rows=keep_rows)


def _measure(job: Job, tables: tuple[DatedTable, DatedTable], estimator: Any) -> Update:
    old, both = tables
    table = both if job.method == "fit again" else old
    estimator.fit(table.x_train, table.y_train, time=table.time or True)
    start, n_old, kept = time.process_time(), len(old.y_train), ""
    if job.method.startswith("update"):
        estimator.update(both.x_train.iloc[n_old:], both.y_train[n_old:])
        kept = estimator.model_.updates[-1].kept
    predict = estimator.predict_proba if table.is_classification else estimator.predict
    prediction = np.asarray(predict(table.x_test), float)
    loss, error, _ = loss_and_errors(table, prediction, getattr(estimator, "classes_", None))
    metric = "log_loss" if table.is_classification else "rmse"
    promised = next(one for one in estimator.scores_ if one.metric == metric)
    return Update(
        job.name,
        job.method,
        len(table.y_train),
        loss,
        error,
        promised.value,
        promised.standard_error,
        kept,
        round(time.process_time() - start, 3),
        job.seed,
        job.key[3],
    )


def _lines(measured: Sequence[Update]) -> Iterator[str]:
    tables: dict[str, dict[str, Update]] = defaultdict(dict)
    for one in measured:
        tables[one.name][one.method] = one
    yield f"| table | {' | '.join(METHODS)} |"
    yield "| --- " * (1 + len(METHODS)) + "|"
    for name, of_method in tables.items():
        cells = [_cell(of_method[method]) if method in of_method else "" for method in METHODS]
        yield f"| {name} | {' | '.join(cells)} |"
    yield ""
    complete = [of_method for of_method in tables.values() if len(of_method) == len(METHODS)]
    for method in METHODS:
        ratios = [of_method[method].loss / of_method["never"].loss for of_method in complete]
        changed = [one[method] for one in complete if one[method].kept != "as it is"]
        distances = [one.distance for one in changed]
        within = sum(abs(one) <= 2 for one in distances)
        yield (
            f"{method}: loss x{geometric_mean(ratios) if ratios else nan:.3f} of never on"
            f" {len(ratios)}; {within} of {len(distances)} promises within 2 standard errors,"
            f" {sum(one > 2 for one in distances)} too good"
        )


def _cell(one: Update) -> str:
    return f"{one.loss:.4g}" + (f" ({one.kept})" if one.kept else "")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", nargs="+", choices=SOURCES, metavar="NAME")
    parser.add_argument("--split", nargs="+", choices=SPLITS, default=USUAL_SPLITS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    parser.add_argument("--output", type=Path, help="CSV of measurements to write or to go on with")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="the data folder")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    run_worker_if_asked(_build, _measure, _load)
    sys.exit(main())
