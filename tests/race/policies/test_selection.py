from __future__ import annotations

import numpy as np
import pytest

from madaline._race.recipe import TableRecipe
from madaline._race.state import Candidate, RaceState
from madaline._race.stopping_policies import SelectionPolicy, ensemble_weights
from madaline.records.race_decisions import Dropped


@pytest.fixture
def make_state(make_dataset):
    """Return a maker of states at an epoch, given each recipe's errors."""
    dataset = make_dataset("regression", n_samples=60)

    def make(errors, *, epoch=6, retired=()):
        candidates = {}
        for number, error in enumerate(errors):
            recipe = TableRecipe(0, number + 1, (8,))
            output = (dataset.target + error).astype(np.float32)
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


@pytest.fixture
def errors():
    """Return four recipes' errors: good, bad, the opposite of good, and very bad."""
    noise = np.random.default_rng(0).standard_normal((60, 1))
    return [0.5 * noise, noise + 1, -0.6 * noise, noise + 2]


def names(state, *numbers):
    return [list(state.candidates)[number] for number in numbers]


def test_nothing_is_dropped_between_the_cuts(make_state, errors):
    policy = SelectionPolicy(cuts=((6, 2), (15, 1)))
    assert policy.decide(make_state(errors, epoch=5)) == []
    assert policy.decide(make_state(errors, epoch=7)) == []
    assert len(policy.decide(make_state(errors, epoch=6))) == 2
    assert len(policy.decide(make_state(errors, epoch=15))) == 3


def test_the_ensemble_decides_who_stays(make_state, errors):
    state = make_state(errors)
    dropped = SelectionPolicy(cuts=((6, 2),)).decide(state)
    assert sorted(one.recipe_id for one in dropped) == names(state, 1, 3)
    assert {one.action for one in dropped} == {"drop"}


def test_what_helps_the_ensemble_is_kept_before_what_is_better_alone(make_state):
    noise = np.random.default_rng(0).standard_normal((60, 1))
    # The second is nearly as good as the first but errs alike, the third is worse but errs apart.
    state = make_state([0.5 * noise, 0.51 * noise, -0.8 * noise])
    dropped = SelectionPolicy(cuts=((6, 2),)).decide(state)
    assert [one.recipe_id for one in dropped] == names(state, 1)


def test_the_best_alone_always_stays(make_state):
    own, others = np.random.default_rng(0).standard_normal((2, 60, 1))
    # The others' errors cancel, so the ensemble makes little use of the best.
    state = make_state([others, 0.5 * own, -others])
    weights = list(ensemble_weights(state).values())
    assert max(weights[0], weights[2]) > 2 * weights[1]
    dropped = SelectionPolicy(cuts=((6, 1),)).decide(state)
    assert sorted(one.recipe_id for one in dropped) == names(state, 0, 2)


def test_what_is_out_of_the_race_is_neither_dropped_again_nor_counted(make_state, errors):
    state = make_state(errors, retired=(0, 1))
    assert SelectionPolicy(cuts=((6, 2),)).decide(state) == []
    dropped = SelectionPolicy(cuts=((6, 1),)).decide(state)
    assert [one.recipe_id for one in dropped] == names(state, 3)


def test_the_words_have_the_numbers(make_state, errors):
    state = make_state(errors)
    decision = SelectionPolicy(cuts=((6, 3),)).decide(state)[0]
    loser = state.candidates[decision.recipe_id]
    losses = loser.loss, state.best.loss
    assert decision == Dropped(6, loser.name, *losses, 0.0, recipe_id=loser.recipe_id)
    for number in (f"{loser.loss:.4f}", f"{state.best.loss:.4f}", " 0%."):
        assert number in decision.sentence


def test_weights_are_of_all_that_were_ever_evaluated(make_state, errors):
    state = make_state(errors, retired=(0,))
    state.candidates["new"] = Candidate("new", TableRecipe(0, 99), network=None)
    weights = ensemble_weights(state)
    assert list(weights) == names(state, 0, 1, 2, 3)
    assert weights[names(state, 0)[0]] > 0
    assert sum(weights.values()) == pytest.approx(1)
