"""Groups hold every network of a cohort once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from madaline._race.epoch_task import divide

COUNTS = st.integers(1, 9)


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_every_network_is_in_one_group_and_none_is_too_large(
    n_recipes, n_folds, recipes_each, folds_each
):
    groups = divide(n_recipes, n_folds, recipes_each=recipes_each, folds_each=folds_each)
    found = [
        (recipe, fold)
        for group in groups
        for recipe in range(n_recipes)[group.recipes]
        for fold in range(n_folds)[group.folds]
    ]
    assert sorted(found) == [(one, fold) for one in range(n_recipes) for fold in range(n_folds)]
    for group in groups:
        assert 0 < group.recipes.stop - group.recipes.start <= recipes_each
        assert 0 < group.folds.stop - group.folds.start <= folds_each
