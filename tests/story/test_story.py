"""A story keeps its word: every number in its sentences is one that was recorded."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from madaline._base.words import format_estimate
from madaline._models.diagnosis.finding import Finding
from madaline._models.model import FittedModel
from madaline._models.story.story import Story, tell_story
from madaline._models.story.summary import Member
from madaline.records._letters import RecipeLetters
from madaline.records.history import Record
from madaline.records.model_decisions import Calibrated, MemberRemoved, Pruned
from madaline.records.race_decisions import (
    Dropped,
    EpochLimitReached,
    Grown,
    LearningRateLowered,
    Restored,
    Simplified,
    SnapshotKept,
    Stopped,
    TreesCompared,
)

TASKS = ("binary", "multiclass", "regression")
NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?%?")


@pytest.fixture(params=TASKS)
def model(request, fittings) -> FittedModel:
    """A model as its file holds it."""
    return FittedModel.load(fittings[request.param][1])


def test_every_number_in_the_sentences_is_recorded(model):
    recorded = list(recorded_numbers(model))
    texts = [
        text for part, texts in model.story().parts.items() if part != "recipes" for text in texts
    ]
    told = [number for text in texts for number in numbers_of(text, model)]
    for text in told:
        assert any(written_as(value, text) for value in recorded), text
    assert len(told) > 20


def test_a_number_that_was_not_recorded_is_found_out(model):
    recorded = list(recorded_numbers(model))
    (text,) = numbers_of("The best single recipe came to 0.1234567.", model)
    assert not any(written_as(value, text) for value in recorded)


def test_the_numbers_are_those_of_history_and_decisions(model):
    history, summary = model.history, model.summary
    story = " ".join(str(model.story(full=True)).split())
    first = [epoch == 1 for epoch in history["epoch"]]
    assert f"{sum(first)} recipes competed for {summary.epochs} epochs" in story
    beginning = [loss for loss, one in zip(history["loss"], first, strict=True) if one]
    assert f"the validation losses ranged from {min(beginning):.4f}" in story
    assert f"to {max(beginning):.4f} (" in story
    best = min(range(len(history["loss"])), key=history["loss"].__getitem__)
    ending = f"a validation loss of {history['loss'][best]:.4f} at epoch {history['epoch'][best]}."
    letter = RecipeLetters.of(model.records).letters[model.records[best].recipe_id]
    assert f"The best single recipe was {letter}, with {ending}" in story
    drops = [one for one in model.decisions if isinstance(one, Dropped)]
    assert ("stopped early" in story) == bool(drops)
    if drops:
        dropped = "1 recipe was" if len(drops) == 1 else f"{len(drops)} recipes were"
        lowest = f" of {min(one.loss for one in drops):.4f}"
        assert lowest in story[story.index(f"{dropped} stopped early") :]
    assert ("The most important column" in story) == summary.importances[0].clear


def test_a_story_survives_saving_and_is_told_by_the_fit_itself(fittings):
    for fitting, path in fittings.values():
        assert str(FittedModel.load(path).story(full=True)) == str(fitting.model().story(full=True))


def test_it_has_three_paragraphs_of_short_lines(model):
    text = str(model.story(full=True))
    starts = [
        text.index(heading) for heading in ("What was tried:", "What was seen:", "What was kept:")
    ]
    assert starts == sorted(starts)
    assert max(map(len, text.splitlines())) <= 80
    data = json.loads(json.dumps(model.story().to_json()))
    assert [one["sentence"] for one in data] == list(map(str, model.story()))


def test_copies_that_improved_are_told_from_those_that_did_not(model):
    records = [
        Record(1, "plain", 0.5, 0.5, 0.03, 1, 1e6, "1"),
        Record(2, "plain, rate 0.01", 0.4, 0.4, 0.01, 1, 2e6, "2"),
    ]
    decisions = [
        LearningRateLowered(1, "plain", 0.5, 0.01, 0.03),
        Grown(1, "plain", 0.5, 100, 1000, 128, 64),
        Stopped(2, "plain, rate 0.01", 0.4, -1, 0.5),
        Stopped(3, "plain, 128", 0.6, -1, 0.5),
    ]
    text = " ".join(str(tell_story(model.summary, records, decisions).whole).split())
    assert "2 variants of it were tried" in text
    assert "1 with a lower learning rate, 1 with twice the units" in text
    assert "The variant B lowered the loss from 0.5000 to 0.4000." in text
    assert "The variant plain, 128 did not lower the loss (0.6000, 0.5000 before)." in text
    assert "2 recipes stopped after epochs 2 to 3, without improvement for 3 to 4 epochs." in text


def test_what_reached_its_limit_and_what_diverged_is_told(model):
    records = [Record(1, "plain", 0.5, 0.5, 0.03, 1, 1e6, "1")]
    decisions = [
        Restored(1, "plain", 9.0, 0, 0.01, 0.03),
        EpochLimitReached(9, "plain", 0.5, 9),
        *(SnapshotKept(k, "plain", 0.5, 1, 0.9 / k, 1 / k) for k in (2, 3)),
    ]
    text = " ".join(str(tell_story(model.summary, records, decisions).whole).split())
    assert "Networks diverged 1 time, went back" in text
    assert "1 recipe reached the limit of 9 epochs and might improve" in text
    assert "Twice a recipe that no longer improved by itself continued" in text
    assert "fell from 0.5000 to 0.3000" in text
    assert "After the first epoch" not in text  # one recipe has nobody to be compared with


def test_different_losses_never_look_alike(model):
    records = [
        Record(1, name, loss, loss, 0.03, 2, 1e6, name)
        for name, loss in (("a", 0.017), ("b", 0.017002))
    ]
    decisions = [
        Dropped(3, "b", 0.017002, 0.017001, 0.0),
        SnapshotKept(4, "a", 0.017, 1, 0.0171501, 0.0171502),
        Stopped(9, "a, rate 0.01", 0.0170004, 3, 0.017),
        MemberRemoved(9, "a", 0.0090012, 0.009, 0.0000031, 0.05),
    ]
    text = " ".join(str(tell_story(model.summary, records, decisions).whole).split())
    assert "ranged from 0.017000 (" in text
    assert "to 0.017002 (" in text
    assert "a validation loss of 0.017002 when the best recipe had 0.017001." in text
    assert "fell from 0.0171502 to 0.0171501." in text
    assert "(0.0170004, 0.0170000 before)" in text
    sentences = [decision.sentence for decision in decisions]
    assert "validation loss 0.017002, best recipe 0.017001;" in sentences[0]
    assert "from 0.0171502 to 0.0171501:" in sentences[1]
    assert "(0.0170000 before)" in sentences[2]
    assert "changes by +0.0000012 ± 0.0000031, within" in sentences[3]


def test_trees_are_named_beside_networks_where_they_predict(model):
    network, trees = Member("1", "plain", 1.0, (4,)), Member("2", "boosted trees", 1.0, (), trees=9)
    for members, kinds in [
        ((network,), "networks"),
        ((network, trees), "networks and trees"),
        ((trees,), "trees"),
    ]:
        summary = replace(model.summary, members=members, importances=())
        text = " ".join(str(tell_story(summary, model.records, model.decisions).whole).split())
        assert f"rows was predicted by {kinds} that were not trained on it." in text


def test_names_with_braces_are_told_as_they_are(model):
    members = (Member("1", "{loss}", 1.0, (4,)),)
    summary = replace(model.summary, members=members, importances=())
    assert "networks: {loss}." in str(tell_story(summary, model.records, model.decisions).whole)


def test_in_short_it_is_three_sentences_and_what_the_letters_mean(model):
    story = model.story()
    assert [*story.in_short] == ["What was tried", "What won", "What to do next", "Recipes"]
    text = str(story)
    assert len(text.splitlines()) <= 16
    summary = model.summary
    best = min(model.records, key=lambda record: record.loss)
    letter = RecipeLetters.of(model.records).letters[best.recipe_id]
    assert f"{letter} has the lowest loss, {best.loss:.4f} (others " in story.in_short["What won"]
    assert f"{letter} is {best.recipe}" in story.in_short["Recipes"]
    assert " · " not in "".join([*story.in_short.values()][:3])
    number = f"{format_estimate(summary.scores[0].value, summary.scores[0].standard_error)}"
    assert number in story.in_short["What won"]
    loss = "squared error" if summary.task == "regression" else "log loss"
    assert f"judged by {loss} " in story.in_short["What was tried"]
    assert "What was seen: " in str(story.whole)


@pytest.mark.parametrize("severity", ["high", "medium", "low"])
def test_what_was_found_is_told_with_where_to_read_it(fittings, severity):
    model = FittedModel.load(fittings["regression"][1])
    found = [Finding("one column", severity, "x", "{subject} is alone", "look at it")]
    found += [Finding("order", "low", "the rows", "rows are sorted", "nothing to do")]
    summary = replace(model.summary, linear=None)
    story = tell_story(summary, model.records, (), "", tuple(found))
    number = "2 findings" if severity == "low" else "1 finding"
    told = story.in_short["What to do next"]
    assert f"{number} of {severity} severity: diagnosis_ tells " in told
    by_command = replace(summary, request=replace(summary.request, source="x.csv"))
    story = tell_story(by_command, model.records, (), "", tuple(found))
    told = story.in_short["What to do next"]
    assert f"{number} of {severity} severity: madaline doctor tells " in told
    story = tell_story(summary, model.records, ())
    assert story.in_short["What to do next"] == "Predict new rows: no problem was found."


def test_without_records_what_was_kept_is_told():
    assert str(Story({})) == ""


def recorded_numbers(model: FittedModel) -> Iterator[float]:
    """Yield every number that a model's file holds, and how many there are of what is counted."""
    yield from leaves(model.summary.to_json())
    yield from leaves([record.to_json() for record in model.records])
    yield from leaves([decision.to_json() for decision in model.decisions])
    yield from (score.out_of_fold for score in model.summary.scores)
    recipes = len({one.recipe for one in model.records if one.epoch == 1})
    yield from (recipes, recipes * model.summary.n_folds)
    yield len(model.summary.members) * model.summary.n_folds
    kinds = [type(one) for one in model.decisions]
    yield from (kinds.count(kind) for kind in set(kinds))
    yield sum(kinds.count(kind) for kind in (LearningRateLowered, Grown, Simplified))
    for one in model.decisions:
        if isinstance(one, Stopped):
            yield from (one.epochs, one.improvement)
        if isinstance(one, Calibrated):
            yield -one.gain
        if isinstance(one, Pruned):
            yield one.loss - one.best_loss
        if isinstance(one, TreesCompared):
            yield one.loss_after - one.loss_before
    yield sum(one.clear for one in model.summary.importances)
    yield from (len(model.summary.importances), len(model.summary.members) - 4)


def leaves(value: object) -> Iterator[float]:
    """Yield the numbers in a JSON-able value."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, int | float):
        yield value


def numbers_of(sentence: str, model: FittedModel) -> list[str]:
    """Return the numbers that a reader sees, without those in names."""
    names = {record.recipe for record in model.records} | {"R²"}
    names |= {one.name for one in model.summary.members}
    for name in (*names, *(one.name for one in model.summary.importances)):
        sentence = sentence.replace(f'"{name}"', "…").replace(f"column is {name}:", "…")
    return NUMBER.findall(sentence)


def written_as(value: float, text: str) -> bool:
    """Return whether a number, rounded, is written so."""
    plain = text.replace(",", "").lstrip("+")
    if plain.endswith("%"):
        return f"{value:.0%}" == plain
    decimals = len(plain.partition(".")[2])
    return plain in (f"{value:.{decimals}f}", f"{value:.4g}", f"{value:.2g}")
