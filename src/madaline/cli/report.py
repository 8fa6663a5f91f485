"""What a fitted model is worth, in words: its scores, its networks, its decisions, its columns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from madaline.cli.words import WIDTH, paragraph, printable
from madaline.data.kinds import DROPPED
from madaline.data.schema import Schema
from madaline.evaluation.score import Score
from madaline.story.summary import Summary
from madaline.words import METRICS, count, decimals, some, work

WIDEST_NAME = 26
"""Characters of a column's name that a table shows."""

KIND_WORDS = {
    "number": ("number", "numbers"),
    "category": ("category", "categories"),
    "boolean": ("Boolean", "Booleans"),
    "datetime": ("date", "dates"),
    "text": ("text", "texts"),
    "image": ("column of images", "columns of images"),
    "sequence": ("column of sequences", "columns of sequences"),
    "sound": ("column of sounds", "columns of sounds"),
}


def score_lines(scores: Sequence[Score]) -> Iterator[str]:
    """Yield an aligned table of scores, each beside a constant's."""
    yield f"  {'':<40}{'networks':>18}{'a constant':>14}"
    for score in scores:
        value, error, constant = _aligned(score)
        name = METRICS.get(score.metric, score.metric)
        yield f"  {name:<40}{f'{value} ± {error}':>18}{constant:>14}"


def verdict_lines(summary: Summary) -> Iterator[str]:
    """Yield how good a model is, and whether it learned anything at all."""
    if not summary.learned:
        yield paragraph(
            f"The networks are no better than a constant: these columns do not tell"
            f" {summary.target} beyond chance, or {count(summary.n_samples, 'row')} are too few to"
            " see it."
        )
    for leak in summary.leaks:
        yield paragraph(f"Look out: {leak}")
    yield paragraph(
        f"What to expect on new rows, from {summary.n_judged:,} rows judged by networks that never"
        " saw them:"
    )
    yield from score_lines(summary.scores)


def network_lines(summary: Summary) -> Iterator[str]:
    """Yield which networks make the prediction, how much each counts, and what they take."""
    networks = count(len(summary.weights) * summary.n_folds, "network")
    recipes, folds = count(len(summary.weights), "recipe"), count(summary.n_folds, "fold")
    yield f"The prediction is the mean of {networks} ({recipes} x {folds}):"
    for name, share in sorted(summary.weights.items(), key=lambda item: -item[1]):
        units = "-".join(str(units) for units in summary.units[name])
        left = "" if units in name else f" (pruned to {units})"
        yield f"  {share:>4.0%}  {name}{left}"
    yield f"A row takes {_row_work(summary)}."


def column_lines(schema: Schema) -> Iterator[str]:
    """Yield in few lines what each column was taken for."""
    for kind, (one, several) in KIND_WORDS.items():
        names = [column.name for column in schema.columns if column.kind == kind]
        if names:
            start = f"  {count(len(names), one, several)}: "
            yield paragraph(some(names), first=start, rest="    ")
    missing = [f"{one.name} {one.n_missing:,}" for one in schema.columns if one.n_missing]
    if missing:
        yield paragraph(some(missing), first="  rows without a value: ", rest="    ")
    for column in [column for column in schema.columns if not column.kept][:8]:
        yield paragraph(f"{column.name} ({column.detail})", first="  left out: ", rest="    ")


def column_table(schema: Schema) -> Iterator[str]:
    """Yield a row for each column: kind, missing and distinct values, what is in it."""
    rows = [("column", "kind", "missing", "distinct", "")]
    rows += [
        (one.name, one.kind, f"{one.n_missing:,}", f"{one.n_distinct:,}", one.detail)
        for one in schema.columns
    ]
    width = min(WIDEST_NAME, max(len(row[0]) for row in rows))
    for name, kind, missing, distinct, detail in rows:
        shown = _clipped(printable(name), width)
        start = f"  {shown:<{width}}  {kind:<8}  {missing:>7}  {distinct:>8}  "
        if kind == DROPPED:  # its reason is worth several lines
            yield paragraph(detail, first=start)
        else:
            yield (start + _clipped(printable(detail), WIDTH - len(start))).rstrip()


def finite(value: Any) -> Any:
    """Return a JSON-able value with None for what JSON lacks: infinities and NaN."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: finite(item) for name, item in value.items()}
    return [finite(item) for item in value] if isinstance(value, list | tuple) else value


def _row_work(summary: Summary) -> str:
    now, before = summary.row_multiply_adds, summary.row_multiply_adds_before
    pruned = "" if now == before else f", {now / before:.0%} of what it took before pruning"
    return f"{work(now)}{pruned}"


def _clipped(name: str, width: int) -> str:
    return name if len(name) <= width else f"{name[: width - 3]}..."


def _aligned(score: Score) -> list[str]:
    """Return value, error and constant with as many decimals as two digits of the error need."""
    numbers = (score.value, score.standard_error, score.baseline)
    digits = decimals(score.standard_error)
    return [f"{number:.4g}" if digits is None else f"{number:,.{digits}f}" for number in numbers]
