"""What was seen: which recipes led, which left and why, and whether what was tried paid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from madaline.records.decision import Decision
from madaline.records.record import Record
from madaline.story.sentence import Sentence

MOST_COPIES = 4
"""Copies whose verdict is told one by one, at most."""


def tell_seen(records: Sequence[Record], decisions: Sequence[Decision]) -> Iterator[Sentence]:
    """Yield what the records and decisions say of the race.

    Parameters
    ----------
    records : sequence of Record
        Every epoch of every recipe.
    decisions : sequence of Decision
        What was decided.
    """
    if not records:
        return
    yield from _beginning(records)
    yield from _dropped([one for one in decisions if one.action == "drop"])
    yield from _diverged([one for one in decisions if one.action == "restore"])
    yield from _flat([one for one in decisions if one.action == "stop"])
    yield from _went_on(
        [one for one in decisions if one.action == "keep" and "after" in one.evidence]
    )
    yield from _verdicts(
        [one for one in decisions if one.action == "stop" and "before" in one.evidence]
    )
    yield _best(records)


def _beginning(records: Sequence[Record]) -> Iterator[Sentence]:
    first = sorted(
        (record for record in records if record.epoch == records[0].epoch),
        key=lambda record: record.loss,
    )
    if len(first) > 1:
        yield Sentence(
            "seen",
            'After the first epoch the losses reached from {low:.4f} ("{best}") to {high:.4f}'
            ' ("{worst}"); lower is better.',
            {"low": first[0].loss, "high": first[-1].loss},
            {"best": first[0].recipe, "worst": first[-1].recipe},
        )


def _dropped(drops: Sequence[Decision]) -> Iterator[Sentence]:
    if not drops:
        return
    losses, bests = ([one.evidence[name] for one in drops] for name in ("loss", "best"))
    one = len(drops) == 1
    yield Sentence(
        "seen",
        f"{{dropped}} {'recipe' if one else 'recipes'} left {_when(drops)}, with"
        f" {_reach('a loss of' if one else 'losses of', losses, 'loss')} against"
        f" {_reach('', bests, 'best')} of the best at that time.",
        {"dropped": len(drops), **_epochs(drops), **_ends(losses, "loss"), **_ends(bests, "best")},
    )


def _diverged(restored: Sequence[Decision]) -> Iterator[Sentence]:
    if restored:
        yield Sentence(
            "seen",
            f"{{times}} {'time' if len(restored) == 1 else 'times'} networks diverged, went back to"
            " their best epoch, and on with shorter steps.",
            {"times": len(restored)},
        )


def _flat(stops: Sequence[Decision]) -> Iterator[Sentence]:
    flat = [one for one in stops if "flat" in one.evidence]
    late = [one for one in stops if "epochs" in one.evidence]
    if flat:
        yield Sentence(
            "seen",
            f"{{stopped}} stopped {_when(flat)}, being flat: no better for"
            f" {_span([one.evidence['flat'] for one in flat], 'flat')} epochs.",
            {
                "stopped": len(flat),
                **_epochs(flat),
                **_ends([one.evidence["flat"] for one in flat], "flat"),
            },
        )
    if late:
        yield Sentence(
            "seen",
            "{late} had seen the table as often as they may, {effort:.0f} times, and might still"
            " get better with a higher effort.",
            {"late": len(late), "effort": late[0].evidence["epochs"]},
        )


def _went_on(keeps: Sequence[Decision]) -> Iterator[Sentence]:
    if keeps:
        times = {1: "Once", 2: "Twice"}.get(len(keeps), "{times} times")
        yield Sentence(
            "seen",
            f"{times} a recipe that was flat by itself went on because the mix of all gained from"
            " it: the loss of the mix fell from {before:.4f} to {after:.4f} on the way.",
            {
                "times": len(keeps),
                "before": keeps[0].evidence["before"],
                "after": keeps[-1].evidence["after"],
            },
        )


def _verdicts(stops: Sequence[Decision]) -> Iterator[Sentence]:
    for stop in stops[:MOST_COPIES]:
        paid = stop.evidence["loss"] < stop.evidence["before"]
        yield Sentence(
            "seen",
            f'The copy "{{copy}}" came to {{loss:.4f}}, against {{before:.4f}} before the'
            f" change: it {'paid' if paid else 'did not pay'}.",
            {"loss": stop.evidence["loss"], "before": stop.evidence["before"]},
            {"copy": stop.subject},
        )
    rest = stops[MOST_COPIES:]
    if rest:
        yield Sentence(
            "seen",
            "Of {rest} more copies, {paid} paid.",
            {
                "rest": len(rest),
                "paid": sum(one.evidence["loss"] < one.evidence["before"] for one in rest),
            },
        )


def _best(records: Sequence[Record]) -> Sentence:
    best = min(records, key=lambda record: record.loss)
    return Sentence(
        "seen",
        'The best by itself was "{best}", with a loss of {loss:.4f} at epoch {epoch}.',
        {"loss": best.loss, "epoch": best.epoch},
        {"best": best.recipe},
    )


def _when(decisions: Sequence[Decision]) -> str:
    several = len({one.epoch for one in decisions}) > 1
    return f"after {'epochs' if several else 'epoch'} " + _span(
        [one.epoch for one in decisions], "epoch"
    )


def _epochs(decisions: Sequence[Decision]) -> dict[str, float]:
    return _ends([one.epoch for one in decisions], "epoch")


def _span(values: Sequence[float], name: str) -> str:
    """Return the words for whole numbers from the smallest to the largest."""
    if min(values) == max(values):
        return f"{{low_{name}:.0f}}"
    return f"{{low_{name}:.0f}} to {{high_{name}:.0f}}"


def _reach(what: str, values: Sequence[float], name: str) -> str:
    """Return the words for losses from the smallest to the largest."""
    words = f"{{low_{name}:.4f}}"
    if f"{min(values):.4f}" != f"{max(values):.4f}":
        words += f" to {{high_{name}:.4f}}"
    return f"{what} {words}".strip()


def _ends(values: Sequence[float], name: str) -> dict[str, float]:
    return {f"low_{name}": min(values), f"high_{name}": max(values)}
