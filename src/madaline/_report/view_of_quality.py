"""Where predictions are good and where they are not: confusion matrix, figures, coverage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from madaline._charts.figure import Figure, Line
from madaline._charts.quality import (
    calibration_figure,
    error_figure,
    roc_figure,
    spread_figure,
    truth_figure,
)
from madaline._evaluation.quality.classification import ClassificationQuality
from madaline._evaluation.quality.regression import RegressionQuality, single_quality
from madaline._report.texts import percent
from madaline._words import count, short
from madaline.nn.arrays import Array

MOST_CLASSES = 20
"""Classes whose confusion matrix is shown, at most; of more, the most frequent mistakes are."""

COVERAGE = 0.9
"""The coverage of intervals and sets that is told."""


def view_of_quality(values: Mapping[str, Any], target: str) -> dict[str, Any]:
    """Return a quality with its figures, and with numbers as they are written.

    Parameters
    ----------
    values : mapping
        What `to_json` of the quality of one target returned.
    target : str
        Name of what is predicted.
    """
    quality = single_quality(values)
    if not isinstance(quality, ClassificationQuality):
        return {
            "of": "numbers",
            "figures": [
                truth_figure(quality, target),
                _error_figure(quality, target),
                spread_figure(quality, target),
            ],
            "coverage": _interval_words(values),
            "confusions": [],
        }
    curves = [_roc_figure(quality)] if quality.curves else []
    few = len(quality.classes) <= MOST_CLASSES
    return {
        "of": "classes",
        "figures": [*curves, calibration_figure(quality)],
        "coverage": _set_words(values),
        "classes": quality.classes,
        "matrix": _matrix(quality) if few else None,
        "precision": list(map(_precision, quality.by_class())),
        "by_class": [] if few else sorted(quality.by_class(), key=_recall),
        "confusions": [] if few else quality.confusions(most=6),
    }


def _roc_figure(quality: ClassificationQuality) -> Figure:
    """Return the ROC curves; of two classes without the area, which is in the headline."""
    figure = roc_figure(quality)
    if len(quality.classes) > 2:
        return figure
    label = quality.curves[0].label
    marks = [replace(one, label="") if isinstance(one, Line) else one for one in figure.marks]
    caption = (
        f"ROC curve: the share of {label} that is found, at each share of false alarms among the"
        " other rows (dashed: chance)."
    )
    return replace(figure, title="ROC curve", caption=caption, marks=tuple(marks))


def _error_figure(quality: RegressionQuality, target: str) -> Figure:
    """Return the histogram of errors, without the median, which is on the first screen."""
    beyond = quality.n_beyond
    caption = f"Errors, with a mean of {short(quality.bias)}."
    return replace(
        error_figure(quality, target),
        caption=f"{caption} {count(beyond, 'error')} beyond the ends." if beyond else caption,
    )


def _matrix(quality: ClassificationQuality) -> list[dict[str, Any]]:
    """Return the rows of the confusion matrix, each cell with a shade from 0 to 9."""
    counts = quality.matrix.tolist()
    shades: Array = np.ceil(9 * np.sqrt(quality.shares)).clip(0, 9).astype(int)
    return [
        {
            "class": label,
            "recall": percent(_recall(of_class), 0),
            "cells": [
                {"rows": rows, "shade": int(shades[true, predicted]), "right": true == predicted}
                for predicted, rows in enumerate(counts[true])
            ],
        }
        for true, (label, of_class) in enumerate(
            zip(quality.classes, quality.by_class(), strict=True)
        )
    ]


def _recall(of_class: Mapping[str, Any]) -> float:
    return of_class["recall"] if of_class["recall"] is not None else 1.0


def _precision(of_class: Mapping[str, Any]) -> str:
    return percent(of_class["precision"], 0)


def _told(values: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the measured coverage that is told, or the highest below it."""
    known = [one for one in values["coverage"] if one["nominal"] <= COVERAGE]
    return known[-1] if known else None


def _interval_words(values: Mapping[str, Any]) -> str:
    one = _told(values)
    if one is None:
        return ""
    return (
        f"{one['nominal']:.0%} prediction intervals contain the true value in"
        f" {one['observed']:.1%} of the rows; their mean width is {short(one['size'])}."
    )


def _set_words(values: Mapping[str, Any]) -> str:
    one = _told(values)
    if one is None:
        return ""
    return (
        f"{one['nominal']:.0%} prediction sets contain the true class in {one['observed']:.1%} of"
        f" the rows, with {one['size']:.2f} classes on average."
    )
