"""What a fit warns of: empty columns, an interrupt, and that nothing was learned."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from madaline._data.schema import Schema
from madaline._story.summary import Summary
from madaline.errors import InterruptedFitWarning, NothingLearnedWarning
from madaline.records.decision import Decision
from madaline.records.race_decisions import Interrupted


def warn_of_empty_columns(schema: Schema) -> None:
    """Warn of columns without any value."""
    empty = [column.name for column in schema.columns if column.n_distinct == 0]
    if empty:
        warnings.warn(
            f"These columns hold no value at all and are left out: {', '.join(empty)}.",
            UserWarning,
            stacklevel=3,
        )


def warn_of_interrupt(decisions: Sequence[Decision]) -> None:
    """Warn that the user ended training."""
    for decision in decisions:
        if isinstance(decision, Interrupted):
            sentence = f"{decision.sentence} The model is the best so far."
            warnings.warn(sentence, InterruptedFitWarning, stacklevel=3)


def warn_of_nothing_learned(summary: Summary) -> None:
    """Warn that predictions are no better than a constant."""
    if not summary.learned:
        warnings.warn(
            "On held-out rows the networks are not clearly better than the baseline: X does not"
            f" predict y, or {summary.n_samples:,} rows are too few to learn how.",
            NothingLearnedWarning,
            stacklevel=3,
        )
