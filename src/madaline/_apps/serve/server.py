"""Runs the application: one process that listens, answers, and ends when it is told to."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from madaline._apps.serve.app import Task, make_app
from madaline._apps.serve.guard import Guard, is_local
from madaline._apps.serve.settings import Access, Settings
from madaline._base.extras import load_extra
from madaline._base.language import _
from madaline._base.words import format_count
from madaline.errors import InputError

_EXTRA = ("starlette", "uvicorn", "prometheus_client", "jinja2")  # what the extra `serve` installs
_MAX_CONNECTIONS = 1000  # at the same time; for more, silent ones are closed


def serve(settings: Settings, log: Callable[[str], object] = print) -> None:
    """Serve models until the process is told to end (SIGTERM, SIGINT).

    Requests that have begun are answered first, within the time that the settings give. The log
    gets a sentence of what happened. `InputError` if a package is missing, a model cannot be read,
    or the port cannot be had.
    """
    check_packages("madaline serve")
    with listening(settings) as listener, suppress(KeyboardInterrupt):
        server = make_server(settings, log)
        for sentence in _warnings(settings):
            log(_("Warning: {sentence}").format(sentence=sentence))
        log(
            _("Serving {models} at {address_of} (Ctrl-C ends it).").format(
                models=_(", ").join(settings.models), address_of=address_of(listener)
            )
        )
        server.run(sockets=[listener])  # raises the signal again that ended it
    log(_farewell(server.config.app.metrics.unanswered))


def check_packages(purpose: str) -> None:
    """Raise `InputError` unless all packages of a server are installed."""
    for package in _EXTRA:
        load_extra(package, extra="serve", purpose=purpose)


def make_server(settings: Settings, log: Callable[[str], object] = print) -> Any:
    """Return a server of models that is not running yet."""
    return make_server_of(settings, partial(make_app, settings, log))


def make_server_of(settings: Access, make: Callable[[Task], Guard]) -> Any:
    """Return a server of uvicorn that is not running yet.

    The application is made with a task that closes connections which send nothing.
    """
    import uvicorn

    class Server(uvicorn.Server):
        """Saves the state of watching even where a second Ctrl-C cuts the end short."""

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            await super().shutdown(sockets)
            if self.force_exit:
                await self.lifespan.shutdown()

    app = make(lambda: _close_silent(server.server_state.connections, settings.timeout))
    _log_to_standard_error(access=settings.access_log)
    seconds = min(settings.timeout + 1, settings.shutdown_timeout / 2)
    config = uvicorn.Config(
        app,
        http=_connection_class(),
        log_config=None,
        access_log=settings.access_log,
        server_header=False,
        ws="none",
        limit_concurrency=_MAX_CONNECTIONS,
        timeout_graceful_shutdown=max(1, int(seconds)),
    )
    server = Server(config)
    return server


def listening(settings: Access) -> socket.socket:
    """Return the socket that a server listens at; `InputError` if it cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # With the protocol named, asyncio sends small answers at once (TCP_NODELAY).
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere it would share a port in use
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        listener.listen(2048)
    except (OSError, OverflowError) as error:
        listener.close()
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise InputError(
            _(
                "The server cannot listen at port {port} of {host} ({reason}): give another port with --port."
            ).format(port=settings.port, host=settings.host, reason=reason)
            if settings.host == Access.host
            else _(
                "The server cannot listen at port {port} of {host} ({reason}): give another one with --port or --host."
            ).format(port=settings.port, host=settings.host, reason=reason)
        ) from None
    return listener


def _connection_class() -> Any:
    """Return uvicorn's class of connections, of which a full server drops the longest silent."""
    from uvicorn.protocols.http.auto import AutoHTTPProtocol

    class DatedConnection(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
        """Knows since when it has sent no whole head: from its start, or its last answer."""

        def connection_made(self, transport: Any) -> None:
            self.since = time.monotonic()
            super().connection_made(transport)
            if len(self.connections) >= _MAX_CONNECTIONS:
                silent = [
                    other for other in self.connections if other is not self and _is_silent(other)
                ]
                if silent:
                    _close(min(silent, key=lambda other: other.since), self.connections)

        def on_response_complete(self) -> None:
            self.since = time.monotonic()
            super().on_response_complete()

    return DatedConnection


def _is_silent(connection: Any) -> bool:
    """Return whether no request is being answered: the `cycle` is that of the last one."""
    return connection.cycle is None or connection.cycle.response_complete


def _close(connection: Any, connections: set[Any]) -> None:
    connections.discard(connection)  # at once, or those that come meanwhile are refused
    connection.transport.close()


async def _close_silent(connections: set[Any], seconds: float) -> None:
    """Close connections that have not sent a whole head for so long, for ever.

    Uvicorn's own limit of time begins with the first answer.
    """
    while True:
        await asyncio.sleep(min(1.0, seconds / 2))
        for connection in list(filter(_is_silent, connections)):
            if time.monotonic() - connection.since > seconds:
                _close(connection, connections)


def address_of(listener: socket.socket) -> str:
    """Return the address that leads a browser to a socket."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _warnings(settings: Settings) -> Iterator[str]:
    """Yield what should be known of who can ask."""
    if settings.token is None and not is_local(settings.host):
        yield _(
            "whoever can reach {host} can ask, as there is no token: set one with --token-file or $MADALINE_TOKEN, or leave out --host."
        ).format(host=settings.host or "this machine")


def _farewell(unanswered: int) -> str:
    if not unanswered:
        return "Ended: all requests that were read were answered."
    return _("Ended: {requests} got no answer in time.").format(
        requests=format_count(unanswered, "request")
    )


def _log_to_standard_error(*, access: bool) -> None:
    """Send what uvicorn logs to standard error: bugs, and requests where wanted."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    for name, level in (("uvicorn.error", logging.ERROR), ("uvicorn.access", logging.INFO)):
        logger = logging.getLogger(name)
        logger.handlers = [handler] if access or name == "uvicorn.error" else []
        logger.propagate = False
        logger.setLevel(level)
