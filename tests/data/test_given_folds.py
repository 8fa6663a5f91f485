from __future__ import annotations

import numpy as np
import pytest
from sklearn.model_selection import KFold, PredefinedSplit, TimeSeriesSplit

from madaline._tables.splits.folds import GivenFolds
from madaline.errors import InputError


def test_pairs_of_all_rows_outside_the_fold_are_the_fold_numbers():
    numbers = np.array([1, -1, 0, 1, 2, 0])
    split = PredefinedSplit(numbers)
    folds = GivenFolds.from_pairs(split.split(), 6)
    np.testing.assert_array_equal(folds.numbers, numbers)
    assert folds.training is None
    assert folds.n_folds == 3


def test_pairs_that_leave_rows_out_are_kept_as_they_are():
    pairs = list(TimeSeriesSplit(3).split(np.zeros((13, 1))))
    folds = GivenFolds.from_pairs(pairs, 13)
    for fold, (learned, evaluated) in enumerate(pairs):
        assert list(np.flatnonzero(folds.training[fold])) == list(learned)
        assert list(np.flatnonzero(folds.numbers == fold)) == list(evaluated)
    assert (folds.numbers == -1).sum() == 4


def test_masks_are_rows():
    one = GivenFolds.from_pairs([(np.array([True, False]), np.array([False, True]))], 2)
    assert list(one.numbers) == [-1, 0]


def test_folds_that_lose_their_rows_are_no_more():
    folds = GivenFolds.from_pairs(KFold(3).split(np.zeros(9)), 9).take(np.array([0, 8, 7]))
    assert list(folds.numbers) == [0, 1, 1]
    given = GivenFolds.from_pairs([([0], [1]), ([0, 1], [2]), ([0, 1], [3])], 4)
    kept = given.take(np.array([0, 1, 3]))
    assert list(kept.numbers) == [-1, 0, 1]
    np.testing.assert_array_equal(kept.training, [[True, False, False], [True, True, False]])


@pytest.mark.parametrize(
    ("numbers", "match"),
    [
        ([0.5, 1], "not whole numbers"),
        (["a", "b"], "not whole numbers"),
        ([np.nan, 1], "not whole numbers"),
        ([0, -2, 1], "folds hold -2"),
        ([-1, -1], "hold out no row"),
        ([3, 3], "Fold 3 leaves its networks no row to learn from"),
    ],
)
def test_numbers_that_are_no_folds_are_refused(numbers, match):
    with pytest.raises(InputError, match=match):
        GivenFolds.from_numbers(numbers)


@pytest.mark.parametrize(
    ("pairs", "match"),
    [
        ([([0], [1, 2]), ([0], [2])], "Row 2 is held out in several folds"),
        ([([0, 1], [1, 2])], "Row 1 is a training row and held out in the same fold"),
        ([([0], [5])], "name row 5, but rows go from 0 to 3"),
        ([([-1], [2])], "name row -1"),
        ([([], [0, 1])], "no row to learn from"),
        ([([0, 1], [])], "hold out no row"),
        ([], "hold out no row"),
        ([3], "no pair of row numbers"),
        ([([0], [1], [2])], "no pair of row numbers"),
        ([([0.5], [1])], "no row number"),
    ],
)
def test_pairs_that_are_no_folds_are_refused(pairs, match):
    with pytest.raises(InputError, match=match):
        GivenFolds.from_pairs(pairs, 4)


def test_groups_that_folds_divide_are_named():
    folds = GivenFolds.from_numbers([0, 0, 1, 1, -1])
    folds.check_groups(np.array(["a", "a", "b", "b", "c"]))
    with pytest.raises(InputError, match="divide the group b"):
        folds.check_groups(np.array(["a", "a", "b", "b", "b"]))
