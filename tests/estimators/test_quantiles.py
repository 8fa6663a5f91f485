"""Quantiles are moved by their errors on held-out rows, so that they hold on new ones."""

from __future__ import annotations

import numpy as np
import pytest

from madaline import AdaptiveRegressor, load, runtime

LEVELS = [0.1, 0.5, 0.9]


def drawn(rng, n_rows):
    """Return rows and skewed targets, whose spread depends on a column."""
    X = rng.uniform(-1, 1, (n_rows, 6))
    return X, X[:, 0] + np.exp(X[:, 1]) * rng.exponential(size=n_rows)


@pytest.fixture(scope="module")
def learned():
    model = AdaptiveRegressor(loss="quantile", quantile=LEVELS, effort=1, random_state=0)
    return model.fit(*drawn(np.random.default_rng(1), 600))


def test_quantiles_hold_on_new_rows_and_never_cross(learned):
    X, y = drawn(np.random.default_rng(2), 20_000)
    predicted = learned.predict(X)
    below = np.mean(y[:, None] <= predicted, axis=0)
    np.testing.assert_allclose(below, LEVELS, atol=0.04)  # before: .035, .525 and .921
    assert (np.diff(predicted, axis=1) >= 0).all()


def test_the_story_tells_what_share_lay_below(learned):
    (moved,) = (decision for decision in learned.decisions_ if decision.action == "move")
    assert moved.rows == 600
    assert moved.below[0] < 0.08
    assert moved.sentence in str(learned.story(full=True)).replace("\n", " ")


def test_a_file_predicts_the_same_bits(learned, tmp_path):
    X = drawn(np.random.default_rng(3), 50)[0]
    learned.save(tmp_path / "model")
    rows = {name: X[:, k] for k, name in enumerate(learned.model_.predictor.columns)}
    for predicted in (
        load(tmp_path / "model").predict(X),
        runtime.load(tmp_path / "model").predict(rows),
    ):
        np.testing.assert_array_equal(predicted, learned.predict(X))


@pytest.mark.parametrize("options", [{}, {"time": "day"}, {"time": "day", "lags": 2, "horizon": 2}])
def test_what_is_added_is_in_all_predictions(options, monkeypatch):
    rng = np.random.default_rng(0)
    table = {"day": np.arange(90.0), "a": rng.normal(size=90)}
    y = table["a"] + np.sin(table["day"]) + 0.3 * rng.normal(size=90)

    def fitted(offset):
        monkeypatch.setattr("madaline._models.fitting.outcome.quantile_offsets", lambda *_: offset)
        model = AdaptiveRegressor(loss="quantile", quantile=0.8, effort=2, random_state=0)
        return model.fit(table, y, **options)

    moved, plain = fitted(np.array([0.25])), fitted(np.array([0.0]))
    new = {"day": [90.0, 91.0], "a": [0.0, 0.1]}
    unit = 0.25 * plain.model_.predictor.target_encoder.scale
    for result in (
        lambda model: model.predict(new),
        lambda model: model.oof_prediction_[np.isfinite(model.oof_prediction_)],
    ):
        difference = result(moved) - result(plain)
        inside = (result(moved) < y.max()) & (result(plain) > y.min())
        np.testing.assert_allclose(difference[inside], unit, rtol=1e-4)
        assert inside.any()
