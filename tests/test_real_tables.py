"""What real tables bring: thousands of levels, endless tails, rare classes, few rows."""

from __future__ import annotations

import numpy as np
import pytest
from tests.fits import fitting_of

from madaline._tables.table import Table


def run(columns, target, **options):
    """Fit to named columns; return the fit and its model."""
    fitting = fitting_of(Table.from_columns(columns), target, **options)
    list(fitting)
    return fitting, fitting.model()


def test_a_category_of_a_thousand_cities_is_learned_from_as_far_as_its_rows_go(tmp_path):
    """Rare cities are told by what the target usually is there; new ones do no harm."""
    rng = np.random.default_rng(0)
    effect = rng.normal(size=1000)
    city = (1000 * rng.random(3500) ** 4).astype(int)  # some frequent, most rare
    x = rng.normal(size=3500)
    target = 2 * effect[city] + x + 0.3 * rng.normal(size=3500)
    columns = {"city": np.array([f"city {c}" for c in city], object), "x": x}
    train = {name: values[:3000] for name, values in columns.items()}
    fitting, model = run(train, target[:3000], effort=12)
    assert fitting.encoder.n_features(0) < 100
    new = {name: values[3000:] for name, values in columns.items()}
    error = np.var(model.predict(new) - target[3000:]) / np.var(target[3000:])
    assert error < 0.25  # x alone leaves 0.8, frequent cities and x leave 0.5
    unseen = {"city": np.array(["elsewhere"] * 500, object), "x": x[3000:]}
    assert np.corrcoef(model.predict(unseen), x[3000:])[0, 1] > 0.9
    model.save(tmp_path / "model")
    assert (tmp_path / "model").stat().st_size < 5e6


@pytest.mark.parametrize("kind", ["number", "class"])
def test_levels_of_two_rows_each_tell_nothing_of_a_shuffled_target(kind):
    """A level's other row must not come back as knowledge of the row that is evaluated."""
    rng = np.random.default_rng(0)
    city = rng.integers(0, 1000, 2000)
    target = rng.normal(size=2000) if kind == "number" else rng.integers(0, 2, 2000)
    columns = {
        "city": np.array([f"city {c}" for c in city], object),
        "zip": city + 0.0,  # the city again, as a number that bins can tell apart
        "x": rng.normal(size=2000),
    }
    _, model = run(columns, target, effort=20)
    assert not model.summary.learned
    assert model.summary.standard_errors_better < 2


def test_columns_with_endless_tails_are_learned_from():
    rng = np.random.default_rng(0)
    x = rng.standard_cauchy((1500, 3))
    x[5, 2], x[6, 2] = 1e30, -1e30
    target = np.sign(x[:, 0]) * np.log1p(np.abs(x[:, 0])) + np.tanh(x[:, 1])
    columns = {name: x[:, number] for number, name in enumerate("abc")}
    train = {name: values[:1200] for name, values in columns.items()}
    _, model = run(train, target[:1200], effort=12)
    predicted = model.predict({name: values[1200:] for name, values in columns.items()})
    assert 1 - np.var(predicted - target[1200:]) / np.var(target[1200:]) > 0.9


def test_a_target_with_endless_tails_is_predicted_within_what_was_seen():
    rng = np.random.default_rng(0)
    x = rng.normal(size=600)
    target = rng.standard_cauchy(600) + x
    target[3] = 1e12
    _, model = run({"x": x, "y": rng.normal(size=600)}, target, effort=3)
    predicted = model.predict({"x": [-3.0, 0.0, 1e6], "y": [0.0, None, -1e6]})
    assert np.isfinite(predicted).all()
    assert target.min() <= predicted.min() <= predicted.max() <= target.max()
    assert all(np.isfinite(score.value) for score in model.summary.scores)


def test_one_in_a_hundred_is_in_every_fold_and_its_probability_is_calibrated():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8000, 3))
    chance = 1 / (1 + np.exp(6.0 - 1.5 * x[:, 0] - x[:, 1]))
    target = (rng.random(8000) < chance).astype(int)
    assert 0.008 < target[:4000].mean() < 0.02
    columns = {name: x[:, number] for number, name in enumerate("abc")}
    train = {name: values[:4000] for name, values in columns.items()}
    fitting, model = run(train, target[:4000], effort=10)
    ordered = target[:4000][fitting.rows.order]
    in_folds = [ordered[fitting.rows.held_out(fold)].sum() for fold in range(fitting.rows.n_folds)]
    assert max(in_folds) - min(in_folds) <= 1
    probability = model.predict_proba({name: one[4000:] for name, one in columns.items()})[:, 1]
    assert probability.mean() == pytest.approx(chance[4000:].mean(), rel=0.3)
    ours, constant, best = (
        _expected_loss(np.clip(guess, 1e-9, 1), chance[4000:])
        for guess in (probability, np.full(4000, target[:4000].mean()), chance[4000:])
    )
    assert ours - best < 0.35 * (constant - best)


def test_of_five_hundred_columns_and_two_hundred_rows_no_more_is_promised_than_is_kept():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1200, 500))
    target = x[:, 0] - x[:, 1] + 0.3 * rng.normal(size=1200)
    columns = {f"x{number}": x[:200, number] for number in range(500)}
    _, model = run(columns, target[:200], effort=10)
    new = {f"x{number}": x[200:, number] for number in range(500)}
    kept = 1 - np.mean(np.square(model.predict(new) - target[200:])) / np.var(target[200:])
    promise = model.summary.scores[0]
    assert promise.value - 3 * promise.standard_error < kept
    assert kept > 0.3


def _expected_loss(guess, chance):
    """Return the log loss of guesses that is to be expected where the chances are known."""
    return -np.mean(chance * np.log(guess) + (1 - chance) * np.log1p(-guess))
