"""Pictures of predicted numbers: predictions and truths, and errors by size and by prediction."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from madaline.report.charts.axis import Axis
from madaline.report.charts.chart import Chart


def truth_chart(quality: Mapping[str, Any], target: str) -> str:
    """Return a map of how often which truth goes with which prediction."""
    edges, counts = quality["edges"], quality["counts"]
    most = max(max(row) for row in counts)
    chart = Chart(
        "Predictions and truths",
        f"Where the {quality['n_rows']:,} rows lie by predicted and true {target}; on the diagonal"
        " both are the same.",
        Axis(edges[0], edges[-1], f"predicted {target}"),
        Axis(edges[0], edges[-1], f"true {target}"),
    )
    for row, line in enumerate(counts):
        for column, number in enumerate(line):
            if number:
                low, high = (edges[column], edges[row]), (edges[column + 1], edges[row + 1])
                chart.rectangle(low, high, opacity=0.15 + 0.85 * math.sqrt(number / most))
    chart.line([(edges[0], edges[0]), (edges[-1], edges[-1])], "reference")
    return chart.svg()


def error_chart(quality: Mapping[str, Any], target: str) -> str:
    """Return a histogram of the errors."""
    edges, counts = quality["error_edges"], quality["error_counts"]
    chart = Chart(
        "Errors",
        f"How often {target} was how far above its prediction (right) or below it (left); half of"
        f" the errors are smaller than {quality['median_error']:.4g}, their mean is"
        f" {quality['bias']:.4g}.",
        Axis(edges[0], edges[-1], f"true less predicted {target}"),
        Axis(0.0, 1.05 * max(counts), "rows"),
    )
    for place, number in enumerate(counts):
        chart.rectangle((edges[place], 0.0), (edges[place + 1], number))
    if edges[0] < 0 < edges[-1]:
        chart.line([(0.0, 0.0), (0.0, 1.05 * max(counts))], "reference")
    return chart.svg()


def spread_chart(quality: Mapping[str, Any], target: str) -> str:
    """Return how the errors are spread, by the size of the prediction."""
    predictions, errors = quality["predictions"], quality["errors"]
    lines = [list(zip(predictions, level, strict=True)) for level in zip(*errors, strict=True)]
    widths = [line[-1] - line[0] for line in errors]
    chart = Chart(
        "Errors by prediction",
        f"Median and spread of the errors of parts of the rows; nine in ten errors lie within"
        f" {min(widths):.4g} at best and {max(widths):.4g} at worst.",
        Axis.around(predictions, f"predicted {target}"),
        Axis.around([0.0, *(value for line in errors for value in line)], "true less predicted"),
    )
    chart.band(lines[0], lines[4], "wide")
    chart.band(lines[1], lines[3], "narrow")
    chart.line([(chart.x.low, 0.0), (chart.x.high, 0.0)], "reference")
    chart.line(lines[2], "s0")
    return chart.svg()
