"""The page of a population: a race that the page drives, epoch by epoch."""

from __future__ import annotations

from asyncio import to_thread
from contextlib import suppress
from typing import Any, final

from madaline._playground.datasets import DATASETS
from madaline._playground.page import Frame, Page, Sessions
from madaline._playground.plane import Plane
from madaline._playground.race_data import TABLE, Asked, NamedTable
from madaline._playground.race_frames import events_frame, plane_facts
from madaline._playground.race_run import RaceRun
from madaline._playground.settings import Settings
from madaline.errors import InputError

_MAX_RUNS, _MAX_TABLES = 8, 8  # that are kept, at most


def race_page(settings: Settings) -> Page:
    """Return the page on which a population learns."""
    answers = _Answers(settings)
    return Page(
        path="/race",
        title="A population",
        template="race.html",
        script="race.js",
        catalogs=("playground", "population"),
        routes={"/race/start": answers.start, "/race/next": answers.next},
        uploads={"/race/table": answers.table},
        facts=answers.facts,
    )


@final
class _Answers:
    """The answers to what the page asks."""

    def __init__(self, settings: Settings) -> None:
        self._runs = Sessions[RaceRun](_MAX_RUNS)
        self._tables = Sessions[NamedTable](_MAX_TABLES)
        self._given: dict[str, Any] | None = None
        if settings.table is not None:
            with suppress(InputError):  # a table for the first page may be too large for this one
                self._given = self._keep(NamedTable.read(settings.table))

    def facts(self) -> dict[str, Any]:
        """Return what the page knows from the start."""
        return {
            "datasets": [{"name": one.name, "title": one.title} for one in DATASETS.values()],
            "table": self._given,
        }

    async def start(self, value: Any) -> Frame:
        """Prepare a race; nothing is trained yet."""
        asked, table = Asked.read(value), None
        if asked.data == TABLE:
            async with self._tables.of(value.get("table")) as table:
                pass
        fitting = await to_thread(asked.fitting, table)
        run = await to_thread(lambda: RaceRun(fitting, Plane.of(fitting)))
        python = asked.python(fitting.task, "" if table is None else table.name)
        facts = {"run": self._runs.add(run), "plane": plane_facts(run.plane), "python": python}
        return events_frame(run.log, value, **facts)

    async def next(self, value: Any) -> Frame:
        """Train for an epoch, and tell what came of it."""
        if not isinstance(value, dict):
            raise InputError("The request is no object: reload the page.")
        async with self._runs.of(value.get("run")) as run:
            await to_thread(run.advance)
            return events_frame(run.log, value)

    def table(self, name: str, content: bytes) -> dict[str, Any]:
        """Read a table that was dropped on the page."""
        return self._keep(NamedTable.of_content(name, content))

    def _keep(self, table: NamedTable) -> dict[str, Any]:
        columns = list(table.table.names)
        return {"table": self._tables.add(table), "name": table.name, "columns": columns}
