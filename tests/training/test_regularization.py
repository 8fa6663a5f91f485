from __future__ import annotations

import pytest

from madaline.training.recipe import Recipe
from madaline.training.regularization import RegularizationPolicy, stronger, weaker
from madaline.training.standing import Candidate, Standing

POLICY = RegularizationPolicy((6,))


def standing(losses, *, epoch=6, stopped=()):
    """Return a race of plain recipes, given the loss of each decay time."""
    candidates = [
        Candidate(
            Recipe(0, decay_time),
            network=None,
            loss=loss,
            epoch=5,
            racing=decay_time not in stopped,
        )
        for decay_time, loss in losses.items()
    ]
    return Standing(epoch, {one.name: one for one in candidates}, examples=None)


@pytest.mark.parametrize(
    ("losses", "action"),
    [({1: 0.1, 3: 0.2, 10: 0.3}, "simplify"), ({1: 0.3, 3: 0.2, 10: 0.1}, "loosen")],
)
def test_a_leader_at_the_edge_is_tried_beyond_it(losses, action):
    (decision,) = POLICY.decide(standing(losses))
    assert decision.action == action
    assert (
        decision.subject
        == min(
            (Recipe(0, decay_time) for decay_time in losses), key=lambda one: losses[one.decay_time]
        ).name
    )
    assert "0.1000" in decision.sentence


def test_a_leader_within_the_grid_stays():
    assert POLICY.decide(standing({1: 0.3, 3: 0.1, 10: 0.2})) == []


def test_it_is_asked_only_after_its_epochs():
    assert POLICY.decide(standing({1: 0.1, 3: 0.2}, epoch=5)) == []


def test_who_only_leads_those_that_still_race_does_not_lead():
    losses = {1: 0.2, 3: 0.3, 10: 0.1}
    assert POLICY.decide(standing(losses, stopped={10})) == []


def test_stronger_and_weaker_undo_each_other():
    recipe = Recipe(16, 3.0)
    assert stronger(recipe).decay_time == 1.0
    assert weaker(stronger(recipe)) == recipe
