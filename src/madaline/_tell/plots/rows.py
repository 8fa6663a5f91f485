"""How predictions change along a column, and what the parts of a row contribute."""

from __future__ import annotations

from typing import Any

import numpy as np

from madaline._base.language import _
from madaline._tables.media.images import as_bytes
from madaline._tables.media.signals import Signal, Sound
from madaline._tell.explain.attributions.explanation import SCALE_WORDS, Explanation
from madaline._tell.explain.effect import Effect
from madaline._tell.plots.drawing import axes_or_new, draw, formatter_of
from madaline.errors import InputError

_MAX_CURVES = 100  # curves of single rows that are drawn, at most


def plot_effect(effect: Effect, ax: Any = None) -> Any:
    """Draw an effect: a curve, with those of single rows if it has some, or a bar for each level.

    Parameters
    ----------
    effect : Effect
        What ``model.effects(X, column)`` returned.
    ax : matplotlib axes, optional
        Where to draw; new ones by default.
    """
    if effect.of_levels:
        ax = axes_or_new(ax)
        ax.barh([*map(effect.text_of, effect.values[::-1])], effect.prediction[::-1])
        ax.xaxis.set_major_formatter(formatter_of(effect.axis(effect.prediction)))
        ax.set(
            title=_("Effect of {column}").format(column=effect.column),
            xlabel=effect.name,
            ylabel=effect.column,
        )
        return ax
    curves = () if effect.individual is None else effect.individual[:_MAX_CURVES]
    return draw(effect.figure(curves=curves), ax)


def plot_explanation(
    explanation: Explanation, row: int = 0, ax: Any = None, *, most: int = 12
) -> Any:
    """Draw a bar for each column of a row, the strongest on top.

    Parameters
    ----------
    explanation : Explanation
        What ``model.explain(X)`` returned.
    row : int, default=0
        Which of its rows.
    ax : matplotlib axes, optional
        Where to draw; new ones by default.
    most : int, default=12
        Columns, at most.
    """
    ax = axes_or_new(ax)
    amounts = dict(zip(explanation.columns, explanation.attributions[row], strict=True))
    shown = explanation.strongest(row)[:most][::-1]
    names = [f"{name} = {explanation.value_of(name, row)}" for name in shown]
    values = np.array([amounts[name] for name in shown])
    ax.barh(names, values, color=np.where(values < 0, "C1", "C0"))
    ax.axvline(0, color="0.3", linewidth=0.8)
    start, stop = explanation.base[row], explanation.output[row]
    ax.set(
        title=_("What each column adds, row {row}").format(row=row),
        xlabel=f"{_adds_to(explanation, row)}: {start:.3g} to {stop:.3g}",
    )
    return ax


def _adds_to(explanation: Explanation, row: int) -> str:
    """Return what attributions of a row add to, in words."""
    label = explanation.target_class
    if label is None:
        return _("adds to {target}").format(target=explanation.target)
    return _("adds to the {SCALE_WORDS} of {label}").format(
        SCALE_WORDS=SCALE_WORDS[explanation.scale], label=label[row]
    )


def plot_map(
    explanation: Explanation, row: int = 0, ax: Any = None, *, column: str | None = None
) -> Any:
    """Draw an image or a sequence of a row and, beside it, what each part of it adds.

    Parameters
    ----------
    explanation : Explanation
        What ``model.explain(X)`` returned.
    row : int, default=0
        Which of its rows.
    ax : pair of matplotlib axes, optional
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
            "There is no map of {name!r}: there are {maps}.",
            name=name,
            maps=_(", ").join(map(repr, explanation.maps)),
        )
    left, right = axes_or_new(ax, 2)
    values = explanation.maps[name][row]
    shown = explanation.values[name][row]
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


def _draw_picture(ax: Any, picture: np.ndarray, sides: tuple[int, ...]) -> None:
    ax.set(xticks=[], yticks=[])
    if picture.ndim == 3 and picture.shape[:-1] == sides:
        color = as_bytes(picture)
        ax.imshow(color if color.shape[-1] > 2 else color[..., 0], cmap="gray")


def _draw_lines(ax: Any, signal: Any) -> None:
    if isinstance(signal, Sound):
        ax.plot(np.arange(len(signal)) / signal.rate, signal.values, linewidth=0.8)
        ax.set(xlabel="seconds")
    elif isinstance(signal, Signal):
        ax.plot(signal.values)
        ax.set(xlabel="step")


def _draw_map(ax: Any, values: np.ndarray, **settings: Any) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    colors = LinearSegmentedColormap.from_list("attribution", ["C1", "white", "C0"])
    most = float(np.abs(values).max()) or 1.0
    drawn = ax.imshow(values, cmap=colors, vmin=-most, vmax=most, **settings)
    ax.figure.colorbar(drawn, ax=ax, shrink=0.7)
