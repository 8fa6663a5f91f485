"""The effect of a column of numbers or moments, as a curve."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from madaline._charts.axis import Axis, Unit
from madaline._charts.figure import COLORS, OTHER, Figure, Line
from madaline.nn.arrays import Array


def effect_figure(
    effect: Mapping[str, Any],
    scale: str,
    predictions: Iterable[float],
    individual: Array | None = None,
) -> Figure:
    """Return the curve of an effect.

    Parameters
    ----------
    effect : mapping
        What `Effect.to_json` returned, of numbers or moments.
    scale : {"probability", "log_odds", "target"}
        What predictions are measured in.
    predictions : iterable of float
        What the vertical axis holds, so that effects can be compared.
    individual : ndarray of shape (n_rows, n_values), optional
        Curves of single rows.
    """
    values = np.array(effect["values"])
    moments = values.dtype.kind == "U"
    values = values.astype("datetime64[s]") if moments else values.astype(float)
    unit: Unit = "share" if scale == "probability" else "number"
    return Figure(
        f"Effect of {effect['column']}",
        effect["sentence"],
        effect["sentence"],
        Axis.around(values.astype(float), effect["column"], unit="moment" if moments else "number"),
        Axis.around(predictions, effect["of"], unit=unit),
        (
            *(Line(values, curve, OTHER) for curve in (() if individual is None else individual)),
            Line(values, np.array(effect["prediction"]), COLORS[0], dots=True),
        ),
    )
