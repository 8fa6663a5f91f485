"""What may be images, sequences or counts of words is guessed, and that is told in a line."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import sparse

import madaline
from madaline import AdaptiveClassifier
from madaline.errors import InputError, KindGuessedWarning, NothingLearnedWarning

Y = [0, 1] * 10


def fitted(X, **settings):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model = AdaptiveClassifier(effort=1, random_state=0, **settings).fit(X, Y, folds=2)
    said = [str(one.message) for one in told if one.category is KindGuessedWarning]
    assert {one.category for one in told} <= {KindGuessedWarning, NothingLearnedWarning}
    return model, said


def arrays(shape, low=0.0):
    rng = np.random.default_rng(0)
    return [rng.uniform(low, 1, shape) for _ in Y]


@pytest.mark.parametrize(
    ("X", "kind", "how"),
    [
        (arrays((8, 8)), "image", "madaline.sequences(X)"),
        (arrays((12, 3)), "sequence", "np.stack(X)"),
        (arrays((8, 8), low=-1.0), "sequence", "np.stack(X)"),
    ],
)
def test_a_list_of_equal_arrays_is_guessed_and_that_is_said(X, kind, how):
    model, (said,) = fitted(X)
    assert model.model_.schema.columns[0].kind == kind
    assert f"X, a list of 20 arrays of shape {X[0].shape}, is taken for {kind}s" in said
    assert said.endswith(f"give {how}.")
    assert len(model.predict(X[:2])) == 2
    assert len(model.predict([one - 2 for one in X[:2]])) == 2  # it stays what was learned from
    assert model.diagnose([abs(one) for one in X]) is not None


def test_where_there_is_no_doubt_nothing_is_said():
    pixels = [(255 * one).astype(np.uint8) for one in arrays((8, 8))]
    for X in (pixels, np.stack(arrays((8, 8))), [one[:7, :3] for one in arrays((8, 8, 3))]):
        model, said = fitted(X)
        assert not said
        assert model.model_.schema.columns[0].kind == "image"
    missing = arrays((8, 8))
    missing[3][2, 2] = np.nan
    model, (said,) = fitted(missing)
    assert model.model_.schema.columns[0].kind == "sequence"


def test_a_wide_sparse_matrix_may_count_words():
    numbers = np.random.default_rng(0).random((20, 1000))
    wide = sparse.csr_array(np.where(numbers < 0.01, numbers, 0))
    _, (said,) = fitted(wide)
    assert said.startswith("X, a sparse matrix, is taken for 1,000 columns of numbers: if they")
    for X in (wide[:, :999], wide.toarray()):
        assert not fitted(X)[1]


def test_an_array_that_may_be_a_panel_of_series_is_told():
    X = np.random.default_rng(0).standard_normal((20, 6, 30))
    _, (said,) = fitted(X)
    assert "X, an array of shape (20, 6, 30), is taken for images of 6 x 30 pixels" in said
    model, said = fitted(madaline.sequences(X.transpose(0, 2, 1)))
    assert not said
    assert model.model_.schema.columns[0].detail == "30 to 30 steps, 6 numbers a step"
    for images in (X[:, :, :11], np.abs(X)):
        assert not fitted(images)[1]


class Scan:
    """Nothing but a way to make a table, as scanners of pyarrow have."""

    def to_table(self):
        raise AssertionError


@pytest.mark.parametrize(
    ("X", "sentence"),
    [
        (Scan(), "give X.to_table()."),
        (None, "X is None: give a table"),
        ("rows.csv", "There is no file rows.csv: check the name"),
        ({1, 2}, "X is {1, 2}: give a table"),
        ([], "X is empty: give a table"),
        (np.zeros(0), "X is empty: give a table"),
        ([None] * 20, "X holds nothing but None"),
        ([["a", "b"], ["c"]] * 10, "join its words to one text, ' '.join(row)"),
        ([[1, 2], [3]] * 10, "Row 1 (counted from 0) of X has the length 1 where row 0 has 2"),
        ([[[1, 2], [2, 3]], [[3, 4]]] * 10, "if these are sequences, madaline.sequences(X)"),
        ([[[1, 2], [2, 3]]] * 20, "X is a list of lists of lists: give np.array(X)"),
        ([1, 2] * 10, "X is a list of numbers: give rows, [[one] for one in X]"),
        ([b"a", b"b"] * 10, "X is a list that holds b'a': give a table"),
    ],
)
def test_what_is_no_table_is_one_sentence(X, sentence):
    with pytest.raises(InputError) as caught:
        AdaptiveClassifier(effort=1).fit(X, Y)
    told = str(caught.value)
    assert sentence in told
    assert "\n" not in told
