"""Columns are known by their names, whatever holds them and wherever rows enter."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone
from tests.grids import grid, some

from madaline import (
    AdaptiveClassifier,
    AdaptiveRegressor,
    OnlineClassifier,
    OnlineRegressor,
    load,
    runtime,
)
from madaline.errors import InputError

pytestmark = pytest.mark.filterwarnings("ignore:The 'future.infer_string'")  # ibis asks for it

QUICK = {"effort": 1, "random_state": 0}
FEW = {"size": [0.1, 0.8], "cost": [900.0, 1100], "town": ["Bonn", "Kiel"]}


class Capsule:
    """Nothing but the PyCapsule interface of Arrow."""

    def __init__(self, frame):
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema=None):
        return self._frame.__arrow_c_stream__(requested_schema)


class Interchange:
    """Nothing but the interchange protocol of data frames."""

    def __init__(self, frame):
        self._frame = frame

    def __dataframe__(self, nan_as_null=False, allow_copy=True):
        return self._frame.__dataframe__(nan_as_null, allow_copy)


def _arrow(frame):
    return pa.Table.from_pandas(frame, preserve_index=False)


def _relation(frame):
    duckdb = pytest.importorskip("duckdb")
    return duckdb.from_arrow(_arrow(frame))


def _ibis(frame):
    ibis = pytest.importorskip("ibis")
    return ibis.memtable(_arrow(frame))


def _tuples(frame):
    return [namedtuple("Row", frame.columns)(*row) for row in frame.itertuples(index=False)]


FRAMES = {
    "pandas": lambda frame: frame,
    "polars": pl.from_pandas,
    "lazy": lambda frame: pl.from_pandas(frame).lazy(),
    "arrow": _arrow,
    "batch": lambda frame: _arrow(frame).combine_chunks().to_batches()[0],
    "reader": lambda frame: _arrow(frame).to_reader(),
    "relation": _relation,
    "ibis": _ibis,
    "capsule": lambda frame: Capsule(_arrow(frame)),
    "interchange": lambda frame: Interchange(_arrow(frame)),
}
OTHERS = {
    "structured": lambda frame: frame.to_records(index=False),
    "columns": lambda frame: frame.to_dict("list"),
    "records": lambda frame: frame.to_dict("records"),
    "tuples": _tuples,
}
HOLDERS = FRAMES | OTHERS


def _turned(frame):
    """Return the columns in another order, beside one that the fit did not have."""
    return frame.assign(more=np.nan)[["more", *frame.columns[::-1]]]


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(200, 2)) * [1, 100] + [0, 1000]
    town = rng.choice(["Bonn", "Kiel"], 200)
    frame = pd.DataFrame({"size": numbers[:, 0], "cost": numbers[:, 1], "town": town})
    return frame, (frame["size"] + (town == "Kiel") > 0.5).to_numpy().astype(int)


@pytest.fixture(scope="module")
def fitted(rows):
    return AdaptiveClassifier(**QUICK).fit(*rows)


@pytest.fixture(scope="module")
def saved(fitted, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "towns.madaline"
    fitted.save(path)
    return path


@pytest.mark.parametrize("holder", some(HOLDERS, 5))
def test_fits_are_the_same(rows, fitted, holder):
    frame, y = rows
    model = AdaptiveClassifier(**QUICK).fit(HOLDERS[holder](frame), y)
    assert model.feature_names_in_.tolist() == list(frame.columns)
    assert model.n_features_in_ == 3
    np.testing.assert_array_equal(model.predict_proba(frame), fitted.predict_proba(frame))


DOORS = {
    "predict": lambda model, X, y: model.predict(X),
    "predict_proba": lambda model, X, y: model.predict_proba(X),
    "predict_set": lambda model, X, y: model.predict_set(X),
    "decision_function": lambda model, X, y: model.decision_function(X),
    "score": lambda model, X, y: model.score(X, y),
    "explain": lambda model, X, y: model.explain(X, background=FEW).attributions,
    "background": lambda model, X, y: model.explain(FEW, background=X).attributions,
    "importances": lambda model, X, y: str(model.importances(X, y)),
    "effects": lambda model, X, y: model.effects(X, "cost").sentence,
    "interactions": lambda model, X, y: str(model.interactions(X)),
    "counterfactuals": lambda model, X, y: str(model.counterfactuals(X)),
    "diagnose": lambda model, X, y: str(model.diagnose(X)),
    "report": lambda model, X, y: model.report_data(X, y)["rows"],
    "onnx_feed": lambda model, X, y: str(model.onnx_feed(X)),
    "watch": lambda model, X, y: _watched(model, X, y),
}


def _watched(model, X, y):
    monitor = model.watch()
    monitor.observe(X, y)
    return monitor.losses.curve()[1]


@pytest.mark.parametrize(("holder", "door"), grid(HOLDERS, DOORS))
def test_names_count_at_every_door(rows, fitted, saved, holder, door):
    frame, y = rows[0][:4], rows[1][:4]
    expected = DOORS[door](fitted, frame, y)
    np.testing.assert_equal(DOORS[door](fitted, HOLDERS[holder](_turned(frame)), y), expected)


@pytest.fixture(scope="module")
def updated(rows, saved):
    return load(saved).update(rows[0][:60], rows[1][:60])


@pytest.mark.parametrize("holder", HOLDERS)
def test_names_count_in_an_update(rows, saved, updated, holder):
    frame, y = rows[0][:60], rows[1][:60]
    model = load(saved).update(HOLDERS[holder](_turned(frame)), y)
    np.testing.assert_array_equal(model.predict_proba(frame), updated.predict_proba(frame))


@pytest.mark.parametrize(
    "holder", [one for one in HOLDERS if one not in ("reader", "capsule", "interchange")]
)
def test_names_count_without_the_estimator(rows, fitted, saved, holder):
    frame = rows[0][:40]
    expected = fitted.predict_proba(frame)
    for model in (fitted.model_, runtime.load(saved)):
        found = model.predict_proba(HOLDERS[holder](_turned(frame)))
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("holder", HOLDERS)
def test_names_count_on_a_stream(rows, holder):
    frame, y = rows[0][:50], rows[1][:50]
    turned = frame[frame.columns[::-1]]
    for kind in (OnlineClassifier, OnlineRegressor):
        own, other = (kind(random_state=0).partial_fit(frame, y) for _ in range(2))
        own.partial_fit(frame, y), other.partial_fit(HOLDERS[holder](turned), y)
        np.testing.assert_array_equal(other.predict(HOLDERS[holder](turned)), own.predict(frame))
        assert other.score(HOLDERS[holder](turned), y) == own.score(frame, y)


@pytest.fixture(scope="module")
def weighted(rows):
    (frame, y), weight = rows, np.linspace(1, 2, len(rows[1]))
    models = AdaptiveClassifier(**QUICK), OnlineRegressor(random_state=0)
    return {type(model): model.fit(frame, y, sample_weight=weight) for model in models}


@pytest.mark.parametrize(("holder", "kind"), grid(FRAMES, [AdaptiveClassifier, OnlineRegressor]))
def test_targets_and_weights_may_be_lazy(rows, weighted, holder, kind):
    (frame, y), own, weight = rows, weighted[kind], np.linspace(1, 2, len(rows[1]))
    other = clone(own)
    hold = HOLDERS[holder]
    column = hold(pd.DataFrame({"answer": y}))
    if holder in ("pandas", "polars", "arrow"):  # which have a way to give one column
        column = column["answer"]
    other.fit(hold(frame), column, sample_weight=_one(hold, "weight", weight))
    np.testing.assert_array_equal(other.predict(frame), own.predict(frame))
    assert other.score(frame, _one(hold, "answer", y)) == own.score(frame, y)
    if kind is AdaptiveClassifier and holder != "arrow":
        assert other.model_.summary.target == "answer"


def _one(hold, name, values):
    """Return one column; where frames have columns of their own, that, else a frame of it."""
    frame = hold(pd.DataFrame({name: values}))
    return frame[name] if isinstance(frame, pd.DataFrame | pl.DataFrame | pa.Table) else frame


@pytest.mark.parametrize("holder", some(FRAMES, 3))
def test_several_targets_keep_their_names(rows, holder):
    frame, _ = rows
    targets = frame[["cost", "size"]].rename(columns=str.upper) + rows[1][::-1, None]
    model = AdaptiveRegressor(**QUICK).fit(frame[["town", "size"]], HOLDERS[holder](targets))
    assert model.model_.target_names == ("COST", "SIZE")


@pytest.mark.parametrize("holder", FRAMES)
def test_a_frame_without_the_names_of_the_fit_is_refused(rows, fitted, saved, holder):
    frame = rows[0][:4].rename(columns={"town": "city"})
    for model in (fitted, load(saved)):
        with pytest.raises(InputError, match=r"^X lacks 'town', which the fit had: add what is"):
            model.predict(HOLDERS[holder](frame))


@pytest.mark.parametrize("holder", some(FRAMES, 4))
def test_names_beside_a_fit_without_names_count_where_they_can(rows, holder, tmp_path):
    X = rows[0][["size", "cost"]].to_numpy()
    model = AdaptiveClassifier(**QUICK).fit(X, rows[1])
    model.save(tmp_path / "numbers")
    hold, expected = HOLDERS[holder], model.predict_proba(X)
    for one in (model, load(tmp_path / "numbers")):
        turned = pd.DataFrame(X[:, ::-1], columns=["x1", "x0"])
        np.testing.assert_array_equal(one.predict_proba(hold(turned)), expected)
        with pytest.warns(UserWarning, match="X has feature names, but .* without feature names"):
            found = one.predict_proba(hold(rows[0][["size", "cost"]]))
        np.testing.assert_array_equal(found, expected)
        with (
            pytest.raises(ValueError, match=r"X has 3 features, but .* is expecting 2"),
            pytest.warns(UserWarning, match="X has feature names"),
        ):
            one.predict_proba(hold(rows[0]))


def test_arrays_beside_a_fit_with_names_count_in_order_with_a_warning(rows, saved):
    frame, y = rows
    numbers = frame[["size", "cost"]]
    for model in (
        AdaptiveClassifier(**QUICK).fit(numbers, y),
        OnlineClassifier(random_state=0).fit(numbers, y),
    ):
        expected = model.predict_proba(numbers)
        with pytest.warns(UserWarning, match="does not have valid feature names"):
            found = model.predict_proba(numbers.to_numpy())
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("names", [["a", 1], [3, 4], [("a", 1), ("a", 2)]])
def test_names_that_are_no_text_are_taken_as_text(rows, names):
    X = rows[0][["size", "cost"]].set_axis(pd.Index(names, tupleize_cols=False), axis=1)
    model = AdaptiveClassifier(**QUICK).fit(X, rows[1])
    assert model.feature_names_in_.tolist() == list(map(str, names))
    expected = model.predict_proba(X)
    np.testing.assert_array_equal(model.predict_proba(X[X.columns[::-1]]), expected)
    np.testing.assert_array_equal(model.predict_proba(X.rename(columns=str)), expected)


def test_numbers_of_columns_in_another_order_are_told(rows):
    X = pd.DataFrame(rows[0][["size", "cost"]].to_numpy())
    model = AdaptiveClassifier(**QUICK).fit(X, rows[1])
    expected = model.predict_proba(X)
    np.testing.assert_array_equal(model.predict_proba(X[[1, 0]]), expected)


def test_columns_that_the_fit_did_not_have_are_not_even_read(rows, fitted):
    frame = rows[0][:3]
    expected = fitted.predict_proba(frame)
    odd = pl.from_pandas(frame).with_columns(tags=pl.Series([[1], [2, 3], []]))
    np.testing.assert_array_equal(fitted.predict_proba(odd), expected)
    np.testing.assert_array_equal(fitted.model_.predict_proba(odd), expected)
    odd = frame.to_dict("list") | {"tags": [np.inf]}
    np.testing.assert_array_equal(fitted.predict_proba(odd), expected)


def test_names_survive_what_takes_them_from_the_estimator(rows, fitted):
    """As SHAP does with the copy that it makes of the model."""
    copy = AdaptiveClassifier()
    vars(copy).update(vars(fitted), feature_names_in_=None)
    frame = rows[0]
    expected = fitted.predict_proba(frame)
    np.testing.assert_array_equal(copy.predict_proba(frame.to_numpy(dtype=object)), expected)
    np.testing.assert_array_equal(copy.predict_proba(frame[frame.columns[::-1]]), expected)


def test_shap_explains_a_model_of_a_frame(rows):
    shap = pytest.importorskip("shap")
    X, y = rows[0][["size", "cost"]], rows[1]
    model = AdaptiveClassifier(**QUICK).fit(X, y)
    values = shap.KernelExplainer(model.predict_proba, X[:5]).shap_values(X[5:7], nsamples=4)
    reached = values.sum(axis=1) + model.predict_proba(X[:5]).mean(axis=0)
    np.testing.assert_allclose(reached, model.predict_proba(X[5:7]), atol=1e-6)


def test_a_relation_is_predicted_without_polars(rows, fitted, monkeypatch):
    """Which reads tables block by block; a relation of DuckDB is computed at once then."""
    from madaline._apps.estimators import files
    from madaline._tables.io import source_files

    frame = rows[0][:20]
    expected = fitted.predict_proba(frame)
    relation = _relation(_turned(frame))
    monkeypatch.setattr(files, "find_spec", {"polars": None}.get)
    monkeypatch.setitem(source_files._PART_OF, "DuckDBPyRelation", "not called")
    np.testing.assert_array_equal(fitted.predict_proba(relation), expected)
