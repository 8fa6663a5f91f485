"""The page of a population: a race that the page drives, epoch by epoch."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, final

from madaline._playground.page import Frame, Page, Sessions
from madaline._playground.plane import Plane
from madaline._playground.race_data import SOURCES, Asked, read_table
from madaline._playground.race_frames import events_frame, plane_facts
from madaline._playground.race_run import RaceRun
from madaline._playground.settings import Settings
from madaline.errors import InputError

_MAX_RUNS = 4  # races that are kept; each page has one at a time


def race_page(settings: Settings) -> Page:
    """Return the page on which a population learns."""
    races = _Races(settings.table)
    return Page(
        path="/race",
        title="A population",
        template="race.html",
        script="race.js",
        catalogs=("playground", "race"),
        routes={
            "/race/table": races.table,
            "/race/start": races.start,
            "/race/next": races.next,
        },
        facts=lambda: {"data": [*SOURCES], "table": races.given()},
    )


@final
class _Races:
    """The races of all open pages."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._runs: Sessions[RaceRun] = Sessions(_MAX_RUNS)

    def given(self) -> dict[str, Any] | None:
        """Return the table that the playground was started with: its name and columns."""
        if self._path is None:
            return None
        names = read_table(self._path.name, path=self._path).names
        return {"file": self._path.name, "columns": list(names)}

    def table(self, asked: Any) -> dict[str, Any]:
        """Return the columns of a table that was dropped on the page."""
        if not isinstance(asked, dict) or not all(
            isinstance(asked.get(name), str) for name in ("file", "text")
        ):
            raise InputError("Give the name of a file, and its text.")
        names = read_table(asked["file"], asked["text"]).names
        return {"file": asked["file"], "columns": list(names)}

    async def start(self, asked: Any) -> Frame:
        """Prepare a race; nothing is trained yet."""
        wanted = Asked.read(asked)
        run = await asyncio.to_thread(self._prepared, wanted)
        facts = {
            "run": self._runs.add(run),
            "plane": plane_facts(run.plane),
            "python": wanted.python(run.fitting.task),
        }
        return events_frame(run.log, asked, **facts)

    async def next(self, asked: Any) -> Frame:
        """Train for an epoch, and tell what came of it."""
        async with self._runs.of(asked.get("run") if isinstance(asked, dict) else None) as run:
            await asyncio.to_thread(run.advance)
            return events_frame(run.log, asked)

    def _prepared(self, wanted: Asked) -> RaceRun:
        fitting = wanted.fitting(self._path)
        return RaceRun(fitting, Plane.of(fitting))
