"""What a page is made of: its place in the navigation, its files, and the paths it asks."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields
from typing import Any, Generic, TypeVar, final, get_type_hints

import numpy as np

from madaline._apps.serve.guard import Bodies
from madaline._apps.serve.messages import Refusal, error_response, json_response, read_json
from madaline._base.codec import Count, Stored, check_of
from madaline._base.json_checks import Malformed
from madaline._base.language import translate
from madaline._base.language.choice import speaking
from madaline.errors import InputError
from madaline.nn.arrays import Array

_A = TypeVar("_A", bound=Stored)


@final
@dataclass(frozen=True)
class OfRun(Stored):
    """A question about what goes on."""

    run: str  # the key of a session


@final
@dataclass(frozen=True)
class OfTable(Stored):
    """A question about a table that the page has the key of, such as after a reload."""

    table: str


@final
@dataclass(frozen=True)
class Since(Stored):
    """A question for the events of a fit from a number on; of none for a page that only looks."""

    since: Count = 0
    run: str = ""


def read_asked(kind: type[_A], value: Any) -> _A:
    """Return what a JSON value asks; `InputError` if it is something else."""
    if not isinstance(value, Mapping):
        raise InputError("The request is no object: reload the page.")
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    known = {name: value[name] for name in names & value.keys()}
    try:
        check_of(kind)(known)
    except Malformed as error:
        raise InputError("The request cannot be answered: {error}.", error=error) from None
    return kind.from_json(known)


_T = TypeVar("_T")


@final
@dataclass(frozen=True, kw_only=True)
class Page:
    """A page of the playground."""

    path: str  # such as "/race"
    title: str  # in the navigation, in English
    template: str  # a file of `templates/` that extends shell.html
    script: str  # an ES module of `static/`
    # POST, by their paths: functions of what is asked, whose type hint is the dataclass of it
    routes: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    # POST of files, by their paths: functions of a name and a content
    uploads: Mapping[str, Callable[[str, bytes], Any]] = field(default_factory=dict)
    facts: Callable[[], Any] = dict  # what its script knows from the start, as a JSON value


@final
@dataclass(frozen=True)
class ArrayFrame:
    """An answer with arrays: a JSON object, and numbers in bytes behind it.

    The arrays are of uint8 or float32; `readFrame` in ``static/base.js`` reads them.
    """

    header: Mapping[str, Any]
    arrays: Mapping[str, Array]

    def to_bytes(self) -> bytes:
        """Return the length of the JSON text (uint32, little-endian), the text, and the arrays.

        Each array begins at a multiple of four bytes after the text.
        """
        places = {}
        parts = []
        start = 0
        for name, array in self.arrays.items():
            little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
            places[name] = [array.dtype.name, list(array.shape), start]
            content = little.tobytes()
            parts += [content, bytes(-len(content) % 4)]
            start += len(content) + len(parts[-1])
        text = json.dumps({**self.header, "arrays": places}).encode()
        text += b" " * (-len(text) % 4)
        return len(text).to_bytes(4, "little") + text + b"".join(parts)


def endpoint_of(
    answer: Callable[..., Any], bodies: Bodies, language_of: Callable[[Any], str]
) -> Callable[..., Any]:
    """Return an endpoint that answers a request with what a function makes of it.

    The function gets what a JSON value asks, or the name and the content of a file (``POST
    path?name=NAME``). It is called in a thread, or is a coroutine function; it returns an
    `ArrayFrame`, a JSON value or a response. Within it, `translate` writes in the language of the
    page, in which the sentence of an `InputError` is answered, too.
    """
    kind = get_type_hints(answer).get("asked")

    async def endpoint(request: Any) -> Any:
        with speaking(language_of(request)):
            try:
                async with bodies.of(request) as body:
                    given: tuple[Any, ...] = (request.query_params.get("name", ""), body)
                    if kind is not None:
                        given = (read_asked(kind, read_json(body)),)
                    if asyncio.iscoroutinefunction(answer):
                        return respond(await answer(*given))
                    return respond(await asyncio.to_thread(answer, *given))
            except InputError as error:
                status = error.status if isinstance(error, Refusal) else 400
                return error_response(status, translate(str(error)))

    endpoint.__name__ = answer.__name__
    return endpoint


def respond(made: Any) -> Any:
    """Return the response of a frame or a JSON value."""
    from starlette.responses import Response

    if isinstance(made, Response):
        return made
    if not isinstance(made, ArrayFrame):
        return json_response(made)
    headers = {"x-content-type-options": "nosniff", "cache-control": "no-store"}
    return Response(made.to_bytes(), 200, headers, "application/octet-stream")


@final
class Sessions(Generic[_T]):
    """What goes on between the requests of pages; of the oldest ones, nothing is kept."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[str, tuple[_T, asyncio.Lock]] = OrderedDict()

    def add(self, value: _T) -> str:
        """Keep a value, and return the key that a page asks for it by."""
        key = secrets.token_urlsafe(12)
        self._kept[key] = (value, asyncio.Lock())
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return key

    @asynccontextmanager
    async def of(self, key: str) -> AsyncIterator[_T]:
        """Yield a value, to one request at a time; `Refusal` if it is not kept any more."""
        if key not in self._kept:
            raise Refusal(410, "This run is not kept any more: start it again.")
        self._kept.move_to_end(key)
        value, lock = self._kept[key]
        async with lock:
            yield value
