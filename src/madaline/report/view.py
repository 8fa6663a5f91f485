"""The view of a report: its data with the pictures, and how numbers are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from madaline.data.kinds import BOOLEAN, CATEGORY, DATETIME, NUMBER
from madaline.explain.readout import short
from madaline.report.charts.bars import bar, distribution
from madaline.report.charts.learning import learning_curves
from madaline.report.texts import percent, with_error
from madaline.report.view_of_quality import qualities
from madaline.report.view_of_rows import view_of_effects, view_of_explanation
from madaline.story.story import HEADINGS
from madaline.words import METRICS, count, metric_name, work

OF_VALUES = (NUMBER, CATEGORY, BOOLEAN, DATETIME)
"""Kinds of columns whose values can be gone along; images and texts have none."""

SEVERITIES = ("high", "medium", "low")


def view_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page's template needs.

    Parameters
    ----------
    data : mapping
        What `report_data` returned.
    """
    svg, legend = learning_curves(data["history"], data["summary"]["weights"])
    rows = data["rows"]
    return {
        "data": data,
        "summary": data["summary"],
        "rows": rows,
        "scores": list(map(_score, data["summary"]["scores"])),
        "table_scores": [] if rows is None else list(map(_score, rows["scores"])),
        "story": _story(data["story"]),
        "learning": {"svg": svg, "legend": legend},
        "networks": _networks(data["summary"]),
        "convolutions": any(name.startswith("convolutions") for name in data["summary"]["weights"]),
        "of_values": any(one["kind"] in OF_VALUES for one in data["columns"]),
        "columns": _columns(data["columns"], data["profile"]),
        "qualities": qualities(data),
        "importances": _importances(data["importances"]),
        "effects": [] if rows is None else view_of_effects(rows["effects"]),
        "explanations": []
        if rows is None
        else list(map(view_of_explanation, rows["explanations"])),
        "findings": _by_severity(data["findings"]),
        "row_findings": _by_severity(None if rows is None else rows["findings"]),
        "count": count,
        "short": short,
        "work": work,
        "percent": percent,
    }


def _score(score: Mapping[str, Any]) -> dict[str, Any]:
    alone = score["value"] - score["gain"]
    numbers = (score["value"], score["standard_error"], score["constant"], alone)
    value, error, constant, alone_text = with_error(numbers, score["standard_error"])
    name, _, meaning = METRICS.get(score["metric"], score["metric"]).partition(" (")
    return {
        "name": name,
        "meaning": meaning.removesuffix(")"),
        "value": value,
        "error": error,
        "constant": constant,
        "alone": alone_text,
        "gain": score["gain"],
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
    profiles = {one["name"]: one for one in profile or ()}
    return [
        {**one, "picture": distribution(profiles[one["name"]])}
        if one["name"] in profiles
        else {**one, "picture": ""}
        for one in columns
    ]


def _importances(importances: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    most = max((one["value"] + 2 * one["standard_error"] for one in importances), default=1.0)
    rows = []
    for one in importances:
        value, error = with_error((one["value"], one["standard_error"]), one["standard_error"])
        rows.append(
            {
                "name": " + ".join(one["columns"]),
                "value": value,
                "error": error,
                "clear": one["value"] > 2 * one["standard_error"],
                "metric": metric_name(one["metric"]),
                "bar": bar(one["value"], most, spread=2 * one["standard_error"]),
            }
        )
    return rows


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
