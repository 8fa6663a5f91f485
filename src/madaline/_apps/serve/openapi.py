"""The description of all paths in OpenAPI 3.1, made of the types of their bodies and the models.

Whatever it describes is answered: programs generate requests from it, as clients and tests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from inspect import getdoc
from typing import Any, TypeAlias, TypeVar

from madaline._apps.serve.inference_shape import DATATYPES, Inference, Inferred, Live, Ready, Tensor
from madaline._apps.serve.json_shape import (
    Ahead,
    Answers,
    Forecasts,
    Labels,
    Question,
    RaisedAlarms,
    RowAnswer,
)
from madaline._apps.serve.mlflow_shape import Frame, Invocation, methods_of
from madaline._apps.serve.models import ServedModel, ServedOutput
from madaline._apps.serve.page import MAX_CHOICES
from madaline._apps.serve.settings import Settings
from madaline._base.codec import Stored
from madaline._base.json_schema import Json, array_of, object_of, schema_of
from madaline._base.language import translate
from madaline._models.watching.alarm import Alarm
from madaline._race.evaluation.conformal import JointConformal, PredictionIntervals
from madaline._tables.kinds import KINDS
from madaline._tables.kinds.category import CategoryEncoder
from madaline._tables.kinds.kind import DATETIME, ColumnEncoder
from madaline._tables.target import ClassEncoder
from madaline.version import __version__

Body: TypeAlias = type[Stored] | str
"""A class, a media type, or after a point the name of a schema that each model has."""

_F = TypeVar("_F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Path:
    """A path, to be told of the method that answers it."""

    method: str
    path: str  # without a slash: at the root, of the only model, and below each model
    gives: Body = ""  # where it is empty, OpenAPI does not tell of the path
    takes: Body = ""
    needs: str = "name"  # what a model must have

    def __call__(self, endpoint: _F) -> _F:
        """Tell the path of a method, and return that."""
        vars(endpoint).setdefault("answers", []).append(self)
        return endpoint

    def routes(self) -> list[str]:
        """Return the path as the application has it, with names of models as a parameter."""
        if self.path.startswith("/"):
            return [self.path]
        return [f"/{self.path}", f"/models/{{name}}/{self.path}"]

    def of(self, served: ServedModel, *, only: bool) -> list[str]:
        """Return the path as it is asked for a model, which may be the only one."""
        routes = self.routes() if self.gives and getattr(served, self.needs) else []
        named = routes if only else routes[-1:]
        return [route.replace("{name}", served.name) for route in named]


TYPES: Mapping[str, Json] = {
    "number": {"type": ["number", "boolean", "null"]},
    "boolean": {
        "anyOf": [{"type": ["boolean", "null"]}, {"type": "integer", "minimum": 0, "maximum": 1}]
    },
    "string": {"type": ["string", "null"]},
    "array": array_of({"type": ["number", "array"]}),
}
"""What may be given for a value of each type in JSON."""

_JSON = "application/json"
_CLOSED = {"additionalProperties": False}
_ROW = "null is a missing value; numbers may be text; other columns are ignored."
_ONE_ROW = "Of n rows, each shape is [n], and data holds n values; tensors may be in any order."


def describe(
    paths: Iterable[tuple[Path, Callable[..., Any]]],
    models: Sequence[ServedModel],
    settings: Settings,
    root: str = "",
) -> Json:
    """Return the description of paths, each with what answers it, mounted at the root."""
    described: Json = {
        "openapi": "3.1.0",
        "info": {"title": "madaline", "version": __version__},
        "paths": {
            path: {told.method.lower(): _operation(told, endpoint, path, served)}
            for served in models
            for told, endpoint in paths
            for path in told.of(served, only=settings.only is not None)
        },
        "components": {
            "schemas": _schemas(models),
            "responses": {"Refused": {"description": "What is wrong", **_content(".Error")}},
        },
    }
    if root:
        described["servers"] = [{"url": root}]
    if settings.token is not None:
        described["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        described["security"] = [{"token": []}]
    return described


def _operation(route: Path, endpoint: Callable[..., Any], path: str, served: ServedModel) -> Json:
    """Return what a path is for, by the name by which generated clients call it."""
    words = re.sub("[^A-Za-z0-9]+", "_", f"{route.method.lower()}{path}").strip("_")
    summary, _, more = (getdoc(endpoint) or "").partition("\n\n")
    operation: Json = {"operationId": words, "summary": summary.rstrip(".")}
    operation |= {"description": more} if more else {}
    if route.takes:
        operation["requestBody"] = {"required": True, **_content(route.takes, _name(served))}
    answer = {"description": "The answer", **_content(route.gives, _name(served))}
    refused = {"$ref": "#/components/responses/Refused"}
    return {**operation, "responses": {"200": answer, "4XX": refused}}


def _content(body: Body, model: str = "") -> Json:
    if isinstance(body, str) and "/" in body:
        schema = {"type": "object" if body == _JSON else "string"}
        return {"content": {body: {"schema": schema}}}
    name = f"{model}{body}".strip(".") if isinstance(body, str) else body.__name__
    return {"content": {_JSON: {"schema": _reference(name)}}}


def _name(served: ServedModel) -> str:
    """Return the name of a model in those of schemas, which may have no other letters."""
    return re.sub("[^A-Za-z0-9._-]", "_", served.name)


def _schemas(models: Sequence[ServedModel]) -> Json:
    """Return the schemas of what is the same for all models, and of what each has."""
    text = {"type": "string"}
    tensor = schema_of(Tensor, {"data": array_of({})})
    schemas: Json = {
        "RaisedAlarms": schema_of(
            RaisedAlarms, {"alarms": array_of(schema_of(Alarm, {"sentence": text}))}
        ),
        "Error": object_of({"error": text}, ["error"]),
        "Forecasts": schema_of(Forecasts),
        "Inferred": schema_of(Inferred, {"outputs": array_of(tensor)}, null=False),
        "Labels": schema_of(Labels) | _CLOSED,
        "Live": schema_of(Live),
        "Ready": schema_of(Ready, null=False),
    }
    for served in models:
        for name, schema in _schemas_of(served).items():
            schemas[f"{_name(served)}.{name}"] = schema
    return schemas


def _schemas_of(served: ServedModel) -> Json:
    """Return the schemas of one model: of rows in each shape, and of answers."""
    values = _values(served)
    name = _name(served)
    records = array_of(_reference(f"{name}.row"), minItems=1)
    lists = array_of(_listed(values.values()), minItems=1)
    known = {name: TYPES[KINDS[kind].json] for name, kind in served.known.items()}
    coverage = _coverage(served)
    names = _listed({"const": name} for name in values)
    frame = schema_of(Frame, {"columns": names, "data": lists, "index": None})
    each = [_prediction(output) for output in served.outputs]
    predictions = array_of({"anyOf": [_of_targets(served, each), array_of({})]})
    return {
        "row": object_of(values | known, values, description=_ROW),
        "rows": {"anyOf": [records, lists]},
        "question": _question(served, records, coverage),
        "answer": _answer(served),
        "ahead": schema_of(Ahead, {"rows": records, "coverage": coverage}) | _CLOSED,
        "frame": frame | _CLOSED,
        "invocation": _invocation(served, records),
        "predictions": object_of({"predictions": predictions}, ["predictions"]),
        "tensors": _tensors(served, values),
    }


def _question(served: ServedModel, records: Json, coverage: Json) -> Json:
    """Return the schema of a row, of rows, and of an object with either and with wishes."""
    row = _reference(f"{_name(served)}.row")
    rows = {"anyOf": [row, records]}
    objects = [schema_of(Question, {"rows": rows, "keys": None, "coverage": coverage})]
    if served.watcher is not None:  # keys are as many as rows
        watched = schema_of(Question, {"rows": row, "coverage": coverage})
        watched["properties"]["keys"] |= {"type": "array", "maxItems": 1}
        objects.append(watched | {"required": ["rows", "keys"]})
    return {"anyOf": [row, records, *(schema | _CLOSED for schema in objects)]}


def _invocation(served: ServedModel, records: Json) -> Json:
    """Return the schema of rows in one of MLflow's shapes."""
    name = _name(served)
    rows = _reference(f"{name}.rows")
    shapes = {
        "dataframe_split": _reference(f"{name}.frame"),
        "dataframe_records": records,
        "instances": rows,
        "inputs": rows,
    }
    methods = object_of({"method": {"enum": [*methods_of(served)]}})
    params = {"anyOf": [methods, {"type": "null"}]}
    return {
        "oneOf": [
            schema_of(Invocation, {**dict.fromkeys(shapes), shape: schema, "params": params})
            | {"required": [shape], **_CLOSED}
            for shape, schema in shapes.items()
        ]
    }


def _coverage(served: ServedModel) -> Json:
    """Return the schema of a coverage; that of intervals has a bound, by the number of scores."""
    conformal = served.model.predictor.conformal
    each = conformal.each if isinstance(conformal, JointConformal) else (conformal,)
    most = [
        intervals.max_coverage for intervals in each if isinstance(intervals, PredictionIntervals)
    ]
    bound = {"maximum": min(most)} if most else {"exclusiveMaximum": 1}
    return {"type": ["number", "null"], "exclusiveMinimum": 0, **bound}


def _values(served: ServedModel) -> dict[str, Json]:
    """Return the schema of a value of each column."""
    values = {name: TYPES[KINDS[kind].json] for name, kind in served.kinds.items()}
    return values | {encoder.name: _value(served, encoder) for encoder in served.encoders}


def _value(served: ServedModel, encoder: ColumnEncoder) -> Json:
    detail = served.model.schema[encoder.name].detail
    value = {**TYPES[KINDS[encoder.kind].json], "description": translate(detail)}
    if isinstance(encoder, CategoryEncoder):
        value |= {"type": ["string", "number", "boolean", "null"]}
        value |= {"examples": list(encoder.levels[:MAX_CHOICES])}
    elif encoder.kind == DATETIME:
        del value["type"]
        value |= {"anyOf": [{"type": "string", "format": "date"}, {"enum": ["", None]}]}
    return value


def _tensors(served: ServedModel, values: Mapping[str, Json]) -> Json:
    """Return the schema of tensors of one row; those of more rows cannot be told in a schema."""
    tensors: list[Mapping[str, Json | None]] = [
        {
            "name": {"const": name},
            "shape": _listed([{"const": 1}]),
            "datatype": {"const": DATATYPES[KINDS[served.kinds[name]].json]},
            "data": _listed([value]),
            "parameters": None,
        }
        for name, value in values.items()
    ]
    inputs = _listed(schema_of(Tensor, tensor) | _CLOSED for tensor in tensors)
    fields: Mapping[str, Json | None] = {"inputs": inputs, "outputs": None, "parameters": None}
    return schema_of(Inference, fields) | {"description": _ONE_ROW}


def _answer(served: ServedModel) -> Json:
    each = [_fields(output) for output in served.outputs]
    fields = {
        name: _of_targets(served, [of_output[name] for of_output in each]) for name in each[0]
    }
    rows = array_of(object_of(fields, ["prediction"]))
    target = served.model.summary.target
    return schema_of(Answers, {"predictions": rows, "target": {"const": target}}, null=False)


def _fields(output: ServedOutput) -> Json:
    """Return the schemas of what is answered for a row and one target."""
    known: dict[str, Json | None] = {"prediction": _prediction(output)}
    if output.classes is None:
        known |= {"probabilities": None, "set": None}
    else:
        shares = {label: {"type": "number"} for label in output.classes}
        known |= {"probabilities": object_of(shares, shares), "interval": None}
    fields: Json = schema_of(RowAnswer, known, null=False)["properties"]
    return fields


def _prediction(output: ServedOutput) -> Json:
    if isinstance(output.encoder, ClassEncoder):
        return {"enum": output.encoder.classes.tolist()}
    return {"type": "number"}


def _of_targets(served: ServedModel, each: Sequence[Json]) -> Json:
    """Return the schema of a field: that of the only target, or an object with one of each."""
    if len(each) == 1:
        return each[0]
    names = [output.name for output in served.outputs]
    return object_of(dict(zip(names, each, strict=True)))


def _listed(items: Iterable[Json]) -> Json:
    """Return the schema of a list with one item of each schema."""
    each = list(items)
    return {"type": "array", "prefixItems": each, "minItems": len(each), "maxItems": len(each)}


def _reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}
