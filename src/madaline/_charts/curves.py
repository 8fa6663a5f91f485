"""Figures of curves: losses by epoch and by row, weights over time, and effects of columns."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from madaline._charts.figure import COLORS, OTHER, REFERENCE, Axis, Band, Figure, Line
from madaline._words import format_count
from madaline.nn.arrays import Array

LOGARITHMIC_FROM = 4
"""Ratio of the largest to the smallest loss from which the axis is logarithmic."""


_MAX_CHANGES = 40
"""Changes that are drawn, at most: the latest."""


def learning_figure(
    history: Mapping[str, Sequence[Any]], members: Iterable[tuple[str, float]]
) -> Figure:
    """Return the losses of all recipes; those that predict in the end have a color and a name.

    The members are the `recipe_id` of each recipe that predicts, or snapshot of one, and its share.
    """
    series = _series(history)
    shares: dict[str, float] = {}
    for recipe, share in members:
        shares[recipe] = shares.get(recipe, 0.0) + share
    names = dict(zip(history["recipe_id"], history["recipe"], strict=True))
    ranked = sorted((recipe for recipe in series if recipe in shares), key=lambda one: -shares[one])
    colored = dict(zip(ranked, COLORS, strict=False))
    epochs, losses = np.hstack([np.zeros((2, 0)), *series.values()])
    best = losses.argmin() if len(losses) else None
    lowest = (
        "" if best is None else f"; the lowest is {losses[best]:.4f}, at epoch {epochs[best]:.0f}"
    )
    return Figure(
        "Learning curves",
        f"The out-of-fold loss of {len(series)} recipes over {epochs.max(initial=0):.0f} epochs"
        f"{lowest}.",
        "The loss of every recipe on rows that its networks were not trained on. In color are those"
        " that predict in the end, with their share:",
        Axis.around(epochs, "epoch"),
        _loss_axis(losses, [own[1, 0] for own in series.values()]),
        (
            *(Line(own[0], own[1], OTHER) for one, own in series.items() if one not in colored),
            *(
                Line(series[one][0], series[one][1], style, f"{names[one]} ({shares[one]:.0%})")
                for one, style in colored.items()
            ),
        ),
    )


def _series(history: Mapping[str, Sequence[Any]]) -> dict[str, Array]:
    """Return epochs and finite losses of each recipe by its id, shape (2, n_epochs)."""
    series: dict[str, list[tuple[float, float]]] = {}
    columns = (history["epoch"], history["recipe_id"], history["loss"])
    for epoch, recipe, loss in zip(*columns, strict=True):
        if math.isfinite(loss):
            series.setdefault(recipe, []).append((epoch, loss))
    return {recipe: np.array(points).T for recipe, points in series.items()}


def _loss_axis(losses: Array, first: Sequence[float]) -> Axis:
    """Return an axis from the best loss up.

    Networks that overfit may end far above where they began: what is beyond is cut off.
    """
    best = float(losses.min(initial=math.inf)) if len(losses) else 1.0
    top = min(losses.max(initial=best), best + 3 * (max(first, default=best) - best))
    logarithmic = best > 0 and top / best > LOGARITHMIC_FROM
    return Axis.around([best, top], "loss on unseen rows", logarithmic=logarithmic)


def loss_figure(rows: Array, losses: Array, changes: Sequence[int], name: str) -> Figure:
    """Return the mean loss around some rows, with dashed lines where something changed.

    >>> figure = loss_figure(np.array([5.0, 15.0]), np.array([0.1, 0.4]), [11], "log loss")
    >>> figure.description
    'The log loss of 2 parts of the rows, from 0.1 to 0.4; 1 change.'
    """
    latest = list(changes)[-_MAX_CHANGES:]
    x, y = Axis.around([*rows, *latest], "row"), Axis.around([0.0, *losses], name)
    span = (y.low, y.high)
    marks = [Line(np.array([row, row], float), np.array(span), REFERENCE) for row in latest]
    if len(losses):
        described = f", from {losses[0]:.3g} to {losses[-1]:.3g}"
        marks.append(Line(rows, losses, COLORS[0], name))
    else:
        described = ""
    return Figure(
        "Loss over time",
        f"The {name} of {len(rows)} parts of the rows{described};"
        f" {format_count(len(changes), 'change')}.",
        "The mean loss of the rows whose label is known. Dashed: since when something changed:",
        x,
        y,
        tuple(marks),
    )


def shares_figure(rows: Array, shares: Mapping[str, Array]) -> Figure:
    """Return shares around some rows, adding up to one, as areas on top of one another."""
    marks: list[Band | Line] = []
    below = np.zeros(len(rows))
    for number, (name, share) in enumerate(shares.items()):
        style = COLORS[number] if number < len(COLORS) else OTHER
        above = below + share
        marks.append(Band(rows, below, above, 0.45, style if number < len(COLORS) else COLORS[-1]))
        marks.append(Line(rows, above, style, name))
        below = above
    latest = ", ".join(f"{name}: {share[-1]:.0%}" for name, share in shares.items() if len(share))
    return Figure(
        "Weights of the time scales",
        f"How much networks of each memory weigh; at the end {latest}.",
        "The weight of the networks that learn again from so many of the latest rows:",
        Axis.around(rows, "row"),
        Axis(0.0, 1.0, "weight", unit="share"),
        tuple(marks),
    )
