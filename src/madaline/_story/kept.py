"""What was kept: the networks that predict, how good they are, and what they rely on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from madaline._evaluation.score import Score
from madaline._race.importance import Importance
from madaline._story.summary import Summary
from madaline._words import count, decimals, metric_name, some, when_worse
from madaline.records.decision import Decision
from madaline.records.model_decisions import Calibrated, Pruned, ThresholdChosen, Updated

MOST_RECIPES = 4
"""Recipes of the prediction that are named, at most."""


MOST_OUTPUTS = 12
"""Targets whose score is told, at most."""


def tell_kept(summary: Summary, decisions: Sequence[Decision]) -> Iterator[str]:
    """Yield what predicts, and how good it is.

    Parameters
    ----------
    summary : Summary
        What the fit came to.
    decisions : sequence of Decision
        What was decided.
    """
    yield _ensemble(summary)
    yield from _pruned(summary, decisions)
    yield from (one.sentence for one in decisions if isinstance(one, Calibrated | ThresholdChosen))
    yield from map(_score, summary.scores)
    yield from _outputs(summary)
    yield _difference(summary)
    yield from _importance(summary.importances)
    yield from (one.sentence for one in decisions if isinstance(one, Updated))


def _ensemble(summary: Summary) -> str:
    members = summary.members
    networks = count(len(members) * summary.n_folds, "network")
    if len(members) == 1:
        return f'The prediction is the mean of {networks}: "{members[0].name}".'
    named = "; ".join(f'{one.weight:.0%} "{one.name}"' for one in members[:MOST_RECIPES])
    more = len(members) - MOST_RECIPES
    rest = f" and {more} more" if more > 0 else ""
    return f"The prediction is the weighted mean of {networks}: {named}{rest}."


def _pruned(summary: Summary, decisions: Sequence[Decision]) -> Iterator[str]:
    steps = [one for one in decisions if isinstance(one, Pruned)]
    before, now = summary.row_multiply_adds_before, summary.row_multiply_adds
    if steps and now < before:
        last = steps[-1]
        yield (
            f"Pruning reduced the cost of a prediction from {before:,} to {now:,} multiply-adds;"
            f" {last.comparison}."
        )


def _score(score: Score) -> str:
    spec = _spec(score.standard_error)
    return (
        f"The {metric_name(score.metric)} is {score.value:{spec}} ± {score.standard_error:{spec}}"
        f" (baseline: {score.baseline:{spec}})."
    )


def _difference(summary: Summary) -> str:
    errors = abs(summary.standard_errors_better)
    side = "below" if summary.standard_errors_better >= 0 else "above"
    clearly = "" if summary.learned else ", no clear difference"
    return (
        f"The loss is {errors:.3g} standard errors (±) {side} that of the baseline, the best"
        f" constant prediction{clearly}."
    )


def _outputs(summary: Summary) -> Iterator[str]:
    """Yield the first score of each of several targets or quantiles."""
    if not summary.outputs:
        return
    named = [f"{one.name} {_value(one.scores[0])}" for one in summary.outputs]
    metric = metric_name(summary.outputs[0].scores[0].metric)
    yield f"These are means; the {metric} of each: {some(named, limit=MOST_OUTPUTS)}."


def _value(score: Score) -> str:
    spec = _spec(score.standard_error)
    return f"{score.value:{spec}} ± {score.standard_error:{spec}}"


def _importance(importances: Sequence[Importance]) -> Iterator[str]:
    clear = [one for one in importances if one.clear]
    if clear:
        first = clear[0]
        spec = _spec(first.standard_error)
        yield (
            f"The most important column is {first.name}: when it is shuffled, the"
            f" {metric_name(first.metric)} {when_worse(first.metric)} by {first.value:{spec}} ±"
            f" {first.standard_error:{spec}}. {len(clear)} of {count(len(importances), 'column')}"
            f" {'has' if len(clear) == 1 else 'have'} a clear effect."
        )


def _spec(error: float) -> str:
    """Return the format of a number with this standard error."""
    digits = decimals(error)
    return ".4g" if digits is None else f",.{digits}f"
