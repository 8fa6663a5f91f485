"""How a page shows rows: effects of columns, and single predictions explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np

from madaline.charts.effect import effect_figure
from madaline.charts.svg import bar_svg
from madaline.explain.attributions.explanation import SCALE_WORDS
from madaline.explain.scale import LOG_ODDS, PROBABILITY, TARGET
from madaline.explain.values import value_text
from madaline.report.pixels import map_source, picture_source
from madaline.report.texts import percent, signed
from madaline.words import short

MOST_CHARACTERS = 2000
"""Of a longer text only the beginning is shown."""

SHADES = 5
"""Shades of words: the stronger the color, the more a word adds or takes away."""


def view_of_effects(effects: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return each effect with a figure, or of levels with bars; equal things on equal scales."""
    views = []
    for one in effects:
        alike = [other["prediction"] for other in effects if other["of"] == one["of"]]
        values = list(chain.from_iterable(alike))
        figure = None if one["of_levels"] else effect_figure(one, one["scale"], values)
        levels = _levels(one, min(values), max(values)) if one["of_levels"] else None
        views.append({**one, "figure": figure, "levels": levels})
    return views


def _levels(effect: Mapping[str, Any], low: float, high: float) -> list[dict[str, Any]]:
    of_levels = zip(effect["values"], effect["counts"], effect["prediction"], strict=True)
    share = effect["scale"] == PROBABILITY
    return [
        {
            "value": str(value).lower() if isinstance(value, bool) else str(value),
            "rows": count,
            "prediction": percent(prediction) if share else short(prediction, 4),
            "bar": bar_svg(prediction - low, high - low or 1.0),
        }
        for value, count, prediction in of_levels
    ]


def view_of_explanation(one: Mapping[str, Any]) -> dict[str, Any]:
    """Return the explanation of a row with bars, and with numbers as they are written.

    Parameters
    ----------
    one : mapping
        What `data_of_explanation` returned; of a sample also its prediction and the truth.
    """
    columns = [(one["name"], one["value"], one["attribution"]) for one in one["columns"]]
    if one["n_others"]:
        columns.append((f"{one['n_others']} others together", "", one["others"]))
    most = max((abs(amount) for _, _, amount in columns), default=0.0) or 1.0
    prediction, truth = one.get("prediction"), one.get("truth")
    cut = prediction is not None and one["scale"] == TARGET
    return {
        **one,
        "prediction": None if prediction is None else value_text(prediction),
        "truth": None if truth is None else value_text(truth),
        "cut": cut and abs(prediction - one["output"]) > 0.01 * most,
        "unit": SCALE_WORDS.get(one["scale"]),
        "lines": [
            {
                "name": name,
                "value": value,
                "amount": signed(amount, most),
                "bar": bar_svg(amount, most, both=True),
            }
            for name, value, amount in columns
        ],
        "maps": list(map(_map, one["maps"])),
        "words": list(map(view_of_words, one["words"])),
        "probability": (1 + np.tanh(one["output"] / 2)) / 2 if one["scale"] == LOG_ODDS else None,
        "base_text": signed(one["base"], most).lstrip("+"),
        "output_text": signed(one["output"], most).lstrip("+"),
        "remaining_text": f"{float(format(one['remaining'], '.1g')):,.6g}",
    }


def _map(one: Mapping[str, Any]) -> dict[str, Any]:
    amounts, picture = np.array(one["values"]), one["picture"]
    most = float(np.abs(amounts).sum()) or 1.0
    return {
        "name": one["name"],
        "map": map_source(one["values"]),
        "picture": None if picture is None else picture_source(picture),
        "adds": signed(float(amounts[amounts > 0].sum()), most),
        "takes": signed(float(amounts[amounts < 0].sum()), most),
    }


def view_of_words(one: Mapping[str, Any]) -> dict[str, Any]:
    """Return the pieces of a text, each with its class of color, and numbers as they are written.

    Examples
    --------
    >>> view = view_of_words(
    ...     {
    ...         "name": "review",
    ...         "text": "so good!",
    ...         "words": [{"start": 3, "stop": 7, "attribution": 0.5}],
    ...         "absent": 0.0,
    ...         "strongest": [("good", 0.5)],
    ...     }
    ... )
    >>> [(piece["text"], piece["color"]) for piece in view["pieces"]]
    [('so ', ''), ('good', 'more w5'), ('!', '')]
    """
    amounts = [word["attribution"] for word in one["words"]]
    sums = [amount for _, amount in one["strongest"]]
    most = max(map(abs, [*amounts, *sums, one["absent"]]), default=0.0) or 1.0
    deepest = max(map(abs, amounts), default=0.0) or 1.0
    text, at, pieces = one["text"][:MOST_CHARACTERS], 0, []
    for word in one["words"]:
        if word["stop"] > len(text):
            break
        pieces.append(_piece(text[at : word["start"]]))
        amount = word["attribution"]
        color = _color(amount / deepest)
        pieces.append(_piece(text[word["start"] : word["stop"]], color, signed(amount, most)))
        at = word["stop"]
    pieces.append(_piece(text[at:] + ("..." if len(text) < len(one["text"]) else "")))
    return {
        "name": one["name"],
        "pieces": [piece for piece in pieces if piece["text"]],
        "strongest": [(word, signed(amount, most)) for word, amount in one["strongest"]],
        "others": signed(sum(amounts) - sum(sums), most),
        "absent": signed(one["absent"], most),
    }


def _piece(text: str, color: str = "", amount: str = "") -> dict[str, str]:
    return {"text": text, "color": color, "amount": amount}


def _color(share: float) -> str:
    shade = round(SHADES * abs(share))
    return f"{'more' if share > 0 else 'less'} w{shade}" if shade else ""
