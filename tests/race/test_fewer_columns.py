from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from madaline._race import importance, recipe_policies
from madaline._race.checkpoint import resume, save_checkpoint
from madaline._race.ensemble import Ensemble
from madaline._race.importance import columns_not_needed, unclear_columns
from madaline._race.race import Race
from madaline._race.recipe import TableRecipe
from madaline.records.race_decisions import ColumnsHidden, ReductionRejected

OF_CHANCE = {3, 4, 5, 6}  # columns that the target does not depend on


@pytest.fixture
def race(make_dataset, plan):
    """Return a maker of races whose only recipe is soon flat."""
    recipes = (TableRecipe(16, 30, (16, 16)),)
    often = replace(plan, recipes=recipes, epochs=80, patience=5, reduces=True)
    dataset = make_dataset("regression", n_samples=200)
    return lambda **changes: Race(replace(often, **changes), dataset, 5)


def run(race):
    return [decision for _, decision in race.run() if decision is not None]


def reduced(race):
    return [one for one in race.candidates.values() if one.recipe.hidden]


def test_columns_of_chance_are_hidden_and_stay_so(race, monkeypatch):
    race = race()
    decisions = run(race)
    (hidden,) = (one for one in decisions if isinstance(one, ColumnsHidden))
    assert (hidden.hidden, hidden.columns) == (4, 7)
    assert not any(isinstance(one, ReductionRejected) for one in decisions)
    (candidate,) = reduced(race)
    assert candidate.loss < 0.9 * race.candidates["1"].loss
    assert "fewer columns" in candidate.name
    for own, theta in zip(candidate.recipe.hidden, candidate.theta, strict=True):
        first = candidate.network.bind(theta)[0]
        assert 2 not in own
        assert len(OF_CHANCE & set(own)) >= 3
        shown = np.flatnonzero(first["weight"].any(axis=1))
        assert set(shown) == set(np.flatnonzero(first["gate"])) == set(range(7)) - set(own)

    unneeded = columns_not_needed(race.state, "abcdefg")
    assert unneeded.columns == ("d", "e", "f", "g")
    assert unneeded.loss == pytest.approx(candidate.loss, rel=0.1)
    assert unneeded.sentence.startswith("4 of 7 columns are not needed")
    monkeypatch.setattr(
        importance, "ensemble_weights", lambda state: dict.fromkeys(state.candidates, 0.0)
    )
    assert columns_not_needed(race.state, "abcdefg") is None  # trees predict alone


def test_what_hides_a_column_from_networks_is_not_the_rows_that_evaluate_them(race):
    race = race(epochs=12)
    run(race)
    (one,) = race.candidates.values()
    leader, dataset = Ensemble.of({"1": one}, {"1": 1.0}), race.dataset
    columns = unclear_columns(leader, dataset, work=1e12, seed=5)
    target = dataset.target.copy()
    held_out = dataset.rows.held_out(0)
    target[held_out] = np.random.default_rng(0).permutation(target[held_out])
    others = unclear_columns(leader, replace(dataset, target=target), work=1e12, seed=5)
    assert columns[0] == others[0]


def test_networks_that_do_not_help_are_forgotten(race, monkeypatch):
    monkeypatch.setattr(recipe_policies, "_CLEAR", 1e9)
    race = race()
    (rejected,) = (one for one in run(race) if isinstance(one, ReductionRejected))
    assert rejected.loss_with_all == pytest.approx(race.candidates["1"].loss)
    (candidate,) = reduced(race)
    assert candidate.forgotten
    assert not candidate.racing
    assert not len(candidate.theta)
    assert candidate.key not in [member.key for member in race.ensemble().members]
    assert columns_not_needed(race.state, "abcdefg") is None


@pytest.mark.parametrize("changes", [{"reduces": False}, {"epochs": 12}])
def test_all_columns_are_seen_where_that_is_wanted_or_training_is_over(race, changes):
    race = race(**changes)
    assert not any(isinstance(one, ColumnsHidden) for one in run(race))


@pytest.mark.parametrize("clear", [1.0, 1e9])
def test_a_race_with_fewer_columns_goes_on_in_the_same_bits(
    clear, race, bits, tmp_path, monkeypatch
):
    monkeypatch.setattr(recipe_policies, "_CLEAR", clear)
    monkeypatch.setattr(recipe_policies, "_LAG", 9.0)
    whole = race()
    entered = next(one.epoch for one in run(whole) if isinstance(one, ColumnsHidden))
    for stop in (entered - 1, entered, entered + 1, whole.epoch - 1):
        interrupted, resumed = race(), race()
        for _ in range(stop):
            list(interrupted.run_epoch())
        save_checkpoint(tmp_path / "state", interrupted, [], [])
        assert resume(tmp_path / "state", resumed) is not None
        run(resumed)
        assert bits(resumed) == bits(whole)
