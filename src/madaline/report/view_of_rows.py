"""The view of what rows show: effects of columns, and single predictions explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from madaline.explain.attributions.explanation import SCALE_WORDS, value_text
from madaline.explain.readout import short
from madaline.explain.scale import LOG_ODDS, PROBABILITY, TARGET
from madaline.report.charts.bars import bar
from madaline.report.charts.effect import effect_chart
from madaline.report.charts.pixels import map_source, picture_source
from madaline.report.texts import percent, signed
from madaline.report.words import view_of_words


def view_of_effects(effects: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return each effect with a curve, or of levels with bars; equal things on equal scales."""
    views = []
    for one in effects:
        alike = [other["prediction"] for other in effects if other["of"] == one["of"]]
        low, high = (end(value for values in alike for value in values) for end in (min, max))
        view: dict[str, Any] = {**one, "chart": None, "levels": None}
        if not one["of_levels"]:
            view["chart"] = effect_chart(one, low, high)
        else:
            view["levels"] = [
                {
                    "value": _level(value),
                    "rows": count,
                    "prediction": percent(prediction)
                    if one["scale"] == PROBABILITY
                    else short(prediction, 4),
                    "bar": bar(prediction - low, high - low or 1.0),
                }
                for value, count, prediction in zip(
                    one["values"], one["counts"], one["prediction"], strict=True
                )
            ]
        views.append(view)
    return views


def view_of_explanation(one: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `explained_samples` said of a row, with bars, and numbers as they are written."""
    amounts = [column["attribution"] for column in one["columns"]]
    most = max([*map(abs, amounts), abs(one["others"])], default=0.0) or 1.0
    lines = [
        {
            "name": column["name"],
            "value": column["value"],
            "amount": signed(column["attribution"], most),
            "bar": bar(column["attribution"], most, both=True),
        }
        for column in one["columns"]
    ]
    if one["n_others"]:
        lines.append(
            {
                "name": f"{one['n_others']} others together",
                "value": "",
                "amount": signed(one["others"], most),
                "bar": bar(one["others"], most, both=True),
            }
        )
    chance = float((1 + np.tanh(one["output"] / 2)) / 2) if one["scale"] == LOG_ODDS else None
    said = one.get("prediction")
    truth = one.get("truth")
    return {
        **one,
        "prediction": None if said is None else value_text(said),
        "truth": None if truth is None else value_text(truth),
        "cut": said is not None
        and one["scale"] == TARGET
        and abs(said - one["output"]) > 0.01 * most,
        "unit": SCALE_WORDS.get(one["scale"]),
        "lines": lines,
        "maps": list(map(_map, one["maps"])),
        "words": list(map(view_of_words, one["words"])),
        "probability": chance,
        "base_text": signed(one["base"], most).lstrip("+"),
        "output_text": signed(one["output"], most).lstrip("+"),
        "remaining_text": f"{float(format(one['remaining'], '.1g')):,.6g}",
    }


def _map(one: Mapping[str, Any]) -> dict[str, Any]:
    amounts = np.array(one["values"])
    picture = one["picture"]
    return {
        "name": one["name"],
        "map": map_source(one["values"]),
        "picture": None if picture is None else picture_source(picture),
        "adds": signed(float(amounts[amounts > 0].sum()), float(np.abs(amounts).sum()) or 1.0),
        "takes": signed(float(amounts[amounts < 0].sum()), float(np.abs(amounts).sum()) or 1.0),
    }


def _level(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
