"""Pictures and tables that only reports have: scores, levels, maps, and where predictions are good.

Images are PNG files within the page, a kilobyte or two each, which need no package to be written.
"""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any

import numpy as np

from madaline._base.language import _
from madaline._base.words import (
    clip_text,
    format_count,
    format_measured,
    format_share,
    metric_name,
)
from madaline._race.evaluation.quality import Quality
from madaline._race.evaluation.quality.classification import ClassificationQuality
from madaline._race.evaluation.quality.coverage import Coverage
from madaline._race.evaluation.quality.regression import RegressionQuality
from madaline._race.evaluation.score import Score
from madaline._tell.explain.effect import Effect
from madaline._tell.explain.scale import PROBABILITY
from madaline.nn.arrays import Array
from madaline.records._results.figure import Figure, Line
from madaline.records._results.svg import ticks_apart

_GAUGE_WIDTH, _GAUGE_HEIGHT, _MARGIN = 480, 34, 10  # units of a scale, and room beside it

_WIDTH, _LINE, _BOTTOM = 360, 24, 22
"""Units of a picture of levels: its width, the height of a level, the room for the axis."""

_LEFT, _RIGHT = 146, 54  # room for the names of levels, and for the value at the right end

_MAX_LEVEL_LENGTH = 24

MORE, LESS = (10, 88, 176), (181, 74, 0)
"""The colors of what adds and of what takes away, as of bars; nothing is white."""

MAX_ASPECT = 8  # how many times as wide as high a strip may be, about
_COLOR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # what PNG calls pixels of so many numbers


def gauge_svg(score: Score) -> str:
    """Return a scale from the baseline to a perfect score, with the score and two errors."""
    value, error = score.value, score.standard_error
    low, middle, high = (
        _MARGIN + (_GAUGE_WIDTH - 2 * _MARGIN) * _gauge_position(score, at)
        for at in (value - 2 * error, value, value + 2 * error)
    )
    low, high = sorted((low, high))
    name = metric_name(score.metric)
    shown, baseline = score.written.texts(format_measured, (value, score.baseline), error)
    title = _("{metric} between the baseline and a perfect score").format(metric=name)
    described = _("{metric} {value}, baseline {baseline}, perfect {perfect}").format(
        metric=name, value=shown, baseline=baseline, perfect=perfect_score(score)
    )
    y = _GAUGE_HEIGHT / 2
    right = _GAUGE_WIDTH - _MARGIN
    return (
        f'<svg class="gauge" role="img" viewBox="0 0 {_GAUGE_WIDTH} {_GAUGE_HEIGHT}">'
        f"<title>{escape(title)}</title><desc>{escape(described)}</desc>"
        f'<path class="track" d="M{_MARGIN} {y}H{right}"/>'
        f'<path class="reached" d="M{_MARGIN} {y}H{middle:.1f}"/>'
        f'<path class="end" d="M{_MARGIN} 4V{_GAUGE_HEIGHT - 4}M{right} 4V{_GAUGE_HEIGHT - 4}"/>'
        f'<path class="whisker" d="M{low:.1f} {y}H{high:.1f}"/>'
        f'<circle class="dot s0" cx="{middle:.1f}" cy="{y}" r="9"/></svg>'
    )


def perfect_score(score: Score) -> int:
    """Return the perfect score: all metrics with one end at 1, all losses at 0."""
    return 1 if score.higher_is_better else 0


def _gauge_position(score: Score, value: float) -> float:
    """Return where a value lies, from 0 at the baseline to 1 where it is perfect, never beyond."""
    span = perfect_score(score) - score.baseline
    share = (value - score.baseline) / span if span else 1.0
    return float(min(1.0, max(0.0, share)))


def levels_svg(effect: Effect, predictions: Iterable[float], most: int) -> str:
    """Return a dot for each of the most frequent levels of a column.

    The axis holds the predictions, so that effects can be compared.
    """
    axis = effect.axis(predictions)
    levels = _frequent_levels(effect, most)
    height = _LINE * len(levels) + _BOTTOM
    words = _(", ").join(f"{name} {_level_value(effect, value)}" for name, value in levels)
    described = _("{name}: {text}").format(name=effect.name, text=words)
    marks = [
        f'<svg class="chart" role="img" viewBox="0 0 {_WIDTH} {height}">',
        f"<title>{escape(effect.column)}</title>",
        f"<desc>{escape(described)}</desc>",
    ]

    def across(value: float) -> float:
        return _LEFT + 8 + axis.position(value) * (_WIDTH - _LEFT - _RIGHT - 8)

    for tick in ticks_apart(axis, _WIDTH - _LEFT - _RIGHT - 8, 4):
        x = across(tick)
        marks.append(f'<path class="grid" d="M{x:.1f} 0V{height - _BOTTOM}"/>')
        marks.append(_text("tick middle", x, height - 7, axis.write(tick)))
    for number, (name, value) in enumerate(levels):
        y, x = _LINE * (number + 0.5), across(value)
        marks.append(_text("level", 0, y + 4, clip_text(name, _MAX_LEVEL_LENGTH)))
        marks.append(f'<path class="grid" d="M{_LEFT} {y}H{_WIDTH - _RIGHT}"/>')
        marks.append(f'<circle class="dot s0" cx="{x:.1f}" cy="{y}" r="5"/>')
        marks.append(_text("value end", _WIDTH, y + 4, _level_value(effect, value)))
    return "".join([*marks, "</svg>"])


def _frequent_levels(effect: Effect, most: int) -> list[tuple[str, float]]:
    """Return the most frequent levels with their prediction, the highest first."""
    columns = (effect.values.tolist(), effect.counts.tolist(), effect.prediction.tolist())
    levels = sorted(zip(*columns, strict=True), key=lambda level: -level[1])[:most]
    named = [
        (str(value).lower() if isinstance(value, bool) else str(value), prediction)
        for value, _, prediction in levels
    ]
    return sorted(named, key=lambda level: -level[1])


def _level_value(effect: Effect, value: float) -> str:
    if effect.readout.scale == PROBABILITY:
        return format_share(min(1.0, max(0.0, value)), 0)
    return effect.readout.written.show(value)


def _text(style: str, x: float, y: float, words: str) -> str:
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}">{escape(words)}</text>'


def picture_source(picture: Sequence[Sequence[Sequence[int]]]) -> str:
    """Return a picture, numbers from 0 to 255, as the source of an ``img`` element."""
    return _source(np.array(picture, np.uint8))


def map_source(values: Sequence[Sequence[float]]) -> str:
    """Return what each position adds, as the source of an ``img`` element.

    The strongest one has the full color. Steps of a sequence are a strip, high enough to be seen.
    """
    amounts = np.array(values, np.float64)
    height, width = amounts.shape
    amounts = amounts.repeat(1 + width // (MAX_ASPECT * height), axis=0)
    shares = (amounts / (np.abs(amounts).max() or 1.0))[..., None]
    colors = np.where(shares >= 0, MORE, LESS)
    return _source(np.round(255 + np.abs(shares) * (colors - 255)).astype(np.uint8))


def _source(pixels: Array) -> str:
    return f"data:image/png;base64,{b64encode(png(pixels)).decode()}"


def png(pixels: Array) -> bytes:
    """Return pixels, uint8 of shape (height, width, channels), as a PNG file.

    Channels are gray, or red, green and blue; perhaps with opacity. See "Portable Network Graphics
    (PNG) Specification", W3C, third edition.
    """
    height, width, channels = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOR_TYPES[channels], 0, 0, 0)
    lines = np.zeros((height, 1 + width * channels), np.uint8)  # each begins with its filter: none
    lines[:, 1:] = pixels.reshape(height, -1)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in chunks)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


_MAX_CLASSES = 20  # classes of a confusion matrix; of more, the most frequent mistakes are shown
_COVERAGE = 0.9  # the coverage of intervals and sets that is told


def view_of_quality(quality: Quality | None, target: str) -> dict[str, Any] | None:
    """Return where predictions are good and where not: confusion matrix, figures, coverage."""
    if isinstance(quality, RegressionQuality):
        return _view_of_numbers(quality, target)
    return _view_of_classes(quality) if isinstance(quality, ClassificationQuality) else None


def _view_of_numbers(quality: RegressionQuality, target: str) -> dict[str, Any]:
    return {
        "of": "numbers",
        "figures": [
            quality.truth_figure(target),
            _error_figure(quality, target),
            quality.spread_figure(target),
        ],
        "coverage": _coverage_words(
            quality.coverage,
            "intervals contain the true value",
            lambda width: _("; their mean width is {width}").format(
                width=quality.written.show(width)
            ),
        ),
        "confusions": [],
    }


def _view_of_classes(quality: ClassificationQuality) -> dict[str, Any]:
    curves = [_roc_figure(quality)] if quality.curves else []
    few = len(quality.classes) <= _MAX_CLASSES
    by_class = quality.by_class()
    return {
        "of": "classes",
        "figures": [*curves, quality.calibration_figure()],
        "coverage": _coverage_words(
            quality.coverage,
            "sets contain the true class",
            lambda size: _(", with {size:.2f} classes on average").format(size=size),
        ),
        "classes": quality.classes,
        "matrix": _matrix(quality) if few else None,
        "precision": [format_share(measures["precision"], 0) for measures in by_class],
        "by_class": [] if few else sorted(by_class, key=_recall),
        "confusions": [] if few else quality.confusions(most=6),
    }


def _roc_figure(quality: ClassificationQuality) -> Figure:
    """Return the ROC curves; of two classes without the area, which is in the headline."""
    figure = quality.roc_figure()
    if len(quality.classes) > 2:
        return figure
    label = quality.curves[0].label
    marks = [replace(mark, label="") if isinstance(mark, Line) else mark for mark in figure.marks]
    caption = _(
        "ROC curve: the share of {label} that is found, at each share of false alarms among the other rows (dashed: chance)."
    ).format(label=label)
    return replace(figure, title="ROC curve", caption=caption, marks=tuple(marks))


def _error_figure(quality: RegressionQuality, target: str) -> Figure:
    """Return the histogram of errors, without the median, which is on the first screen."""
    beyond = quality.n_beyond
    caption = _("Errors, with a mean of {bias}.").format(bias=quality.written.show(quality.bias))
    if beyond:
        caption += _(" {errors} beyond the ends.").format(errors=format_count(beyond, "error"))
    return replace(quality.error_figure(target), caption=caption)


def _matrix(quality: ClassificationQuality) -> list[dict[str, Any]]:
    """Return the rows of the confusion matrix, each cell with a shade from 0 to 9."""
    counts = quality.matrix.tolist()
    shades: Array = np.ceil(9 * np.sqrt(quality.shares)).clip(0, 9).astype(int)
    return [
        {
            "class": label,
            "recall": format_share(_recall(measures), 0),
            "cells": [
                {"rows": rows, "shade": int(shades[true, predicted]), "right": true == predicted}
                for predicted, rows in enumerate(counts[true])
            ],
        }
        for true, (label, measures) in enumerate(
            zip(quality.classes, quality.by_class(), strict=True)
        )
    ]


def _recall(measures: Mapping[str, Any]) -> float:
    return measures["recall"] if measures["recall"] is not None else 1.0


def _coverage_words(coverage: Sequence[Coverage], hold: str, size: Callable[[float], str]) -> str:
    """Return the measured coverage that is told, or the highest below it."""
    lower = [measured for measured in coverage if measured.nominal <= _COVERAGE]
    if not lower:
        return ""
    nearest = lower[-1]
    share = _("{observed:.1%} of the rows").format(observed=nearest.observed)
    return _("{nominal:.0%} prediction {hold} in {share}{size}.").format(
        nominal=nearest.nominal, hold=hold, share=share, size=size(nearest.size)
    )
