"""A story keeps its word: every number in its sentences is one that was recorded."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from madaline.model import FittedModel
from madaline.records.decision import Decision
from madaline.records.record import Record
from madaline.story.sentence import Sentence
from madaline.story.story import Story, tell_story

TASKS = ("binary", "multiclass", "regression")
NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?%?")


@pytest.fixture(params=TASKS)
def model(request, fittings) -> FittedModel:
    """A model as its file holds it."""
    return FittedModel.load(fittings[request.param][1])


def test_every_number_in_the_sentences_is_recorded(model):
    recorded = list(recorded_numbers(model))
    told = 0
    for sentence in model.story():
        for text in numbers_of(sentence):
            told += 1
            assert any(written_as(value, text) for value in recorded), (text, str(sentence))
    assert told > 20


def test_a_number_that_was_not_recorded_is_found_out(model):
    recorded = list(recorded_numbers(model))
    lie = Sentence("seen", "The best by itself came to {loss:.4f}.", {"loss": 0.12345})
    assert not any(written_as(value, text) for text in numbers_of(lie) for value in recorded)


def test_the_numbers_are_those_of_history_and_decisions(model):
    history, summary, story = model.history, model.summary, told_numbers(model.story())
    first = [epoch == 1 for epoch in history["epoch"]]
    assert story["recipes"] == sum(first)
    assert story["epochs"] == max(history["epoch"]) == summary.epochs
    beginning = [loss for loss, one in zip(history["loss"], first, strict=True) if one]
    assert (story["low"], story["high"]) == (min(beginning), max(beginning))
    best = min(range(len(history["loss"])), key=history["loss"].__getitem__)
    assert (story["loss"], story["epoch"]) == (history["loss"][best], history["epoch"][best])
    drops = [one for one in model.decisions if one.action == "drop"]
    assert story.get("dropped", 0) == len(drops)
    if drops:
        assert story["low_loss"] == min(one.evidence["loss"] for one in drops)
    assert story["value"] == (summary.importances[0].value if summary.importances[0].clear else 0)


def test_a_story_survives_saving_and_is_told_by_the_fit_itself(fittings):
    for fitting, path in fittings.values():
        assert str(FittedModel.load(path).story()) == str(fitting.model().story())


def test_it_has_three_paragraphs_of_short_lines(model):
    text = str(model.story())
    starts = [
        text.index(heading) for heading in ("What was tried:", "What was seen:", "What was kept:")
    ]
    assert starts == sorted(starts)
    assert max(map(len, text.splitlines())) <= 80
    assert "{" not in text
    data = json.loads(json.dumps(model.story().to_json()))
    assert [one["sentence"] for one in data] == list(map(str, model.story()))


def test_copies_that_paid_are_told_from_those_that_did_not(model):
    records = [
        Record(1, "plain", 0.5, 0.5, 0.03, 1, 1e6),
        Record(2, "plain, rate 0.01", 0.4, 0.4, 0.01, 1, 2e6),
    ]
    decisions = [
        Decision(1, "lower", "plain", "", {"loss": 0.5}),
        Decision(1, "grow", "plain", "", {"loss": 0.5}),
        Decision(
            2, "stop", "plain, rate 0.01", "", {"loss": 0.4, "before": 0.5, "best": 2, "flat": 3}
        ),
        Decision(3, "stop", "plain, 128", "", {"loss": 0.6, "before": 0.5, "best": 2, "flat": 4}),
    ]
    text = " ".join(str(tell_story(model.summary, records, decisions)).split())
    assert "2 copies of the leader went on" in text
    assert "1 with a lower learning rate, 1 with twice the units" in text
    assert '"plain, rate 0.01" came to 0.4000, against 0.5000 before the change: it paid.' in text
    assert '"plain, 128" came to 0.6000, against 0.5000 before the change: it did not pay.' in text
    assert "2 stopped after epochs 2 to 3, being flat: no better for 3 to 4 epochs." in text


def test_what_ran_out_of_time_and_what_diverged_is_told(model):
    records = [Record(1, "plain", 0.5, 0.5, 0.03, 1, 1e6)]
    decisions = [
        Decision(1, "restore", "plain", "", {"latest": 9.0}),
        Decision(9, "stop", "plain", "", {"epochs": 9, "loss": 0.5}),
        *(Decision(k, "keep", "plain", "", {"before": 1 / k, "after": 0.9 / k}) for k in (2, 3)),
    ]
    text = " ".join(str(tell_story(model.summary, records, decisions)).split())
    assert "1 time networks diverged" in text
    assert "1 had seen the table as often as they may, 9 times" in text
    assert "Twice a recipe that was flat by itself went on" in text
    assert "fell from 0.5000 to 0.3000" in text
    assert "After the first epoch" not in text  # one recipe has nobody to be compared with


def test_names_with_braces_are_told_as_they_are(model):
    names = {"{loss}": 1.0}
    summary = replace(model.summary, weights=names, units={"{loss}": (4,)}, importances=())
    assert '"{loss}"' in str(tell_story(summary, model.records, model.decisions))


def test_without_records_what_was_kept_is_told():
    assert str(Story(())) == ""


def recorded_numbers(model: FittedModel) -> Iterator[float]:
    """Yield every number that a model's file holds, and how many there are of what is counted."""
    yield from leaves(model.summary.to_json())
    yield from leaves([record.to_json() for record in model.records])
    yield from leaves([dict(one.evidence) for one in model.decisions])
    yield from (one.epoch for one in model.decisions)
    yield from (score.out_of_fold for score in model.summary.scores)
    recipes = len({one.recipe for one in model.records if one.epoch == 1})
    yield from (recipes, recipes * model.summary.n_folds)
    yield len(model.summary.weights) * model.summary.n_folds
    actions = [one.action for one in model.decisions]
    yield from (actions.count(action) for action in set(actions))
    yield sum(actions.count(action) for action in ("lower", "grow", "simplify"))
    yield sum(one.action == "stop" and "flat" in one.evidence for one in model.decisions)
    yield sum(one.action == "stop" and "epochs" in one.evidence for one in model.decisions)
    yield sum(one.action == "keep" and "after" in one.evidence for one in model.decisions)
    yield sum(one.clear for one in model.summary.importances)
    yield from (len(model.summary.importances), len(model.summary.weights) - 4)


def leaves(value: object) -> Iterator[float]:
    """Yield the numbers in a JSON-able value."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, int | float):
        yield value


def numbers_of(sentence: Sentence) -> list[str]:
    """Return the numbers that a reader sees, without those in names."""
    names = dict.fromkeys(sentence.names, "…")
    return NUMBER.findall(sentence.words.format_map({**names, **sentence.numbers}))


def written_as(value: float, text: str) -> bool:
    """Return whether a number, rounded, is written so."""
    plain = text.replace(",", "").lstrip("+")
    if plain.endswith("%"):
        return f"{value:.0%}" == plain
    decimals = len(plain.partition(".")[2])
    return plain in (f"{value:.{decimals}f}", f"{value:.4g}")


def told_numbers(story: Story) -> dict[str, float]:
    """Return the numbers of all sentences; of those of one name, the last of what was seen."""
    numbers: dict[str, float] = {"value": 0}
    for part in ("kept", "tried", "seen"):
        for sentence in story.parts()[part]:
            if part == "kept" and "column" not in sentence.names:
                continue
            numbers |= sentence.numbers
    return numbers
