"""Figures on matplotlib axes: given ones, or new ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from madaline._charts.figure import OTHER, REFERENCE, Band, Bars, Cells, Figure, Line
from madaline._extras import load_extra

_STYLES: dict[str, dict[str, Any]] = {
    REFERENCE: {"color": "0.5", "linestyle": "--", "linewidth": 1},
    OTHER: {"color": "0.7", "linewidth": 0.8},
}
"""How lines look that have no color of their own."""


def axes_or_new(axes: Any, n_columns: int = 1) -> Any:
    """Return the axes, or those of a new figure if there are none; as many as there are columns."""
    if axes is not None:
        return axes
    pyplot = load_extra("matplotlib.pyplot", extra="plot", purpose="A plot")
    return pyplot.subplots(1, n_columns, layout="constrained")[1]


def draw(figure: Figure, axes: Any = None) -> Any:
    """Draw a figure, and return the axes."""
    axes = axes_or_new(axes)
    for mark in figure.marks:
        match mark:
            case Line():
                marker = "o" if mark.dots or len(mark.x) == 1 else None
                style = _STYLES.get(mark.style) or {"color": f"C{mark.style[1:]}", "zorder": 3}
                label = mark.label or None
                axes.plot(mark.x, mark.y, marker=marker, markersize=3, label=label, **style)
            case Band():
                color, opacity = f"C{mark.style[1:]}", mark.opacity
                axes.fill_between(
                    mark.x, mark.lower, mark.upper, color=color, alpha=opacity, linewidth=0
                )
            case Bars():
                axes.stairs(mark.counts, mark.edges, fill=True)
            case Cells():
                shades = np.ma.masked_equal(mark.shades, 0)
                axes.pcolormesh(mark.edges, mark.edges, shades, cmap="Blues", vmin=0)
    axes.set(xlabel=figure.x.label, ylabel=figure.y.label)
    for axis, side in ((figure.x, "x"), (figure.y, "y")):
        if axis.logarithmic:
            axes.set(**{f"{side}scale": "log"})
        if axis.names:
            axes.set(**{f"{side}ticks": axis.ticks(), f"{side}ticklabels": axis.names})
        if axis.unit == "share":
            getattr(axes, f"{side}axis").set_major_formatter(lambda value, _: f"{100 * value:.3g}%")
    if figure.legend:
        axes.legend(fontsize="small")
    return axes
