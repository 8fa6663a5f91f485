"""How predictions change along a column, and what the columns of a row contribute."""

from __future__ import annotations

from typing import Any

import numpy as np

from madaline._charts.effect import effect_figure
from madaline._explain.attributions.explanation import SCALE_WORDS, Explanation
from madaline._explain.columns import value_text
from madaline._explain.effects import Effect
from madaline.plots.drawing import axes_or_new, draw

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
    if effect.values.dtype == object:
        axes = axes_or_new(axes)
        axes.barh([value_text(one) for one in effect.values[::-1]], effect.prediction[::-1])
        axes.set(xlabel=effect.name, ylabel=effect.column)
        return axes
    curves = None if effect.individual is None else effect.individual[:MOST_CURVES]
    scale = effect.readout.scale
    return draw(effect_figure(effect.to_json(), scale, effect.prediction, curves), axes)


def plot_explanation(
    explanation: Explanation, row: int = 0, axes: Any = None, *, most: int = 12
) -> Any:
    """Draw a bar for each column of a row, the strongest on top.

    Parameters
    ----------
    explanation : Explanation
        What ``model.explain(X)`` returned.
    row : int, default=0
        Which of its rows.
    axes : matplotlib axes, optional
        Where to draw; new ones by default.
    most : int, default=12
        Columns, at most.

    Returns
    -------
    axes
        With the drawing.
    """
    axes = axes_or_new(axes)
    amounts = dict(zip(explanation.columns, explanation.attributions[row], strict=True))
    shown = explanation.strongest(row)[:most][::-1]
    names = [f"{name} = {value_text(explanation.values[name][row])}" for name in shown]
    values = np.array([amounts[name] for name in shown])
    axes.barh(names, values, color=np.where(values < 0, "C1", "C0"))
    axes.axvline(0, color="0.3", linewidth=0.8)
    start, stop = explanation.base[row], explanation.output[row]
    axes.set(xlabel=f"{adds_to(explanation, row)}: {start:.3g} to {stop:.3g}")
    return axes


def adds_to(explanation: Explanation, row: int) -> str:
    """Return what attributions of a row add to, in words."""
    label = explanation.target_class
    if label is None:
        return f"adds to {explanation.target}"
    return f"adds to the {SCALE_WORDS[explanation.scale]} of {label[row]}"
