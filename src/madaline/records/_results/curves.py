"""Figures of curves: losses by epoch and by row, weights over time, and effects of columns."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from madaline._base.language import _
from madaline._base.words import format_count, recipe_name
from madaline._tables.formats.number_format import PLAIN, NumberFormat
from madaline.nn.arrays import Array
from madaline.records._results.figure import (
    COLORS,
    OTHER,
    REFERENCE,
    Axis,
    Band,
    Figure,
    Line,
    Unit,
)

_LOGARITHMIC_FROM = (
    4  # ratio of the largest to the smallest loss from which the axis is logarithmic
)
_MAX_CHANGES = 40  # changes that are drawn, at most: the latest


def _described(metric: str, networks: Sequence[str], more: str) -> str:
    return _(
        "The {metric} of {stretches} of time: {first} in the first, {last} in the last{more}."
    ).format(
        metric=metric,
        stretches=format_count(len(networks), "stretch", "stretches"),
        first=networks[0],
        last=networks[-1],
        more=more,
    )


def _promised(promise: Promise, unit: Unit) -> tuple[Band, Line]:
    """Return what is promised of the next stretch as a line, within two standard errors."""
    x = _times(np.array([promise.first, promise.last]), unit)
    level = np.full(2, promise.value)
    spread = 2 * promise.standard_error
    area = Band(x, level - spread, level + spread, 0.15, COLORS[2])
    return area, Line(x, level, COLORS[2], "promised next")


def _share_of(recipe: str, share: float) -> str:
    return _("{recipe} ({share:.0%})").format(recipe=recipe_name(recipe), share=share)


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
    ranked = sorted(
        (recipe for recipe in series if recipe in shares), key=lambda recipe: -shares[recipe]
    )
    colored = dict(zip(ranked, COLORS, strict=False))
    epochs, losses = np.hstack([np.zeros((2, 0)), *series.values()])
    gray = (points for recipe, points in series.items() if recipe not in colored)
    others = [Line(points[0], points[1], OTHER) for points in gray]
    named = [
        Line(series[recipe][0], series[recipe][1], style, _share_of(names[recipe], shares[recipe]))
        for recipe, style in colored.items()
    ]
    return Figure(
        "Learning curves",
        _("The out-of-fold loss of {n_series} recipes over {max:.0f} epochs{lowest}.").format(
            n_series=len(series), max=epochs.max(initial=0), lowest=_lowest(epochs, losses)
        ),
        "The loss of every recipe on rows that its networks were not trained on. In color are those"
        " that predict in the end, with their share:",
        Axis.around(epochs, "epoch"),
        _loss_axis(losses, [points[1, 0] for points in series.values()]),
        (*others, *named),
    )


def _lowest(epochs: Array, losses: Array) -> str:
    """Return what is told of the lowest loss, if there is any."""
    if not len(losses):
        return ""
    best = losses.argmin()
    return _("; the lowest is {losses:.4f}, at epoch {epochs:.0f}").format(
        losses=losses[best], epochs=epochs[best]
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
    logarithmic = best > 0 and top / best > _LOGARITHMIC_FROM
    return Axis.around([best, top], "loss on unseen rows", logarithmic=logarithmic)


_CHANGES = {
    "raise": ("learning rate changed", OTHER),
    "lower": ("learning rate changed", OTHER),
    "restore": ("learning rate changed", OTHER),
    "grow": ("units added", COLORS[2]),
    "learn": ("held-out rows learned", COLORS[3]),
    "simplify": ("simplified", COLORS[4]),
}
"""Names and styles of what the training of a single network changes, by the verb of a decision."""

_ANOTHER = ("another decision", OTHER)


def training_figure(
    epochs: Array,  # (n_epochs,)
    losses: Array,  # (n_epochs,): on the rows of training
    held_out: Array,  # (n_epochs,): on rows held out, NaN where there were none
    decisions: Iterable[tuple[str, int]],  # what was done, in a verb, and after which epoch
) -> Figure:
    """Return the losses of a single network, with dots where training changed something."""
    lines = [Line(epochs, losses, COLORS[0], "training loss")]
    known = np.flatnonzero(~np.isnan(held_out))
    stretches = np.split(known, np.flatnonzero(np.diff(known) > 1) + 1) if len(known) else []
    for place, at in enumerate(stretches):
        name = "" if place else "validation loss"
        lines.append(Line(epochs[at], held_out[at], COLORS[1], name))
    drawn = [(*_CHANGES.get(action, _ANOTHER), epochs == epoch) for action, epoch in decisions]
    # Lines of one point are drawn as a dot; only the first of a name has an entry in the legend.
    named: set[str] = set()
    for name, style, at in drawn:
        lines.append(Line(epochs[at], losses[at], style, "" if name in named else name))
        named.add(name)
    return Figure(
        "Training",
        _("The loss over {epochs}, from {first:.4g} to {last:.4g}; {decisions}.").format(
            epochs=format_count(len(epochs), "epoch"),
            first=losses[0],
            last=losses[-1],
            decisions=format_count(len(drawn), "decision"),
        ),
        _(
            "The loss at the start of each epoch, and where decisions fell:"
            if drawn
            else "The loss at the start of each epoch:"
        ).format(),
        Axis.around(epochs, "epoch"),
        _training_axis(np.concatenate([losses, held_out])),
        tuple(lines),
    )


def _training_axis(losses: Array) -> Axis:
    """Return an axis of the losses, logarithmic if they differ a lot.

    A step that is too long makes the loss shoot up for an epoch: such peaks are cut off.
    """
    finite = losses[np.isfinite(losses)]
    low, high = finite.min(initial=np.inf), finite.max(initial=-np.inf)
    if len(finite):
        high = min(high, max(1.2 * finite[0], np.percentile(finite, 95)))
    return Axis.around([low, high], "loss", logarithmic=bool(0 < low < high / _LOGARITHMIC_FROM))


def loss_figure(rows: Array, losses: Array, changes: Sequence[int], name: str) -> Figure:
    """Return the mean loss around some rows, with dashed lines where something changed."""
    latest = list(changes)[-_MAX_CHANGES:]
    x, y = Axis.around([*rows, *latest], "row"), Axis.around([0.0, *losses], name)
    span = (y.low, y.high)
    marks = [Line(np.array([row, row], float), np.array(span), REFERENCE) for row in latest]
    if len(losses):
        described = _(", from {first:.3g} to {last:.3g}").format(first=losses[0], last=losses[-1])
        marks.append(Line(rows, losses, COLORS[0], name))
    else:
        described = ""
    return Figure(
        "Loss over time",
        _("The {name} of {n_rows} parts of the rows{described}; {changes}.").format(
            name=name,
            n_rows=len(rows),
            described=described,
            changes=format_count(len(changes), "change"),
        ),
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
    latest = ", ".join(
        _("{name}: {share:.0%}").format(name=name, share=share[-1])
        for name, share in shares.items()
        if len(share)
    )
    return Figure(
        "Weights of the time scales",
        _("How much networks of each memory weigh; at the end {latest}.").format(latest=latest),
        "The weight of the networks that learn again from so many of the latest rows:",
        Axis.around(rows, "row"),
        Axis(0.0, 1.0, "weight", unit="share"),
        tuple(marks),
    )


class Promise(NamedTuple):
    """What is promised of the stretch of time that follows."""

    first: float  # its time
    last: float
    value: float
    standard_error: float


_COURSES = (COLORS[0], REFERENCE, COLORS[1])  # styles of networks, baseline, last known value


_STRETCHES = "The {metric} of rows that follow one another, predicted from earlier rows alone:"
_STRETCHES_WITHIN = "The {metric} of rows that follow one another, predicted from earlier rows alone (area: two standard errors):"


def stretches_figure(
    bounds: Array,  # (n_stretches, 2), time of the first and the last row of each
    courses: Mapping[str, Array],  # (n_stretches,), the metric by what predicts, networks first
    promise: Promise | None,
    *,
    time: str,
    metric: str,
    unit: Unit,
    written: NumberFormat = PLAIN,  # how the metric is, in its unit
) -> Figure:
    """Return a metric of stretches of time, and what is promised of the next one."""
    networks = next(iter(courses.values()))
    values = [0.0, *chain(*courses.values())]
    times = list(chain(*bounds))
    middle = _times(bounds.mean(axis=1), unit)
    lines = zip(courses.items(), _COURSES, strict=False)
    marks: list[Band | Line] = [
        Line(middle, course, style, name, dots=style != REFERENCE)
        for (name, course), style in lines
    ]
    described = ""
    if promise is not None:
        area, level = _promised(promise, unit)
        marks = [area, *marks, level]
        values += [promise.value, promise.value + 2 * promise.standard_error]
        times += [promise.first, promise.last]
        described = _("; {value} is promised next").format(value=written.show(promise.value))
    return Figure(
        "Over time",
        _described(metric, [*map(written.show, networks)], described),
        _(_STRETCHES_WITHIN if promise else _STRETCHES).format(metric=metric),
        Axis.around(times, time, unit=unit),
        Axis.around(values, metric, written=written),
        tuple(marks),
    )


def _times(times: Array, unit: Unit) -> Array:
    return times.astype("datetime64[s]") if unit == "moment" else times
