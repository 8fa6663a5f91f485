"""What a monitor saw over time."""

from __future__ import annotations

from typing import Any

from madaline._watching import Monitor
from madaline.errors import InputError
from madaline.plots.drawing import draw


def plot_watch(monitor: Any, axes: Any = None) -> Any:
    """Draw the mean loss over time, with dashed lines since when something changed.

    Parameters
    ----------
    monitor : Monitor
        What ``model.watch()`` returned.
    axes : matplotlib axes, optional
        Where to draw; new ones by default.

    Returns
    -------
    axes
        With the drawing.
    """
    if not isinstance(monitor, Monitor):
        raise InputError(
            f"{type(monitor).__name__} is no monitor: give what model.watch() returns."
        )
    return draw(monitor.figure(), axes)
