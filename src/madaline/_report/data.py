"""All that a report contains, as data: the page and the JSON are views of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from madaline._data.io.rows import to_table
from madaline._data.table import Table
from madaline._data.target import CLASSIFICATION, ClassEncoder
from madaline._evaluation.scores import label_text
from madaline._model import FittedModel
from madaline._report.reproduce import how_to_reproduce
from madaline._report.rows import data_of_rows
from madaline._words import count, some
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.losses import Quantiles


def report_data(
    model: FittedModel,
    table: Table | Mapping[str, Any] | Any = None,
    target: Array | None = None,
    *,
    rows: str | None = None,
    names: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Return what a model's report contains, as JSON-able values.

    Parameters
    ----------
    model : FittedModel
        The model, fitted or loaded from a file.
    table : data frame, Table or mapping of str to array, optional
        Rows to show effects and explanations of, at best like those learned from; a model's file
        holds none. Some of their values will be in the report.
    target : ndarray of shape (n_samples,) or (n_samples, n_targets), optional
        The truth for these rows, to compare predictions with.
    rows : str, optional
        What the rows are, in words.
    names : sequence of str, optional
        Names of the rows, such as their files; by default rows have numbers, from 0.

    Returns
    -------
    dict
        ``date`` (today), ``verdict``, ``summary``, ``story``, ``history``, ``decisions``,
        ``columns``, ``quality``, ``importances``, ``findings``, ``reproduce``, and ``rows``: what
        was made of the table, or None. Of several targets or quantiles, ``outputs`` holds what is
        about each alone.

    Raises
    ------
    InputError
        If a column is not there, or the truth has another length.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from madaline import AdaptiveClassifier
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = AdaptiveClassifier(effort=10, random_state=0).fit(X, y).model_
    >>> data = report_data(model, X)
    >>> data["task"], data["classes"], len(data["rows"]["explanations"])
    ('classification', ['0', '1', '2'], 3)
    """
    of_rows, read = None, None if table is None else to_table(table)
    outputs = data_of_outputs(model, read, target, rows, names)
    if read is not None and outputs:
        of_rows = rows_of_outputs(model, read, outputs)
    elif read is not None:
        of_rows = data_of_rows(model, read, target, rows, names)
    return {
        "madaline": model.version,
        "date": date.today().isoformat(),
        "target": model.summary.target,
        "task": model.summary.task,
        "verdict": verdict(model),
        "outcome": outcome_of_several(model),
        "of_quantiles": isinstance(model.predictor.loss, Quantiles),
        "outputs": outputs,
        "classes": class_labels(model),
        "threshold": getattr(model.predictor.target_encoder, "threshold", None),
        "summary": model.summary.to_json(),
        "story": model.story().to_json(),
        "history": dict(model.history),
        "decisions": [decision.to_json() for decision in model.decisions],
        "columns": model.schema.to_json()["columns"],
        "profile": None if model.profile is None else model.profile.to_json(),
        "quality": None if model.quality is None else model.quality.to_json(),
        "importances": [one.to_json() for one in model.summary.importances],
        "findings": None if model.diagnosis is None else model.diagnosis.facts(),
        "rows": of_rows,
        "reproduce": how_to_reproduce(model),
    }


def verdict(model: FittedModel) -> list[str]:
    """Return what to know first: what is predicted, and whether anything was learned."""
    summary, labels = model.summary, class_labels(model)
    outcome = "a number" if labels is None else f"{len(labels)} classes: {some(labels)}"
    outcome = outcome_of_several(model) or outcome
    sentences = [
        f"Predicts {summary.target} ({outcome}) from {count(summary.n_columns, 'column')}, learned"
        f" from {count(summary.n_samples, 'row')}."
    ]
    if not summary.learned:
        sentences.append(
            "The model is not clearly better than the baseline: the columns may hold no information"
            f" about {summary.target}, or {count(summary.n_samples, 'row')} are too few to show it."
        )
    return [*sentences, *(f"Warning: {leak}" for leak in summary.leaks)]


def outcome_of_several(model: FittedModel) -> str:
    """Return what is predicted where there are several outputs, in words; otherwise nothing."""
    names = [one.name for one in model.summary.outputs]
    if not names:
        return ""
    if len(model.target_names) == 1:
        return f"{len(names)} quantiles of a number: {some(names)}"
    what = "labels" if model.summary.task == CLASSIFICATION else "numbers"
    return f"{len(names)} {what}, predicted together"


def class_labels(model: FittedModel) -> list[str] | None:
    """Return the labels of a model's classes as text; None if it predicts numbers."""
    encoder = model.predictor.target_encoder
    if not isinstance(encoder, ClassEncoder):
        return None
    return [label_text(label) for label in encoder.classes.tolist()]


MOST_OUTPUTS = 12
"""Outputs that a report describes one by one, at most; the scores of all are in the summary."""


def data_of_outputs(
    model: FittedModel,
    table: Table | None,
    target: Array | None,
    rows: str | None,
    names: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """Return what is known of the first outputs, as JSON-able values; nothing where there is one.

    Parameters
    ----------
    model : FittedModel
        The model.
    table, target, rows, names
        As in `report_data`; the target has a column for each of several targets.

    Raises
    ------
    InputError
        If the truth has another shape.
    """
    several = len(model.target_names) > 1
    if model.summary.outputs and table is not None and target is not None:
        _check_shape(target, table.n_samples, len(model.target_names))
    found = []
    for index in range(min(MOST_OUTPUTS, len(model.summary.outputs))):
        own = model.of_output(index)
        truth = target[:, index] if several and target is not None else target
        of_rows = None
        if table is not None:
            of_rows = data_of_rows(own, table, truth, rows, names) | {"findings": None}
        found.append(_data(own, of_rows))
    return found


def rows_of_outputs(
    model: FittedModel, table: Table, outputs: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return what is known of the rows whichever output is predicted, in the form of one output."""
    first = outputs[0]["rows"]
    findings = None if model.profile is None else model.diagnose(table).facts()
    facts = {name: first[name] for name in ("what", "n_rows", "trained_on")}
    nothing: dict[str, list[Any]] = {
        name: [] for name in ("scores", "effects", "interactions", "explanations")
    }
    return {**facts, **nothing, "quality": None, "findings": findings}


def _data(own: FittedModel, of_rows: dict[str, Any] | None) -> dict[str, Any]:
    """Return what is known of one output, given what was made of the rows."""
    encoder = own.predictor.target_encoder
    return {
        "target": own.summary.target,
        "threshold": getattr(encoder, "threshold", None),
        "scores": [score.to_json() for score in own.summary.scores],
        "quality": None if own.quality is None else own.quality.to_json(),
        "importances": [one.to_json() for one in own.summary.importances],
        "rows": of_rows,
    }


def _check_shape(target: Array, n_samples: int, n_targets: int) -> None:
    if target.shape != ((n_samples,) if n_targets == 1 else (n_samples, n_targets)):
        raise InputError(
            f"The target has the shape {target.shape} beside {count(n_samples, 'row')}: give"
            f" {count(n_targets, 'value')} for each row."
        )
