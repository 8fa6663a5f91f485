"""How the page shows a report: its data with figures, and numbers as they are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from madaline._charts.learning import learning_figure
from madaline._charts.svg import bar_svg, distribution_svg
from madaline._data.kinds.kind import BOOLEAN, CATEGORY, DATETIME, DROPPED, NUMBER
from madaline._race.recipe import legend
from madaline._report.texts import capitalized, chance, measured, percent, rounded
from madaline._report.view_of_head import (
    drivers_of,
    headline_score,
    row_findings,
    sorted_findings,
    view_of_head,
)
from madaline._report.view_of_outputs import view_of_output, view_of_scores
from madaline._report.view_of_quality import view_of_quality
from madaline._report.view_of_rows import view_of_effects, view_of_explanation
from madaline._story.story import HEADINGS
from madaline._words import METRICS, count, metric_name, work

OF_VALUES = (NUMBER, CATEGORY, BOOLEAN, DATETIME)
"""Kinds of columns that have effects; the values of images and texts have no order."""

MOST_IMPORTANCES = 8
"""Columns whose importance is shown; those of the others unfold."""

MOST_ATTRIBUTIONS = 5
"""Columns of an example whose share is shown."""

MOST_COLUMNS = 9
"""Columns that are described; the others unfold."""


def view_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page's template needs.

    Parameters
    ----------
    data : mapping
        What `report_data` returned.
    """
    rows, members = data["rows"], data["summary"]["members"]
    effects = [] if rows is None else view_of_effects(rows["effects"])
    drivers = drivers_of(data["importances"])
    columns = _columns(data)
    return {
        "data": data,
        "summary": data["summary"],
        "rows": rows,
        "head": view_of_head(data),
        "scores": _scores(data),
        "drivers": _drivers(drivers, effects, columns),
        "findings": sorted_findings(data)[1:],
        "quality": None if data["outputs"] else _quality(data["quality"], data["target"]),
        "output_scores": view_of_scores(data["summary"].get("outputs", ())),
        "outputs": [_output(one) for one in data["outputs"]],
        "row_quality": _quality(None if rows is None else rows["quality"], data["target"]),
        "importances": _importances(data["importances"]),
        "effects": [one for one in effects if one["column"] not in drivers],
        "of_values": any(one["kind"] in OF_VALUES for one in data["columns"]),
        "explanations": [
            view_of_explanation(one, MOST_ATTRIBUTIONS)
            for one in (() if rows is None else rows["explanations"])
        ],
        "columns": columns,
        "small_findings": [one for one in row_findings(data) if one["severity"] == "low"],
        "dropped": [one for one in data["columns"] if one["kind"] == DROPPED],
        "story": _story(data["story"]),
        "learning": learning_figure(
            data["history"], [(one["recipe_id"], one["weight"]) for one in members]
        ),
        "legend": legend(one["name"] for one in members),
        "most_columns": MOST_COLUMNS,
        "most_importances": MOST_IMPORTANCES,
        "count": count,
        "work": work,
        "percent": percent,
        "capitalized": capitalized,
        "chance": chance,
    }


def _scores(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the scores beside that of the headline, each with that of the given rows."""
    rows, headline = data["rows"], headline_score(data)["metric"]
    new = {} if rows is None else {one["metric"]: one for one in rows["scores"]}
    return [
        _score(one, new.get(one["metric"]))
        for one in data["summary"]["scores"]
        if one["metric"] != headline
    ]


def _score(score: Mapping[str, Any], new: Mapping[str, Any] | None) -> dict[str, Any]:
    error = score["standard_error"]
    value, shown = measured((score["value"], error), error)
    baseline = score["baseline"]
    name, _, meaning = METRICS.get(score["metric"], score["metric"]).partition(" (")
    return {
        "name": name,
        "meaning": meaning.removesuffix(")"),
        "value": value,
        "error": shown,
        "baseline": measured([baseline], max(error, abs(baseline) / 100))[0],
        "new": None if new is None else measured([new["value"]], new["standard_error"])[0],
    }


def _drivers(
    names: Sequence[str], effects: Sequence[Mapping[str, Any]], columns: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the main drivers, each with its effect, or at least with what is in it."""
    by_column = {one["column"]: one for one in effects}
    described = {one["name"]: one for one in columns}
    return [
        {"name": name, "effect": by_column.get(name), "column": described.get(name)}
        for name in names
    ]


def _quality(values: Mapping[str, Any] | None, target: str) -> dict[str, Any] | None:
    return None if values is None else view_of_quality(values, target)


def _output(one: Mapping[str, Any]) -> dict[str, Any]:
    """Return the block of one of several outputs."""
    return view_of_output(one) | {"importances": _importances(one["importances"])}


def _importances(importances: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    most = max((one["value"] + 2 * one["standard_error"] for one in importances), default=1.0)
    rows = []
    for one in importances:
        value, error = rounded((one["value"], one["standard_error"]), most)
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


def _columns(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the columns that are used, the most important first, each with what is in it."""
    pictures = {one["name"]: distribution_svg(one) for one in data["profile"] or ()}
    order = [name for one in data["importances"] for name in one["columns"]]
    ranks = {name: rank for rank, name in enumerate(order)}
    used = [one for one in data["columns"] if one["kind"] != DROPPED]
    return [
        {**one, "picture": pictures.get(one["name"], "")}
        for one in sorted(used, key=lambda one: ranks.get(one["name"], len(ranks)))
    ]


def _story(sentences: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    parts = [
        {
            "heading": heading,
            "sentences": [one["sentence"] for one in sentences if one["part"] == part],
        }
        for part, heading in HEADINGS.items()
    ]
    return [part for part in parts if part["sentences"]]
