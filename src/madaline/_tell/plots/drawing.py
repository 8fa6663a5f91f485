"""Figures on matplotlib axes: given ones, or new ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from madaline._base.extras import load_extra
from madaline._tables.formats.number_format import PLAIN
from madaline.errors import InputError
from madaline.records._results.figure import (
    OTHER,
    REFERENCE,
    Axis,
    Band,
    Bars,
    Cells,
    Figure,
    Line,
)

_STYLES: dict[str, dict[str, Any]] = {
    REFERENCE: {"color": "0.5", "linestyle": "--", "linewidth": 1},
    OTHER: {"color": "0.7", "linewidth": 0.8},
}
"""How lines look that have no color of their own."""


def axes_or_new(ax: Any, n_columns: int = 1) -> Any:
    """Return the axes, or those of a new figure if there are none; as many as there are columns."""
    if ax is not None:
        if np.size(ax) != n_columns:
            raise InputError(
                "ax holds {size} of the {n_columns} axes that are drawn on.",
                size=np.size(ax),
                n_columns=n_columns,
            )
        return ax
    return load_pyplot().subplots(1, n_columns, layout="constrained")[1]


def load_pyplot() -> Any:
    """Return the module that makes figures, or say how to install it."""
    return load_extra("matplotlib.pyplot", extra="plot", purpose="A plot")


def draw(figure: Figure, ax: Any = None) -> Any:
    """Draw a figure, and return the axes."""
    ax = axes_or_new(ax)
    for mark in figure.marks:
        match mark:
            case Line():
                marker = "o" if mark.dots or len(mark.x) == 1 else None
                style = _STYLES.get(mark.style) or {"color": f"C{mark.style[1:]}", "zorder": 3}
                label = mark.label or None
                ax.plot(mark.x, mark.y, marker=marker, markersize=3, label=label, **style)
            case Band():
                color = f"C{mark.style[1:]}"
                opacity = mark.opacity
                ax.fill_between(
                    mark.x, mark.lower, mark.upper, color=color, alpha=opacity, linewidth=0
                )
            case Bars():
                ax.stairs(mark.counts, mark.edges, fill=True)
            case Cells():
                shades = np.ma.masked_equal(mark.shades, 0)
                ax.pcolormesh(mark.edges, mark.edges, shades, cmap="Blues", vmin=0)
    ax.set(title=figure.title, xlabel=figure.x.label, ylabel=figure.y.label)
    for axis, side in ((figure.x, "x"), (figure.y, "y")):
        if axis.logarithmic:
            ax.set(**{f"{side}scale": "log"})
        if axis.names:
            ax.set(**{f"{side}ticks": axis.ticks(), f"{side}ticklabels": axis.names})
        if axis.unit == "share" or axis.written is not PLAIN:
            getattr(ax, f"{side}axis").set_major_formatter(formatter_of(axis))
    if figure.legend:
        add_legend(ax)
    return ax


def formatter_of(axis: Axis) -> Callable[[float, int], str]:
    """Return what matplotlib writes at a tick of an axis."""
    return lambda value, _position: axis.write(value)


_BELOW = 36  # points from the axes to the legend: room for the numbers and the name of the axis
_LINE = 70  # characters of a line of the legend, about


def add_legend(ax: Any) -> None:
    """Add a legend below the axes, where it covers nothing.

    A figure without a layout engine makes no room for it there: matplotlib finds the best place.
    """
    if ax.figure.get_layout_engine() is None:
        ax.legend(fontsize="small")
        return
    from matplotlib.transforms import ScaledTranslation

    labels = [label for _, label in zip(*ax.get_legend_handles_labels(), strict=True)]
    columns = max(1, _LINE // (max(map(len, labels)) + 8))
    below = ScaledTranslation(0, -_BELOW / 72, ax.figure.dpi_scale_trans)
    ax.legend(
        fontsize="small",
        frameon=False,
        ncols=min(len(labels), columns),
        loc="upper center",
        bbox_to_anchor=(0.5, 0),
        bbox_transform=ax.transAxes + below,
    )
