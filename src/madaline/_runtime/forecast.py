"""Forecasts: the rows that follow those learned from, series by series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from madaline._data.table import Table, listed
from madaline._data.target import JointEncoder
from madaline._runtime.given_rows import given_rows
from madaline._time.lags import STEPS_AHEAD, Lags, check_rows
from madaline._time.past import Past, moments
from madaline._words import format_count
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.losses import Quantiles

if TYPE_CHECKING:
    from madaline._runtime.predictor import Predictor


def forecast(
    predictor: Predictor,
    horizon: int | None = None,
    rows: Any = None,
    *,
    coverage: float = 0.9,
) -> dict[str, Array]:
    """Return what `Predictor.forecast` does."""
    past = _past_of(predictor)
    horizon = _check_horizon(past.lags, horizon)
    table = None if rows is None else _later_rows(predictor, past, rows)
    known = past if table is None else past.joined(table)
    needed = [name for name in predictor.columns if name not in past.lags.sources]
    if table is None or not needed:
        if needed:
            raise InputError(
                f"The model needs {listed(needed)} of the rows to come: give them with their"
                f" {' and '.join(past.lags.sources) or 'order'} (X=)."
            )
        table = known.next_rows(horizon)
    else:
        table = table.take(np.isnan(past.lags.read_values(table)[:, 0]))
        table, n_unknown = known.add(table).take(known.steps(table) <= horizon), table.n_samples
        if n_unknown and not table.n_samples:
            raise InputError(
                f"All rows to predict are more than {format_count(horizon, 'row')} ahead of the"
                f" last known {past.lags.target}: give rows before them that hold it, or update."
            )
    if not table.n_samples:
        raise InputError("No row is left to predict: give rows after the last known ones.")
    table = table.drop([past.lags.target] if past.lags.target in table else [])
    table = table.take(np.lexsort((past.lags.read_times(table), past.lags.read_series(table))))
    return _predicted(predictor, known.lags, table, coverage)


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


def _past_of(predictor: Predictor) -> Past:
    past = predictor.past
    if past is None:
        raise InputError(
            "The model has no lags, so that it predicts rows and does not go on from the last ones:"
            " use predict, or fit with lags=[1, 7]."
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
            f" {format_count(lags.horizon, 'row')} ahead: fit it with"
            f" horizon={horizon}."
        )
    return horizon


def _later_rows(predictor: Predictor, past: Past, rows: Any) -> Table:
    """Return given rows as a table of what is needed, and of what is known."""
    table = given_rows(rows, predictor.encoder, past.read)
    absent = [name for name in predictor.columns if name not in table]
    if absent:
        raise InputError(f"The rows lack {listed(absent)}, which the model needs: add them.")
    return table


def _predicted(predictor: Predictor, lags: Lags, table: Table, coverage: float) -> dict[str, Array]:
    """Return rows to come with their predictions, and intervals or sets."""
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
    columns |= dict(zip(_names(predictor, lags), predictions, strict=True))
    if lags.classes:
        shares = predictor.predict_proba(encoded).T
        labels = (f"probability_{label}" for label in lags.classes)
        return columns | dict(zip(labels, shares, strict=True))
    bounds = predictor.predict_interval(encoded, coverage)
    return columns | {f"{lags.target}_low": bounds[:, 0], f"{lags.target}_high": bounds[:, 1]}


def _names(predictor: Predictor, lags: Lags) -> tuple[str, ...]:
    """Return the names of what is predicted: the target, or the target with each quantile."""
    encoder = predictor.target_encoder
    if isinstance(encoder, JointEncoder) and isinstance(predictor.loss, Quantiles):
        return tuple(f"{lags.target}_{level}" for level in encoder.names)
    return (lags.target,)
