"""What was tried: the recipes of the race, and variants of the best one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from madaline._story.summary import Summary
from madaline._words import count
from madaline.records.decision import Decision
from madaline.records.history import Record
from madaline.records.race_decisions import (
    CheaperPlan,
    Grown,
    LearningRateLowered,
    PresetChosen,
    Simplified,
)

VARIANTS = (
    (LearningRateLowered, "with a lower learning rate"),
    (Grown, "with twice the units"),
    (Simplified, "with column dropout"),
)
"""Decisions that start a variant of the best recipe, and how it differs."""


def tell_tried(
    summary: Summary, records: Sequence[Record], decisions: Sequence[Decision]
) -> Iterator[str]:
    """Yield which recipes raced, and on which rows.

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
    recipes = sum(record.epoch == records[0].epoch for record in records)
    of_all = "" if summary.n_evaluated == summary.n_samples else f" of {summary.n_samples:,}"
    yield (
        f"{count(recipes, 'recipe')} competed for {count(summary.epochs, 'epoch')}, each with a"
        f" network for each of {summary.n_folds} folds: {recipes * summary.n_folds} networks at the"
        f" start. All losses and scores are validation results: each of the"
        f" {summary.n_evaluated:,}{of_all}"
        " rows was predicted by networks that were not trained on it."
    )
    of_plan = CheaperPlan | PresetChosen
    yield from (one.sentence for one in decisions if isinstance(one, of_plan))
    counts = [(sum(isinstance(one, kind) for one in decisions), what) for kind, what in VARIANTS]
    several = sum(number > 0 for number, _ in counts) > 1
    tried = [f"{number} {what}" if several else what for number, what in counts if number]
    total = sum(number for number, _ in counts)
    if total:
        yield (
            f"When the best recipe no longer improved, {count(total, 'variant')} of it"
            f" {'was' if total == 1 else 'were'} tried{':' if several else ','} {', '.join(tried)}."
        )
