"""How good predicted numbers are: predictions and truths, and how far off they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from madaline.plots.axes import axes_or_new, number_quality


def plot_truth(model: Any, axes: Any = None) -> Any:
    """Draw how often which truth goes with which prediction.

    Parameters
    ----------
    model : estimator, FittedModel or NumberQuality
        Fitted to numbers; every row is judged by networks that never saw it.
    axes : matplotlib axes, optional
        Where to draw; new ones by default.

    Returns
    -------
    axes
        With the drawing.
    """
    quality, axes = number_quality(model), axes_or_new(axes)
    counts = np.ma.masked_equal(quality.counts, 0)
    axes.pcolormesh(quality.edges, quality.edges, np.sqrt(counts), cmap="Blues", vmin=0)
    axes.axline((quality.edges[0],) * 2, slope=1, color="0.5", linestyle="--", linewidth=1)
    axes.set(xlabel="predicted", ylabel="true")
    return axes


def plot_errors(model: Any, axes: Any = None) -> Any:
    """Draw median and spread of the errors of small and large predictions.

    Parameters and what is returned are those of `plot_truth`.
    """
    quality, axes = number_quality(model), axes_or_new(axes)
    levels = np.array(quality.errors).T  # (5, parts)
    axes.fill_between(quality.predictions, levels[0], levels[4], alpha=0.2, color="C0")
    axes.fill_between(quality.predictions, levels[1], levels[3], alpha=0.4, color="C0")
    axes.plot(quality.predictions, levels[2])
    axes.axhline(0, color="0.5", linestyle="--", linewidth=1)
    axes.set(xlabel="predicted", ylabel="true less predicted")
    return axes
