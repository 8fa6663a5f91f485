"""How good predictions are: curves of classes, calibration, and errors of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from madaline._charts.figure import COLORS, Axis, Band, Bars, Cells, Figure, Line
from madaline._words import count, short

if TYPE_CHECKING:
    from madaline._evaluation.quality.classification import ClassificationQuality
    from madaline._evaluation.quality.regression import RegressionQuality


def roc_figure(quality: ClassificationQuality) -> Figure:
    """Return the ROC curves."""
    several = "s of the classes that are hardest to distinguish" * (len(quality.classes) > 2)
    lines = [
        Line(np.array(one.false_positive), np.array(one.true_positive), style, name)
        for one, style in zip(quality.curves, COLORS, strict=False)
        for name in [f"{one.label} (area {one.area:.3f})"]
    ]
    return Figure(
        "ROC curves",
        f"True positive rate against false positive rate: {_names(lines)}.",
        f"ROC curve{several}, with the area under it (dashed: guessing, 0.5):",
        _share("false positive rate"),
        _share("true positive rate (recall)"),
        (Line.reference((0, 1), (0, 1)), *lines),
    )


def precision_figure(quality: ClassificationQuality) -> Figure:
    """Return the curves of precision against recall."""
    lines = [
        Line(np.array(one.recall), np.array(one.precision), style, name)
        for one, style in zip(quality.curves, COLORS, strict=False)
        for name in [f"{one.label} (average {one.average_precision:.3f})"]
    ]
    guessing = [Line.reference((0, 1), (one.prevalence,) * 2) for one in quality.curves]
    return Figure(
        "Precision and recall",
        f"Precision against recall: {_names(lines)}.",
        "Precision against recall, with the average precision (dashed: guessing):",
        _share("recall"),
        _share("precision"),
        (*guessing, *lines),
    )


def calibration_figure(quality: ClassificationQuality) -> Figure:
    """Return predicted probabilities against how often they came true."""
    pairs = list(zip(quality.predicted, quality.observed, strict=True))
    observed = ", ".join(f"{predicted:.0%} came true in {share:.0%}" for predicted, share in pairs)
    what = "the class" if len(quality.classes) == 2 else "the predicted class"
    return Figure(
        "Calibration",
        f"Of {len(pairs)} parts of the rows by probability: {observed}.",
        "Calibration: on the dashed line, probabilities come true as often as predicted. On average"
        f" they are off by {quality.calibration_error:.3f}.",
        _share(f"predicted probability of {what}"),
        _share("observed share"),
        (
            Line.reference((0, 1), (0, 1)),
            Line(np.array(quality.predicted), np.array(quality.observed), COLORS[0], dots=True),
        ),
    )


def truth_figure(quality: RegressionQuality, target: str = "value") -> Figure:
    """Return how often which true number goes with which prediction."""
    ends = quality.edges[0], quality.edges[-1]
    return Figure(
        "Predicted and true values",
        f"Where the {quality.n_rows:,} rows lie by predicted and true {target}; on the diagonal"
        " both are the same.",
        "Predicted and true values: the stronger the color, the more rows. On the dashed line both"
        " are the same.",
        Axis(*ends, f"predicted {target}"),
        Axis(*ends, f"true {target}"),
        (Cells(np.array(quality.edges), np.array(quality.counts)), Line.reference(ends, ends)),
    )


def error_figure(quality: RegressionQuality, target: str = "value") -> Figure:
    """Return a histogram of the errors."""
    edges, top = quality.error_edges, 1.05 * max(quality.error_counts)
    zero = (Line.reference((0, 0), (0, top)),) if edges[0] < 0 < edges[-1] else ()
    return Figure(
        "Errors",
        f"Histogram of the errors: {target} above its prediction (right) or below it (left).",
        f"Errors. Half of them are smaller than {short(quality.median_error)}; their mean is"
        f" {short(quality.bias)}. {count(quality.n_beyond, 'error')} beyond the ends.",
        Axis(edges[0], edges[-1], f"true minus predicted {target}"),
        Axis(0.0, top, "rows"),
        (Bars(np.array(edges), np.array(quality.error_counts)), *zero),
    )


def spread_figure(quality: RegressionQuality, target: str = "value") -> Figure:
    """Return how the errors are spread, by the size of the prediction."""
    predictions, quantiles = np.array(quality.predictions), np.array(quality.errors).T  # (5, parts)
    widths = quantiles[4] - quantiles[0]
    x = Axis.around(quality.predictions, f"predicted {target}")
    return Figure(
        "Errors by prediction",
        f"Median and spread of the errors, by the size of the prediction; the middle 90% of them"
        f" span {widths.min():.4g} to {widths.max():.4g}.",
        "Errors of small and large predictions: the median, the middle 50% of the rows (dark), and"
        " the middle 90% (light).",
        x,
        Axis.around([0.0, *quantiles.ravel()], "true minus predicted"),
        (
            Band(predictions, quantiles[0], quantiles[4], 0.18),
            Band(predictions, quantiles[1], quantiles[3], 0.3),
            Line.reference((x.low, x.high), (0, 0)),
            Line(predictions, quantiles[2], COLORS[0]),
        ),
    )


def _share(label: str) -> Axis:
    return Axis(0.0, 1.0, label, unit="share")


def _names(lines: list[Line]) -> str:
    return ", ".join(line.label for line in lines)
