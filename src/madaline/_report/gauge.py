"""A score between its baseline and a perfect one, as a scale in SVG."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from madaline._report.texts import measured
from madaline._words import metric_name

WIDTH, HEIGHT, MARGIN = 480, 34, 10
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
        MARGIN + (WIDTH - 2 * MARGIN) * position(score, one)
        for one in (value - 2 * error, value, value + 2 * error)
    )
    low, high = sorted((low, high))
    name = metric_name(score["metric"])
    shown, baseline = measured((value, score["baseline"]), error)
    y = HEIGHT / 2
    return (
        f'<svg class="gauge" role="img" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f"<title>{escape(name)} between the baseline and a perfect score</title>"
        f"<desc>{escape(name)} {shown}, baseline {baseline}, perfect {perfect(score)}</desc>"
        f'<path class="track" d="M{MARGIN} {y}H{WIDTH - MARGIN}"/>'
        f'<path class="reached" d="M{MARGIN} {y}H{middle:.1f}"/>'
        f'<path class="end" d="M{MARGIN} 4V{HEIGHT - 4}M{WIDTH - MARGIN} 4V{HEIGHT - 4}"/>'
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
