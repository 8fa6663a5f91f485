from __future__ import annotations

import pytest

from madaline.training.recipe import Recipe
from madaline.training.standing import Candidate, Standing
from madaline.training.stopping import StoppingPolicy

POLICY = StoppingPolicy(8, 4, 50)


def standing(epoch, best_epochs, *, entered=0, inherited=0, racing=True):
    candidates = [
        Candidate(
            Recipe(0, number + 1),
            network=None,
            loss=0.25,
            epoch=best,
            entered=entered,
            inherited=inherited,
            racing=racing,
        )
        for number, best in enumerate(best_epochs)
    ]
    return Standing(epoch, {one.name: one for one in candidates}, examples=None)


@pytest.mark.parametrize(("epoch", "stops"), [(9, 0), (10, 1), (11, 1), (13, 2), (30, 2)])
def test_a_recipe_stops_when_it_has_not_improved_for_the_patience(epoch, stops):
    assert len(POLICY.decide(standing(epoch, [2, 5]))) == stops


@pytest.mark.parametrize(("epoch", "stops"), [(8, 0), (9, 1), (14, 1), (15, 2)])
def test_a_copy_needs_less_patience(epoch, stops):
    copies = standing(epoch, [5, 11], entered=4, inherited=3)
    assert len(POLICY.decide(copies)) == stops


def test_a_copy_has_its_patience_before_its_first_good_epoch():
    assert POLICY.decide(standing(7, [0], entered=4, inherited=3)) == []
    assert len(POLICY.decide(standing(8, [0], entered=4, inherited=3))) == 1


def test_what_has_stopped_does_not_stop_again():
    assert POLICY.decide(standing(30, [2, 5], racing=False)) == []


def test_the_decision_names_the_recipe_and_the_numbers():
    before = standing(10, [2])
    (decision,) = POLICY.decide(before)
    assert (decision.epoch, decision.action) == (10, "stop")
    assert decision.subject in before.candidates
    for number in ("epoch 2", "0.2500", "8 epochs"):
        assert number in decision.sentence


@pytest.mark.parametrize(("epoch", "stops"), [(52, 0), (53, 2), (54, 2)])
def test_a_recipe_stops_when_it_has_seen_the_table_often_enough(epoch, stops):
    decisions = POLICY.decide(standing(epoch, [50, 51], entered=3))
    assert len(decisions) == stops
    for decision in decisions:
        assert decision.action == "stop"
        assert "effort 50" in decision.sentence


def test_nothing_stops_twice_in_one_epoch():
    decisions = POLICY.decide(standing(50, [2, 49]))
    assert len({decision.subject for decision in decisions}) == len(decisions) == 2
