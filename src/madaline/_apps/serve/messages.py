"""What goes over the wire: JSON and rows in both directions, refusals, responses with headers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar, final

import numpy as np

from madaline._base.codec import Stored, fields_of
from madaline._base.json_checks import Malformed
from madaline._base.language import _
from madaline._tables.column import number_text
from madaline._tables.kinds import KINDS
from madaline._tables.kinds.kind import BOOLEAN, CATEGORY, IMAGE
from madaline._tables.table import Table, listed
from madaline.errors import InputError

if TYPE_CHECKING:
    from starlette.responses import Response

_BOM = b"\xef\xbb\xbf"  # what some editors write in front of UTF-8
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")  # the beginning of half a letter

_ITEMS_OF_PART = 16  # items of a list that are written at once
_DEPTH_OF_PARTS = 4  # how deep values are taken apart

_MAX_LEVEL = 2.0**53  # numbers below are levels as they are, whole ones beyond are codes
_MAX_SENTENCE = 1000  # letters of a sentence that is answered

_JSON = "application/json"
_HTML = "text/html; charset=utf-8"
_PLAIN = "text/plain; charset=utf-8"
_BINARY = "application/octet-stream"

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

    def __init__(self, status: int, sentence: str, /, **values: Any) -> None:
        super().__init__(sentence, **values)
        self.status = status


_Read = TypeVar("_Read", bound=Stored)


class Sent(Stored):
    """Abstract: an answer, or a part of one; a field that is None is left out."""

    def to_json(self) -> dict[str, Any]:
        """Return the fields as they are, which are JSON-able."""
        return {name: value for name, value in vars(self).items() if value is not None}


def read_fields(kind: type[_Read], value: Any, *, more: bool = False) -> _Read:
    """Return what the JSON of a request holds; `InputError` if it is something else.

    There may be `more` fields than those of the class, which are ignored.
    """
    check = fields_of(kind)
    if more and type(value) is dict:
        known = check.needed.keys() | check.optional
        value = {name: part for name, part in value.items() if name in known}
    try:
        check(value)
    except Malformed as error:
        raise InputError(f"{error if error.places else error.within('The body')}.") from None
    return kind.from_json(value)


def read_json(body: bytes) -> Any:
    """Return the value of a request's body, in UTF-8.

    NaN, which JSON lacks, but which clients in Python write, is null; infinity is refused.
    """
    if not body.strip():
        raise InputError("The body is empty: send rows in JSON.")
    try:
        value = json.loads(body.removeprefix(_BOM).decode(), parse_constant=_read_constant)
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
        where = _("{msg} at line {lineno}, column {colno}").format(
            msg=error.msg.lower(), lineno=error.lineno, colno=error.colno
        )
        raise InputError("The body is no JSON ({where}): correct it.", where=where) from None
    except ValueError:  # a whole number of thousands of digits
        raise InputError("The body has a number of too many digits: correct it.") from None


def _read_constant(name: str) -> None:
    if name != "NaN":
        raise InputError(
            "The body has {name}, which JSON lacks: write null where a value is missing.", name=name
        )


def json_word(value: Any) -> str:
    """Return what a value is in JSON, in words."""
    words: Mapping[type, str] = {
        dict: "an object",
        list: "a list",
        str: "text",
        bool: "a Boolean",
        type(None): "null",
    }
    return words.get(type(value), "a number")


def list_of(value: Any, what: str) -> list[Any]:
    """Return a value that is a list; `InputError` if it is none."""
    if type(value) is not list:
        raise InputError(
            "{what} is {json_word}: give a list.", what=what, json_word=json_word(value)
        )
    return value


_write: Callable[[Any], str] = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def write_json(value: Any) -> bytes:
    """Return a value as JSON in UTF-8; what is no text becomes a question mark.

    It is written part by part, so that other threads never wait for long.
    """
    return "".join(_parts(value, _DEPTH_OF_PARTS)).encode("utf-8", "replace")


def _parts(value: Any, depth: int) -> Iterator[str]:
    """Yield the parts of a text, each of few values."""
    if depth and type(value) is dict and value:
        for number, (key, item) in enumerate(value.items()):
            yield f"{', ' if number else '{'}{_write(key)}: "
            yield from _parts(item, depth - 1)
        yield "}"
    elif depth and type(value) is list and len(value) > _ITEMS_OF_PART:
        for start in range(0, len(value), _ITEMS_OF_PART):
            yield ", " if start else "["
            yield _write(value[start : start + _ITEMS_OF_PART])[1:-1]
        yield "]"
    elif depth and type(value) is list and value:
        for number, item in enumerate(value):
            yield ", " if number else "["
            yield from _parts(item, depth - 1)
        yield "]"
    else:
        yield _write(value)


def shortened(sentence: str) -> str:
    """Return a sentence, which may quote a request, with both of its ends."""
    half = _MAX_SENTENCE // 2
    return sentence if len(sentence) <= 2 * half else f"{sentence[:half]} ... {sentence[-half:]}"


def json_response(value: Any, status: int = 200, **headers: str) -> Response:
    """Return a response of a JSON value, from any thread."""
    return _response(write_json(value), _JSON, status, headers)


def binary_response(value: Any, rest: bytes, header: str) -> Response:
    """Return a response of a JSON value and bytes behind it; a header tells where they begin."""
    content = write_json(value)
    return _response(content + rest, _BINARY, 200, {header: str(len(content))})


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


PLAIN_TYPES: Mapping[str, frozenset[type]] = {
    "number": frozenset({int, float, type(None)}),
    "boolean": frozenset({bool, type(None)}),
    "string": frozenset({str, type(None)}),
}
"""For each type in JSON those of values that are read the same way alone and beside other rows."""

MAX_ROWS = 10_000  # rows of a request, at most, unless a server was told otherwise


@dataclass(frozen=True, eq=False)
class Needs:
    """What rows of a request must have."""

    kinds: Mapping[str, str]  # the kind of each column
    most: int = MAX_ROWS  # how many there may be
    known: Mapping[str, str] = field(default_factory=dict)  # kinds of columns that may be there
    partial: bool = False  # whether all rows may lack columns, but not all of them


@dataclass(frozen=True, eq=False)
class RequestedRows:
    """Rows of one request."""

    columns: Mapping[str, list[Any]]  # the values of each column that the model needs
    n_rows: int  # how many there are
    # Whether they can be predicted together with those of other requests: no value is of a type
    # that would change how a column is read.
    plain: bool
    absent: Sequence[str] = ()  # columns that no row has, where that is allowed

    def table(self) -> Table:
        """Return the rows as a table; `InputError` if a value cannot be used."""
        return Table.from_columns(self.columns)


def joined(parts: Sequence[RequestedRows]) -> Table:
    """Return the rows of several requests as one table."""
    if len(parts) == 1:
        return parts[0].table()
    names = parts[0].columns
    return Table.from_columns(
        {name: [value for part in parts for value in part.columns[name]] for name in names}
    )


def check_rows(n_rows: int, most: int) -> None:
    """Raise `Refusal` if there are too many rows, before anything is made of them."""
    if n_rows > most:
        raise Refusal(
            413, "{n_rows:,} rows are too many: send {most:,} at a time.", n_rows=n_rows, most=most
        )


def check_record(record: Any, number: int) -> None:
    """Raise `InputError` unless a row is an object."""
    if type(record) is not dict:
        raise InputError(
            "Row {number} (counted from 0) is {json_word}: give an object with a value for each column.",
            number=number,
            json_word=json_word(record),
        )


def rows_of_records(records: Sequence[Any], needs: Needs) -> RequestedRows:
    """Return rows that were given as objects; a name that one of them lacks is missing there."""
    check_rows(len(records), needs.most)
    for number, record in enumerate(records):
        check_record(record, number)
    names = set().union(*records)
    absent = [name for name in needs.kinds if name not in names]
    if absent and records and (len(absent) == len(needs.kinds) or not needs.partial):
        raise _lacking(absent)
    known = {name: kind for name, kind in needs.known.items() if name in names}
    kinds = {**needs.kinds, **known}
    columns = {name: [record.get(name) for record in records] for name in kinds}
    return replace(rows_of_columns(columns, replace(needs, kinds=kinds)), absent=absent)


def rows_of_columns(columns: Mapping[str, Any], needs: Needs) -> RequestedRows:
    """Return rows that were given as columns; those that the model does not need are left out."""
    kinds = needs.kinds
    absent = [name for name in kinds if name not in columns]
    if absent:
        raise _lacking(absent)
    for name in kinds:
        if type(columns[name]) is not list:
            raise InputError(
                "Column {name!r} is {json_word}: give a list.",
                name=name,
                json_word=json_word(columns[name]),
            )
    used = {name: columns[name] for name in kinds}
    n_rows = len(next(iter(used.values())))
    check_rows(n_rows, needs.most)
    for name, values in used.items():
        if len(values) != n_rows:
            first = next(iter(used))
            raise InputError(
                "Column {name!r} has {n_values} rows but column {first!r} has {n_rows}: give columns of equal length.",
                name=name,
                n_values=len(values),
                first=first,
                n_rows=n_rows,
            )
    if not n_rows:
        raise InputError("There are no rows: give at least one.")
    plain = all(_is_plain(values, kinds[name]) for name, values in used.items())
    if not plain:
        used = {name: _checked(name, values, kinds[name]) for name, values in used.items()}
    return RequestedRows(used, n_rows, plain)


def _is_plain(values: list[Any], kind: str) -> bool:
    types = PLAIN_TYPES.get(KINDS[kind].json)
    return types is not None and types.issuperset(map(type, values))


def _checked(name: str, values: list[Any], kind: str) -> list[Any]:
    """Return values that a column may be made of: no text is ever taken for the path of a file."""
    if KINDS[kind].json == "array":
        return [_array(name, value, kind) for value in values]
    for value in values:
        if type(value) in (dict, list):
            raise InputError(
                "Column {name!r} holds {json_word}: give one number, text, Boolean or null a row.",
                name=name,
                json_word=json_word(value),
            )
    return values if len(_types(values)) < 2 else [_alone(value, kind) for value in values]


def _types(values: list[Any]) -> set[type]:
    """Return the types of values, of which those of numbers are one."""
    return {float if type(value) is int else type(value) for value in values} - {type(None)}


def _alone(value: Any, kind: str) -> Any:
    """Return a value beside others of another type as what it is in a row of its own."""
    if value is None or type(value) is str:
        return value
    if kind == CATEGORY:
        is_code = type(value) is bool or not abs(value) < _MAX_LEVEL
        return str(value) if is_code else number_text(float(value))
    if kind == BOOLEAN:
        return bool(value) if value in (0, 1) else value
    return int(value) if type(value) is bool else value


def _array(name: str, value: Any, kind: str) -> Any:
    if value is None and kind != IMAGE:
        return None
    if type(value) is not list:
        raise InputError(
            "Column {name!r} holds {json_word}: give each {kind} as lists of numbers.",
            name=name,
            json_word=json_word(value),
            kind=kind,
        )
    try:
        array = np.asarray(value, np.float64)
    except (ValueError, TypeError, OverflowError):
        raise InputError(
            "Column {name!r} holds lists that are no array of numbers: give each {kind} as lists of numbers, all of one length.",
            name=name,
            kind=kind,
        ) from None
    if not array.size:
        raise InputError(
            "Column {name!r} holds an empty list: give each {kind} as numbers.",
            name=name,
            kind=kind,
        )
    return array


def _lacking(absent: Sequence[str]) -> InputError:
    single = len(absent) == 1
    return InputError(
        _(
            "The rows lack a column that the model needs: {listed}; add it (null where unknown)."
            if single
            else "The rows lack columns that the model needs: {listed}; add them (null where unknown)."
        ).format(listed=listed(absent))
    )
