"""The story of a fit in plain words, from the records and decisions that its file holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal, TypeAlias, TypeVar, final

from madaline._charts.html import ToFrame, block, bullets, heading
from madaline._evaluation.score import Score
from madaline._story.forward import tell_stretches
from madaline._story.summary import Output, Summary
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
class Story(ToFrame):
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

    def _repr_html_(self) -> str:
        parts = self.parts.items()
        return block(*(heading(HEADINGS[part]) + bullets(texts) for part, texts in parts))

    def to_columns(self) -> dict[str, Any]:
        """Return the part and the text of each sentence."""
        parts = [part for part, texts in self.parts.items() for _ in texts]
        return {"part": parts, "sentence": list(self)}

    def lines(self, part: Part) -> Iterator[str]:
        """Yield a part as lines of a paragraph; none if it has no sentences."""
        if texts := self.parts.get(part):
            yield from paragraph(f"{HEADINGS[part]}: {' '.join(texts)}").splitlines()

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
    rows = f"{summary.n_evaluated:,} of {n_rows:,} rows"
    if summary.n_evaluated == n_rows:
        rows = f"the {n_rows:,} rows"
    n_final = 0 if summary.forward is None else summary.forward.n_final
    parts = f"{summary.n_folds} folds"
    started = recipes * (summary.n_folds + n_final)
    if n_final:
        parts = f"{summary.n_folds} stretches of time, and {n_final} that learn from all rows"
    yield (
        f"{format_count(recipes, 'recipe')} competed for {format_count(summary.epochs, 'epoch')},"
        f" each with a network for each of {parts}: {started}"
        " networks at the start. All losses and scores are validation results: each of"
        f" {rows} was predicted {summary.how_evaluated}."
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
    yield (
        f'The best single recipe was "{best.recipe}", with a validation loss of {best.loss:.4f} at'
        f" epoch {best.epoch}."
    )


def _first_epoch(records: Sequence[Record]) -> Iterator[str]:
    first = [record for record in records if record.epoch == records[0].epoch]
    if len(first) > 1:
        best, *_, worst = sorted(first, key=lambda record: record.loss)
        lowest, highest = format_distinct([best.loss, worst.loss])
        yield (
            f'After the first epoch the validation losses ranged from {lowest} ("{best.recipe}") to'
            f' {highest} ("{worst.recipe}").'
        )


def _ended(decisions: Sequence[Decision]) -> Iterator[str]:
    if dropped := _of(Dropped, decisions):
        yield _stopped_early(dropped)
    if restored := _of(Restored, decisions):
        yield (
            f"Networks diverged {format_count(len(restored), 'time')}, went back to their best"
            " epoch and continued with a lower learning rate."
        )
    if stopped := _of(Stopped, decisions):
        flat = _span(sorted(decision.epochs for decision in stopped))
        yield (
            f"{format_count(len(stopped), 'recipe')} stopped after {_epochs(stopped)}, without"
            f" improvement for {flat} epochs."
        )
    if late := _of(EpochLimitReached, decisions):
        yield (
            f"{format_count(len(late), 'recipe')} reached the limit of {late[0].epochs} epochs and"
            " might improve with a higher effort."
        )
    if snapshots := _of(SnapshotKept, decisions):
        times = {1: "Once", 2: "Twice"}.get(len(snapshots), f"{len(snapshots)} times")
        before, after = format_distinct(
            [snapshots[0].previous_ensemble_loss, snapshots[-1].ensemble_loss]
        )
        yield (
            f"{times} a recipe that no longer improved by itself continued because it improved the"
            f" ensemble, whose validation loss fell from {before} to {after}."
        )


def _stopped_early(dropped: Sequence[Dropped]) -> str:
    losses = [decision.loss for decision in dropped]
    best = [decision.best_loss for decision in dropped]
    ends = [min(losses), max(losses), min(best), max(best)]
    low, high, best_low, best_high = format_distinct(ends)
    return (
        f"{format_count(len(dropped), 'recipe')} {'was' if len(dropped) == 1 else 'were'}"
        f" stopped early, after {_epochs(dropped)}, with a validation loss of"
        f" {_span([low, high])} when the best recipe had {_span([best_low, best_high])}."
    )


def _copies(decisions: Sequence[Decision]) -> Iterator[str]:
    copies = [decision for decision in _of(Stopped, decisions) if decision.parent_loss is not None]
    for variant in copies[:_MAX_COPIES]:
        before, after = format_distinct([variant.parent_loss or 0.0, variant.loss])
        if variant.improvement > 0:
            yield f'The variant "{variant.subject}" lowered the loss from {before} to {after}.'
        else:
            outcome = f"did not lower the loss ({after}, {before} before)"
            yield f'The variant "{variant.subject}" {outcome}.'
    if rest := copies[_MAX_COPIES:]:
        lowered = sum(variant.improvement > 0 for variant in rest)
        yield f"Of {len(rest)} more variants, {lowered} lowered the loss."


def _of(kind: type[Kind], decisions: Sequence[Decision]) -> list[Kind]:
    return [decision for decision in decisions if isinstance(decision, kind)]


def _epochs(decisions: Sequence[Decision]) -> str:
    epochs = sorted(decision.epoch for decision in decisions)
    return f"epoch{'s' if epochs[0] < epochs[-1] else ''} {_span(epochs)}"


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
        return f'The prediction is the mean of {networks}: "{members[0].name}".'
    named = "; ".join(f'{member.weight:.0%} "{member.name}"' for member in members[:_MAX_RECIPES])
    more = len(members) - _MAX_RECIPES
    rest = f" and {more} more" if more > 0 else ""
    return f"The prediction is the weighted mean of {networks}: {named}{rest}."


def _pruned(summary: Summary, decisions: Sequence[Decision]) -> Iterator[str]:
    steps = [decision for decision in decisions if isinstance(decision, Pruned)]
    before, now = summary.row_multiply_adds_before, summary.row_multiply_adds
    if steps and now < before:
        last = steps[-1]
        yield (
            f"Pruning reduced the cost of a prediction from {before:,} to {now:,} multiply-adds;"
            f" {last.comparison}."
        )


def _over_time(summary: Summary) -> Iterator[str]:
    """Yield how rows were held out in time, and what that says of rows to come."""
    yield from summary.on_later_rows
    if summary.forward is not None:
        yield from summary.worded(*tell_stretches(summary.forward, summary.promised))


def _score(score: Score) -> str:
    numbers = (score.value, score.standard_error, score.baseline)
    value, error, baseline = format_with_error(numbers, score.standard_error)
    return f"The {metric_name(score.metric)} is {value} ± {error} (baseline: {baseline})."


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
    metric = summary.outputs[0].scores[0].metric
    named = [f"{output.name} {estimate_of(output, metric)}" for output in summary.outputs]
    shown = format_list(named, limit=_MAX_OUTPUTS)
    yield f"These are means; the {metric_name(metric)} of each: {shown}."


def _importance(summary: Summary) -> Iterator[str]:
    if clear := summary.clear_importances:
        first = clear[0]
        yield (
            f"The most important column is {first.name}: when it is shuffled, the"
            f" {metric_name(first.metric)} {when_worse(first.metric)} by"
            f" {format_estimate(first.value, first.standard_error)}."
            f" {len(clear)} of {format_count(len(summary.importances), 'column')}"
            f" {'has' if len(clear) == 1 else 'have'} a clear effect."
        )


def estimate_of(output: Output, metric: str) -> str:
    """Return a score of an output with its standard error; empty if there is none."""
    scores = (score for score in output.scores if score.metric == metric)
    return next((format_estimate(score.value, score.standard_error) for score in scores), "")


def tell_constraints(monotone: Mapping[str, int], target_encoder: Any) -> str:
    """Return the sentence; empty where no column is constrained.

    >>> tell_constraints({"age": 1, "income": 1, "debt": -1}, target_encoder=None)
    'The prediction never falls when age or income grows, and never rises when debt grows.'
    """
    classes = getattr(target_encoder, "classes", None)
    outcome = "prediction" if classes is None else f"probability of {classes[-1]}"
    parts = [
        f"never {verb} when {format_list(names, last=' or ')} grows"
        for verb, wanted in (("falls", 1), ("rises", -1))
        if (names := [name for name, direction in monotone.items() if direction == wanted])
    ]
    return f"The {outcome} {', and '.join(parts)}." if parts else ""
