"""An explanation for notebooks: for each row a bar for each column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from madaline._charts.html import Html, bar, block, heading, more, paragraph, table
from madaline._explain.columns import value_text

if TYPE_CHECKING:
    from madaline._explain.attributions.explanation import Explanation

SHOWN_ROWS, SHOWN_COLUMNS, SHOWN_WORDS = 5, 10, 8
"""Rows, columns and words that are shown, at most."""


def html_of_explanation(explanation: Explanation) -> str:
    """Return what a notebook shows of an explanation: its first rows."""
    shown = range(min(len(explanation), SHOWN_ROWS))
    return block(
        paragraph(explanation.heading, "muted"),
        *(_row(explanation, row) for row in shown),
        more(len(shown), len(explanation), "rows"),
    )


def _row(explanation: Explanation, row: int) -> Html:
    digits = explanation.decimals(row)
    title = f"Row {explanation.row_numbers[row]}: {explanation.outcome(row, digits)}"
    amounts = dict(zip(explanation.columns, explanation.attributions[row], strict=True))
    order = explanation.strongest(row)
    shown = order if len(order) <= SHOWN_COLUMNS + 1 else order[:SHOWN_COLUMNS]
    lines = [(o, value_text(explanation.values[o][row]), float(amounts[o])) for o in shown]
    if len(shown) < len(order):
        rest = float(sum(amounts[name] for name in order[len(shown) :]))
        lines.append((f"{len(order) - len(shown)} other columns together", "", rest))
    longest = max((abs(amount) for _, _, amount in lines), default=0.0) or 1.0
    rows = [
        [name, value, f"{amount:+z,.{digits}f}", bar(amount, longest, both=True)]
        for name, value, amount in lines
    ]
    start = f"{explanation.base[row]:,.{digits}f}"
    return Html(
        heading(title)
        + table(["column", "value", f"adds to the base, {start}", ""], rows, right=(2,))
        + Html("".join(_words(explanation, name, row, digits) for name in explanation.words))
        + Html("".join(_parts(explanation, name, row, digits) for name in explanation.maps))
    )


def _words(explanation: Explanation, name: str, row: int, digits: int) -> Html:
    words = explanation.words[name][row].strongest(SHOWN_WORDS)
    texts = ", ".join(f"{text} {amount:+z,.{digits}f}" for text, amount in words)
    return paragraph(f"{name}: {texts}") if texts else Html("")


def _parts(explanation: Explanation, name: str, row: int, digits: int) -> Html:
    parts = np.asarray(explanation.maps[name][row])
    positive, negative = parts[parts > 0].sum(), parts[parts < 0].sum()
    return paragraph(
        f"{name}: parts add {positive:+z,.{digits}f} and {negative:+z,.{digits}f};"
        " madaline.plots.plot_map draws them."
    )
