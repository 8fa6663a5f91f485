"""Limits: how large a request may be, and how long it may take."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from madaline._serve.refusals import Refusal
from madaline._serve.responses import error_response
from madaline._serve.turns import LARGE_BODY

BODIES = 8
"""Bodies of the largest size that are held at the same time, at most."""

MOST_CONNECTIONS = 1000
"""Connections at the same time; more are answered with status 503."""


@dataclass(eq=False)
class Bodies:
    """Reads the bodies of requests; counts the bytes of those that are not answered yet (final).

    Parameters
    ----------
    most : int
        Bytes of one body, at most.
    """

    most: int
    held: int = field(default=0, init=False)

    @asynccontextmanager
    async def of(self, request: Any) -> AsyncIterator[bytes]:
        """Yield the body of a request of Starlette.

        Raises
        ------
        Refusal
            If it is too large, or many are held and it is not small.
        """
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > self.most:
            raise self._too_large()
        body = bytearray()
        try:
            async for chunk in _chunks(request):
                body += chunk
                self.held += len(chunk)
                if len(body) > self.most:
                    raise self._too_large()
                if self.held > BODIES * self.most and len(body) > LARGE_BODY:
                    raise Refusal(503, "Too much is being sent at once: try again.")
            yield bytes(body)
        finally:
            self.held -= len(body)

    def _too_large(self) -> Refusal:
        return Refusal(
            413, f"The body has more than {self.most:,} bytes: send fewer rows at a time."
        )


async def _chunks(request: Any) -> AsyncIterator[bytes]:
    from starlette.requests import ClientDisconnect

    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect:
        raise Refusal(400, "The connection ended within the request.") from None


@dataclass(frozen=True)
class TimeLimited:
    """An application whose requests are answered in time (final).

    Parameters
    ----------
    app : ASGI application
        What answers.
    seconds : float
        The time that it has for a request, from the end of its head on.
    """

    app: Any
    seconds: float

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request, with status 503 if it takes too long."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def sending(message: Any) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            async with asyncio.timeout(self.seconds):
                await self.app(scope, receive, sending)
        except TimeoutError:
            if not started:
                sentence = f"This took more than {self.seconds:g} seconds: send less, or try again."
                await error_response(503, sentence)(scope, receive, send)


async def close_silent(connections: Iterable[Any], seconds: float) -> None:
    """Close connections that have not sent a whole head for so long, for ever.

    Parameters
    ----------
    connections : set
        The open connections of uvicorn, as they are at any moment.
    seconds : float
        How long a head may take.
    """
    since: dict[Any, tuple[Any, float]] = {}
    while True:
        await asyncio.sleep(min(1.0, seconds / 2))
        now, silent = time.monotonic(), {}
        for connection in list(connections):
            cycle = getattr(connection, "cycle", None)
            if cycle is not None and not cycle.response_complete:
                continue
            known = since.get(connection)
            start = known[1] if known is not None and known[0] is cycle else now
            silent[connection] = (cycle, start)
            if now - start > seconds:
                connection.transport.close()
        since = silent
