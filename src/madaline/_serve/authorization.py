"""A token that requests must carry, where one is set."""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode
from dataclasses import dataclass
from typing import Any

from madaline._serve.responses import error_response

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
