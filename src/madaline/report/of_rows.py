"""What a report says with the help of rows: effects, samples explained, quality, drift."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from madaline.data.table import Table
from madaline.errors import InputError
from madaline.evaluation.score import Score
from madaline.evaluation.table_score import score_predictions
from madaline.explain.effects import effects
from madaline.explain.importances import important_columns
from madaline.explain.interactions import interactions
from madaline.explain.readout import as_table
from madaline.model import FittedModel
from madaline.model.quality_of_table import quality_of_table
from madaline.nn.arrays import Array
from madaline.report.samples import explained_samples
from madaline.words import count

MOST_EFFECTS = 8
"""Columns whose effect is drawn, at most."""

MOST_PAIRS = 3
"""Pairs of columns that are told of, at most."""


def data_of_rows(
    model: FittedModel,
    table: Table,
    target: Array | None,
    rows: str | None,
    names: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Return what is to be said with these rows, as JSON-able values.

    Parameters
    ----------
    model : FittedModel
        The model.
    table : Table
        The rows.
    target : ndarray of shape (n_samples,), optional
        The truth.
    rows : str, optional
        What they are, in words.
    names : sequence of str, optional
        What each of them is called.

    Raises
    ------
    InputError
        If there is no row, a column is not there, or the truth has another length.
    """
    table = as_table(table)
    if target is not None and target.shape != (table.n_samples,):
        raise InputError(
            f"The target has shape {target.shape} beside {count(table.n_samples, 'row')}: give one"
            " value for each row."
        )
    scores: tuple[Score, ...] = ()
    quality = None
    if target is not None:
        scores = score_predictions(
            model.predict(table), target, loss=model.predictor.loss, name=model.summary.target
        )
        quality = quality_of_table(model.predictor, table, target, name=model.summary.target)
    return {
        "what": rows or count(table.n_samples, "row"),
        "n_rows": table.n_samples,
        "scores": [score.to_json() for score in scores],
        "quality": None if quality is None else quality.to_json(),
        "effects": _effects(model, table),
        "interactions": _pairs(model, table),
        "explanations": explained_samples(model, table, target, names),
        "findings": None if model.profile is None else model.diagnose(table).named(names).to_json(),
    }


def _effects(model: FittedModel, table: Table) -> list[dict[str, Any]]:
    """Return the effects of the columns that matter most and have more than one value here."""
    found = []
    for name in important_columns(model, MOST_EFFECTS):
        if name not in model.schema.single or len(set(table[name].tolist())) < 2:
            continue
        try:
            effect = effects(model, table, name)
        except InputError:  # one value and gaps
            continue
        how = {"of_levels": effect.values.dtype == object, "scale": effect.readout.scale}
        found.append(effect.to_json() | how)
    return found


def _pairs(model: FittedModel, table: Table) -> list[dict[str, Any]]:
    if len(model.predictor.encoder.columns) < 2 or table.n_samples < 2:
        return []
    clear = [one for one in interactions(model, table) if one.clear]
    return [one.to_json() | {"sentence": str(one)} for one in clear[:MOST_PAIRS]]
