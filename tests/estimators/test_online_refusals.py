"""Rows, labels and tables that an online estimator refuses leave no trace in it."""

from __future__ import annotations

import copy
import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from madaline import OnlineClassifier, OnlineRegressor
from madaline.errors import InputError

GOOD = {"city": "Bonn", "size": 1.5, "flag": True, "day": datetime.datetime(2026, 5, 1)}

WRONG_VALUES = [
    ("size", "large"),
    ("size", 10**400),
    ("size", 10**5000),
    ("size", np.inf),
    ("size", [1.0]),
    ("size", datetime.datetime(2026, 5, 1)),
    ("flag", "perhaps"),
    ("day", 17.0),
    ("day", "tomorrow"),
]

WRONG_CLASSES = [
    None,
    np.nan,
    np.inf,
    ["yes"],
    ("yes", "no"),
    {"a": 1},
    np.array(["yes"]),
    b"yes",
    datetime.date(2026, 5, 1),
    np.datetime64("2026-05-01", "ns"),
    np.timedelta64(1, "s"),
    Decimal("1.5"),
    1j,
    2**63,
]
WRONG_NUMBERS = [None, np.nan, np.inf, -np.inf, "much", [1.0], np.zeros((1, 1)), 1j, 10**400]


def fitted(estimator):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "city": rng.choice(["Bonn", "Kiel"], 60),
            "size": rng.normal(size=60),
            "flag": rng.random(60) < 0.5,
            "day": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 900, 60), "h"),
        }
    )
    y = np.where(X["size"] > 0, "yes", "no") if estimator is OnlineClassifier else 3 * X["size"]
    return estimator(random_state=0).partial_fit(X, y)


FITTED = {estimator: fitted(estimator) for estimator in (OnlineClassifier, OnlineRegressor)}
NEW = {OnlineClassifier: "maybe", OnlineRegressor: 2.0}
WRONG = {OnlineClassifier: WRONG_CLASSES, OnlineRegressor: WRONG_NUMBERS}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("refusals") / "stream.madaline"

    def save(model, loads=False):
        model.save(path)
        if loads:
            type(model).load(path)
        return path.read_bytes(), len(model.pending_), sorted(vars(model))

    return save


def both(test):
    return pytest.mark.parametrize("estimator", [OnlineClassifier, OnlineRegressor])(test)


@both
@settings(max_examples=10)
@given(wrong=st.sampled_from(WRONG_VALUES), city=st.sampled_from(["Ulm", "Bonn", None]))
def test_a_row_that_is_refused(estimator, saved, wrong, city):
    model, twin = copy.deepcopy(FITTED[estimator]), copy.deepcopy(FITTED[estimator])
    before, (name, value) = saved(model), wrong
    row = GOOD | {"city": city} | {name: value}
    with pytest.raises(InputError, match=f"{name!r}"):
        model.learn_one(row, NEW[estimator])
    with pytest.raises(InputError, match=f"{name!r}"):
        model.predict_one(row, key="order 7")
    assert saved(model) == before
    for one in (model, twin):
        one.predict_one(GOOD)
        one.learn_one(GOOD, NEW[estimator])
    assert saved(model) == saved(twin)


@both
@settings(max_examples=10)
@given(data=st.data())
def test_a_label_that_is_refused(estimator, saved, data):
    wrong = data.draw(st.sampled_from(WRONG[estimator]))
    model, twin = copy.deepcopy(FITTED[estimator]), copy.deepcopy(FITTED[estimator])
    for one in (model, twin):
        one.predict_one(GOOD, key="order 7")
    before = saved(model)
    with pytest.raises(InputError):
        model.learn("order 7", wrong)
    with pytest.raises(InputError):
        model.learn_one(GOOD | {"city": "Ulm"}, wrong)
    assert saved(model) == before
    for one in (model, twin):
        one.learn("order 7", NEW[estimator])
    assert saved(model) == saved(twin)


@both
@settings(max_examples=10)
@given(
    wrong=st.sampled_from([one for one in WRONG_VALUES if one != ("size", [1.0])]),
    row=st.integers(0, 4),
    order=st.permutations(list(GOOD)),
)
def test_a_table_that_is_refused(estimator, saved, wrong, row, order):
    model, twin = copy.deepcopy(FITTED[estimator]), copy.deepcopy(FITTED[estimator])
    before, (name, value) = saved(model), wrong
    columns = {name: [GOOD[name]] * 5 for name in order}
    columns["city"] = ["Ulm", "Jena", None, "Bonn", "Kiel"]
    good = {name: list(values) for name, values in columns.items()}
    columns.setdefault(name, [1.0] * 5)[row] = value
    if isinstance(value, str | datetime.datetime):
        columns[name] = [value] * 5
    labels = [NEW[estimator]] * 5
    with pytest.raises(InputError, match=f"{name!r}"):
        model.partial_fit(columns, labels)
    assert saved(model) == before
    for one in (model, twin):
        one.partial_fit(good, labels)
    assert saved(model) == saved(twin)


@both
@pytest.mark.parametrize(
    "change",
    [
        {"sample_weight": [1.0, -1.0]},
        {"sample_weight": [1.0, np.nan]},
        {"sample_weight": [1.0, 1e308]},
        {"sample_weight": [1.0]},
        {"X": {"city": ["Ulm"]}},
        {"X": {"city": []}, "y": []},
        {"y": None},
        {"y": np.array(["2026-01-01", "2026-01-02"], "datetime64[ns]")},
    ],
)
def test_arguments_that_are_refused(estimator, saved, change):
    model = copy.deepcopy(FITTED[estimator])
    before = saved(model)
    given = {"X": {"city": ["Ulm", "Jena"]}, "y": [NEW[estimator]] * 2} | change
    for learn in (model.partial_fit, model.fit):
        with pytest.raises(ValueError, match=r"give|use"):
            learn(**given)
        assert saved(model) == before


@both
def test_huge_weights_up_to_the_bound_are_borne(estimator, saved):
    model = copy.deepcopy(FITTED[estimator])
    table = {name: [value] * 40 for name, value in GOOD.items()}
    model.partial_fit(table, [NEW[estimator]] * 40, sample_weight=[1e12] * 20 + [1.0] * 20)
    assert saved(model, loads=True)
    assert np.isfinite(model.predict_proba(table) if hasattr(model, "predict_proba") else 1).all()
    assert model.predict_one(GOOD) == model.predict_one(GOOD)


@both
def test_a_first_row_that_is_refused_starts_nothing(estimator):
    model = estimator(random_state=0)
    for learn in (
        lambda: model.learn_one({"a": [1.0]}, NEW[estimator]),
        lambda: model.learn_one({"a": 10**400}, NEW[estimator]),
        lambda: model.learn_one({"a": 1.0}, None),
        lambda: model.partial_fit({"a": [1.0]}, [None]),
        lambda: model.partial_fit([[1.0]], [1.0], sample_weight=[1e308]),
    ):
        with pytest.raises(ValueError, match=r"give|correct|leave|NaN|use"):
            learn()
        assert vars(model) == {"missing": None, "max_regimes": 16, "random_state": 0}
    model.learn_one({"b": 1.0}, NEW[estimator])


@both
def test_a_model_that_learned_nothing_yet_is_saved(estimator, saved):
    model = estimator(random_state=0)
    model.predict_one({"a": 1.0})
    assert saved(model, loads=True)


@both
def test_a_key_is_for_one_row(estimator, saved):
    model = copy.deepcopy(FITTED[estimator])
    model.predict_one(GOOD, key="order 7")
    before = saved(model)
    with pytest.raises(InputError, match="waits under the key 'order 7' already"):
        model.predict_one(GOOD | {"size": 2.5}, key="order 7")
    for use in (lambda key: model.predict_one(GOOD, key=key), lambda key: model.learn(key, 1)):
        with pytest.raises(InputError, match="cannot be looked up"):
            use(["order 7"])
    assert saved(model) == before
    model.learn("order 7", NEW[estimator]).predict_one(GOOD, key="order 7")


def waiting(row):
    """Return a model in which a row waits for its label."""
    model = copy.deepcopy(FITTED[OnlineRegressor])
    model.predict_one(row)
    assert len(model.pending_) == 1
    return model


@pytest.mark.parametrize(
    ("row", "again", "found"),
    [
        ({"size": 1.0, "city": "Ulm"}, {"city": "Ulm", "size": 1.0}, True),
        ({"size": 1.0, "city": None}, {"size": np.float64(1)}, True),
        ({"size": np.nan, "city": "Ulm"}, {"city": "Ulm", "day": pd.NaT, "flag": pd.NA}, True),
        ({"size": np.float32("nan"), "city": "Ulm"}, {"city": "Ulm", "size": None}, True),
        ({"day": GOOD["day"], "size": 1}, {"size": 1, "day": GOOD["day"]}, True),
        ({"size": 1.0, "flag": 0.0}, {"size": 0.0, "flag": 1.0}, False),
        ({"size": 1.0}, {"flag": 1.0}, False),
        ({"size": 1.0, "city": "Ulm"}, {"size": 1.0, "city": "Jena"}, False),
    ],
)
def test_a_label_finds_its_own_row(row, again, found):
    model = waiting(row)
    model.learn_one(again, 2.0)
    assert len(model.pending_) == (0 if found else 1)


@settings(max_examples=10)
@given(
    values=st.lists(st.sampled_from([None, 0.0, 1.0, 2]), min_size=2, max_size=2),
    others=st.lists(st.sampled_from([None, 0.0, 1.0, 2]), min_size=2, max_size=2),
    turned=st.booleans(),
)
def test_the_same_row_is_found_in_any_order_and_no_other(values, others, turned):
    row, other = (
        dict(zip(("size", "flag"), values, strict=True)),
        dict(zip(("size", "flag"), others, strict=True)),
    )
    model = waiting(row)
    model.learn_one(dict(reversed(other.items())) if turned else other, 1.0)
    assert (len(model.pending_) == 0) == (row == other)


@pytest.mark.parametrize("label", ["yes", True, 7, 1.5, np.str_("a"), np.float32(0.5), np.int8(3)])
def test_classes_of_every_kind_that_a_file_holds(label, saved):
    model = OnlineClassifier(random_state=0)
    model.learn_one({"a": 1.0}, label)
    if not isinstance(label, float | np.floating):  # scikit-learn takes many such for numbers
        model.partial_fit({"a": [1.0, 2.0]}, np.array([label, label], dtype=object))
    assert model.predict_one({"a": 1.0}) == label
    assert saved(model, loads=True)


@pytest.mark.parametrize("label", [datetime.date(2026, 5, 1), b"yes", pd.Timestamp("2026-05-01")])
def test_classes_that_no_file_holds_are_refused_at_once(label):
    model = OnlineClassifier(random_state=0)
    for learn in (
        lambda: model.learn_one({"a": 1.0}, label),
        lambda: model.partial_fit({"a": [1.0, 2.0]}, [label, label]),
        lambda: model.partial_fit({"a": [1.0]}, np.array([label])),
        lambda: model.partial_fit({"a": [1.0]}, ["yes"], classes=["yes", label]),
    ):
        with pytest.raises(InputError, match="give a class as text"):
            learn()
    assert vars(model) == {"missing": None, "max_regimes": 16, "random_state": 0}


@pytest.mark.parametrize("row", [None, [1.0, 2.0], "text"])
def test_a_row_without_names_is_refused(row):
    model = OnlineClassifier(random_state=0).learn_one({"a": 1.0}, "yes")
    for use in (model.predict_one, lambda row: model.learn_one(row, "yes")):
        with pytest.raises(InputError, match="give a dictionary of its values"):
            use(row)


def test_a_table_of_no_rows_has_no_predictions():
    frame = pd.DataFrame({"a": [1.0, 2.0]})
    model = OnlineClassifier(random_state=0).partial_fit(frame, ["no", "yes"])
    assert model.predict(frame.head(0)).shape == (0,)
    assert model.predict_proba(frame.head(0)).shape == (0, 2)
    numbers = OnlineRegressor(random_state=0).partial_fit(frame, [1.0, 2.0])
    assert numbers.predict(frame.head(0)).shape == (0,)
