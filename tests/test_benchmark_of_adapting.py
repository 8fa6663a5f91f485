"""The rivals of the experiment change what they say, and its figures are those of its results."""

from __future__ import annotations

import sys
from math import log, sqrt
from pathlib import Path

import numpy as np
import pytest

from madaline._race.planning import TableFacts, make_plan

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
NAMES = ("run", "rivals", "figures", "tables_apart", "tables", "measuring", "quality")


@pytest.fixture(autouse=True)
def scripts(monkeypatch):
    """Let the scripts of the folder be imported, and forget them afterwards."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.syspath_prepend(str(BENCHMARKS / "adapting"))
    path = list(sys.path)
    yield
    sys.path[:] = path
    for name in NAMES:
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def plan():
    return make_plan(TableFacts(2000, {0: 5, 16: 80, 64: 300}), epochs=50)


def test_each_rival_makes_a_plan_of_recipes_that_differ(plan):
    from rivals import RIVALS

    for name, rival in RIVALS.items():
        recipes = rival.adjust(plan, 3).recipes
        assert len(recipes) == len(set(recipes)) > 0, name


def test_a_single_recipe_adapts_nothing(plan):
    from rivals import RIVALS

    fixed = RIVALS["recipe 16 3 x9"].adjust(plan, 0)
    assert {one.n_bins for one in fixed.recipes} == {16}
    assert [one.decay_time for one in fixed.recipes] == pytest.approx([3] * 9, rel=1e-5)
    assert (fixed.cuts, fixed.widest, fixed.tolerance) == ((), 0, 0)


def test_a_table_without_bins_has_its_finest_encoding():
    from rivals import RIVALS

    plain = make_plan(TableFacts(2000, {0: 5, 16: 5, 64: 5}), epochs=50)
    assert {one.n_bins for one in RIVALS["recipe 64 10"].adjust(plain, 0).recipes} == {0}


def test_draws_depend_on_the_seed(plan):
    from rivals import RIVALS

    first, again, other = (RIVALS["random x9"].adjust(plan, seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_the_race_is_read_at_its_own_seconds():
    from figures import at_equal_time, means_of
    from run import Result

    def result(method, loss, seconds):
        return Result("a", method, 100, loss, seconds, 1.0)

    of_recipe = [result("recipe 0 3", 0.4, 1.0), result("recipe 0 3 x3", 0.3, 4.0)]
    every = means_of([*of_recipe, result("race", 0.28, 2.0)])
    ((name, over, outside),) = at_equal_time(every, ["recipe 0 3", "recipe 0 3 x3"])
    assert (name, outside) == ("a", False)
    assert over == pytest.approx(0.28 / (0.4 + (0.3 - 0.4) * log(2) / log(4)))


def test_pairs_have_the_same_seeds():
    from figures import paired
    from run import Result

    losses = {("race", 0): 0.5, ("race", 1): 0.1, ("quick", 0): 0.6}
    results = [Result("a", m, 10, loss, 2.0, 1.0, seed) for (m, seed), loss in losses.items()]
    ratios, names, time = paired(results, "quick", "race")
    assert (names, time) == (["a"], 1.0)
    assert ratios == pytest.approx([1.2])


def test_methods_are_compared_with_the_seeds_that_all_have():
    from figures import shared
    from run import Result

    keys = [("race", 0), ("race", 1), ("quick", 0), ("best", 0), ("best", 1), ("quick", 2)]
    results = [Result("a", method, 10, 0.5, 2.0, 1.0, seed) for method, seed in keys]
    assert [(one.method, one.seed) for one in shared(results, ["race", "best"])] == [
        ("race", 0),
        ("race", 1),
        ("best", 0),
        ("best", 1),
    ]
    of_three = shared(results, ["race", "quick", "best"])
    assert [(one.method, one.seed) for one in of_three] == [("race", 0), ("quick", 0), ("best", 0)]


def test_ranks_are_of_the_tables_that_all_have():
    from figures import mean_ranks, means_of
    from run import Result

    losses = {"race": (0.3, 0.2, 0.1), "quick": (0.4, 0.2), "recipe 0 3": (0.5, 0.1)}
    every = means_of(
        Result(name, method, 10, loss, 1.0, 1.0)
        for method, of_tables in losses.items()
        for name, loss in zip("abc", of_tables, strict=False)
    )
    assert mean_ranks(every) == {"race": 1.75, "quick": 2.25, "recipe 0 3": 2.0}


def test_losses_stand_beside_the_better_of_two_packages():
    from figures import lines_beside, means_of
    from run import Result

    from measuring import Measurement

    def peer(name, method, loss):
        return Measurement(name, method, 10, loss, 0.1, None, 1.0)

    peers = [peer("a", "catboost", 0.4), peer("a", "lightgbm", 0.5), peer("b", "lightgbm", 0.1)]
    peers += [peer("b", "realmlp", 0.01), peer("c", "catboost", 1.0)]
    results = [Result(name, "race", 10, loss, 1.0, 1.0) for name, loss in (("a", 0.6), ("b", 0.1))]
    _, line, far = lines_beside(means_of(results), peers)
    assert f"{sqrt(1.5):.3f}" in line
    assert far == "  above 1.10: a 1.500"


def test_the_chance_of_ten_gains_is_that_of_ten_signs():
    from figures import chance

    gains = [sqrt(0.9) ** (1 + number / 100) for number in range(10)]
    assert chance(gains) == pytest.approx(2 / 2**10)


def test_all_tables_are_there(shared_data):
    pytest.importorskip("pandas", reason="the benchmarks read their tables with pandas")
    from tables_apart import SEEN, drawn_half, large_names, load_table, table_names

    if not (shared_data / "adapting").is_dir():
        pytest.skip("the tables of this experiment are not on this machine")
    names = table_names(shared_data)
    assert len(names) == len(set(names)) == 41
    assert set(SEEN) < set(names)
    assert len(drawn_half(names)) == 20
    assert large_names(shared_data) == {"census_income_kdd"}
    table = load_table(shared_data, "pima_missing")
    assert len(table.y_test) == 768 // 5
    assert set(np.unique(table.y_train)) == {"neg", "pos"}
