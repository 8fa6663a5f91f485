"""Texts with the same estimators: alone, or beside other columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from madaline import AdaptiveClassifier, AdaptiveRegressor, load
from madaline.errors import InputError

GOOD, BAD = ("lovely", "tasty", "great", "fresh"), ("stale", "bitter", "awful", "broken")
FILLING = ("the", "tea", "box", "was", "and", "it", "came", "in", "a", "shop")


@pytest.fixture(scope="module")
def reviews():
    """Texts of ten words, two of which tell whether they praise, and how often they do."""
    rng = np.random.default_rng(0)
    praise = rng.random(300) < 0.5
    texts = []
    for good in praise:
        words = [*rng.choice(FILLING, 8), *rng.choice(GOOD if good else BAD, 2)]
        texts.append(" ".join(rng.permutation(words)))
    return texts, praise


@pytest.fixture(scope="module")
def fitted(reviews):
    texts, praise = reviews
    return AdaptiveClassifier(effort=8, random_state=0).fit(texts[:200], praise[:200])


def test_texts_are_told_apart(fitted, reviews, tmp_path):
    texts, praise = reviews
    assert fitted.score(texts[200:], praise[200:]) > 0.95
    fitted.save(tmp_path / "reviews.madaline")
    again = load(tmp_path / "reviews.madaline")
    np.testing.assert_array_equal(
        again.predict_proba({"text": texts}), fitted.predict_proba(np.array(texts))
    )
    assert fitted.predict(["", "日本語", "lovely"]).shape == (3,)


def test_texts_stand_beside_numbers(reviews):
    texts, praise = reviews
    size = np.random.default_rng(1).normal(size=300)
    X = pd.DataFrame({"review": texts, "size": size})
    model = AdaptiveRegressor(effort=12, random_state=0).fit(X[:200], (praise + size)[:200])
    assert model.score(X[200:], (praise + size)[200:]) > 0.8
    assert {one.name for one in model.importances_ if one.clear} == {"review", "size"}
    explanation = model.explain(X[200:203])
    assert explanation.columns == ("review", "size")
    data = model.report_data(X[200:])
    assert [one["column"] for one in data["rows"]["effects"]] == ["size"]
    with pytest.raises(InputError, match="review holds texts"):
        model.effects(X, "review")


def test_new_texts_are_compared_with_old_ones_in_nothing(fitted, reviews):
    assert not fitted.diagnose(reviews[0][:50]).findings
