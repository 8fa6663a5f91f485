"""What a fit kept, in sentences: what predicts, how good it is, and which column matters most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from madaline._base.language import _
from madaline._base.words import (
    format_count,
    format_estimate,
    format_list,
    metric_name,
    when_worse,
)
from madaline._models.story.summary import Summary, estimate_of
from madaline._race.evaluation.score import Score
from madaline.records._letters import RecipeLetters
from madaline.records.decision import Decision
from madaline.records.model_decisions import (
    Calibrated,
    Pruned,
    QuantilesMoved,
    ThresholdChosen,
    Updated,
    WentBack,
)

_MAX_RECIPES = 4  # recipes of the prediction that are named, at most
_MAX_OUTPUTS = 12  # targets whose score is told, at most


def tell_kept(
    recipes: RecipeLetters, summary: Summary, decisions: Sequence[Decision]
) -> Iterator[str]:
    """Yield what predicts, and how good it is."""
    yield _ensemble(recipes, summary)
    yield from _pruned(summary, decisions)
    yield from (
        decision.sentence
        for decision in decisions
        if isinstance(decision, Calibrated | QuantilesMoved | ThresholdChosen)
    )
    yield from map(_score, summary.scores)
    yield from _outputs(summary)
    yield _difference(summary)
    if summary.linear is not None:
        yield summary.linear.sentence
    yield from _importance(summary)
    yield from (one.sentence for one in decisions if isinstance(one, Updated | WentBack))


def _ensemble(recipes: RecipeLetters, summary: Summary) -> str:
    names = [recipes.shown(one.name, one.recipe_id) for one in summary.members]
    networks = summary.predictors()
    if len(names) == 1:
        return _("The prediction is the mean of {networks}: {name}.").format(
            networks=networks, name=names[0]
        )
    weighted = [
        f"{one.weight:.0%} {name}" for one, name in zip(summary.members, names, strict=True)
    ]
    return _("The prediction is the weighted mean of {networks}: {named}.").format(
        networks=networks, named=format_list(weighted, limit=_MAX_RECIPES)
    )


def _pruned(summary: Summary, decisions: Sequence[Decision]) -> Iterator[str]:
    steps = [decision for decision in decisions if isinstance(decision, Pruned)]
    before, now = summary.row_multiply_adds_before, summary.row_multiply_adds
    if steps and now < before:
        last = steps[-1]
        yield (
            _(
                "Pruning reduced the cost of a prediction from {before:,} to {now:,} multiply-adds; {comparison}."
            ).format(before=before, now=now, comparison=last.comparison)
        )


def _score(score: Score) -> str:
    value, error, baseline = score.texts((score.value, score.standard_error, score.baseline))
    return _("The {metric} is {value} ± {error} (baseline: {baseline}).").format(
        metric=metric_name(score.metric), value=value, error=error, baseline=baseline
    )


def _difference(summary: Summary) -> str:
    errors = abs(summary.standard_errors_better)
    if summary.learned:
        told = _(
            "The loss is {errors:.3g} standard errors (±) below that of the baseline, the best constant prediction."
        )
    elif summary.standard_errors_better >= 0:
        told = _(
            "The loss is {errors:.3g} standard errors (±) below that of the baseline, the best constant prediction, no clear difference."
        )
    else:
        told = _(
            "The loss is {errors:.3g} standard errors (±) above that of the baseline, the best constant prediction, no clear difference."
        )
    return told.format(errors=errors)


def _outputs(summary: Summary) -> Iterator[str]:
    """Yield the first score of each of several targets or quantiles."""
    if not summary.outputs:
        return
    metric = summary.outputs[0].scores[0].metric
    named = [f"{output.name} {estimate_of(output, metric)}" for output in summary.outputs]
    shown = format_list(named, limit=_MAX_OUTPUTS)
    yield _("These are means; the {metric} of each: {shown}.").format(
        metric=metric_name(metric), shown=shown
    )


def _importance(summary: Summary) -> Iterator[str]:
    if clear := summary.clear_importances:
        first = clear[0]
        yield (
            _(
                "The most important column is {name}: when it is shuffled, the {metric} {when_worse} by {value}. {n_clear} of {columns} has a clear effect."
                if len(clear) == 1
                else "The most important column is {name}: when it is shuffled, the {metric} {when_worse} by {value}. {n_clear} of {columns} have a clear effect."
            ).format(
                name=first.name,
                metric=metric_name(first.metric),
                when_worse=when_worse(first.metric),
                value=format_estimate(first.value, first.standard_error),
                n_clear=len(clear),
                columns=format_count(len(summary.importances), "column"),
            )
        )
