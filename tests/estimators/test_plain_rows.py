"""Plain rows are predicted at one look, with the bits and the refusals of a closer one."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse

from madaline import AdaptiveClassifier, AdaptiveRegressor
from madaline.data.encoders.encoded import Encoded
from madaline.data.encoders.plain_numbers import FEW_ROWS
from madaline.errors import InputError
from madaline.estimators.plain_rows import read_plain_rows
from madaline.estimators.tables import read_table

NAMES = ["a", "b", "c", "d"]
QUICK = {"effort": 3, "random_state": 0}


def _rows() -> np.ndarray:
    X = np.random.default_rng(0).normal(size=(2 * FEW_ROWS, 4))
    X[:, 2] = 7  # is dropped
    X[::9, 1] = np.nan
    return X


@pytest.fixture(scope="module")
def unnamed() -> AdaptiveClassifier:
    X = _rows()[:200]
    return AdaptiveClassifier(**QUICK).fit(X, X[:, 0] > 0)


@pytest.fixture(scope="module")
def named() -> AdaptiveRegressor:
    X = _rows()[:200]
    return AdaptiveRegressor(**QUICK).fit(_frame(X), X[:, 0] + X[::-1, 3])


def _frame(rows: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=NAMES)


def _mapping(rows: np.ndarray) -> dict[str, np.ndarray]:
    return {f"x{number}": column for number, column in enumerate(rows.T)}


ARRAYS = {
    "array": lambda rows: rows,
    "by columns": np.asfortranarray,
    "float32": lambda rows: rows.astype(np.float32),
    "whole": lambda rows: np.nan_to_num(rows).round().astype(np.int16),
    "lists": lambda rows: rows.tolist(),
    "tuples": lambda rows: [tuple(row.tolist()) for row in rows],
    "lists of NumPy's numbers": lambda rows: list(map(list, rows)),
    "lists of whole numbers": lambda rows: np.nan_to_num(rows).round().astype(int).tolist(),
    "mapping": _mapping,
    "mapping in another order": lambda rows: dict(reversed(_mapping(rows).items())),
}
FRAMES = {
    "frame": _frame,
    "of several types": lambda rows: _frame(rows).astype({"a": "float32", "d": "int8"}),
    "not in one piece": lambda rows: pd.DataFrame({n: _frame(rows)[n].copy() for n in NAMES}),
    "mapping of lists": lambda rows: {n: _frame(rows)[n].tolist() for n in NAMES},
}
CLOSER = {
    "frame of Booleans": lambda rows: _frame(rows).assign(d=True),
    "frame of categories": lambda rows: _frame(rows).assign(d=pd.Categorical([3] * len(rows))),
    "frame of nullable numbers": lambda rows: _frame(rows).astype("Float64"),
    "frame of objects": lambda rows: _frame(rows).astype(object),
    "frame of polars": lambda rows: pl.from_pandas(_frame(rows)),
    "mapping of texts": lambda rows: {**_frame(rows), "d": ["3"] * len(rows)},
    "mapping with more": lambda rows: (
        {n: _frame(rows)[n].to_numpy() for n in [*NAMES, "a"]} | {"more": np.arange(len(rows))}
    ),
}


@pytest.mark.parametrize("n_rows", [1, 2 * FEW_ROWS])
@pytest.mark.parametrize("make", ARRAYS.values(), ids=ARRAYS.keys())
def test_one_look_predicts_the_same_bits(unnamed, make, n_rows):
    given = make(_rows()[:n_rows])
    assert isinstance(read_plain_rows(unnamed, given), Encoded)
    expected = unnamed.model_.predict_proba(read_table(unnamed, given, fitting=False))
    assert np.array_equal(unnamed.predict_proba(given), expected)
    assert np.array_equal(unnamed.predict(given), unnamed.classes_[expected.argmax(axis=1)])


@pytest.mark.parametrize("make", FRAMES.values(), ids=FRAMES.keys())
def test_one_look_at_a_few_rows_of_a_frame_predicts_the_same_bits(named, make):
    given = make(_rows()[1:9])
    assert isinstance(read_plain_rows(named, given), Encoded)
    table = read_table(named, given, fitting=False)
    assert np.array_equal(named.predict(given), named.model_.predict(table))
    interval = named.model_.predict_interval(table)
    assert np.array_equal(named.predict_interval(given), interval)


@pytest.mark.parametrize("make", CLOSER.values(), ids=CLOSER.keys())
def test_what_needs_a_closer_look_gets_one(named, make):
    given = make(_rows()[1:9])
    assert read_plain_rows(named, given) is None
    assert np.isfinite(named.predict(given)).all()


def test_large_frames_are_not_copied(named):
    assert read_plain_rows(named, _frame(_rows())) is None


@pytest.mark.parametrize(
    ("given", "match"),
    [
        (np.zeros((2, 3)), "X has 3 features, but AdaptiveClassifier is expecting 4 features"),
        (np.zeros((0, 4)), "0 sample"),
        (np.zeros(4), "Expected 2D array"),
        ([[0.0, 0, 7, np.inf]], "'x3' holds an infinity"),
        (np.array([[0.0, 0, np.inf, 0]]), "'x2' holds an infinity"),  # which is dropped
        (_mapping(np.array([[0.0, 0, -np.inf, 0]])), "'x2' holds an infinity"),
        ({"x0": [1.0], "x1": [1.0], "x3": [1.0]}, "X lacks 'x2'"),
        ({**_mapping(np.zeros((1, 4))), "x1": [1.0, 2.0]}, "give columns of equal length"),
        ([[0.0, 0, 7], [0.0, 0, 7, 8]], "the length 4 where row 0 has 3"),
        ([[0.0, 0, 7, "x"]], "'x3'"),
        (np.array([[0.0, 0, 7, 1j]]), "Complex data not supported"),
        (scipy.sparse.csr_array(np.array([[0.0, 0, 0, np.inf]])), "'x3' holds an infinity"),
    ],
)
def test_refusals_are_the_same(unnamed, given, match):
    with pytest.raises(ValueError, match=match):
        unnamed.predict_proba(given)


@pytest.mark.parametrize(
    ("given", "match"),
    [
        (_frame(np.zeros((1, 4)))[["b", "a", "c", "d"]], "same order"),
        (_frame(np.zeros((1, 4))).rename(columns={"a": "z"}), "names unseen at fit time"),
        (_frame(np.zeros((1, 4))).assign(d=np.inf), "'d' holds an infinity"),
        (_frame(np.zeros((1, 4))).set_axis(["a", "b", "c", "a"], axis=1), "must be unique"),
    ],
)
def test_refusals_of_frames_are_the_same(named, given, match):
    with pytest.raises(ValueError, match=match):
        named.predict(given)


def test_an_array_without_the_names_of_the_fit_is_taken_with_a_warning(named):
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        named.predict(np.zeros((1, 4)))


def test_before_a_fit_there_is_nothing_to_look_with():
    with pytest.raises(Exception, match="not fitted yet"):
        AdaptiveClassifier().predict_proba(np.zeros((1, 4)))


def test_texts_among_columns_get_the_closer_look(mixed):
    X, y = mixed
    model = AdaptiveClassifier(**QUICK).fit(X, y)
    assert read_plain_rows(model, X[["size"]]) is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict_proba(X)
    with pytest.raises(InputError):
        model.predict_proba(X.assign(size=np.inf))
