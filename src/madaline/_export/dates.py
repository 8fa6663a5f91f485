"""Dates: seconds since 1970 become the time, the year, and phases of the year, week and day.

The months of a day are found as in Howard Hinnant's "chrono-compatible low-level date algorithms":
in years that begin with March, leap days come last. All is exact in float64.
"""

from __future__ import annotations

import numpy as np

from madaline._data.encoders.datetime_encoder import CYCLES, DatetimeEncoder
from madaline._export.graph import Graph
from madaline._export.numbers import flagged, scaled

SECONDS = 86_400.0
"""Of a day."""


def date_features(graph: Graph, name: str, encoder: DatetimeEncoder) -> str:
    """Return the features of a moment, float32 of shape (rows, n_features).

    Parameters
    ----------
    graph : Graph
        Where nodes are added.
    name : str
        The input, seconds since 1970, float64 of shape (rows, 1).
    encoder : DatetimeEncoder
        The encoder of the column.
    """
    missing = graph.add("IsNaN", name)
    seconds = graph.add("Where", missing, np.array([[0.0]]), name)
    parts = _parts(graph, seconds, {*encoder.scalings, *encoder.cycles})
    features = []
    for part, scaling in encoder.scalings.items():
        center, spread = np.array([[scaling.center]]), np.array([[scaling.spread]])
        known = graph.add("Where", missing, center, parts[part])
        features.append(graph.cast(scaled(graph, known, center, spread), np.float32))
    for part in encoder.cycles:
        angle = _times(graph, parts[part], 2 * np.pi / CYCLES[part])
        for shift in (0.0, np.pi / 2):  # the cosine is the sine a quarter of a period later
            wave = graph.add("Sin", graph.add("Add", angle, np.array(shift)))
            known = graph.add("Where", missing, np.array([[0.0]]), wave)
            features.append(graph.cast(known, np.float32))
    if encoder.missing_share is not None:
        features.append(flagged(graph, missing, np.array([encoder.missing_share])))
    return graph.add("Concat", *features, axis=1)


def _parts(graph: Graph, seconds: str, wanted: set[str]) -> dict[str, str]:
    """Return the wanted parts of moments: `madaline._data.encoders.datetime_encoder`."""
    days = _floor(graph, seconds, SECONDS)
    parts = {"time": seconds}
    if wanted & {"year", "month"}:
        parts["year"], parts["month"] = _civil(graph, days)
    if "weekday" in wanted:
        after = graph.add("Add", days, np.array(3.0))  # 1970 began on a Thursday
        parts["weekday"] = _remainder(graph, after, 7.0)
    if "hour" in wanted:
        since = graph.add("Sub", seconds, _times(graph, days, SECONDS))
        parts["hour"] = graph.add("Div", since, np.array(3600.0))
    return parts


def _civil(graph: Graph, days: str) -> tuple[str, str]:
    """Return the year and the month, counted from 0, of days since 1970."""
    since = graph.add("Add", days, np.array(719_468.0))  # days since 1 March of the year 0
    era = _floor(graph, since, 146_097.0)  # 400 years
    day = _remainder(graph, since, 146_097.0)
    leaps = graph.add("Sub", _floor(graph, day, 36_524.0), _floor(graph, day, 1_460.0))
    leaps = graph.add("Sub", leaps, _floor(graph, day, 146_096.0))
    of_era = _floor(graph, graph.add("Add", day, leaps), 365.0)
    begun = graph.add("Add", _times(graph, of_era, 365.0), _floor(graph, of_era, 4.0))
    begun = graph.add("Sub", begun, _floor(graph, of_era, 100.0))
    of_year = graph.add("Sub", day, begun)
    fifths = graph.add("Add", _times(graph, of_year, 5.0), np.array(2.0))
    after_march = _floor(graph, fifths, 153.0)
    month = _remainder(graph, graph.add("Add", after_march, np.array(2.0)), 12.0)
    next_year = graph.cast(graph.add("Less", month, np.array(2.0)), np.float64)
    year = graph.add("Add", graph.add("Add", _times(graph, era, 400.0), of_era), next_year)
    return year, month


def _floor(graph: Graph, numbers: str, divisor: float) -> str:
    return graph.add("Floor", graph.add("Div", numbers, np.array(divisor)))


def _remainder(graph: Graph, numbers: str, divisor: float) -> str:
    whole = _times(graph, _floor(graph, numbers, divisor), divisor)
    return graph.add("Sub", numbers, whole)


def _times(graph: Graph, numbers: str, factor: float) -> str:
    return graph.add("Mul", numbers, np.array(factor))
