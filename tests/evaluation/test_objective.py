from __future__ import annotations

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

from madaline._race.evaluation.objective import Objective, class_weights
from madaline.errors import InputError

CLASSES = np.array(["a", "b", "c"])
CODES = np.array([0, 0, 0, 1, 1, 2, 0, 0])


@pytest.mark.parametrize("wanted", ["balanced", {"a": 1, "b": 2.5, "c": 3}, {"b": 7}])
def test_classes_weigh_what_scikit_learn_makes_them_weigh(wanted):
    found = class_weights(wanted, CLASSES, CODES)
    y = CLASSES[CODES]
    np.testing.assert_allclose(found, compute_class_weight(wanted, classes=CLASSES, y=y))
    rows = Objective(class_weight=wanted).row_weight(CLASSES, CODES, None)
    np.testing.assert_allclose(rows, compute_sample_weight(wanted, y))


def test_balanced_classes_have_the_same_weight_in_all_beside_their_rows_own():
    own = np.random.default_rng(0).uniform(0.1, 2, len(CODES))
    rows = Objective(class_weight="balanced").row_weight(CLASSES, CODES, own)
    np.testing.assert_allclose(np.bincount(CODES, rows), own.sum() / 3)


def test_what_is_not_wanted_changes_nothing():
    own = np.arange(len(CODES))
    assert Objective().row_weight(CLASSES, CODES, own) is own
    assert Objective().row_weight(CLASSES, CODES, None) is None


@pytest.mark.parametrize("wrong", [0, -1.0, np.nan, np.inf, "2", None])
def test_a_weight_is_a_number_above_zero(wrong):
    with pytest.raises(InputError, match="class_weight of the class 'b' is"):
        Objective(class_weight={"b": wrong})


def test_a_class_that_no_row_has_is_named_unless_all_others_are_too():
    with pytest.raises(InputError, match="names the class 'd', which no row has"):
        class_weights({"d": 2}, CLASSES, CODES)
    everything = dict.fromkeys("abcd", 2.0)  # as in a fold that lacks a rare class
    np.testing.assert_array_equal(class_weights(everything, CLASSES, CODES), [2, 2, 2])
