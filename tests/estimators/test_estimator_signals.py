"""Sequences and sounds with the same two estimators: fitted, evaluated, saved, refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import cross_val_score

from madaline import AdaptiveClassifier, AdaptiveRegressor, load, sequences, sounds
from madaline._models.runtime import load as load_predictor
from madaline.errors import InputError

N_TRAIN = 150
RATE = 4000


@pytest.fixture(scope="module")
def walks():
    """Sequences of 8 to 20 steps, of which two channels swing together, or one after the other."""
    rng = np.random.default_rng(0)
    X, y = [], rng.integers(0, 3, 220)
    for label in y:
        phase = rng.uniform(0, 6) + np.arange(rng.integers(8, 20)) * 0.9
        steps = np.stack([np.sin(phase), np.sin(phase + 2 * label), 0 * phase], axis=1)
        X.append(steps + rng.normal(size=steps.shape) / 4)
    return X, y


@pytest.fixture(scope="module")
def fitted(walks):
    X, y = walks
    return AdaptiveClassifier(effort=12, random_state=0).fit(X[:N_TRAIN], y[:N_TRAIN])


@pytest.fixture(scope="module")
def calls():
    """Tones that rise or fall, of 0.1 to 0.3 seconds, as loud as it happens."""
    rng = np.random.default_rng(0)
    waves, y = [], rng.integers(0, 2, 160)
    for label in y:
        n = int(rng.uniform(0.1, 0.3) * RATE)
        slope = rng.uniform(300, 900) * (1 if label else -1)
        pitch = rng.uniform(900, 1100) + slope * np.linspace(-0.5, 0.5, n)
        wave = np.sin(np.cumsum(2 * np.pi * pitch / RATE)) + rng.normal(size=n) / 3
        waves.append(wave * rng.uniform(0.1, 10))
    return sounds(waves, RATE), np.array(["down", "up"])[y]


def test_sequences_are_told_apart(fitted, walks):
    X, y = walks
    assert fitted.score(X[N_TRAIN:], y[N_TRAIN:]) > 0.85
    assert fitted.oof_score_ > 0.85
    (column,) = fitted.model_.schema.columns
    assert (column.kind, column.detail) == ("sequence", "8 to 19 steps, 3 numbers a step")


def test_one_sequence_or_an_array_of_them_can_be_predicted(fitted, walks):
    X = walks[0]
    expected = fitted.predict_proba(X[:5])
    np.testing.assert_allclose(fitted.predict_proba(X[:1]), expected[:1], atol=1e-5)
    np.testing.assert_allclose(fitted.predict_proba(X[0][None]), expected[:1], atol=1e-5)
    np.testing.assert_array_equal(fitted.predict_proba(sequences(X[:5])), expected)
    longer = np.repeat(X[0], 9, axis=0)
    assert np.isfinite(fitted.predict_proba([longer])).all()


def test_a_saved_model_predicts_the_same_bits_with_numpy_alone(fitted, walks, tmp_path):
    X = walks[0][N_TRAIN:]
    fitted.save(tmp_path / "walks.madaline")
    expected = fitted.predict_proba(X)
    for reader in (load, load_predictor):
        again = reader(tmp_path / "walks.madaline")
        np.testing.assert_array_equal(again.predict_proba({"sequence": X}), expected)


@pytest.mark.slow
def test_sounds_are_told_apart_and_kept_in_a_file(calls, tmp_path):
    X, y = calls
    model = AdaptiveClassifier(effort=8, random_state=0).fit(X[:120], y[:120])
    assert model.score(X[120:], y[120:]) > 0.9
    model.save(tmp_path / "calls.madaline")
    again = load_predictor(tmp_path / "calls.madaline")
    np.testing.assert_array_equal(
        again.predict_proba({"sound": X[120:]}), model.predict_proba(X[120:])
    )
    assert model.predict(list(X[:3])).shape == (3,)
    with pytest.raises(InputError, match="has a sampling rate of 2,000 hertz, but the model uses"):
        model.predict(sounds([np.sin(np.arange(900))], 2000))
    with pytest.raises(InputError, match="'sound' cannot be read as sounds"):
        again.predict_proba({"sound": [1.0, 2.0]})


def test_the_same_seed_gives_the_same_bits_on_any_number_of_threads(walks):
    X, y = walks
    one, two = (
        AdaptiveClassifier(effort=2, random_state=3, n_jobs=n_jobs).fit(X[:90], y[:90])
        for n_jobs in (1, 2)
    )
    np.testing.assert_array_equal(one.predict_proba(X), two.predict_proba(X))


def test_lengths_are_read_off_sequences_of_one_number_a_step():
    rng = np.random.default_rng(0)
    X = [rng.normal(size=rng.integers(4, 20)) for _ in range(200)]
    y = np.array(list(map(len, X)), float)
    model = AdaptiveRegressor(effort=10, random_state=0).fit(X[:150], y[:150])
    assert model.score(X[150:], y[150:]) > 0.9


@pytest.mark.slow
def test_sequences_stand_beside_numbers_in_a_frame(walks):
    X, y = walks
    frame = pd.DataFrame({"walk": X, "age": np.arange(len(X)) % 7 / 7})
    frame.loc[3, "walk"] = None
    model = AdaptiveClassifier(effort=6, random_state=0).fit(frame[:N_TRAIN], y[:N_TRAIN])
    assert [column.kind for column in model.model_.schema.columns] == ["sequence", "number"]
    assert model.predict(frame).shape == (220,)
    with pytest.raises(InputError, match="walk holds sequences, which have no values"):
        model.effects(frame, "walk")


def test_scikit_learn_takes_columns_of_signals_apart(walks):
    X, y = sequences(walks[0]), walks[1]
    scores = cross_val_score(AdaptiveClassifier(effort=6, random_state=0), X, y, cv=2)
    assert min(scores) > 0.6


def test_what_is_asked_of_columns_is_of_the_only_one(fitted, walks):
    assert fitted.importances_ == ()
    assert not fitted.diagnose(walks[0][:3]).findings


def test_each_step_of_a_sequence_adds_its_share(fitted, walks):
    explanation = fitted.explain(walks[0][:3], background=walks[0][3:13])
    ((_, steps),) = explanation.maps.items()
    assert len(steps) == 3
    assert steps.shape[2] == walks[0][0].shape[1] + 1  # whether there is a step
    assert np.abs(explanation.remaining).max() < 3e-3
    np.testing.assert_allclose(steps.sum(axis=(1, 2)), explanation.attributions[:, 0], atol=1e-5)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda X: [one[:, :2] for one in X], "holds sequences of 2 numbers a step, but .* from 3"),
        (lambda X: [X[0], X[1][:, :2]], "Sequence 1 .* has 2 numbers a step where sequence 0 has"),
        (lambda X: np.zeros((4, 3)), "3 features, but AdaptiveClassifier is expecting 1"),
    ],
)
def test_what_cannot_be_predicted_is_said(fitted, walks, make, problem):
    with pytest.raises(ValueError, match=problem):
        fitted.predict(make(walks[0]))


def test_one_sequence_is_not_enough_to_learn_from(walks):
    with pytest.raises(InputError, match="one row, which cannot be learned from alone"):
        AdaptiveClassifier().fit(sequences(walks[0][:1]), [1])
