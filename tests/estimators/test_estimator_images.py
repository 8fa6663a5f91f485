"""Images with the same two estimators: fitted, evaluated, saved, refused in a sentence."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from madaline import AdaptiveClassifier, AdaptiveRegressor, load
from madaline._models.runtime import load as load_predictor
from madaline.errors import InputError

N_TRAIN = 400


@pytest.fixture(scope="module")
def digits():
    """Images of 8 x 8 pixels and the digit that each shows."""
    X, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(X))[:600]
    return X[order].reshape(-1, 8, 8), y[order]


@pytest.fixture(scope="module")
def fitted(digits):
    X, y = digits
    return AdaptiveClassifier(effort=10, random_state=0).fit(X[:N_TRAIN], y[:N_TRAIN])


def test_digits_are_told_apart(fitted, digits):
    X, y = digits
    assert fitted.score(X[N_TRAIN:], y[N_TRAIN:]) > 0.9
    assert fitted.oof_score_ > 0.9
    assert fitted.n_features_in_ == 64
    (column,) = fitted.model_.schema.columns
    assert column.detail == "8 x 8 pixels, gray, from 0 to 16"
    assert all("convolutions" in one.name for one in fitted.model_.summary.members)


def test_a_saved_model_predicts_the_same_bits_with_numpy_alone(fitted, digits, tmp_path):
    X = digits[0][N_TRAIN:]
    fitted.save(tmp_path / "digits.madaline")
    expected = fitted.predict_proba(X)
    for reader in (load, load_predictor):
        again = reader(tmp_path / "digits.madaline")
        np.testing.assert_array_equal(again.predict_proba({"image": X}), expected)
        alone = again.predict_proba({"image": X[:1]})
        np.testing.assert_allclose(alone, expected[:1], atol=1e-5)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bits_on_any_number_of_threads(digits):
    X, y = digits
    one, two = (
        AdaptiveClassifier(effort=2, random_state=3, n_jobs=n_jobs).fit(X[:200], y[:200])
        for n_jobs in (1, 2)
    )
    np.testing.assert_array_equal(one.predict_proba(X), two.predict_proba(X))


def test_color_images_with_weights_and_groups_are_learned_from(digits):
    X, y = digits
    colored = np.repeat(X[:200, ..., None], 3, axis=-1).astype(np.uint8)
    weight, pairs = np.arange(200), np.arange(200) // 2
    model = AdaptiveClassifier(effort=8, random_state=0)
    model.fit(colored, y[:200] == 0, sample_weight=weight, groups=pairs)
    assert model.oof_score_ > 0.95
    assert model.predict_set(colored).shape == (200, 2)


@pytest.mark.slow
def test_numbers_are_read_off_images():
    """A bright bar stands somewhere: how far to the right?"""
    rng = np.random.default_rng(0)
    place = rng.uniform(2, 13, 300)
    columns = np.arange(16)
    X = (
        np.exp(-np.square(columns - place[:, None])[:, None, :])
        + rng.normal(size=(300, 12, 16)) / 5
    )
    model = AdaptiveRegressor(effort=10, random_state=0).fit(X[:200], place[:200])
    assert model.score(X[200:], place[200:]) > 0.8
    inside = model.predict_interval(X[200:])
    assert np.mean((inside[:, 0] <= place[200:]) & (place[200:] <= inside[:, 1])) > 0.7


def test_as_few_images_as_a_tiny_table_has_rows_can_be_fitted(digits):
    X, y = digits
    few = np.concatenate([X[:12], X[:12]])
    with pytest.warns(UserWarning, match="not clearly better than the baseline"):
        model = AdaptiveClassifier(effort=1, random_state=0).fit(few, np.tile(y[:12] > 4, 2))
    assert model.model_.summary.n_samples == 12  # copies count as one


def test_what_is_asked_of_columns_is_refused_for_images(fitted, digits):
    X = digits[0][:3]
    assert fitted.importances_ == ()
    for ask in (lambda: fitted.effects(X, "image"), lambda: fitted.counterfactuals(X)):
        with pytest.raises(InputError, match="image holds images"):
            ask()
    with pytest.raises(InputError, match="needs two columns"):
        fitted.interactions(X)
    assert not fitted.diagnose(X).findings


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda X: X[:, :7], "holds 7 x 8 pixels, gray, but the model learned from 8 x 8"),
        (lambda X: X[0], "8 features, but AdaptiveClassifier is expecting 64"),
        (lambda X: X[:0], "The array of images is empty"),
        (lambda X: [X[0], X[1, :5]], "bring all images to one size"),
        (lambda X: X.reshape(-1, 64), "lacks a column that the model needs: 'image'"),
    ],
)
def test_what_cannot_be_predicted_is_said(fitted, digits, make, problem):
    with pytest.raises(ValueError, match=problem):
        fitted.predict(make(digits[0]))


def test_a_report_tells_of_everything_but_effects(fitted, digits, tmp_path):
    X, y = digits
    data = fitted.report_data(X[N_TRAIN:], y[N_TRAIN:])
    assert data["rows"]["effects"] == []
    assert [one["maps"][0]["name"] for one in data["rows"]["explanations"]] == ["image"] * 4
    assert data["rows"]["scores"][0]["value"] > 0.9
    fitted.report(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "8 x 8 pixels, gray" in page
    assert "What drives it" not in page
    assert "Convolutions: the units of each" in page
    assert "pipeline_tag: image-classification" in fitted.card()


def test_one_image_is_not_enough_to_learn_from(digits):
    with pytest.raises(InputError, match="one image, which cannot be learned from alone"):
        AdaptiveClassifier().fit(digits[0][:1], digits[1][:1])
