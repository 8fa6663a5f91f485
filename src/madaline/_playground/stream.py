"""The page of a stream: networks that keep up with a world which the visitor may change."""

from __future__ import annotations

import asyncio
from typing import Any, final

from madaline._playground.page import ArrayFrame, Page, Sessions
from madaline._playground.race_data import TABLE
from madaline._playground.stream_rows import (
    StreamRows,
    TableRows,
    World,
    orders_of,
)
from madaline._playground.stream_run import StreamRun
from madaline._playground.tables import Tables, UserTable
from madaline.errors import InputError

_MAX_RUNS = 8  # streams that are kept; each page has one at a time
_SHOWN_ROWS = 8  # of a table, with what was predicted


def stream_page(tables: Tables) -> Page:
    """Return the page on which networks learn from a stream."""
    streams = _Streams(tables)
    return Page(
        path="/stream",
        title="A stream",
        template="stream.html",
        script="stream.js",
        routes={
            "/stream/start": streams.start,
            "/stream/drift": streams.drift,
            "/stream/freeze": streams.freeze,
            "/stream/next": streams.next,
            "/stream/code": streams.code,
            "/stream/known": streams.known,
        },
        uploads={"/stream/table": streams.table},
        facts=streams.facts,
    )


def stream_facts(table: UserTable) -> dict[str, Any]:
    """Return what the page needs of a table."""
    return {
        "table": table.key,
        "name": table.name,
        "columns": list(table.table.names),
        "target": table.likely_target_of_all,
        "orders": orders_of(table),
    }


@final
class _Streams:
    """The streams of all open pages."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._runs: Sessions[StreamRun] = Sessions(_MAX_RUNS)

    def facts(self) -> dict[str, Any]:
        """Return what the page knows from the start."""
        return {"table": self._tables.latest(stream_facts)}

    async def start(self, asked: Any) -> dict[str, Any]:
        """Begin a stream; no row has come yet."""
        seed = _object(asked).get("seed", 0)
        if not isinstance(seed, int) or not 0 <= seed < 2**31:
            raise InputError(f"seed is {seed!r}: give a whole number from 0 on.")
        run = await asyncio.to_thread(lambda: StreamRun(self._rows(asked, seed), seed))
        return {"run": self._runs.add(run), **run.facts}

    def _rows(self, asked: dict[str, Any], seed: int) -> StreamRows:
        if asked.get("data") != TABLE:
            return World(seed)
        names = [asked.get("target", ""), asked.get("order", "")]
        if not all(isinstance(name, str) for name in names):
            raise InputError("target must be the name of a column.")
        return TableRows(self._tables.of(asked.get("table")), *names)

    async def drift(self, asked: Any) -> dict[str, Any]:
        """Let the world change."""
        async with self._runs.of(_object(asked).get("run")) as run:
            return await asyncio.to_thread(run.drift, asked.get("kind"))

    async def freeze(self, asked: Any) -> dict[str, Any]:
        """Keep a copy of the networks that learns no more."""
        async with self._runs.of(_object(asked).get("run")) as run:
            return await asyncio.to_thread(run.freeze)

    async def next(self, asked: Any) -> ArrayFrame:
        """Play some rows, and tell what came of them."""
        async with self._runs.of(_object(asked).get("run")) as run:
            told = await asyncio.to_thread(run.play, asked.get("rows"))
            arrays = await asyncio.to_thread(run.arrays)
            return ArrayFrame({**told, "latest": run.latest(_SHOWN_ROWS)}, arrays)

    async def code(self, asked: Any) -> dict[str, Any]:
        """Return the Python that does the same."""
        async with self._runs.of(_object(asked).get("run")) as run:
            return {"code": run.python()}

    async def known(self, asked: Any) -> dict[str, Any]:
        """Return what the page needs of a table that it has the key of, such as after a reload."""
        return stream_facts(self._tables.of(_object(asked).get("table")))

    def table(self, name: str, content: bytes) -> dict[str, Any]:
        """Read a table that was dropped on the page."""
        return stream_facts(self._tables.add(UserTable.of_content(name, content)))


def _object(asked: Any) -> dict[str, Any]:
    if not isinstance(asked, dict):
        raise InputError("Give a JSON object.")
    return asked
