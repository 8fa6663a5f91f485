from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from madaline._race.recipe import LinearRecipe, TableRecipe
from madaline._race.state import Candidate, RaceState
from madaline._race.stopping_policies import StoppingPolicy
from madaline.records.history import Record
from madaline.records.race_decisions import Solved
from madaline.records.reading import DECISION

POLICY = StoppingPolicy(8, 4, 50, least_gain=1.0)


def state(epoch, best_epochs, *, entered=0, inherited=0, racing=True):
    candidates = [
        Candidate(
            str(number),
            TableRecipe(0, number + 1),
            network=None,
            loss=0.25,
            epoch=best,
            entered=entered,
            inherited_epochs=inherited,
            racing=racing,
        )
        for number, best in enumerate(best_epochs)
    ]
    return RaceState(epoch, {one.key: one for one in candidates}, dataset=None)


@pytest.mark.parametrize(("epoch", "stops"), [(9, 0), (10, 1), (11, 1), (13, 2), (30, 2)])
def test_a_recipe_stops_when_it_has_not_improved_for_the_patience(epoch, stops):
    assert len(POLICY.decide(state(epoch, [2, 5]))) == stops


def test_where_small_gains_do_not_count_the_last_clear_one_does():
    race = state(10, [10, 10])
    one, other = race.candidates.values()
    one.gained_epoch, other.gained_epoch = 2, 3
    (decision,) = POLICY.decide(race)
    assert decision.recipe_id == one.recipe_id
    assert "hardly any improvement for 8 epochs" in decision.sentence


@pytest.mark.parametrize(("epoch", "stops"), [(8, 0), (9, 1), (14, 1), (15, 2)])
def test_a_copy_needs_less_patience(epoch, stops):
    copies = state(epoch, [5, 11], entered=4, inherited=3)
    assert len(POLICY.decide(copies)) == stops


def test_a_copy_has_its_patience_before_its_first_good_epoch():
    assert POLICY.decide(state(7, [0], entered=4, inherited=3)) == []
    assert len(POLICY.decide(state(8, [0], entered=4, inherited=3))) == 1


def test_what_has_stopped_does_not_stop_again():
    assert POLICY.decide(state(30, [2, 5], racing=False)) == []


def test_the_decision_names_the_recipe_and_the_numbers():
    before = state(10, [2])
    (decision,) = POLICY.decide(before)
    assert (decision.epoch, decision.action) == (10, "stop")
    assert decision.recipe_id in before.candidates
    for number in ("epoch 2", "0.2500", "8 epochs"):
        assert number in decision.sentence


@pytest.mark.parametrize(("epoch", "stops"), [(52, 0), (53, 2), (54, 2)])
def test_a_recipe_stops_when_it_has_seen_the_table_often_enough(epoch, stops):
    decisions = POLICY.decide(state(epoch, [50, 51], entered=3))
    assert len(decisions) == stops
    for decision in decisions:
        assert decision.action == "stop"
        assert "50 epochs" in decision.sentence


def test_nothing_stops_twice_in_one_epoch():
    decisions = POLICY.decide(state(50, [2, 49]))
    assert len({decision.recipe_id for decision in decisions}) == len(decisions) == 2


@pytest.fixture
def make_flat(make_dataset):
    """Return a maker of a state of one flat recipe, given its errors then and now."""
    dataset = make_dataset("regression", n_samples=60)

    def make(then, now, **changes):
        output, latest = ((dataset.target + error).astype(np.float32) for error in (then, now))
        recipe, loss = TableRecipe(0, 3), dataset.validation_loss(output)
        one = Candidate("1", recipe, None, loss, 2, output=output, latest_output=latest)
        one.record = Record(
            10, recipe.name, dataset.validation_loss(latest), loss, 0.03, 1, 0.0, "1"
        )
        return RaceState(10, {one.key: replace(one, **changes)}, dataset)

    return make


NOISE = np.random.default_rng(0).standard_normal((60, 1))
KEEPING = StoppingPolicy(8, 4, 50, least_gain=0.002)


def test_a_flat_recipe_goes_on_while_the_ensemble_gains(make_flat):
    state = make_flat(NOISE, -1.2 * NOISE)
    (decision,) = KEEPING.decide(state)
    assert decision.action == "keep"
    (one,) = state.racing
    assert decision.previous_ensemble_loss == pytest.approx(one.loss)
    assert decision.ensemble_loss == state.ensemble_loss(one.latest_output) < 0.1 * one.loss
    for number in ("epoch 2", f"{one.loss:.4f}", f"{decision.ensemble_loss:.4f}"):
        assert number in decision.sentence


@pytest.mark.parametrize(
    ("then", "now", "changes"),
    [
        (NOISE, 1.2 * NOISE, {}),  # errs as before: nothing cancels
        (NOISE, -1.2 * NOISE, {"inherited_epochs": 50}),  # has seen the table often enough
        (NOISE, np.full_like(NOISE, np.nan), {}),  # diverged
    ],
)
def test_a_flat_recipe_stops_where_the_ensemble_does_not_gain(then, now, changes, make_flat):
    (decision,) = KEEPING.decide(make_flat(then, now, **changes))
    assert decision.action == "stop"


def test_what_was_just_kept_has_its_patience_again(make_flat):
    assert KEEPING.decide(make_flat(NOISE, -NOISE, snapshot_epoch=3)) == []
    assert len(KEEPING.decide(make_flat(NOISE, -NOISE, snapshot_epoch=2))) == 1


@pytest.mark.parametrize(("least_gain", "action"), [(0.4, "keep"), (0.6, "stop")])
def test_a_gain_must_be_large_enough(least_gain, action, make_flat):
    independent = np.random.default_rng(1).standard_normal((60, 1))  # halves the squared error
    policy = replace(KEEPING, least_gain=least_gain)
    (decision,) = policy.decide(make_flat(NOISE, independent))
    assert decision.action == action


def test_what_was_solved_ends_at_once():
    solved = Candidate("1", LinearRecipe(0, 10), network=None, loss=0.25, epoch=1)
    (decision,) = POLICY.decide(RaceState(1, {"1": solved}, dataset=None))
    assert isinstance(decision, Solved)
    assert "0.2500" in decision.sentence
    assert DECISION.read(decision.to_json()) == decision
