from __future__ import annotations

from dataclasses import replace
from math import inf, nan

import pytest

from madaline._race.recipe import TableRecipe
from madaline._race.recipe_policies import LearningRatePolicy, slower
from madaline._race.state import Candidate, RaceState
from madaline.records.history import Record

POLICY = LearningRatePolicy(lowest=0.001, epochs=50)
RECIPE = TableRecipe(16, 3)


class Constant:
    """Dataset on which a constant has a loss of one."""

    def prior_output(self):
        return None

    def validation_loss(self, output):
        return 1.0


def candidate(recipe=RECIPE, *, loss=0.5, latest=0.5, epoch=10, racing=False, inherited=0):
    record = Record(12, recipe.name, latest, loss, recipe.learning_rate, 1, 0.0, recipe.name)
    state = {"record": record, "racing": racing, "inherited_epochs": inherited}
    return Candidate(recipe.name, recipe, None, loss, epoch, **state)


def decide(*candidates, epoch=20):
    return POLICY.decide(RaceState(epoch, {one.key: one for one in candidates}, Constant()))


def test_a_leader_that_stopped_goes_on_with_shorter_steps():
    other = candidate(TableRecipe(0, 10), loss=0.6)
    (decision,) = decide(candidate(), other)
    assert (decision.action, decision.recipe_id) == ("lower", RECIPE.name)
    assert decision.learning_rate == pytest.approx(TableRecipe.learning_rate / 3)


def test_a_leader_that_races_is_left_alone():
    assert decide(candidate(racing=True)) == []


def test_what_was_tried_is_not_tried_again():
    assert decide(candidate(), candidate(slower(RECIPE), loss=0.7)) == []


def test_no_rate_is_lower_than_the_lowest():
    slow = replace(RECIPE, learning_rate=0.0029)
    assert decide(candidate(slow)) == []
    assert len(decide(candidate(replace(RECIPE, learning_rate=0.0031)))) == 1


def test_who_has_seen_the_table_often_enough_does_not_go_on():
    assert decide(candidate(epoch=50), epoch=58) == []
    assert decide(candidate(epoch=10, inherited=40), epoch=18) == []


@pytest.mark.parametrize("latest", [nan, inf, 1e6, 4.1])
def test_what_diverged_goes_back_and_on_at_a_lower_rate(latest):
    (decision,) = decide(candidate(latest=latest, racing=True))
    assert (decision.action, decision.recipe_id) == ("restore", RECIPE.name)
    assert "learning rate" in decision.sentence


def test_a_loss_worse_than_a_constant_s_has_not_diverged_yet():
    assert decide(candidate(latest=3.9, racing=True)) == []
