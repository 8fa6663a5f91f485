"""How the page shows a report: its data with figures, and numbers as they are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from madaline.charts.learning import learning_figure
from madaline.charts.quality import (
    calibration_figure,
    error_figure,
    precision_figure,
    roc_figure,
    spread_figure,
    truth_figure,
)
from madaline.charts.svg import bar_svg, distribution_svg
from madaline.data.kinds import BOOLEAN, CATEGORY, DATETIME, NUMBER
from madaline.evaluation.quality import quality_from_json
from madaline.evaluation.quality.classification import ClassificationQuality
from madaline.race.recipe import legend
from madaline.report.texts import percent
from madaline.report.view_of_rows import view_of_effects, view_of_explanation
from madaline.story.story import HEADINGS
from madaline.words import METRICS, count, metric_name, short, with_error, work

OF_VALUES = (NUMBER, CATEGORY, BOOLEAN, DATETIME)
"""Kinds of columns that have effects; the values of images and texts have no order."""

MOST_CLASSES = 30
"""Classes whose confusion matrix is shown, at most; of more, the most frequent mistakes are."""

SEVERITIES = ("high", "medium", "low")


def view_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page's template needs.

    Parameters
    ----------
    data : mapping
        What `report_data` returned.
    """
    rows, members = data["rows"], data["summary"]["members"]
    return {
        "data": data,
        "summary": data["summary"],
        "rows": rows,
        "scores": list(map(_score, data["summary"]["scores"])),
        "table_scores": [] if rows is None else list(map(_score, rows["scores"])),
        "story": _story(data["story"]),
        "learning": learning_figure(
            data["history"], [(one["recipe_id"], one["weight"]) for one in members]
        ),
        "networks": [{**one, "units": "-".join(map(str, one["units"]))} for one in members],
        "legend": legend(one["name"] for one in members),
        "of_values": any(one["kind"] in OF_VALUES for one in data["columns"]),
        "columns": _columns(data["columns"], data["profile"]),
        "qualities": _qualities(data),
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
    numbers = (
        score["value"],
        score["standard_error"],
        score["baseline"],
        score["value"] - score["gain"],
    )
    value, error, baseline, alone = with_error(numbers, score["standard_error"])
    name, _, meaning = METRICS.get(score["metric"], score["metric"]).partition(" (")
    return {
        "name": name,
        "meaning": meaning.removesuffix(")"),
        "value": value,
        "error": error,
        "baseline": baseline,
        "alone": alone,
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


def _columns(
    columns: Sequence[Mapping[str, Any]], profile: Sequence[Mapping[str, Any]] | None
) -> list[dict[str, Any]]:
    pictures = {one["name"]: distribution_svg(one) for one in profile or ()}
    return [{**one, "picture": pictures.get(one["name"], "")} for one in columns]


def _qualities(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the quality out of fold, and that of the table, each with its figures."""
    found, target, rows = [], data["target"], data["rows"]
    if data["quality"] is not None:
        what = (
            f"{data['summary']['n_evaluated']:,} rows, each evaluated by networks not trained on it"
        )
        found.append(_quality(data["quality"], target, "Out of fold", what, "fold"))
    if rows is not None and rows["quality"] is not None:
        what = f"{rows['what']}, which flatters where the networks were trained on these rows"
        found.append(_quality(rows["quality"], target, "On the rows given", what, "rows"))
    return found


def _quality(
    values: Mapping[str, Any], target: str, heading: str, what: str, name: str
) -> dict[str, Any]:
    view: dict[str, Any] = {"heading": heading, "what": what, "name": name, **values}
    quality = quality_from_json(values)
    if not isinstance(quality, ClassificationQuality):
        return view | {
            "figures": [one(quality, target) for one in (truth_figure, error_figure, spread_figure)]
        }
    curves = (roc_figure, precision_figure) if quality.curves else ()
    return view | {
        "figures": [one(quality) for one in (*curves, calibration_figure)],
        "by_class": quality.by_class(),
        "confusions": quality.confusions(),
        "matrix": _matrix(quality) if len(quality.classes) <= MOST_CLASSES else None,
    }


def _matrix(quality: ClassificationQuality) -> list[dict[str, Any]]:
    """Return the rows of the confusion matrix, each cell with a shade from 0 to 9."""
    shades = np.ceil(9 * np.sqrt(quality.shares)).clip(0, 9).astype(int).tolist()
    counts = quality.matrix.tolist()
    return [
        {
            "class": label,
            "cells": [
                {"rows": rows, "shade": shade, "right": true == predicted}
                for predicted, (rows, shade) in enumerate(
                    zip(counts[true], shades[true], strict=True)
                )
            ],
        }
        for true, label in enumerate(quality.classes)
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
                "bar": bar_svg(one["value"], most, spread=2 * one["standard_error"]),
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
