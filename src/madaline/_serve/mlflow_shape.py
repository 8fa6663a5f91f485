"""`POST /invocations`: the shapes that servers of MLflow take.

See https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally (Apache-2.0).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from madaline._data.formats.characters import MISSING_WORDS
from madaline._serve.answers import Answer, Extras, RowsRequest
from madaline._serve.messages import (
    MAX_ROWS,
    Refusal,
    RequestedRows,
    check_fields,
    check_rows,
    json_word,
    list_of,
    object_of,
    rows_of_columns,
    rows_of_records,
)
from madaline._serve.models import ServedModel
from madaline._words import format_list
from madaline.errors import InputError


def read_request(value: Any, kinds: Mapping[str, str], max_rows: int = MAX_ROWS) -> RowsRequest:
    """Return the rows of a request; those without names are in the order of the columns.

    It has one of ``dataframe_split`` (columns and data), ``dataframe_records`` (a list of objects),
    ``instances`` (a list of objects or of rows), ``inputs`` (the same, or an object of columns).
    ``params`` may name the method, as for models that `madaline.mlflow` logged; others are ignored.
    """
    request = object_of(value, "The body")
    given = [name for name in SHAPES if name in request]
    if len(given) != 1:
        raise InputError(f"The body has {len(given)} of the fields {', '.join(SHAPES)}: give one.")
    check_fields(request, (*SHAPES, "params"), "the request")
    params = request.get("params")
    method = "predict" if params is None else object_of(params, "params").get("method", "predict")
    if method not in METHODS:
        raise InputError(f"method is {json_word(method)}: it is one of {format_list(METHODS)}.")
    rows = SHAPES[given[0]](request[given[0]], kinds, max_rows)
    coverage = 0.9 if method in ("predict_interval", "predict_set") else None
    return RowsRequest(rows, Extras(coverage=coverage), more={"method": method})


def read_csv(body: bytes, max_values: int) -> dict[str, Any]:
    """Return the JSON value of a table in CSV, with names in its first line."""
    if body.count(b",") + body.count(b"\n") > max_values:
        raise Refusal(413, f"The table has more than {max_values:,} values: send fewer rows.")
    try:
        lines = list(csv.reader(body.decode("utf-8-sig").splitlines(keepends=True), strict=True))
    except UnicodeDecodeError:
        raise InputError("The table is no text in UTF-8: send CSV in UTF-8.") from None
    except csv.Error as error:
        raise InputError(f"The body is no CSV ({error}): correct it.") from None
    rows = [[None if word in _MISSING else word for word in line] for line in lines[1:] if line]
    return {"dataframe_split": {"columns": lines[0] if lines else [], "data": rows}}


METHODS = ("predict", "predict_proba", "predict_interval", "predict_set")


def methods_of(served: ServedModel) -> tuple[str, ...]:
    """Return the methods that ``params`` may name: of several targets, only the first one."""
    if len(served.outputs) > 1:
        return METHODS[:1]
    of_numbers = served.outputs[0].classes is None
    return (
        ("predict", "predict_interval")
        if of_numbers
        else ("predict", "predict_proba", "predict_set")
    )


def write_answer(served: ServedModel, answer: Answer, asked: RowsRequest) -> dict[str, Any]:
    """Return an answer as a JSON value; of several targets, an object a row."""
    method = asked.more["method"]
    if method not in (able := methods_of(served)):
        raise InputError(f"method is {json_word(method)}: it is one of {format_list(able)}.")
    each = (answer.probabilities, answer.bounds, answer.sets)
    told = dict(zip(METHODS[1:], each, strict=True)).get(method)
    if told is not None:
        return {"predictions": told.tolist()}
    if not answer.outputs:
        return {"predictions": answer.predictions}
    names = [output.name for output in served.outputs]
    return {"predictions": [dict(zip(names, row, strict=True)) for row in answer.predictions]}


def _split(value: Any, kinds: Mapping[str, str], max_rows: int) -> RequestedRows:
    frame = object_of(value, "dataframe_split")
    check_fields(frame, ("columns", "data", "index"), "dataframe_split")
    names = list_of(frame.get("columns"), "columns")
    for name in names:
        if type(name) is not str:
            raise InputError(f"A name in columns is {json_word(name)}: give text.")
    return _of_lists(list_of(frame.get("data"), "data"), names, kinds, max_rows)


def _instances(value: Any, kinds: Mapping[str, str], max_rows: int) -> RequestedRows:
    instances = list_of(value, "The field of rows")
    if instances and type(instances[0]) is dict:
        return rows_of_records(instances, kinds, max_rows)
    return _unnamed(instances, kinds, max_rows)


def _inputs(value: Any, kinds: Mapping[str, str], max_rows: int) -> RequestedRows:
    if type(value) is dict:
        columns = {name: it if type(it) is list else [it] for name, it in value.items()}
        return rows_of_columns(columns, kinds, max_rows)
    return _instances(value, kinds, max_rows)


def _unnamed(rows: list[Any], kinds: Mapping[str, str], max_rows: int) -> RequestedRows:
    """Return rows without names, in the order of the model's columns; of one column, its values."""
    names = list(kinds)
    if len(names) == 1 and not all(type(row) is list and len(row) == 1 for row in rows):
        return rows_of_columns({names[0]: rows}, kinds, max_rows)
    return _of_lists(rows, names, kinds, max_rows)


def _of_lists(
    rows: list[Any], names: Sequence[str], kinds: Mapping[str, str], max_rows: int
) -> RequestedRows:
    check_rows(len(rows), max_rows)
    for number, row in enumerate(rows):
        if type(row) is not list or len(row) != len(names):
            size = f"{len(row)} values" if type(row) is list else json_word(row)
            raise InputError(
                f"Row {number} (counted from 0) is {size}: give a list of {len(names)} values, in"
                f" the order {', '.join(names[:8])}{', ...' if len(names) > 8 else ''}."
            )
    return rows_of_columns(
        {name: [row[at] for row in rows] for at, name in enumerate(names)}, kinds, max_rows
    )


SHAPES: Mapping[str, Callable[[Any, Mapping[str, str], int], RequestedRows]] = {
    "dataframe_split": _split,
    "dataframe_records": lambda value, kinds, max_rows: rows_of_records(
        list_of(value, "dataframe_records"), kinds, max_rows
    ),
    "instances": _instances,
    "inputs": _inputs,
}
"""How the field of each shape is read."""

_MISSING = frozenset(MISSING_WORDS)
