"""How the page shows a report: its figures, and numbers as they are written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any

from madaline._base.language import _, ngettext
from madaline._base.words import (
    METRICS,
    format_count,
    format_day,
    format_list,
    format_measured,
    format_probability,
    format_rounded,
    format_share,
    metric_name,
)
from madaline._models.diagnosis.finding import Finding
from madaline._models.model import FittedModel
from madaline._models.story.forward import tell_stretches
from madaline._models.story.story import HEADINGS, Story
from madaline._models.story.summary import Summary
from madaline._race.evaluation.quality.classification import ClassificationQuality
from madaline._race.evaluation.quality.regression import RegressionQuality
from madaline._race.evaluation.score import Score
from madaline._race.recipe import legend
from madaline._tables.formats.number_format import PLAIN
from madaline._tables.kinds.kind import DROPPED
from madaline._tell.explain.effect import Effect
from madaline._tell.explain.fans import chosen_fans, forecast_fans
from madaline._tell.explain.scale import PROBABILITY, TARGET
from madaline._tell.report.data import (
    Example,
    OutputReport,
    Report,
    class_labels,
    outcome_of_several,
)
from madaline._tell.report.pictures import gauge_svg, levels_svg, perfect_score, view_of_quality
from madaline._tell.report.reproduce import how_to_reproduce
from madaline.errors import InputError
from madaline.nn.losses import Quantiles
from madaline.records._letters import RecipeLetters
from madaline.records._results.curves import learning_figure
from madaline.records._results.figure import Figure
from madaline.records._results.svg import bar_svg, distribution_svg, figure_svg
from madaline.records.race_decisions import SampleDrawn

_MAX_IMPORTANCES, _MAX_COLUMNS = 8, 9
"""Columns whose importance is shown, and that are described; the others unfold."""

_MAX_DRIVERS, _MAX_ATTRIBUTIONS = 3, 5  # columns on the first screen, and of an example

_MAX_LEVELS, _MAX_SMALL_LEVELS = 8, 5
"""Levels of a category that are shown with its effect, and on the first screen."""

_MAX_OUTPUT_EXAMPLES, _MAX_OUTPUT_EFFECTS = 2, 2
"""Predictions of each of several outputs that are explained, and columns whose effect is drawn."""

_MAX_SENTENCES = 2  # about later rows on the first screen; the others stand beside the picture

_SMALL_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

_SEVERITIES = ("high", "medium", "low")

_NO_FINDING = (
    "No problem was found: no leaking column, no suspicious label, no group of rows that is"
    " predicted clearly worse, no poor calibration."
)

_NO_FINDING_OF_SEVERAL = (
    "No problem was found: no leaking column, and no group of rows that is predicted clearly worse."
)
"""The other checks are of one target alone."""


def view_of(report: Report) -> dict[str, Any]:
    """Return what the page's template needs."""
    model = report.model
    summary = model.summary
    columns = _columns(report)
    members = [(member.recipe_id, member.weight) for member in summary.members]
    draws = (decision for decision in model.decisions if isinstance(decision, SampleDrawn))
    return {
        **_HELPERS,
        **_of_rows(report, _drivers(summary)),
        "model": model,
        "summary": summary,
        "outputs": [_output(output) for output in report.outputs],
        "head": view_of_head(report),
        "scores": _scores(report),
        "over_time": _over_time(summary),
        "forecasts": _forecasts(model),
        "drivers": _drivers(summary),
        "columns_by_name": {column["name"]: column for column in columns},
        "findings": _sorted_findings(report)[1:],
        "quality": view_of_quality(None if report.outputs else model.quality, summary.target),
        "gain": _gain(_headline_score(report), summary.kinds),
        "importances": _importances(summary),
        "of_values": bool(model.schema.single),
        "columns": columns,
        "rows_drawn": next((draw.rows_drawn for draw in draws), None),
        "dropped": [column for column in model.schema.columns if column.kind == DROPPED],
        "in_short": [*model.story().in_short.values()][:2],
        "story": _story(model.story()),
        "learning": learning_figure(model.history, members),
        "letters": RecipeLetters.of(model.records),
        "legend": legend(member.name for member in summary.members),
        "threshold": report.threshold,
        "reproduce": how_to_reproduce(model),
    }


def _of_rows(report: Report, drivers: Sequence[str]) -> dict[str, Any]:
    """Return what the template needs of given rows, if there are some."""
    rows = report.rows
    effects = [] if rows is None else _effects(rows.effects)
    quality = None if rows is None else rows.quality
    return {
        "rows": rows,
        "row_quality": view_of_quality(quality, report.model.summary.target),
        "effects": [effect for effect in effects if effect["column"] not in drivers],
        "effects_by_column": {effect["column"]: effect for effect in effects},
        "explanations": [] if rows is None else list(map(_example, rows.examples)),
        "small_findings": [
            finding for finding in report.findings_of_rows if finding.severity == "low"
        ],
    }


def _evaluated(summary: Summary) -> str:
    how = summary.how_evaluated
    if summary.n_evaluated == summary.n_samples:
        return _("each row predicted {how_evaluated}").format(how_evaluated=how)
    rows = format_count(summary.n_evaluated, "row")
    return _("each of {rows} predicted {how_evaluated}").format(rows=rows, how_evaluated=how)


def view_of_head(report: Report) -> dict[str, Any]:
    """Return the first screen: what is predicted, how well, from what, and what to know first."""
    model = report.model
    summary = report.model.summary
    day = report.date
    score = _headline_score(report)
    findings = _sorted_findings(report)
    no_finding = _NO_FINDING_OF_SEVERAL if report.outputs else _NO_FINDING
    scores = () if report.rows is None else report.rows.scores
    new = [_gauge(other) for other in scores if other.metric == score.metric]
    of_quantiles = isinstance(model.predictor.loss, Quantiles)
    return {
        "headline": _headline(report, score),
        "remark": _remark(report, findings),
        "date": format_day(day),
        "outcome": outcome_of_several(model) or _outcome(report),
        "several": len(report.outputs) > 0 and not of_quantiles,
        "n_columns": format_count(summary.n_columns, "column"),
        "n_rows": format_count(summary.n_samples, "row"),
        "evaluated": _evaluated(summary),
        "scored_rows": summary.scored_rows,
        "score": _gauge(score),
        "new_score": new[0] if new else None,
        "finding": findings[0] if findings else None,
        "no_finding": None if model.diagnosis is None else no_finding,
    }


def _over_time(summary: Summary) -> dict[str, Any] | None:
    """Return the metric by stretch of time; None where rows were dealt out at random."""
    forward = summary.forward
    if forward is None:
        return None
    return {
        "figure": forward.figure(summary.promised),
        "first": summary.on_later_rows[:_MAX_SENTENCES],
        "rest": [
            *summary.on_later_rows[_MAX_SENTENCES:],
            *tell_stretches(forward, summary.promised),
        ],
    }


def _forecasts(model: FittedModel) -> list[Figure]:
    """Return the forecasts of the hardest series and of typical ones, where they need no rows."""
    past = model.predictor.past
    if past is None or past.lags.classes:
        return []
    try:
        fans = chosen_fans(forecast_fans(model.predictor))
    except InputError:  # rows to come must tell something, or quantiles are predicted
        return []
    time = past.lags.time or _("row")
    return [fan.figure(past.lags.target, time) for fan in fans]


def _headline(report: Report, score: Score) -> str:
    summary = report.model.summary
    if not summary.learned:
        return _("Predicts {target} no better than the baseline").format(target=summary.target)
    value = headline_number(score)
    return _("Predicts {target} with {metric} {value}").format(
        target=summary.target, metric=metric_name(score.metric), value=value
    )


def _headline_score(report: Report) -> Score:
    """Return the score that matters most.

    That is the metric that the fit was asked for; otherwise of two classes the area under the ROC
    curve, of several the accuracy, of numbers R².
    """
    summary = report.model.summary
    labels = class_labels(report.model)
    scores = {score.metric: score for score in summary.scores}
    of_labels = bool(report.outputs) and summary.task == "classification"
    two = of_labels or (labels is not None and len(labels) == 2)
    preferred = [summary.request.objective.metric_name, "roc_auc" if two else "", "accuracy", "r2"]
    present = [scores[metric] for metric in preferred if metric in scores]
    return present[0] if present else summary.scores[0]


def _gain(score: Score, kinds: str) -> str:
    """Return why figures of out-of-fold predictions differ from a score; empty if they do not."""
    alone, value = score.texts((score.out_of_fold, score.value))
    if alone == value:
        return ""
    return _(
        "In these figures each row is predicted by the {kinds} of one fold alone ({metric} {alone}). The score above is an estimate for those of all folds together, as they predict new rows."
    ).format(kinds=kinds, metric=metric_name(score.metric), alone=alone)


def _sorted_findings(report: Report) -> list[Finding]:
    """Return the findings about the fit, and the severe ones about given rows, the worst first."""
    of_rows = [finding for finding in report.findings_of_rows if finding.severity != "low"]
    findings = [*(report.model.diagnosis or ()), *of_rows]
    return sorted(findings, key=lambda finding: _SEVERITIES.index(finding.severity))


def _drivers(summary: Summary) -> list[str]:
    """Return the most important columns with a clear effect; none where there is one column."""
    if len(summary.importances) < 2:
        return []
    return [importance.name for importance in summary.clear_importances[:_MAX_DRIVERS]]


def _remark(report: Report, findings: Sequence[Finding]) -> str:
    """Return the rest of the headline: how many drivers and cautions there are."""
    parts = []
    summary = report.model.summary
    if len(summary.importances) > 1:
        drivers = len(_drivers(summary))
        told = ngettext("{number} driver", "{number} main drivers", drivers)
        told = told.format(n=drivers, number=_number_word(drivers))
        parts.append(told if drivers else _("no main drivers"))
    if report.model.diagnosis is not None:
        told = ngettext("{number} caution", "{number} cautions", len(findings))
        told = told.format(n=len(findings), number=_number_word(len(findings)))
        parts.append(told if findings else _("no cautions"))
    return (
        _("{first}, {then}").format(first=parts[0], then=parts[1]) if parts[1:] else "".join(parts)
    )


def _outcome(report: Report) -> str:
    """Return what is predicted, in words."""
    classes = class_labels(report.model)
    quality = report.model.quality
    if classes is None:
        if not isinstance(quality, RegressionQuality):
            return "a number"
        error = (report.model.schema.target or PLAIN).show(quality.median_error)
        return _("a number, and half of the predictions are off by less than {error}").format(
            error=error
        )
    if len(classes) == 2:
        share = ""
        if isinstance(quality, ClassificationQuality):
            rows = quality.matrix.sum(axis=1)
            share = _(" ({rows:.0%} are {classes})").format(
                rows=rows[1] / rows.sum(), classes=classes[1]
            )
        return _("{first} or {second}{share}").format(
            first=classes[0], second=classes[1], share=share
        )
    return _("one of {n_classes} classes: {classes}").format(
        n_classes=len(classes), classes=format_list(classes, limit=5)
    )


def headline_number(score: Score) -> str:
    """Return a score with the digits that are certain: two errors leave the last one open."""
    value, least = score.value, 0.01 if abs(score.value) <= 1 else math.inf
    return score.written.texts(format_measured, [value], min(least, 2 * score.standard_error))[0]


def _number_word(number: int) -> str:
    """Return a small number as a word."""
    return _(_SMALL_NUMBERS[number]) if number < len(_SMALL_NUMBERS) else f"{number:,}"


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


def _gauge(score: Score) -> dict[str, Any]:
    error = score.standard_error
    return {
        "name": _capitalized(metric_name(score.metric)),
        "value": headline_number(score),
        "error": score.written.texts(format_measured, [error], error)[0],
        "baseline": headline_number(replace(score, value=score.baseline)),
        "perfect": perfect_score(score),
        "svg": gauge_svg(score),
    }


def _scores(report: Report) -> list[dict[str, Any]]:
    """Return the scores beside that of the headline, each with that of the given rows."""
    new = {} if report.rows is None else {score.metric: score for score in report.rows.scores}
    headline = _headline_score(report).metric
    lines = []
    for score in report.model.summary.scores:
        if score.metric == headline:
            continue
        error = score.standard_error
        of_rows = new.get(score.metric)
        write = partial(score.written.texts, format_measured)
        value, shown = write((score.value, error), error)
        name, _, meaning = METRICS.get(score.metric, score.metric).partition(" (")
        lines.append(
            {
                "name": name,
                "meaning": meaning.removesuffix(")"),
                "value": value,
                "error": shown,
                "baseline": write([score.baseline], max(error, abs(score.baseline) / 100))[0],
                "new": of_rows and write([of_rows.value], of_rows.standard_error)[0],
            }
        )
    return lines


def _output(output: OutputReport) -> dict[str, Any]:
    """Return the block of one output: figures, effects, and a few predictions explained."""
    rows = output.rows
    summary = output.model.summary
    effects = () if rows is None else rows.effects[:_MAX_OUTPUT_EFFECTS]
    examples = () if rows is None else rows.examples[:_MAX_OUTPUT_EXAMPLES]
    return {
        "target": summary.target,
        "quality": view_of_quality(output.model.quality, summary.target),
        "importances": _importances(summary),
        "effects": _effects(effects),
        "explanations": list(map(_example, examples)),
    }


def _importances(summary: Summary) -> list[dict[str, Any]]:
    importances = summary.importances
    clear = summary.clear_importances
    largest = max(
        (importance.value + 2 * importance.standard_error for importance in importances),
        default=1.0,
    )
    rows = []
    for importance in importances:
        spread = 2 * importance.standard_error
        value, error = format_rounded((importance.value, importance.standard_error), largest)
        rows.append(
            {
                "name": importance.name,
                "value": value,
                "error": error,
                "clear": importance in clear,
                "metric": metric_name(importance.metric),
                "bar": bar_svg(importance.value, largest or 1.0, spread=spread),
            }
        )
    return rows


def _columns(report: Report) -> list[dict[str, Any]]:
    """Return the columns that are used, the most important first, each with what is in it."""
    model = report.model
    profiles = () if model.profile is None else model.profile.columns
    pictures = {profile.name: distribution_svg(profile) for profile in profiles}
    order = [name for importance in model.summary.importances for name in importance.columns]
    ranks = {name: rank for rank, name in enumerate(order)}
    used = [column for column in model.schema.columns if column.kind != DROPPED]
    return [
        {**vars(column), "picture": pictures.get(column.name, "")}
        for column in sorted(used, key=lambda column: ranks.get(column.name, len(ranks)))
    ]


def _story(story: Story) -> list[dict[str, Any]]:
    return [
        {"heading": HEADINGS[part], "sentences": sentences}
        for part, sentences in story.parts.items()
    ]


def _example(example: Example) -> dict[str, Any]:
    """Return a prediction that is explained, and why it was chosen."""
    explained = example.explained
    return {
        "why": example.why,
        "row": example.row,
        "name": example.name,
        "background": example.background,
        **explained.view_of_example(example.prediction, example.truth, _MAX_ATTRIBUTIONS),
    }


def _effects(effects: Sequence[Effect]) -> list[dict[str, Any]]:
    """Return each effect with a picture and a small one; equal things on equal scales."""
    return [_effect(effect, effects) for effect in effects]


def _effect(effect: Effect, effects: Sequence[Effect]) -> dict[str, Any]:
    alike = [other.prediction.tolist() for other in effects if other.name == effect.name]
    values = list(chain.from_iterable(alike))
    scale = effect.readout.scale
    if scale == PROBABILITY:  # where few rows are, accumulated effects may go beyond
        values = [min(1.0, max(0.0, value)) for value in values]
    if effect.of_levels:
        limits = (_MAX_LEVELS, _MAX_SMALL_LEVELS)
        svg, small = (levels_svg(effect, values, limit) for limit in limits)
        hidden = len(effect.values) - _MAX_LEVELS
        template = "Predicted {name} for each level" if scale == TARGET else "{name} for each level"
        name = effect.name if scale == TARGET else _capitalized(effect.name)
        caption = _(template).format(name=name)
        caption += (
            _(", {rarer_ones} not shown.").format(rarer_ones=format_count(hidden, "rarer one"))
            if hidden > 0
            else _(".")
        )
    else:
        svg = small = figure_svg(effect.figure(values), small=True)
        caption = effect.sentence
    return {"column": effect.column, "svg": svg, "small": small, "caption": caption}


_HELPERS = {
    "most_columns": _MAX_COLUMNS,
    "most_importances": _MAX_IMPORTANCES,
    "count": format_count,
    "measured": format_measured,
    "metric_name": metric_name,
    "percent": format_share,
    "capitalized": _capitalized,
    "chance": format_probability,
}
"""What the template calls and compares with."""
