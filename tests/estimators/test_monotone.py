"""Predictions never fall, or never rise, with constrained columns, from fit to runtime."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from madaline import AdaptiveClassifier, AdaptiveRegressor, load, runtime
from madaline._tables.io.tensor_file import MODEL, read_tensor_file, write_tensor_file
from madaline._tell.report.reproduce import how_to_reproduce
from madaline.errors import InputError, ModelFileError

N_SAMPLES = 160
MONOTONE = {"size": 1, "age": -1, "built": 1, "fenced": -1, "noise": 0}
CONSTRAINED = [name for name, direction in MONOTONE.items() if direction]
ROOM = 1e-6  # rounding, as a share of the target's spread


def houses(n=N_SAMPLES, seed=0):
    """Return columns of numbers, dates and Booleans, with gaps, and a target that wiggles."""
    rng = np.random.default_rng(seed)
    columns = {
        "size": rng.gamma(3.0, 30.0, n),
        "age": rng.integers(0, 90, n).astype(float),
        "built": np.datetime64("2001-01-15") + rng.integers(0, 9000, n),
        "fenced": rng.choice([True, False, None], n, p=[0.4, 0.4, 0.2]),
        "noise": rng.normal(size=n),
        "color": rng.choice(["red", "blue", None], n),
    }
    columns["age"][rng.random(n) < 0.2] = np.nan
    columns["built"][rng.random(n) < 0.1] = np.datetime64("NaT", "us")
    months = columns["built"].astype("datetime64[M]").astype(int) % 12
    price = 3 * np.sin(columns["size"] / 15) + columns["size"] / 50 + np.sin(months)
    price += np.nan_to_num(np.cos(columns["age"] / 9)) + columns["noise"] * (months > 5)
    return columns, price


def fitted(kind, y, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # little can be learned
        return kind(effort=12, random_state=0, **options).fit(houses()[0], y)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """For each task the outputs of an estimator, and of its file in both ways to load it."""
    price = houses()[1]
    labels = np.where(price > np.median(price), "yes", "no")
    counts = np.floor(np.exp(price - price.min()) / 9)
    estimators = {
        "numbers": fitted(AdaptiveRegressor, price, monotone=MONOTONE),
        "classes": fitted(AdaptiveClassifier, labels, monotone=MONOTONE, metric="f1"),
        "counts": fitted(AdaptiveRegressor, counts, monotone=MONOTONE, loss="poisson"),
    }
    found = {}
    for name, estimator in estimators.items():
        path = tmp_path_factory.mktemp("monotone") / f"{name}.madaline"
        estimator.save(path)
        found[name] = estimator, load(path), runtime.load(path)
    return found


def outputs(model, rows):
    """Return what a model predicts, as numbers that grow with the second class."""
    if hasattr(model, "predict_proba") and "yes" in getattr(model, "classes_", ()):
        return model.predict_proba(rows)[:, 1]
    predicted = model.predict(rows)
    return predicted == "yes" if predicted.dtype.kind in "UO" else predicted


def in_order(name, seed):
    """Return one row several times, with different values of a column in ascending order."""
    rng = np.random.default_rng(seed)
    columns, _ = houses(40, seed)
    place = rng.integers(40)
    rows = {one: np.repeat(values[place : place + 1], 20) for one, values in columns.items()}
    if name == "fenced":
        rows[name] = np.array([False] * 10 + [True] * 10, dtype=object)
    elif name == "built":
        rows[name] = np.datetime64("1990-01-01") + np.sort(rng.integers(0, 20000, 20))
    else:
        rows[name] = np.sort(rng.normal(60, 10.0 ** rng.integers(0, 4), 20))
    return rows


@pytest.mark.parametrize("task", ["numbers", "classes", "counts"])
@given(name=st.sampled_from(CONSTRAINED), seed=st.integers(0, 9999))
def test_constraints_hold_for_all_predictions(models, task, name, seed):
    rows = in_order(name, seed)
    for model in models[task]:
        predicted = outputs(model, rows).astype(float)
        steps = np.diff(predicted) * MONOTONE[name]
        assert steps.min() >= -ROOM * max(1.0, np.abs(predicted).max())


def test_they_are_not_all_constant(models):
    for task, (model, _, _) in models.items():
        spread = {
            name: np.ptp(outputs(model, in_order(name, 1)).astype(float)) for name in MONOTONE
        }
        assert spread["size"] > 0, task


def test_without_constraints_predictions_turn():
    model = fitted(AdaptiveRegressor, houses()[1])
    for name in ("size", "built"):
        assert max(-np.diff(outputs(model, in_order(name, seed))).min() for seed in range(9)) > 0.01


def test_the_model_remembers(models):
    first, loaded, _ = models["classes"]
    sentence = (
        "The probability of yes never falls when size or built grows, and never rises when age or"
        " fenced grows."
    )
    for model in (first, loaded):
        assert model.model_.constraints == sentence
        assert sentence in str(model.story(full=True)).replace("\n", " ")
    kept = {name: direction for name, direction in MONOTONE.items() if direction}
    assert loaded.monotone == kept
    again = how_to_reproduce(loaded.model_)
    assert "--increasing size built --decreasing age fenced" in (again.command or "")
    assert f"monotone={kept!r}" in (again.python or "")


@pytest.mark.parametrize(
    ("task", "options", "verb"),
    [
        ("numbers", {}, "fall"),
        ("classes", {}, "fall"),
        ("classes", {"target_class": "no"}, "rise"),
        ("classes", {"scale": "log_odds", "kind": "partial"}, "fall"),
    ],
)
def test_its_curve_of_effects_is_monotone_and_says_so(models, task, options, verb):
    effect = models[task][0].effects(houses()[0], "size", **options)
    direction = 1 if verb == "fall" else -1
    assert (np.diff(effect.prediction) * direction >= -ROOM).all()
    assert effect.sentence.endswith(f"It is constrained never to {verb}.")
    assert "constrained" not in models[task][0].effects(houses()[0], "noise").sentence


@pytest.mark.parametrize(
    ("monotone", "sentence"),
    [
        ({"sise": 1}, "no such column: did you mean 'size'\\?"),
        ({"color": 1}, "cannot be monotone in 'color', a column of the kind category"),
        ({"size": 2}, "monotone is 2 for 'size': give 1 .never falls., -1 .never rises. or 0"),
        ({"size": True}, "monotone is True for 'size'"),
        (["size"], "monotone is .'size'.: give a mapping"),
    ],
)
def test_what_cannot_be_monotone_is_refused_in_a_sentence(monotone, sentence):
    with pytest.raises(InputError, match=sentence):
        AdaptiveRegressor(monotone=monotone, effort=1).fit(*houses())


def test_more_classes_are_refused():
    with pytest.raises(InputError, match="Predictions of 3 classes or targets cannot be monotone"):
        AdaptiveClassifier(monotone={"size": 1}, effort=1).fit(houses()[0], np.arange(160) % 3)


def test_images_beside_columns_are_refused():
    X = {"size": houses()[0]["size"], "picture": np.zeros((N_SAMPLES, 8, 8), np.uint8)}
    X["picture"][:, 0, 0] = np.arange(N_SAMPLES)
    with pytest.raises(InputError, match="cannot be monotone beside images"):
        AdaptiveRegressor(monotone={"size": 1}, effort=1).fit(X, houses()[1])


@pytest.mark.parametrize("monotone", [{"size": 0}, {"color": 1}, {"sise": 1}, [], {"size": "up"}])
def test_malformed_files_are_refused(models, tmp_path, monotone):
    path = tmp_path / "model.madaline"
    models["numbers"][0].save(path)
    description, arrays = read_tensor_file(path)
    description["summary"]["request"]["monotone"] = monotone
    write_tensor_file(path, MODEL, description, arrays, check=lambda *_: None)
    with pytest.raises(ModelFileError):
        load(path)
