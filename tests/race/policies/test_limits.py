"""Policies at their limits, and what their decisions tell."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from madaline._race import recipe_policies
from madaline._race.recipe import GridRecipe, LinearRecipe, TableRecipe
from madaline._race.recipe_policies import (
    FLIPS,
    GrowthPolicy,
    LearningRatePolicy,
    MoreWarpingPolicy,
    SimplificationPolicy,
    warped,
)
from madaline._race.state import Candidate, RaceState
from madaline.nn.layers import Linear
from madaline.nn.network import Network
from madaline.records.history import Record
from madaline.records.race_decisions import (
    Grown,
    LearningRateLowered,
    Restored,
    Simplified,
)

RECIPE = TableRecipe(16, 3)
NETWORK = Network((Linear(99, 1),))  # of 100 parameters


def candidate(recipe=RECIPE, *, latest=0.5, last=12, **changes):
    record = Record(last, recipe.name, latest, 0.5, recipe.learning_rate, 1, 3e9, "1")
    facts = {"loss": 0.5, "epoch": 10, "record": record, "racing": False, **changes}
    return Candidate("1", recipe, NETWORK, **facts)


def state(*candidates, epoch=12, **dataset):
    """Return a state in which a constant has a loss of two."""
    facts = {"prior_output": lambda: None, "validation_loss": lambda _: 2.0, **dataset}
    numbered = [replace(one, recipe_id=str(k)) for k, one in enumerate(candidates, 1)]
    return RaceState(epoch, {one.key: one for one in numbered}, SimpleNamespace(**facts))


RATES = LearningRatePolicy(lowest=0.01, epochs=50)


def test_a_lower_rate_is_told_with_the_one_before():
    (decision,) = RATES.decide(state(candidate()))
    assert isinstance(decision, LearningRateLowered)
    assert (decision.epoch, decision.subject, decision.loss) == (12, RECIPE.name, 0.5)
    assert decision.learning_rate == pytest.approx(0.01)
    assert decision.previous_learning_rate == 0.03
    assert decision.recipe_id == "1"


@pytest.mark.parametrize(
    ("changes", "lowered"),
    [
        ({"epoch": 49}, True),
        ({"epoch": 50}, False),
        ({"epoch": 40, "inherited_epochs": 9}, True),
        ({"epoch": 40, "inherited_epochs": 10}, False),
        ({"epoch": 60, "entered": 11}, True),
        ({"epoch": 60, "entered": 10}, False),
        ({"epoch": 0}, False),
        ({"recipe": LinearRecipe(0, 10)}, False),
        ({"recipe": GridRecipe(0, 10, (8,), channels=((3,),), learning_rate=0.03)}, True),
        ({"recipe": GridRecipe(0, 10, channels=((3,),), normalized=True)}, False),
        ({"recipe": replace(RECIPE, learning_rate=0.0299)}, False),
    ],
)
def test_a_rate_is_lowered_within_its_limits(changes, lowered):
    leader = candidate(
        changes.get("recipe", RECIPE), **{k: v for k, v in changes.items() if k != "recipe"}
    )
    assert len(RATES.decide(state(leader, epoch=60))) == lowered


def test_the_lowest_rate_itself_is_tried():
    lowest = recipe_policies.slower(RECIPE).learning_rate
    assert RATES.decide(state(candidate())) == replace(RATES, lowest=lowest).decide(
        state(candidate())
    )
    assert replace(RATES, lowest=np.nextafter(lowest, 1)).decide(state(candidate())) == []


@pytest.mark.parametrize(
    ("loss", "latest", "epoch", "diverged"),
    [
        (2.0, 8.01, 5, True),  # four times the constant's loss, and its own
        (2.0, 8.0, 5, False),
        (1.99, 8.0, 5, False),
        (2.25, 9.0, 5, False),
        (2.01, 8.01, 5, False),  # less than four times its own
        (2.01, 8.01, 1, True),  # whose first epoch does not count
        (2.01, 8.01, 2, False),
        (0.5, 7.9, 5, False),
        (0.5, np.inf, 5, True),
        (np.inf, 8.01, 0, True),
    ],
)
def test_what_has_diverged(loss, latest, epoch, diverged):
    one = candidate(latest=latest, loss=loss, epoch=epoch, racing=True)
    decisions = RATES.decide(state(one, candidate(TableRecipe(0, 3), racing=True)))
    assert len(decisions) == diverged
    for decision in decisions:
        assert isinstance(decision, Restored)
        assert (decision.epoch, decision.loss, decision.best_epoch) == (12, latest, epoch)
        assert decision.learning_rate == pytest.approx(0.01)
        assert decision.previous_learning_rate == 0.03


def test_what_joined_a_moment_ago_has_not_diverged():
    one = candidate(racing=True, loss=np.inf, epoch=0)
    one.record = None
    assert RATES.decide(state(one)) == []


GROWTH = GrowthPolicy(rows_for_a_parameter=2, widest=128, epochs=50)


@pytest.mark.parametrize(
    ("changes", "rows", "grows"),
    [
        ({}, 200, True),
        ({}, 199, False),
        ({"epoch": 49}, 200, True),
        ({"epoch": 50}, 200, False),
        ({"last": 11}, 200, False),
        ({"racing": True}, 200, False),
    ],
)
def test_a_leader_grows_within_its_limits(changes, rows, grows):
    decisions = GROWTH.decide(state(candidate(**changes), n_training=rows))
    assert len(decisions) == grows
    for decision in decisions:
        assert isinstance(decision, Grown)
        assert (decision.parameters, decision.rows) == (100, rows)
        assert (decision.units, decision.previous_units) == (128, 64)
    wide = candidate(replace(RECIPE, units=(32, 64, 65)), **changes)
    assert GROWTH.decide(state(wide, n_training=999)) == []


def test_growth_tells_the_units_of_the_first_layer():
    narrowing = candidate(replace(RECIPE, units=(48, 32)))
    (decision,) = GROWTH.decide(state(narrowing, n_training=999))
    assert (decision.units, decision.previous_units) == (96, 48)


@pytest.mark.parametrize(("seen", "simplified"), [(0.449, True), (0.45, False), (0.46, False)])
def test_a_leader_overfits_below_a_share_of_its_loss(seen, simplified, monkeypatch):
    monkeypatch.setattr(RaceState, "training_loss", lambda *_: seen)
    policy = SimplificationPolicy(overfit=0.9, fewest_columns=16)
    decisions = policy.decide(state(candidate(), inputs=SimpleNamespace(n_columns=16)))
    assert len(decisions) == simplified
    for decision in decisions:
        assert isinstance(decision, Simplified)
        assert (decision.training_loss, decision.column_dropout) == (seen, 0.15)


IMAGES = GridRecipe(0, 10, (8,), channels=((3,),), warping=0.3, flips=0.5, normalized=True)


@pytest.mark.parametrize(("loss", "further"), [(2.1, True), (2.1001, False)])
@pytest.mark.parametrize(
    ("changes", "due"), [({}, True), ({"epoch": 0}, False), ({"inherited_epochs": 1}, False)]
)
def test_warping_that_makes_hardly_a_difference(loss, further, changes, due):
    one = candidate(IMAGES, **{"loss": loss, "epoch": 2, "racing": True, **changes})
    twin = candidate(replace(IMAGES, warping=0.0, flips=0.0), loss=2.0, racing=True)
    decisions = MoreWarpingPolicy().decide(state(one, twin, epoch=2))
    assert [(one.loss, one.loss_without, one.warping) for one in decisions] == [
        (loss, 2.0, 1.0)
    ] * (further and due)


def test_only_grids_are_warped():
    assert warped(IMAGES, 1.0) == replace(IMAGES, warping=1.0)
    with pytest.raises(TypeError, match="TableRecipe has nothing"):
        warped(RECIPE, 1.0)


@pytest.mark.parametrize(("loss", "ended"), [(2.5, "2"), (2.5001, "1")])
def test_flips_may_lag_by_a_quarter(loss, ended, monkeypatch):
    monkeypatch.setattr(recipe_policies, "ensemble_weights", lambda _: {"1": 0.7, "2": 0.3})
    flipping = candidate(IMAGES, loss=loss, epoch=2, racing=True)
    plain = candidate(replace(IMAGES, flips=0.0), loss=2.0, epoch=1, racing=True)
    (decision,) = FLIPS.decide(state(flipping, plain, epoch=2))
    assert decision.recipe_id == ended
    assert (decision.loss_without, decision.loss_with) == (2.0, loss)
    assert (decision.best_loss, decision.weight) == (2.0, 0.7 if ended == "1" else 0.3)
    assert decision.kept == (ended == "2")
    assert FLIPS.decide(state(replace(flipping, epoch=0), plain, epoch=2)) == []


@pytest.mark.parametrize("recipe", [RECIPE, replace(IMAGES, normalized=False)])
def test_flips_are_settled_of_images_alone(recipe, monkeypatch):
    monkeypatch.setattr(recipe_policies, "ensemble_weights", lambda _: {"1": 0.7, "2": 0.3})
    plain = replace(recipe, flips=0.0) if recipe is not RECIPE else TableRecipe(0, 3)
    pair = [candidate(one, loss=1.0, epoch=2, racing=True) for one in (recipe, plain)]
    assert FLIPS.decide(state(*pair, epoch=2)) == []
