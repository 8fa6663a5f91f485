"""The page of one network: it makes runs, lets them learn, and explains a step."""

from __future__ import annotations

import tempfile
from asyncio import to_thread
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, final

from madaline._apps.playground.datasets import DATASETS, MadeData
from madaline._apps.playground.learning import Change, NetworkRun
from madaline._apps.playground.learning_data import LearningData
from madaline._apps.playground.options import MAX_LAYERS, MAX_UNITS, NetworkOptions
from madaline._apps.playground.page import ArrayFrame, OfRun, Page, Sessions
from madaline._apps.playground.pictures import first_frame, frame_of
from madaline._apps.playground.python_code import python_code
from madaline._apps.playground.tables import Tables, UserTable
from madaline._base.codec import Stored
from madaline._base.json_checks import Number, Whole
from madaline._base.language import translate
from madaline.errors import InputError

_MAX_RUNS = 32  # that are kept, at most
_MAX_EPOCHS = 1000  # of one request
_MAX_WEIGHT = 1000  # that can be set by hand
_THUMBNAIL_ROWS = 90


@final
@dataclass(frozen=True)
class Advance(Stored):
    """Epochs to train for."""

    run: str
    epochs: Annotated[int, Whole(1, _MAX_EPOCHS)] = 1


@final
@dataclass(frozen=True)
class OneRow(Stored):
    """A row whose step is to be explained."""

    run: str
    row: int


@final
@dataclass(frozen=True)
class NewWeight(Stored):
    """A weight, or a bias, to set by hand."""

    run: str
    layer: int
    unit: int
    value: Annotated[float, Number(-_MAX_WEIGHT, _MAX_WEIGHT)]
    source: int | None = None  # None for a bias


def network_page(tables: Tables) -> Page:
    """Return the page on which one network learns."""
    answers = _NetworkAnswers(tables)
    return Page(
        path="/",
        title="One network",
        template="network.html",
        script="network.js",
        routes={
            "/network/start": answers.start,
            "/network/advance": answers.advance,
            "/network/step": answers.step,
            "/network/change": answers.change,
            "/network/known": tables.known(UserTable.facts),
            "/network/code": answers.code,
            "/network/file": answers.file,
        },
        uploads={"/network/table": tables.opened(UserTable.facts)},
        facts=answers.facts,
    )


@final
class _NetworkAnswers:
    """The answers to what the page asks."""

    def __init__(self, tables: Tables) -> None:
        self._runs = Sessions[NetworkRun](_MAX_RUNS)
        self._tables = tables

    def facts(self) -> dict[str, Any]:
        """Return what the page knows from the start."""
        return {
            "datasets": [
                {"name": made.name, "title": made.title, "task": made.task, **_thumbnail(made)}
                for made in DATASETS.values()
            ],
            "table": self._tables.latest(UserTable.facts),
            "max_layers": MAX_LAYERS,
            "max_units": MAX_UNITS,
        }

    async def start(self, asked: NetworkOptions) -> ArrayFrame:
        """Begin a run, and return its first frame."""
        table = self._tables.of(asked.table) if asked.dataset is None else None
        run = await to_thread(lambda: NetworkRun(asked, LearningData.of(asked, table)))
        return first_frame(run, self._runs.add(run))

    async def advance(self, asked: Advance) -> ArrayFrame:
        """Train for some epochs, and return the state."""
        async with self._runs.of(asked.run) as run:
            return await to_thread(lambda: frame_of(run, run.advance(asked.epochs)))

    async def step(self, asked: OneRow) -> dict[str, Any]:
        """Explain the step of gradient descent for one row, with every number."""
        row = asked.row
        async with self._runs.of(asked.run) as run:
            if not 0 <= row < len(run.data.x):
                raise InputError(
                    "row is {row!r}: give one of {n_x}, from 0.", row=row, n_x=len(run.data.x)
                )
            step = run.network._step(run.data.x[row], run.data.y[row], run.options.learning_rate)
            return {"lines": [translate(line) for line in step.lines()]}

    async def change(self, asked: NewWeight) -> ArrayFrame:
        """Set a weight or a bias by hand, and return the state."""
        async with self._runs.of(asked.run) as run:
            value = float(asked.value)
            run.change(Change(run.epoch, asked.layer, asked.source, asked.unit, value))
            return await to_thread(lambda: frame_of(run, []))

    async def code(self, asked: OfRun) -> dict[str, Any]:
        """Return the Python that does the same."""
        async with self._runs.of(asked.run) as run:
            return {"code": python_code(run)}

    async def file(self, asked: OfRun) -> Any:
        """Answer with the file of the network as it is."""
        from starlette.responses import Response

        async with self._runs.of(asked.run) as run:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "network.npz"
                if run.epoch:  # the training goes on, and has not told the losses yet
                    run.network.loss_, run.network.validation_loss_ = run.losses()
                run.network.save(path)
                return Response(path.read_bytes(), 200, media_type="application/x-npz")


def _thumbnail(made: MadeData) -> dict[str, Any]:
    """Return some points of data, from -1 to 1, with the class or the sign of each."""
    if not made.on_plane:
        return {}
    x, y = made.make(_THUMBNAIL_ROWS, 0.08, 0)
    x = 0.9 * (x - (x.max(axis=0) + x.min(axis=0)) / 2)
    x = 2 * x / (x.max(axis=0) - x.min(axis=0)).max() * 0.9
    values = y / abs(y).max() if made.task == "numbers" else 2 * y - 1
    return {"points": x.round(2).ravel().tolist(), "values": values.round(2).tolist()}
