"""What each column adds to the prediction of a row."""

from __future__ import annotations

from typing import Any

import numpy as np

from madaline.explain.attributions.explanation import SCALE_WORDS, Explanation, value_text
from madaline.plots.axes import axes_or_new


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
    asked = explanation.target_class
    what = (
        explanation.target if asked is None else f"{SCALE_WORDS[explanation.scale]} of {asked[row]}"
    )
    axes.set(
        xlabel=f"adds to the {what}: {explanation.base[row]:.3g} to {explanation.output[row]:.3g}"
    )
    return axes
