"""The first screen: what is predicted, how well, from what, and what to know before using it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from madaline._report.gauge import gauge_svg, perfect
from madaline._report.texts import capitalized, in_headline, measured, number_word
from madaline._words import count, metric_name, short, some

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
