from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from madaline._race.recipe import GridRecipe
from madaline._race.recipe_policies import FLIPS, WARPING
from madaline._race.state import Candidate, RaceState
from madaline.records.reading import DECISION

STILL = GridRecipe(0, 10, (8,), channels=((3,),), warping=1.0, normalized=True)
FLIPPING = replace(STILL, flips=0.5)


@pytest.fixture
def make_state(make_dataset):
    """Return a maker of states, given the recipes and the noise in their outputs."""
    dataset = make_dataset("regression", n_samples=60)
    noise = np.random.default_rng(0).standard_normal((60, 1))

    def make(errors, *, epoch=2, retired=()):
        candidates = {}
        for number, (recipe, error) in enumerate(errors):
            output = (dataset.target + error * noise).astype(np.float32)
            candidates[str(number)] = Candidate(
                str(number),
                recipe,
                network=None,
                loss=dataset.validation_loss(output),
                epoch=epoch,
                output=output,
                racing=number not in retired,
            )
        return RaceState(epoch, candidates, dataset)

    return make


def ended(state):
    return [one.recipe_id for one in FLIPS.decide(state)]


def test_flips_that_hurt_end(make_state):
    state = make_state([(FLIPPING, 1.2), (STILL, 1.0)])  # squared errors: 1.44 times the loss
    assert ended(state) == ["0"]
    assert "raise the validation loss" in FLIPS.decide(state)[0].sentence


@pytest.mark.parametrize(("error", "words"), [(1.1, "goes on"), (0.9, "learned better")])
def test_flips_that_do_not_lag_far_behind_go_on_instead_of_their_twin(make_state, error, words):
    state = make_state([(FLIPPING, error), (STILL, 1.0)])
    assert ended(state) == ["1"]
    assert words in FLIPS.decide(state)[0].sentence


def test_only_twins_are_compared_and_only_once(make_state):
    other = replace(STILL, warping=0.0)
    assert ended(make_state([(FLIPPING, 2.0), (other, 1.0)])) == []
    assert ended(make_state([(FLIPPING, 2.0), (STILL, 1.0)], epoch=1)) == []
    assert ended(make_state([(FLIPPING, 2.0), (STILL, 1.0)], epoch=3)) == []
    assert ended(make_state([(FLIPPING, 2.0), (STILL, 1.0)], retired=(0,))) == []


def test_what_was_settled_survives_json(make_state):
    (decision,) = FLIPS.decide(make_state([(FLIPPING, 1.2), (STILL, 1.0)]))
    assert DECISION.read(json.loads(json.dumps(decision.to_json()))) == decision
    assert decision.loss == decision.loss_with > 1.25 * decision.loss_without


@pytest.mark.parametrize(("error", "ended"), [(1.2, "2"), (1.3, "0")])
def test_warping_is_settled_after_flips(make_state, error, ended):
    plain = replace(STILL, warping=0.0)
    state = make_state([(FLIPPING, error), (STILL, 1.0), (plain, 1.0)], retired=(1,))
    (decision,) = WARPING.decide(state)
    assert decision.recipe_id == ended
    assert "warped" in decision.sentence
