"""How good predicted classes are: confusions, ROC curves, precision and recall, calibration."""

from __future__ import annotations

from typing import Any

import numpy as np

from madaline.plots.axes import axes_or_new, class_quality


def plot_confusion(model: Any, axes: Any = None) -> Any:
    """Draw what is taken for what: the share of each true class, and the rows as numbers.

    Parameters
    ----------
    model : estimator, FittedModel or ClassQuality
        Fitted to classes; every row is judged by networks that never saw it.
    axes : matplotlib axes, optional
        Where to draw; new ones by default.

    Returns
    -------
    axes
        With the drawing.
    """
    quality, axes = class_quality(model), axes_or_new(axes)
    counts = quality.matrix
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-300)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    places = range(len(quality.classes))
    axes.set(xlabel="predicted", ylabel="true", xticks=places, yticks=places)
    axes.set_xticklabels(quality.classes)
    axes.set_yticklabels(quality.classes)
    for (true, said), number in np.ndenumerate(counts):
        if number:
            color = "white" if shares[true, said] > 0.6 else "black"
            axes.text(said, true, f"{number:.0f}", ha="center", va="center", color=color)
    return axes


def plot_roc(model: Any, axes: Any = None) -> Any:
    """Draw the ROC curves, of several classes those of the ones that are hardest to tell.

    Parameters and what is returned are those of `plot_confusion`.
    """
    quality, axes = class_quality(model), axes_or_new(axes)
    for one in quality.curves:
        label = f"{one.label} (area {one.area:.4f})"
        axes.plot(one.false_positive, one.true_positive, label=label)
    axes.plot([0, 1], [0, 1], color="0.5", linestyle="--", linewidth=1)
    axes.set(xlabel="false alarms among the others", ylabel="found of the class")
    axes.legend(fontsize="small")
    return axes


def plot_precision(model: Any, axes: Any = None) -> Any:
    """Draw precision against recall, of the same classes as `plot_roc`.

    Parameters and what is returned are those of `plot_confusion`.
    """
    quality, axes = class_quality(model), axes_or_new(axes)
    for one in quality.curves:
        label = f"{one.label} (mean {one.average_precision:.4f})"
        axes.plot(one.recall, one.precision, label=label)
    axes.set(xlabel="found of the class (recall)", ylabel="right of the alarms (precision)")
    axes.legend(fontsize="small")
    return axes


def plot_calibration(model: Any, axes: Any = None) -> Any:
    """Draw what probabilities promise against what came true.

    Parameters and what is returned are those of `plot_confusion`.
    """
    quality, axes = class_quality(model), axes_or_new(axes)
    axes.plot([0, 1], [0, 1], color="0.5", linestyle="--", linewidth=1)
    axes.plot(quality.promised, quality.kept, marker="o")
    axes.set(xlabel="probability", ylabel="share that came true")
    return axes
