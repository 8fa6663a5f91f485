from __future__ import annotations

import json
from typing import get_args

import pytest

from madaline.race.recipe import GridRecipe, Recipe, TableRecipe, TextRecipe
from madaline.records.decision import Action, Decision
from madaline.records.record import Record


def test_the_words_are_filled_with_the_evidence():
    decision = Decision(
        3, "drop", "plain", "Loss {loss:.2f}, share {share:.0%}.", {"loss": 1, "share": 0.25}
    )
    assert decision.sentence == "Loss 1.00, share 25%."


def test_words_without_their_number_cannot_be_said():
    with pytest.raises(KeyError):
        Decision(3, "drop", "plain", "Loss {loss}.").sentence  # noqa: B018


@pytest.mark.parametrize("action", get_args(Action))
def test_decisions_survive_json(action):
    decision = Decision(3, action, "plain", "Loss {loss:.2f}.", {"loss": 0.1 + 0.2})
    text = json.dumps(decision.to_json())
    assert json.loads(text)["sentence"] == "Loss 0.30."
    assert Decision.from_json(json.loads(text)) == decision


def test_records_survive_json():
    record = Record(2, "plain", 0.3, 0.1 + 0.2, 0.03, 4, 1e12)
    assert Record(**json.loads(json.dumps(record.to_json()))) == record


@pytest.mark.parametrize(
    "recipe",
    [
        TableRecipe(16, 10 / 3, (8, 4), learning_rate=0.02),
        GridRecipe(0, 10, channels=((16, 32), (64,)), averaged=True, column_dropout=0.1),
        TextRecipe(0, 10),
    ],
)
def test_recipes_survive_json(recipe):
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe


def test_a_record_tells_whether_it_is_the_best():
    assert Record(2, "plain", 0.3, 0.3, 0.03, 4, 1.0).improved
    assert not Record(2, "plain", 0.4, 0.3, 0.03, 4, 1.0).improved


def test_recipes_that_differ_have_other_names():
    recipes = [
        TableRecipe(n_bins, decay_time, units)
        for n_bins in (0, 16)
        for decay_time in (1, 3, 10 / 3)
        for units in ((8,), (8, 8), (16, 8))
    ]
    assert len({recipe.name for recipe in recipes}) == len(recipes)
