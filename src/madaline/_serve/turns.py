"""Turns: large requests are read and written beside the event loop, one after another.

Whatever takes more than some milliseconds would keep all other clients waiting, and several large
requests at once would take the memory of all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from madaline._serve.refusals import Refusal

LARGE_BODY, LARGE_WORK = 100_000, 10_000
"""Bytes, and cells of columns or of probabilities, that take about some milliseconds."""

T = TypeVar("T")


class Run(Protocol):
    """Calls a function, here or in a thread."""

    async def __call__(self, function: Callable[..., T], *arguments: Any) -> T:
        """Return what the function returns."""


@dataclass(frozen=True, eq=False)
class Turns:
    """Decides where requests are read and written (final).

    Parameters
    ----------
    max_cells : int
        Values of a request, at most.
    """

    max_cells: int
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _thread: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, "madaline-large"), init=False
    )

    @asynccontextmanager
    async def turn(self, body: bytes, n_columns: int, n_outputs: int) -> AsyncIterator[Run]:
        """Yield what runs the work of a request, once it is its turn; small ones do not wait.

        Parameters
        ----------
        body : bytes
            JSON, not parsed yet.
        n_columns, n_outputs : int
            Columns that the model needs, and numbers that it answers for a row.

        Raises
        ------
        Refusal
            If there are too many values.
        """
        n_values, n_rows = most_values(body, n_columns)
        if n_values > self.max_cells:
            raise Refusal(
                413,
                f"The body has more than {self.max_cells:,} values (commas and brackets are"
                " counted): send fewer rows at a time.",
            )
        if len(body) <= LARGE_BODY and n_rows * max(n_columns, n_outputs) <= LARGE_WORK:
            yield here
            return
        async with self._lock:
            yield self._in_thread

    async def _in_thread(self, function: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)


async def here(function: Callable[..., T], *arguments: Any) -> T:
    """Return what a function returns, called at once."""
    return function(*arguments)


def most_values(body: bytes, n_columns: int) -> tuple[int, int]:
    """Return how many values JSON has at most, and how many rows, before it is parsed.

    Each value follows a comma, or is the first of a list or an object; each row is an object, or
    has a value for each column.

    Examples
    --------
    >>> most_values(b'[{"age": 27, "pets": 0}, {"age": 31, "pets": 2}]', 2)
    (7, 3)
    """
    n_objects = body.count(b"{")
    n_values = 1 + body.count(b",") + body.count(b"[") + n_objects
    return n_values, max(n_objects, n_values // max(1, n_columns))
