"""Predict: one row, a thousand, a million, by `madaline.runtime` and by others."""

from __future__ import annotations

import sys
import tempfile
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from madaline.nn._engine.compiled_prediction import compiled_prediction
from timing.clocks import matrix_rate, timed, timed_often
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

COLUMNS, TRAINING_ROWS = 20, 5000
SIZES = (1, 1_000, 1_000_000)
CHUNK = 1024
"""Rows that ONNX Runtime gets at a time: all at once would fill the memory with activations."""

SECONDS = 0.2
RUNTIME, NETWORKS, ONNX = "madaline.runtime", "our networks", "ONNX Runtime"
COMPILED = {f"{one}, compiled": one for one in (RUNTIME, NETWORKS)}
"""The same where numba is installed; without, that it is not there."""

METHODS = (
    RUNTIME,
    f"{RUNTIME}, compiled",
    "AdaptiveClassifier",
    NETWORKS,
    f"{NETWORKS}, compiled",
    ONNX,
    "lightgbm",
    "catboost",
    "sklearn_mlp_es",
    "realmlp",
)
Ask = Callable[[Any], Any]


def answer(*, threads: int, name: str, rows: int, effort: int) -> dict[str, Any]:
    """Return how long a prediction takes; the first request fits the model, which is not timed."""
    if name == RATE:
        return {"rate": matrix_rate(threads)}
    prepare, ask, multiply_adds = _ready(name, threads, effort)
    x = prepare(made_up(rows, seed=1)[0])
    ask(x if rows < 10_000 else prepare(made_up(1_000, seed=1)[0]))
    call = timed_often(lambda: ask(x), SECONDS) if rows < 10_000 else timed(lambda: ask(x))
    return {
        "ms": 1e3 * call.of(threads),
        "wall_ms": 1e3 * call.wall,
        "cpu_ms": 1e3 * call.cpu,
        "multiply_adds": multiply_adds,
    }


def measure(options: Namespace) -> Iterator[Row]:
    """Yield a row for each method, number of rows, number of threads and repetition."""
    effort = 3 if options.quick else 30
    for threads in options.threads:
        with Team("predict", [name for name in METHODS if options.wants(name)], threads) as team:
            for rows in SIZES[:2] if options.quick else SIZES:
                for number in range(2 if options.quick else options.rounds):
                    for found in team.ask_each(f"{rows:,} rows", rows=rows, effort=effort):
                        floor = 1e3 * rows * found["multiply_adds"] / found["rate"]
                        own = {"rows": rows, "threads": threads, "round": number}
                        yield {**own, "floor_ms": floor, **found}


def tables(rows: Sequence[Row]) -> list[TextTable]:
    """Return a table for each number of threads."""
    shown = []
    for (threads,), some in grouped(rows, "threads").items():
        lines = []
        for (count, method), own in grouped(some, "rows", "name").items():
            ms = middle(own, "ms")
            lines.append(
                (
                    f"{count:,}",
                    method,
                    digits(ms),
                    spread(own, "ms"),
                    digits(1e3 * ms / count),
                    *beside_floor(own, "ms", "floor_ms"),
                )
            )
        heads = ("rows", "method", "ms", "spread", "µs a row", "floor, ms", "over floor")
        shown.append(TextTable(f"Predict, {threads_in_words(threads)}", heads, lines, n_texts=2))
    return shown


def made_up(rows: int, *, seed: int) -> tuple[Any, Any]:
    """Return numbers, float32 of shape (rows, 20), and one of two classes for each row."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, COLUMNS), dtype=np.float32)
    signal = np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2] + x[:, 3]
    return x, (signal + rng.standard_normal(rows) > 0).astype(int)


def _as_columns(x: Any) -> dict[str, Any]:
    return {f"x{number}": np.ascontiguousarray(x[:, number]) for number in range(COLUMNS)}


@cache
def _ready(method: str, threads: int, effort: int) -> tuple[Ask, Ask, int]:
    """Return what makes a method's input of numbers, what predicts, and multiply-adds a row."""
    x, y = made_up(TRAINING_ROWS, seed=0)
    if method in (RUNTIME, NETWORKS):
        sys.modules["numba"] = None  # type: ignore[assignment]
    elif method in COMPILED:
        if compiled_prediction() is None:
            raise ImportError("numba is not installed")
        method = COMPILED[method]
    if method not in (RUNTIME, NETWORKS, ONNX, "AdaptiveClassifier"):
        return (lambda x: x), _peer(method, x, y, threads), 0
    from madaline import AdaptiveClassifier

    model = AdaptiveClassifier(effort=effort, random_state=0, n_jobs=threads)
    model.fit(x, y)
    if method == "AdaptiveClassifier":
        return (lambda x: x), model.predict_proba, model.model_.summary.row_multiply_adds
    predictor = saved_and_loaded(model)
    n_bins = [part.n_bins for part in predictor.parts]
    work = model.model_.summary.row_multiply_adds
    if method == RUNTIME:
        return _as_columns, partial(predictor.predict_proba, n_jobs=threads), work

    def encode(x: Any) -> Any:
        return predictor.encode(_as_columns(x))

    def features(x: Any) -> list[Any]:
        encoded = encode(x)
        return [encoded.features(wanted) for wanted in n_bins]

    ours = partial(predictor.output, n_jobs=threads)
    if method == NETWORKS:
        return encode, ours, work
    theirs = _onnx_runtime(predictor.parts, threads)
    some = made_up(100, seed=2)[0]
    np.testing.assert_allclose(theirs(features(some)), ours(encode(some)), rtol=1e-3, atol=1e-4)
    return features, theirs, work


def saved_and_loaded(model: Any) -> Any:
    """Return what predicts of a model, from a file."""
    from madaline import runtime

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        model.save(path)
        return runtime.load(path)


def _onnx_runtime(parts: Any, threads: int) -> Ask:
    import onnxruntime

    from timing.equivalent import to_onnx

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(to_onnx(parts), settings)

    def ask(inputs: list[Any]) -> Any:
        outputs = []
        for start in range(0, len(inputs[0]), CHUNK):
            chunk = {f"x{k}": x[start : start + CHUNK] for k, x in enumerate(inputs)}
            outputs.append(session.run(["y"], chunk)[0])
        return np.concatenate(outputs)

    return ask


def _peer(method: str, x: Any, y: Any, threads: int) -> Ask:
    import pandas as pd

    from peers import PEERS
    from tables import Table

    frame = pd.DataFrame(_as_columns(x))
    estimator = PEERS[method](Table("made up", True, frame, y, frame, y), 0, threads=threads)
    estimator.fit(frame, y)
    return lambda x: estimator.predict_proba(pd.DataFrame(x, columns=frame.columns, copy=False))
