"""Texts with their words highlighted: the stronger the color, the more a word adds or takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from madaline.explain import Explanation
from madaline.report.texts import signed

MOST_CHARACTERS = 2000
"""Of a longer text only the beginning is shown."""

SHOWN_WORDS = 8
"""Words that are named with what they add."""

SHADES = 5


def words_of(explanation: Explanation, row: int) -> list[dict[str, Any]]:
    """Return what the words of each text of a row add, as JSON-able values."""
    return [
        {"name": name, **shares[row].to_json(), "strongest": shares[row].strongest(SHOWN_WORDS)}
        for name, shares in explanation.words.items()
    ]


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
