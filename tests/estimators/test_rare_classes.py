from __future__ import annotations

import numpy as np
import pytest

from madaline import AdaptiveClassifier, load


def fitted(n_rare, **options):
    rng = np.random.default_rng(0)
    y = np.repeat(["usual", "rare"], [200 - n_rare, n_rare])
    x = rng.standard_normal((200, 2)) + 2 * (y == "rare")[:, None]
    weight = options.pop("sample_weight", None)
    model = AdaptiveClassifier(effort=2, random_state=0, **options)
    return model.fit(x, y, sample_weight=weight), x


def recipes_of(n_rare, **options):
    return set(fitted(n_rare, **options)[0].history_["recipe"])


def test_the_recipes_of_a_fit_follow_the_rarer_class():
    names = recipes_of(10)
    assert "weight decay 0.1 · linear" in names
    assert any("label smoothing 0.01" in name for name in names)
    assert not any("linear" in name or "smoothing" in name for name in recipes_of(60))


def test_linear_networks_of_tables_are_saved_explained_and_updated(tmp_path):
    model, x = fitted(10, keep_rows=100)
    parts = model.model_.predictor.parts
    assert any(len(part.network.layers) == 1 for part in parts)
    path = tmp_path / "rare.madaline"
    model.save(path)
    probability = model.predict_proba(x)
    np.testing.assert_array_equal(load(path).predict_proba(x), probability)
    explained = model.explain(x[:5])
    assert len(explained) == 5
    new = np.repeat(["usual", "rare"], [190, 10])
    model.update(x, new)
    assert np.isfinite(model.predict_proba(x)).all()


@pytest.mark.parametrize(
    "options", [{"class_weight": "balanced"}, {"sample_weight": np.linspace(1, 2, 200)}]
)
def test_weighted_classes_are_not_rare(options):
    names = recipes_of(10, **options)
    assert not any("linear" in name or "smoothing" in name for name in names)


def test_constrained_networks_are_not_linear():
    names = recipes_of(10, monotone={"x0": 1})
    assert not any("linear" in name for name in names)
    assert any("label smoothing" in name for name in names)


def test_weighted_classes_are_compared_with_a_baseline_of_the_same_weights():
    rng = np.random.default_rng(0)
    y = np.repeat(["usual", "rare"], [540, 60])
    x = rng.standard_normal((600, 2)) + 1.5 * (y == "rare")[:, None]
    model = AdaptiveClassifier(effort=10, random_state=0, class_weight="balanced").fit(x, y)
    log_loss = next(score for score in model.scores_ if score.metric == "log_loss")
    assert log_loss.baseline == pytest.approx(np.log(2), abs=0.01)
    sentences = " ".join(finding.sentence for finding in model.diagnosis_)
    assert "better than the baseline" not in sentences
    assert "class_weight" not in sentences
    assert all(finding.severity == "low" for finding in model.diagnosis_)
