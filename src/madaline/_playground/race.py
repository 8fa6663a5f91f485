"""The page of a population: a race that the page drives, epoch by epoch."""

from __future__ import annotations

from asyncio import to_thread
from typing import Any, final

from madaline._playground.asked import Since
from madaline._playground.datasets import DATASETS
from madaline._playground.options import TABLE
from madaline._playground.page import ArrayFrame, Page, Sessions
from madaline._playground.plane import Plane
from madaline._playground.race_data import RaceRequest, race_facts
from madaline._playground.race_frames import events_frame, plane_facts
from madaline._playground.race_run import RaceRun
from madaline._playground.tables import Tables

_MAX_RUNS = 8  # that are kept, at most


def race_page(tables: Tables) -> Page:
    """Return the page on which a population learns."""
    answers = _RaceAnswers(tables)
    return Page(
        path="/race",
        title="A population",
        template="race.html",
        script="race.js",
        routes={
            "/race/start": answers.start,
            "/race/next": answers.next,
            "/race/known": tables.known(race_facts),
        },
        uploads={"/race/table": tables.opened(race_facts)},
        facts=answers.facts,
    )


@final
class _RaceAnswers:
    """The answers to what the page asks."""

    def __init__(self, tables: Tables) -> None:
        self._runs = Sessions[RaceRun](_MAX_RUNS)
        self._tables = tables

    def facts(self) -> dict[str, Any]:
        """Return what the page knows from the start."""
        return {
            "datasets": [{"name": one.name, "title": one.title} for one in DATASETS.values()],
            "table": self._tables.latest(race_facts),
        }

    async def start(self, asked: RaceRequest) -> ArrayFrame:
        """Prepare a race; nothing is trained yet."""
        table = self._tables.of(asked.table) if asked.data == TABLE else None
        fitting = await to_thread(asked.fitting, table)
        run = await to_thread(lambda: RaceRun(fitting, Plane.of(fitting)))
        python = asked.python(fitting.task, "" if table is None else table.name)
        facts = {"run": self._runs.add(run), "plane": plane_facts(run.plane), "python": python}
        return events_frame(run.log, 0, **facts)

    async def next(self, asked: Since) -> ArrayFrame:
        """Train for an epoch, and tell what came of it."""
        async with self._runs.of(asked.run) as run:
            await to_thread(run.advance)
            return events_frame(run.log, asked.since)
