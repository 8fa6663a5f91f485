"""What a `NeuralNetwork` predicts, all over the plane of its two inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.plots._drawing import axes_or_new

_STEPS = 200
"""Points of the grid in each direction."""


def plot_decision_boundary(
    network: Any, x: npt.ArrayLike, y: npt.ArrayLike, axes: Any = None
) -> Any:
    """Draw what a network of two inputs predicts everywhere, and the rows with their true labels.

    Parameters
    ----------
    network : NeuralNetwork
        A network of two inputs.
    x : array-like or data frame of shape (n_samples, 2)
        The rows; the names of a data frame's columns are written at the axes.
    y : array-like of shape (n_samples,)
        Their labels or numbers.
    axes : matplotlib axes, optional
        Where to draw; new ones by default.

    Returns
    -------
    axes
        With the drawing: of two classes the probability and, as a line, where it is one half; of
        several classes the most probable one; else the predicted number.

    Raises
    ------
    InputError
        If there are not two inputs.

    Examples
    --------
    >>> from madaline import NeuralNetwork, plots
    >>> network = NeuralNetwork(2, 5, 1, random_state=0)
    >>> axes = plots.plot_decision_boundary(network, [[0, 0], [1, 1]], [0, 1])  # doctest: +SKIP
    """
    inputs = len(network.weights[0])
    if inputs != 2:
        raise InputError(
            f"The network has {inputs} inputs, and a plane has two: train a network on the two"
            " columns that matter most."
        )
    rows, labels = np.asarray(x, np.float64), np.asarray(y).ravel()
    axes = axes_or_new(axes)
    across, up = (_ticks(rows[:, side]) for side in (0, 1))
    grid = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    raw, predicted = network.forward(grid), network.predict(grid)
    if raw.shape[1] == 1 and np.array_equal(raw[:, 0], predicted):
        _draw_numbers(axes, across, up, predicted, rows, labels)
    else:
        classes = _classes(network, raw)
        if raw.shape[1] == 1:
            _draw_probability(axes, across, up, raw[:, 0], str(classes[1]))
        else:
            _draw_classes(axes, across, up, raw.argmax(axis=1), len(classes))
        for number, label in enumerate(classes):
            of_class = rows[labels == label]
            axes.scatter(*of_class.T, color=f"C{number}", edgecolor="white", label=str(label))
        axes.legend(fontsize="small", loc="upper right")  # the best place takes long to find
    names = getattr(x, "columns", ("input 1", "input 2"))
    axes.set(xlabel=names[0], ylabel=names[1])
    return axes


def _ticks(values: Array) -> Array:
    """Return evenly spread numbers around values, with a margin of a tenth."""
    low, high = values.min(), values.max()
    margin = 0.1 * (high - low) or 1.0
    return np.linspace(low - margin, high + margin, _STEPS)


def _classes(network: Any, raw: Array) -> Array:
    if network.classes_ is not None:
        return np.asarray(network.classes_)
    return np.arange(max(2, raw.shape[1]))


def _draw_probability(axes: Any, across: Array, up: Array, values: Array, label: str) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    plane = values.reshape(len(up), len(across))
    colors = LinearSegmentedColormap.from_list("probability", ["C0", "white", "C1"])
    shades = axes.pcolormesh(across, up, plane, cmap=colors, vmin=0, vmax=1, alpha=0.6)
    axes.figure.colorbar(shades, ax=axes, label=f"predicted probability of {label}")
    if plane.min() < 0.5 < plane.max():
        axes.contour(across, up, plane, levels=[0.5], colors="black")


def _draw_classes(axes: Any, across: Array, up: Array, indices: Array, n_classes: int) -> None:
    from matplotlib.colors import ListedColormap

    plane = indices.reshape(len(up), len(across))
    colors = ListedColormap([f"C{number}" for number in range(n_classes)])
    axes.pcolormesh(across, up, plane, cmap=colors, vmin=-0.5, vmax=n_classes - 0.5, alpha=0.4)


def _draw_numbers(
    axes: Any, across: Array, up: Array, values: Array, rows: Array, truth: Array
) -> None:
    plane = values.reshape(len(up), len(across))
    low, high = min(values.min(), truth.min()), max(values.max(), truth.max())
    shades = axes.pcolormesh(across, up, plane, vmin=low, vmax=high)
    axes.scatter(*rows.T, c=truth, vmin=low, vmax=high, edgecolor="white")
    axes.figure.colorbar(shades, ax=axes, label="prediction")
