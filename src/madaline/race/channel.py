"""A channel takes messages to another process and back, with as little waiting as can be."""

from __future__ import annotations

import select
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from time import perf_counter
from typing import Any

SOON = 2e-4
"""Seconds for which a message is looked for again and again before a process sleeps: twice as long
as it takes to be woken up."""


class Channel:
    """Messages of bytes to and from one other process (final).

    Parameters
    ----------
    connection : multiprocessing.connection.Connection
        One end of it.

    Examples
    --------
    >>> from multiprocessing import Pipe
    >>> here, there = map(Channel, Pipe())
    >>> here.send(b"a message")
    >>> there.receive()
    b'a message'
    """

    def __init__(self, connection: Connection[Any, Any]) -> None:
        self._connection = connection
        self._look = _look(connection)
        self.send = connection.send_bytes
        self.close = connection.close

    def receive(self) -> bytes:
        """Return the next message: to be woken up takes longer than to look for it a few times."""
        end = perf_counter() + SOON
        while not self._look() and perf_counter() < end:
            pass
        return self._connection.recv_bytes()


def _look(connection: Connection[Any, Any]) -> Callable[[], object]:
    """Return what tells whether there is a message: one question to the system where it can be."""
    if not hasattr(select, "poll"):  # Windows
        return partial(connection.poll, 0)
    watched = select.poll()
    watched.register(connection.fileno(), select.POLLIN)
    return partial(watched.poll, 0)
