"""What was seen: which recipes were best, which stopped and why, and which changes helped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from madaline._words import apart, count
from madaline.records.decision import Decision
from madaline.records.history import Record
from madaline.records.race_decisions import (
    Dropped,
    EpochLimitReached,
    Restored,
    SnapshotKept,
    Stopped,
)

MOST_COPIES = 4
"""Copies whose outcome is told one by one, at most."""

Kind = TypeVar("Kind", bound=Decision)


def tell_seen(records: Sequence[Record], decisions: Sequence[Decision]) -> Iterator[str]:
    """Yield what the records and decisions show of the race.

    Parameters
    ----------
    records : sequence of Record
        Every epoch of every recipe.
    decisions : sequence of Decision
        What was decided.
    """
    if not records:
        return
    yield from _first_epoch(records)
    yield from _ended(decisions)
    yield from _copies(decisions)
    best = min(records, key=lambda record: record.loss)
    yield (
        f'The best single recipe was "{best.recipe}", with a validation loss of {best.loss:.4f} at'
        f" epoch {best.epoch}."
    )


def _first_epoch(records: Sequence[Record]) -> Iterator[str]:
    first = [record for record in records if record.epoch == records[0].epoch]
    if len(first) > 1:
        best, *_, worst = sorted(first, key=lambda record: record.loss)
        lowest, highest = apart([best.loss, worst.loss])
        yield (
            f'After the first epoch the validation losses ranged from {lowest} ("{best.recipe}") to'
            f' {highest} ("{worst.recipe}").'
        )


def _ended(decisions: Sequence[Decision]) -> Iterator[str]:
    if dropped := _of(Dropped, decisions):
        values = [one.loss for one in dropped], [one.best_loss for one in dropped]
        low, high, best_low, best_high = apart([f(own) for own in values for f in (min, max)])
        yield (
            f"{count(len(dropped), 'recipe')} {'was' if len(dropped) == 1 else 'were'} stopped"
            f" early, after {_epochs(dropped)}, with a validation loss of {_span([low, high])} when"
            f" the best recipe had {_span([best_low, best_high])}."
        )
    if restored := _of(Restored, decisions):
        yield (
            f"Networks diverged {count(len(restored), 'time')}, went back to their best epoch and"
            " continued with a lower learning rate."
        )
    if stopped := _of(Stopped, decisions):
        flat = _span(sorted(one.epochs for one in stopped))
        yield (
            f"{count(len(stopped), 'recipe')} stopped after {_epochs(stopped)}, without improvement"
            f" for {flat} epochs."
        )
    if late := _of(EpochLimitReached, decisions):
        yield (
            f"{count(len(late), 'recipe')} reached the limit of {late[0].epochs} epochs and might"
            " improve with a higher effort."
        )
    if kept := _of(SnapshotKept, decisions):
        times = {1: "Once", 2: "Twice"}.get(len(kept), f"{len(kept)} times")
        before, after = apart([kept[0].previous_ensemble_loss, kept[-1].ensemble_loss])
        yield (
            f"{times} a recipe that no longer improved by itself continued because it improved the"
            f" ensemble, whose validation loss fell from {before} to {after}."
        )


def _copies(decisions: Sequence[Decision]) -> Iterator[str]:
    copies = [one for one in _of(Stopped, decisions) if one.parent_loss is not None]
    for one in copies[:MOST_COPIES]:
        before, after = apart([one.parent_loss or 0.0, one.loss])
        if one.improvement > 0:
            yield f'The variant "{one.subject}" lowered the loss from {before} to {after}.'
        else:
            yield f'The variant "{one.subject}" did not lower the loss ({after}, {before} before).'
    if rest := copies[MOST_COPIES:]:
        lowered = sum(one.improvement > 0 for one in rest)
        yield f"Of {len(rest)} more variants, {lowered} lowered the loss."


def _of(kind: type[Kind], decisions: Sequence[Decision]) -> list[Kind]:
    return [one for one in decisions if isinstance(one, kind)]


def _epochs(decisions: Sequence[Decision]) -> str:
    epochs = sorted(one.epoch for one in decisions)
    return f"epoch{'s' if epochs[0] < epochs[-1] else ''} {_span(epochs)}"


def _span(ordered: Sequence[object]) -> str:
    """Return "first to last", or one of them if they are the same."""
    first, last = ordered[0], ordered[-1]
    return f"{first}" if first == last else f"{first} to {last}"
