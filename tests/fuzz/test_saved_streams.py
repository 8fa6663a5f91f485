"""What an online model learned, or a monitor observed, can be saved, and goes on from the file."""

from __future__ import annotations

import datetime
import decimal
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from madaline import AdaptiveClassifier, AdaptiveRegressor, OnlineClassifier, OnlineRegressor
from madaline.errors import MadalineError

TEXTS = st.one_of(
    st.text(max_size=5),
    st.sampled_from(["$1,234", "5 \ud800", "2026-11-29", "31/01/2026"]),
    st.sampled_from(["", "a", "\ud800", "\x00", '"\\', "é" * 199, "x" * 201, "x" * 100_001]),
)
WHOLE = st.sampled_from([0, -1, 7, 2**53 + 1, 2**63, -(2**63), 2**64, 10**400])
NUMBERS = st.one_of(st.floats(-1e9, 1e9), st.sampled_from([float("nan"), float("inf"), 1e100]))
OTHERS = st.sampled_from(
    [None, True, False, b"a", datetime.date(2026, 11, 29), decimal.Decimal("1.5"), (1, 2), [1]]
)
VALUES = st.one_of(TEXTS, WHOLE, NUMBERS, OTHERS)
NAMES = st.one_of(st.sampled_from(["a", "b"]), TEXTS)
ROWS = st.dictionaries(NAMES, VALUES, min_size=1, max_size=3)
TARGETS = st.one_of(st.floats(-1e6, 1e6), st.sampled_from([float("nan"), True, "text", None]))
WEIGHTS = st.sampled_from([None, 0.5, 1e-300, 1e12, 1e30, 1e308])

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")


@given(learned=st.lists(st.tuples(ROWS, VALUES, WEIGHTS), min_size=1, max_size=6))
def test_a_classifier_goes_on_from_its_file(learned, tmp_path_factory):
    model = OnlineClassifier(random_state=0)
    if all(taken(learn, model, *one) for one in learned):
        goes_on(model, tmp_path_factory.getbasetemp() / "classifier", learned[0][0], "up")


@given(learned=st.lists(st.tuples(ROWS, TARGETS, WEIGHTS), min_size=1, max_size=6))
def test_a_regressor_goes_on_from_its_file(learned, tmp_path_factory):
    model = OnlineRegressor(random_state=0)
    if all(taken(learn, model, *one) for one in learned):
        goes_on(model, tmp_path_factory.getbasetemp() / "regressor", learned[0][0], 2.5)


def taken(call, *given):
    """Return whether a call was not refused."""
    try:
        call(*given)
    except MadalineError:
        return False
    return True


def learn(model, row, label, weight):
    if weight is None:
        model.learn_one(row, label)
    else:
        y = [1.5, 2.5] if isinstance(model, OnlineRegressor) else ["up", "down"]
        model.partial_fit([row] * 2, y, sample_weight=[weight, 1.0])


def goes_on(model, path, row, label):
    model.save(path)
    again = type(model).load(path)
    for one in (model, again):
        one.learn_one(row, label)
    for found in (model, again):
        found.save(path.with_suffix(f".{id(found)}"))
    bits = [path.with_suffix(f".{id(one)}").read_bytes() for one in (model, again)]
    assert bits[0] == bits[1]


class Watched:
    """Models that are watched, which Hypothesis should not print (final)."""

    def __init__(self, models):
        self.models = models

    def __repr__(self):
        return "two models"


@pytest.fixture(scope="module")
def watched():
    rng = np.random.default_rng(0)
    X = {
        "a": rng.normal(size=80),
        "b": rng.choice(["Bonn", "Kiel"], 80).astype(object),
    }
    labels = np.where(X["a"] > 0, "up", "down")
    return Watched(
        [
            AdaptiveClassifier(effort=1, random_state=0).fit(X, labels),
            AdaptiveRegressor(effort=1, random_state=0).fit(X, X["a"] + rng.normal(size=80)),
        ]
    )


@given(
    number=st.integers(0, 1),
    observed=st.lists(
        st.tuples(st.floats(-1e9, 1e9), st.one_of(TEXTS, st.none()), VALUES, VALUES),
        min_size=1,
        max_size=6,
    ),
)
def test_a_monitor_goes_on_from_its_file(watched, number, observed, tmp_path_factory):
    model, path = watched.models[number], tmp_path_factory.getbasetemp() / "monitor"
    monitor = model.watch(false_alarms=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for size, city, key, label in observed:
            row = {"a": [size], "b": [city]}
            if not taken(lambda: monitor.observe(row, keys=[key])):  # noqa: B023
                return
            if not taken(monitor.learn, [key], [label]):
                return
    monitor.observe({"a": [1.0], "b": ["Ulm"]}, keys=["k"])
    monitor.save(path)
    again = model.watch(file=path)
    for one in (monitor, again):
        one.observe({"a": [1.0], "b": [observed[0][1]]}, keys=["l"])
        one.save(path)
        one.bits = path.read_bytes()
    assert monitor.bits == again.bits
