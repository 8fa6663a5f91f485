"""Rows and labels that a monitor refuses leave no trace in it."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from madaline import AdaptiveClassifier, AdaptiveRegressor, OnlineClassifier, OnlineRegressor
from madaline.errors import InputError


def rows(seed, n_rows=400):
    rng = np.random.default_rng(seed)
    return {
        "city": rng.choice(["Bonn", "Kiel"], n_rows).astype(object),
        "size": rng.normal(size=n_rows),
        "flag": rng.choice(np.array([True, False, None]), n_rows),
        "day": np.datetime64("2026-01-01", "us") + rng.integers(0, 10**13, n_rows),
    }


def labels(columns, classes):
    noise = np.random.default_rng(9).normal(size=len(columns["size"]))
    truth = columns["size"] + 2 * (columns["city"] == "Kiel") + noise
    return np.where(truth > 0, "big", "small") if classes else truth


def fitted(estimator):
    X = rows(0)
    if estimator in (OnlineClassifier, OnlineRegressor):
        model = estimator(random_state=0)
        return model.partial_fit(X, labels(X, estimator is OnlineClassifier))
    model = estimator(effort=1, random_state=0)
    return model.fit(X, labels(X, estimator is AdaptiveClassifier))


ESTIMATORS = [AdaptiveClassifier, AdaptiveRegressor, OnlineClassifier, OnlineRegressor]


@pytest.fixture(scope="module", params=ESTIMATORS, ids=lambda one: one.__name__)
def watched(request, tmp_path_factory):
    """Return a function that returns a monitor in which a row waits, and one that saves it."""
    model, path = fitted(request.param), tmp_path_factory.mktemp("watch") / "monitor"
    columns = rows(1, 20)
    known = labels(columns, hasattr(model, "predict_proba"))
    monitor = model.watch()
    monitor.observe(columns, known)
    monitor.observe({name: one[:1] for name, one in columns.items()}, keys=["order 7"])
    monitor.save(path)

    def saved(monitor):
        monitor.save(path.with_name("now"))
        return path.with_name("now").read_bytes()

    return lambda: model.watch(file=path), saved, known


@pytest.fixture(scope="module")
def later(watched):
    """Return the file of a monitor that observed `many_rows`, and was never given others."""
    start, saved, known = watched
    return saved(goes_on(start(), known))


def many_rows():
    good = rows(2, 2200)
    good["city"][:3] = ["Ulm", None, "Jena"]
    return good


def goes_on(monitor, known):
    monitor.observe(many_rows(), keys=range(2200))
    monitor.learn([3, "order 7"], known[:2])
    return monitor


WRONG = [
    ("size", "large"),
    ("size", np.inf),
    ("size", 10**400),
    ("size", datetime.datetime(2026, 5, 1)),
    ("flag", "perhaps"),
    ("day", "some day"),
]


@settings(max_examples=8)
@given(wrong=st.sampled_from(WRONG), row=st.sampled_from([0, 4, 1023, 1024, 2100]))
def test_a_table_that_is_refused(watched, later, wrong, row):
    (start, saved, known), (name, value) = watched, wrong
    monitor, good = start(), many_rows()
    before = saved(monitor)
    bad = good | {name: good[name].astype(object)}
    bad[name][row] = value
    with pytest.raises(InputError, match=name):
        monitor.observe(bad, np.repeat(known, 110), keys=range(2200))
    assert saved(monitor) == before
    assert saved(goes_on(monitor, known)) == later


@settings(max_examples=8)
@given(wrong=st.sampled_from([None, np.nan, np.inf, ["big"], ("big",), {"a": 1}, np.array([1.0])]))
def test_a_label_that_is_refused(watched, wrong):
    start, saved, known = watched
    monitor, twin = start(), start()
    before = saved(monitor)
    with pytest.raises(InputError, match=r"^(The|A) label"):
        monitor.learn("order 7", wrong)
    for keys, some in ((["order 7", "order 8"], known[:2]), (["order 7"], known[:2])):
        with pytest.raises(InputError):
            monitor.learn(keys, some)
    assert saved(monitor) == before
    for one in (monitor, twin):
        one.learn("order 7", known[0])
    assert saved(monitor) == saved(twin)
    with pytest.raises(InputError, match="No row waits"):
        monitor.learn("order 7", known[0])


def test_labels_of_a_table_that_are_refused(watched):
    start, saved, known = watched
    monitor, before = start(), saved(start())
    wrong = [np.inf] * 20 if known.dtype.kind == "f" else None
    for y in (known[:3], wrong, ["many"] * 20 if known.dtype.kind == "f" else known[:3]):
        with pytest.raises(InputError):
            monitor.observe(rows(2, 20), y, keys=None if y is not None else ["order 7"] * 20)
        assert saved(monitor) == before


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (["a", "b", "a"], "The key 'a' comes twice"),
        (["a", "order 7", "b"], "The key 'order 7' waits for its label already"),
        (["a", True, "b"], "A key is True, but must be a short text"),
        (["a", None, "b"], "A key is None, but must be a short text"),
    ],
)
def test_a_key_is_for_one_row(watched, keys, words):
    start, saved, known = watched
    monitor, before = start(), saved(start())
    with pytest.raises(InputError, match=words):
        monitor.observe(rows(2, 3), keys=keys)
    assert saved(monitor) == before
    monitor.learn("order 7", known[0])
    monitor.observe(rows(2, 3), keys=["a", "order 7", "b"])


def test_a_row_whose_label_is_known_does_not_wait_for_it(watched):
    start, _, known = watched
    monitor, some = start(), known[:3].astype(object)
    some[1] = None
    monitor.observe(rows(2, 3), some, keys=["a", "b", "c"])
    assert list(monitor.pending) == ["order 7", "b"]
    assert monitor.n_labels == 22
