"""What matters overall, in words: the columns without which predictions get worse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from madaline.cli.report import WIDEST_NAME
from madaline.cli.words import paragraph, printable
from madaline.race.importance import Importance
from madaline.words import count, decimals, metric_name

MOST_SHOWN = 10
"""Columns that are shown."""

WIDEST_BAR = 24
"""Characters of the longest bar."""


def importance_lines(importances: Sequence[Importance], at_most: int = MOST_SHOWN) -> Iterator[str]:
    """Yield a bar for each column that helps beyond doubt, and how many others there are.

    Parameters
    ----------
    importances : sequence of Importance
        The most important first.
    at_most : int
        How many to show.
    """
    if not importances:
        return
    clear = [one for one in importances if one.clear]
    if not clear:
        yield paragraph("No column helps beyond doubt (by two standard errors).")
        return
    metric = metric_name(clear[0].metric)
    yield paragraph(
        f"What matters: how much worse the {metric} of the networks gets where a column's values"
        " are exchanged among rows, on rows they never saw. Columns that say the same hide each"
        " other."
    )
    names = [_clipped(printable(one.name)) for one in clear[:at_most]]
    values = [_value(one) for one in clear[:at_most]]
    width, wide = max(map(len, names)), max(map(len, values))
    for name, value, one in zip(names, values, clear, strict=False):
        bar = "#" * max(1, round(WIDEST_BAR * one.value / clear[0].value))
        yield f"  {name:<{width}}  {value:>{wide}}  {bar}"
    yield from _others(len(clear) - len(names), len(importances) - len(clear))


def _others(n_clear: int, n_unclear: int) -> Iterator[str]:
    if n_clear:
        yield f"  and {count(n_clear, 'column')} more that {'help' if n_clear > 1 else 'helps'}"
    if n_unclear:
        verb = "does" if n_unclear == 1 else "do"
        yield f"  {count(n_unclear, 'column')} {verb} not help beyond doubt"


def _value(one: Importance) -> str:
    """Return value and error with as many decimals as two digits of the error need."""
    digits = decimals(one.standard_error)
    if digits is None:
        return f"{one.value:.4g}"
    return f"{one.value:,.{digits}f} ± {one.standard_error:,.{digits}f}"


def _clipped(name: str) -> str:
    return name if len(name) <= WIDEST_NAME else f"{name[: WIDEST_NAME - 3]}..."
