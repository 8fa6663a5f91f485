from __future__ import annotations

from dataclasses import asdict
from math import inf

import pytest

from madaline._race.plan import BALANCED, PRESETS, QUICK, Plan, preset_named
from madaline._race.planning import TableFacts, folds_for, make_plan
from madaline._tables.media.grids import Grid

WIDTHS = {0: 8, 16: 100, 64: 300}
SIZES = (10, 49, 50, 300, 1200, 1201, 9000, 200_000)


def plan_of(n_samples: int, preset: str, n_folds: int | None = None, **facts: object) -> Plan:
    table = TableFacts(n_samples, WIDTHS, **facts)
    return make_plan(table, epochs=10, n_folds=n_folds, preset=preset_named(preset))


@pytest.mark.parametrize("n_samples", SIZES)
def test_balanced_is_the_usual_plan(n_samples):
    assert plan_of(n_samples, "balanced") == make_plan(TableFacts(n_samples, WIDTHS), epochs=10)
    usual = Plan((), n_folds=5, batch_size=32)
    given = {"recipes", "n_folds", "batch_size", "epochs", *BALANCED.tables.plan}
    for name, value in asdict(plan_of(n_samples, "balanced")).items():
        assert name in given or value == getattr(usual, name)
    assert BALANCED.decision is None


def test_no_copies_of_networks_for_tables_learn_slower():
    for name in PRESETS:
        assert plan_of(900, name).lowest_rate == inf
        assert plan_of(900, name, only_texts=True).lowest_rate == inf
    images = {"grids": (Grid(0, 64, (8, 8)),)}
    rates = {name: plan_of(2000, name, **images).lowest_rate for name in PRESETS}
    assert rates == {"quick": inf, "balanced": 0.001, "best": 0.001}


@pytest.mark.parametrize("n_samples", SIZES)
def test_quick_is_less_work(n_samples):
    quick, usual = plan_of(n_samples, "quick"), plan_of(n_samples, "balanced")
    assert 1 < quick.n_folds <= usual.n_folds
    assert quick.recipes == usual.recipes
    assert all(left(quick, epoch) <= left(usual, epoch) for epoch in range(20))
    assert left(quick, 20) < left(usual, 20)
    assert quick.patience <= usual.patience
    assert not quick.trees
    assert quick.epochs == usual.epochs


def left(plan: Plan, epoch: int) -> int:
    """Return the recipes that are left after an epoch."""
    return min((keep for cut, keep in plan.cuts if cut <= epoch), default=len(plan.recipes))


@pytest.mark.parametrize(("n_samples", "folds"), [(49, 4), (1200, 8), (1201, 4), (200_000, 3)])
def test_folds_of_quick_depend_on_the_rows(n_samples, folds):
    assert plan_of(n_samples, "quick").n_folds == folds <= folds_for(n_samples)


@pytest.mark.parametrize("n_samples", SIZES)
def test_best_is_more_folds_and_goes_on_for_longer(n_samples):
    best, usual = plan_of(n_samples, "best"), plan_of(n_samples, "balanced")
    assert best.least_gain < usual.least_gain
    assert best.recipes == usual.recipes
    assert best.patience > usual.patience
    assert all(left(best, epoch) >= left(usual, epoch) for epoch in range(20))


@pytest.mark.parametrize(
    ("n_samples", "folds"),
    [(10, 5), (49, 5), (60, 10), (300, 30), (1200, 40), (5000, 20), (200_000, 12)],
)
def test_best_has_four_times_the_folds_where_there_are_rows(n_samples, folds):
    assert plan_of(n_samples, "best").n_folds == folds


def test_given_folds_and_groups_count_all_the_same():
    for name in PRESETS:
        assert plan_of(5000, name, n_folds=7).n_folds == 7
        assert plan_of(5000, name, n_groups=3).n_folds == 3


def test_images_and_texts_keep_their_own_cuts_and_rates():
    images = {"grids": (Grid(0, 64, (8, 8)),)}
    for options in (images, {"only_texts": True}):
        quick = plan_of(2000, "quick", **options)
        usual = plan_of(2000, "balanced", **options)
        assert quick.cuts == usual.cuts
        assert quick.batch_size == usual.batch_size
        assert quick.patience <= usual.patience
        assert [one.learning_rate for one in quick.recipes[:1]] == [
            one.learning_rate for one in usual.recipes[:1]
        ]


def test_a_preset_is_told_among_the_decisions():
    assert QUICK.decision.preset == "quick"
    assert QUICK.words in QUICK.decision.sentence
