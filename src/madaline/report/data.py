"""All that a report says, as data: the page, the JSON and the model card are views of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from madaline.data.io.inputs import to_table
from madaline.data.table import Table
from madaline.data.target import ClassEncoder
from madaline.evaluation.table_score import label_text
from madaline.model import FittedModel
from madaline.nn.arrays import Array
from madaline.report.of_rows import data_of_rows
from madaline.report.reproduce import how_to_reproduce
from madaline.words import count, some


def report_data(
    model: FittedModel,
    table: Table | Mapping[str, Any] | Any = None,
    target: Array | None = None,
    *,
    rows: str | None = None,
    names: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Return what a model's report says, as JSON-able values.

    Parameters
    ----------
    model : FittedModel
        The model, fitted or loaded from a file.
    table : data frame, Table or mapping of str to array, optional
        Rows to show effects and explanations of, at best like those learned from; a model's file
        holds none. Some of their values will be in the report.
    target : ndarray of shape (n_samples,), optional
        The truth for these rows, to judge predictions by.
    rows : str, optional
        What the rows are, in words.
    names : sequence of str, optional
        What each row is called, such as its file; by default rows have numbers, from 0.

    Returns
    -------
    dict
        ``verdict``, ``summary``, ``story``, ``history``, ``decisions``, ``columns``, ``quality``,
        ``importances``, ``findings``, ``reproduce``, and ``rows``: what was made of the table, or
        None.

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
    target_encoder, diagnosis = model.predictor.target_encoder, model.diagnosis
    classes = (
        list(map(label_text, target_encoder.classes.tolist()))
        if isinstance(target_encoder, ClassEncoder)
        else None
    )
    of_rows = None
    if table is not None:
        of_rows = data_of_rows(model, to_table(table), target, rows, names)
    return {
        "madaline": model.version,
        "target": model.summary.target,
        "task": model.summary.task,
        "verdict": list(_verdict(model)),
        "classes": classes,
        "summary": model.summary.to_json(),
        "story": model.story().to_json(),
        "history": dict(model.history),
        "decisions": [decision.to_json() for decision in model.decisions],
        "columns": model.schema.to_json()["columns"],
        "profile": None if model.profile is None else model.profile.to_json(),
        "quality": None if model.quality is None else model.quality.to_json(),
        "importances": [one.to_json() for one in model.summary.importances],
        "findings": None if diagnosis is None else diagnosis.to_json(),
        "rows": of_rows,
        "reproduce": how_to_reproduce(model),
    }


def _verdict(model: FittedModel) -> Iterator[str]:
    """Yield what to know first: what is predicted, and whether anything was learned."""
    summary, target_encoder = model.summary, model.predictor.target_encoder
    outcome = "a number"
    if isinstance(target_encoder, ClassEncoder):
        labels = map(label_text, target_encoder.classes.tolist())
        outcome = f"{len(target_encoder.classes)} classes: {some(labels)}"
    yield (
        f"Predicts {summary.target} ({outcome}) from {count(summary.n_columns, 'column')}, learned"
        f" from {count(summary.n_samples, 'row')}."
    )
    if not summary.learned:
        yield (
            f"The networks are no better than a constant: these columns do not tell"
            f" {summary.target} beyond chance, or the rows are too few to see it."
        )
    for leak in summary.leaks:
        yield f"Look out: {leak}"
