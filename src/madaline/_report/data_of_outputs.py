"""What a report contains of each of several targets or quantiles, as if it alone were predicted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from madaline._data.table import Table
from madaline._model import FittedModel
from madaline._report.data_of_rows import data_of_rows
from madaline._words import count
from madaline.errors import InputError
from madaline.nn.arrays import Array

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
