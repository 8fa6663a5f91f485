"""Learning curves: the loss of every recipe on unseen rows, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from madaline._charts.axis import Axis
from madaline._charts.figure import COLORS, OTHER, Figure, Line
from madaline.nn.arrays import Array

LOGARITHMIC_FROM = 4
"""Ratio of the largest to the smallest loss from which the axis is logarithmic."""


def learning_figure(
    history: Mapping[str, Sequence[Any]], members: Iterable[tuple[str, float]]
) -> Figure:
    """Return the losses of all recipes; those that predict in the end have a color and a name.

    Parameters
    ----------
    history : mapping of str to sequence
        Columns `epoch`, `recipe_id`, `recipe` (its name) and `loss`.
    members : iterable of (str, float)
        The `recipe_id` of each recipe, or snapshot of one, that predicts, and its share.
    """
    series = _series(history)
    shares: dict[str, float] = {}
    for recipe, share in members:
        shares[recipe] = shares.get(recipe, 0.0) + share
    names = dict(zip(history["recipe_id"], history["recipe"], strict=True))
    ranked = sorted((one for one in series if one in shares), key=lambda one: -shares[one])
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
