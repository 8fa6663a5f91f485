from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from madaline._race.recipe import TableRecipe
from madaline._race.recipe_policies import GrowthPolicy, wider
from madaline._race.state import Candidate, RaceState
from madaline.nn.layers import Linear
from madaline.nn.network import Network
from madaline.records.history import Record

POLICY = GrowthPolicy(rows_for_a_parameter=2, widest=128, epochs=50)
RECIPE = TableRecipe(16, 3)
NETWORK = Network((Linear(99, 1),))  # of 100 parameters


def candidate(recipe=RECIPE, *, loss=0.5, epoch=10, last=18, racing=False):
    record = Record(last, recipe.name, loss, loss, recipe.learning_rate, 1, 0.0, recipe.name)
    return Candidate(recipe.name, recipe, NETWORK, loss, epoch, record=record, racing=racing)


def decide(*candidates, rows=250, epoch=18):
    dataset = SimpleNamespace(n_training=rows)
    return POLICY.decide(RaceState(epoch, {one.key: one for one in candidates}, dataset))


def test_a_leader_with_many_rows_for_few_parameters_grows():
    (decision,) = decide(candidate(), candidate(TableRecipe(0, 3), loss=0.6))
    assert (decision.action, decision.recipe_id) == ("grow", RECIPE.name)
    for number in ("0.5000", "100 parameters", "250 rows", "128 instead of 64"):
        assert number in decision.sentence


def test_few_rows_are_no_reason_to_grow():
    assert len(decide(candidate(), rows=200)) == 1
    assert decide(candidate(), rows=199) == []


def test_it_is_asked_once_when_the_leader_stops():
    assert decide(candidate(racing=True)) == []
    assert decide(candidate(last=17)) == []


def test_widths_are_tried_once_and_have_an_end():
    assert decide(candidate(), candidate(wider(RECIPE), loss=0.6)) == []
    assert decide(candidate(wider(RECIPE))) == []


@pytest.mark.parametrize(("loss", "grows"), [(0.47, True), (0.499, False)])
def test_where_small_gains_do_not_count_a_copy_grows_only_if_it_gained(loss, grows):
    parent, copy = candidate(TableRecipe(0, 3)), candidate(loss=loss)
    copy.parent_id = parent.recipe_id
    dataset = SimpleNamespace(
        n_training=250, prior_output=lambda: 1.0, validation_loss=lambda loss: loss
    )
    race = RaceState(18, {one.key: one for one in (parent, copy)}, dataset)
    assert bool(replace(POLICY, min_gain=0.01).decide(race)) is grows
    assert POLICY.decide(race)


def test_wider_is_twice_the_units_at_a_third_of_the_learning_rate():
    recipe = wider(TableRecipe(0, 3, (64, 32), learning_rate=0.3))
    assert recipe.units == (128, 64)
    assert recipe.learning_rate == pytest.approx(0.1)
