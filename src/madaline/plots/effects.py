"""How predictions change along the values of a column."""

from __future__ import annotations

from typing import Any

from madaline.explain.effect import Effect, value_text
from madaline.plots.axes import axes_or_new

MOST_CURVES = 100
"""Curves of single rows that are drawn, at most."""


def plot_effect(effect: Effect, axes: Any = None) -> Any:
    """Draw an effect: a curve, with those of single rows if it has some, or a bar for each level.

    Parameters
    ----------
    effect : Effect
        What ``model.effects(X, column)`` returned.
    axes : matplotlib axes, optional
        Where to draw; new ones by default.

    Returns
    -------
    axes
        With the drawing.
    """
    axes = axes_or_new(axes)
    if effect.values.dtype == object:
        axes.barh([value_text(one) for one in effect.values[::-1]], effect.prediction[::-1])
        axes.set(xlabel=effect.name, ylabel=effect.column)
        return axes
    for curve in () if effect.individual is None else effect.individual[:MOST_CURVES]:
        axes.plot(effect.values, curve, color="0.8", linewidth=0.5)
    axes.plot(effect.values, effect.prediction, marker="o", markersize=3)
    axes.set(xlabel=effect.column, ylabel=effect.name)
    return axes
