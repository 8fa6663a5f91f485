"""Signed but malformed online models are refused with one sentence, or predict and learn on."""

from __future__ import annotations

import json
import warnings
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.mutants import lay_out, mutant, signed

from madaline import OnlineClassifier, OnlineRegressor
from madaline._tables.io.tensor_file import ONLINE, read_tensor_file
from madaline.errors import MadalineError, ModelFileError

ROWS = (
    {"size": 0.5, "city": "Bonn", "day": np.datetime64("2026-11-29"), "open": True, "price": "$8"},
    {"size": None, "city": "Ulm", "day": None, "open": None, "late": 3.5},
    {"size": -1e300, "city": None, "late": "soon"},
)


class Learners:
    """Descriptions and arrays of learners, which Hypothesis should not print (final)."""

    def __init__(self, found):
        self.found = found

    def __repr__(self):
        return f"{len(self.found)} learners"


@pytest.fixture(scope="module")
def learners(tmp_path_factory):
    rng, found = np.random.default_rng(0), []
    rows = {
        "size": np.where(rng.random(60) < 0.1, np.nan, rng.normal(size=60)),
        "city": rng.choice(["Bonn", "Kiel", None], 60).astype(object),
        "day": np.datetime64("2024-02-27") + rng.integers(0, 900, 60),
        "open": rng.choice([True, False], 60).tolist(),
        "late": [None] * 60,
        "price": ["$1,234.50", "$7"] * 30,
    }
    path = tmp_path_factory.mktemp("fuzz") / "stream.madaline"
    for estimator, y in (
        (OnlineClassifier, np.arange(60) % 3),
        (OnlineRegressor, [f"{number:.2f}" for number in rng.normal(20, 3, 60)]),
    ):
        estimator(random_state=0).partial_fit(rows, y).save(path)
        found.append((estimator, *read_tensor_file(path, ONLINE)))
    return Learners(found)


@given(seed=st.integers(0, 2**32))
def test_a_signed_mutant_is_refused_or_goes_on(learners, tmp_path_factory, seed):
    rng = Random(seed)
    estimator, description, arrays = rng.choice(learners.found)
    path = tmp_path_factory.getbasetemp() / "mutant.madaline"
    path.write_bytes(mutant(rng, ONLINE, description, arrays))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # numbers that overflow
        model = sentence_or(estimator.load, path)
        for number in range(6 if model is not None else 0):
            sentence_or(use, model, ROWS[number % len(ROWS)], number)


def sentence_or(call, *given):
    """Return what a call returns; what it refuses is refused in a sentence."""
    try:
        return call(*given)
    except MadalineError as error:
        sentence = str(error)
    assert len(sentence) < 600
    assert sentence.endswith((".", "?"))
    return None


def use(model, row, number):
    """Predict a row, and learn it; every prediction is a finite number."""
    if isinstance(model, OnlineClassifier):
        assert np.isfinite([*model.predict_proba_one(row, key=number).values()]).all()
        assert np.isfinite(model.predict_proba([row])).all()
        model.learn(number, 1)
        model.partial_fit([row] * 3, [2, 1, 2])
    else:
        assert np.isfinite(model.predict_one(row, key=number))
        assert np.isfinite(model.predict([row])).all()
        model.learn(number, 21.5)
        model.partial_fit([row] * 3, [19.0, 21.0, 20.0])
    assert str(model.decisions_)


def forged(learners, change):
    """Return the file of a classifier after a change, signed."""
    _, description, arrays = learners.found[0]
    description, arrays = json.loads(json.dumps(description)), dict(arrays)
    change(description, arrays)
    return signed(ONLINE, json.dumps(description), *lay_out(arrays))


def changed(name, place, value):
    def change(_, arrays):
        arrays[name] = arrays[name].copy()
        arrays[name][place] = value

    return change


def repeated(arrays, name):
    arrays[name] = arrays[name].copy()
    arrays[name][0] = arrays[name][1]


@pytest.mark.parametrize(
    ("words", "change"),
    [
        ("codes are not 1, 2, 3", lambda s, _: s["columns"]["levels"][1].update(Kiel=1)),
        ("levels.1.Kiel is 90, but", lambda s, _: s["columns"]["levels"][1].update(Kiel=90)),
        ("kinds.1 is 'x'", lambda s, _: s["columns"]["kinds"].__setitem__(1, "x")),
        ("as another kind", lambda s, _: s["columns"]["kinds"].__setitem__(0, "category")),
        ("features that are not those", changed("encoder.flags", 0, 1)),
        ("encodes a column twice", lambda _, a: repeated(a, "encoder.scaled")),
        ("replay.raw holds a number that its", changed("replay.raw", (3, 1), 200.0)),
        ("recent.ring holds a number that its", changed("recent.ring", (3, 0), np.inf)),
        ("holds -1, but must be zero or more", changed("column.steps", 0, -1)),
        ("replay.x has not the shape", lambda s, _: s["encoder"].update(n_features=10**9)),
        ("losses has another", lambda _, a: a.update({"weighting.losses": np.ones((8, 3))})),
        ("has 1 twice", lambda s, _: s["task"].update(classes=[1, 1.0, 2])),
    ],
)  # fmt: skip
def test_each_kind_of_forgery_is_named(learners, tmp_path, words, change):
    path = tmp_path / "forged.madaline"
    path.write_bytes(forged(learners, change))
    with pytest.raises(ModelFileError, match=rf"not as madaline .* writes it .*{words}"):
        OnlineClassifier.load(path)


def test_numbers_that_overflow_are_refused_when_they_predict(learners, tmp_path):
    path = tmp_path / "large.madaline"
    path.write_bytes(forged(learners, changed("replay.x", ..., 3e38)))
    model = OnlineClassifier.load(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numbers that overflow
        model.learn_one(ROWS[0], 1)
        with pytest.raises(MadalineError, match="predicts no finite number"):
            model.predict_proba([ROWS[0]])
