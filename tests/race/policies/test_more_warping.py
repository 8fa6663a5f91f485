from __future__ import annotations

import json
from dataclasses import replace

import pytest

from madaline._race.recipe import GridRecipe
from madaline._race.recipe_policies import MoreWarpingPolicy
from madaline._race.state import Candidate, RaceState
from madaline.records.reading import DECISION

WARPED = GridRecipe(0, 10, (8,), channels=((3,),), warping=0.3, normalized=True)
PLAIN = replace(WARPED, warping=0.0)


@pytest.fixture
def decide(make_dataset):
    """Return what decides, given the recipes with their losses, after an epoch."""
    dataset = make_dataset("regression", n_samples=60)

    def decide(losses, epoch=2):
        candidates = {
            str(number): Candidate(str(number), recipe, None, loss, epoch, racing=not number)
            for number, (recipe, loss) in enumerate(losses)
        }
        return MoreWarpingPolicy().decide(RaceState(epoch, candidates, dataset))

    return decide


@pytest.mark.parametrize(("loss", "further"), [(0.9, True), (1.04, True), (1.1, False)])
@pytest.mark.parametrize("flips", [0.0, 0.5])
def test_images_are_warped_further_if_that_hardly_makes_a_difference(decide, loss, further, flips):
    decisions = decide([(replace(WARPED, flips=flips), loss), (PLAIN, 1.0)])
    assert [one.recipe_id for one in decisions] == ["0"] * further
    for one in decisions:
        assert DECISION.read(json.loads(json.dumps(one.to_json()))) == one
        assert "warped more (by 1)." in one.sentence


def test_nothing_else_is_warped_further(decide):
    assert decide([(WARPED, 1.0), (PLAIN, 1.0)], epoch=3) == []
    assert decide([(replace(WARPED, warping=1.0), 1.0), (PLAIN, 1.0)]) == []
    assert decide([(replace(WARPED, normalized=False), 1.0), (PLAIN, 1.0)]) == []
    assert decide([(WARPED, 1.0), (replace(PLAIN, decay_time=3), 1.0)]) == []
    assert decide([(PLAIN, 1.0), (PLAIN, 1.0)]) == []
