"""Sections of what commands print about a model: scores, networks, columns, importances."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from madaline._data.kinds import KINDS
from madaline._data.kinds.kind import DROPPED
from madaline._data.schema import Schema
from madaline._evaluation.forward import ForwardScores
from madaline._evaluation.leakage import CERTAIN
from madaline._evaluation.score import Score
from madaline._model import FittedModel
from madaline._model.kept_rows import KeptRows
from madaline._report.data import verdict
from madaline._story.story import estimate_of
from madaline._story.summary import Summary
from madaline._words import (
    METRICS,
    WIDTH,
    clip_text,
    for_command_line,
    format_count,
    format_estimate,
    format_list,
    format_size,
    format_with_error,
    format_work,
    metric_name,
    paragraph,
    printable,
    when_worse,
)
from madaline.records.decision import Decision
from madaline.records.model_decisions import ThresholdChosen
from madaline.records.race_decisions import RecipesLeftOut, TimeLimitReached

_MAX_NAME_WIDTH = 26  # characters of a column's name that a table shows
_MAX_BAR_WIDTH = 24  # characters of the longest bar
_MAX_SHOWN, _MAX_COLUMNS = 10, 5  # columns whose importance is shown: alone, among others
_MAX_OUTPUTS = 8  # targets whose scores are shown
_MAX_SCORES = 3  # scores that are shown of each
_MAX_WARNING_LINES = 5  # lines of warnings, at most

_TOLD_BEFORE = ("leak", "nothing learned", "last known value")
"""Findings that other sentences of the first screen tell."""

_SHORT_METRICS = {"rmse": "RMSE", "mean_pinball_loss": "pinball loss"}
"""Names of metrics where there is little room."""


def clipped(text: str, width: int) -> str:
    """Return a text that was given by somebody, in so few characters."""
    return clip_text(printable(text), width, "...")


def kept_rows_line(kept: KeptRows) -> str:
    """Return how many rows the file of a model holds."""
    return f"Keeps {format_count(kept.n_rows, 'row')} of its training data for later updates."


def update_lines(model: FittedModel) -> Iterator[str]:
    """Yield the rows that a model keeps, and what came of each update."""
    if model.kept_rows is not None:
        yield kept_rows_line(model.kept_rows)
    if model.updates:
        yield "Updates:"
    for update in model.updates[-_MAX_SHOWN:]:
        yield paragraph(update.sentence, first=f"  {update.date}  ", rest="    ")
    if (more := len(model.updates) - _MAX_SHOWN) > 0:
        yield f"  and {format_count(more, 'earlier update')}"


def score_lines(scores: Sequence[Score], forward: ForwardScores | None = None) -> Iterator[str]:
    """Yield an aligned table of scores, each beside the baseline's, and of the last known value."""
    yield f"  {'':<40}{'model ± std. error':>18}{'baseline':>14}"
    for score in scores:
        numbers = (score.value, score.standard_error, score.baseline)
        value, error, baseline = format_with_error(numbers, score.standard_error)
        baseline = min(baseline, f"{score.baseline:,.4f}", key=len)
        name = METRICS.get(score.metric, score.metric)
        yield f"  {name:<40}{f'{value} ± {error}':>18}{baseline:>14}"
        known = forward is not None and forward.has_last_known and not forward.updated
        if forward is not None and known and score.metric == forward.metric:
            yield _last_known_line(forward, score)


def _last_known_line(forward: ForwardScores, score: Score) -> str:
    """Return the last known value, and the networks where they have another value beside it.

    Both are of the stretches; the score may be of rows farther ahead, or go on with a trend.
    """
    values = (forward.overall("last_known"), forward.overall(), score.value)
    last_known, networks, promised = format_with_error(values, score.standard_error)
    beside = f" (networks: {networks})" if networks != promised else ""
    return f"  {f'  {forward.last_known_name}{beside}':<40}{last_known:>18}"


def _output_lines(summary: Summary, most: int) -> Iterator[str]:
    """Yield the scores of each of several targets or quantiles, a line each."""
    if not summary.outputs:
        return
    metrics = summary.output_metrics[:_MAX_SCORES]
    names = [clipped(output.name, _MAX_NAME_WIDTH) for output in summary.outputs[:most]]
    width = max(map(len, names))
    headings = [f"{_SHORT_METRICS.get(metric, metric_name(metric)):>18}" for metric in metrics]
    yield f"  {'each by itself':<{width}}{''.join(headings)}"
    for name, output in zip(names, summary.outputs, strict=False):
        cells = [f"{estimate_of(output, metric) or '-':>18}" for metric in metrics]
        yield f"  {name:<{width}}{''.join(cells)}"
    if len(summary.outputs) > most:
        yield f"  ... and {len(summary.outputs) - most} more"


def _validation_lines(summary: Summary, most_outputs: int) -> Iterator[str]:
    """Yield the scores of a fit, and on which rows they are measured."""
    rows, forward = f"{summary.n_evaluated:,} rows", summary.forward
    how = "later rows" if summary.of_later_rows else f"{summary.n_folds}-fold cross-validation"
    how = "the latest update" if summary.forward and summary.forward.updated else how
    yield f"Validation scores ({how}, {rows}):"
    yield from score_lines(summary.scores, forward)
    yield from _output_lines(summary, most_outputs)
    for sentence in summary.on_later_rows:
        yield paragraph(printable(for_command_line(sentence)))


def verdict_lines(model: FittedModel) -> Iterator[str]:
    """Yield whether a model learned anything, and how good it is."""
    yield from map(paragraph, verdict(model)[1:])
    yield from _validation_lines(model.summary, most_outputs=len(model.summary.outputs))


def network_lines(summary: Summary) -> Iterator[str]:
    """Yield which networks make the prediction, how much each counts, and their cost."""
    recipes = format_count(len(summary.members), "recipe")
    folds = format_count(summary.n_folds, "fold")
    if summary.forward is not None and summary.forward.n_final:
        folds = f"{summary.forward.n_final} that learned from all rows"
    yield paragraph(f"The prediction is the mean of {summary.predictors()} ({recipes} × {folds}):")
    for member in summary.members:
        left = f" (pruned to {'-'.join(map(str, member.units))})" if member.pruned else ""
        yield f"  {member.weight:>4.0%}  {member.name}{left}"
    now, before = summary.row_multiply_adds, summary.row_multiply_adds_before
    pruned = "" if now == before else f", {now / before:.0%} of the cost before pruning"
    yield f"A prediction takes {format_work(now)}{pruned}."


def column_lines(schema: Schema) -> Iterator[str]:
    """Yield in few lines the kind of each column."""
    for kind in KINDS.values():
        names = [column.name for column in schema.columns if column.kind == kind.name]
        if names:
            start = f"  {format_count(len(names), *kind.words)}: "
            yield paragraph(format_list(names), first=start, rest="    ")
    missing = [column for column in schema.columns if column.n_missing]
    if missing:
        counts = format_list(f"{column.name} {column.n_missing:,}" for column in missing)
        yield paragraph(counts, first="  rows without a value: ", rest="    ")
    for column in [column for column in schema.columns if not column.kept][:8]:
        yield paragraph(f"{column.name} ({column.detail})", first="  left out: ", rest="    ")


def column_table(schema: Schema) -> Iterator[str]:
    """Yield a row for each column: kind, missing and distinct values, what is in it."""
    rows = [("column", "kind", "missing", "distinct", "values")]
    for column in schema.columns:
        missing, distinct = f"{column.n_missing:,}", f"{column.n_distinct:,}"
        rows.append((column.name, column.kind, missing, distinct, column.detail))
    width = min(_MAX_NAME_WIDTH, max(len(row[0]) for row in rows))
    for name, kind, missing, distinct, detail in rows:
        start = f"  {clipped(name, width):<{width}}  {kind:<8}  {missing:>7}  {distinct:>8}  "
        if kind == DROPPED:  # its reason is worth several lines
            yield paragraph(detail, first=start)
        else:
            yield (start + clipped(detail, WIDTH - len(start))).rstrip()


def importance_lines(summary: Summary, at_most: int = _MAX_SHOWN) -> Iterator[str]:
    """Yield a bar for each column with a clear effect, and how many others there are."""
    importances, clear = summary.importances, summary.clear_importances
    if not clear:
        if importances:
            yield "No column has a clear effect."
        return
    metric = metric_name(clear[0].metric)
    what = when_worse(clear[0].metric).removesuffix("s")
    yield f"Permutation importance ({what} of {metric} when a column is shuffled):"
    shown = clear[:at_most]
    names = [clipped(column.name, _MAX_NAME_WIDTH) for column in shown]
    values = [format_estimate(column.value, column.standard_error) for column in shown]
    width, wide = max(map(len, names)), max(map(len, values))
    for name, value, column in zip(names, values, shown, strict=True):
        bar = "█" * max(1, round(_MAX_BAR_WIDTH * min(1.0, column.value / clear[0].value)))
        yield f"  {name:<{width}}  {value:>{wide}}  {bar}"
    more, unclear = len(clear) - len(shown), len(importances) - len(clear)
    rest = [f"{more} more with a clear effect"] if more else []
    rest += [f"{unclear} with no clear effect"] if unclear else []
    if rest:
        yield f"  columns not shown: {', '.join(rest)}"


def answer_lines(model: FittedModel, path: Path, *, networks: bool = False) -> Iterator[str]:
    """Yield how good a model is, which columns matter, warnings, and what to type next."""
    summary = model.summary
    yield from _validation_lines(summary, _MAX_OUTPUTS)
    for sentence in _sentences(model, ThresholdChosen):
        yield paragraph(printable(sentence))
    told = [*_sentences(model, TimeLimitReached, RecipesLeftOut), *_problems(model)]
    with_leak = any(leak.grade == CERTAIN for leak in summary.leaks)  # no score holds with one
    if with_leak:
        yield from _shown(told)
    yield from importance_lines(summary, at_most=_MAX_COLUMNS)
    if networks:
        yield from network_lines(summary)
    if not with_leak:
        yield from _shown(told)
    file = shlex.quote(str(path))
    yield f"Saved {path} ({format_size(path.stat().st_size)}). Next:"
    rows = "FOLDER" if summary.settings.get("source", "").endswith("/") else "TABLE"
    past = model.predictor.past
    yield f"  madaline predict {file} {rows}" if past is None else f"  madaline forecast {file}"
    yield f"  madaline {'doctor' if any(_problems(model)) else 'story'} {file}"


def answer_line(model: FittedModel, path: Path) -> str:
    """Return the file and its first score in a line."""
    score = model.summary.scores[0]
    numbers = (score.value, score.standard_error, score.baseline)
    value, error, baseline = format_with_error(numbers, score.standard_error)
    later = ", later rows" if model.summary.of_later_rows else ""
    return f"{path}: {metric_name(score.metric)} {value} ± {error} (baseline {baseline}{later})"


def _sentences(model: FittedModel, *kinds: type[Decision]) -> list[str]:
    return [decision.sentence for decision in model.decisions if isinstance(decision, kinds)]


def _problems(model: FittedModel) -> Iterator[str]:
    """Yield what may make predictions or scores wrong, the worst first."""
    if not model.summary.learned:
        yield verdict(model)[1]
    yield from map(for_command_line, model.summary.leak_sentences)
    findings = () if model.diagnosis is None else model.diagnosis.findings
    for finding in findings:
        if finding.severity != "low" and finding.kind not in _TOLD_BEFORE:
            yield finding.sentence


def _shown(warnings: Sequence[str]) -> Iterator[str]:
    """Yield a heading and the lines of as many warnings as there is room for, one at least."""
    if not warnings:
        return
    texts = [paragraph(printable(text), "  ! ", "    ").splitlines() for text in warnings]
    n_shown, n_lines = 0, 0
    while n_shown < len(texts) and n_lines + len(texts[n_shown]) <= _MAX_WARNING_LINES:
        n_lines += len(texts[n_shown])
        n_shown += 1
    n_shown = max(1, n_shown)
    of_all = "" if n_shown == len(texts) else f", the first {n_shown}"
    yield f"{format_count(len(texts), 'warning')}{of_all}:"
    for lines in texts[:n_shown]:
        yield from lines
