"""What each pixel of an image, or each step of a sequence, adds to the prediction of a row."""

from __future__ import annotations

from typing import Any

import numpy as np

from madaline._data.media.images import as_bytes
from madaline._data.media.signals import Signal, Sound
from madaline._explain.attributions.explanation import Explanation
from madaline.errors import InputError
from madaline.plots.drawing import axes_or_new
from madaline.plots.rows import adds_to


def plot_map(
    explanation: Explanation, row: int = 0, axes: Any = None, *, column: str | None = None
) -> Any:
    """Draw an image or a sequence of a row and, beside it, what each part of it adds.

    Parameters
    ----------
    explanation : Explanation
        What ``model.explain(X)`` returned.
    row : int, default=0
        Which of its rows.
    axes : pair of matplotlib axes, optional
        Where to draw the image and the map; new ones by default.
    column : str, optional
        Which column of images, sequences or sounds; by default the first.

    Returns
    -------
    axes : pair
        With the drawings: blue parts add, orange ones take away.

    Raises
    ------
    InputError
        If the explanation has no such map.
    """
    if not explanation.maps:
        raise InputError(
            "This explanation is of no images, sequences or sounds: plot_explanation draws columns."
        )
    name = next(iter(explanation.maps)) if column is None else column
    if name not in explanation.maps:
        raise InputError(
            f"There is no map of {name!r}: there are {', '.join(map(repr, explanation.maps))}."
        )
    left, right = axes_or_new(axes, 2)
    values, shown = explanation.maps[name][row], explanation.values[name][row]
    if any(isinstance(value, Signal) for value in explanation.values[name]):
        _draw_lines(left, shown)
        _draw_map(right, values.T, origin="lower", aspect="auto")
        right.set(xlabel="step", ylabel="channel")
    else:
        _draw_picture(left, np.asarray(shown), values.shape)
        _draw_map(right, values)
        right.set(xticks=[], yticks=[])
    left.set(title=name)
    right.set(title=adds_to(explanation, row))
    return left, right


def _draw_picture(axes: Any, picture: np.ndarray, sides: tuple[int, ...]) -> None:
    axes.set(xticks=[], yticks=[])
    if picture.ndim == 3 and picture.shape[:-1] == sides:
        color = as_bytes(picture)
        axes.imshow(color if color.shape[-1] > 2 else color[..., 0], cmap="gray")


def _draw_lines(axes: Any, signal: Any) -> None:
    if isinstance(signal, Sound):
        axes.plot(np.arange(len(signal)) / signal.rate, signal.values, linewidth=0.8)
        axes.set(xlabel="seconds")
    elif isinstance(signal, Signal):
        axes.plot(signal.values)
        axes.set(xlabel="step")


def _draw_map(axes: Any, values: np.ndarray, **settings: Any) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    colors = LinearSegmentedColormap.from_list("attribution", ["C1", "white", "C0"])
    most = float(np.abs(values).max()) or 1.0
    drawn = axes.imshow(values, cmap=colors, vmin=-most, vmax=most, **settings)
    axes.figure.colorbar(drawn, ax=axes, shrink=0.7)
