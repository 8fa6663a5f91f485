"""What every request passes: who may ask, how large it may be, how long it may take, its turn."""

from __future__ import annotations

import asyncio
import binascii
import hmac
import time
import zlib
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from ipaddress import ip_address
from typing import Any, TypeAlias, final
from urllib.parse import urlsplit

from madaline._apps.serve.messages import Refusal, error_response
from madaline._apps.serve.metrics import Metrics
from madaline._apps.serve.settings import Access
from madaline._base.language import _
from madaline._base.language.choice import speaking
from madaline.errors import InputError

_LOCAL = ("localhost", "*.localhost")  # names that always lead to the machine of whoever asks
_READING = ("GET", "HEAD")  # methods that change nothing; browsers show other sites no answer
_MAX_REMEMBERED_HOSTS = 100  # hosts remembered as known; to read one takes long beside one row

_WITHOUT_TOKEN = ("/v2/health/live", "/v2/health/ready", "/ping", "/health")
"""Paths that need no token: whoever watches over a server asks them, and they tell no secret."""

_OTHER = "other"  # endpoint of what none answers: no path of a stranger enters the metrics
BODIES = 8  # bodies of the largest size that are held at the same time, at most

# What takes about some milliseconds.
LARGE_BODY = 100_000  # bytes
_LARGE_WORK = 10_000  # cells of columns or of probabilities

_ENCODINGS = ("gzip", "deflate")  # how bodies may be compressed
_ANY_HEADER = zlib.MAX_WBITS | 32  # zlib finds out which of the two it is


@final
class Guard:
    """An application that answers those who may ask, in time, and counts every request.

    The token is the password of any user in browsers, and ``Authorization: Bearer TOKEN`` of
    programs.
    """

    def __init__(self, app: Any, settings: Access, metrics: Metrics, lifespan: Any) -> None:
        self._app = app
        self._settings = settings
        self.metrics = metrics
        self.lifespan = lifespan  # what an application that this one is mounted in must run
        self._known_hosts: set[bytes] = set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request, with an error if it is refused, takes too long, or the server ends."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()
        status = 0

        async def sending(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with speaking("en"):  # programs read it; pages are in the language of the process
            try:
                refusal = await self._answer(scope, receive, sending)
                if refusal is not None and not status:
                    respond = error_response(refusal.status, str(refusal))
                    await respond(scope, receive, sending)
            finally:
                endpoint = getattr(scope.get("endpoint"), "__name__", _OTHER)
                self.metrics.request(endpoint, status or 500, time.perf_counter() - start)

    async def _answer(self, scope: Any, receive: Any, send: Any) -> Refusal | None:
        """Answer a request; return why it is refused, if it is."""
        seconds = self._settings.timeout
        try:
            async with asyncio.timeout(seconds):
                self._check(scope)
                await self._app(scope, receive, send)
        except Refusal as refusal:
            return refusal
        except TimeoutError:
            sentence = _(
                "This took more than {seconds:g} seconds: send less, or try again."
            ).format(seconds=seconds)
            return Refusal(503, sentence)
        except asyncio.CancelledError:
            self.metrics.unanswered += 1
            return Refusal(503, "The server ended before this was answered: ask again.")
        return None

    def _check(self, scope: Any) -> None:
        """Refuse requests to other names, from other sites' pages, or without the token.

        A page of another site can let its own name lead to this machine (DNS rebinding), and would
        then read what is served as its own. A request to an address of numbers cannot come that
        way.
        """
        host = origin = authorization = None
        for name, value in scope["headers"]:
            if name == b"host":
                host = value
                if value not in self._known_hosts and not self._is_known(value):
                    raise Refusal(
                        403,
                        "{text!r} is no name of this server: start it with --allow-host {name_of} if it is one.",
                        text=_text(value),
                        name_of=_name_of(_text(value)) or "NAME",
                    )
            elif name == b"origin":
                origin = value
            elif name == b"authorization" and authorization is None:
                authorization = value
        if scope["method"] not in _READING and not self._may_send(origin, host):
            raise Refusal(
                403,
                "A page of another site sent this: start the server with --allow-host and the name"
                " of that site if it may.",
            )
        token = self._settings.token
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if token is None or path in _WITHOUT_TOKEN:
            return
        if not hmac.compare_digest(_token_of(authorization or b""), token.encode()):
            sentence = "This server needs a token: send the header Authorization: Bearer TOKEN."
            raise Refusal(401, sentence)

    def _is_known(self, host: bytes) -> bool:
        name = _name_of(_text(host))
        names = (*_LOCAL, self._settings.host.lower(), *self._settings.allow_hosts)
        if not _matches(name, names) and not _is_address(name):
            return False
        if len(self._known_hosts) < _MAX_REMEMBERED_HOSTS:
            self._known_hosts.add(host)
        return True

    def _may_send(self, origin: bytes | None, host: bytes | None) -> bool:
        """Return whether what sent a request is no page, or one of this server or a given name."""
        if origin is None:
            return True
        place = _text(origin).partition("://")[2]
        same_site = host is not None and place == _text(host)
        return same_site or _matches(_name_of(place), self._settings.allow_hosts)


def error_handlers() -> dict[Any, Any]:
    """Return what is answered instead where something is wrong: always one sentence."""
    from starlette.exceptions import HTTPException

    return {HTTPException: _no_such_path, InputError: _refused, Exception: _bug}


async def _no_such_path(request: Any, error: Any) -> Any:
    if error.status_code == 405:
        sentence = _("{method} is not answered at {path}: see /openapi.json.").format(
            method=request.method, path=request.url.path
        )
    else:
        sentence = _("There is nothing at {path}: see /openapi.json.").format(path=request.url.path)
    response = error_response(error.status_code, sentence)
    response.headers.update(error.headers or {})
    return response


async def _refused(_: Any, error: InputError) -> Any:
    return error_response(error.status if isinstance(error, Refusal) else 400, str(error))


async def _bug(_: Any, error: Exception) -> Any:
    name = type(error).__name__
    sentence = _("This is a bug in madaline ({name}): the server's log tells more.").format(
        name=name
    )
    return error_response(500, sentence)


def is_local(host: str) -> bool:
    """Return whether an address to listen at can be reached from this machine alone."""
    return _matches(host.lower(), _LOCAL) or (_is_address(host) and ip_address(host).is_loopback)


def _token_of(header: bytes) -> bytes:
    """Return the token in a header, of any of the two schemes; empty if there is none."""
    scheme, _, value = header.partition(b" ")
    if scheme.lower() == b"bearer":
        return value.strip()
    if scheme.lower() == b"basic":
        try:
            return b64decode(value, validate=True).partition(b":")[2]
        except binascii.Error:
            return b""
    return b""


def _name_of(host: str) -> str:
    """Return the name or the address in a header, without its port; empty if it is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _matches(name: str, patterns: Sequence[str]) -> bool:
    """Return whether a name is one of some, or stands below one, such as *.example.com."""
    return any(
        name == pattern or (pattern.startswith("*.") and name.endswith(pattern[1:]))
        for pattern in patterns
    )


def _text(header: bytes) -> str:
    return header.decode("latin-1").lower()


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


@final
@dataclass(eq=False)
class Bodies:
    """Reads the bodies of requests; counts the bytes of those that are not answered yet."""

    max_bytes: int  # of one body
    held: int = field(default=0, init=False)

    @asynccontextmanager
    async def of(self, request: Any) -> AsyncIterator[bytes]:
        """Yield a body; `Refusal` if it is too large, or many are held and it is not small."""
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > self.max_bytes:
            raise self._too_large()
        body = bytearray()
        try:
            async for chunk in _chunks(request):
                body += chunk
                self.held += len(chunk)
                if len(body) > self.max_bytes:
                    raise self._too_large()
                if self.held > BODIES * self.max_bytes and len(body) > LARGE_BODY:
                    raise Refusal(503, "Too much is being sent at once: try again.")
            encoding = request.headers.get("content-encoding", "identity")
            if encoding != "identity":
                n_compressed = len(body)
                body = await asyncio.to_thread(self._inflated, body, encoding)
                self.held += len(body) - n_compressed
            yield bytes(body)
        finally:
            self.held -= len(body)

    def _inflated(self, body: bytearray, encoding: str) -> bytearray:
        """Return a body as it was before it was compressed, no more of it than is read."""
        if encoding not in _ENCODINGS:
            raise Refusal(
                415,
                "Bodies in {encoding} are not read: send {ENCODINGS}, or plain.",
                encoding=encoding,
                ENCODINGS=_(" or ").join(_ENCODINGS),
            )
        inflater = zlib.decompressobj(_ANY_HEADER)
        try:
            plain = inflater.decompress(body, self.max_bytes + 1)
        except zlib.error:
            raise InputError(
                "The body is no {encoding}, or damaged: correct it.", encoding=encoding
            ) from None
        if len(plain) > self.max_bytes:
            raise self._too_large()
        if not inflater.eof:
            raise InputError("The body is no whole {encoding}: send all of it.", encoding=encoding)
        return bytearray(plain)

    def _too_large(self) -> Refusal:
        return Refusal(
            413,
            "The body has more than {max_bytes:,} bytes: send fewer rows at a time.",
            max_bytes=self.max_bytes,
        )


async def _chunks(request: Any) -> AsyncIterator[bytes]:
    from starlette.requests import ClientDisconnect

    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect:
        raise Refusal(400, "The connection ended within the request.") from None


_Run: TypeAlias = Callable[[Callable[[], Any]], Awaitable[Any]]  # calls a function, some place


@final
@dataclass(frozen=True, eq=False)
class Turns:
    """Lets large requests be read and written beside the event loop, one after another.

    Whatever takes more than some milliseconds would keep all other clients waiting, and several
    large requests at once would take the memory of all of them.
    """

    max_cells: int  # values of a request
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _thread: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, "madaline-large"), init=False
    )

    @asynccontextmanager
    async def turn(
        self, body: bytes, n_columns: int, n_outputs: int, json_length: int | None = None
    ) -> AsyncIterator[_Run]:
        """Yield what runs the work of a request, once it is its turn; small ones do not wait.

        The body is JSON that is not parsed yet; `Refusal` if it has too many values. Where only its
        beginning is JSON, a value of the rest has a byte or more.
        """
        n_values, n_rows = _most_values(body[:json_length], n_columns)
        if json_length is not None:
            n_rows += (len(body) - json_length) // max(1, n_columns)
        if n_values > self.max_cells:
            raise Refusal(
                413,
                "The body has more than {max_cells:,} values (commas and brackets are counted): send fewer rows at a time.",
                max_cells=self.max_cells,
            )
        if len(body) <= LARGE_BODY and n_rows * max(n_columns, n_outputs) <= _LARGE_WORK:
            yield _run_here
            return
        async with self._lock:
            yield self._run_in_thread

    async def _run_in_thread(self, function: Callable[[], Any]) -> Any:
        run = partial(copy_context().run, function)
        return await asyncio.get_running_loop().run_in_executor(self._thread, run)


async def _run_here(function: Callable[[], Any]) -> Any:
    """Return what a function returns, called at once."""
    return function()


def _most_values(body: bytes, n_columns: int) -> tuple[int, int]:
    """Return how many values JSON has at most, and how many rows, before it is parsed.

    Each value follows a comma, or is the first of a list or an object; each row is an object, or
    has a value for each column.
    """
    n_objects = body.count(b"{")
    n_values = 1 + body.count(b",") + body.count(b"[") + n_objects
    return n_values, max(n_objects, n_values // max(1, n_columns))
