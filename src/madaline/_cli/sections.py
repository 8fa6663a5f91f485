"""Sections of what commands print about a model: scores, networks, columns, importances."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from madaline._data.kinds.kind import DROPPED
from madaline._data.schema import Schema
from madaline._evaluation.score import Score
from madaline._model import FittedModel
from madaline._model.kept_rows import KeptRows
from madaline._race.importance import Importance
from madaline._report.data import verdict
from madaline._story.summary import Summary
from madaline._words import (
    METRICS,
    WIDTH,
    clipped,
    count,
    metric_name,
    paragraph,
    printable,
    size,
    some,
    when_worse,
    with_error,
    work,
)
from madaline.records.model_decisions import ThresholdChosen
from madaline.records.race_decisions import RecipesLeftOut, TimeLimitReached

WIDEST_NAME = 26
"""Characters of a column's name that a table shows."""

WIDEST_BAR = 24
"""Characters of the longest bar."""

MOST_SHOWN = 10
"""Columns whose importance is shown."""

MOST_OUTPUTS = 8
"""Targets whose scores are shown."""

MOST_SCORES = 3
"""Scores that are shown of each."""

SHORT_METRICS = {"rmse": "RMSE", "mean_pinball_loss": "pinball loss"}
"""Names of metrics where there is little room."""

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


def kept_rows_line(kept: KeptRows) -> str:
    """Return how many rows the file of a model holds."""
    return f"Keeps {count(kept.n_rows, 'row')} of its training data for later updates."


def update_lines(model: FittedModel) -> Iterator[str]:
    """Yield the rows that a model keeps, and what came of each update."""
    if model.kept_rows is not None:
        yield kept_rows_line(model.kept_rows)
    if model.updates:
        yield "Updates:"
    for one in model.updates[-MOST_SHOWN:]:
        yield paragraph(one.sentence, first=f"  {one.date}  ", rest="    ")
    if (more := len(model.updates) - MOST_SHOWN) > 0:
        yield f"  and {count(more, 'earlier update')}"


def score_lines(scores: Sequence[Score]) -> Iterator[str]:
    """Yield an aligned table of scores, each beside the baseline's."""
    yield f"  {'':<40}{'model ± std. error':>18}{'baseline':>14}"
    for score in scores:
        numbers = (score.value, score.standard_error, score.baseline)
        value, error, baseline = with_error(numbers, score.standard_error)
        baseline = min(baseline, f"{score.baseline:,.4f}", key=len)
        name = METRICS.get(score.metric, score.metric)
        yield f"  {name:<40}{f'{value} ± {error}':>18}{baseline:>14}"


def output_lines(summary: Summary, most: int = MOST_OUTPUTS) -> Iterator[str]:
    """Yield the scores of each of several targets or quantiles, a line each."""
    if not summary.outputs:
        return
    metrics = summary.output_metrics[:MOST_SCORES]
    names = [clipped(printable(one.name), WIDEST_NAME) for one in summary.outputs[:most]]
    width = max(map(len, names))
    headings = [f"{SHORT_METRICS.get(metric, metric_name(metric)):>18}" for metric in metrics]
    yield f"  {'each by itself':<{width}}{''.join(headings)}"
    for name, one in zip(names, summary.outputs, strict=False):
        by_metric = {score.metric: score for score in one.scores}
        cells = [_score_cell(by_metric.get(metric)) for metric in metrics]
        yield f"  {name:<{width}}{''.join(cells)}"
    if len(summary.outputs) > most:
        yield f"  ... and {len(summary.outputs) - most} more"


def _score_cell(score: Score | None) -> str:
    if score is None:
        return f"{'-':>18}"
    value, error = with_error((score.value, score.standard_error), score.standard_error)
    return f"{f'{value} ± {error}':>18}"


def validation_line(summary: Summary) -> str:
    """Return on which rows the scores of a fit are measured."""
    return (
        f"Validation scores ({summary.n_folds}-fold cross-validation, {summary.n_evaluated:,}"
        " rows):"
    )


def verdict_lines(model: FittedModel) -> Iterator[str]:
    """Yield whether a model learned anything, and how good it is."""
    yield from map(paragraph, verdict(model)[1:])
    summary = model.summary
    yield validation_line(summary)
    yield from score_lines(summary.scores)
    yield from output_lines(summary, most=len(summary.outputs))


def network_lines(summary: Summary) -> Iterator[str]:
    """Yield which networks make the prediction, how much each counts, and their cost."""
    networks = count(len(summary.members) * summary.n_folds, "network")
    recipes, folds = count(len(summary.members), "recipe"), count(summary.n_folds, "fold")
    yield f"The prediction is the mean of {networks} ({recipes} × {folds}):"
    for one in summary.members:
        left = f" (pruned to {'-'.join(map(str, one.units))})" if one.pruned else ""
        yield f"  {one.weight:>4.0%}  {one.name}{left}"
    now, before = summary.row_multiply_adds, summary.row_multiply_adds_before
    pruned = "" if now == before else f", {now / before:.0%} of the cost before pruning"
    yield f"A prediction takes {work(now)}{pruned}."


def column_lines(schema: Schema) -> Iterator[str]:
    """Yield in few lines the kind of each column."""
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
    rows = [("column", "kind", "missing", "distinct", "values")]
    rows += [
        (one.name, one.kind, f"{one.n_missing:,}", f"{one.n_distinct:,}", one.detail)
        for one in schema.columns
    ]
    width = min(WIDEST_NAME, max(len(row[0]) for row in rows))
    for name, kind, missing, distinct, detail in rows:
        shown = clipped(printable(name), width)
        start = f"  {shown:<{width}}  {kind:<8}  {missing:>7}  {distinct:>8}  "
        if kind == DROPPED:  # its reason is worth several lines
            yield paragraph(detail, first=start)
        else:
            yield (start + clipped(printable(detail), WIDTH - len(start))).rstrip()


def importance_lines(importances: Sequence[Importance], at_most: int = MOST_SHOWN) -> Iterator[str]:
    """Yield a bar for each column with a clear effect, and how many others there are.

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
        yield "No column has a clear effect (more than two standard errors)."
        return
    metric = metric_name(clear[0].metric)
    what = when_worse(clear[0].metric).removesuffix("s")
    yield f"Permutation importance ({what} of {metric} when a column is shuffled):"
    shown = clear[:at_most]
    names = [clipped(printable(one.name), WIDEST_NAME) for one in shown]
    numbers = [(one.value, one.standard_error) for one in shown]
    values = [" ± ".join(with_error(pair, pair[1])) for pair in numbers]
    width, wide = max(map(len, names)), max(map(len, values))
    for name, value, one in zip(names, values, shown, strict=True):
        bar = "█" * max(1, round(WIDEST_BAR * min(1.0, one.value / clear[0].value)))
        yield f"  {name:<{width}}  {value:>{wide}}  {bar}"
    more, unclear = len(clear) - len(shown), len(importances) - len(clear)
    rest = [f"{more} more with a clear effect"] if more else []
    rest += [f"{unclear} with no clear effect"] if unclear else []
    if rest:
        yield f"  columns not shown: {', '.join(rest)}"


MOST_COLUMNS = 5
"""Columns whose importance is shown."""

MOST_WARNING_LINES = 5
"""Lines of warnings, at most."""


def answer_lines(model: FittedModel, path: Path, *, networks: bool = False) -> Iterator[str]:
    """Yield how good a model is, which columns matter, warnings, and what to type next.

    Parameters
    ----------
    model : FittedModel
        The model.
    path : path
        Its file.
    networks : bool
        Whether to add which networks predict.
    """
    summary = model.summary
    yield validation_line(summary)
    yield from score_lines(summary.scores)
    yield from output_lines(summary)
    yield from _threshold(model)
    yield from importance_lines(summary.importances, at_most=MOST_COLUMNS)
    if networks:
        yield from network_lines(summary)
    yield from _shown([*_limits(model), *_problems(model)])
    file = shlex.quote(str(path))
    yield f"Saved {path} ({size(path.stat().st_size)}). Next:"
    rows = "FOLDER" if summary.settings.get("source", "").endswith("/") else "TABLE"
    yield f"  madaline predict {file} {rows}"
    yield f"  madaline {'doctor' if any(_problems(model)) else 'story'} {file}"


def answer_line(model: FittedModel, path: Path) -> str:
    """Return the file and its first score in a line.

    Parameters
    ----------
    model : FittedModel
        The model.
    path : path
        Its file.
    """
    score = model.summary.scores[0]
    numbers = (score.value, score.standard_error, score.baseline)
    value, error, baseline = with_error(numbers, score.standard_error)
    return f"{path}: {metric_name(score.metric)} {value} ± {error} (baseline {baseline})"


def _threshold(model: FittedModel) -> Iterator[str]:
    """Yield from which probability on the second of two classes is predicted, if it was tuned."""
    tuned = (one for one in model.decisions if isinstance(one, ThresholdChosen))
    yield from (paragraph(printable(one.sentence)) for one in tuned)


def _limits(model: FittedModel) -> Iterator[str]:
    """Yield why training ended before its time."""
    limits = (TimeLimitReached, RecipesLeftOut)
    yield from (one.sentence for one in model.decisions if isinstance(one, limits))


def _problems(model: FittedModel) -> Iterator[str]:
    """Yield what may make predictions or scores wrong, the worst first."""
    if not model.summary.learned:
        yield verdict(model)[1]
    yield from map(str, model.summary.leaks)
    findings = () if model.diagnosis is None else model.diagnosis.findings
    for finding in findings:
        if finding.severity != "low" and finding.kind not in ("leak", "nothing learned"):
            yield finding.sentence


def _shown(warnings: Sequence[str]) -> Iterator[str]:
    """Yield a heading and the lines of as many warnings as there is room for, one at least."""
    if not warnings:
        return
    texts = [paragraph(printable(one), first="  ! ", rest="    ").splitlines() for one in warnings]
    n_shown, n_lines = 0, 0
    while n_shown < len(texts) and n_lines + len(texts[n_shown]) <= MOST_WARNING_LINES:
        n_lines += len(texts[n_shown])
        n_shown += 1
    n_shown = max(1, n_shown)
    of_all = "" if n_shown == len(texts) else f", the first {n_shown}"
    yield f"{count(len(texts), 'warning')}{of_all}:"
    for lines in texts[:n_shown]:
        yield from lines
