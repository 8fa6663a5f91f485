"""Growth: how time and memory grow with rows, columns, classes and members."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from timing.case import Case
from timing.clocks import PeakMemory, matrix_rate, timed
from timing.tables_of_text import Row, TextTable, digits, grouped, middle, spread
from timing.workers import Worker, WorkerError

SIZES = {
    "rows": (1_000, 10_000, 100_000, 1_000_000),
    "columns": (10, 30, 100, 300, 1_000),
    "classes": (2, 6, 20, 60, 200),
    "members": (1, 2, 4, 8, 16, 32, 64),
}
EPOCHS = 2
"""Epochs of each fit: growth is that of an epoch and of all that is done once."""

MEMBERS = Case((64, 64, 64), 256)


@dataclass(frozen=True)
class Shape:
    """How large a table is; the sizes of the other axes while one grows."""

    rows: int = 10_000
    columns: int = 20
    classes: int = 2


def answer(*, threads: int, axis: str, size: int) -> dict[str, Any]:
    """Measure one size, in a fresh process."""
    if axis == "members":
        return _train(threads, size)
    # A thousand columns take their time: fewer rows.
    rows = {"columns": 2_000, "classes": 20_000}.get(axis, 0)
    shape = Shape(**{"rows": rows, axis: size})
    return _fit(threads, shape)


def measure(options: Namespace) -> Iterator[Row]:
    """Yield a row for each axis, size and repetition; one thread, unless told otherwise."""
    threads = options.threads[0]
    for number in range(1 if options.quick else min(3, options.rounds)):
        for axis, sizes in SIZES.items():
            for size in sizes[:3] if options.quick else sizes:
                with Worker("growth", threads) as worker:
                    try:
                        found = worker.ask(axis=axis, size=size)
                    except WorkerError as error:
                        print(f"{size:,} {axis} failed: {error}", file=sys.stderr)
                        continue
                yield {"axis": axis, "size": size, "round": number, "threads": threads, **found}


def tables(rows: Sequence[Row]) -> list[TextTable]:
    """Return a table for each axis and one of the exponents."""
    by_axis = {axis: grouped(some, "size") for (axis,), some in grouped(rows, "axis").items()}
    shown = [
        _steps_table(sizes) if axis == "members" else _fits_table(axis, sizes)
        for axis, sizes in by_axis.items()
    ]
    lines = [
        (axis, *(_exponent_cell(sizes, key) for key in ("fit_s", "encode_s", "peak_mb", "floor_s")))
        for axis, sizes in by_axis.items()
    ]
    heads = ("as it grows", "time", "encoding", "peak memory", "multiply-adds")
    title = "Exponents (1 is linear): over all sizes, and between the last two"
    return [*shown, TextTable(title, heads, lines)]


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Return the power of the size that values grow with: the slope of both logarithms.

    Examples
    --------
    >>> round(exponent([1, 10, 100], [3, 300, 30_000]), 6)
    2.0
    """
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def made_up(shape: Shape) -> tuple[dict[str, Any], Any]:
    """Return mixed columns (of ten: six numbers, two texts, a Boolean, a date) and a target."""
    rng = np.random.default_rng(0)
    columns: dict[str, Any] = {}
    signal = rng.standard_normal(shape.rows)
    for number in range(shape.columns):
        match number % 10:
            case 1 | 4:
                levels = np.array([f"level {level}" for level in range(12)], object)
                drawn = rng.integers(0, 12, shape.rows)
                values, effect = levels[drawn], drawn / 6 - 1
            case 7:
                values = rng.random(shape.rows) < 0.3
                effect = values
            case 9:
                days = rng.integers(0, 3_000, shape.rows)
                values, effect = np.datetime64("2020-01-01") + days, days / 1_500 - 1
            case _:
                effect = rng.standard_normal(shape.rows)
                values = np.where(rng.random(shape.rows) < 0.05, np.nan, effect)
        columns[f"column {number}"] = values
        if number < 10:
            signal = signal + effect
    edges = np.quantile(signal, np.linspace(0, 1, shape.classes + 1)[1:-1])
    return columns, np.digitize(signal, edges)


def _fit(threads: int, shape: Shape) -> dict[str, Any]:
    from madaline._models.fitting import Fitting
    from madaline._models.fitting.means import Means
    from madaline._models.fitting.training_data import Roles
    from madaline._models.request import FitRequest
    from madaline._tables.encoders.table_encoder import TableEncoder
    from madaline._tables.schema import Schema
    from madaline._tables.table import Table

    columns, target = made_up(shape)
    # Imports and tables of libraries that are made at the first fit are no growth.
    small = Shape(rows=200, columns=min(shape.columns, 20))
    few, labels = made_up(small)
    means = Means(n_jobs=threads)
    _finish(Fitting(FitRequest(effort=1), Table.from_columns(few), Roles(labels), means))

    def encode() -> None:
        table = Table.from_columns(columns)
        table.sort(threads)
        encoder = TableEncoder.fit(table, Schema.infer(table), n_bins=(0,))
        encoder.encode(table, n_threads=threads).features(0)

    encoding = timed(encode)
    memory, fittings = PeakMemory(), []

    def fit() -> None:
        request = FitRequest(task="classification", effort=EPOCHS)
        fitting = Fitting(request, Table.from_columns(columns), Roles(target), means)
        fittings.append((fitting, _finish(fitting)))

    took = timed(fit)
    peak = memory.bytes()
    fitting, model = fittings[0]
    encoded = sum(x.nbytes for x in fitting.race.dataset.features.values())
    thetas = sum(one.theta.nbytes for one in fitting.race.candidates.values())
    return {
        "fit_s": took.of(threads),
        "wall_s": took.wall,
        "encode_s": encoding.of(threads),
        "peak_mb": peak / 2**20,
        "encoded_mb": encoded / 2**20,
        "networks_mb": thetas / 2**20,
        "floor_s": model.summary.multiply_adds / matrix_rate(threads),
        "plan": f"{len(fitting.plan.recipes)} x {fitting.plan.n_folds}, {fitting.plan.batch_size}",
    }


def _finish(fitting: Any) -> Any:
    for _ in fitting:
        pass
    return fitting.model()


def _train(threads: int, members: int) -> dict[str, Any]:
    from timing.engine_madaline import prepare

    case = Case(MEMBERS.units, MEMBERS.batch, members)
    memory = PeakMemory()
    trainer = prepare(case, threads)[0]
    trainer.run(1)
    step = timed(lambda: trainer.run(2)) / (2 * case.steps)
    return {
        "fit_s": step.of(threads),
        "wall_s": step.wall,
        "encode_s": None,
        "peak_mb": memory.bytes() / 2**20,
        "encoded_mb": None,
        "networks_mb": None,
        "floor_s": case.multiply_adds / matrix_rate(threads),
        "plan": trainer.how,
    }


def _fits_table(axis: str, sizes: dict[tuple[Any, ...], list[Row]]) -> TextTable:
    lines = [
        (
            f"{size:,}",
            own[0]["plan"],
            digits(middle(own, "fit_s")),
            spread(own, "fit_s"),
            digits(middle(own, "floor_s")),
            digits(middle(own, "encode_s")),
            digits(middle(own, "peak_mb")),
            digits(middle(own, "encoded_mb")),
            digits(middle(own, "networks_mb")),
        )
        for (size,), own in sizes.items()
    ]
    heads = (axis, "recipes x folds, batch", "fit, s", "spread", "floor, s", "encode, s")
    title = f"Growth with {axis}, {EPOCHS} epochs"
    return TextTable(title, (*heads, "peak MiB", "encoded MiB", "networks MiB"), lines, n_texts=2)


def _steps_table(sizes: dict[tuple[Any, ...], list[Row]]) -> TextTable:
    lines = [
        (
            f"{size:,}",
            own[0]["plan"] or "1 group",
            digits(1e3 * middle(own, "fit_s")),
            spread(own, "fit_s"),
            digits(1e3 * middle(own, "floor_s")),
            digits(middle(own, "peak_mb")),
        )
        for (size,), own in sizes.items()
    ]
    heads = ("members", "trained in", "ms a step", "spread", "floor, ms", "peak MiB")
    return TextTable(f"Growth with members of {MEMBERS}", heads, lines, n_texts=2)


def _exponent_cell(sizes: dict[tuple[Any, ...], list[Row]], key: str) -> str:
    points = [(size, middle(own, key)) for (size,), own in sizes.items() if own[0][key] is not None]
    if len(points) < 2 or any(value <= 0 for _, value in points):
        return ""
    x, y = zip(*points, strict=True)
    return f"{exponent(x, y):.2f}, {exponent(x[-2:], y[-2:]):.2f}"
