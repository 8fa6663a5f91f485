"""Models: a million rows by models of real tables, texts and all, beside those of two peers."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from madaline.nn._engine.compiled_prediction import compiled_prediction
from tables import Table, load_table
from timing.clocks import matrix_rate, timed
from timing.fit import SETS
from timing.predict import NETWORKS, RUNTIME, saved_and_loaded
from timing.tables_of_text import (
    Row,
    TextTable,
    beside_floor,
    digits,
    grouped,
    middle,
    spread,
    threads_in_words,
)
from timing.team import RATE, Team

ROWS = 1_000_000
METHODS = (RUNTIME, NETWORKS, "lightgbm", "catboost")
"""`NETWORKS`: from a table that has been encoded to raw outputs."""


def answer(*, threads: int, name: str, table: str, folder: str, rows: int) -> dict[str, Any]:
    """Return how long a prediction takes; the first request fits the model, which is not timed."""
    if name == RATE:
        return {"rate": matrix_rate(threads)}
    prepare, ask, multiply_adds = _ready(name, table, folder, threads)
    test = load_table(Path(folder), table).x_test
    drawn = np.random.default_rng(0).integers(0, len(test), rows)
    frame = test.iloc[drawn].reset_index(drop=True)
    ask(prepare(frame[:1000]))
    x = prepare(frame)
    call = timed(lambda: ask(x))
    return {
        "s": call.of(threads),
        "wall_s": call.wall,
        "cpu_s": call.cpu,
        "multiply_adds": multiply_adds,
    }


def measure(options: Namespace) -> Iterator[Row]:
    """Yield a row for each table, method, number of threads and repetition."""
    folder, rows = str(options.folder.resolve()), 10_000 if options.quick else ROWS
    methods = [name for name in METHODS if options.wants(name)]
    for threads in options.threads:
        for table in ("credit_g",) if options.quick else SETS:
            with Team("models", methods, threads) as team:
                for number in range(1 if options.quick else options.rounds):
                    for found in team.ask_each(table, table=table, folder=folder, rows=rows):
                        floor = rows * found["multiply_adds"] / found["rate"]
                        own = {"table": table, "rows": rows, "threads": threads, "round": number}
                        yield {**own, "floor_s": floor, **found}


def tables(rows: Sequence[Row]) -> list[TextTable]:
    """Return a table for each number of threads."""
    shown = []
    for (threads, count), some in grouped(rows, "threads", "rows").items():
        lines = []
        for (table, method), own in grouped(some, "table", "name").items():
            seconds = middle(own, "s")
            lines.append(
                (
                    table,
                    method,
                    digits(seconds),
                    spread(own, "s"),
                    digits(1e6 * seconds / count),
                    *beside_floor(own, "s", "floor_s"),
                )
            )
        heads = ("set", "method", "s", "spread", "µs a row", "floor, s", "over floor")
        title = f"Predict {count:,} rows, {threads_in_words(threads)}"
        shown.append(TextTable(title, heads, lines, n_texts=2))
    return shown


@cache
def _ready(
    method: str, name: str, folder: str, threads: int
) -> tuple[Callable[[Any], Any], Callable[[Any], Any], int]:
    """Return what prepares a frame, what predicts, and the multiply-adds of a row."""
    table = load_table(Path(folder), name)
    if method not in (RUNTIME, NETWORKS):
        return (lambda frame: frame), _peer(method, table, threads), 0
    from madaline import AdaptiveClassifier, AdaptiveRegressor

    kind = AdaptiveClassifier if table.is_classification else AdaptiveRegressor
    model = kind(random_state=0, n_jobs=threads).fit(table.x_train, table.y_train)
    predictor, work = saved_and_loaded(model), model.model_.summary.row_multiply_adds
    compiled_prediction()
    if method == RUNTIME:
        ask = predictor.predict_proba if table.is_classification else predictor.predict
        return (lambda frame: frame), partial(ask, n_jobs=threads), work
    return predictor.encode, partial(predictor.output, n_jobs=threads), work


def _peer(method: str, table: Table, threads: int) -> Callable[[Any], Any]:
    from peers import PEERS

    estimator = PEERS[method](table, 0, threads=threads)
    estimator.fit(table.x_train, table.y_train)
    return estimator.predict_proba if table.is_classification else estimator.predict
