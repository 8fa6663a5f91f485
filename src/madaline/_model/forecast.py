"""Forecasts: the rows that follow those learned from, series by series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from madaline._data.encoders.encoded import Encoded
from madaline._data.lags import STEPS_AHEAD, Lags, check_rows
from madaline._data.past import Past, moments
from madaline._data.table import Table, listed
from madaline._data.target import ClassEncoder
from madaline._evaluation.scores import label_text
from madaline._model.model import FittedModel
from madaline._runtime.given_rows import given_rows
from madaline._words import format_count
from madaline.errors import InputError
from madaline.nn.arrays import Array


def forecast(
    model: FittedModel,
    horizon: int | None = None,
    rows: Any = None,
    *,
    coverage: float = 0.9,
) -> dict[str, Array]:
    """Return the next rows of each series with their predictions, as columns.

    Parameters
    ----------
    model : FittedModel
        It must have lags.
    horizon : int, optional
        How many rows of each series; by default as many as the model learned to predict.
    rows : Table, frame or mapping of str to array, optional
        Later rows: those whose target is known are known from then on. The others tell what the
        model needs beside times and the past, such as prices; then these are predicted.
    coverage : float, default=0.9
        Share of new rows whose number is in its interval.

    Raises
    ------
    InputError
        If the model has no lags, or the horizon is beyond what it learned to predict.
    """
    past = _past_of(model)
    horizon = _check_horizon(past.lags, horizon)
    table = None if rows is None else _later_rows(model, past, rows)
    known = past if table is None else past.joined(table)
    needed = [name for name in model.predictor.columns if name not in past.lags.sources]
    if table is None or not needed:
        if needed:
            raise InputError(
                f"The model needs {listed(needed)} of the rows to come: give them with their"
                f" {' and '.join(past.lags.sources) or 'order'} (rows, or --future FILE)."
            )
        table = known.next_rows(horizon)
    else:
        table = table.take(np.isnan(past.lags.read_values(table)[:, 0]))
        table = known.add(table).take(known.steps(table) <= horizon)
    if not table.n_samples:
        raise InputError("No row is left to predict: give rows after the last known ones.")
    table = table.drop([past.lags.target] if past.lags.target in table else [])
    table = table.take(np.lexsort((past.lags.read_times(table), past.lags.read_series(table))))
    return _predicted(model, known.lags, table, coverage)


def with_date_texts(columns: Mapping[str, Array]) -> dict[str, Array]:
    """Return columns with dates as text, without a time of day where all are at midnight."""
    return {
        name: _as_text(values) if values.dtype.kind == "M" else values
        for name, values in columns.items()
    }


def _as_text(moments: Array) -> Array:
    days = moments.astype("datetime64[D]")
    whole = bool(np.all(days == moments))
    shown = days if whole else moments.astype("datetime64[s]")
    return np.array([str(moment).replace("T", " ") for moment in shown], dtype=object)


def _past_of(model: FittedModel) -> Past:
    past = model.predictor.past
    if past is None:
        raise InputError(
            "The model has no lags, so that it predicts rows and does not go on from the last ones:"
            " use predict, or fit with lags (--lags 1 7)."
        )
    return past


def _check_horizon(lags: Lags, horizon: int | None) -> int:
    horizon = lags.horizon if horizon is None else check_rows("horizon", horizon)
    if horizon <= lags.gap:
        raise InputError(
            f"horizon is {horizon}, but the model was fitted with a gap of"
            f" {format_count(lags.gap, 'row')}: give at least {lags.gap + 1}."
        )
    if horizon > lags.horizon:
        raise InputError(
            f"horizon is {horizon}, but the model learned to predict up to"
            f" {format_count(lags.horizon, 'row')} ahead: fit it with horizon={horizon} (--horizon"
            f" {horizon})."
        )
    return horizon


def _later_rows(model: FittedModel, past: Past, rows: Any) -> Table:
    """Return given rows as a table of what is needed, and of what is known."""
    predictor = model.predictor
    table = given_rows(rows, predictor.encoder, past.read)
    absent = [name for name in predictor.columns if name not in table]
    if absent:
        raise InputError(f"The rows lack {listed(absent)}, which the model needs: add them.")
    return table


def _predicted(model: FittedModel, lags: Lags, table: Table, coverage: float) -> dict[str, Array]:
    """Return rows to come with their predictions, and intervals or sets."""
    predictor = model.predictor
    encoded = predictor.encode(table)
    columns: dict[str, Array] = {}
    if lags.series is not None:
        columns[lags.series] = lags.read_series(table)
    if lags.time is not None:
        times = lags.read_times(table)
        columns[lags.time] = moments(times) if lags.of_dates else times
    steps = np.full(table.n_samples, lags.horizon) if encoded.steps is None else encoded.steps
    columns[STEPS_AHEAD] = steps.astype(np.int64)
    predictions = np.atleast_2d(predictor.predict(encoded).T)
    columns |= dict(zip(model.output_names, predictions, strict=True))
    if lags.classes:
        return columns | _probabilities(model, encoded)
    bounds = predictor.predict_interval(encoded, coverage)
    return columns | {f"{lags.target}_low": bounds[:, 0], f"{lags.target}_high": bounds[:, 1]}


def _probabilities(model: FittedModel, encoded: Encoded) -> dict[str, Array]:
    encoder = model.predictor.target_encoder
    assert isinstance(encoder, ClassEncoder)
    labels = map(label_text, encoder.classes)
    shares = model.predictor.predict_proba(encoded)
    return {f"probability_{label}": own for label, own in zip(labels, shares.T, strict=True)}
