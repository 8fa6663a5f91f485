"""Engine: the same networks, batches, optimizer and steps, by madaline and by its peers."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence
from functools import partial
from importlib import import_module
from statistics import median
from typing import Any

from timing.case import Case, Trainer
from timing.clocks import calls_in, matrix_rate, timed
from timing.tables_of_text import (
    Row,
    TextTable,
    digits,
    grouped,
    middle,
    spread,
    threads_in_words,
)
from timing.team import RATE, Team

OURS = "madaline"
COMPILED = "madaline, compiled passes"
ENGINES = {
    OURS: "engine_madaline:prepare",
    COMPILED: "engine_madaline:prepare_compiled",
    "scikit-learn": "engine_sklearn:prepare",
    "PyTorch": "engine_torch:prepare",
    "PyTorch, compiled": "engine_torch:prepare_compiled",
    "Keras on JAX": "engine_keras:prepare",
    "JAX, scan": "engine_jax:prepare",
}
NETWORKS = (
    ((32, 32), 64),
    ((64, 64), 128),
    ((128, 128), 256),
    ((256, 256, 256), 256),
    ((512, 512, 512), 512),
)
POPULATIONS = (1, 16)
SECONDS = 0.25
"""How long a repetition trains, about; at least one epoch."""

_ready: dict[Case, tuple[Trainer, int, float]] = {}


def answer(*, threads: int, name: str, case: Sequence[Any], seconds: float) -> dict[str, Any]:
    """Train for about so many seconds; the first time, get ready and train one epoch before."""
    if name == RATE:
        return {"rate": matrix_rate(threads)}
    units, batch, members = case
    one = Case(tuple(units), batch, members)
    if one not in _ready:
        _ready.clear()
        _ready[one] = _prepare(name, one, threads, seconds)
    trainer, epochs, loss = _ready[one]
    step = timed(lambda: trainer.run(epochs)) / (epochs * one.steps)
    return {
        "ms": 1e3 * step.of(threads),
        "wall_ms": 1e3 * step.wall,
        "cpu_ms": 1e3 * step.cpu,
        "loss": loss,
        "how": trainer.how,
    }


def measure(options: Namespace) -> Iterator[Row]:
    """Yield a row for each engine, case, number of threads and repetition."""
    networks = NETWORKS[:1] if options.quick else NETWORKS
    rounds, seconds = (2, 0.05) if options.quick else (options.rounds, SECONDS)
    for threads in options.threads:
        with Team("engine", [name for name in ENGINES if options.wants(name)], threads) as team:
            for units, batch in networks:
                for members in POPULATIONS:
                    case = Case(units, batch, members)
                    own = {"case": str(case), "members": members, "threads": threads}
                    request = {"case": (units, batch, members), "seconds": seconds}
                    for number in range(rounds):
                        for found in team.ask_each(str(case), **request):
                            floor = 1e3 * case.multiply_adds / found["rate"]
                            yield {**own, "round": number, "floor_ms": floor, **found}


def tables(rows: Sequence[Row]) -> list[TextTable]:
    """Return a table for each number of threads and networks."""
    heads = ("network", "engine", "how", "ms a step", "spread", "of ours", "floor, ms")
    shown = []
    for (threads, members), some in grouped(rows, "threads", "members").items():
        ours = grouped((row for row in some if row["name"] == OURS), "case")
        lines = [
            _line(case, name, own, ours.get((case,)))
            for (case, name), own in grouped(some, "case", "name").items()
        ]
        networks = "one network" if members == 1 else f"{members} networks"
        rate = f"{middle(some, 'rate') / 1e9:.1f} billion multiply-adds/s"
        title = f"Engine, {networks}, {threads_in_words(threads)} ({rate})"
        shown.append(TextTable(title, (*heads, "of sgemm", "loss"), lines, n_texts=3))
    return shown


def _line(case: str, name: str, own: Sequence[Row], ours: Sequence[Row] | None) -> list[str]:
    ms = middle(own, "ms")
    share = median(row["floor_ms"] / row["ms"] for row in own)
    return [
        case,
        name,
        own[0]["how"] or "",
        digits(ms),
        spread(own, "ms"),
        digits(ms / middle(ours, "ms")) if ours else "",
        digits(middle(own, "floor_ms")),
        f"{share:.0%}",
        digits(own[0]["loss"]),
    ]


def _prepare(name: str, case: Case, threads: int, seconds: float) -> tuple[Trainer, int, float]:
    """Return the quickest of an engine's ways, epochs for the seconds, and the loss after one."""
    module, _, function = ENGINES[name].partition(":")
    choices = []
    for trainer in getattr(import_module(f"timing.{module}"), function)(case, threads):
        trainer.run(1)
        loss = trainer.loss()
        choices.append((timed(partial(trainer.run, 1)).of(threads), loss, trainer))
    _, loss, trainer = min(choices, key=lambda choice: choice[0])
    return trainer, calls_in(lambda: trainer.run(1), seconds), loss
