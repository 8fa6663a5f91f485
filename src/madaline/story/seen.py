"""What was seen: which recipes were best, which stopped and why, and which changes helped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from madaline.records.decision import Decision
from madaline.records.race_decisions import (
    Dropped,
    EpochLimitReached,
    Restored,
    SnapshotKept,
    Stopped,
)
from madaline.records.record import Record
from madaline.words import count

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
        f'The best single recipe was "{best.recipe}", with a loss of {best.loss:.4f} at epoch'
        f" {best.epoch}."
    )


def _first_epoch(records: Sequence[Record]) -> Iterator[str]:
    first = [record for record in records if record.epoch == records[0].epoch]
    if len(first) > 1:
        best, *_, worst = sorted(first, key=lambda record: record.loss)
        yield (
            f'After the first epoch the losses ranged from {best.loss:.4f} ("{best.recipe}") to'
            f' {worst.loss:.4f} ("{worst.recipe}"); lower is better.'
        )


def _ended(decisions: Sequence[Decision]) -> Iterator[str]:
    if dropped := _of(Dropped, decisions):
        losses = _span([f"{one.loss:.4f}" for one in sorted(dropped, key=lambda one: one.loss)])
        best = _span([f"{one.best_loss:.4f}" for one in sorted(dropped, key=lambda o: o.best_loss)])
        one = len(dropped) == 1
        yield (
            f"{count(len(dropped), 'recipe')} {'was' if one else 'were'} stopped early, after"
            f" {_epochs(dropped)}, with {'a loss' if one else 'losses'} of {losses} against {best}"
            " of the best at that time."
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
        yield (
            f"{times} a recipe that no longer improved by itself continued because it improved the"
            f" ensemble, whose loss fell from {kept[0].previous_ensemble_loss:.4f} to"
            f" {kept[-1].ensemble_loss:.4f}."
        )


def _copies(decisions: Sequence[Decision]) -> Iterator[str]:
    copies = [one for one in _of(Stopped, decisions) if one.parent_loss is not None]
    for one in copies[:MOST_COPIES]:
        improved = f"an improvement of {one.improvement:.2g}"
        yield (
            f'The copy "{one.subject}" reached {one.loss:.4f}, after {one.parent_loss:.4f} before'
            f" the change: {improved if one.improvement > 0 else 'no improvement'}."
        )
    if rest := copies[MOST_COPIES:]:
        yield f"Of {len(rest)} more copies, {sum(one.improvement > 0 for one in rest)} improved."


def _of(kind: type[Kind], decisions: Sequence[Decision]) -> list[Kind]:
    return [one for one in decisions if isinstance(one, kind)]


def _epochs(decisions: Sequence[Decision]) -> str:
    epochs = sorted(one.epoch for one in decisions)
    return f"epoch{'s' if epochs[0] < epochs[-1] else ''} {_span(epochs)}"


def _span(ordered: Sequence[object]) -> str:
    """Return "first to last", or one of them if they are the same."""
    first, last = ordered[0], ordered[-1]
    return f"{first}" if first == last else f"{first} to {last}"
