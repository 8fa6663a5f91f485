"""Filled cells put into the table that was given, of whatever library: all others stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from madaline._apps.sampling.frames import ARRAY, CATEGORICAL, COLUMNS, PANDAS, as_frame, types_of
from madaline._tables.io.recognition import Form, RecognizedRows
from madaline.nn.arrays import Array


def merge(
    X: Any,
    rows: RecognizedRows,
    columns: Mapping[str, Array],  # as they are to be written: numbers, moments, levels or texts
    gaps: Mapping[str, Array],  # Booleans (n_rows,) of each
    names: Sequence[str],  # of all columns, in the order wanted
) -> Any:
    """Return the table with some columns' gaps filled, in its own form and types."""
    if rows.form == Form.FRAME:
        library, types = types_of(rows.content)
        if library == PANDAS:
            return _into_pandas(rows.content, columns, gaps, types, names)
        if library != COLUMNS:
            return _into_narwhals(rows.content, columns, gaps, types, library, names)
    if rows.form == Form.ARRAY:
        return _into_array(np.array(X), columns, gaps, rows.table().names)
    given = rows.table()
    content = rows.content if isinstance(rows.content, Mapping) else given.columns
    merged = {str(name): np.asarray(values) for name, values in content.items()}
    for name, column in columns.items():
        typed = as_frame({name: column}, COLUMNS, {name: str(merged[name].dtype)}, {})[name]
        merged[name] = np.where(gaps[name], typed, merged[name])
    return {name: merged[name] for name in names}


def _into_pandas(
    frame: Any,
    columns: Mapping[str, Array],
    gaps: Mapping[str, Array],
    types: Mapping[str, str],
    names: Sequence[str],
) -> Any:
    labels = {str(label): label for label in frame.columns}
    merged = frame[[labels[name] for name in names]].copy()
    for name, column in columns.items():
        given = frame[labels[name]]
        categories = {}
        if types[name] == CATEGORICAL:
            categories[name] = ([*given.cat.categories], bool(given.cat.ordered))
        filled = as_frame({name: column}, PANDAS, {name: types[name]}, categories)[name]
        filled.index = given.index
        merged[labels[name]] = given.where(~gaps[name], filled)
    return merged


def _into_narwhals(
    frame: Any,
    columns: Mapping[str, Array],
    gaps: Mapping[str, Array],
    types: Mapping[str, str],
    library: str,
    names: Sequence[str],
) -> Any:
    import narwhals as nw

    filled = nw.from_native(as_frame(columns, library, types, {}))
    merged = []
    for name in columns:
        known = nw.new_series(
            "known", (~gaps[name]).tolist(), nw.Boolean, backend=frame.implementation
        )
        merged.append(frame[name].zip_with(known, filled[name].cast(frame[name].dtype)))
    return frame.with_columns(merged).select(names).to_native()


def _into_array(
    array: Array, columns: Mapping[str, Array], gaps: Mapping[str, Array], names: tuple[str, ...]
) -> Array:
    for name, column in columns.items():
        rows = gaps[name]
        typed = as_frame({name: column[rows]}, ARRAY, {name: str(array.dtype)}, {})
        array[rows, names.index(name)] = typed[:, 0]
    return array
