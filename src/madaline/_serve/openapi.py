"""The description of all paths in OpenAPI 3.1, made from the schemas of the models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from madaline._data.kinds import KINDS
from madaline._data.kinds.category import CategoryEncoder
from madaline._data.kinds.kind import ColumnEncoder
from madaline._data.target import ClassEncoder
from madaline._serve.mlflow_shape import SHAPES
from madaline._serve.models import ServedModel
from madaline._serve.page import MAX_CHOICES
from madaline._serve.settings import Settings
from madaline.version import __version__

TYPES: Mapping[str, dict[str, Any]] = {
    "number": {"type": ["number", "string", "null"]},
    "boolean": {"type": ["boolean", "string", "null"]},
    "string": {"type": ["string", "null"]},
    "array": {"type": "array", "items": {"type": ["number", "array"]}},
}
"""What may be given for a value of each type in JSON."""


def describe(models: Sequence[ServedModel], settings: Settings) -> dict[str, Any]:
    """Return the description."""
    paths: dict[str, Any] = {}
    for served in models:
        starts = [f"/models/{served.name}"]
        if settings.only is not None:
            starts.insert(0, "")
        for start in starts:
            paths |= _paths_of(served, start)
        paths |= _protocol_paths(served)
    described: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "madaline", "version": __version__},
        "paths": paths | _server_paths(),
        "components": {"schemas": _schemas(models), "responses": {"Refused": _REFUSED}},
    }
    if settings.token is not None:
        described["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        described["security"] = [{"token": []}]
    return described


def _paths_of(served: ServedModel, start: str) -> dict[str, Any]:
    name, row = served.name, f"{served.name}.row"
    rows = {"type": "array", "items": _reference(row), "minItems": 1}
    with_extras = {
        "rows": {"oneOf": [_reference(row), rows]},
        "explain": {"type": "boolean", "default": False},
        "coverage": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        "keys": _KEYS,
    }
    predict = {"oneOf": [_reference(row), rows, _object(with_extras, "rows")]}
    mlflow = _object({shape: {} for shape in SHAPES}) | {"minProperties": 1, "maxProperties": 1}
    labels = _object({"keys": _KEYS, "labels": _ARRAY}, "keys", "labels")
    ahead = {"horizon": {"type": "integer", "minimum": 1}, "coverage": with_extras["coverage"]}
    forecasts = {"forecasts": {"type": "array", "items": {"type": "object"}}}
    forecast = {
        f"{start}/forecast": _post(
            "Predict the rows that come next",
            _object({**ahead, "rows": rows}),
            _object(forecasts, "forecasts"),
        )
    }
    return (forecast if served.known else {}) | {
        f"{start}/predict": _post(
            f"Predict {served.model.summary.target}", predict, _reference(f"{name}.answer")
        ),
        f"{start}/invocations": _post(
            "Predict, in MLflow's shapes", mlflow, _object({"predictions": _ARRAY})
        ),
        f"{start}/labels": _post("Labels of rows that were predicted", labels, {}),
        f"{start}/alarms": _get("What changed since the model is watched"),
        f"{start}/report": _get(f"The report of {name}", "text/html"),
        f"{start}/story": _get(f"How {name} was found", "text/plain"),
    }


def _protocol_paths(served: ServedModel) -> dict[str, Any]:
    start = f"/v2/models/{served.name}"
    tensors, outputs = _object({"inputs": _ARRAY}, "inputs"), _object({"outputs": _ARRAY})
    return {
        start: _get("Inputs and outputs"),
        f"{start}/ready": _get("Whether the model answers"),
        f"{start}/infer": _post("Predict tensors", tensors, outputs),
    }


def _server_paths() -> dict[str, Any]:
    return {
        "/v2": _get("What the server is"),
        "/v2/health/live": _get("Whether the server runs"),
        "/v2/health/ready": _get("Whether the models answer"),
        "/metrics": _get("Metrics for Prometheus", "text/plain"),
    }


def _schemas(models: Sequence[ServedModel]) -> dict[str, Any]:
    schemas = {"Error": _object({"error": {"type": "string"}}, "error")}
    for served in models:
        schemas[f"{served.name}.row"] = _row(served)
        schemas[f"{served.name}.answer"] = _answer(served)
    return schemas


def _row(served: ServedModel) -> dict[str, Any]:
    values = {name: TYPES[KINDS[kind].json] for name, kind in served.kinds.items()}
    values |= {encoder.name: _value(served, encoder) for encoder in served.encoders}
    known = {name: TYPES[KINDS[kind].json] for name, kind in served.known.items()}
    return {
        "type": "object",
        "description": "null is a missing value; other columns are ignored.",
        **_object(values | known, *values),
    }


def _value(served: ServedModel, encoder: ColumnEncoder) -> dict[str, Any]:
    detail = served.model.schema[encoder.name].detail
    value = {**TYPES[KINDS[encoder.kind].json], "description": detail}
    if isinstance(encoder, CategoryEncoder):
        value |= {"type": ["string", "number", "boolean", "null"]}
        value |= {"examples": list(encoder.levels[:MAX_CHOICES])}
    return value


def _answer(served: ServedModel) -> dict[str, Any]:
    target = served.model.predictor.target_encoder
    row: dict[str, Any] = {"prediction": {"type": "number"}, "explanation": {"type": "object"}}
    if isinstance(target, ClassEncoder):
        shares = {str(label): {"type": "number"} for label in served.classes or ()}
        row["prediction"] = {"enum": target.classes.tolist()}
        row["probabilities"] = _object(shares)
        row["set"] = {"type": "array", "items": {"type": "string"}}
    else:
        row["interval"] = _object({"low": {"type": "number"}, "high": {"type": "number"}})
    predictions = {"type": "array", "items": _object(row)}
    texts = {name: {"type": "string"} for name in ("model", "version", "target", "explained")}
    properties = {**texts, "predictions": predictions, "unseen": {"type": "object"}}
    if served.known:
        properties["remarks"] = {"type": "array", "items": {"type": "string"}}
    return _object(properties, "predictions")


def _object(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    needed = {"required": list(required)} if required else {}
    return {"type": "object", **needed, "properties": properties}


def _post(summary: str, request: Any, answer: Any) -> dict[str, Any]:
    body = {"required": True, "content": {"application/json": {"schema": request}}}
    return {"post": {"summary": summary, "requestBody": body, "responses": _responses(answer)}}


def _get(summary: str, content: str = "application/json") -> dict[str, Any]:
    return {"get": {"summary": summary, "responses": _responses({}, content)}}


def _responses(schema: Any, content: str = "application/json") -> dict[str, Any]:
    done = {"description": "The answer", "content": {content: {"schema": schema}}}
    return {"200": done, "4XX": {"$ref": "#/components/responses/Refused"}}


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


_ARRAY = {"type": "array"}
_KEYS = {"type": "array", "items": {"type": ["string", "integer"]}}
_REFUSED = {
    "description": "One sentence about what is wrong",
    "content": {"application/json": {"schema": _reference("Error")}},
}
