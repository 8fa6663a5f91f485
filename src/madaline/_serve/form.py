"""The form for one row: a field for each column, made from the schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import numpy as np

from madaline._data.column import number_text
from madaline._data.encoders.category_encoder import CategoryEncoder
from madaline._data.encoders.column_encoder import ColumnEncoder
from madaline._data.kinds import BOOLEAN, CATEGORY, DATETIME, NUMBER, TEXT, ColumnSchema
from madaline._serve.refusals import Refusal
from madaline._serve.served import ServedModel
from madaline.errors import InputError

MOST_CHOICES = 40
"""Levels of a category up to which they are a list to choose from; more are suggestions."""

IN_FORMS = (NUMBER, CATEGORY, BOOLEAN, DATETIME, TEXT)
"""Kinds of columns whose values can be typed."""

LARGEST_FORM = 1_000_000
"""Bytes of a form, at most: what people type is shorter."""


@dataclass(frozen=True)
class Field:
    """A field of the form.

    Parameters
    ----------
    name : str
        The column.
    kind : str
        Its kind.
    typical : str
        A value that is typical: the median, or the most frequent level; empty if unknown.
    example : str
        What a value looks like.
    choices : tuple of str
        Levels, the most frequent first.
    open : bool
        Whether other values than the choices can be typed.
    hint : str
        What is in the column.
    value : str
        What is in the field.
    """

    name: str
    kind: str
    typical: str
    example: str
    choices: tuple[str, ...]
    open: bool
    hint: str
    value: str


def fields_of(
    served: ServedModel, given: Mapping[str, str | None], *, typical: bool = False
) -> list[Field]:
    """Return the fields of a form, those of the most important columns first.

    Parameters
    ----------
    served : ServedModel
        The model.
    given : mapping of str to str
        What is in the fields.
    typical : bool
        Whether to fill them with typical values instead.
    """
    model = served.model
    encoders = {one.name: one for one in model.predictor.encoder.encoders}
    order = [one.columns[0] for one in model.summary.importances if len(one.columns) == 1]
    fields = []
    for name in dict.fromkeys([*(one for one in order if one in encoders), *encoders]):
        field = _field(encoders[name], model.schema[name])
        value = field["typical"] if typical else given.get(name) or ""
        fields.append(Field(**field, value=value))
    return fields


def can_be_typed(served: ServedModel) -> bool:
    """Return whether a form can have all columns that a model needs: images cannot be typed."""
    return all(kind in IN_FORMS for kind in served.kinds.values())


def read_form(body: bytes, served: ServedModel) -> dict[str, str | None]:
    """Return the row of a form that was sent; an empty field is a missing value.

    Parameters
    ----------
    body : bytes
        As browsers send forms.
    served : ServedModel
        The model.

    Raises
    ------
    InputError
        If it is no form, or too large.
    """
    if len(body) > LARGEST_FORM:
        raise Refusal(413, f"A form has at most {LARGEST_FORM:,} bytes: use /predict.")
    try:
        text = body.decode()
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=2 * len(served.kinds) + 10)
    except ValueError:
        raise InputError("The body is no form: fill in the page, or use /predict.") from None
    values = {name: value.strip() for name, value in pairs}
    return {name: values.get(name) or None for name in served.kinds}


def _field(encoder: ColumnEncoder, column: ColumnSchema) -> dict[str, Any]:
    choices = tuple(_choices(encoder))
    typical = choices[0] if choices else _typical(column)
    return {
        "name": column.name,
        "kind": encoder.kind,
        "typical": typical,
        "example": typical if column.written is None else column.written.example,
        "choices": choices,
        "open": encoder.kind == CATEGORY and len(choices) > MOST_CHOICES,
        "hint": column.detail,
    }


def _choices(encoder: ColumnEncoder) -> Iterator[str]:
    if isinstance(encoder, CategoryEncoder):
        yield from encoder.levels[: 5 * MOST_CHOICES]
    elif encoder.kind == BOOLEAN:
        yield from ("true", "false")


def _typical(column: ColumnSchema) -> str:
    """Return the median as it is typed; empty of texts, and where it is written in another way."""
    if column.written is not None or not column.quartiles:
        return ""
    median = column.quartiles[2]
    if column.kind == DATETIME:
        moment = str(np.datetime64(round(median), "s"))
        return moment.removesuffix("T00:00:00")
    return number_text(median)
