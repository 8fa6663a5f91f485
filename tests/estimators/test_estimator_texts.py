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


SCRIPTS = {
    "Chinese": ("这个茶非常好喝下次还会再买", "这个茶难喝得要命不会再买了", "喝买"),
    "Japanese": ("このお茶はとても美味しいです", "このお茶はまずくて飲めません", "はです"),
    "Thai": ("ชานี้อร่อยมากชอบที่สุด", "ชานี้แย่มากไม่ชอบเลย", "ชานี้"),
    "Russian": ("Этот чай просто прекрасный", "Этот чай ужасный и горький", "чай да"),
    "Arabic": ("هذا الشاي رائع جدا ولذيذ", "هذا الشاي سيئ جدا ومر", "شاي"),
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_any_script_is_told_apart(script):
    good, bad, filling = SCRIPTS[script]
    rng = np.random.default_rng(0)
    praise = rng.random(80) < 0.5
    texts = [
        f"{good if one else bad} {number} {''.join(rng.permutation(list(filling)))}"
        for number, one in enumerate(praise)
    ]
    model = AdaptiveClassifier(effort=6, random_state=0).fit(texts, praise)
    assert model.model_.schema["text"].kind == "text"
    np.testing.assert_array_equal(model.predict([good, bad]), [True, False])
    (shares,) = model.explain([good]).words["text"]
    assert len(shares.spans) >= 4


def test_texts_of_which_nothing_is_known_get_the_same_answer(fitted):
    texts = ["", None, "!?", "日本語の文章です", "совсем другое"]
    answers = fitted.predict_proba(texts)
    np.testing.assert_allclose(answers, np.broadcast_to(answers[0], answers.shape), atol=1e-5)
    assert (answers.min(axis=1) > 0.1).all()
    found = fitted.diagnose(texts)
    assert any("2 of 5 rows have a value of text that the model does not know" in str(one)
               for one in found.findings)  # fmt: skip


def test_missing_texts_are_learned_from(reviews):
    texts, praise = reviews
    some = [None if number % 7 == 0 else text for number, text in enumerate(texts)]
    model = AdaptiveClassifier(effort=4, random_state=0).fit(some, praise)
    assert model.model_.schema["text"].n_missing == 43
    assert model.predict([None]).shape == (1,)
    assert model.predict(pd.Series(["lovely tea", None])).shape == (2,)


def test_a_very_long_text_counts_as_its_words_do(fitted):
    once, often = fitted.predict_proba(["lovely tea", "lovely tea " * 30_000])
    assert once.argmax() == often.argmax()


def test_numbers_are_told_from_texts_alone(reviews):
    texts, praise = reviews
    model = AdaptiveRegressor(effort=30, random_state=0).fit(texts[:200], 5.0 * praise[:200])
    assert model.score(texts[200:], 5.0 * praise[200:]) > 0.8


def rare_topic(n_rows, seed):
    """Return texts of 25 words, and which of them are of a rare topic, whose words are others."""
    rng = np.random.default_rng(seed)
    words, usual = np.array([f"w{k}" for k in range(400)]), 1 / np.arange(2, 402)
    of_topic = usual * np.where((np.arange(400) >= 100) & (np.arange(400) < 130), 6, 1)
    labels = np.where(rng.random(n_rows) < 0.08, "rare", "usual")
    shares = {"rare": of_topic / of_topic.sum(), "usual": usual / usual.sum()}
    texts = [" ".join(rng.choice(words, 25, p=shares[label])) for label in labels]
    return texts, labels


@pytest.mark.slow
def test_the_outputs_of_a_rare_topic_get_an_offset(tmp_path):
    texts, labels = rare_topic(500, 0)
    model = AdaptiveClassifier(effort=10, random_state=0).fit(texts, labels)
    (decision,) = (one for one in model.decisions_ if one.action == "calibrate")
    assert decision.offset < -1
    texts, labels = rare_topic(1000, 1)
    probability, truth = model.predict_proba(texts)[:, 0], labels == "rare"
    raw = decision.temperature * np.log(1 / probability - 1) - decision.offset
    before, after = (
        -np.log(np.where(truth, one, 1 - one)).mean()
        for one in (1 / (1 + np.exp(raw)), probability)
    )
    assert after < 0.85 * before
    assert probability.mean() == pytest.approx(truth.mean(), abs=0.02)
    model.save(tmp_path / "topic.madaline")
    loaded = load(tmp_path / "topic.madaline")
    assert (loaded.predict_proba(texts)[:, 0] == probability).all()
    explained = model.explain(texts[:5])
    outputs = explained.attributions.sum(axis=1) + explained.base
    np.testing.assert_allclose(outputs, model.decision_function(texts[:5]), atol=1e-4)
