"""A client on bare sockets, so that one core can send more than a server on another answers."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Outcomes:
    """What came of requests: how many had each status, and how long each took, in seconds."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def quantile(self, share: float) -> float:
        """Return the latency that a share of the requests stayed below, in milliseconds."""
        ordered = sorted(self.seconds)
        return 1e3 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def request(body: bytes, path: str = "/predict", method: str = "POST") -> bytes:
    """Return the bytes of a request that keeps its connection open."""
    head = f"{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Connection:
    """One connection that is kept open."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def status(self, message: bytes) -> int:
        """Send a request, read all of the answer, and return its status; 0 if there is none."""
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writer.write(message)
        try:
            head = await self._reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            self.close()
            return 0
        lowered = head.lower()
        at = lowered.find(b"content-length: ")
        if at < 0 or b"connection: close" in lowered:
            await self._reader.read()
            self.close()
        else:
            length = int(head[at + 16 : head.index(b"\r", at)])
            await self._reader.readexactly(length)
        return int(head[9:12])

    def close(self) -> None:
        """Close the connection; the next request opens another one."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


async def as_fast_as_possible(
    port: int, messages: list[bytes], clients: int, seconds: float
) -> Outcomes:
    """Let each of some clients send a request whenever the one before is answered."""
    outcomes, end = Outcomes(), time.perf_counter() + seconds

    async def client(number: int) -> None:
        connection = Connection(port)
        while (start := time.perf_counter()) < end:
            number += 1
            status = await connection.status(messages[number % len(messages)])
            outcomes.statuses[status] += 1
            outcomes.seconds.append(time.perf_counter() - start)
        connection.close()

    await asyncio.gather(*(client(1000 * number) for number in range(clients)))
    return outcomes


async def at_a_rate(
    port: int, messages: list[bytes], rate: float, seconds: float, clients: int = 64
) -> Outcomes:
    """Send requests at fixed moments, whether the ones before are answered or not.

    A latency counts from the moment at which a request was due, so that a server that stalls does
    not hide how many would have waited.
    """
    outcomes, start = Outcomes(), time.perf_counter()
    due: asyncio.Queue[int | None] = asyncio.Queue()

    async def client() -> None:
        connection = Connection(port)
        while (number := await due.get()) is not None:
            status = await connection.status(messages[number % len(messages)])
            outcomes.statuses[status] += 1
            outcomes.seconds.append(time.perf_counter() - start - number / rate)
        connection.close()

    running = [asyncio.create_task(client()) for _ in range(clients)]
    for number in range(int(rate * seconds)):
        wait = start + number / rate - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        due.put_nowait(number)
    for _ in running:
        due.put_nowait(None)
    await asyncio.gather(*running)
    return outcomes
