"""How the page shows several targets or quantiles: a table of scores, and a block for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from madaline._report.texts import measured
from madaline._report.view_of_quality import view_of_quality
from madaline._report.view_of_rows import view_of_effects, view_of_explanation
from madaline._words import metric_name

MOST_ATTRIBUTIONS = 5
"""Columns of an example whose share is shown."""

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
        "quality": None if one["quality"] is None else _quality(one),
        "importances": one["importances"],
        "effects": [] if rows is None else view_of_effects(rows["effects"][:MOST_EFFECTS]),
        "explanations": [view_of_explanation(own, MOST_ATTRIBUTIONS) for own in explanations],
    }


def _quality(one: Mapping[str, Any]) -> dict[str, Any]:
    return view_of_quality(one["quality"], one["target"])


def _cell(score: Mapping[str, Any] | None) -> dict[str, str] | None:
    if score is None:
        return None
    error = score["standard_error"]
    value, shown = measured((score["value"], error), error)
    return {"value": value, "error": shown}
