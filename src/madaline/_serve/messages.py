"""What goes over the wire: JSON in both directions, refusals, and responses with their headers."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn, final

from madaline._words import format_list
from madaline.errors import InputError

if TYPE_CHECKING:
    from starlette.responses import Response

_BOM = b"\xef\xbb\xbf"
"""What some editors write in front of UTF-8."""

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
"""The beginning of half a letter, as JSON can write it."""

_ITEMS_OF_PART, _DEPTH_OF_PARTS = 16, 4
"""Items of a list that are written at once in parts, and how deep values are taken apart."""

_MAX_SENTENCE = 1000
"""Letters of a sentence that is answered."""

_JSON, _HTML, _PLAIN = "application/json", "text/html; charset=utf-8", "text/plain; charset=utf-8"

_HEADERS = {"x-content-type-options": "nosniff", "cache-control": "no-store"}
"""They keep browsers from guessing."""

_PAGE_HEADERS = {
    "content-security-policy": "frame-ancestors 'none'",
    "referrer-policy": "same-origin",
}
"""Besides, each page has a policy of its own, which allows its style and nothing else.

Forms need to tell where they come from, which browsers hide under ``no-referrer``."""


@final
class Refusal(InputError):
    """A request that is not served, with its HTTP status."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def read_json(body: bytes) -> Any:
    """Return the value of a request's body, in strict JSON: no NaN, no infinity, only UTF-8.

    >>> read_json(b'{"age": 27, "city": null}')
    {'age': 27, 'city': None}
    >>> read_json(b'{"age": NaN}')
    Traceback (most recent call last):
    madaline.errors.InputError: The body has NaN, which JSON lacks: write null where a value is
    missing.
    """
    if not body.strip():
        raise InputError("The body is empty: send rows in JSON.")
    try:
        value = json.loads(body.removeprefix(_BOM).decode(), parse_constant=_refuse_constant)
        if _SURROGATE.search(body):  # most often both halves of one letter
            json.dumps(value, ensure_ascii=False).encode()
        return value
    except InputError:
        raise
    except RecursionError:
        raise InputError("The body is nested too deeply: send rows in JSON.") from None
    except UnicodeEncodeError:
        raise InputError(
            "The body has a lone surrogate (such as \\ud800), which is not valid text: correct it."
        ) from None
    except UnicodeDecodeError:
        raise InputError("The body is no text in UTF-8: send rows in JSON.") from None
    except json.JSONDecodeError as error:
        where = f"{error.msg.lower()} at line {error.lineno}, column {error.colno}"
        raise InputError(f"The body is no JSON ({where}): correct it.") from None
    except ValueError:  # a whole number of thousands of digits
        raise InputError("The body has a number of too many digits: correct it.") from None


def _refuse_constant(name: str) -> NoReturn:
    raise InputError(f"The body has {name}, which JSON lacks: write null where a value is missing.")


def json_word(value: Any) -> str:
    """Return what a value is in JSON, in words.

    >>> json_word([1]), json_word(None), json_word(2.5)
    ('a list', 'null', 'a number')
    """
    words: Mapping[type, str] = {
        dict: "an object",
        list: "a list",
        str: "text",
        bool: "a Boolean",
        type(None): "null",
    }
    return words.get(type(value), "a number")


def check_fields(value: Mapping[str, Any], allowed: Collection[str], what: str) -> None:
    """Refuse an object with a field that means nothing: it is not ignored."""
    for name in value:
        if name not in allowed:
            raise InputError(
                f"{name!r} means nothing in {what}: its fields are"
                f" {format_list(allowed, limit=12)}."
            )


def object_of(value: Any, what: str) -> dict[str, Any]:
    """Return a value that is an object; `InputError` if it is none."""
    if type(value) is not dict:
        raise InputError(f"{what} is {json_word(value)}: give an object.")
    return value


def list_of(value: Any, what: str) -> list[Any]:
    """Return a value that is a list; `InputError` if it is none."""
    if type(value) is not list:
        raise InputError(f"{what} is {json_word(value)}: give a list.")
    return value


def write_json(value: Any) -> bytes:
    """Return a value as JSON in UTF-8; what is no text becomes a question mark."""
    return _text(value).encode("utf-8", "replace")


def write_in_parts(value: Any) -> bytes:
    """Return the same as `write_json`, but never keep other threads waiting for long."""
    return "".join(_parts(value, _DEPTH_OF_PARTS)).encode("utf-8", "replace")


def _parts(value: Any, depth: int) -> Iterator[str]:
    """Yield the parts of a text, each of few values."""
    if depth and type(value) is dict and value:
        for number, (key, item) in enumerate(value.items()):
            yield f"{', ' if number else '{'}{_text(key)}: "
            yield from _parts(item, depth - 1)
        yield "}"
    elif depth and type(value) is list and len(value) > _ITEMS_OF_PART:
        for start in range(0, len(value), _ITEMS_OF_PART):
            yield ", " if start else "["
            yield _text(value[start : start + _ITEMS_OF_PART])[1:-1]
        yield "]"
    elif depth and type(value) is list and value:
        for number, item in enumerate(value):
            yield ", " if number else "["
            yield from _parts(item, depth - 1)
        yield "]"
    else:
        yield _text(value)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def shortened(sentence: str) -> str:
    """Return a sentence, which may quote a request, with both of its ends."""
    half = _MAX_SENTENCE // 2
    return sentence if len(sentence) <= 2 * half else f"{sentence[:half]} ... {sentence[-half:]}"


def json_response(value: Any, status: int = 200, **headers: str) -> Response:
    """Return a response of a JSON value."""
    return _response(write_json(value), _JSON, status, headers)


def large_json_response(value: Any) -> Response:
    """Return a response of a JSON value that takes long to write, from any thread."""
    return _response(write_in_parts(value), _JSON, 200, {})


def error_response(status: int, sentence: str) -> Response:
    """Return the response to a request that is refused: one sentence."""
    headers = {"www-authenticate": 'Basic realm="madaline"'} if status == 401 else {}
    return json_response({"error": " ".join(shortened(sentence).split())}, status, **headers)


def page_response(page: str, status: int = 200) -> Response:
    """Return a response of an HTML page."""
    return _response(page.encode("utf-8", "replace"), _HTML, status, _PAGE_HEADERS)


def text_response(text: str | bytes, content_type: str = _PLAIN) -> Response:
    """Return a response of plain text."""
    content = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    return _response(content, content_type, 200, {})


def _response(content: bytes, content_type: str, status: int, headers: dict[str, str]) -> Response:
    from starlette.responses import Response

    return Response(content, status, {**_HEADERS, **headers, "content-type": content_type})
