from __future__ import annotations

import pytest

from madaline._race.planning import TableFacts, make_plan, plan_for_rare_class
from madaline._race.recipe import LinearRecipe, TableRecipe
from madaline._tables.media.grids import Grid

WIDTHS = {0: 8, 16: 100, 64: 300}


@pytest.mark.parametrize(
    ("n_samples", "n_rare", "smoothing"),
    [(1000, 10, 0.002), (300, 15, 0.01), (1000, 50, 0.01), (2000, 200, 0.005)],
)
def test_labels_are_smoothed_by_a_tenth_of_the_rare_rows_or_by_five(n_samples, n_rare, smoothing):
    n_samples += n_rare == 200  # a tenth is not rare
    plan = plan_for_rare_class(
        make_plan(TableFacts(n_samples, WIDTHS), epochs=10), n_samples, n_rare
    )
    tables = [one for one in plan.recipes if isinstance(one, TableRecipe)]
    assert [one.label_smoothing for one in tables] == pytest.approx([smoothing] * 9, rel=1e-3)
    assert sum(isinstance(one, LinearRecipe) for one in plan.recipes) == 5


@pytest.mark.parametrize(("n_samples", "n_rare"), [(1000, 100), (1000, 500), (20_000, 201)])
def test_a_plan_without_a_rare_class_stays_as_it_is(n_samples, n_rare):
    plan = make_plan(TableFacts(n_samples, WIDTHS), epochs=10)
    assert plan_for_rare_class(plan, n_samples, n_rare) is plan


@pytest.mark.parametrize("kind", ["texts", "images"])
def test_plans_of_texts_and_images_stay_as_they_are(kind):
    options = {"only_texts": True} if kind == "texts" else {"grids": (Grid(0, 64, (8, 8)),)}
    plan = make_plan(TableFacts(1000, {0: 64, 16: 64, 64: 64}, **options), epochs=10)
    assert plan_for_rare_class(plan, 1000, 20) is plan
