"""The names of a server: requests to other names, and those of other sites' pages, are refused.

A page of another site can let its own name lead to this machine (DNS rebinding), and would then
read what is served as its own. A request to an address of numbers cannot come that way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from madaline._serve.responses import error_response

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
