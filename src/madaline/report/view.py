"""The view of a report: its data with the pictures, and how numbers are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from madaline.explain.answers import LOG_ODDS, TARGET
from madaline.explain.explanation import SCALE_WORDS, value_text
from madaline.explain.readout import short
from madaline.quality.of_classes import ClassQuality
from madaline.report.charts.bars import bar, distribution
from madaline.report.charts.classes import calibration_chart, precision_chart, roc_chart
from madaline.report.charts.effect import effect_chart
from madaline.report.charts.learning import learning_curves
from madaline.report.charts.numbers import error_chart, spread_chart, truth_chart
from madaline.story.story import HEADINGS
from madaline.words import METRICS, decimals, metric_name, some, work

MOST_CLASSES = 30
"""Classes whose matrix of confusions is shown, at most; of more, the most frequent mistakes are."""

SEVERITIES = ("high", "medium", "low")


def view_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page's template needs.

    Parameters
    ----------
    data : mapping
        What `report_data` returned.
    """
    from markupsafe import Markup

    svg, legend = learning_curves(data["history"], data["summary"]["weights"])
    rows, target = data["rows"], data["target"]
    unit = target if data["classes"] is None else None
    return {
        "data": data,
        "summary": data["summary"],
        "rows": rows,
        "scores": list(map(_score, data["summary"]["scores"])),
        "table_scores": [] if rows is None else list(map(_score, rows["scores"])),
        "story": _story(data["story"]),
        "learning": {"svg": Markup(svg), "legend": legend},
        "networks": _networks(data["summary"]),
        "columns": _columns(data["columns"], data["profile"]),
        "qualities": _qualities(data, target),
        "importances": _importances(data["importances"]),
        "effects": [] if rows is None else _effects(rows["effects"], unit),
        "explanations": [] if rows is None else list(map(_explanation, rows["explanations"])),
        "findings": _by_severity(data["findings"]),
        "row_findings": _by_severity(None if rows is None else rows["findings"]),
        "count": lambda number, one, more=None: _count(number, one, more),
        "short": short,
        "soft": soft,
        "some": some,
        "work": work,
        "percent": percent,
    }


def percent(share: float | None, digits: int = 1) -> str:
    """Return a share as a percentage, a dash where there is none.

    Examples
    --------
    >>> percent(0.1234), percent(None), percent(1.0, 0)
    ('12.3%', '-', '100%')
    """
    return "-" if share is None else f"{share:.{digits}%}"


def soft(name: str) -> Any:
    """Return a name as HTML that a narrow screen may break after each underscore.

    Examples
    --------
    >>> soft("a_b<c")
    Markup('a_<wbr>b&lt;c')
    """
    from markupsafe import Markup, escape

    return Markup(str(escape(name)).replace("_", "_<wbr>"))


def _count(number: float, one: str, more: str | None = None) -> str:
    return f"{number:,.0f} {one if number == 1 else more or one + 's'}"


def _with_error(values: Sequence[float], error: float) -> list[str]:
    digits = decimals(error)
    return [f"{value:.4g}" if digits is None else f"{value:,.{digits}f}" for value in values]


def _score(score: Mapping[str, Any]) -> dict[str, str]:
    numbers = (score["value"], score["standard_error"], score["constant"])
    value, error, constant = _with_error(numbers, score["standard_error"])
    name, _, meaning = METRICS.get(score["metric"], score["metric"]).partition(" (")
    return {
        "name": name,
        "meaning": meaning.removesuffix(")"),
        "value": value,
        "error": error,
        "constant": constant,
    }


def _story(sentences: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    parts = [
        {
            "heading": heading,
            "sentences": [one["sentence"] for one in sentences if one["part"] == part],
        }
        for part, heading in HEADINGS.items()
    ]
    return [part for part in parts if part["sentences"]]


def _networks(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    shares = sorted(summary["weights"].items(), key=lambda item: -item[1])
    units = {name: "-".join(map(str, layers)) for name, layers in summary["units"].items()}
    return [{"name": name, "share": share, "units": units[name]} for name, share in shares]


def _columns(
    columns: Sequence[Mapping[str, Any]], profile: Sequence[Mapping[str, Any]] | None
) -> list[dict[str, Any]]:
    from markupsafe import Markup

    profiles = {one["name"]: one for one in profile or ()}
    return [
        {**one, "picture": Markup(distribution(profiles[one["name"]]))}
        if one["name"] in profiles
        else {**one, "picture": ""}
        for one in columns
    ]


def _qualities(data: Mapping[str, Any], target: str) -> list[dict[str, Any]]:
    """Return the quality out of fold, and that of the table, each with its pictures."""
    found = []
    if data["quality"] is not None:
        what = (
            f"the {data['summary']['n_judged']:,} rows, each judged by networks that never saw it"
        )
        found.append(_quality(data["quality"], target, "Out of fold", what, "fold"))
    rows = data["rows"]
    if rows is not None and rows["quality"] is not None:
        what = f"{rows['what']}, which flatters where the networks learned from these rows"
        found.append(_quality(rows["quality"], target, "On the rows given", what, "rows"))
    return found


def _quality(
    quality: Mapping[str, Any], target: str, heading: str, what: str, name: str
) -> dict[str, Any]:
    from markupsafe import Markup

    view: dict[str, Any] = {"heading": heading, "what": what, "name": name, **quality}
    if quality["of"] == "numbers":
        charts = (truth_chart, error_chart, spread_chart)
        return view | {"charts": [Markup(chart(quality, target)) for chart in charts]}
    own = ClassQuality.from_json(quality)
    pictures = (roc_chart, precision_chart) if quality["curves"] else ()
    return view | {
        "charts": [Markup(chart(quality)) for chart in (*pictures, calibration_chart)],
        "by_class": own.by_class(),
        "confusions": own.confusions(),
        "matrix": _matrix(own) if len(own.classes) <= MOST_CLASSES else None,
    }


def _matrix(quality: ClassQuality) -> list[dict[str, Any]]:
    """Return the rows of the matrix of confusions, each cell with a shade from 0 to 9."""
    counts = quality.matrix
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-300)
    return [
        {
            "class": label,
            "cells": [
                {
                    "rows": number,
                    "shade": min(9, int(np.ceil(9 * np.sqrt(share)))),
                    "right": k == own,
                }
                for k, (number, share) in enumerate(zip(line, shares[own].tolist(), strict=True))
            ],
        }
        for own, (label, line) in enumerate(zip(quality.classes, counts.tolist(), strict=True))
    ]


def _importances(importances: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    from markupsafe import Markup

    most = max((one["value"] + 2 * one["standard_error"] for one in importances), default=1.0)
    rows = []
    for one in importances:
        value, error = _with_error((one["value"], one["standard_error"]), one["standard_error"])
        rows.append(
            {
                "name": " + ".join(one["columns"]),
                "value": value,
                "error": error,
                "clear": one["value"] > 2 * one["standard_error"],
                "metric": metric_name(one["metric"]),
                "bar": Markup(bar(one["value"], most, spread=2 * one["standard_error"])),
            }
        )
    return rows


def _effects(effects: Sequence[Mapping[str, Any]], unit: str | None) -> list[dict[str, Any]]:
    """Return each effect with a curve, or of levels with bars; equal things on equal scales."""
    from markupsafe import Markup

    views = []
    for one in effects:
        alike = [other["prediction"] for other in effects if other["of"] == one["of"]]
        low, high = (end(value for values in alike for value in values) for end in (min, max))
        view: dict[str, Any] = {**one, "chart": None, "levels": None}
        if not one["of_levels"]:
            view["chart"] = Markup(effect_chart(one, low, high))
        else:
            view["levels"] = [
                {
                    "value": _level(value),
                    "rows": count,
                    "prediction": percent(prediction) if unit is None else short(prediction, 4),
                    "bar": Markup(bar(prediction - low, high - low or 1.0)),
                }
                for value, count, prediction in zip(
                    one["values"], one["counts"], one["prediction"], strict=True
                )
            ]
        views.append(view)
    return views


def _level(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _explanation(one: Mapping[str, Any]) -> dict[str, Any]:
    from markupsafe import Markup

    amounts = [column["attribution"] for column in one["columns"]]
    most = max([*map(abs, amounts), abs(one["others"])], default=0.0) or 1.0
    lines = [
        {
            "name": column["name"],
            "value": column["value"],
            "amount": _signed(column["attribution"], most),
            "bar": Markup(bar(column["attribution"], most, both=True)),
        }
        for column in one["columns"]
    ]
    if one["n_others"]:
        lines.append(
            {
                "name": f"{one['n_others']} others together",
                "value": "",
                "amount": _signed(one["others"], most),
                "bar": Markup(bar(one["others"], most, both=True)),
            }
        )
    chance = float((1 + np.tanh(one["output"] / 2)) / 2) if one["scale"] == LOG_ODDS else None
    return {
        **one,
        "prediction": value_text(one["prediction"]),
        "truth": None if one["truth"] is None else value_text(one["truth"]),
        "cut": one["scale"] == TARGET and abs(one["prediction"] - one["output"]) > 0.01 * most,
        "unit": SCALE_WORDS.get(one["scale"]),
        "lines": lines,
        "probability": chance,
        "base_text": _signed(one["base"], most).lstrip("+"),
        "output_text": _signed(one["output"], most).lstrip("+"),
        "remaining_text": f"{float(format(one['remaining'], '.1g')):,.6g}",
    }


def _signed(amount: float, most: float) -> str:
    """Return an amount with as many decimals as show three digits of the largest."""
    digits = int(np.clip(2 - np.floor(np.log10(most)), 0, 6))
    return f"{amount:+z,.{digits}f}"


def _by_severity(
    findings: Sequence[Mapping[str, Any]] | None,
) -> list[dict[str, Any]] | None:
    if findings is None:
        return None
    found = [
        {"severity": severity, "findings": [one for one in findings if one["severity"] == severity]}
        for severity in SEVERITIES
    ]
    return [one for one in found if one["findings"]]
