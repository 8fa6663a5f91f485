import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from madaline._tables.splits.folds import make_folds
from madaline.errors import InputError


def folds_of(target, n_folds=5, task="classification", groups=None, seed=0):
    return make_folds(
        np.asarray(target),
        n_folds=n_folds,
        task=task,
        groups=groups,
        rng=np.random.default_rng(seed),
    )


@given(st.lists(st.integers(0, 4), min_size=10, max_size=200), st.integers(2, 10))
def test_every_fold_gets_its_share_of_every_class(target, n_folds):
    folds = folds_of(target, n_folds)
    sizes = np.bincount(folds, minlength=n_folds)
    assert sizes.max() - sizes.min() <= 1
    for label in set(target):
        shares = np.bincount(folds[np.array(target) == label], minlength=n_folds)
        assert shares.max() - shares.min() <= 1


@given(st.sets(st.floats(-1e9, 1e9), min_size=10, max_size=200), st.integers(2, 10))
def test_every_fold_gets_small_and_large_targets(target, n_folds):
    folds = folds_of(list(target), n_folds, "regression")
    ordered = folds[np.argsort(list(target))]
    for start in range(0, len(ordered) - n_folds + 1, n_folds):
        assert sorted(ordered[start : start + n_folds]) == list(range(n_folds))
    assert len(set(ordered[len(ordered) // n_folds * n_folds :])) == len(ordered) % n_folds


@given(st.lists(st.integers(0, 30), min_size=40, max_size=200), st.integers(2, 5), st.booleans())
def test_groups_stay_together_and_folds_are_balanced(groups, n_folds, classify):
    groups = np.concatenate([groups, np.arange(5)])
    target = np.random.default_rng(0).integers(0, 3, len(groups))
    task = "classification" if classify else "regression"
    folds = folds_of(target, n_folds, task, groups)
    for group in np.unique(groups):
        assert len(np.unique(folds[groups == group])) == 1
    sizes = np.bincount(folds, minlength=n_folds)
    assert sizes.min() > 0
    assert sizes.max() - sizes.min() <= 1.5 * np.bincount(groups).max()


def test_groups_share_the_classes():
    groups = np.repeat(np.arange(40), 5)
    target = np.repeat(np.arange(40) % 2, 5)  # all rows of a group are of one class
    folds = folds_of(target, 5, groups=groups)
    shares = np.array([target[folds == fold].mean() for fold in range(5)])
    np.testing.assert_allclose(shares, 0.5, atol=0.15)
    assert np.bincount(folds).tolist() == [40] * 5


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("grouped", [False, True])
def test_the_seed_decides(task, grouped):
    target = np.random.default_rng(0).integers(0, 3, 100)
    groups = np.array([f"g{i}" for i in range(100)]) if grouped else None
    one, same, other = (folds_of(target, 5, task, groups, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


@pytest.mark.parametrize(
    ("target", "groups", "n_folds", "message"),
    [
        ([0, 1, 1], None, 5, "3 rows are too few for 5 folds"),
        ([0], None, 5, "1 row is too few"),
        ([0, 1, 1], None, 1, "at least two folds"),
        ([0, 1, 1, 0], ["a", "a", "b", "b"], 3, "2 groups are too few for 3 folds"),
        ([0, 1, 1], ["a", "a", "a"], 2, "1 group is too few"),
        ([0, 1, 1], ["a", None, "b"], 2, "A group is missing"),
        ([0, 1, 1], [1.0, np.nan, 2.0], 2, "A group is missing"),
        ([0, 1, 1], ["a"], 2, "1 groups for 3 rows"),
    ],
)
def test_what_cannot_be_divided_is_refused(target, groups, n_folds, message):
    groups = None if groups is None else np.array(groups, dtype=object)
    with pytest.raises(InputError, match=message):
        folds_of(target, n_folds, groups=groups)
