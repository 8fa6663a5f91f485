"""Responses: JSON, text and pages, with the headers that keep browsers from guessing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from madaline._serve.json_text import write_in_parts, write_json
from madaline._serve.refusals import shortened

if TYPE_CHECKING:
    from starlette.responses import Response

JSON, HTML, PLAIN = "application/json", "text/html; charset=utf-8", "text/plain; charset=utf-8"
HEADERS = {"x-content-type-options": "nosniff", "cache-control": "no-store"}
PAGE_HEADERS = {
    "content-security-policy": "frame-ancestors 'none'",
    "referrer-policy": "same-origin",
}
"""Besides, each page has a policy of its own, which allows its style and nothing else.

Forms need to tell where they come from, which browsers hide under ``no-referrer``."""


def json_response(value: Any, status: int = 200, **headers: str) -> Response:
    """Return a response of a JSON value."""
    return _response(write_json(value), JSON, status, headers)


def large_json_response(value: Any) -> Response:
    """Return a response of a JSON value that takes long to write, from any thread."""
    return _response(write_in_parts(value), JSON, 200, {})


def error_response(status: int, sentence: str) -> Response:
    """Return the response to a request that is refused: one sentence."""
    headers = {"www-authenticate": 'Basic realm="madaline"'} if status == 401 else {}
    return json_response({"error": " ".join(shortened(sentence).split())}, status, **headers)


def page_response(page: str, status: int = 200) -> Response:
    """Return a response of an HTML page."""
    return _response(page.encode("utf-8", "replace"), HTML, status, PAGE_HEADERS)


def text_response(text: str | bytes, content_type: str = PLAIN) -> Response:
    """Return a response of plain text."""
    content = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    return _response(content, content_type, 200, {})


def _response(content: bytes, content_type: str, status: int, headers: dict[str, str]) -> Response:
    from starlette.responses import Response

    return Response(content, status, {**HEADERS, **headers, "content-type": content_type})
