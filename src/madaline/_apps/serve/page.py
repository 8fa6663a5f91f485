"""The pages: a form for one row with the answer to it, and the list of models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

import numpy as np

from madaline._apps.serve.answers import Answer
from madaline._apps.serve.messages import Refusal
from madaline._apps.serve.models import ServedModel, ServedOutput
from madaline._base.language import _
from madaline._base.words import format_list, format_probability
from madaline._race.evaluation.scores import label_text
from madaline._tables.column import number_text
from madaline._tables.formats.number_format import PLAIN, NumberFormat
from madaline._tables.kinds import KINDS
from madaline._tables.kinds.category import CategoryEncoder
from madaline._tables.kinds.kind import (
    BOOLEAN,
    CATEGORY,
    DATETIME,
    MEDIA,
    ColumnEncoder,
    ColumnSchema,
)
from madaline._tell.report.explained import ExplainedRow
from madaline._tell.report.page import render
from madaline._tell.report.view import view_of_head
from madaline.errors import InputError
from madaline.records._results.svg import bar_svg

_PACKAGE = "madaline._apps.serve"

_MAX_FIELDS = 12  # fields that are shown; the others unfold
_MAX_TARGETS = 100  # targets whose predictions are shown, the first ones
_MAX_CLASSES = 8  # classes whose probability is shown, the most probable ones
MAX_CHOICES = 40  # levels of a category up to which they are a list to choose from, no suggestions
_MAX_FORM_BYTES = 1_000_000  # bytes of a form, at most: what people type is shorter


def model_page(
    served: ServedModel,
    root: str = "",
    *,
    path: str,
    given: Mapping[str, str | None] | None = None,
    answer: Answer | None = None,
    error: str = "",
    typical: bool = False,
) -> str:
    """Return the page of a model."""
    fields = _fields(served, given or {}, typical=typical)
    # A form cannot have all columns that a model needs where images are among them.
    typed = all(KINDS[kind].holds != MEDIA for kind in served.kinds.values())
    unfolded = any(field.value for field in fields[_MAX_FIELDS:]) and not typical
    return render(
        "model.html",
        {
            "root": root,
            "path": path,
            "start": path.rstrip("/"),
            "served": served,
            "target": served.model.summary.target,
            "head": view_of_head(served.report_facts),
            "fields": fields if typed else [],
            "most_fields": _MAX_FIELDS,
            "unfolded": unfolded,
            "answer": answer,
            "views": [] if answer is None else _views_of_answer(served, answer),
            "unseen": "" if answer is None else format_list(answer.unseen),
            "error": error,
        },
        package=_PACKAGE,
    )


def index_page(models: Sequence[ServedModel], problems: Mapping[str, str], root: str = "") -> str:
    """Return the list of models."""
    heads = [(served, view_of_head(served.report_facts)) for served in models]
    view = {"heads": heads, "problems": problems, "root": root}
    return render("index.html", view, package=_PACKAGE)


def _views_of_answer(served: ServedModel, answer: Answer) -> list[dict[str, Any]]:
    """Return what is shown of each target, the first ones."""
    each = zip(served.outputs, answer.outputs or [answer], strict=True)
    return [
        _view_of_answer(served, output, answer) for output, answer in islice(each, _MAX_TARGETS)
    ]


def _view_of_answer(served: ServedModel, output: ServedOutput, answer: Answer) -> dict[str, Any]:
    prediction = answer.predictions[0]
    is_class = answer.probabilities is not None
    written = served.model.schema.target or PLAIN
    view: dict[str, Any] = {
        "target": output.name,
        "prediction": label_text(prediction) if is_class else written.show(prediction, 4),
        "classes": _view_of_classes(output, answer) if is_class else [],
        "covered": _covered(output, answer, written),
        "explanation": None,
    }
    if answer.explanation is not None:
        view["explanation"] = ExplainedRow.of(answer.explanation, 0).view()
        view["heading"] = answer.explanation.heading
    return view


def _view_of_classes(output: ServedOutput, answer: Answer) -> list[dict[str, str]]:
    """Return the most probable classes with bars."""
    if answer.probabilities is None or output.classes is None:
        return []
    shares = zip(answer.probabilities[0].tolist(), output.classes, strict=True)
    best = sorted(shares, reverse=True)[:_MAX_CLASSES]
    return [
        {"label": label, "share": format_probability(share), "bar": bar_svg(share, 1.0)}
        for share, label in best
    ]


def _covered(output: ServedOutput, answer: Answer, written: NumberFormat) -> str:
    """Return what contains the true value of nine of ten rows, in words."""
    if answer.bounds is not None:
        low, high = (written.show(bound, 4) for bound in answer.bounds[0])
        return _("90% of new rows are within such an interval: {low} to {high}.").format(
            low=low, high=high
        )
    if answer.sets is None or output.classes is None:
        return ""
    pairs = zip(output.classes, answer.sets[0], strict=True)
    labels = [label for label, is_in in pairs if is_in]
    return _("Cannot be ruled out at 90%: {labels}.").format(labels=format_list(labels, limit=8))


@dataclass(frozen=True)
class _Field:
    """A field of the form."""

    name: str  # of the column
    kind: str
    example: str  # what a value looks like
    choices: tuple[str, ...]  # levels, the most frequent first
    open: bool  # whether other values than the choices can be typed
    value: str  # what is in the field


def _fields(
    served: ServedModel, given: Mapping[str, str | None], *, typical: bool = False
) -> list[_Field]:
    """Return the fields of a form, those of the most important columns first."""
    model = served.model
    encoders = {encoder.name: encoder for encoder in served.encoders}
    important = [each.columns[0] for each in model.summary.importances if len(each.columns) == 1]
    names = dict.fromkeys([*(name for name in important if name in encoders), *encoders])
    return [
        _field(encoders[name], model.schema[name], None if typical else given.get(name) or "")
        for name in names
    ]


def read_form(body: bytes, served: ServedModel) -> dict[str, str | None]:
    """Return the row of a form that was sent; an empty field is a missing value."""
    if len(body) > _MAX_FORM_BYTES:
        raise Refusal(
            413,
            "A form has at most {MAX_FORM_BYTES:,} bytes: use /predict.",
            MAX_FORM_BYTES=_MAX_FORM_BYTES,
        )
    try:
        text = body.decode()
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=2 * len(served.kinds) + 10)
    except ValueError:
        raise InputError("The body is no form: fill in the page, or use /predict.") from None
    values = {name: value.strip() for name, value in pairs}
    return {name: values.get(name) or None for name in served.kinds}


def _field(encoder: ColumnEncoder, column: ColumnSchema, value: str | None) -> _Field:
    """Return the field of a column with a value, or without one (None) with a typical value."""
    choices = tuple(_choices(encoder))
    typical = choices[0] if choices else _typical(column)
    example = typical or ("" if column.written is None else column.written.example)
    return _Field(
        column.name,
        encoder.kind,
        example=example,
        choices=choices,
        open=encoder.kind == CATEGORY and len(choices) > MAX_CHOICES,
        value=typical if value is None else value,
    )


def _choices(encoder: ColumnEncoder) -> Iterator[str]:
    if isinstance(encoder, CategoryEncoder):
        yield from encoder.levels[: 5 * MAX_CHOICES]
    elif encoder.kind == BOOLEAN:
        yield from ("true", "false")


def _typical(column: ColumnSchema) -> str:
    """Return the median as it is typed; empty of texts, and where that may not be read again."""
    written = column.written
    if not column.quartiles:
        return ""
    median = column.quartiles[2]
    if isinstance(written, NumberFormat) and not written.in_parts:
        return written.show(median, 4)
    if written is not None:
        return ""
    if column.kind == DATETIME:
        moment = str(np.datetime64(round(median), "s"))
        return moment.removesuffix("T00:00:00")
    return number_text(median if median.is_integer() else float(f"{median:.4g}"))
