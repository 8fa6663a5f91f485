"""What was kept: the networks that predict, how good they are, and what they rely on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from madaline.evaluation.score import Score
from madaline.race.importance import Importance
from madaline.records.decision import Decision
from madaline.story.sentence import Sentence
from madaline.story.summary import Summary
from madaline.words import decimals, metric_name

MOST_RECIPES = 4
"""Recipes of the prediction that are named, at most."""


def tell_kept(summary: Summary, decisions: Sequence[Decision]) -> Iterator[Sentence]:
    """Yield what predicts, and what it is worth.

    Parameters
    ----------
    summary : Summary
        What the fit came to.
    decisions : sequence of Decision
        What was decided.
    """
    yield _mix(summary)
    yield from _pruned(summary, decisions)
    yield from _calibrated(decisions)
    for score in summary.scores:
        yield _score(score)
    yield _verdict(summary)
    yield from _importance(summary.importances)


def _mix(summary: Summary) -> Sentence:
    shares = sorted(summary.weights.items(), key=lambda item: -item[1])
    named = shares[:MOST_RECIPES]
    parts = [f'{{share{place}:.0%}} "{{recipe{place}}}"' for place in range(len(named))]
    more = " and {more} more" if len(shares) > len(named) else ""
    networks = len(shares) * summary.n_folds
    what = "network" if networks == 1 else "networks"
    words = f"What predicts is the weighted mean of {{networks}} {what}: {'; '.join(parts)}{more}."
    if len(shares) == 1:
        words = f'What predicts is the mean of {{networks}} {what}: "{{recipe0}}".'
    return Sentence(
        "kept",
        words,
        {
            "networks": networks,
            "more": len(shares) - len(named),
            **{f"share{place}": share for place, (_, share) in enumerate(named)},
        },
        {f"recipe{place}": name for place, (name, _) in enumerate(named)},
    )


def _pruned(summary: Summary, decisions: Sequence[Decision]) -> Iterator[Sentence]:
    steps = [one for one in decisions if one.action == "prune"]
    before, now = summary.row_multiply_adds_before, summary.row_multiply_adds
    if steps and now < before:
        yield Sentence(
            "kept",
            "Pruning left {now:,} of {before:,} multiply-adds a row, with a loss of {loss:.4f}"
            " against {best:.4f} at best (standard error of the difference {error:.4f}).",
            {
                "now": now,
                "before": before,
                "loss": steps[-1].evidence["loss"],
                "best": steps[-1].evidence["best"],
                "error": steps[-1].evidence["standard_error"],
            },
        )


def _calibrated(decisions: Sequence[Decision]) -> Iterator[Sentence]:
    for one in decisions:
        if one.action == "calibrate":
            yield Sentence("kept", one.reason, one.evidence)


def _score(score: Score) -> Sentence:
    digits = decimals(score.standard_error)
    spec = ".4g" if digits is None else f",.{digits}f"
    alone = f"; out of fold, without what folds add to one another, it is {{alone:{spec}}}"
    return Sentence(
        "kept",
        f"The {{metric}} is {{value:{spec}}} ± {{error:{spec}}}, where a constant reaches"
        f" {{constant:{spec}}}{alone if score.gain else ''}.",
        {
            "value": score.value,
            "error": score.standard_error,
            "constant": score.constant,
            "alone": score.out_of_fold,
        },
        {"metric": metric_name(score.metric)},
    )


def _verdict(summary: Summary) -> Sentence:
    if summary.learned:
        words = "By the loss it is {better:.1f} standard errors better than a constant."
    else:
        words = (
            "That is no better than a constant beyond doubt: by the loss {better:.1f} standard"
            " errors better."
        )
    return Sentence("kept", words, {"better": summary.standard_errors_better})


def _importance(importances: Sequence[Importance]) -> Iterator[Sentence]:
    clear = [one for one in importances if one.clear]
    if not clear:
        return
    first = clear[0]
    digits = decimals(first.standard_error)
    spec = ".4g" if digits is None else f",.{digits}f"
    yield Sentence(
        "kept",
        "What matters most is {column}: with its values exchanged among rows, the {metric} is worse"
        f" by {{value:{spec}}} ± {{error:{spec}}}. Of {{columns}} columns {{clear}} help beyond"
        " doubt.",
        {
            "value": first.value,
            "error": first.standard_error,
            "clear": len(clear),
            "columns": len(importances),
        },
        {"column": first.name, "metric": metric_name(first.metric)},
    )
