"""Counts every request, and how long it took."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from madaline._serve.metrics import Metrics
from madaline._serve.responses import error_response

OTHER = "other"
"""The endpoint of requests that none answers, so that no path of a stranger enters the metrics."""


@dataclass(frozen=True)
class Measured:
    """An application whose requests are counted (final).

    Parameters
    ----------
    app : ASGI application
        What answers.
    metrics : Metrics
        Where they are counted.
    """

    app: Any
    metrics: Metrics

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request and count it; where the server ends before, tell so."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start, status = time.perf_counter(), 0

        async def sending(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except asyncio.CancelledError:
            self.metrics.unanswered += 1
            if not status:
                sentence = "The server ended before this was answered: ask again."
                await error_response(503, sentence)(scope, receive, sending)
        finally:
            endpoint = getattr(scope.get("endpoint"), "__name__", OTHER)
            self.metrics.request(endpoint, status or 500, time.perf_counter() - start)
