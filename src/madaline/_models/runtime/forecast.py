"""Forecasts: the rows that follow those learned from, series by series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from madaline._base.language import _
from madaline._base.words import format_count
from madaline._models.runtime.given_rows import given_rows
from madaline._race.time.calendar import moments
from madaline._race.time.lags import STEPS_AHEAD, Lags, check_rows
from madaline._race.time.past import Past
from madaline._race.time.totals import ALL, with_totals
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.table import Table, listed
from madaline._tables.target import JointEncoder, TargetEncoder
from madaline.errors import InputError
from madaline.nn.arrays import Array


def rows_ahead(
    past: Past | None,
    encoder: TableEncoder,
    columns: Sequence[str],
    horizon: int | None = None,
    rows: Any = None,
) -> tuple[Lags, Table]:
    """Return the rows that come next, with lags of all that is known, in the order of series.

    `InputError` where `Predictor.forecast` raises it.
    """
    past = check_past(past)
    horizon = _check_horizon(past.lags, horizon)
    table = None if rows is None else _later_rows(past, encoder, columns, rows)
    known = past if table is None else past.joined(table)
    needed = [name for name in columns if name not in past.lags.sources]
    if table is None or not needed:
        if needed:
            raise InputError(
                "The model needs {listed} of the rows to come: give them with their {sources} (X=).",
                listed=listed(needed),
                sources=_(" and ").join(past.lags.sources) or "order",
            )
        table = known.next_rows(horizon)
    else:
        table = table.take(np.isnan(past.lags.read_values(table)[:, 0]))
        table, n_unknown = known.add(table).take(known.steps(table) <= horizon), table.n_samples
        if n_unknown and not table.n_samples:
            raise InputError(
                "All rows to predict are more than {rows} ahead of the last known {target}: give rows before them that hold it, or update.",
                rows=format_count(horizon, "row"),
                target=past.lags.target,
            )
    if not table.n_samples:
        raise InputError("No row is left to predict: give rows after the last known ones.")
    table = table.drop([past.lags.target] if past.lags.target in table else [])
    table = table.take(np.lexsort((past.lags.read_times(table), past.lags.read_series(table))))
    return known.lags, table


def places_of(lags: Lags, table: Table, steps: Array | None) -> dict[str, Array]:
    """Return the series, the time and the steps ahead of rows, as columns."""
    columns = lags.series_columns(lags.read_series(table))
    if lags.time is not None:
        times = lags.read_times(table)
        columns[lags.time] = moments(times) if lags.of_dates else times
    ahead = np.full(table.n_samples, lags.horizon) if steps is None else steps
    return columns | {STEPS_AHEAD: ahead.astype(np.int64)}


def check_totals(past: Past | None, encoder: TargetEncoder) -> None:
    """Raise `InputError` where a forecast has no totals."""
    if past is None:
        return
    if not past.lags.series:
        raise InputError(
            "There is one series, so that there is nothing to add up: leave totals out."
        )
    names = past.lags.series_columns(np.array(past.kept.names, dtype=object))
    for column, levels in names.items():
        if ALL in levels:
            raise InputError(
                "Column {column!r} holds {level!r}, the name of totals: rename it, or leave totals out.",
                column=column,
                level=ALL,
            )
    if past.lags.classes or isinstance(encoder, JointEncoder):
        raise InputError(
            "Totals are sums of predicted means: leave them out for classes and quantiles."
        )


def add_totals(lags: Lags, columns: Mapping[str, Array]) -> dict[str, Array]:
    """Return a forecast with the totals of its series."""
    return with_totals(
        columns, lags.series, lags.target, lags.time or STEPS_AHEAD, lags.correlation
    )


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


def check_past(past: Past | None) -> Past:
    if past is None:
        raise InputError(
            "The model has no lags, so that it predicts rows and does not go on from the last ones:"
            " use predict, or fit with lags=True."
        )
    return past


def _check_horizon(lags: Lags, horizon: int | None) -> int:
    horizon = lags.horizon if horizon is None else check_rows("horizon", horizon)
    if horizon <= lags.gap:
        raise InputError(
            "horizon is {horizon}, but the model was fitted with a gap of {rows}: give at least {gap}.",
            horizon=horizon,
            rows=format_count(lags.gap, "row"),
            gap=lags.gap + 1,
        )
    if horizon > lags.horizon:
        raise InputError(
            "horizon is {horizon}, but the model learned to predict up to {rows} ahead: fit it with horizon={horizon}.",
            horizon=horizon,
            rows=format_count(lags.horizon, "row"),
        )
    return horizon


def _later_rows(past: Past, encoder: TableEncoder, columns: Sequence[str], rows: Any) -> Table:
    """Return given rows as a table of what is needed, and of what is known."""
    table = given_rows(rows, encoder, past.read)
    absent = [name for name in columns if name not in table]
    if absent:
        raise InputError(
            "The rows lack {listed}, which the model needs: add them.", listed=listed(absent)
        )
    return table
