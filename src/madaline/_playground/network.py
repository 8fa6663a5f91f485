"""The page of one network: it makes runs, lets them learn, and explains a step."""

from __future__ import annotations

import tempfile
from asyncio import to_thread
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from madaline._language.translation import translate
from madaline._playground.datasets import DATASETS
from madaline._playground.learning import Change, Data, NetworkRun
from madaline._playground.options import MAX_LAYERS, MAX_UNITS, NetworkOptions
from madaline._playground.page import ArrayFrame, Page, Sessions
from madaline._playground.pictures import first_frame, frame_of
from madaline._playground.python_code import python_code
from madaline._playground.tables import Tables, UserTable
from madaline.errors import InputError

_MAX_RUNS = 32  # that are kept, at most
_MAX_EPOCHS = 1000  # of one request
_MAX_WEIGHT = 1000  # that can be set by hand
_THUMBNAIL_ROWS = 90


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
            "/network/known": answers.known,
            "/network/code": answers.code,
            "/network/file": answers.file,
        },
        uploads={"/network/table": answers.table},
        facts=answers.facts,
    )


@final
class _NetworkAnswers:
    """The answers to what the page asks."""

    def __init__(self, tables: Tables) -> None:
        self._runs = Sessions[tuple[NetworkRun, UserTable | None]](_MAX_RUNS)
        self._tables = tables

    def facts(self) -> dict[str, Any]:
        """Return what the page knows from the start."""
        return {
            "datasets": [
                {"name": one.name, "title": one.title, "task": one.task, **_thumbnail(one.name)}
                for one in DATASETS.values()
            ],
            "table": self._tables.latest(UserTable.facts),
            "max_layers": MAX_LAYERS,
            "max_units": MAX_UNITS,
        }

    async def start(self, value: Any) -> ArrayFrame:
        """Begin a run, and return its first frame."""
        options = NetworkOptions.of(value)
        table = self._tables.of(options.table) if options.dataset is None else None
        run = await to_thread(lambda: NetworkRun(options, Data.of(options, table)))
        return first_frame(run, self._runs.add((run, table)))

    async def advance(self, value: Any) -> ArrayFrame:
        """Train for some epochs, and return the state."""
        epochs = _of(value).get("epochs", 1)
        if not isinstance(epochs, int) or not 1 <= epochs <= _MAX_EPOCHS:
            raise InputError(f"epochs is {epochs!r}: give a number from 1 to {_MAX_EPOCHS}.")
        async with self._runs.of(_of(value).get("run")) as (run, _):
            return await to_thread(lambda: frame_of(run, run.advance(epochs)))

    async def step(self, value: Any) -> dict[str, Any]:
        """Explain the step of gradient descent for one row, with every number."""
        row = _of(value).get("row")
        async with self._runs.of(_of(value).get("run")) as (run, _):
            if not isinstance(row, int) or not 0 <= row < len(run.data.x):
                raise InputError(f"row is {row!r}: give one of {len(run.data.x)}, from 0.")
            step = run.network._step(run.data.x[row], run.data.y[row], run.options.learning_rate)
            return {"lines": [translate(line) for line in step.lines()]}

    async def change(self, value: Any) -> ArrayFrame:
        """Set a weight or a bias by hand, and return the state."""
        asked = _of(value)
        layer, source, unit, number = map(asked.get, ("layer", "source", "unit", "value"))
        places = [layer, unit] if source is None else [layer, unit, source]
        if not all(isinstance(one, int) for one in places):
            raise InputError("The network has no such weight: point at the line again.")
        if not isinstance(number, int | float) or not abs(number) <= _MAX_WEIGHT:
            raise InputError(
                f"The weight is {number!r}: give a number from -{_MAX_WEIGHT} to {_MAX_WEIGHT}."
            )
        async with self._runs.of(asked.get("run")) as (run, _):
            run.change(Change(run.epoch, asked["layer"], source, asked["unit"], float(number)))
            return await to_thread(lambda: frame_of(run, []))

    async def code(self, value: Any) -> dict[str, Any]:
        """Return the Python that does the same."""
        async with self._runs.of(_of(value).get("run")) as (run, table):
            options, epochs = run.options, run.epochs_begun
            return {"code": python_code(options, run.data, table, epochs, run.changes)}

    async def file(self, value: Any) -> Any:
        """Answer with the file of the network as it is."""
        from starlette.responses import Response

        async with self._runs.of(_of(value).get("run")) as (run, _):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "network.npz"
                if run.epoch:  # the training goes on, and has not told the losses yet
                    run.network.loss_, run.network.validation_loss_ = run.losses()
                run.network.save(path)
                return Response(path.read_bytes(), 200, media_type="application/x-npz")

    def table(self, name: str, content: bytes) -> dict[str, Any]:
        """Read a table that was dropped on the page."""
        table = UserTable.of_content(name, content)
        facts = table.facts()
        self._tables.add(table)
        return facts

    async def known(self, value: Any) -> dict[str, Any]:
        """Return what the page needs of a table that it has the key of, such as after a reload."""
        return self._tables.of(_of(value).get("table")).facts()


def _of(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError("The request is no object: reload the page.")
    return value


def _thumbnail(name: str) -> dict[str, Any]:
    """Return some points of data, from -1 to 1, with the class or the sign of each."""
    made = DATASETS[name]
    if not made.on_plane:
        return {}
    x, y = made.make(_THUMBNAIL_ROWS, 0.08, 0)
    x = 0.9 * (x - (x.max(axis=0) + x.min(axis=0)) / 2)
    x = 2 * x / (x.max(axis=0) - x.min(axis=0)).max() * 0.9
    values = y / abs(y).max() if made.task == "numbers" else 2 * y - 1
    return {"points": x.round(2).ravel().tolist(), "values": values.round(2).tolist()}
