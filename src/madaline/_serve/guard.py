"""What every request passes: the server's names, a token, limits of size and time, and its turn."""

from __future__ import annotations

import asyncio
import binascii
import hmac
import time
from base64 import b64decode
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from madaline._serve.messages import Refusal, error_response
from madaline._serve.metrics import Metrics

LOCAL = ("localhost", "*.localhost")
"""Names that always lead to the machine of whoever asks."""

READING = ("GET", "HEAD")
"""Methods that change nothing; a browser shows no answer to the page of another site."""


MOST_REMEMBERED = 100
"""Hosts that are remembered as known; to read one takes long beside one row."""


@dataclass(frozen=True)
class KnownHosts:
    """An application that answers under its own names alone (final).

    Parameters
    ----------
    app : ASGI application
        What answers.
    host : str
        Where the server listens.
    allowed : sequence of str
        Other names of it: ``models.example.com``, or ``*.example.com``.
    """

    app: Any
    host: str
    allowed: Sequence[str] = ()
    _known: set[bytes] = field(default_factory=set, init=False)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request, with status 403 if it is meant for another name."""
        sentence = self._refused(scope) if scope["type"] == "http" else None
        if sentence is None:
            await self.app(scope, receive, send)
        else:
            await error_response(403, sentence)(scope, receive, send)

    def _refused(self, scope: Any) -> str | None:
        """Return why a request is refused, if it is."""
        host = origin = None
        for name, value in scope["headers"]:
            if name == b"host":
                host = value
                if value not in self._known and not self._is_known(value):
                    return (
                        f"{_text(value)!r} is no name of this server: start it with --allow-host"
                        f" {name_of(_text(value)) or 'NAME'} if it is one."
                    )
            elif name == b"origin":
                origin = value
        if origin is None or scope["method"] in READING or self._is_own(origin, host):
            return None
        return (
            "A page of another site sent this: start the server with --allow-host and the name of"
            " that site if it may."
        )

    def _is_known(self, host: bytes) -> bool:
        name = name_of(_text(host))
        names = (*LOCAL, self.host.lower(), *self.allowed)
        if not matches(name, names) and not _is_address(name):
            return False
        if len(self._known) < MOST_REMEMBERED:
            self._known.add(host)
        return True

    def _is_own(self, origin: bytes, host: bytes | None) -> bool:
        """Return whether a page is one of this server, or of a name that was given."""
        place = _text(origin).partition("://")[2]
        return (host is not None and place == _text(host)) or matches(name_of(place), self.allowed)


def name_of(host: str) -> str:
    """Return the name or the address in a header, without its port; empty if it is none.

    Examples
    --------
    >>> name_of("localhost:8000"), name_of("[::1]:8000"), name_of("models.example.com.")
    ('localhost', '::1', 'models.example.com')
    """
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def matches(name: str, patterns: Sequence[str]) -> bool:
    """Return whether a name is one of some, or stands below one.

    Examples
    --------
    >>> matches("a.example.com", ["*.example.com"]), matches("example.com", ["*.example.com"])
    (True, False)
    """
    return any(name == one or (one.startswith("*.") and name.endswith(one[1:])) for one in patterns)


def is_local(host: str) -> bool:
    """Return whether an address to listen at can be reached from this machine alone."""
    return matches(host.lower(), LOCAL) or (_is_address(host) and ip_address(host).is_loopback)


def _text(header: bytes) -> str:
    return header.decode("latin-1").lower()


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


OPEN = ("/v2/health/live", "/v2/health/ready")
"""Paths that need no token: whoever watches over a server asks them, and they tell no secret."""


@dataclass(frozen=True)
class Authorized:
    """An application that answers those alone who know a token (final).

    Browsers send it as the password of any user, programs as ``Authorization: Bearer TOKEN``.

    Parameters
    ----------
    app : ASGI application
        What answers.
    token : str
        The token.
    """

    app: Any
    token: str

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request, with status 401 if it lacks the token."""
        if scope["type"] != "http" or scope["path"] in OPEN or self._knows(scope["headers"]):
            await self.app(scope, receive, send)
            return
        sentence = "This server needs a token: send the header Authorization: Bearer TOKEN."
        await error_response(401, sentence)(scope, receive, send)

    def _knows(self, headers: Any) -> bool:
        given = next((value for name, value in headers if name == b"authorization"), b"")
        return hmac.compare_digest(token_of(given), self.token.encode())


def token_of(header: bytes) -> bytes:
    """Return the token in a header, of any of the two schemes; empty if there is none.

    Examples
    --------
    >>> token_of(b"Bearer secret"), token_of(b"Basic bWU6c2VjcmV0"), token_of(b"Basic ?")
    (b'secret', b'secret', b'')
    """
    scheme, _, value = header.partition(b" ")
    if scheme.lower() == b"bearer":
        return value.strip()
    if scheme.lower() == b"basic":
        try:
            return b64decode(value, validate=True).partition(b":")[2]
        except binascii.Error:
            return b""
    return b""


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
