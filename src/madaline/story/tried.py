"""What was tried: the recipes of the race, and the copies that went another way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from madaline.records.decision import Decision
from madaline.records.record import Record
from madaline.story.sentence import Sentence
from madaline.story.summary import Summary

TRIALS: Mapping[str, str] = {
    "lower": "with a lower learning rate",
    "grow": "with twice the units",
    "simplify": "with columns hidden at random",
}
"""What a copy was sent to try, by the decision that sent it."""


def tell_tried(
    summary: Summary, records: Sequence[Record], decisions: Sequence[Decision]
) -> Iterator[Sentence]:
    """Yield who raced, and on what rows.

    Parameters
    ----------
    summary : Summary
        What the fit came to.
    records : sequence of Record
        Every epoch of every recipe.
    decisions : sequence of Decision
        What was decided.
    """
    if not records:
        return
    first = [record for record in records if record.epoch == records[0].epoch]
    yield _race(summary, len(first))
    yield from _copies(decisions)


def _race(summary: Summary, recipes: int) -> Sentence:
    learned = "" if summary.n_judged == summary.n_samples else " of {all_rows:,}"
    return Sentence(
        "tried",
        f"{{recipes}} {'recipe' if recipes == 1 else 'recipes'} raced for {{epochs}} epochs, each"
        " with a network for each of {folds} folds: {networks} networks at the start. Each of the"
        f" {{rows:,}}{learned} rows was judged by networks that never saw it.",
        {
            "recipes": recipes,
            "epochs": summary.epochs,
            "folds": summary.n_folds,
            "networks": recipes * summary.n_folds,
            "rows": summary.n_judged,
            "all_rows": summary.n_samples,
        },
    )


def _copies(decisions: Sequence[Decision]) -> Iterator[Sentence]:
    counts = {action: _number(decisions, action) for action in TRIALS}
    sent = {action: number for action, number in counts.items() if number}
    if not sent:
        return
    total = sum(sent.values())
    who = "A copy of the leader" if total == 1 else "{copies} copies of the leader"
    ways = [f"{{{action}}} {TRIALS[action]}" for action in sent]
    if len(sent) == 1:
        ways = [TRIALS[action] for action in sent]
    yield Sentence(
        "tried",
        f"{who} went on from where it had stopped, {', '.join(ways)}.",
        {"copies": total, **sent},
    )


def _number(decisions: Sequence[Decision], action: str) -> int:
    return sum(decision.action == action for decision in decisions)
