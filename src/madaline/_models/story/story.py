"""The story of a fit in plain words, from the records and decisions that its file holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, Literal, TypeAlias, TypeVar, final

from madaline._base.language import _, ngettext
from madaline._base.words import (
    format_count,
    format_distinct,
    format_list,
    paragraph,
)
from madaline._models.diagnosis.finding import Finding
from madaline._models.story.forward import tell_stretches
from madaline._models.story.in_short import tell_in_short
from madaline._models.story.kept import tell_kept
from madaline._models.story.summary import Summary
from madaline.records._letters import RecipeLetters
from madaline.records._results.blocks import Section, points
from madaline.records._results.result import Result, ToFrame
from madaline.records.decision import Decision
from madaline.records.history import Record
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

Part: TypeAlias = Literal["tried", "seen", "kept", "time", "next", "recipes"]
"""What a sentence is about: tried, seen or kept, over time, what to do, or what letters mean."""

HEADINGS: dict[Part, str] = {
    "tried": "What was tried",
    "seen": "What was seen",
    "kept": "What was kept",
    "time": "Over time",
    "next": "What to do next",
    "recipes": "Recipes",
}

_VARIANTS = (
    (LearningRateLowered, "with a lower learning rate"),
    (Grown, "with twice the units"),
    (Simplified, "with column dropout"),
)
"""Decisions that start a variant of the best recipe, and how it differs."""

_MAX_COPIES = 4  # copies whose outcome is told one by one, at most

Kind = TypeVar("Kind", bound=Decision)


@final
@dataclass(frozen=True)
class Story(Result, ToFrame):
    """What was tried, what was seen, and what was kept: ``print`` it.

    >>> print(Story({"kept": ["5 networks predict."]}))
    What was kept: 5 networks predict.
    """

    parts: Mapping[Part, Sequence[str]]  # the sentences of each part that has some
    in_short: Mapping[str, str] = field(default_factory=dict)  # what is shown of it, by heading

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self.parts.values())

    def __len__(self) -> int:
        return sum(map(len, self.parts.values()))

    def __str__(self) -> str:
        """Return a paragraph for each part, or the story in short."""
        return "\n".join(self.paragraphs())

    def __repr__(self) -> str:
        return str(self)

    def sections(self) -> Iterator[Section]:
        if self.in_short:
            yield Section(points(f"{_(name)}: {text}" for name, text in self.in_short.items()))
            return
        for part, texts in self.parts.items():
            yield Section(points(texts), HEADINGS[part])

    def to_columns(self) -> dict[str, Any]:
        """Return the part and the text of each sentence."""
        parts = [part for part, texts in self.parts.items() for _ in texts]
        return {"part": parts, "sentence": list(self)}

    def paragraphs(self) -> Iterator[str]:
        """Yield what is shown, a paragraph for each heading."""
        whole = {HEADINGS[part]: " ".join(texts) for part, texts in self.parts.items()}
        for name, text in (self.in_short or whole).items():
            yield paragraph(_("{name}: {text}").format(name=_(name), text=text))

    @property
    def whole(self) -> Story:
        """The same, with all sentences shown."""
        return replace(self, in_short={})

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
    findings: Sequence[Finding] = (),
) -> Story:
    """Return the story of a fit."""
    recipes = RecipeLetters.of(records)
    meanings = [*recipes.legend(recipes.names)]
    parts: Mapping[Part, list[str]] = {
        "tried": [*_tried(summary, records, decisions)],
        "seen": [*summary.leak_sentences, *_seen(recipes, records, decisions)],
        "kept": [*tell_kept(recipes, summary, decisions), *filter(None, [constraints])],
        "time": [*_over_time(summary)],
        "recipes": [_("{legend}.").format(legend=_("; ").join(meanings))] if meanings else [],
    }
    return Story(
        {part: texts for part, texts in parts.items() if texts},
        tell_in_short(summary, records, decisions, findings),
    )


def _evaluated_rows(summary: Summary, decisions: Sequence[Decision]) -> str:
    drawn = [decision.sampled for decision in _of(SampleDrawn, decisions)]
    n_rows = drawn[0] if drawn else summary.n_samples
    if summary.n_evaluated == n_rows:
        return _("the {n_rows:,} rows").format(n_rows=n_rows)
    return _("{n_evaluated:,} of {n_rows:,} rows").format(
        n_evaluated=summary.n_evaluated, n_rows=n_rows
    )


def _tried(
    summary: Summary, records: Sequence[Record], decisions: Sequence[Decision]
) -> Iterator[str]:
    """Yield which recipes raced, and on which rows."""
    if not records:
        return
    recipes = sum(record.epoch == records[0].epoch for record in records)
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
        rows=_evaluated_rows(summary, decisions),
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
    tried = [(number, _(what)) for number, what in counts if number]
    told = [_("{number} {what}").format(number=number, what=what) for number, what in tried]
    total = sum(number for number, __ in tried)
    if total:
        yield ngettext(
            "When the best recipe no longer improved, {n:,} variant of it was tried, {how}.",
            "When the best recipe no longer improved, {n:,} variants of it were tried, {how}.",
            total,
        ).format(n=total, how=format_list(told) if len(tried) > 1 else tried[0][1])


def _seen(
    recipes: RecipeLetters, records: Sequence[Record], decisions: Sequence[Decision]
) -> Iterator[str]:
    """Yield what the records and decisions show of the race."""
    if not records:
        return
    yield from _first_epoch(recipes, records)
    yield from _ended(decisions)
    yield from _copies(recipes, decisions)
    best = min(records, key=lambda record: record.loss)
    yield (
        _(
            "The best single recipe was {recipe}, with a validation loss of {loss:.4f} at epoch {epoch}."
        ).format(
            recipe=recipes.shown(best.recipe, best.recipe_id), loss=best.loss, epoch=best.epoch
        )
    )


def _first_epoch(recipes: RecipeLetters, records: Sequence[Record]) -> Iterator[str]:
    first = [record for record in records if record.epoch == records[0].epoch]
    if len(first) > 1:
        best, *__, worst = sorted(first, key=lambda record: record.loss)
        lowest, highest = format_distinct([best.loss, worst.loss])
        yield (
            _(
                "After the first epoch the validation losses ranged from {lowest} ({best}) to {highest} ({worst})."
            ).format(
                lowest=lowest,
                best=recipes.shown(best.recipe, best.recipe_id),
                highest=highest,
                worst=recipes.shown(worst.recipe, worst.recipe_id),
            )
        )


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
        n = len(snapshots)
        times = {1: _("Once"), 2: _("Twice")}.get(n, _("{n:,} times").format(n=n))
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


def _copies(recipes: RecipeLetters, decisions: Sequence[Decision]) -> Iterator[str]:
    copies = [decision for decision in _of(Stopped, decisions) if decision.parent_loss is not None]
    for variant in copies[:_MAX_COPIES]:
        before, after = format_distinct([variant.parent_loss or 0.0, variant.loss])
        sentence = _("The variant {recipe} did not lower the loss ({after}, {before} before).")
        if variant.improvement > 0:
            sentence = _("The variant {recipe} lowered the loss from {before} to {after}.")
        recipe = recipes.shown(variant.subject, variant.recipe_id)
        yield sentence.format(recipe=recipe, before=before, after=after)
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
    return f"{first}" if first == last else _("{first} to {last}").format(first=first, last=last)


def _over_time(summary: Summary) -> Iterator[str]:
    """Yield how rows were held out in time, and what that says of rows to come."""
    yield from summary.on_later_rows
    if summary.forward is not None:
        yield from summary.worded(*tell_stretches(summary.forward, summary.promised))


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
