"""How the loss of every recipe went, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from madaline.race.recipe import recipe_name
from madaline.report.charts.axis import Axis
from madaline.report.charts.chart import Chart

MOST_COLORS = 5
"""Recipes that have a color of their own, at most."""

LOGARITHMIC_FROM = 4
"""Ratio of the largest to the smallest loss from which equal ratios are drawn equally far."""


def learning_curves(
    history: Mapping[str, Sequence[Any]], weights: Mapping[str, float]
) -> tuple[str, list[dict[str, Any]]]:
    """Return a chart of the losses, and the legend of the recipes that predict.

    Parameters
    ----------
    history : mapping of str to sequence
        Columns `epoch`, `recipe` and `loss`.
    weights : mapping of str to float
        Share of each recipe of the prediction.

    Returns
    -------
    svg : str
        The chart; those that do not predict are gray.
    legend : list of dict
        Of each color its ``style``, ``name`` and ``share``.
    """
    series: dict[str, list[tuple[float, float]]] = {}
    for epoch, recipe, loss in zip(
        history["epoch"], history["recipe"], history["loss"], strict=True
    ):
        if math.isfinite(loss):
            series.setdefault(recipe, []).append((epoch, loss))
    shares: dict[str, float] = {}
    for name, share in weights.items():
        recipe = recipe_name(name)
        shares[recipe] = shares.get(recipe, 0.0) + share
    ranked = sorted((name for name in series if name in shares), key=lambda name: -shares[name])
    legend: list[dict[str, Any]] = [
        {"style": f"s{place}", "name": name, "share": shares[name]}
        for place, name in enumerate(ranked[:MOST_COLORS])
    ]
    chart = _chart(series)
    styles = {one["name"]: one["style"] for one in legend}
    for name, points in series.items():
        if name not in styles:
            _draw(chart, points, "other")
    for name, style in styles.items():
        _draw(chart, series[name], style)
    return chart.svg(), legend


def _chart(series: Mapping[str, Sequence[tuple[float, float]]]) -> Chart:
    points = [point for own in series.values() for point in own]
    losses = [loss for _, loss in points]
    best = min(losses, default=1.0)
    first = [own[0][1] for own in series.values()]
    # Networks that learn by heart may end far above where they began: what is beyond is cut off.
    top = min(max(losses, default=1.0), best + 3 * (max(first, default=1.0) - best))
    logarithmic = best > 0 and top / best > LOGARITHMIC_FROM
    last = max((epoch for epoch, _ in points), default=0)
    epoch = next((epoch for epoch, loss in points if loss == best), 0)
    return Chart(
        "Learning curves",
        f"The out-of-fold loss of {len(series)} recipes over {last} epochs; the lowest is"
        f" {best:.4f}, at epoch {epoch}.",
        Axis.around([epoch for epoch, _ in points], "epoch"),
        Axis.around([best, top], "loss on unseen rows", logarithmic=logarithmic),
    )


def _draw(chart: Chart, points: Sequence[tuple[float, float]], style: str) -> None:
    if len(points) == 1:
        chart.points(points, style)
    else:
        chart.line(points, style)
