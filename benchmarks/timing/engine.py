"""Engine: the same networks, batches, optimizer and steps, by madaline and by its peers."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from functools import partial
from importlib import import_module
from statistics import median
from typing import Any

from timing.case import Case, Trainer
from timing.clocks import calls_in, matrix_rate, timed
from timing.tables_of_text import Row, TextTable, digits, grouped, middle, spread
from timing.workers import Worker, WorkerError

ENGINES = {
    "madaline": "engine_madaline:prepare",
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
RATE = "sgemm"
SECONDS = 0.25
"""How long a repetition trains, about; at least one epoch."""

_ready: dict[Case, tuple[Trainer, int, float]] = {}


def answer(*, threads: int, engine: str, case: Sequence[Any], seconds: float) -> dict[str, Any]:
    """Train for about so many seconds; the first time, get ready and train one epoch before."""
    if engine == RATE:
        return {"rate": matrix_rate(threads)}
    units, batch, members = case
    one = Case(tuple(units), batch, members)
    if one not in _ready:
        _ready.clear()
        _ready[one] = _prepare(engine, one, threads, seconds)
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
        team = _Team([name for name in ENGINES if options.wants(name)], threads, seconds)
        for units, batch in networks:
            for members in POPULATIONS:
                case = Case(units, batch, members)
                for number in range(rounds):
                    yield from team.round(case, number)
        team.close()


def tables(rows: Sequence[Row]) -> list[TextTable]:
    """Return a table for each number of threads and networks."""
    shown = []
    for (threads, members), some in grouped(rows, "threads", "members").items():
        lines = []
        for (case, engine), own in grouped(some, "case", "engine").items():
            share = median(row["floor_ms"] / row["ms"] for row in own)
            ours = [row for row in some if row["case"] == case and row["engine"] == "madaline"]
            ratio = digits(middle(own, "ms") / middle(ours, "ms")) if ours else ""
            lines.append(
                (
                    case,
                    engine,
                    own[0]["how"] or "",
                    digits(middle(own, "ms")),
                    spread(own, "ms"),
                    ratio,
                    digits(middle(own, "floor_ms")),
                    f"{share:.0%}",
                    digits(own[0]["loss"]),
                )
            )
        networks = "one network" if members == 1 else f"{members} networks"
        rate = middle(some, "rate") / 1e9
        title = (
            f"Engine, {networks}, {threads_in_words(threads)} ({rate:.1f} billion multiply-adds/s)"
        )
        heads = ("network", "engine", "how", "ms a step", "spread", "of ours", "floor, ms")
        shown.append(TextTable(title, (*heads, "of sgemm", "loss"), lines, n_texts=3))
    return shown


def threads_in_words(threads: int) -> str:
    """Return the number of threads as it stands in a title."""
    return "one thread" if threads == 1 else f"{threads} threads"


def _prepare(engine: str, case: Case, threads: int, seconds: float) -> tuple[Trainer, int, float]:
    """Return the quickest of an engine's ways, epochs for the seconds, and the loss after one."""
    module, _, function = ENGINES[engine].partition(":")
    choices = []
    for trainer in getattr(import_module(f"timing.{module}"), function)(case, threads):
        trainer.run(1)
        loss = trainer.loss()
        choices.append((timed(partial(trainer.run, 1)).of(threads), loss, trainer))
    _, loss, trainer = min(choices, key=lambda choice: choice[0])
    return trainer, calls_in(lambda: trainer.run(1), seconds), loss


class _Team:
    """Engines with the same number of threads, each in its own process, asked in turns."""

    def __init__(self, engines: Sequence[str], threads: int, seconds: float) -> None:
        self.threads, self.seconds = threads, seconds
        self.workers = {name: Worker("engine", threads, name) for name in (RATE, *engines)}

    def round(self, case: Case, number: int) -> Iterator[Row]:
        """Ask each engine once; one that fails is named and asked no more."""
        rate = self._ask(RATE, case)["rate"]
        for name in [name for name in self.workers if name != RATE]:
            try:
                found = self._ask(name, case)
            except WorkerError as error:
                print(f"{name} is left out at {case}: {error}", file=sys.stderr)
                self.workers.pop(name).close()
                continue
            yield {
                "case": str(case),
                "members": case.members,
                "threads": self.threads,
                "engine": name,
                "round": number,
                "rate": rate,
                "floor_ms": 1e3 * case.multiply_adds / rate,
                **found,
            }

    def close(self) -> None:
        for worker in self.workers.values():
            worker.close()

    def _ask(self, name: str, case: Case) -> dict[str, Any]:
        request = case.units, case.batch, case.members
        return self.workers[name].ask(engine=name, case=request, seconds=self.seconds)
