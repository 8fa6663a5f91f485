"""How predictions change along a column, what the parts of a row contribute, and borders."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from madaline._data.media.images import as_bytes
from madaline._data.media.signals import Signal, Sound
from madaline._explain.attributions.explanation import SCALE_WORDS, Explanation
from madaline._explain.columns import value_text
from madaline._explain.effects import Effect
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.plots._drawing import axes_or_new, draw

_MAX_CURVES = 100  # curves of single rows that are drawn, at most


def plot_effect(effect: Effect, axes: Any = None) -> Any:
    """Draw an effect: a curve, with those of single rows if it has some, or a bar for each level.

    Parameters
    ----------
    effect : Effect
        What ``model.effects(X, column)`` returned.
    axes : matplotlib axes, optional
        Where to draw; new ones by default.
    """
    if effect.of_levels:
        axes = axes_or_new(axes)
        axes.barh([value_text(value) for value in effect.values[::-1]], effect.prediction[::-1])
        axes.set(xlabel=effect.name, ylabel=effect.column)
        return axes
    curves = () if effect.individual is None else effect.individual[:_MAX_CURVES]
    return draw(effect.figure(curves=curves), axes)


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
    """
    axes = axes_or_new(axes)
    amounts = dict(zip(explanation.columns, explanation.attributions[row], strict=True))
    shown = explanation.strongest(row)[:most][::-1]
    names = [f"{name} = {value_text(explanation.values[name][row])}" for name in shown]
    values = np.array([amounts[name] for name in shown])
    axes.barh(names, values, color=np.where(values < 0, "C1", "C0"))
    axes.axvline(0, color="0.3", linewidth=0.8)
    start, stop = explanation.base[row], explanation.output[row]
    axes.set(xlabel=f"{_adds_to(explanation, row)}: {start:.3g} to {stop:.3g}")
    return axes


def _adds_to(explanation: Explanation, row: int) -> str:
    """Return what attributions of a row add to, in words."""
    label = explanation.target_class
    if label is None:
        return f"adds to {explanation.target}"
    return f"adds to the {SCALE_WORDS[explanation.scale]} of {label[row]}"


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
    right.set(title=_adds_to(explanation, row))
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


_STEPS = 200  # points of the grid in each direction


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
