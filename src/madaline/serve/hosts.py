"""The names of a server: requests to other names, and those of other sites' pages, are refused.

A page of another site can let its own name lead to this machine (DNS rebinding), and would then
read what is served as its own. A request to an address of numbers cannot come that way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from madaline.serve.responses import error_response

LOCAL = ("localhost", "*.localhost")
"""Names that always lead to the machine of whoever asks."""

READING = ("GET", "HEAD")
"""Methods that change nothing; a browser shows no answer to the page of another site."""


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

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request, with status 403 if it is meant for another name."""
        sentence = self._refused(scope) if scope["type"] == "http" else None
        if sentence is None:
            await self.app(scope, receive, send)
        else:
            await error_response(403, sentence)(scope, receive, send)

    def _refused(self, scope: Any) -> str | None:
        """Return why a request is refused, if it is."""
        headers = scope["headers"]
        hosts = [value.decode("latin-1").lower() for name, value in headers if name == b"host"]
        for host in hosts:
            if not self._is_known(name_of(host)):
                return (
                    f"{host!r} is no name of this server: start it with --allow-host"
                    f" {name_of(host) or 'NAME'} if it is one."
                )
        if scope["method"] in READING:
            return None
        for name, value in headers:
            if name == b"origin" and not self._is_own(value.decode("latin-1").lower(), hosts):
                return (
                    "A page of another site sent this: start the server with --allow-host and the"
                    " name of that site if it may."
                )
        return None

    def _is_known(self, name: str) -> bool:
        return matches(name, (*LOCAL, self.host.lower(), *self.allowed)) or _is_address(name)

    def _is_own(self, origin: str, hosts: Sequence[str]) -> bool:
        """Return whether a page is one of this server, or of a name that was given."""
        place = origin.partition("://")[2]
        return place in hosts or matches(name_of(place), self.allowed)


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


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
