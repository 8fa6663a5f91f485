from __future__ import annotations

import numpy as np
import pytest

from madaline.race.policies.selection import SelectionPolicy, mix_shares
from madaline.race.recipe import TableRecipe
from madaline.race.state import Candidate, Standing


@pytest.fixture
def make_standing(make_examples):
    """Return a maker of standings at an epoch, given each recipe's errors."""
    examples = make_examples("regression", n_samples=60)

    def make(errors, *, epoch=6, retired=()):
        candidates = {}
        for number, error in enumerate(errors):
            recipe = TableRecipe(0, number + 1, (8,))
            output = (examples.target + error).astype(np.float32)
            candidates[recipe.name] = Candidate(
                recipe,
                network=None,
                loss=examples.mean_loss(output),
                epoch=epoch,
                output=output,
                racing=number not in retired,
            )
        return Standing(epoch, candidates, examples)

    return make


@pytest.fixture
def errors():
    """Return four recipes' errors: good, bad, the opposite of good, and very bad."""
    noise = np.random.default_rng(0).standard_normal((60, 1))
    return [0.5 * noise, noise + 1, -0.6 * noise, noise + 2]


def names(standing, *numbers):
    return [list(standing.candidates)[number] for number in numbers]


def test_nothing_is_dropped_between_the_cuts(make_standing, errors):
    policy = SelectionPolicy(cuts=((6, 2), (15, 1)))
    assert policy.decide(make_standing(errors, epoch=5)) == []
    assert policy.decide(make_standing(errors, epoch=7)) == []
    assert len(policy.decide(make_standing(errors, epoch=6))) == 2
    assert len(policy.decide(make_standing(errors, epoch=15))) == 3


def test_the_mix_decides_who_stays(make_standing, errors):
    standing = make_standing(errors)
    dropped = SelectionPolicy(cuts=((6, 2),)).decide(standing)
    assert sorted(one.subject for one in dropped) == names(standing, 1, 3)
    assert {one.action for one in dropped} == {"drop"}


def test_what_helps_the_mix_is_kept_before_what_is_better_alone(make_standing):
    noise = np.random.default_rng(0).standard_normal((60, 1))
    # The second is nearly as good as the first but errs alike, the third is worse but errs apart.
    standing = make_standing([0.5 * noise, 0.51 * noise, -0.8 * noise])
    dropped = SelectionPolicy(cuts=((6, 2),)).decide(standing)
    assert [one.subject for one in dropped] == names(standing, 1)


def test_the_best_alone_always_stays(make_standing):
    own, others = np.random.default_rng(0).standard_normal((2, 60, 1))
    # The others' errors cancel, so the mix makes little use of the best.
    standing = make_standing([others, 0.5 * own, -others])
    shares = list(mix_shares(standing).values())
    assert max(shares[0], shares[2]) > 2 * shares[1]
    dropped = SelectionPolicy(cuts=((6, 1),)).decide(standing)
    assert sorted(one.subject for one in dropped) == names(standing, 0, 2)


def test_what_is_out_of_the_race_is_neither_dropped_again_nor_counted(make_standing, errors):
    standing = make_standing(errors, retired=(0, 1))
    assert SelectionPolicy(cuts=((6, 2),)).decide(standing) == []
    dropped = SelectionPolicy(cuts=((6, 1),)).decide(standing)
    assert [one.subject for one in dropped] == names(standing, 3)


def test_the_words_have_the_numbers(make_standing, errors):
    standing = make_standing(errors)
    decision = SelectionPolicy(cuts=((6, 3),)).decide(standing)[0]
    loser = standing.candidates[decision.subject]
    assert decision.evidence == {"loss": loser.loss, "best": standing.best.loss, "share": 0.0}
    for number in (f"{loser.loss:.4f}", f"{standing.best.loss:.4f}", " 0% "):
        assert number in decision.sentence


def test_shares_are_of_all_that_were_ever_judged(make_standing, errors):
    standing = make_standing(errors, retired=(0,))
    standing.candidates["new"] = Candidate(TableRecipe(0, 99), network=None)
    shares = mix_shares(standing)
    assert list(shares) == names(standing, 0, 1, 2, 3)
    assert shares[names(standing, 0)[0]] > 0
    assert sum(shares.values()) == pytest.approx(1)
