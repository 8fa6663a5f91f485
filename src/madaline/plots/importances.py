"""How much each column matters, with two standard errors to each side."""

from __future__ import annotations

from typing import Any

from madaline.plots.axes import axes_or_new, fitted
from madaline.words import metric_name


def plot_importances(model: Any, axes: Any = None, *, most: int = 15) -> Any:
    """Draw a bar for each column, the most important on top.

    Parameters
    ----------
    model : estimator or FittedModel
        Fitted.
    axes : matplotlib axes, optional
        Where to draw; new ones by default.
    most : int, default=15
        Columns, at most.

    Returns
    -------
    axes
        With the drawing.
    """
    shown = fitted(model).summary.importances[:most][::-1]
    axes = axes_or_new(axes)
    values, errors = [one.value for one in shown], [2 * one.standard_error for one in shown]
    colors = ["C0" if one.clear else "0.7" for one in shown]
    axes.barh([one.name for one in shown], values, xerr=errors, color=colors)
    if shown:
        axes.set(xlabel=f"{metric_name(shown[0].metric)} gets worse by")
    return axes
