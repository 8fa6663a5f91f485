"""The story of a fit in three sentences: what was tried, what won and why, what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from madaline._base.language import _
from madaline._base.words import (
    format_count,
    format_distinct,
    format_list,
    format_loss,
    metric_name,
)
from madaline._models.diagnosis.finding import Finding
from madaline._models.story.summary import Summary
from madaline.records._letters import RecipeLetters
from madaline.records.decision import Decision
from madaline.records.history import Record
from madaline.records.race_decisions import EpochLimitReached

_MAX_MEMBERS = 4  # recipes of the prediction that are named, at most


def tell_in_short(
    summary: Summary,
    records: Sequence[Record],
    decisions: Sequence[Decision],
    findings: Iterable[Finding] = (),
) -> dict[str, str]:
    """Return a sentence for each heading, and what the letters in them stand for."""
    if not records:
        return {}
    recipes, losses = RecipeLetters.of(records), _lowest_losses(records)
    started = {record.recipe_id for record in records if record.epoch == records[0].epoch}
    members = summary.members[: _MAX_MEMBERS + 1]  # as many as a list names
    best = min(losses, key=losses.__getitem__)
    named = {
        recipes.letters.get(recipe_id) for recipe_id in (best, *(m.recipe_id for m in members))
    }
    named |= {recipes.origins.get(letter or "") for letter in named}
    legend = recipes.legend(letter for letter in recipes.names if letter in named)
    return {
        "What was tried": _tried(summary, len(started)),
        "What won": f"{_won(recipes, best, losses, summary)} {_score(summary)}",
        "What to do next": _next(summary, decisions, findings),
        "Recipes": _("{legend}.").format(legend=_("; ").join(legend)),
    }


def _lowest_losses(records: Iterable[Record]) -> dict[str, float]:
    """Return the lowest loss of each recipe."""
    losses: dict[str, float] = {}
    for record in records:
        losses[record.recipe_id] = min(record.loss, losses.get(record.recipe_id, record.loss))
    return losses


def _tried(summary: Summary, n_recipes: int) -> str:
    sentence = _(
        "{recipes} (sets of hyperparameters) competed for {epochs} (passes over the rows), judged by {loss} on {rows} that they had not learned from."
    )
    if summary.of_later_rows:
        sentence = _(
            "{recipes} (sets of hyperparameters) competed for {epochs} (passes over the rows), judged by {loss} on {rows} later than those that they had learned from."
        )
    return sentence.format(
        recipes=format_count(n_recipes, "recipe"),
        epochs=format_count(summary.epochs, "epoch"),
        rows=format_count(summary.n_evaluated, "row"),
        loss=summary.request.objective.validation_words(summary.task),
    )


def _won(
    recipes: RecipeLetters, recipe_id: str, losses: Mapping[str, float], summary: Summary
) -> str:
    """Return which recipe has the lowest loss, and which predict."""
    best = recipes.letters[recipe_id]
    lowest, *others = sorted(losses.values())
    if not others:
        return _("{best} reached a loss of {loss}.").format(best=best, loss=format_loss(lowest))
    loss, low, high = format_distinct([lowest, others[0], others[-1]])
    facts = {"best": best, "loss": loss, "low": low, "high": high}
    members = [recipes.shown(one.name, one.recipe_id) for one in summary.members]
    if members == [best]:
        return _(
            "{best} has the lowest loss, {loss} (others {low} to {high}), and makes the predictions."
        ).format(**facts)
    return _(
        "{best} has the lowest loss, {loss} (others {low} to {high}). Predictions are the weighted mean of {members}, which have the lowest loss together."
    ).format(**facts, members=format_list(members, limit=_MAX_MEMBERS, last=_(" and ")))


def _score(summary: Summary) -> str:
    """Return how good the prediction is, beside that of a constant."""
    score = summary.scores[0]
    baseline = score.texts((score.value, score.baseline))[1]
    return _("The {metric} is {value}, and {baseline} for the best constant prediction.").format(
        metric=metric_name(score.metric),
        value=score.estimate,
        baseline=baseline,
    )


def _next(summary: Summary, decisions: Sequence[Decision], findings: Iterable[Finding]) -> str:
    """Return what matters most of what can be done."""
    severities: list[str] = [one.severity for one in findings]  # the worst first
    worst = severities[0] if severities else ""
    found = format_count(severities.count(worst), "finding")
    if worst in ("high", "medium"):
        sentence = _("{found} of {severity} severity: diagnosis_ tells what to do.").format(
            found=found, severity=_(worst)
        )
    elif any(isinstance(one, EpochLimitReached) for one in decisions):
        sentence = _("Recipes reached the limit of epochs: a higher effort may lower the loss.")
    elif summary.linear is not None and summary.linear.standard_errors_better <= 1:
        sentence = summary.linear.sentence
    elif worst == "low":
        sentence = _("Predict new rows. {found} of low severity: diagnosis_ tells more.").format(
            found=found
        )
    else:
        sentence = _("Predict new rows: no problem was found.")
    return summary.worded(sentence)[0]
