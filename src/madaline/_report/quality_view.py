"""How the page shows where predictions are good and where not: figures, tables and sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from madaline._charts.figure import Figure, Line
from madaline._evaluation.quality import Quality
from madaline._evaluation.quality.classification import ClassificationQuality
from madaline._evaluation.quality.coverage import Coverage
from madaline._evaluation.quality.regression import RegressionQuality
from madaline._words import format_count, format_number, format_share
from madaline.nn.arrays import Array

_MAX_CLASSES = 20  # classes of a confusion matrix; of more, the most frequent mistakes are shown
_COVERAGE = 0.9  # the coverage of intervals and sets that is told


def view_of_quality(quality: Quality | None, target: str) -> dict[str, Any] | None:
    """Return where predictions are good and where not: confusion matrix, figures, coverage."""
    if isinstance(quality, RegressionQuality):
        return {
            "of": "numbers",
            "figures": [
                quality.truth_figure(target),
                _error_figure(quality, target),
                quality.spread_figure(target),
            ],
            "coverage": _coverage_words(
                quality.coverage,
                "intervals contain the true value",
                lambda width: f"; their mean width is {format_number(width)}",
            ),
            "confusions": [],
        }
    if not isinstance(quality, ClassificationQuality):
        return None
    curves = [_roc_figure(quality)] if quality.curves else []
    few, by_class = len(quality.classes) <= _MAX_CLASSES, quality.by_class()
    return {
        "of": "classes",
        "figures": [*curves, quality.calibration_figure()],
        "coverage": _coverage_words(
            quality.coverage,
            "sets contain the true class",
            lambda size: f", with {size:.2f} classes on average",
        ),
        "classes": quality.classes,
        "matrix": _matrix(quality) if few else None,
        "precision": [format_share(measures["precision"], 0) for measures in by_class],
        "by_class": [] if few else sorted(by_class, key=_recall),
        "confusions": [] if few else quality.confusions(most=6),
    }


def _roc_figure(quality: ClassificationQuality) -> Figure:
    """Return the ROC curves; of two classes without the area, which is in the headline."""
    figure = quality.roc_figure()
    if len(quality.classes) > 2:
        return figure
    label = quality.curves[0].label
    marks = [replace(mark, label="") if isinstance(mark, Line) else mark for mark in figure.marks]
    caption = (
        f"ROC curve: the share of {label} that is found, at each share of false alarms among the"
        " other rows (dashed: chance)."
    )
    return replace(figure, title="ROC curve", caption=caption, marks=tuple(marks))


def _error_figure(quality: RegressionQuality, target: str) -> Figure:
    """Return the histogram of errors, without the median, which is on the first screen."""
    beyond = quality.n_beyond
    caption = f"Errors, with a mean of {format_number(quality.bias)}."
    return replace(
        quality.error_figure(target),
        caption=f"{caption} {format_count(beyond, 'error')} beyond the ends."
        if beyond
        else caption,
    )


def _matrix(quality: ClassificationQuality) -> list[dict[str, Any]]:
    """Return the rows of the confusion matrix, each cell with a shade from 0 to 9."""
    counts = quality.matrix.tolist()
    shades: Array = np.ceil(9 * np.sqrt(quality.shares)).clip(0, 9).astype(int)
    return [
        {
            "class": label,
            "recall": format_share(_recall(measures), 0),
            "cells": [
                {"rows": rows, "shade": int(shades[true, predicted]), "right": true == predicted}
                for predicted, rows in enumerate(counts[true])
            ],
        }
        for true, (label, measures) in enumerate(
            zip(quality.classes, quality.by_class(), strict=True)
        )
    ]


def _recall(measures: Mapping[str, Any]) -> float:
    return measures["recall"] if measures["recall"] is not None else 1.0


def _coverage_words(coverage: Sequence[Coverage], hold: str, size: Callable[[float], str]) -> str:
    """Return the measured coverage that is told, or the highest below it."""
    lower = [measured for measured in coverage if measured.nominal <= _COVERAGE]
    if not lower:
        return ""
    told = lower[-1]
    share = f"{told.observed:.1%} of the rows"
    return f"{told.nominal:.0%} prediction {hold} in {share}{size(told.size)}."
