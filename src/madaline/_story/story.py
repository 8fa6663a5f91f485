"""The story of a fit in plain words, from the records and decisions that its file holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal, TypeAlias, TypeVar, final

from madaline._charts.blocks import Section, points
from madaline._charts.result import Result, ToFrame
from madaline._evaluation.score import Score
from madaline._language import _
from madaline._story.forward import tell_stretches
from madaline._story.summary import Summary, estimate_of
from madaline._words import (
    format_count,
    format_distinct,
    format_estimate,
    format_list,
    format_with_error,
    metric_name,
    paragraph,
    when_worse,
)
from madaline.records.decision import Decision
from madaline.records.history import Record
from madaline.records.model_decisions import (
    Calibrated,
    Pruned,
    QuantilesMoved,
    ThresholdChosen,
    Updated,
)
from madaline.records.race_decisions import (
    CheaperPlan,
    Dropped,
    EpochLimitReached,
    Grown,
    LearnedFromProbabilities,
    LearningRateLowered,
    PresetChosen,
    Restored,
    SampleDrawn,
    Simplified,
    SnapshotKept,
    Stopped,
    TreesCompared,
    TreesLeftOut,
)

Part: TypeAlias = Literal["tried", "seen", "kept", "time"]
"""What a sentence is about: what was tried, seen or kept, or what holds over time."""

HEADINGS: dict[Part, str] = {
    "tried": "What was tried",
    "seen": "What was seen",
    "kept": "What was kept",
    "time": "Over time",
}

_VARIANTS = (
    (LearningRateLowered, "with a lower learning rate"),
    (Grown, "with twice the units"),
    (Simplified, "with column dropout"),
)
"""Decisions that start a variant of the best recipe, and how it differs."""

_MAX_COPIES = 4  # copies whose outcome is told one by one, at most

Kind = TypeVar("Kind", bound=Decision)

_MAX_RECIPES = 4  # recipes of the prediction that are named, at most
_MAX_OUTPUTS = 12  # targets whose score is told, at most


@final
@dataclass(frozen=True)
class Story(Result, ToFrame):
    """What was tried, what was seen, and what was kept: ``print`` it.

    >>> print(Story({"kept": ["5 networks predict."]}))
    What was kept: 5 networks predict.
    """

    parts: Mapping[Part, Sequence[str]]  # the sentences of each part that has some

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self.parts.values())

    def __len__(self) -> int:
        return sum(map(len, self.parts.values()))

    def __str__(self) -> str:
        """Return a paragraph for each part."""
        return "\n".join(line for part in self.parts for line in self.lines(part))

    def __repr__(self) -> str:
        return str(self)

    def sections(self) -> Iterator[Section]:
        for part, texts in self.parts.items():
            yield Section(points(texts), HEADINGS[part])

    def to_columns(self) -> dict[str, Any]:
        """Return the part and the text of each sentence."""
        parts = [part for part, texts in self.parts.items() for _ in texts]
        return {"part": parts, "sentence": list(self)}

    def lines(self, part: Part) -> Iterator[str]:
        """Yield a part as lines of a paragraph; none if it has no sentences."""
        if texts := self.parts.get(part):
            yield from paragraph(
                _("{HEADINGS}: {texts}").format(HEADINGS=HEADINGS[part], texts=" ".join(texts))
            ).splitlines()

    def to_json(self) -> list[dict[str, Any]]:
        """Return the sentences as JSON-able values."""
        return [
            {"part": part, "sentence": text} for part, texts in self.parts.items() for text in texts
        ]


def tell_story(
    summary: Summary,
    records: Sequence[Record],
    decisions: Sequence[Decision],
    constraints: str = "",
) -> Story:
    """Return the story of a fit."""
    parts: Mapping[Part, list[str]] = {
        "tried": [*_tried(summary, records, decisions)],
        "seen": [*summary.leak_sentences, *_seen(records, decisions)],
        "kept": [*_kept(summary, decisions), *filter(None, [constraints])],
        "time": [*_over_time(summary)],
    }
    return Story({part: texts for part, texts in parts.items() if texts})


def _tried(
    summary: Summary, records: Sequence[Record], decisions: Sequence[Decision]
) -> Iterator[str]:
    """Yield which recipes raced, and on which rows."""
    if not records:
        return
    recipes = sum(record.epoch == records[0].epoch for record in records)
    drawn = [decision.sampled for decision in _of(SampleDrawn, decisions)]
    n_rows = drawn[0] if drawn else summary.n_samples
    rows = _("{n_evaluated:,} of {n_rows:,} rows").format(
        n_evaluated=summary.n_evaluated, n_rows=n_rows
    )
    if summary.n_evaluated == n_rows:
        rows = _("the {n_rows:,} rows").format(n_rows=n_rows)
    n_final = 0 if summary.forward is None else summary.forward.n_final
    parts = _("{n_folds} folds").format(n_folds=summary.n_folds)
    started = recipes * (summary.n_folds + n_final)
    if n_final:
        parts = _("{n_folds} stretches of time, and {n_final} that learn from all rows").format(
            n_folds=summary.n_folds, n_final=n_final
        )
    yield _(
        "{recipes} competed for {epochs}, each with a network for each of {parts}: {started} networks at the start. All losses and scores are validation results: each of {rows} was predicted {how_evaluated}."
    ).format(
        recipes=format_count(recipes, "recipe"),
        epochs=format_count(summary.epochs, "epoch"),
        parts=parts,
        started=started,
        rows=rows,
        how_evaluated=summary.how_evaluated,
    )
    of_plan = CheaperPlan | SampleDrawn | PresetChosen | LearnedFromProbabilities
    yield from (decision.sentence for decision in decisions if isinstance(decision, of_plan))
    yield from _variants(decisions)
    compared = [decision for decision in _of(TreesCompared, decisions) if not decision.follow]
    yield from (decision.sentence for decision in (*compared, *_of(TreesLeftOut, decisions)))


def _variants(decisions: Sequence[Decision]) -> Iterator[str]:
    """Yield how many variants of the best recipe were tried, and how they differ."""
    counts = [
        (sum(isinstance(decision, kind) for decision in decisions), what)
        for kind, what in _VARIANTS
    ]
    several = sum(number > 0 for number, _ in counts) > 1
    tried = [f"{number} {what}" if several else what for number, what in counts if number]
    total = sum(number for number, _ in counts)
    if total:
        yield (
            f"When the best recipe no longer improved, {format_count(total, 'variant')} of it"
            f" {'was' if total == 1 else 'were'} tried{':' if several else ','} {', '.join(tried)}."
        )


def _seen(records: Sequence[Record], decisions: Sequence[Decision]) -> Iterator[str]:
    """Yield what the records and decisions show of the race."""
    if not records:
        return
    yield from _first_epoch(records)
    yield from _ended(decisions)
    yield from _copies(decisions)
    best = min(records, key=lambda record: record.loss)
    yield _(
        'The best single recipe was "{recipe}", with a validation loss of {loss:.4f} at epoch {epoch}.'
    ).format(recipe=best.recipe, loss=best.loss, epoch=best.epoch)


def _first_epoch(records: Sequence[Record]) -> Iterator[str]:
    first = [record for record in records if record.epoch == records[0].epoch]
    if len(first) > 1:
        best, *__, worst = sorted(first, key=lambda record: record.loss)
        lowest, highest = format_distinct([best.loss, worst.loss])
        yield _(
            'After the first epoch the validation losses ranged from {lowest} ("{best}") to {highest} ("{worst}").'
        ).format(lowest=lowest, best=best.recipe, highest=highest, worst=worst.recipe)


def _ended(decisions: Sequence[Decision]) -> Iterator[str]:
    if dropped := _of(Dropped, decisions):
        yield _stopped_early(dropped)
    if restored := _of(Restored, decisions):
        yield _(
            "Networks diverged {times}, went back to their best epoch and continued with a lower learning rate."
        ).format(times=format_count(len(restored), "time"))
    if stopped := _of(Stopped, decisions):
        flat = _span(sorted(decision.epochs for decision in stopped))
        yield _("{recipes} stopped after {epochs}, without improvement for {flat} epochs.").format(
            recipes=format_count(len(stopped), "recipe"), epochs=_epochs(stopped), flat=flat
        )
    if late := _of(EpochLimitReached, decisions):
        yield _(
            "{recipes} reached the limit of {epochs} epochs and might improve with a higher effort."
        ).format(recipes=format_count(len(late), "recipe"), epochs=late[0].epochs)
    if snapshots := _of(SnapshotKept, decisions):
        times = {1: "Once", 2: "Twice"}.get(len(snapshots), f"{len(snapshots)} times")
        before, after = format_distinct(
            [snapshots[0].previous_ensemble_loss, snapshots[-1].ensemble_loss]
        )
        yield _(
            "{times} a recipe that no longer improved by itself continued because it improved the ensemble, whose validation loss fell from {before} to {after}."
        ).format(times=times, before=before, after=after)


def _stopped_early(dropped: Sequence[Dropped]) -> str:
    losses = [decision.loss for decision in dropped]
    best = [decision.best_loss for decision in dropped]
    ends = [min(losses), max(losses), min(best), max(best)]
    low, high, best_low, best_high = format_distinct(ends)
    return _(
        "{recipes} was stopped early, after {epochs}, with a validation loss of {span} when the best recipe had {span_of_best}."
        if len(dropped) == 1
        else "{recipes} were stopped early, after {epochs}, with a validation loss of {span} when the best recipe had {span_of_best}."
    ).format(
        recipes=format_count(len(dropped), "recipe"),
        epochs=_epochs(dropped),
        span=_span([low, high]),
        span_of_best=_span([best_low, best_high]),
    )


def _copies(decisions: Sequence[Decision]) -> Iterator[str]:
    copies = [decision for decision in _of(Stopped, decisions) if decision.parent_loss is not None]
    for variant in copies[:_MAX_COPIES]:
        before, after = format_distinct([variant.parent_loss or 0.0, variant.loss])
        if variant.improvement > 0:
            yield _('The variant "{subject}" lowered the loss from {before} to {after}.').format(
                subject=variant.subject, before=before, after=after
            )
        else:
            outcome = _("did not lower the loss ({after}, {before} before)").format(
                after=after, before=before
            )
            yield _('The variant "{subject}" {outcome}.').format(
                subject=variant.subject, outcome=outcome
            )
    if rest := copies[_MAX_COPIES:]:
        lowered = sum(variant.improvement > 0 for variant in rest)
        yield _("Of {n_rest} more variants, {lowered} lowered the loss.").format(
            n_rest=len(rest), lowered=lowered
        )


def _of(kind: type[Kind], decisions: Sequence[Decision]) -> list[Kind]:
    return [decision for decision in decisions if isinstance(decision, kind)]


def _epochs(decisions: Sequence[Decision]) -> str:
    epochs = sorted(decision.epoch for decision in decisions)
    return _("epochs {span}" if epochs[0] < epochs[-1] else "epoch {span}").format(
        span=_span(epochs)
    )


def _span(ordered: Sequence[object]) -> str:
    """Return "first to last", or one of them if they are the same."""
    first, last = ordered[0], ordered[-1]
    return f"{first}" if first == last else f"{first} to {last}"


def _kept(summary: Summary, decisions: Sequence[Decision]) -> Iterator[str]:
    """Yield what predicts, and how good it is."""
    yield _ensemble(summary)
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
    yield from (decision.sentence for decision in decisions if isinstance(decision, Updated))


def _ensemble(summary: Summary) -> str:
    members = summary.members
    networks = summary.predictors()
    if len(members) == 1:
        return _('The prediction is the mean of {networks}: "{name}".').format(
            networks=networks, name=members[0].name
        )
    named = _("; ").join(
        f'{member.weight:.0%} "{member.name}"' for member in members[:_MAX_RECIPES]
    )
    more = len(members) - _MAX_RECIPES
    rest = _(" and {more} more").format(more=more) if more > 0 else ""
    return _("The prediction is the weighted mean of {networks}: {named}{rest}.").format(
        networks=networks, named=named, rest=rest
    )


def _pruned(summary: Summary, decisions: Sequence[Decision]) -> Iterator[str]:
    steps = [decision for decision in decisions if isinstance(decision, Pruned)]
    before, now = summary.row_multiply_adds_before, summary.row_multiply_adds
    if steps and now < before:
        last = steps[-1]
        yield _(
            "Pruning reduced the cost of a prediction from {before:,} to {now:,} multiply-adds; {comparison}."
        ).format(before=before, now=now, comparison=last.comparison)


def _over_time(summary: Summary) -> Iterator[str]:
    """Yield how rows were held out in time, and what that says of rows to come."""
    yield from summary.on_later_rows
    if summary.forward is not None:
        yield from summary.worded(*tell_stretches(summary.forward, summary.promised))


def _score(score: Score) -> str:
    numbers = (score.value, score.standard_error, score.baseline)
    value, error, baseline = format_with_error(numbers, score.standard_error)
    return _("The {metric} is {value} ± {error} (baseline: {baseline}).").format(
        metric=metric_name(score.metric), value=value, error=error, baseline=baseline
    )


def _difference(summary: Summary) -> str:
    errors = abs(summary.standard_errors_better)
    side = "below" if summary.standard_errors_better >= 0 else "above"
    clearly = "" if summary.learned else ", no clear difference"
    return _(
        "The loss is {errors:.3g} standard errors (±) {side} that of the baseline, the best constant prediction{clearly}."
    ).format(errors=errors, side=side, clearly=clearly)


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
        yield _(
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


def tell_constraints(monotone: Mapping[str, int], target_encoder: Any) -> str:
    """Return the sentence; empty where no column is constrained.

    >>> tell_constraints({"age": 1, "income": 1, "debt": -1}, target_encoder=None)
    'The prediction never falls when age or income grows, and never rises when debt grows.'
    """
    classes = getattr(target_encoder, "classes", None)
    outcome = (
        "prediction"
        if classes is None
        else _("probability of {classes}").format(classes=classes[-1])
    )
    parts = [
        _("never {verb} when {names} grows").format(
            verb=verb, names=format_list(names, last=" or ")
        )
        for verb, wanted in (("falls", 1), ("rises", -1))
        if (names := [name for name, direction in monotone.items() if direction == wanted])
    ]
    return (
        _("The {outcome} {parts}.").format(outcome=outcome, parts=", and ".join(parts))
        if parts
        else ""
    )
