"""A single network: what it predicts everywhere, what its hidden units compute, its weights."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any, NamedTuple, final

import numpy as np
import numpy.typing as npt

from madaline._base.language import _
from madaline._base.words import format_list
from madaline._tell.plots.drawing import add_legend, axes_or_new, load_pyplot
from madaline.errors import InputError
from madaline.nn.arrays import Array

_STEPS = 200  # points of the grid in each direction
_SMALL_STEPS = 60  # of that of a small map
_FEW_ROWS = 30  # of fewer, the dots are larger


def plot_decision_boundary(
    network: Any,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    ax: Any = None,
    *,
    columns: Sequence[int | str] | None = None,
) -> Any:
    """Draw what a network predicts everywhere on a plane, and the rows with their true labels.

    Parameters
    ----------
    network : NeuralNetwork
        The network.
    x : array-like or data frame of shape (n_samples, input_size)
        The rows; the names of a data frame's columns are written at the axes.
    y : array-like of shape (n_samples,)
        Their labels or numbers.
    ax : matplotlib axes, optional
        Where to draw; new ones by default.
    columns : pair of int or str, optional
        Which two inputs are the plane, by number (from 0) or by the name of a data frame's column.
        The other inputs are held at their medians. Two inputs need no choice.

    Returns
    -------
    axes
        With the drawing: of two classes the probability and, as a line, where it is one half; of
        several classes the most probable one; else the predicted number.

    Raises
    ------
    InputError
        If there are more than two inputs and no columns are named, or not two of them.

    Examples
    --------
    >>> from madaline import NeuralNetwork, plots
    >>> network = NeuralNetwork(2, 5, 1, random_state=0)
    >>> axes = plots.plot_decision_boundary(network, [[0, 0], [1, 1]], [0, 1])  # doctest: +SKIP
    """
    plane = _Plane.of(network, x, columns, _STEPS)
    labels = np.asarray(y).ravel()
    ax = axes_or_new(ax)
    raw = network.forward(plane.grid)
    predicted = network.predict(plane.grid)
    if raw.shape[1] == 1 and np.array_equal(raw[:, 0], predicted):
        _draw_numbers(ax, plane, predicted, labels)
    else:
        classes = _classes(network, raw)
        if raw.shape[1] == 1:
            _draw_probability(ax, plane, raw[:, 0], str(classes[1]))
        else:
            _draw_classes(ax, plane, raw.argmax(axis=1), len(classes))
        _draw_rows(ax, plane, labels, classes)
        add_legend(ax)
    title = "What the network predicts"
    if plane.held:
        title += _("\nat the median of {held}").format(held=format_list(plane.held, 3))
    ax.set(title=title, xlabel=plane.names[0], ylabel=plane.names[1])
    return ax


def _check_layer(layer: int, n_layers: int) -> None:
    if not n_layers:
        raise InputError("The network has no hidden layer: there are no units to draw.")
    if not 1 <= layer <= n_layers:
        raise InputError(
            "layer is {layer}, but the network has {n_layers} hidden layers: give one of {numbers}.",
            layer=layer,
            n_layers=n_layers,
            numbers=format_list(range(1, n_layers + 1)),
        )


def plot_hidden_units(
    network: Any,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    layer: int = 1,
    columns: Sequence[int | str] | None = None,
    most: int = 12,
) -> Any:
    """Draw what each hidden unit computes over a plane, as small maps.

    The next layer adds them up, each times a weight. In the first layer, a unit changes along
    straight lines across the plane; deeper ones bend them.

    Parameters
    ----------
    network : NeuralNetwork
        The network.
    x : array-like or data frame of shape (n_samples, input_size)
        The rows, drawn as dots.
    y : array-like of shape (n_samples,)
        Their labels or numbers, the colors of the dots.
    layer : int, default=1
        Which hidden layer, counted from 1.
    columns : pair of int or str, optional
        Which two inputs are the plane; as in `plot_decision_boundary`.
    most : int, default=12
        Units that are drawn, at most: the first.

    Returns
    -------
    ndarray of axes
        One for each unit. Where there is one output and no other hidden layer follows, the titles
        have its weight of each unit.

    Raises
    ------
    InputError
        If there is no such layer, or the plane is not clear.
    """
    plane = _Plane.of(network, x, columns, _SMALL_STEPS)
    layers = network.hidden_outputs(plane.grid)
    _check_layer(layer, len(layers))
    outputs = layers[layer - 1][:, :most]
    to_output = network.weights[layer][: outputs.shape[1]]
    weights = to_output[:, 0] if to_output.shape[1] == 1 and layer == len(layers) else None
    panels, figure = _panels(outputs.shape[1])
    low, high, shades = outputs.min(), outputs.max(), None
    size = 30 if len(plane.rows) < _FEW_ROWS else 6
    for number, (ax, values) in enumerate(zip(panels, outputs.T, strict=True)):
        shades = ax.pcolormesh(
            *plane.mesh(values), cmap="viridis", vmin=low, vmax=high, rasterized=True
        )
        ax.scatter(*plane.rows.T, c=_colors(y), s=size, edgecolor="white", linewidth=0.4)
        title = _("unit {number}").format(number=number + 1)
        if weights is not None:
            title = _("{title}, weight {weight:.3g}").format(title=title, weight=weights[number])
        ax.set(xticks=[], yticks=[])
        ax.set_title(title, fontsize="small")
    total = layers[layer - 1].shape[1]
    part = _(", {n_panels} of {total}").format(n_panels=len(panels), total=total)
    shown = "" if total == len(panels) else part
    figure.suptitle(
        _("What the units of hidden layer {layer} compute{shown}").format(layer=layer, shown=shown)
    )
    for label, name in zip((figure.supxlabel, figure.supylabel), plane.names, strict=True):
        label(name, fontsize="small")
    figure.colorbar(shades, ax=list(panels), label="output of the unit", shrink=0.8)
    return panels


def plot_network(network: Any, ax: Any = None) -> Any:
    """Draw the layers: units as circles, weights as lines, wide if large; as notebooks show it.

    Parameters
    ----------
    network : NeuralNetwork
        The network; of layers with more than 12 units, the first 11 are drawn.
    ax : matplotlib axes, optional
        Where to draw; new ones by default.
    """
    diagram = network._summary().diagram()
    ax = axes_or_new(ax)
    for line in diagram.connections:
        ends = [line.source, line.target]
        ax.plot(
            [unit.layer for unit in ends],
            [-unit.place for unit in ends],
            color="C1" if line.weight < 0 else "C0",
            linewidth=0.4 + 4 * line.size,
            alpha=0.25 + 0.75 * line.size,
            zorder=1 + line.size,
        )
    last = len(diagram.captions) - 1
    across, down = np.array([(unit.layer, -unit.place) for unit in diagram.units]).T
    ax.scatter(across, down, s=110, color="white", edgecolor="0.3", zorder=3)
    for unit in diagram.units:
        if unit.layer in (0, last):
            side, shift = ("right", -0.08) if unit.layer == 0 else ("left", 0.08)
            ax.text(unit.layer + shift, -unit.place, unit.name, ha=side, va="center")
    for layer, place, words in diagram.hidden:
        ax.text(layer, -place, words, ha="center", va="center", fontsize="small")
    for layer, caption in enumerate(diagram.captions):
        ax.text(layer, diagram.rows / 2 + 0.1, caption, ha="center", fontsize="small")
    title = _("Weights, blue: positive, orange: negative, the widest {largest:.3g}")
    ax.set(title=title.format(largest=diagram.largest))
    ax.set(xlim=(-0.4, last + 0.4), ylim=(-diagram.rows / 2 - 0.1, diagram.rows / 2 + 0.7))
    ax.axis("off")
    return ax


@final
class _Plane(NamedTuple):
    """Two inputs of a network, the others held at their medians."""

    across: Array  # (steps,)
    up: Array  # (steps,)
    grid: Array  # (steps * steps, input_size)
    rows: Array  # (n_samples, 2): the values of the rows
    names: tuple[str, str]
    held: tuple[str, ...]  # names of the inputs that are held

    @classmethod
    def of(
        cls, network: Any, x: npt.ArrayLike, columns: Sequence[int | str] | None, steps: int
    ) -> _Plane:
        rows = network._rows(x)  # in the order of the inputs
        names = network._columns or list(map(str, getattr(x, "columns", ())))
        names = names or [
            _("input {number}").format(number=number + 1) for number in range(rows.shape[1])
        ]
        first, second = _two_of(names, columns)
        across, up = (_ticks(rows[:, side], steps) for side in (first, second))
        grid = np.tile(np.median(rows, axis=0), (steps * steps, 1))
        grid[:, [first, second]] = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
        held_inputs = tuple(name for side, name in enumerate(names) if side not in (first, second))
        return cls(
            across, up, grid, rows[:, [first, second]], (names[first], names[second]), held_inputs
        )

    def mesh(self, values: Array) -> tuple[Array, Array, Array]:
        """Return what `pcolormesh` and `contour` take."""
        return self.across, self.up, values.reshape(len(self.up), len(self.across))


def _two_of(names: Sequence[str], columns: Sequence[int | str] | None) -> tuple[int, int]:
    """Return the numbers of the two inputs that are the plane."""
    if len(names) < 2:
        raise InputError("The network has one input, and a plane has two: there is none to draw.")
    if columns is None:
        if len(names) == 2:
            return 0, 1
        raise InputError(
            "The network has {n_names} inputs, and a plane has two: name two, such as columns={value}; the others are held at their medians.",
            n_names=len(names),
            value=(0, 1) if names[0] == "input 1" else (names[0], names[1]),
        )
    if isinstance(columns, str) or len(columns) != 2 or columns[0] == columns[1]:
        raise InputError(
            "columns is {columns!r}: give two inputs, such as columns=(0, 1).", columns=columns
        )
    return _number_of(columns[0], names), _number_of(columns[1], names)


def _number_of(column: int | str, names: Sequence[str]) -> int:
    if isinstance(column, str) and column in names:
        return names.index(column)
    if not isinstance(column, str) and 0 <= column < len(names):
        return int(column)
    raise InputError(
        "columns has {column!r}, but the inputs are {names}: give a number from 0 to {n_names}, or a name.",
        column=column,
        names=format_list(names),
        n_names=len(names) - 1,
    )


def _ticks(values: Array, steps: int) -> Array:
    """Return evenly spread numbers around values, with a margin of a tenth."""
    low, high = values.min(), values.max()
    margin = 0.1 * (high - low) or 1.0
    return np.linspace(low - margin, high + margin, steps)


def _panels(count: int) -> tuple[Array, Any]:
    """Return small axes in rows of up to four, and their figure."""
    wide = min(4, count)
    high = ceil(count / wide)
    size = (2.1 * wide + 1.2, 2.1 * high + 0.6)
    figure, panels = load_pyplot().subplots(
        high, wide, figsize=size, squeeze=False, layout="constrained"
    )
    for ax in panels.flat[count:]:
        ax.remove()
    return panels.ravel()[:count], figure


def _colors(y: npt.ArrayLike) -> list[str] | Array:
    """Return the color of each row: of few labels one each, else the numbers themselves."""
    labels, places = np.unique(np.asarray(y).ravel(), return_inverse=True)
    if len(labels) <= 10:
        return [f"C{place}" for place in places]
    return np.asarray(y).ravel()


def _classes(network: Any, raw: Array) -> Array:
    if network.classes_ is not None:
        return np.asarray(network.classes_)
    return np.arange(max(2, raw.shape[1]))


def _draw_rows(ax: Any, plane: _Plane, labels: Array, classes: Array) -> None:
    few = len(plane.rows) < _FEW_ROWS
    for number, label in enumerate(classes):
        of_class = plane.rows[labels == label]
        settings = {"color": f"C{number}", "edgecolor": "white", "s": 90 if few else None}
        ax.scatter(*of_class.T, label=str(label), zorder=3, **settings)


def _draw_probability(ax: Any, plane: _Plane, values: Array, label: str) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    colors = LinearSegmentedColormap.from_list("probability", ["C0", "white", "C1"])
    shades = ax.pcolormesh(
        *plane.mesh(values), cmap=colors, vmin=0, vmax=1, alpha=0.6, rasterized=True
    )
    ax.figure.colorbar(
        shades, ax=ax, label=_("predicted probability of {label}").format(label=label)
    )
    if values.min() < 0.5 < values.max():
        ax.contour(*plane.mesh(values), levels=[0.5], colors="black")


def _draw_classes(ax: Any, plane: _Plane, indices: Array, n_classes: int) -> None:
    from matplotlib.colors import ListedColormap

    colors = ListedColormap([f"C{number}" for number in range(n_classes)])
    ax.pcolormesh(
        *plane.mesh(indices),
        cmap=colors,
        vmin=-0.5,
        vmax=n_classes - 0.5,
        alpha=0.4,
        rasterized=True,
    )


def _draw_numbers(ax: Any, plane: _Plane, values: Array, truth: Array) -> None:
    low, high = min(values.min(), truth.min()), max(values.max(), truth.max())
    shades = ax.pcolormesh(*plane.mesh(values), vmin=low, vmax=high, rasterized=True)
    ax.scatter(*plane.rows.T, c=truth, vmin=low, vmax=high, edgecolor="white")
    ax.figure.colorbar(shades, ax=ax, label="prediction")
