from __future__ import annotations

import pytest

from madaline.training.growth import GrowthPolicy, wider
from madaline.training.recipe import Recipe
from madaline.training.records import Record
from madaline.training.standing import Candidate, Standing

POLICY = GrowthPolicy(weak=0.9, widest=128, epochs=50)
RECIPE = Recipe(16, 3)


def candidate(recipe=RECIPE, *, loss=0.5, epoch=10, last=18, racing=False):
    record = Record(last, recipe.name, loss, loss, recipe.learning_rate, 1, 0.0)
    return Candidate(recipe, None, loss, epoch, record=record, racing=racing)


@pytest.fixture
def decide(monkeypatch):
    def decide(*candidates, seen=0.48, epoch=18):
        monkeypatch.setattr(Standing, "seen_loss", lambda standing, candidate: seen)
        return POLICY.decide(Standing(epoch, {one.name: one for one in candidates}, None))

    return decide


def test_a_leader_that_stopped_with_a_weak_fit_grows(decide):
    (decision,) = decide(candidate(), candidate(Recipe(0, 3), loss=0.6))
    assert (decision.action, decision.subject) == ("grow", RECIPE.name)
    for number in ("0.5000", "0.4800", "128 instead of 64"):
        assert number in decision.sentence


def test_a_strong_fit_does_not_grow(decide):
    assert decide(candidate(), seen=0.44) == []


def test_it_is_asked_once_when_the_leader_stops(decide):
    assert decide(candidate(racing=True)) == []
    assert decide(candidate(last=17)) == []


def test_widths_are_tried_once_and_have_an_end(decide):
    assert decide(candidate(), candidate(wider(RECIPE), loss=0.6)) == []
    assert decide(candidate(wider(RECIPE))) == []


def test_wider_is_twice_the_units():
    assert wider(Recipe(0, 3, (64, 32))).units == (128, 64)
