"""Whether scores hold where rows lie in time: tables learned from up to a day, and tested after it.

A table's first four fifths in time are learned from. The test is the last fifth, or the last tenth
with a gap of a tenth before it. The loss is the log loss of classes, the root mean squared error of
numbers. Everything has its defaults and one thread.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf, nan
from pathlib import Path
from statistics import fmean, geometric_mean
from typing import Any, TypeAlias

import numpy as np

from dated_methods import LEARNERS, METHODS, OURS, DatedTable, load
from dated_tables import SOURCES, SPLITS, USUAL_SPLITS, names_of
from measuring import Job, Promise, measure_and_tell, run_worker_if_asked
from tables import DEFAULT_FOLDER, SMALLEST_PROBABILITY

BLOCKS = 10
COVERAGE = 0.9


@dataclass(frozen=True)
class Forecast(Promise):
    """What came of one fit; a row of a file.

    `error` is the standard error of the loss if test rows were independent, `block_error` that of
    `BLOCKS` stretches of them. What was promised, the share of test rows whose truth is in its 90 %
    interval or set (`held`), and what the fit took as time (`order`) are those of madaline alone.
    """

    name: str
    method: str
    n_train: int
    loss: float
    error: float
    block_error: float
    promised: float | None
    promised_error: float | None
    held: float | None
    order: str = ""
    cpu_s: float = 0.0
    seed: int = 0
    arguments: str = "{}"

    @property
    def ratio(self) -> float:
        """The loss of the test rows as a multiple of what was promised."""
        return self.loss / self.promised if self.promised else inf


Tables: TypeAlias = Mapping[str, Mapping[str, list[Forecast]]]
"""Fits by table and method."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the tables and print a table in Markdown; 1 if a fit failed, else 0."""
    options = _parse(arguments)
    names = options.tables or names_of(options.split)
    jobs = [
        Job(name, method, seed, str(options.folder.resolve()), {"test": options.test})
        for name in names
        for method in options.methods
        for seed in (options.seeds if method in OURS else options.seeds[:1])
    ]
    measured, failed = measure_and_tell(
        jobs,
        lambda one: f"{one.name:18} {one.method:10} {one.seed} {one.loss:.4g} {one.cpu_s:6.1f} s",
        script=Path(__file__),
        output=options.output,
        parallel=options.jobs,
        kind=Forecast,
    )
    measured.sort(key=lambda one: names.index(one.name))
    print("\n".join(_lines(measured, options.methods)))
    return 1 if failed else 0


def _build(job: Job, table: DatedTable) -> Any:
    return METHODS[job.method](table, job.seed)


def _measure(job: Job, table: DatedTable, estimator: Any) -> Forecast:
    start = time.process_time()
    estimator.fit(table.x_train, table.y_train)
    predict = estimator.predict_proba if table.is_classification else estimator.predict
    prediction = np.asarray(predict(table.x_test), float)
    cpu_s = round(time.process_time() - start, 3)
    loss, error, block_error = loss_and_errors(
        table, prediction, getattr(estimator, "classes_", None)
    )
    metric = "log_loss" if table.is_classification else "rmse"
    promised = [one for one in getattr(estimator, "scores_", ()) if one.metric == metric]
    return Forecast(
        job.name,
        job.method,
        len(table.y_train),
        loss,
        error,
        block_error,
        promised[0].value if promised else None,
        promised[0].standard_error if promised else None,
        _held(table, estimator) if promised else None,
        _order(estimator),
        cpu_s,
        job.seed,
        job.key[3],
    )


def loss_and_errors(table: DatedTable, prediction: Any, classes: Any) -> tuple[float, float, float]:
    """Return the loss and its standard errors, from rows and from stretches of them."""
    if not np.isfinite(prediction).all():
        raise ValueError("A prediction is not finite.")
    if table.is_classification:
        column = {label: index for index, label in enumerate(np.asarray(classes).tolist())}
        true_column = [column[label] for label in table.y_test.tolist()]
        of_true_class = prediction[np.arange(len(prediction)), true_column]
        rows = -np.log(np.clip(of_true_class, SMALLEST_PROBABILITY, 1))
    else:
        rows = np.square(prediction.ravel() - table.y_test)
    blocks = [block.mean() for block in np.array_split(rows, BLOCKS)]
    mean, *errors = (
        rows.mean(),
        *(np.std(one, ddof=1) / np.sqrt(len(one)) for one in (rows, blocks)),
    )
    if table.is_classification:
        return float(mean), float(errors[0]), float(errors[1])
    root = np.sqrt(mean)
    return float(root), *(float(one / (2 * root)) if root else 0.0 for one in errors)


def _held(table: DatedTable, estimator: Any) -> float:
    """Return the share of test rows whose truth is in its interval or set."""
    if table.is_classification:
        index = {label: place for place, label in enumerate(estimator.classes_.tolist())}
        truth = [index[label] for label in table.y_test.tolist()]
        sets = estimator.predict_set(table.x_test, COVERAGE)
        return float(np.asarray(sets)[np.arange(len(truth)), truth].mean())
    low, high = np.asarray(estimator.predict_interval(table.x_test, COVERAGE)).T
    return float(((low <= table.y_test) & (table.y_test <= high)).mean())


def _order(estimator: Any) -> str:
    """Return what the fit took as time; empty where folds were dealt at random."""
    model = getattr(estimator, "model_", None)
    forward = None if model is None else getattr(model.summary, "forward", None)
    return "" if forward is None else str(forward.name)


def _lines(measured: Sequence[Forecast], methods: Sequence[str]) -> Iterator[str]:
    tables: Tables = defaultdict(lambda: defaultdict(list))
    for one in measured:
        tables[one.name][one.method].append(one)
    ours = [method for method in methods if method in OURS]
    others = [method for method in methods if method not in OURS]
    parts = ("promised", "met", "errors", "ratio")
    heads = [f"{method}: {part}" for method in ours for part in parts]
    yield f"| {' | '.join(['table', 'rows', *heads, *others])} |"
    yield "| --- " * (2 + len(heads) + len(others)) + "|"
    for name, of_method in tables.items():
        cells = [cell for method in ours for cell in _cells(of_method[method])]
        losses = [f"{_mean(of_method[method], 'loss'):.4g}" for method in others]
        n_rows = next(fits[0].n_train for fits in of_method.values() if fits)
        yield f"| {' | '.join([name, str(n_rows), *cells, *losses])} |"
    yield ""
    for method in ours:
        yield from _summary(method, tables)


def _cells(fits: Sequence[Forecast]) -> tuple[str, str, str, str]:
    promised, error, loss, distance, ratio = (
        _mean(fits, name) for name in ("promised", "promised_error", "loss", "distance", "ratio")
    )
    return f"{promised:.4g} ± {error:.2g}", f"{loss:.4g}", f"{distance:+.1f}", f"{ratio:.2f}"


def _mean(fits: Sequence[Forecast], name: str) -> float:
    return fmean(getattr(one, name) for one in fits) if fits else nan


def _summary(method: str, tables: Tables) -> Iterator[str]:
    """Return what holds on all tables: promises, and losses beside those of the others."""
    fits = [one for of_method in tables.values() for one in of_method[method]]
    if not fits:
        return
    worst = max(fits, key=lambda one: one.ratio)
    within = sum(abs(one.distance) <= 2 for one in fits)
    too_good = sum(one.distance > 2 for one in fits)
    yield (
        f"{method}: {within} of {len(fits)} promises within 2 standard errors, {too_good} too good,"
        f" the worst by x{worst.ratio:.2f} ({worst.name})"
    )
    yield (
        f"  {COVERAGE:.0%} intervals and sets held {_mean(fits, 'held'):.3f}, the fewest"
        f" {min(one.held or 0.0 for one in fits):.3f}; later rows were held out on"
        f" {sum(bool(one.order) for one in fits)}; {sum(one.cpu_s for one in fits):.0f} s"
    )
    for others in (*([other] for other in METHODS), list(LEARNERS)):
        yield from _beside(method, others, tables)


def _beside(method: str, others: Sequence[str], tables: Tables) -> Iterator[str]:
    """Return a line on the loss beside that of the best of others."""
    ratios, behind = {}, 0
    for name, of_method in tables.items():
        if method not in others and all(of_method[one] for one in (method, *others)):
            own, error = (_mean(of_method[method], what) for what in ("loss", "error"))
            best = min(_mean(of_method[one], "loss") for one in others)
            ratios[name] = own / best
            behind += own - best > error
    if ratios:
        worst = max(ratios, key=lambda name: ratios[name])
        yield (
            f"  {' or '.join(others)}: loss x{geometric_mean(ratios.values()):.3f}, worst"
            f" x{ratios[worst]:.2f} ({worst}), above x1.05 on"
            f" {sum(one > 1.05 for one in ratios.values())} of {len(ratios)}, behind by more than a"
            f" standard error on {behind}"
        )


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", nargs="+", choices=SOURCES, metavar="NAME")
    parser.add_argument("--split", nargs="+", choices=SPLITS, default=USUAL_SPLITS)
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--test", choices=("fifth", "tenth"), default="fifth")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0], metavar="SEED")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    parser.add_argument("--output", type=Path, help="CSV of measurements to write or to go on with")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="the data folder")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    run_worker_if_asked(_build, _measure, load)
    sys.exit(main())
