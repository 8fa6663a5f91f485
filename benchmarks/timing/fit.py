"""Fit: whole fits of the estimators on real tables, each in a fresh process."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import geometric_mean, median
from typing import Any

from measuring import Failure, Job, Outcome, measure_all, score
from quality import LOSS_FLOOR, OURS
from tables import Table
from timing.clocks import PeakMemory, timed
from timing.tables_of_text import Row, TextTable, digits, grouped, middle, spread, threads_in_words
from timing.workers import use_processors

METHODS = (OURS, "realmlp", "sklearn_mlp_es", "catboost", "lightgbm")
SETS = (
    "california_housing",
    "bike_hour",
    "cpu_act",
    "abalone",
    "adult",
    "churn",
    "satimage",
    "credit_g",
)


@dataclass(frozen=True)
class FitTime(Outcome):
    """What one fit took; `loss` is the log-loss or scaled error of the test rows."""

    name: str
    method: str
    seed: int
    arguments: str
    threads: int
    loss: float
    wall_s: float
    cpu_s: float
    predict_s: float
    peak_mb: float


def build(job: Job, table: Table) -> Any:
    """Return the estimator of a job, everything imported."""
    threads = job.arguments["threads"]
    use_processors(threads)
    if job.method != OURS:
        from peers import PEERS

        return PEERS[job.method](table, job.seed, threads=threads)
    from madaline import AdaptiveClassifier, AdaptiveRegressor

    kind = AdaptiveClassifier if table.is_classification else AdaptiveRegressor
    return kind(random_state=job.seed, n_jobs=threads)


def fit_once(job: Job, table: Table, estimator: Any) -> FitTime:
    """Fit, and return what it took."""
    from threadpoolctl import threadpool_limits

    threads = job.arguments["threads"]
    threadpool_limits(threads)
    memory = PeakMemory()
    fit = timed(lambda: estimator.fit(table.x_train, table.y_train))
    peak = memory.bytes()
    ask = estimator.predict_proba if table.is_classification else estimator.predict
    answers: list[Any] = []
    prediction = timed(lambda: answers.append(ask(table.x_test)))
    name, method, seed, arguments = job.key
    return FitTime(
        name,
        method,
        seed,
        arguments,
        threads,
        score(table, answers[0], getattr(estimator, "classes_", None)),
        round(fit.wall, 3),
        round(fit.cpu, 3),
        round(prediction.wall, 3),
        round(peak / 2**20, 1),
    )


def measure(options: Namespace) -> Iterator[Row]:
    """Yield a row for each set, method, number of threads and seed."""
    sets = ("credit_g",) if options.quick else SETS
    seeds = range(1 if options.quick else min(3, options.rounds))
    jobs = [
        Job(name, method, seed, str(options.folder.resolve()), {"threads": threads})
        for seed in seeds
        for threads in options.threads
        for name in sets
        for method in METHODS
        if options.wants(method)
    ]
    script = Path(__file__).resolve().parents[1] / "fit_time.py"
    for outcome in measure_all(jobs, script=script, kind=FitTime):
        if isinstance(outcome, Failure):
            job = outcome.job
            print(f"{job.method} on {job.name} failed: {outcome.message}", file=sys.stderr)
        else:
            yield asdict(outcome)


def tables(rows: Sequence[Row]) -> list[TextTable]:
    """Return, for each number of threads, a table of fits and one of the methods over all sets."""
    shown = []
    for (threads,), some in grouped(rows, "threads").items():
        words = threads_in_words(threads)
        clock = "cpu_s" if threads == 1 else "wall_s"
        lines = [
            (
                name,
                method,
                digits(middle(own, "wall_s")),
                digits(middle(own, "cpu_s")),
                spread(own, clock),
                f"{middle(own, 'loss'):.4f}",
                digits(middle(own, "peak_mb")),
            )
            for (name, method), own in grouped(some, "name", "method").items()
        ]
        heads = ("set", "method", "wall s", "processor s", "spread", "loss", "peak MiB")
        shown += [
            TextTable(f"Fit, {words}", heads, lines, n_texts=2),
            _summary(some, clock, words),
        ]
    return shown


def _summary(rows: Sequence[Row], clock: str, words: str) -> TextTable:
    """Return our time, loss and memory over those of each method: in the geometric mean."""
    of = grouped(rows, "method", "name")
    lines = []
    for method in dict.fromkeys(row["method"] for row in rows):
        names = [name for other, name in of if other == method and (OURS, name) in of]
        if method == OURS or not names:
            continue
        pairs = [(of[OURS, name], of[method, name]) for name in names]
        times, losses, peaks = (
            [_ratio(ours, theirs, key, floor) for ours, theirs in pairs]
            for key, floor in ((clock, 1e-3), ("loss", LOSS_FLOOR), ("peak_mb", 1.0))
        )
        lines.append(
            (
                method,
                str(len(names)),
                f"{geometric_mean(times):.2f}",
                f"{max(times):.2f}",
                f"{geometric_mean(losses):.3f}",
                str(sum(loss < 1 for loss in losses)),
                f"{geometric_mean(peaks):.2f}",
            )
        )
    heads = ("ours over", "sets", "time", "longest", "loss", "better on", "memory")
    return TextTable(f"Our fits over those of others, {words}, geometric means", heads, lines)


def _ratio(ours: Sequence[Row], theirs: Sequence[Row], key: str, floor: float) -> float:
    mine, other = (median(max(floor, row[key]) for row in rows) for rows in (ours, theirs))
    return float(mine / other)
