"""The view of quality: out of fold, and of the rows that were given, each with its pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from madaline.evaluation.quality.of_classes import ClassQuality
from madaline.report.charts.classes import calibration_chart, precision_chart, roc_chart
from madaline.report.charts.numbers import error_chart, spread_chart, truth_chart

MOST_CLASSES = 30
"""Classes whose matrix of confusions is shown, at most; of more, the most frequent mistakes are."""


def qualities(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the quality out of fold, and that of the table, each with its pictures."""
    found, target = [], data["target"]
    if data["quality"] is not None:
        what = (
            f"the {data['summary']['n_judged']:,} rows, each judged by networks that never saw it"
        )
        found.append(_quality(data["quality"], target, "Out of fold", what, "fold"))
    rows = data["rows"]
    if rows is not None and rows["quality"] is not None:
        what = f"{rows['what']}, which flatters where the networks learned from these rows"
        found.append(_quality(rows["quality"], target, "On the rows given", what, "rows"))
    return found


def _quality(
    quality: Mapping[str, Any], target: str, heading: str, what: str, name: str
) -> dict[str, Any]:
    view: dict[str, Any] = {"heading": heading, "what": what, "name": name, **quality}
    if quality["of"] == "numbers":
        charts = (truth_chart, error_chart, spread_chart)
        return view | {"charts": [chart(quality, target) for chart in charts]}
    own = ClassQuality.from_json(quality)
    pictures = (roc_chart, precision_chart) if quality["curves"] else ()
    return view | {
        "charts": [chart(quality) for chart in (*pictures, calibration_chart)],
        "by_class": own.by_class(),
        "confusions": own.confusions(),
        "matrix": _matrix(own) if len(own.classes) <= MOST_CLASSES else None,
    }


def _matrix(quality: ClassQuality) -> list[dict[str, Any]]:
    """Return the rows of the matrix of confusions, each cell with a shade from 0 to 9."""
    counts = quality.matrix
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-300)
    return [
        {
            "class": label,
            "cells": [
                {
                    "rows": number,
                    "shade": min(9, int(np.ceil(9 * np.sqrt(share)))),
                    "right": k == own,
                }
                for k, (number, share) in enumerate(zip(line, shares[own].tolist(), strict=True))
            ],
        }
        for own, (label, line) in enumerate(zip(quality.classes, counts.tolist(), strict=True))
    ]
