"""`POST /invocations`: the shapes that servers of MLflow take.

See https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally (Apache-2.0).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from madaline._apps.serve.answers import Answer, Extras
from madaline._apps.serve.messages import (
    Needs,
    Refusal,
    RequestedRows,
    check_rows,
    json_word,
    list_of,
    rows_of_columns,
    rows_of_records,
)
from madaline._apps.serve.models import PredictionRequest, ServedModel
from madaline._base.codec import Stored
from madaline._base.language import _
from madaline._base.words import format_list
from madaline._tables.formats.characters import MISSING_WORDS
from madaline.errors import InputError


@dataclass(frozen=True, eq=False)
class Frame(Stored):
    """Rows without names, and the names of their columns."""

    columns: tuple[str, ...]
    data: Any
    index: Any = None


@dataclass(frozen=True, eq=False)
class Invocation(PredictionRequest):
    """Rows in one of the shapes; those without names are in the order of the columns.

    Of the parameters, `method` alone means something: what it does for models that
    `madaline.mlflow` logged.
    """

    dataframe_split: Frame | None = None
    dataframe_records: Any = None  # a list of objects
    instances: Any = None  # a list of objects, or of rows
    inputs: Any = None  # the same, or an object of columns
    params: Mapping[str, Any] | None = None

    @property
    def method(self) -> Any:
        """What to call."""
        return (self.params or {}).get("method", "predict")

    @property
    def extras(self) -> Extras:
        return Extras(coverage=0.9 if self.method in ("predict_interval", "predict_set") else None)

    def rows_for(self, needs: Needs) -> RequestedRows:
        shapes = {name: getattr(self, name) for name in SHAPES if getattr(self, name) is not None}
        if len(shapes) != 1:
            raise InputError(
                "The body has {n_shapes} of the fields {SHAPES}: give one.",
                n_shapes=len(shapes),
                SHAPES=_(", ").join(SHAPES),
            )
        ((name, rows),) = shapes.items()
        if isinstance(rows, Frame):
            return _of_lists(list_of(rows.data, "data"), rows.columns, needs)
        if name == "inputs" and type(rows) is dict:
            columns = {name: it if type(it) is list else [it] for name, it in rows.items()}
            return rows_of_columns(columns, needs)
        rows = list_of(rows, name)
        names = list(needs.kinds)
        if name == "dataframe_records" or (rows and type(rows[0]) is dict):
            return rows_of_records(rows, needs)
        if len(names) == 1 and not all(type(row) is list and len(row) == 1 for row in rows):
            return rows_of_columns({names[0]: rows}, needs)
        return _of_lists(rows, names, needs)

    def answer(self, served: ServedModel, answered: Answer, rows: RequestedRows) -> dict[str, Any]:
        del rows
        if self.method not in (able := methods_of(served)):
            raise InputError(
                "method is {json_word}: it is one of {able}.",
                json_word=json_word(self.method),
                able=format_list(able),
            )
        values = {
            "predict_proba": answered.probabilities,
            "predict_interval": answered.bounds,
            "predict_set": answered.sets,
        }.get(self.method)
        if values is not None:
            return {"predictions": values.tolist()}
        if not answered.outputs:
            return {"predictions": answered.predictions}
        names = [output.name for output in served.outputs]
        return {"predictions": [dict(zip(names, row, strict=True)) for row in answered.predictions]}


SHAPES = ("dataframe_split", "dataframe_records", "instances", "inputs")


def read_csv(body: bytes, max_values: int) -> dict[str, Any]:
    """Return the JSON value of a table in CSV, with names in its first line."""
    if body.count(b",") + body.count(b"\n") > max_values:
        raise Refusal(
            413,
            "The table has more than {max_values:,} values: send fewer rows.",
            max_values=max_values,
        )
    try:
        lines = list(csv.reader(body.decode("utf-8-sig").splitlines(keepends=True), strict=True))
    except UnicodeDecodeError:
        raise InputError("The table is no text in UTF-8: send CSV in UTF-8.") from None
    except csv.Error as error:
        raise InputError("The body is no CSV ({error}): correct it.", error=error) from None
    rows = [[None if word in _MISSING else word for word in line] for line in lines[1:] if line]
    return {"dataframe_split": {"columns": lines[0] if lines else [], "data": rows}}


def methods_of(served: ServedModel) -> tuple[str, ...]:
    """Return the methods that ``params`` may name: of several targets, only the first one."""
    if len(served.outputs) > 1:
        return ("predict",)
    if served.outputs[0].classes is None:
        return "predict", "predict_interval"
    return "predict", "predict_proba", "predict_set"


def _of_lists(rows: list[Any], names: Sequence[str], needs: Needs) -> RequestedRows:
    check_rows(len(rows), needs.most)
    for number, row in enumerate(rows):
        if type(row) is not list or len(row) != len(names):
            size = (
                _("{n_row} values").format(n_row=len(row)) if type(row) is list else json_word(row)
            )
            raise InputError(
                "Row {number} (counted from 0) is {size}: give a list of {n_names} values, in the order {names}{text}.",
                number=number,
                size=size,
                n_names=len(names),
                names=_(", ").join(names[:8]),
                text=", ..." if len(names) > 8 else "",
            )
    columns = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    return rows_of_columns(columns, needs)


_MISSING = frozenset(MISSING_WORDS)
