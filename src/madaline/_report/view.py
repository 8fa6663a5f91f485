"""How the page shows a report: its data with figures, and numbers as they are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np

from madaline._charts.curves import learning_figure
from madaline._charts.figure import Figure, Line
from madaline._charts.svg import bar_svg, distribution_svg
from madaline._data.kinds.kind import BOOLEAN, CATEGORY, DATETIME, DROPPED, NUMBER
from madaline._evaluation.quality.classification import ClassificationQuality
from madaline._evaluation.quality.regression import RegressionQuality, single_quality
from madaline._race.recipe import legend
from madaline._report.pictures import gauge_svg, perfect
from madaline._report.texts import (
    capitalized,
    chance,
    in_headline,
    measured,
    number_word,
    percent,
    rounded,
)
from madaline._report.view_of_rows import view_of_effects, view_of_explanation
from madaline._story.story import HEADINGS
from madaline._words import METRICS, count, metric_name, short, some, work
from madaline.nn.arrays import Array

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


MOST_DRIVERS = 3
"""Columns on the first screen."""

SEVERITIES = ("high", "medium", "low")

NO_FINDING = (
    "No problem was found: no leaking column, no suspicious label, no group of rows that is"
    " predicted clearly worse, no poor calibration."
)


NO_FINDING_OF_SEVERAL = (
    "No problem was found: no leaking column, and no group of rows that is predicted clearly worse."
)
"""The other checks are of one target alone."""


def view_of_head(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the first screen shows.

    Parameters
    ----------
    data : mapping
        What `report_data` returned.
    """
    summary, rows = data["summary"], data["rows"]
    score = headline_score(data)
    every = summary["n_evaluated"] == summary["n_samples"]
    findings, day = sorted_findings(data), date.fromisoformat(data["date"])
    return {
        "headline": headline(data, score),
        "remark": _remark(data, findings),
        "date": f"{day:%B} {day.day}, {day.year}",
        "outcome": data["outcome"] or _outcome(data),
        "several": len(data["outputs"]) > 0 and not data["of_quantiles"],
        "n_columns": count(summary["n_columns"], "column"),
        "n_rows": count(summary["n_samples"], "row"),
        "evaluated": "each row" if every else f"each of {count(summary['n_evaluated'], 'row')}",
        "score": _gauge(score),
        "new_score": _new_score(rows, score["metric"]),
        "finding": findings[0] if findings else None,
        "no_finding": None if data["findings"] is None else _no_finding(data),
    }


def headline(data: Mapping[str, Any], score: Mapping[str, Any]) -> str:
    """Return the headline: the target with its score."""
    if not data["summary"]["learned"]:
        return f"Predicts {data['target']} no better than the baseline"
    value = in_headline(score["value"], score["standard_error"])
    return f"Predicts {data['target']} with {metric_name(score['metric'])} {value}"


def headline_score(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the score that matters most.

    That is the metric that the fit was asked for; otherwise of two classes the area under the ROC
    curve, of several the accuracy, of numbers R².
    """
    scores = {one["metric"]: one for one in data["summary"]["scores"]}
    two = data["classes"] is not None and len(data["classes"]) == 2
    two = two or (bool(data["outputs"]) and data["task"] == "classification")
    wanted = [data["summary"]["settings"].get("metric"), "roc_auc" if two else "", "accuracy", "r2"]
    known = [scores[metric] for metric in wanted if metric in scores]
    return known[0] if known else next(iter(scores.values()))


def sorted_findings(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the findings about the fit, and the severe ones about given rows, the worst first."""
    of_rows = [one for one in row_findings(data) if one["severity"] != "low"]
    found = [*(data["findings"] or ()), *of_rows]
    return sorted(found, key=lambda one: SEVERITIES.index(one["severity"]))


def row_findings(data: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return how the given rows differ from those of training."""
    rows = data["rows"]
    return () if rows is None else rows["findings"] or ()


def drivers_of(importances: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the most important columns with a clear effect; none where there is one column."""
    if len(importances) < 2:
        return []
    clear = [one for one in importances if one["value"] > 2 * one["standard_error"]]
    return [" + ".join(one["columns"]) for one in clear[:MOST_DRIVERS]]


def _remark(data: Mapping[str, Any], findings: Sequence[Mapping[str, Any]]) -> str:
    """Return the rest of the headline: how many drivers and cautions there are."""
    parts = []
    if len(data["importances"]) > 1:
        drivers = len(drivers_of(data["importances"]))
        parts.append(f"{number_word(drivers)} {'driver' if drivers == 1 else 'main drivers'}")
    if data["findings"] is not None:
        parts.append(f"{number_word(len(findings))} caution{'s' * (len(findings) != 1)}")
    return ", ".join(parts)


def _no_finding(data: Mapping[str, Any]) -> str:
    return NO_FINDING_OF_SEVERAL if data["outputs"] else NO_FINDING


def _outcome(data: Mapping[str, Any]) -> str:
    """Return what is predicted, in words."""
    classes, quality = data["classes"], data["quality"]
    if classes is None:
        if quality is None:
            return "a number"
        error = short(quality["median_error"])
        return f"a number, and half of the predictions are off by less than {error}"
    if len(classes) == 2:
        share = ""
        if quality is not None:
            rows = [sum(one[2] for one in quality["confusion"] if one[0] == k) for k in (0, 1)]
            share = f" ({rows[1] / sum(rows):.0%} are {classes[1]})"
        return f"{classes[0]} or {classes[1]}{share}"
    return f"one of {len(classes)} classes: {some(classes, limit=5)}"


def _gauge(score: Mapping[str, Any]) -> dict[str, Any]:
    error = score["standard_error"]
    return {
        "name": capitalized(metric_name(score["metric"])),
        "value": in_headline(score["value"], error),
        "error": measured([error], error)[0],
        "baseline": in_headline(score["baseline"], error),
        "perfect": perfect(score),
        "svg": gauge_svg(score),
    }


def _new_score(rows: Mapping[str, Any] | None, metric: str) -> dict[str, Any] | None:
    """Return the same score of the given rows, if the model was not trained on them."""
    scores = [] if rows is None else [one for one in rows["scores"] if one["metric"] == metric]
    return _gauge(scores[0]) if scores else None


MOST_EXAMPLES = 2
"""Predictions of each target that are explained."""

MOST_EFFECTS = 2
"""Columns whose effect on each target is drawn."""


def view_of_scores(outputs: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return the scores of all outputs as a table; None where there is one output.

    Parameters
    ----------
    outputs : sequence of mapping
        What `Output.to_json` returned for each.
    """
    if not outputs:
        return None
    metrics = [score["metric"] for score in outputs[0]["scores"]]
    lines = []
    for one in outputs:
        by_metric = {score["metric"]: score for score in one["scores"]}
        lines.append({"name": one["name"], "cells": [_cell(by_metric.get(m)) for m in metrics]})
    return {"metrics": list(map(metric_name, metrics)), "lines": lines}


def view_of_output(one: Mapping[str, Any]) -> dict[str, Any]:
    """Return the block of one output: figures, effects, and a few predictions explained.

    Parameters
    ----------
    one : mapping
        An item of what `data_of_outputs` returned.
    """
    rows = one["rows"]
    explanations = () if rows is None else rows["explanations"][:MOST_EXAMPLES]
    return {
        "target": one["target"],
        "quality": _quality(one["quality"], one["target"]),
        "importances": one["importances"],
        "effects": [] if rows is None else view_of_effects(rows["effects"][:MOST_EFFECTS]),
        "explanations": [view_of_explanation(own, MOST_ATTRIBUTIONS) for own in explanations],
    }


def _cell(score: Mapping[str, Any] | None) -> dict[str, str] | None:
    if score is None:
        return None
    error = score["standard_error"]
    value, shown = measured((score["value"], error), error)
    return {"value": value, "error": shown}


MOST_CLASSES = 20
"""Classes whose confusion matrix is shown, at most; of more, the most frequent mistakes are."""

COVERAGE = 0.9
"""The coverage of intervals and sets that is told."""


def view_of_quality(values: Mapping[str, Any], target: str) -> dict[str, Any]:
    """Return a quality with its figures, and with numbers as they are written.

    Parameters
    ----------
    values : mapping
        What `to_json` of the quality of one target returned.
    target : str
        Name of what is predicted.
    """
    quality = single_quality(values)
    if not isinstance(quality, ClassificationQuality):
        return {
            "of": "numbers",
            "figures": [
                quality.truth_figure(target),
                _error_figure(quality, target),
                quality.spread_figure(target),
            ],
            "coverage": _interval_words(values),
            "confusions": [],
        }
    curves = [_roc_figure(quality)] if quality.curves else []
    few = len(quality.classes) <= MOST_CLASSES
    return {
        "of": "classes",
        "figures": [*curves, quality.calibration_figure()],
        "coverage": _set_words(values),
        "classes": quality.classes,
        "matrix": _matrix(quality) if few else None,
        "precision": list(map(_precision, quality.by_class())),
        "by_class": [] if few else sorted(quality.by_class(), key=_recall),
        "confusions": [] if few else quality.confusions(most=6),
    }


def _roc_figure(quality: ClassificationQuality) -> Figure:
    """Return the ROC curves; of two classes without the area, which is in the headline."""
    figure = quality.roc_figure()
    if len(quality.classes) > 2:
        return figure
    label = quality.curves[0].label
    marks = [replace(one, label="") if isinstance(one, Line) else one for one in figure.marks]
    caption = (
        f"ROC curve: the share of {label} that is found, at each share of false alarms among the"
        " other rows (dashed: chance)."
    )
    return replace(figure, title="ROC curve", caption=caption, marks=tuple(marks))


def _error_figure(quality: RegressionQuality, target: str) -> Figure:
    """Return the histogram of errors, without the median, which is on the first screen."""
    beyond = quality.n_beyond
    caption = f"Errors, with a mean of {short(quality.bias)}."
    return replace(
        quality.error_figure(target),
        caption=f"{caption} {count(beyond, 'error')} beyond the ends." if beyond else caption,
    )


def _matrix(quality: ClassificationQuality) -> list[dict[str, Any]]:
    """Return the rows of the confusion matrix, each cell with a shade from 0 to 9."""
    counts = quality.matrix.tolist()
    shades: Array = np.ceil(9 * np.sqrt(quality.shares)).clip(0, 9).astype(int)
    return [
        {
            "class": label,
            "recall": percent(_recall(of_class), 0),
            "cells": [
                {"rows": rows, "shade": int(shades[true, predicted]), "right": true == predicted}
                for predicted, rows in enumerate(counts[true])
            ],
        }
        for true, (label, of_class) in enumerate(
            zip(quality.classes, quality.by_class(), strict=True)
        )
    ]


def _recall(of_class: Mapping[str, Any]) -> float:
    return of_class["recall"] if of_class["recall"] is not None else 1.0


def _precision(of_class: Mapping[str, Any]) -> str:
    return percent(of_class["precision"], 0)


def _told(values: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the measured coverage that is told, or the highest below it."""
    known = [one for one in values["coverage"] if one["nominal"] <= COVERAGE]
    return known[-1] if known else None


def _interval_words(values: Mapping[str, Any]) -> str:
    one = _told(values)
    if one is None:
        return ""
    return (
        f"{one['nominal']:.0%} prediction intervals contain the true value in"
        f" {one['observed']:.1%} of the rows; their mean width is {short(one['size'])}."
    )


def _set_words(values: Mapping[str, Any]) -> str:
    one = _told(values)
    if one is None:
        return ""
    return (
        f"{one['nominal']:.0%} prediction sets contain the true class in {one['observed']:.1%} of"
        f" the rows, with {one['size']:.2f} classes on average."
    )
