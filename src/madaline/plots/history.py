"""The loss of every recipe on rows that its networks never saw, epoch by epoch."""

from __future__ import annotations

from typing import Any

from madaline.plots.axes import axes_or_new, fitted
from madaline.race.recipe import recipe_name


def plot_history(model: Any, axes: Any = None) -> Any:
    """Draw the learning curves; recipes that predict in the end have a color and a name.

    Parameters
    ----------
    model : estimator or FittedModel
        Fitted.
    axes : matplotlib axes, optional
        Where to draw; new ones by default.

    Returns
    -------
    axes
        With the drawing.
    """
    model, axes = fitted(model), axes_or_new(axes)
    series: dict[str, list[tuple[int, float]]] = {}
    for record in model.records:
        series.setdefault(record.recipe, []).append((record.epoch, record.loss))
    predicting = {recipe_name(name) for name in model.summary.weights}
    for name, points in series.items():
        if name in predicting:
            axes.plot(*zip(*points, strict=True), label=name, zorder=3)
        else:
            axes.plot(*zip(*points, strict=True), color="0.7", linewidth=1)
    axes.set(xlabel="epoch", ylabel="loss on unseen rows")
    axes.legend(fontsize="small")
    return axes
