"""Engines or methods that are timed in turns, each in its own process, with the same threads."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any

from timing.workers import Worker, WorkerError

RATE = "sgemm"
"""The worker that measures what the machine could do at most."""


class Team:
    """Workers of one section: one for each name, and one for the rate of matrix products.

    Parameters
    ----------
    section : str
        Whose requests they understand; they get their `name` with each.
    names : sequence of str
        Who takes part.
    threads : int
        Threads and processors of each.
    """

    def __init__(self, section: str, names: Sequence[str], threads: int) -> None:
        self._workers = {name: Worker(section, threads) for name in (RATE, *names)}

    def ask_each(self, where: str, **request: Any) -> Iterator[dict[str, Any]]:
        """Ask everybody once; who fails is named, with where it was, and asked no more.

        Yields
        ------
        dict
            An answer, and with it the `name` and the `rate` of matrix products in this round.
        """
        rate = self._workers[RATE].ask(name=RATE, **request)["rate"]
        for name in [name for name in self._workers if name != RATE]:
            try:
                found = self._workers[name].ask(name=name, **request)
            except WorkerError as error:
                print(f"{name} is left out at {where}: {error}", file=sys.stderr)
                self._workers.pop(name).close()
                continue
            yield {"name": name, "rate": rate, **found}

    def __enter__(self) -> Team:
        """Return the team itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End all processes."""
        for worker in self._workers.values():
            worker.close()
