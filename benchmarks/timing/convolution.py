"""Convolution: one network and a population that look at images, by madaline and by PyTorch."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from timing.case import CLASSES, LEARNING_RATE
from timing.clocks import matrix_rate, timed
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

SIDE, CHANNELS, UNITS, BATCH = 28, (16, 32), 64, 64
"""Images of 28 x 28 gray pixels, two convolutions each with a coarser grid behind it, 64 units."""

POPULATIONS = (1, 8)
OURS = "madaline"
ENGINES = (OURS, "PyTorch", "PyTorch, channels last", "PyTorch, grouped")
STEPS = 20
"""Steps of a repetition; three come before, to get warm."""

_ready: dict[tuple[str, int], Callable[[], None]] = {}


def answer(*, threads: int, name: str, members: int) -> dict[str, Any]:
    """Train some steps of an engine; the first time, build its networks before."""
    if name == RATE:
        return {"rate": matrix_rate(threads)}
    if (name, members) not in _ready:
        _ready.clear()
        _ready[name, members] = _stepper(name, members, threads)
        _repeat(_ready[name, members], 3)
    took = timed(partial(_repeat, _ready[name, members], STEPS))
    return {"ms": 1e3 * took.of(threads) / (STEPS * members)}


def measure(options: Namespace) -> Iterator[Row]:
    """Yield a row for each engine, number of networks, number of threads and repetition."""
    for threads in options.threads:
        names = [name for name in ENGINES if options.wants(name)]
        with Team("convolution", names, threads) as team:
            for members in POPULATIONS:
                for number in range(2 if options.quick else options.rounds):
                    for found in team.ask_each(f"{members} networks", members=members):
                        floor = 1e3 * BATCH * multiply_adds() / found["rate"]
                        own = {"members": members, "threads": threads, "round": number}
                        yield {**own, "floor_ms": floor, **found}


def tables(rows: Sequence[Row]) -> list[TextTable]:
    """Return a table for each number of threads."""
    shown = []
    for (threads,), some in grouped(rows, "threads").items():
        lines = [
            [
                f"{members}",
                name,
                digits(middle(own, "ms")),
                spread(own, "ms"),
                digits(middle(own, "floor_ms")),
            ]
            for (members, name), own in grouped(some, "members", "name").items()
        ]
        sizes = "-".join(map(str, (*CHANNELS, UNITS, CLASSES)))
        title = f"Convolutions {sizes} on {SIDE} x {SIDE}, {threads_in_words(threads)}"
        heads = ("networks", "engine", "ms a step of one", "spread", "floor, ms")
        shown.append(TextTable(title, heads, lines, n_texts=2))
    return shown


def multiply_adds() -> int:
    """Return the multiply-adds of a training step of one row."""
    total, side, below = 0, SIDE, 1
    for index, channels in enumerate(CHANNELS):
        total += (3 if index else 2) * side * side * 9 * below * channels
        side, below = side // 2, channels
    return total + 3 * (side * side * below * UNITS + UNITS * CLASSES)


def _repeat(step: Callable[[], None], times: int) -> None:
    for _ in range(times):
        step()


def _stepper(name: str, members: int, threads: int) -> Callable[[], None]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(members, BATCH, SIDE * SIDE)).astype(np.float32)
    y = rng.integers(0, CLASSES, (members, BATCH))
    if name == OURS:
        return _of_madaline(x, y)
    return _of_torch(x, y, threads, last="last" in name, grouped="grouped" in name)


def _of_madaline(x: Any, y: Any) -> Callable[[], None]:
    """Return a step of all networks in one process; each is a group, as in `Cohort.groups`.

    Groups of one shape share their arrays there, and so they do here.
    """
    from madaline.nn._engine.blas import one_threaded_products
    from madaline.nn.arrays import Workspace
    from madaline.nn.layers import Convolution, Linear, MaxPooling, ReLU
    from madaline.nn.losses import CrossEntropy
    from madaline.nn.network import Network
    from madaline.nn.optimizers import Adam, StepSize

    layers: list[Any] = []
    side, below = SIDE, 1
    for channels in CHANNELS:
        shape = (side, side)
        layers += [Convolution(shape, below, channels), MaxPooling(shape), ReLU()]
        side, below = side // 2, channels
    layers += [Linear(side * side * below, UNITS), ReLU(), Linear(UNITS, CLASSES)]
    network, loss, optimizer = Network(tuple(layers)), CrossEntropy(), Adam()
    population = network.initialize((len(x),), np.random.default_rng(0))
    optimizer.start(population)
    target = np.eye(CLASSES, dtype=np.float32)[y]
    workspace = Workspace()
    rows = [slice(one, one + 1) for one in range(len(x))]
    groups = [(population[one], x[one], target[one]) for one in rows]

    def train(group: Any) -> None:
        member, own, truth = group
        workspace.rewind()
        gradient = workspace.empty(member.theta.shape, np.float32)
        bound = network.bind(member.theta)
        output, backward = network.forward(bound, own, workspace=workspace, training=True)
        slope = loss.gradient(output, truth, None, workspace=workspace)
        backward(slope, network.bind(gradient))
        optimizer.step(member, gradient, StepSize(LEARNING_RATE), workspace=workspace)

    def train_all() -> None:
        with one_threaded_products():
            for group in groups:
                train(group)

    return train_all


def _of_torch(x: Any, y: Any, threads: int, *, last: bool, grouped: bool) -> Callable[[], None]:
    """Return a step of all networks: one after the other, or as one of grouped convolutions."""
    import torch
    from torch import nn

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    n_groups = len(x) if grouped else 1
    layers: list[Any] = []
    below = 1
    for channels in CHANNELS:
        layers.append(
            nn.Conv2d(below * n_groups, channels * n_groups, 3, padding=1, groups=n_groups)
        )
        layers += [nn.MaxPool2d(2), nn.ReLU()]
        below = channels
    flat = (SIDE // 4) ** 2 * below
    images = torch.from_numpy(x).reshape(len(x), BATCH, 1, SIDE, SIDE)
    truths = torch.from_numpy(y)

    def network() -> Any:
        import copy

        return copy.deepcopy(
            nn.Sequential(
                *layers, nn.Flatten(), nn.Linear(flat, UNITS), nn.ReLU(), nn.Linear(UNITS, CLASSES)
            )
        )

    def one_step(model: Any, adam: Any, own: Any, truth: Any) -> None:
        adam.zero_grad()
        nn.functional.cross_entropy(model(own), truth).backward()
        adam.step()

    if not grouped:
        form = torch.channels_last if last else torch.contiguous_format
        models = [network().to(memory_format=form) for _ in x]
        adams = [torch.optim.Adam(model.parameters(), LEARNING_RATE) for model in models]
        inputs = [one.contiguous(memory_format=form) for one in images]
        together = list(zip(models, adams, inputs, truths, strict=True))

        def steps() -> None:
            for one in together:
                one_step(*one)

        return steps
    body = nn.Sequential(*layers)
    first = nn.Parameter(torch.randn(len(x), flat, UNITS) / flat**0.5)
    second = nn.Parameter(torch.randn(len(x), UNITS, CLASSES) / UNITS**0.5)
    adam = torch.optim.Adam([*body.parameters(), first, second], LEARNING_RATE)
    side_by_side = images[:, :, 0].swapaxes(0, 1).contiguous()  # (batch, networks, side, side)

    def step() -> None:
        adam.zero_grad()
        seen = body(side_by_side).reshape(BATCH, len(x), flat).swapaxes(0, 1)
        output = torch.relu(seen @ first) @ second  # (networks, batch, classes)
        loss = nn.functional.cross_entropy(output.reshape(-1, CLASSES), truths.reshape(-1))
        (len(x) * loss).backward()
        adam.step()

    return step
