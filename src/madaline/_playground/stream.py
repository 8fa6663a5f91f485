"""The page of a stream: networks that keep up with a world which the visitor may change."""

from __future__ import annotations

import asyncio
from typing import Any, final

from madaline._playground.page import Frame, Page, Sessions
from madaline._playground.stream_run import CLASSES, GRADUAL_ROWS, WINDOW, StreamRun
from madaline._playground.tables import Tables
from madaline.errors import InputError

_MAX_RUNS = 8  # streams that are kept; each page has one at a time


def stream_page(tables: Tables) -> Page:
    """Return the page on which networks learn from a stream."""
    del tables
    streams = _Streams()
    return Page(
        path="/stream",
        title="A stream",
        template="stream.html",
        script="stream.js",
        catalogs=("playground", "population"),
        routes={
            "/stream/start": streams.start,
            "/stream/drift": streams.drift,
            "/stream/next": streams.next,
            "/stream/code": streams.code,
        },
        facts=lambda: {"window": WINDOW, "gradual": GRADUAL_ROWS, "classes": list(CLASSES)},
    )


@final
class _Streams:
    """The streams of all open pages."""

    def __init__(self) -> None:
        self._runs: Sessions[StreamRun] = Sessions(_MAX_RUNS)

    def start(self, asked: Any) -> dict[str, Any]:
        """Begin a stream; no row has come yet."""
        seed = _object(asked).get("seed", 0)
        if not isinstance(seed, int) or not 0 <= seed < 2**31:
            raise InputError(f"seed is {seed!r}: give a whole number from 0 on.")
        run = StreamRun(seed)
        return {"run": self._runs.add(run), "members": run.members}

    async def drift(self, asked: Any) -> dict[str, Any]:
        """Let the world change."""
        async with self._runs.of(_object(asked).get("run")) as run:
            return await asyncio.to_thread(run.drift, asked.get("kind"))

    async def next(self, asked: Any) -> Frame:
        """Play some rows, and tell what came of them."""
        async with self._runs.of(_object(asked).get("run")) as run:
            told = await asyncio.to_thread(run.play, asked.get("rows"))
            return Frame(told, run.arrays())

    async def code(self, asked: Any) -> dict[str, Any]:
        """Return the Python that does the same."""
        async with self._runs.of(_object(asked).get("run")) as run:
            return {"code": run.python()}


def _object(asked: Any) -> dict[str, Any]:
    if not isinstance(asked, dict):
        raise InputError("Give a JSON object.")
    return asked
