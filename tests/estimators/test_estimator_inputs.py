"""What the estimators take (frames, arrays, sparse matrices, any labels) and what they refuse."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
from sklearn.exceptions import DataConversionWarning, NotFittedError
from tests.grids import some

from madaline import AdaptiveClassifier, AdaptiveRegressor
from madaline._models.arguments import warn_of_other_order
from madaline.errors import InputError, LeakWarning, RowsLeftOutWarning

QUICK = {"effort": 4, "random_state": 0}


@pytest.mark.slow
def test_frames_of_every_library_give_the_same_networks(mixed):
    X, y = mixed
    expected = AdaptiveClassifier(**QUICK).fit(X, y).predict_proba(X)
    polars, arrow = pl.from_pandas(X), pa.Table.from_pandas(X, preserve_index=False)
    arrow_labels = pa.chunked_array([y.tolist()])
    for frame, labels in [(polars, pl.Series(y)), (arrow, arrow_labels), (X, pd.Series(y))]:
        model = AdaptiveClassifier(**QUICK).fit(frame, labels)
        assert list(model.feature_names_in_) == list(X.columns)
        assert np.array_equal(model.predict_proba(frame), expected)


def test_text_and_numbers_in_object_arrays_and_lists(mixed):
    X, y = mixed
    X = X[["size", "color"]].to_numpy(dtype=object)
    model = AdaptiveClassifier(**QUICK).fit(X, y)
    assert [column.kind for column in model.model_.schema.columns] == ["number", "category"]
    again = AdaptiveClassifier(**QUICK).fit(X.tolist(), y.tolist())
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize("container", [scipy.sparse.csr_array, scipy.sparse.csc_matrix])
def test_sparse_is_the_same_as_dense(halves, container):
    X, y = halves
    X = np.where(np.abs(X) < 1, 0, X)
    dense, sparse = AdaptiveClassifier(**QUICK), AdaptiveClassifier(**QUICK)
    dense.fit(X, y), sparse.fit(container(X), y)
    assert np.array_equal(sparse.predict_proba(container(X)), dense.predict_proba(X))


@pytest.mark.parametrize(
    "labels",
    some(
        [
            np.array(["no", "yes"]),
            np.array(["no", "yes"], dtype=object),
            np.array([3, -7]),
            np.array([False, True]),
            np.array([0.0, 1.0]),
            pd.Categorical(["no", "yes"]),
            pd.array(["no", "yes"], dtype="string"),
            pd.array([1, 2], dtype="Int64"),
            pd.array([False, True], dtype="boolean"),
        ],
        5,
    ),
    ids=lambda labels: str(labels.dtype),
)
def test_labels_of_any_type_come_back_as_they_were(halves, labels):
    X, binary = halves
    y = pd.Series(labels[binary]) if not isinstance(labels, np.ndarray) else labels[binary]
    model = AdaptiveClassifier(effort=12, random_state=0).fit(X, y)
    assert list(model.classes_) == sorted(set(y))
    assert np.mean(model.predict(X) == np.asarray(y)) > 0.9
    assert model.score(X, y) > 0.9


@pytest.mark.parametrize("kind", ["boolean", "objects", "list", "complete objects"])
def test_booleans_may_be_missing(halves, kind):
    X, binary = halves
    y = pd.Series(binary > 0).astype("boolean")
    if kind != "complete objects":
        y[::5] = None
    labels = y if kind == "boolean" else y.astype(object).where(y.notna(), None)
    model = AdaptiveClassifier(**QUICK)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RowsLeftOutWarning)
        model.fit(X, list(labels) if kind == "list" else labels)
    assert model.classes_.dtype == bool
    assert np.isnan(model.oof_proba_[:, 0]).tolist() == y.isna().tolist()
    assert model.score(X[::2], pd.Series(binary[::2] > 0, dtype=object)) > 0.8


def test_mixed_labels_are_refused(halves):
    X, y = halves
    for one, other in (("one", 1), (1, "one"), (1, "1")):
        labels = [one if value else other for value in y]
        with pytest.raises(InputError, match="y holds 1, a int, in an array of objects"):
            AdaptiveClassifier(**QUICK).fit(X, labels)


def test_category_never_seen_in_training_is_fine(mixed):
    X, y = mixed
    model = AdaptiveClassifier(**QUICK).fit(X, y)
    new = X.head(3).assign(color="violet", grade=None)
    assert np.isfinite(model.predict_proba(new)).all()


def test_gaps_everywhere(halves):
    X, y = halves
    X = np.where(np.random.default_rng(0).random(X.shape) < 0.7, np.nan, X)
    model = AdaptiveClassifier(**QUICK).fit(X, y)
    assert np.isfinite(model.predict_proba(X)).all()
    assert np.isfinite(model.predict_proba(np.full((2, 3), np.nan))).all()


def test_empty_column_is_left_out_with_a_warning(halves):
    X, y = halves
    X = pd.DataFrame(X, columns=["a", "b", "c"]).assign(nothing=np.nan)
    with pytest.warns(UserWarning, match="no value at all and are left out: nothing"):
        model = AdaptiveClassifier(**QUICK).fit(X, y)
    assert model.n_features_in_ == 4


def test_same_column_twice(halves):
    X, y = halves
    model = AdaptiveClassifier(**QUICK).fit(np.hstack([X, X]), y)
    assert np.isfinite(model.predict_proba(np.hstack([X, X]))).all()


@pytest.mark.filterwarnings("ignore::madaline.errors.NothingLearnedWarning")
def test_more_columns_than_rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 500))
    with pytest.warns(LeakWarning, match="x0 alone explains 100.0% of the target"):
        model = AdaptiveRegressor(effort=1, random_state=0).fit(X, X[:, 0])
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.filterwarnings("ignore::madaline.errors.NothingLearnedWarning")
def test_constant_target_is_predicted(line):
    X, _ = line
    model = AdaptiveRegressor(**QUICK).fit(X, np.full(len(X), 7.0))
    assert np.array_equal(model.predict(X), np.full(len(X), 7.0))


def test_kinds_override_what_a_look_says(halves):
    X, y = halves
    X = np.round(X)
    model = AdaptiveClassifier(kinds={"x1": "category"}, **QUICK).fit(X, y)
    assert [column.kind for column in model.model_.schema.columns] == [
        "number",
        "category",
        "number",
    ]


def test_frame_without_text_names_is_known_by_position(halves):
    X, y = halves
    model = AdaptiveClassifier(**QUICK).fit(pd.DataFrame(X), y)
    assert not hasattr(model, "feature_names_in_")
    assert np.array_equal(model.predict_proba(X), model.predict_proba(pd.DataFrame(X)))


def test_column_vector_as_target_is_taken_with_a_warning(halves):
    X, y = halves
    with pytest.warns(DataConversionWarning, match="column-vector"):
        model = AdaptiveClassifier(**QUICK).fit(X, y[:, None])
    assert model.predict(X).shape == y.shape


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda X: X.drop(columns="color"), "X lacks 'color', which the fit had"),
        (lambda X: X.rename(columns={"color": "colour"}), "X lacks 'color', which the fit had"),
    ],
)
def test_other_columns_at_prediction_are_refused(mixed, change, match):
    X, y = mixed
    model = AdaptiveClassifier(**QUICK).fit(X, y)
    with pytest.raises(ValueError, match=match):
        model.predict(change(X))


def _columns(rows):
    return {f"x{number}": column for number, column in enumerate(np.asarray(rows).T)}


@pytest.fixture(scope="module")
def four_columns():
    X = np.random.default_rng(0).normal(size=(200, 4))
    X[:, 2] = 7  # is left out
    X[::9, 1] = np.nan
    return X


@pytest.fixture(scope="module")
def unnamed(four_columns):
    return AdaptiveClassifier(**QUICK).fit(four_columns, four_columns[:, 0] > 0)


@pytest.fixture(scope="module")
def named(four_columns):
    X = pd.DataFrame(four_columns, columns=list("abcd"))
    return AdaptiveRegressor(**QUICK).fit(X, four_columns[:, 0] + four_columns[::-1, 3])


@pytest.mark.parametrize(
    ("given", "match"),
    [
        (np.zeros((2, 3)), "X has 3 features, but AdaptiveClassifier is expecting 4 features"),
        (np.zeros((0, 4)), "0 sample"),
        (np.zeros(4), "Expected 2D array"),
        ([[0.0, 0, 7, np.inf]], "'x3' holds an infinity"),
        (np.array([[0.0, 0, np.inf, 0]]), "'x2' holds an infinity"),  # though it is left out
        (_columns([[0.0, 0, -np.inf, 0]]), "'x2' holds an infinity"),
        ({"x0": [1.0], "x3": [1.0]}, "X lacks 'x1'"),
        (_columns(np.zeros((1, 4))) | {"x1": [1.0, 2.0]}, "give columns of equal length"),
        ([[0.0, 0, 7], [0.0, 0, 7, 8]], "the length 4 where row 0 has 3"),
        ([[0.0, 0, 7, "x"]], "'x3'"),
        (np.array([[0.0, 0, 7, 1j]]), "Complex data not supported"),
        (scipy.sparse.csr_array(np.array([[0.0, 0, 0, np.inf]])), "'x3' holds an infinity"),
    ],
)
@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_bad_rows_at_prediction_are_refused(unnamed, method, given, match):
    with pytest.raises(ValueError, match=match):
        getattr(unnamed, method)(given)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda X: X.rename(columns={"a": "z"}), "X lacks 'a', which the fit had"),
        (lambda X: X.assign(d=np.inf), "'d' holds an infinity"),
        (lambda X: X.set_axis(["a", "b", "c", "a"], axis=1), "must be unique"),
    ],
)
def test_bad_frames_at_prediction_are_refused(named, change, match):
    with pytest.raises(ValueError, match=match):
        named.predict(change(pd.DataFrame(np.zeros((1, 4)), columns=list("abcd"))))


def test_an_infinity_beside_texts_is_refused_at_prediction(mixed):
    X, y = mixed
    model = AdaptiveClassifier(**QUICK).fit(X, y)
    with pytest.raises(InputError, match="'size' holds an infinity"):
        model.predict(X.assign(size=np.inf))


def test_an_array_without_the_names_of_the_fit_is_taken_with_a_warning(named):
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        named.predict(np.zeros((1, 4)))


def test_the_model_itself_knows_columns_by_name(mixed):
    X, y = mixed
    model = AdaptiveClassifier(**QUICK).fit(X[["size", "color"]], y)
    columns = {"color": X["color"].to_numpy(), "size": X["size"].to_numpy()}
    assert np.array_equal(model.model_.predict(columns), model.predict(X[["size", "color"]]))


def _with(values, place, value):
    values = values.astype(type(value) if isinstance(value, float) else object)
    values[place] = value
    return values


@pytest.mark.parametrize(
    ("X", "y", "match"),
    [
        (lambda X: _with(X, (2, 1), np.inf), lambda y: y, "x1"),
        (lambda X: _with(X, (2, 1), "many"), lambda y: y, "x1"),
        (lambda X: X, lambda y: _with(y, 2, np.inf), "inf"),
        (lambda X: X, lambda y: y[:-1], "120 rows"),
        (lambda X: X, lambda y: None, "target y is None"),
        (lambda X: X, lambda y: y[:, None, None], "dim 3"),
        (lambda X: X[:3], lambda y: y[:3], "3 rows|n_samples ?= ?3|5"),
        (lambda X: X[0], lambda y: y, "Reshape your data"),
        (lambda X: X[:, :0], lambda y: y, r"0 feature\(s\)"),
    ],
)
@pytest.mark.parametrize("estimator", [AdaptiveClassifier, AdaptiveRegressor])
def test_bad_input_is_refused_with_a_reason(halves, estimator, X, y, match):
    whole, target = halves
    with pytest.raises(ValueError, match=match):
        estimator(**QUICK).fit(X(whole), y(target))


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"effort": 0}, "effort is 0"),
        ({"effort": 1.5}, "effort is 1.5"),
        ({"n_jobs": 0}, "n_jobs is 0"),
        ({"n_jobs": "x"}, "^n_jobs is 'x': give a count, or -1 for all processors.$"),
        ({"n_jobs": 1.5}, "n_jobs is 1.5"),
        ({"kinds": {"x9": "category"}}, "x9"),
        ({"kinds": {"x0": "colour"}}, "colour"),
        ({"kinds": ["x0"]}, "give a mapping"),
        ({"random_state": -1}, "random_state is -1: give a whole number from 0"),
    ],
)
def test_bad_arguments_are_refused_with_a_reason(halves, arguments, match):
    with pytest.raises(ValueError, match=match):
        AdaptiveClassifier(**arguments).fit(*halves)


@pytest.mark.parametrize(
    ("X", "y"),
    [
        (lambda X: X[:, :1], lambda y: y[:-1]),
        (lambda X: X[:, :1], lambda y: np.full(len(y), "same")),
        (lambda X: pd.DataFrame({"other": np.ones(len(X))}), lambda y: y),
    ],
)
def test_refused_fit_leaves_an_earlier_one_as_it_was(halves, X, y):
    whole, target = halves
    model = AdaptiveClassifier(**QUICK).fit(whole, target)
    before, expected = dict(vars(model)), model.predict_proba(whole)
    with pytest.raises(ValueError, match=r"y has|only one class|No column"):
        model.fit(X(whole), y(target))
    assert vars(model) == before
    np.testing.assert_array_equal(model.predict_proba(whole), expected)


@pytest.mark.parametrize("y", [["yes", "no"] * 60, pd.date_range("2020", periods=120)])
def test_target_that_is_no_number_is_refused(line, y):
    with pytest.raises(InputError, match="AdaptiveClassifier predicts classes"):
        AdaptiveRegressor(**QUICK).fit(line[0], y)


def test_repeated_names_are_refused(halves):
    X, y = halves
    with pytest.raises(InputError, match="'a' occurs more than once"):
        AdaptiveClassifier(**QUICK).fit(pd.DataFrame(X, columns=list("aab")), y)


@pytest.mark.parametrize(
    "like",
    [
        lambda gaps: np.ma.masked_invalid(gaps),
        lambda gaps: pl.DataFrame(gaps, schema=["a", "b", "c"]).lazy(),
    ],
    ids=["masked array", "lazy frame"],
)
def test_gaps_are_gaps_in_whatever_holds_them(halves, like):
    X, y = halves
    gaps = np.where(X > 1, np.nan, X)
    expected = AdaptiveClassifier(**QUICK).fit(gaps, y).predict_proba(gaps)
    found = AdaptiveClassifier(**QUICK).fit(like(gaps), y).predict_proba(like(gaps))
    assert np.array_equal(found, expected)


def test_one_class_is_refused(halves):
    X, y = halves
    with pytest.raises(InputError, match="class"):
        AdaptiveClassifier(**QUICK).fit(X, np.zeros_like(y))


@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function", "save"])
def test_before_fit_there_is_nothing(halves, method):
    with pytest.raises(NotFittedError):
        getattr(AdaptiveClassifier(), method)(halves[0])


def test_a_mapping_of_columns_is_a_table_whatever_their_order(make_columns):
    columns, y = make_columns("binary")
    model = AdaptiveClassifier(**QUICK).fit(columns, y)
    assert list(model.feature_names_in_) == list(columns)
    assert model.n_features_in_ == len(columns)
    turned = dict(reversed(columns.items())) | {"unknown": [0.0] * len(y)}
    assert np.array_equal(model.predict_proba(turned), model.predict_proba(columns))
    name = next(iter(columns))
    del turned[name]
    with pytest.raises(InputError, match=f"X lacks '{name}', which the fit had"):
        model.predict(turned)
    with pytest.raises(InputError, match="X has 1 row: give at least two"):
        AdaptiveClassifier(**QUICK).fit({"a": [1.0]}, [0])


def test_labels_of_an_index_in_another_order_are_warned_of():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=60)}, index=[f"r{k}" for k in range(60)])
    y = (X["a"] > 0).rename("y")
    shuffled = y.sample(frac=1, random_state=0)
    model = AdaptiveClassifier(preset="quick", effort=1, random_state=0)
    for other in (shuffled, shuffled.to_frame()):
        with pytest.warns(UserWarning, match=r"in another order, .* give y\.loc\[X\.index\]"):
            warn_of_other_order(X, other)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X, shuffled)
    assert any("rows are matched by their position" in str(one.message) for one in caught)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        others = [shuffled.loc[X.index], y.reset_index(drop=True), shuffled.to_numpy(), [1] * 60]
        others += [y.set_axis(["r0"] * 60), y.set_axis([*range(59), "r0"])]
        for other in others:
            warn_of_other_order(X, other)
        warn_of_other_order(X.to_numpy(), shuffled)


@pytest.mark.parametrize("model", [AdaptiveClassifier(), AdaptiveRegressor()])
@pytest.mark.parametrize("name", ["fit", "explain", "report", "predict_file"])
def test_an_unknown_argument_names_the_method_alone(model, name) -> None:
    with pytest.raises(TypeError, match=f"^{name}\\(\\) got an unexpected keyword argument"):
        getattr(model, name)(None, validation_data=None)


def test_numbers_with_decimals_are_for_the_regressor() -> None:
    with pytest.raises(ValueError, match=r"such as 1\.5: predict them with AdaptiveRegressor"):
        AdaptiveClassifier().fit(np.arange(4.0)[:, None], np.array([1.0, 1.5, 2.0, 7.25]))
