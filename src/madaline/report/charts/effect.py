"""The effect of a column of numbers or moments, as a curve; levels are a table with bars."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from madaline.explain.scale import PROBABILITY
from madaline.report.charts.axis import Axis
from madaline.report.charts.chart import Chart


def effect_chart(effect: Mapping[str, Any], low: float, high: float) -> str:
    """Return the curve of an effect of numbers or moments.

    Parameters
    ----------
    effect : mapping
        What `Effect.to_json` returned.
    low, high : float
        What the vertical axis reaches from and to, so that effects can be compared.
    """
    share = effect["scale"] == PROBABILITY
    moments = isinstance(effect["values"][0], str)
    places = [_seconds(one) if moments else float(one) for one in effect["values"]]
    chart = Chart(
        f"Effect of {effect['column']}",
        effect["sentence"],
        Axis.around(places, effect["column"], text=_day if moments else None),
        Axis.around([low, high], effect["of"], text=_percent if share else None),
    )
    pairs = list(zip(places, effect["prediction"], strict=True))
    chart.line(pairs, "s0")
    chart.points(pairs, "s0 small")
    return chart.svg()


def _seconds(text: str) -> float:
    return datetime.fromisoformat(
        f"{text}+00:00" if " " in text else f"{text} 00:00+00:00"
    ).timestamp()


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def _percent(share: float) -> str:
    return f"{100 * share:.3g}%"
