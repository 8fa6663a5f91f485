"""What a class of the codec is in JSON Schema, for programs that write what it reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from madaline._base import json_checks as checks
from madaline._base.codec import Stored, fields_of

Json = dict[str, Any]

_LARGEST = (checks.MAX_ITEMS, checks.Text().longest, checks.LARGEST, checks.LARGEST_WHOLE)
_UNBOUNDED = (None, *_LARGEST, -checks.LARGEST, -checks.LARGEST_WHOLE)


def schema_of(
    kind: type[Stored], known: Mapping[str, Json | None] = {}, *, null: bool = True
) -> Json:
    """Return the schema of a class, whose fields that may be None are null then, or left out.

    What is known of fields takes the place of their types; None leaves a field out.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Dose(Stored):
    ...     drug: str
    ...     days: int | None = None
    >>> schema_of(Dose, {"drug": {"enum": ["aspirin"]}})["properties"]
    {'days': {'type': ['integer', 'null']}, 'drug': {'enum': ['aspirin']}}
    """
    return _fields(fields_of(kind), null, known)


def _fields(fields: checks.Fields, null: bool, known: Mapping[str, Json | None] = {}) -> Json:
    each = {**fields.needed, **fields.optional}
    told = {name: _schema(check, null) for name, check in each.items() if name not in known}
    properties = {name: one for name, one in {**told, **known}.items() if one is not None}
    return object_of(properties, (name for name in fields.needed if name in properties))


def _schema(check: checks.Check, null: bool) -> Json:
    """Return the schema of a value; {} of what the types do not tell."""
    match check:
        case checks.Forward():
            return _schema(check.found, null)
        case checks.Fields():
            return _fields(check, null)
        case checks.Optional():
            inner = _schema(check.check, null)
            return inner | {"type": [inner["type"], "null"]} if null and "type" in inner else inner
        case checks.Either():
            return {"anyOf": [_schema(one, null) for one in check.checks]}
        case checks.ListOf():
            bounds = _bounds(minItems=check.least or None, maxItems=check.most)
            return array_of(_schema(check.item, null), **bounds)
        case checks.MapOf():
            return {"type": "object", "additionalProperties": _schema(check.value, null)}
        case checks.Text():
            return {"type": "string"} | _bounds(maxLength=check.longest)
        case checks.Whole():
            return {"type": "integer"} | _bounds(minimum=check.low, maximum=check.high)
        case checks.Number():
            least = "exclusiveMinimum" if check.above else "minimum"
            return {"type": "number"} | _bounds(**{least: check.low, "maximum": check.high})
        case checks.AnyNumber():
            return {"type": "number"}
        case checks.OneOf():
            is_truth = check is checks.TRUTH
            return {"type": "boolean"} if is_truth else {"enum": [*check.values]}
    return {}


def _bounds(**bounds: float | None) -> Json:
    return {name: bound for name, bound in bounds.items() if bound not in _UNBOUNDED}


def object_of(properties: Mapping[str, Json], needed: Iterable[str] = (), **more: Any) -> Json:
    """Return the schema of an object with some fields, of which some are needed."""
    schema = {"type": "object", "properties": dict(properties), **more}
    return schema | ({"required": names} if (names := [*needed]) else {})


def array_of(items: Json, **more: Any) -> Json:
    """Return the schema of a list whose items are alike."""
    return {"type": "array", "items": items, **more}
