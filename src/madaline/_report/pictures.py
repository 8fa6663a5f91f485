"""Pictures that only reports have: a score on its scale, a dot for each level, images and maps."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from madaline._charts.figure import Axis
from madaline._explain.scale import PROBABILITY
from madaline._report.texts import measured, percent
from madaline._words import clipped, metric_name, short
from madaline.nn.arrays import Array

GAUGE_WIDTH, GAUGE_HEIGHT, MARGIN = 480, 34, 10
"""Units of the picture, and the room left and right of the scale."""


def gauge_svg(score: Mapping[str, Any]) -> str:
    """Return a scale from the baseline to a perfect score, with the score and two standard errors.

    Parameters
    ----------
    score : mapping
        What `Score.to_json` returned.

    Examples
    --------
    >>> score = dict(metric="r2", value=0.5, standard_error=0.1, baseline=0.0)
    >>> gauge_svg(score | {"higher_is_better": True}).count("<circle")
    1
    """
    value, error = score["value"], score["standard_error"]
    low, middle, high = (
        MARGIN + (GAUGE_WIDTH - 2 * MARGIN) * position(score, one)
        for one in (value - 2 * error, value, value + 2 * error)
    )
    low, high = sorted((low, high))
    name = metric_name(score["metric"])
    shown, baseline = measured((value, score["baseline"]), error)
    y = GAUGE_HEIGHT / 2
    return (
        f'<svg class="gauge" role="img" viewBox="0 0 {GAUGE_WIDTH} {GAUGE_HEIGHT}">'
        f"<title>{escape(name)} between the baseline and a perfect score</title>"
        f"<desc>{escape(name)} {shown}, baseline {baseline}, perfect {perfect(score)}</desc>"
        f'<path class="track" d="M{MARGIN} {y}H{GAUGE_WIDTH - MARGIN}"/>'
        f'<path class="reached" d="M{MARGIN} {y}H{middle:.1f}"/>'
        f'<path class="end" d="M{MARGIN} 4V{GAUGE_HEIGHT - 4}'
        f'M{GAUGE_WIDTH - MARGIN} 4V{GAUGE_HEIGHT - 4}"/>'
        f'<path class="whisker" d="M{low:.1f} {y}H{high:.1f}"/>'
        f'<circle class="dot s0" cx="{middle:.1f}" cy="{y}" r="9"/></svg>'
    )


def position(score: Mapping[str, Any], value: float) -> float:
    """Return where a value lies, from 0 at the baseline to 1 where it is perfect, never beyond."""
    span = perfect(score) - score["baseline"]
    share = (value - score["baseline"]) / span if span else 1.0
    return float(min(1.0, max(0.0, share)))


def perfect(score: Mapping[str, Any]) -> int:
    """Return the perfect score: all metrics with one end at 1, all losses at 0."""
    return 1 if score["higher_is_better"] else 0


WIDTH, LINE, BOTTOM = 360, 24, 22
"""Units of the picture: its width, the height of a level, the room for the numbers of the axis."""

LEFT, RIGHT = 146, 54
"""Room for the names of levels, and for the value at the right end."""

LONGEST = 24
"""Characters of a level, at most."""


def levels_svg(effect: Mapping[str, Any], predictions: Iterable[float], most: int) -> str:
    """Return a dot for each of the most frequent levels.

    Parameters
    ----------
    effect : mapping
        What `Effect.to_json` returned, of levels, with its scale.
    predictions : iterable of float
        What the axis holds, so that effects can be compared.
    most : int
        Levels to show, at most.
    """
    share = effect["scale"] == PROBABILITY
    axis = Axis.around(predictions, effect["of"], unit="share" if share else "number")
    levels = _levels(effect, most)
    height = LINE * len(levels) + BOTTOM
    words = ", ".join(f"{name} {_value(value, share)}" for name, value in levels)
    marks = [
        f'<svg class="chart" role="img" viewBox="0 0 {WIDTH} {height}">',
        f"<title>{escape(effect['column'])}</title>",
        f"<desc>{escape(effect['of'])}: {escape(words)}</desc>",
    ]
    for tick in axis.ticks(4):
        x = _right(axis, tick)
        marks.append(f'<path class="grid" d="M{x:.1f} 0V{height - BOTTOM}"/>')
        marks.append(_text("tick middle", x, height - 7, axis.write(tick)))
    for number, (name, value) in enumerate(levels):
        y, x = LINE * (number + 0.5), _right(axis, value)
        marks.append(_text("level", 0, y + 4, clipped(name, LONGEST)))
        marks.append(f'<path class="grid" d="M{LEFT} {y}H{WIDTH - RIGHT}"/>')
        marks.append(f'<circle class="dot s0" cx="{x:.1f}" cy="{y}" r="5"/>')
        marks.append(_text("value end", WIDTH, y + 4, _value(value, share)))
    return "".join([*marks, "</svg>"])


def _levels(effect: Mapping[str, Any], most: int) -> Sequence[tuple[str, float]]:
    """Return the most frequent levels with their prediction, the highest first."""
    levels = sorted(
        zip(effect["values"], effect["counts"], effect["prediction"], strict=True),
        key=lambda level: -level[1],
    )[:most]
    named = [
        (str(value).lower() if isinstance(value, bool) else str(value), prediction)
        for value, _, prediction in levels
    ]
    return sorted(named, key=lambda level: -level[1])


def _value(value: float, share: bool) -> str:
    return percent(min(1.0, max(0.0, value)), 0) if share else short(value)


def _right(axis: Axis, value: float) -> float:
    return LEFT + 8 + axis.position(value) * (WIDTH - LEFT - RIGHT - 8)


def _text(style: str, x: float, y: float, words: str) -> str:
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}">{escape(words)}</text>'


MORE, LESS = (10, 88, 176), (181, 74, 0)
"""The colors of what adds and of what takes away, as of bars; nothing is white."""

FLATTEST = 8
"""How many times as wide as high a strip may be, about."""

COLOR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
"""What PNG calls pixels of so many numbers."""


def picture_source(picture: Sequence[Sequence[Sequence[int]]]) -> str:
    """Return a picture, numbers from 0 to 255, as the source of an ``img`` element.

    Examples
    --------
    >>> picture_source([[[0], [255]]])[:30]
    'data:image/png;base64,iVBORw0K'
    """
    return _source(np.array(picture, np.uint8))


def map_source(values: Sequence[Sequence[float]]) -> str:
    """Return what each position adds, as the source of an ``img`` element.

    The strongest one has the full color. Steps of a sequence are a strip, high enough to be seen.
    """
    amounts = np.array(values, np.float64)
    height, width = amounts.shape
    amounts = amounts.repeat(1 + width // (FLATTEST * height), axis=0)
    shares = (amounts / (np.abs(amounts).max() or 1.0))[..., None]
    colors = np.where(shares >= 0, MORE, LESS)
    return _source(np.round(255 + np.abs(shares) * (colors - 255)).astype(np.uint8))


def _source(pixels: Array) -> str:
    return f"data:image/png;base64,{b64encode(png(pixels)).decode()}"


def png(pixels: Array) -> bytes:
    r"""Return pixels as a PNG file.

    Parameters
    ----------
    pixels : uint8 ndarray of shape (height, width, channels)
        Gray, or red, green and blue; perhaps with opacity.

    References
    ----------
    "Portable Network Graphics (PNG) Specification", W3C, third edition.

    Examples
    --------
    >>> png(np.zeros((1, 1, 1), np.uint8))[:8]
    b'\x89PNG\r\n\x1a\n'
    """
    height, width, channels = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, COLOR_TYPES[channels], 0, 0, 0)
    lines = np.zeros((height, 1 + width * channels), np.uint8)  # each begins with its filter: none
    lines[:, 1:] = pixels.reshape(height, -1)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in chunks)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
