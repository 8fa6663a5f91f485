"""The description of all paths in OpenAPI 3.1, made from the schemas of the models.

Whatever it describes is answered: programs generate requests from it, as clients and tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from madaline._data.kinds import KINDS
from madaline._data.kinds.category import CategoryEncoder
from madaline._data.kinds.kind import DATETIME, ColumnEncoder
from madaline._data.target import ClassEncoder
from madaline._evaluation.conformal import JointConformal, PredictionIntervals
from madaline._serve.inference_shape import DATATYPES
from madaline._serve.mlflow_shape import methods_of
from madaline._serve.models import Output, ServedModel
from madaline._serve.page import MAX_CHOICES
from madaline._serve.settings import Settings
from madaline._words import format_list
from madaline.version import __version__

Json = dict[str, Any]

TYPES: Mapping[str, Json] = {
    "number": {"type": ["number", "boolean", "null"]},
    "boolean": {
        "anyOf": [{"type": ["boolean", "null"]}, {"type": "integer", "minimum": 0, "maximum": 1}]
    },
    "string": {"type": ["string", "null"]},
    "array": {"type": "array", "items": {"type": ["number", "array"]}},
}
"""What may be given for a value of each type in JSON."""


def describe(models: Sequence[ServedModel], settings: Settings, root: str = "") -> Json:
    """Return the description; the root is the path that the server is mounted at."""
    paths: Json = {}
    for served in models:
        starts = [f"/models/{served.name}"]
        if settings.only is not None:
            starts.insert(0, "")
        for start in starts:
            paths |= _paths_of(served, start)
        paths |= _protocol_paths(served)
    paths |= _SERVER_PATHS
    described: Json = {
        "openapi": "3.1.0",
        "info": {"title": "madaline", "version": __version__},
        "paths": {path: _named(path, methods) for path, methods in paths.items()},
        "components": {"schemas": _schemas(models), "responses": {"Refused": _REFUSED}},
    }
    if root:
        described["servers"] = [{"url": root}]
    if settings.token is not None:
        described["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        described["security"] = [{"token": []}]
    return described


def _named(path: str, methods: Mapping[str, Any]) -> Json:
    """Return the methods of a path with the names by which generated clients call them."""
    words = re.sub("[^A-Za-z0-9]+", "_", path).strip("_")
    return {name: {"operationId": f"{name}_{words}", **method} for name, method in methods.items()}


def _paths_of(served: ServedModel, start: str) -> Json:
    name, rows = served.name, _array(_reference(f"{served.name}.row"), minItems=1)
    targets = format_list(served.model.output_names, limit=8)
    paths = {
        "predict": _post(
            f"Predict {targets}",
            _reference(f"{name}.question"),
            _reference(f"{name}.answer"),
            description=_MISSING,
        ),
        "invocations": _post(
            "Predict, in MLflow's shapes; tables in CSV (text/csv) are read, too",
            _reference(f"{name}.invocation"),
            _reference(f"{name}.predictions"),
        ),
        "report": _get(f"The report of {name}", content="text/html"),
        "story": _get(f"How {name} was found", content="text/plain"),
    }
    if served.known:
        steps, coverage = {"type": ["integer", "null"], "minimum": 1}, _coverage(served)
        ahead = {"horizon": steps, "coverage": coverage, "rows": rows}
        forecasts = _object({"forecasts": _array({"type": "object"})})
        forecast = _object(ahead, required=(), additionalProperties=False)
        paths["forecast"] = _post("Predict the rows that come next", forecast, forecasts)
    if served.watcher is not None:
        labels = _object({"keys": _array(_KEY, minItems=1), "labels": _array(_LABEL, minItems=1)})
        alarms = _reference("Alarms")
        paths["labels"] = _post("Labels of rows that were predicted, one a key", labels, alarms)
        paths["alarms"] = _get("What changed since the model is watched", alarms)
    return {f"{start}/{path}": methods for path, methods in paths.items()}


def _protocol_paths(served: ServedModel) -> Json:
    name, start = served.name, f"/v2/models/{served.name}"
    ready = _object({"name": _TEXT, "ready": _FLAG})
    return {
        start: _get("Inputs and outputs", {"type": "object"}),
        f"{start}/ready": _get("Whether the model answers", ready),
        f"{start}/infer": _post(
            "Predict tensors, in JSON, or in binary behind it",
            _reference(f"{name}.tensors"),
            _TENSORS,
        ),
    }


def _schemas(models: Sequence[ServedModel]) -> Json:
    alarms = {"rows": _COUNT, "labels": _COUNT, "alarms": _array(_object({"sentence": _TEXT}))}
    schemas = {"Error": _object({"error": _TEXT}), "Alarms": _object({"model": _TEXT, **alarms})}
    for served in models:
        for name, schema in _schemas_of(served).items():
            schemas[f"{served.name}.{name}"] = schema
    return schemas


def _schemas_of(served: ServedModel) -> Json:
    """Return the schemas of one model: of rows in each shape, and of answers."""
    values = _values(served)
    row, rows = _reference(f"{served.name}.row"), _reference(f"{served.name}.rows")
    records, lists = _array(row, minItems=1), _array(_listed(values.values()), minItems=1)
    names = _listed({"const": name} for name in values)
    mlflow = {
        "dataframe_split": _reference(f"{served.name}.frame"),
        "dataframe_records": records,
        "instances": rows,
        "inputs": rows,
    }
    methods = _object({"method": {"enum": list(methods_of(served))}}, required=())
    params = {"anyOf": [methods, {"type": "null"}]}
    known = {name: TYPES[KINDS[kind].json] for name, kind in served.known.items()}
    plain = [_prediction(output) for output in served.outputs]
    return {
        "row": _object(values | known, required=values, description=_ROW),
        "rows": {"anyOf": [records, lists]},
        "question": {"anyOf": [row, records, *_with_wishes(served, row, records)]},
        "answer": _answer(served),
        "frame": _object({"columns": names, "data": lists}, additionalProperties=False),
        "invocation": {
            "oneOf": [
                _object({name: one, "params": params}, (name,), additionalProperties=False)
                for name, one in mlflow.items()
            ]
        },
        "predictions": _object(
            {"predictions": _array({"anyOf": [_of_targets(served, plain), _array({})]})}
        ),
        "tensors": _tensors(served, values),
    }


def _with_wishes(served: ServedModel, row: Json, records: Json) -> list[Json]:
    """Return the schemas of rows beside which more is wanted; keys are as many as rows."""
    wishes = {"explain": {"type": ["boolean", "null"]}, "coverage": _coverage(served)}
    several = {"rows": {"anyOf": [row, records]}, **wishes}
    found = [_object(several, required=("rows",), additionalProperties=False)]
    if served.watcher is not None:
        one = {"rows": row, "keys": _array(_KEY, minItems=1, maxItems=1), **wishes}
        found.append(_object(one, required=("rows", "keys"), additionalProperties=False))
    return found


def _coverage(served: ServedModel) -> Json:
    """Return the schema of a coverage; that of intervals has a bound, by the number of scores."""
    conformal = served.model.predictor.conformal
    each = conformal.each if isinstance(conformal, JointConformal) else (conformal,)
    most = [one.max_coverage for one in each if isinstance(one, PredictionIntervals)]
    bound = {"maximum": min(most)} if most else {"exclusiveMaximum": 1}
    return {"type": ["number", "null"], "exclusiveMinimum": 0, **bound}


def _values(served: ServedModel) -> dict[str, Json]:
    """Return the schema of a value of each column."""
    values = {name: TYPES[KINDS[kind].json] for name, kind in served.kinds.items()}
    return values | {encoder.name: _value(served, encoder) for encoder in served.encoders}


def _value(served: ServedModel, encoder: ColumnEncoder) -> Json:
    detail = served.model.schema[encoder.name].detail
    value = {**TYPES[KINDS[encoder.kind].json], "description": detail}
    if isinstance(encoder, CategoryEncoder):
        value |= {"type": ["string", "number", "boolean", "null"]}
        value |= {"examples": list(encoder.levels[:MAX_CHOICES])}
    elif encoder.kind == DATETIME:
        del value["type"]
        value |= {"anyOf": [{"type": "string", "format": "date"}, {"enum": ["", None]}]}
    return value


def _tensors(served: ServedModel, values: Mapping[str, Json]) -> Json:
    """Return the schema of tensors of one row; those of more rows cannot be told in a schema."""
    tensors = []
    for name, value in values.items():
        tensor = {
            "name": {"const": name},
            "shape": _listed([{"const": 1}]),
            "datatype": {"const": DATATYPES[KINDS[served.kinds[name]].json]},
            "data": _listed([value]),
        }
        tensors.append(_object(tensor, additionalProperties=False))
    inputs = {"id": {"type": ["string", "null"]}, "inputs": _listed(tensors)}
    return _object(inputs, required=("inputs",), description=_ONE_ROW)


def _answer(served: ServedModel) -> Json:
    fields: Json = {}
    each = [_fields(output) for output in served.outputs]
    for name in each[0]:
        fields[name] = _of_targets(served, [one[name] for one in each])
    texts = dict.fromkeys(("model", "version", "target", "explained"), _TEXT)
    properties = {
        **texts,
        "predictions": _array(_object(fields, required=("prediction",))),
        "unseen": {"type": "object", "additionalProperties": _COUNT},
        "remarks": _array(_TEXT),
    }
    return _object(properties, required=("model", "version", "target", "predictions"))


def _fields(output: Output) -> Json:
    """Return the schema of what is answered for a row and one target."""
    fields: Json = {"prediction": _prediction(output), "explanation": {"type": "object"}}
    if output.classes is None:
        return fields | {"interval": {"type": "object"}}
    shares = _object({label: {"type": "number"} for label in output.classes})
    return fields | {"probabilities": shares, "set": _array(_TEXT)}


def _prediction(output: Output) -> Json:
    if isinstance(output.encoder, ClassEncoder):
        return {"enum": output.encoder.classes.tolist()}
    return {"type": "number"}


def _of_targets(served: ServedModel, each: Sequence[Json]) -> Json:
    """Return the schema of a field: that of the only target, or an object with one of each."""
    if len(each) == 1:
        return each[0]
    names = [output.name for output in served.outputs]
    return _object(dict(zip(names, each, strict=True)), required=())


def _object(
    properties: Mapping[str, Any], required: Iterable[str] | None = None, **more: Any
) -> Json:
    """Return the schema of an object; all properties are required unless told otherwise."""
    needed = list(properties if required is None else required)
    schema = {"type": "object", "properties": dict(properties), **more}
    return {**schema, "required": needed} if needed else schema


def _array(items: Json, **more: Any) -> Json:
    return {"type": "array", "items": items, **more}


def _listed(items: Iterable[Json]) -> Json:
    """Return the schema of a list with one item of each schema."""
    each = list(items)
    return {"type": "array", "prefixItems": each, "minItems": len(each), "maxItems": len(each)}


def _post(summary: str, request: Json, answer: Json, **more: Any) -> Json:
    body = {"required": True, "content": {"application/json": {"schema": request}}}
    told = {"summary": summary, **more, "requestBody": body}
    return {"post": {**told, "responses": _responses(answer)}}


def _get(summary: str, answer: Json | None = None, content: str = "application/json") -> Json:
    return {"get": {"summary": summary, "responses": _responses(answer or _TEXT, content)}}


def _responses(schema: Json, content: str = "application/json") -> Json:
    done = {"description": "The answer", "content": {content: {"schema": schema}}}
    return {"200": done, "4XX": {"$ref": "#/components/responses/Refused"}}


def _reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


_TEXT, _FLAG, _COUNT = {"type": "string"}, {"type": "boolean"}, {"type": "integer", "minimum": 0}
_KEY = {
    "anyOf": [
        {"type": "string", "maxLength": 200},
        {"type": "integer", "minimum": -(2**63) + 1, "maximum": 2**63 - 1},
    ]
}
_LABEL = {"type": ["string", "number", "boolean"]}

_ROW = "null is a missing value; numbers may be text; other columns are ignored."
_MISSING = "With missing=allow in the query, columns that all rows lack count as missing"
_ONE_ROW = "Of n rows, each shape is [n], and data holds n values; tensors may be in any order."

_OUTPUT = {"name": _TEXT, "datatype": _TEXT, "shape": _array(_COUNT), "data": _array({})}
_NAMES = {"model_name": _TEXT, "model_version": _TEXT}
_TENSORS = _object({**_NAMES, "id": _TEXT, "outputs": _array(_object(_OUTPUT))}, ("outputs",))

_READY = _object({"ready": _FLAG, "problems": {"type": "object"}})
_SERVER_PATHS: Json = {
    "/v2": _get("What the server is", {"type": "object"}),
    "/v2/health/live": _get("Whether the server runs", _object({"live": _FLAG})),
    "/v2/health/ready": _get("Whether the models answer", _READY),
    "/ping": _get("Whether the server answers", content="text/plain"),
    "/health": _get("Whether the server answers", content="text/plain"),
    "/version": _get("The version of madaline", content="text/plain"),
    "/metrics": _get("Metrics for Prometheus", content="text/plain"),
}

_REFUSED = {
    "description": "One sentence about what is wrong",
    "content": {"application/json": {"schema": _reference("Error")}},
}
