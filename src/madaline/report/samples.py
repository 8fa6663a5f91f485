"""Some rows of a table that are worth a look, each with what its prediction comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from madaline.data.column import is_missing
from madaline.data.conversion import as_numbers
from madaline.data.table import Table
from madaline.data.target import ClassEncoder
from madaline.evaluation.table_score import label_text
from madaline.explain import explain
from madaline.model import FittedModel
from madaline.nn.arrays import Array
from madaline.report.explained import explained_row


def explained_samples(
    model: FittedModel,
    table: Table,
    truth: Array | None = None,
    names: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """Return explanations of a few rows, as JSON-able values.

    They are the surest, a middling and the least sure prediction of a class, or the lowest, a
    middling and the highest number; and where the truth is known the surest mistake, or the largest
    error.

    Parameters
    ----------
    model : FittedModel
        The model.
    table : Table
        The rows; up to 100 of them are the background.
    truth : ndarray of shape (n_samples,), optional
        Their labels or numbers.
    names : sequence of str, optional
        What the rows are called.
    """
    chosen = _chosen(model, table, truth)
    places = np.array(list(chosen.values()))
    explanation = explain(model, table.take(places), background=table)
    prediction = model.predict(table.take(places))
    return [
        {
            "why": why,
            "row": int(place),
            "name": None if names is None else names[place],
            "prediction": prediction[number : number + 1].tolist()[0],
            "truth": None if truth is None else truth[place : place + 1].tolist()[0],
            "background": explanation.background,
            **explained_row(explanation, number),
        }
        for number, (why, place) in enumerate(chosen.items())
    ]


def _chosen(model: FittedModel, table: Table, truth: Array | None) -> dict[str, int]:
    """Return the numbers of the rows to show, by the reason to show them."""
    if isinstance(model.predictor.target_encoder, ClassEncoder):
        probability = model.predict_proba(table)
        sureness, names = probability.max(axis=1), ("least sure", "middling", "surest")
        wrong = np.zeros(len(sureness))
        if truth is not None:
            said = model.predictor.target_encoder.classes[probability.argmax(axis=1)]
            pairs = zip(said.tolist(), truth.tolist(), strict=True)
            wrong = sureness * [label_text(one) != label_text(other) for one, other in pairs]
        worst = "surest mistake"
    else:
        sureness, names = model.predict(table), ("lowest", "middling", "highest")
        wrong = np.zeros(len(sureness))
        if truth is not None:
            wrong = np.abs(sureness - as_numbers(model.summary.target, truth))
        worst = "largest error"
    order = np.argsort(sureness, kind="stable")
    ranks = dict(zip(names, (0, len(order) // 2, len(order) - 1), strict=True))
    chosen = {_why(name): int(order[rank]) for name, rank in reversed(ranks.items())}
    if truth is not None:
        wrong[is_missing(truth)] = 0
        if wrong.any():
            chosen[f"The {worst}"] = int(wrong.argmax())
    return chosen


def _why(name: str) -> str:
    return "A middling prediction" if name == "middling" else f"The {name} prediction"
