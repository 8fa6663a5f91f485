from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from madaline._race.recipe import TableRecipe
from madaline._race.recipe_policies import COLUMN_DROPOUT, SimplificationPolicy, simpler
from madaline._race.state import Candidate, RaceState
from madaline.records.history import Record

POLICY = SimplificationPolicy(overfit=0.9, fewest_columns=16)
RECIPE = TableRecipe(16, 3)


def candidate(recipe=RECIPE, *, loss=0.5, epoch=10, last=18, racing=False):
    record = Record(last, recipe.name, loss, loss, recipe.learning_rate, 1, 0.0, recipe.name)
    return Candidate(recipe.name, recipe, None, loss, epoch, record=record, racing=racing)


@pytest.fixture
def decide(monkeypatch):
    def decide(*candidates, seen=0.44, n_columns=16):
        monkeypatch.setattr(RaceState, "training_loss", lambda state, candidate: seen)
        dataset = SimpleNamespace(inputs=SimpleNamespace(n_columns=n_columns))
        return POLICY.decide(RaceState(18, {one.key: one for one in candidates}, dataset))

    return decide


def test_a_leader_that_stopped_and_overfits_starts_anew_with_columns_hidden(decide):
    (decision,) = decide(candidate(), candidate(TableRecipe(0, 3), loss=0.6))
    assert (decision.action, decision.recipe_id) == ("simplify", RECIPE.name)
    for number in ("0.5000", "0.4400", "15%"):
        assert number in decision.sentence


def test_a_leader_that_fits_weakly_or_still_learns_is_left_alone(decide):
    assert decide(candidate(), seen=0.46) == []
    assert decide(candidate(racing=True)) == []
    assert decide(candidate(last=17)) == []


def test_a_table_of_few_columns_has_none_to_hide(decide):
    assert decide(candidate(), n_columns=15) == []


def test_it_is_tried_once(decide):
    assert decide(candidate(), candidate(simpler(TableRecipe(0, 3)), loss=0.6)) == []
    assert decide(candidate(simpler(RECIPE))) == []


def test_simpler_hides_columns_and_begins_at_the_usual_rate():
    recipe = simpler(replace(RECIPE, learning_rate=0.001))
    assert recipe == replace(RECIPE, column_dropout=COLUMN_DROPOUT)
    assert recipe.learning_rate == TableRecipe.learning_rate
    assert recipe.name == "16 bins · weight decay 0.33 · 3×64 · column dropout 15%"
