"""The page of a stream: networks that keep up with a world which the visitor may change."""

from __future__ import annotations

from asyncio import to_thread
from dataclasses import dataclass
from typing import Annotated, Any, final

from madaline._apps.playground.options import TABLE
from madaline._apps.playground.page import ArrayFrame, OfRun, Page, Sessions
from madaline._apps.playground.stream_rows import (
    DRIFTS,
    StreamRows,
    UserTableRows,
    World,
    orders_of,
)
from madaline._apps.playground.stream_run import MAX_ROWS, StreamRun
from madaline._apps.playground.tables import Tables, UserTable
from madaline._base.codec import Stored
from madaline._base.json_checks import OneOf, Whole

_MAX_RUNS = 8  # streams that are kept; each page has one at a time
_SHOWN_ROWS = 8  # of a table, with what was predicted


@final
@dataclass(frozen=True)
class StreamRequest(Stored):
    """What a page asks to be streamed."""

    data: str = ""  # `TABLE`, or a made-up world
    seed: Annotated[int, Whole(0, 2**31 - 1)] = 0
    table: str = ""  # key of a table of the visitor
    target: str = ""  # its column to predict
    order: str = ""  # the column in whose order its rows come

    def rows(self, tables: Tables) -> StreamRows:
        """Return the rows, of which none has come yet."""
        if self.data != TABLE:
            return World(self.seed)
        return UserTableRows(tables.of(self.table), self.target, self.order)


@final
@dataclass(frozen=True)
class Play(Stored):
    """Rows to play."""

    run: str
    rows: Annotated[int, Whole(1, MAX_ROWS)]


@final
@dataclass(frozen=True)
class Drift(Stored):
    """A change of the world."""

    run: str
    kind: Annotated[str, OneOf(DRIFTS)]


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
            "/stream/known": tables.known(stream_facts),
        },
        uploads={"/stream/table": tables.opened(stream_facts)},
        facts=lambda: {"table": tables.latest(stream_facts)},
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
        self._runs = Sessions[StreamRun](_MAX_RUNS)

    async def start(self, asked: StreamRequest) -> dict[str, Any]:
        """Begin a stream; no row has come yet."""
        run = await to_thread(lambda: StreamRun(asked.rows(self._tables), asked.seed))
        return {"run": self._runs.add(run), **run.facts}

    async def drift(self, asked: Drift) -> dict[str, Any]:
        """Let the world change."""
        async with self._runs.of(asked.run) as run:
            return await to_thread(run.drift, asked.kind)

    async def freeze(self, asked: OfRun) -> dict[str, Any]:
        """Keep a copy of the networks that learns no more."""
        async with self._runs.of(asked.run) as run:
            return await to_thread(run.freeze)

    async def next(self, asked: Play) -> ArrayFrame:
        """Play some rows, and tell what came of them."""
        async with self._runs.of(asked.run) as run:
            told = await to_thread(run.play, asked.rows)
            arrays = await to_thread(run.arrays)
            return ArrayFrame({**told, "latest": run.latest(_SHOWN_ROWS)}, arrays)

    async def code(self, asked: OfRun) -> dict[str, Any]:
        """Return the Python that does the same."""
        async with self._runs.of(asked.run) as run:
            return {"code": run.python()}
