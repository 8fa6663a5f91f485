"""The pages: a form for one row with the answer to it, and the list of models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from madaline._charts.svg import bar_svg
from madaline._evaluation.scores import label_text
from madaline._report.data_of_explanation import data_of_explanation
from madaline._report.rendering import render
from madaline._report.texts import chance
from madaline._report.view_of_head import view_of_head
from madaline._report.view_of_rows import view_of_explanation
from madaline._serve.answers import Answer
from madaline._serve.form import can_be_typed, fields_of
from madaline._serve.served import ServedModel
from madaline._words import short, some

PACKAGE = "madaline._serve"
MOST_FIELDS = 12
"""Fields that are shown; the others unfold."""

MOST_CLASSES = 8
"""Classes whose probability is shown, the most probable ones."""


def model_page(
    served: ServedModel,
    *,
    path: str,
    given: Mapping[str, str | None] | None = None,
    answer: Answer | None = None,
    error: str = "",
    typical: bool = False,
) -> str:
    """Return the page of a model.

    Parameters
    ----------
    served : ServedModel
        The model.
    path : str
        The path of the page.
    given : mapping of str to str, optional
        What is in the fields.
    answer : Answer, optional
        The answer to it.
    error : str
        Why there is none.
    typical : bool
        Whether to fill the fields with typical values.
    """
    fields = fields_of(served, given or {}, typical=typical)
    unfolded = any(field.value for field in fields[MOST_FIELDS:]) and not typical
    return render(
        "model.html",
        {
            "path": path,
            "start": path.rstrip("/"),
            "served": served,
            "target": served.model.summary.target,
            "head": view_of_head(served.facts),
            "fields": fields if can_be_typed(served) else [],
            "most_fields": MOST_FIELDS,
            "unfolded": unfolded,
            "answer": None if answer is None else _view_of_answer(served, answer),
            "error": error,
        },
        package=PACKAGE,
    )


def index_page(models: Sequence[ServedModel], problems: Mapping[str, str]) -> str:
    """Return the list of models.

    Parameters
    ----------
    models : sequence of ServedModel
        The models.
    problems : mapping of str to str
        Why the newest file of some cannot be read.
    """
    heads = [(served, view_of_head(served.facts)) for served in models]
    return render("index.html", {"heads": heads, "problems": problems}, package=PACKAGE)


def _view_of_answer(served: ServedModel, answer: Answer) -> dict[str, Any]:
    prediction = answer.predictions[0]
    is_class = answer.probabilities is not None
    view: dict[str, Any] = {
        "prediction": label_text(prediction) if is_class else short(float(prediction), 4),
        "classes": _view_of_classes(served, answer) if is_class else [],
        "covered": _covered(served, answer),
        "unseen": some(answer.unseen),
        "explanation": None,
    }
    if answer.explanation is not None:
        one = data_of_explanation(answer.explanation, 0)
        view["explanation"] = view_of_explanation(one)
        view["heading"] = answer.explanation.heading
    return view


def _view_of_classes(served: ServedModel, answer: Answer) -> list[dict[str, str]]:
    """Return the most probable classes with bars."""
    if answer.probabilities is None or served.classes is None:
        return []
    shares = zip(answer.probabilities[0].tolist(), served.classes, strict=True)
    best = sorted(shares, reverse=True)[:MOST_CLASSES]
    return [
        {"label": label, "share": chance(share), "bar": bar_svg(share, 1.0)}
        for share, label in best
    ]


def _covered(served: ServedModel, answer: Answer) -> str:
    """Return what contains the true value of nine of ten rows, in words."""
    if answer.bounds is not None:
        low, high = (short(float(bound), 4) for bound in answer.bounds[0])
        return f"90% of new rows are within such an interval: {low} to {high}."
    if answer.sets is None or served.classes is None:
        return ""
    labels = [one for one, chosen in zip(served.classes, answer.sets[0], strict=True) if chosen]
    return f"Cannot be ruled out at 90%: {some(labels, limit=8)}."
