"""Sections of what commands print: a table to fit, scores, networks, columns, importances."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from madaline._apps.cli.fit_request import source_name
from madaline._apps.cli.training_data import TrainingTable
from madaline._base.language import Names, _, ngettext, translate, translate_word
from madaline._base.language.widths import align, clip_to_width, display_width
from madaline._base.words import (
    WIDTH,
    clip_text,
    for_command_line,
    format_count,
    format_estimate,
    format_list,
    format_size,
    format_with_error,
    metric_name,
    paragraph,
    printable,
    recipe_name,
    when_worse,
)
from madaline._models.fitting import Fitting
from madaline._models.model import FittedModel
from madaline._models.model.kept_rows import KeptRows
from madaline._models.story.story import tell_constraints
from madaline._models.story.summary import Summary, estimate_of
from madaline._race.evaluation.leakage import CERTAIN
from madaline._race.evaluation.score import Score
from madaline._race.evaluation.scores import label_text
from madaline._race.recipe import legend
from madaline._race.time.forward import ForwardScores
from madaline._tables.formats.number_format import PLAIN
from madaline._tables.io.table_files import STANDARD_INPUT
from madaline._tables.kinds import KINDS
from madaline._tables.kinds.kind import DROPPED
from madaline._tables.schema import Schema
from madaline._tell.report.data import verdict
from madaline.records.decision import Decision
from madaline.records.model_decisions import ThresholdChosen
from madaline.records.race_decisions import RecipesLeftOut, TimeLimitReached

_MAX_CLASSES = 4  # classes whose shares are shown
_MAX_NOTES = 3  # notes on how values were read that are shown without -v
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
    return clip_to_width(printable(text), width, "...")


def kept_rows_line(kept: KeptRows) -> str:
    """Return how many rows the file of a model holds."""
    return _("Keeps {rows} of its training data for later updates.").format(
        rows=format_count(kept.n_rows, "row")
    )


def kept_lines(model: FittedModel) -> Iterator[str]:
    """Yield the rows and the earlier models that a model's file holds."""
    if model.kept_rows is not None:
        yield kept_rows_line(model.kept_rows)
    if model.kept_models is not None and (files := model.kept_models.files):
        yield paragraph(
            _(
                "Keeps earlier models: {names} ({size}); `madaline update MODEL --regime NAME` goes back to one."
            ).format(names=format_list(files), size=format_size(sum(map(len, files.values()))))
        )


def update_lines(model: FittedModel) -> Iterator[str]:
    """Yield what a model keeps, and what came of each update."""
    yield from kept_lines(model)
    if model.changes:
        yield "Updates:"
    for update in model.changes[-_MAX_SHOWN:]:
        yield paragraph(update.sentence, first=f"  {update.date}  ", rest="    ")
    if (more := len(model.changes) - _MAX_SHOWN) > 0:
        yield _("  and {earlier_updates}").format(
            earlier_updates=format_count(more, "earlier update")
        )


def score_lines(scores: Sequence[Score], forward: ForwardScores | None = None) -> Iterator[str]:
    """Yield an aligned table of scores, each beside the baseline's, and of the last known value."""
    rows = [("", translate_word("model ± std. error"), translate_word("baseline"))]
    for score in scores:
        rows.append(score.cells)
        known = forward is not None and forward.has_last_known and not forward.updated
        if forward is not None and known and score.metric == forward.metric:
            rows.append((*_last_known(forward, score), ""))
    yield from align(rows, right=(1, 2), widths=(38, 16, 12), start="  ")


def _last_known(forward: ForwardScores, score: Score) -> tuple[str, str]:
    """Return what the last known value is, and its score; networks with another one stand beside.

    Both are of the stretches; the score may be of rows farther ahead, or go on with a trend.
    """
    values = (forward.overall("last_known"), forward.overall(), score.value)
    last_known, networks, promised = score.texts(values)
    beside = _(" (networks: {networks})").format(networks=networks) if networks != promised else ""
    return translate(f"  {forward.last_known_name}{beside}"), last_known


def _output_lines(summary: Summary, most: int) -> Iterator[str]:
    """Yield the scores of each of several targets or quantiles, a line each."""
    if not summary.outputs:
        return
    metrics = summary.output_metrics[:_MAX_SCORES]
    names = [clipped(output.name, _MAX_NAME_WIDTH) for output in summary.outputs[:most]]
    titles = [_SHORT_METRICS.get(metric, metric_name(metric)) for metric in metrics]
    rows = [[*map(translate_word, ["each by itself", *titles])]]
    for name, output in zip(names, summary.outputs, strict=False):
        rows.append([name, *(estimate_of(output, metric) or "-" for metric in metrics)])
    yield from align(rows, right=(1, 2, 3), widths=(0, *(16 for __ in metrics)), start="  ")
    if len(summary.outputs) > most:
        yield _("  ... and {n_outputs} more").format(n_outputs=len(summary.outputs) - most)


def _validation_lines(summary: Summary, most_outputs: int) -> Iterator[str]:
    """Yield the scores of a fit, and on which rows they are measured."""
    rows = _("{n_evaluated:,} rows").format(n_evaluated=summary.n_evaluated)
    forward = summary.forward
    how = (
        "later rows"
        if summary.of_later_rows
        else _("{n_folds}-fold cross-validation").format(n_folds=summary.n_folds)
    )
    how = "the latest update" if summary.forward and summary.forward.updated else how
    yield _("Validation scores ({how}, {rows}):").format(how=how, rows=rows)
    yield from score_lines(summary.scores, forward)
    yield from _output_lines(summary, most_outputs)
    for sentence in summary.beside:
        yield paragraph(printable(for_command_line(sentence)))


def verdict_lines(model: FittedModel) -> Iterator[str]:
    """Yield whether a model learned anything, and how good it is."""
    yield from map(paragraph, verdict(model)[1:])
    yield from _validation_lines(model.summary, most_outputs=len(model.summary.outputs))


def network_lines(summary: Summary) -> Iterator[str]:
    """Yield which networks make the prediction, and how much each counts."""
    recipes = format_count(len(summary.members), "recipe")
    folds = format_count(summary.n_folds, "fold")
    if summary.forward is not None and summary.forward.n_final:
        folds = _("{n_final} that learned from all rows").format(n_final=summary.forward.n_final)
    told = _("The prediction is the weighted mean of {predictors} ({recipes} × {folds}):")
    if len(summary.members) == 1:
        told = _("The prediction is the mean of {predictors} ({recipes} × {folds}):")
    yield paragraph(told.format(predictors=summary.predictors(), recipes=recipes, folds=folds))
    for member in summary.members:
        left = (
            _(" (pruned to {units})").format(units="-".join(map(str, member.units)))
            if member.pruned
            else ""
        )
        yield f"  {member.weight:>4.0%}  {recipe_name(member.name)}{left}"
    if (left_work := summary.row_multiply_adds / summary.row_multiply_adds_before) < 1:
        yield _("Pruning left {left_work:.0%} of the work of a prediction.").format(
            left_work=left_work
        )


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
        yield paragraph(
            _("{name} ({detail})").format(name=column.name, detail=column.detail),
            first="  left out: ",
            rest="    ",
        )


def column_table(schema: Schema) -> Iterator[str]:
    """Yield a row for each column: kind, missing and distinct values, what is in it."""
    rows = [[*map(translate_word, ("column", "kind", "missing", "distinct"))]]
    details = [translate_word("values")]
    for column in schema.columns:
        name = clipped(translate(column.name), _MAX_NAME_WIDTH)
        kind = translate_word(column.kind)
        rows.append([name, kind, f"{column.n_missing:,}", f"{column.n_distinct:,}"])
        details.append(translate_word(column.detail))
    lines = align(rows, right=(2, 3), widths=(0, 8, 7, 8), start="  ")
    for cells, line, detail in zip(rows, lines, details, strict=True):
        start = f"{line}  "
        if cells[1] == translate_word(DROPPED):  # its reason is worth several lines
            yield paragraph(detail, first=start)
        else:
            yield (start + clipped(detail, WIDTH - display_width(start))).rstrip()


def importance_lines(summary: Summary, at_most: int = _MAX_SHOWN) -> Iterator[str]:
    """Yield a bar for each column with a clear effect, and how many others there are."""
    importances = summary.importances
    clear = summary.clear_importances
    if importances and summary.learned:
        yield paragraph(_measured(summary))
    if not clear:
        return
    shown = clear[:at_most]
    names = [clipped(translate(column.name), _MAX_NAME_WIDTH) for column in shown]
    error = max(column.standard_error for column in shown)
    error = min(error, 10 * shown[-1].value)  # so that the last has a digit, too
    pairs = (format_with_error((one.value, one.standard_error), error) for one in shown)
    values = [" ± ".join(pair) for pair in pairs]
    lengths = [_MAX_BAR_WIDTH * min(1.0, column.value / clear[0].value) for column in shown]
    bars = ["█" * max(1, round(length)) for length in lengths]
    yield from align(zip(names, values, bars, strict=True), right=[1], start="  ")
    more = len(clear) - len(shown)
    unclear = len(importances) - len(clear)
    rest = [_("{more} more with a clear effect").format(more=more)] if more else []
    rest += [_("{unclear} with no clear effect").format(unclear=unclear)] if unclear else []
    if rest:
        yield _("  columns not shown: {rest}").format(rest=_(", ").join(rest))


def _measured(summary: Summary) -> str:
    """Return how importances were measured; where none is clear, why."""
    first = summary.importances[0]
    metric = metric_name(first.metric)
    rows = format_count(first.n_rows, "row") if first.n_rows else _("rows")
    if summary.clear_importances:
        return (
            _("Permutation importance (fall of {metric}, a column shuffled among {rows}):")
            if first.metric == "r2"
            else _("Permutation importance (rise of {metric}, a column shuffled among {rows}):")
        ).format(metric=metric, rows=rows)
    return _(
        "No column has a clear effect by itself: when {name} is shuffled among {rows}, the {metric} {when_worse} most, by {value}; of {columns} one may do so by chance. Columns that hold the same information stand in for one another."
    ).format(
        metric=metric,
        rows=rows,
        name=first.name,
        when_worse=when_worse(first.metric),
        value=format_estimate(first.value, first.standard_error),
        columns=format_count(len(summary.importances), "column"),
    )


def answer_lines(model: FittedModel, path: Path, *, networks: bool = False) -> Iterator[str]:
    """Yield how good a model is, which columns matter, warnings, and what to type next."""
    summary = model.summary
    yield from _validation_lines(summary, _MAX_OUTPUTS)
    for sentence in _sentences(model, ThresholdChosen):
        yield paragraph(printable(sentence))
    sentences = [*_sentences(model, TimeLimitReached, RecipesLeftOut), *_problems(model)]
    with_leak = any(leak.grade == CERTAIN for leak in summary.leaks)  # no score holds with one
    if with_leak:
        yield from _shown(sentences)
    yield from importance_lines(summary, at_most=_MAX_COLUMNS)
    if networks:
        yield from network_lines(summary)
    if not with_leak:
        yield from _shown(sentences)
    file = shlex.quote(str(path))
    yield _("Saved {path} ({size}). Next:").format(path=path, size=format_size(path.stat().st_size))
    rows = "FOLDER" if summary.request.source.endswith("/") else "TABLE"
    past = model.predictor.past
    first = f"predict {file} {rows}" if past is None else f"forecast {file}"
    asked = [(first, _("predicts new rows") if past is None else _("predicts the next rows"))]
    if any(_problems(model)):
        asked.append((f"doctor {file}", _("tells what to do about it")))
    else:
        asked.append((f"story {file}", _("tells what was tried, and why")))
    yield from align([(f"  madaline {typed}", f"# {what}") for typed, what in asked])


def answer_line(model: FittedModel, path: Path) -> str:
    """Return the file and its first score in a line."""
    score = model.summary.scores[0]
    value, error, baseline = score.texts((score.value, score.standard_error, score.baseline))
    later = ", later rows" if model.summary.of_later_rows else ""
    return _("{path}: {metric} {value} ± {error} (baseline {baseline}{later})").format(
        path=path,
        metric=metric_name(score.metric),
        value=value,
        error=error,
        baseline=baseline,
        later=later,
    )


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
            yield finding.observed


def _shown(warnings: Sequence[str]) -> Iterator[str]:
    """Yield a heading and the lines of as many warnings as there is room for, one at least."""
    if not warnings:
        return
    texts = [paragraph(printable(text), "  ! ", "    ").splitlines() for text in warnings]
    n_shown = 0
    n_lines = 0
    while n_shown < len(texts) and n_lines + len(texts[n_shown]) <= _MAX_WARNING_LINES:
        n_lines += len(texts[n_shown])
        n_shown += 1
    n_shown = max(1, n_shown)
    if n_shown == len(texts):
        yield _("{warnings}:").format(warnings=format_count(len(texts), "warning"))
    elif n_shown == 1:
        yield _("{n:,} warnings; the first:").format(n=len(texts))
    else:
        yield _("{n:,} warnings; the first {n_shown}:").format(n=len(texts), n_shown=n_shown)
    for lines in texts[:n_shown]:
        yield from lines


def opening_lines(source: str, data: TrainingTable, fitting: Fitting) -> Iterator[str]:
    """Yield three lines about the table and the task, and one about the training."""
    name = "standard input" if source == str(STANDARD_INPUT) else source_name(source)
    rows = format_count(data.n_rows, "row")
    columns = format_count(data.n_columns, "column")
    yield clipped(
        translate(
            _("Read {name}: {rows}, {columns}.").format(name=name, rows=rows, columns=columns)
        ),
        WIDTH,
    )
    yield clipped(
        translate(_("Columns: {columns}.").format(columns=_("; ").join(_columns(fitting)))), WIDTH
    )
    yield from _target(data, fitting)
    constraints = tell_constraints(fitting.request.monotone, fitting.target_encoder)
    yield from map(paragraph, (*filter(None, [constraints]), *data.notes))
    notes = [*map(for_command_line, fitting.schema.notes)]
    yield from map(paragraph, notes[:_MAX_NOTES])
    if len(notes) > _MAX_NOTES:
        more = format_count(len(notes) - _MAX_NOTES, "more note")
        yield _("... {more} of this kind: -v prints all.").format(more=more)
    yield from _training_lines(fitting)


def _networks_line(fitting: Fitting) -> str:
    """Return how many networks of which recipes will train."""
    plan = fitting.plan
    folds = format_count(plan.n_folds, "fold")
    if plan.n_final:
        folds = _(
            "{n} networks ({n_folds} hold out a stretch of time, {n_final} learn from all rows)"
        ).format(n=plan.n_folds + plan.n_final, n_folds=plan.n_folds, n_final=plan.n_final)
    return ngettext(
        "Training {n} set of hyperparameters (recipe) × {folds}, up to {epochs} each.",
        "Training {n} sets of hyperparameters (recipes) × {folds}, up to {epochs} each.",
        len(plan.recipes),
    ).format(
        n=len(plan.recipes), folds=folds, epochs=format_count(fitting.race.max_epochs, "epoch")
    )


def _training_lines(fitting: Fitting) -> Iterator[str]:
    """Yield how many networks of which recipes will train, and by what they compete."""
    yield paragraph(_networks_line(fitting))
    if fitting.advice:
        yield paragraph(for_command_line(fitting.advice))
    yield paragraph(
        _("Validation loss: {loss} on rows that a network did not learn from.").format(
            loss=fitting.request.objective.validation_words(fitting.task)
        )
    )
    of_plan = filter(None, (fitting.prepared.drawn, fitting.cheaper))
    yield from (paragraph(decision.sentence) for decision in of_plan)
    if fitting.race.epoch:
        yield _("An interrupted fit of the same table goes on after epoch {epoch}.").format(
            epoch=fitting.race.epoch
        )


def detail_lines(fitting: Fitting) -> Iterator[str]:
    """Yield the kind of each column, further notes, and how to read the names of recipes."""
    yield from map(paragraph, map(for_command_line, fitting.schema.notes[_MAX_NOTES:]))
    yield from column_lines(fitting.schema)
    yield paragraph(
        _("Why {task}: {task_reason}.").format(
            task=_(fitting.task), task_reason=fitting.prepared.task_reason
        )
    )
    yield paragraph(legend(recipe.name for recipe in fitting.plan.recipes))
    yield paragraph("Recipes with a higher validation loss than others are stopped early.")


def _columns(fitting: Fitting) -> Iterator[str]:
    columns = fitting.schema.columns
    numbers = Counter(column.kind for column in columns)
    yield _(", ").join(
        format_count(numbers[name], *kind.words) for name, kind in KINDS.items() if numbers[name]
    )
    lagged = fitting.prepared.time.lagged
    past = [] if lagged is None else [column.name for column in lagged.past.lags.others]
    if past:
        yield _("only the past of {past}").format(past=format_list(past, limit=3))
    left_out = [column.name for column in columns if not column.kept and column.name not in past]
    if left_out:
        yield _("left out: {left_out}").format(left_out=format_list(left_out, limit=3))
    missing = [column.name for column in columns if column.n_missing]
    if missing:
        few = len(missing) <= 2 and len("".join(missing)) <= _MAX_NAME_WIDTH
        where = Names(missing) if few else format_count(len(missing), "column")
        yield _("missing values in {columns}").format(columns=where)


def _target(data: TrainingTable, fitting: Fitting) -> Iterator[str]:
    """Yield what is predicted, and how to choose the other task where that is possible."""
    name = clip_text(fitting.target_name, 24, "...")
    target = data.roles.target
    what = _what_is_predicted(data, fitting)
    yield clipped(translate(_("Target: {name}, {what}.").format(name=name, what=what)), WIDTH)
    if target.dtype.kind in "iuf" and fitting.prepared.task_reason != "as told":
        other = "regression" if fitting.task == "classification" else "classification"
        yield _("Task: {task} (add --task {other} if that is wrong).").format(
            task=_(fitting.task), other=other
        )


def _classes_and_shares(target: Any) -> str:
    labels, counts = np.unique([label_text(label) for label in target], return_counts=True)
    frequent = np.argsort(-counts, kind="stable")
    names = [clip_text(str(label), 16, "...") for label in labels[frequent]]
    shares = map("{} {:.0%}".format, names, counts[frequent] / len(target))
    return _("{n_labels} classes ({shares})").format(
        n_labels=len(labels), shares=format_list(shares, limit=_MAX_CLASSES)
    )


def _what_is_predicted(data: TrainingTable, fitting: Fitting) -> str:
    target = data.roles.target
    if fitting.prepared.data.classes is not None:
        shares = map("{} {:.0%}".format, data.target_names, target.mean(axis=0))
        listed = format_list(shares, limit=_MAX_CLASSES)
        what = _("the probabilities of {shape} classes ({listed})").format(
            shape=target.shape[1], listed=listed
        )
    elif target.ndim == 2:
        of_classes = fitting.task == "classification"
        what = _("{shape} {text}, predicted together").format(
            shape=target.shape[1], text="labels" if of_classes else "numbers"
        )
    elif fitting.task == "classification":
        what = _classes_and_shares(target)
    else:
        show = (data.roles.written or PLAIN).show
        low, median, high = map(show, np.quantile(target.astype(float), [0, 0.5, 1]))
        what = _("a number from {low} to {high}, median {median}").format(
            low=low, high=high, median=median
        )
        levels = fitting.prepared.objective.levels
        what = (
            _("quantiles {levels} of {what}").format(levels=format_list(levels, limit=4), what=what)
            if len(levels) > 1
            else what
        )
    return what
