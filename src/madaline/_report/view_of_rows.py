"""How a page shows rows: effects of columns, and single predictions explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np

from madaline._charts.curves import effect_figure
from madaline._charts.svg import bar_svg, figure_svg
from madaline._explain.attributions.explanation import SCALE_WORDS
from madaline._explain.columns import value_text
from madaline._explain.scale import LOG_ODDS, PROBABILITY, TARGET
from madaline._report.pictures import levels_svg, map_source, picture_source
from madaline._report.texts import capitalized, rounded, signed
from madaline._words import count, short

MOST_LEVELS, FEW_LEVELS = 8, 5
"""Levels of a category that are shown with its effect, and on the first screen."""

ENDS = "base", "output"
"""Where the sum of what columns add starts, and where it ends."""

MOST_CHARACTERS = 2000
"""Of a longer text only the beginning is shown."""

SHADES = 5
"""Shades of words: the stronger the color, the more a word adds or takes away."""


def view_of_effects(effects: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return each effect with a picture and a small one; equal things on equal scales."""
    return [_effect(one, effects) for one in effects]


def _effect(one: Mapping[str, Any], effects: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    alike = [other["prediction"] for other in effects if other["of"] == one["of"]]
    values = list(chain.from_iterable(alike))
    if one["scale"] == PROBABILITY:  # where few rows are, accumulated effects may go beyond
        values = [min(1.0, max(0.0, value)) for value in values]
    if one["of_levels"]:
        svg, small = (levels_svg(one, values, most) for most in (MOST_LEVELS, FEW_LEVELS))
        hidden = len(one["values"]) - MOST_LEVELS
        what = "predicted " if one["scale"] == TARGET else ""
        caption = f"{capitalized(what + one['of'])} for each level"
        caption += f", {count(hidden, 'rarer one')} not shown." if hidden > 0 else "."
        return {**one, "svg": svg, "small": small, "caption": caption}
    figure = effect_figure(one, one["scale"], values)
    svg = figure_svg(figure, small=True)
    return {**one, "svg": svg, "small": svg, "caption": one["sentence"]}


def view_of_explanation(one: Mapping[str, Any], shown: int | None = None) -> dict[str, Any]:
    """Return the explanation of a row with bars, and with numbers as they are written.

    Parameters
    ----------
    one : mapping
        What `data_of_explanation` returned; of a sample also its prediction and the truth.
    shown : int, optional
        Columns to show, at most; what all others add is one number.
    """
    columns = _columns(one, shown)
    most = max((abs(amount) for _, _, amount in columns), default=0.0) or 1.0
    prediction, truth = one.get("prediction"), one.get("truth")
    of_number = one["scale"] == TARGET
    written = _number if of_number else value_text
    ends = [_number(one[end]) if of_number else rounded([one[end]], most)[0] for end in ENDS]
    cut = prediction is not None and of_number
    return {
        **one,
        "prediction": None if prediction is None else written(prediction),
        "truth": None if truth is None else written(truth),
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
        "base_text": ends[0],
        "output_text": ends[1],
        "remaining_text": f"{float(format(one['remaining'], '.1g')):,.6g}",
    }


def _columns(one: Mapping[str, Any], shown: int | None) -> list[tuple[str, str, float]]:
    """Return the name and the value of each column, and what it adds; the others are the last."""
    columns = [
        (column["name"], column["value"], column["attribution"]) for column in one["columns"]
    ]
    rest = columns[shown:] if shown else []
    n_others = one["n_others"] + len(rest)
    if not n_others:
        return columns
    others = one["others"] + sum(amount for _, _, amount in rest)
    return [*columns[:shown], (f"{n_others} others together", "", others)]


def _number(value: float) -> str:
    return short(float(value), 4)


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
