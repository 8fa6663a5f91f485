"""What the words of a text add: all of it adds up to what the text adds."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from madaline import AdaptiveClassifier, AdaptiveRegressor
from madaline._apps.cli import main
from madaline._tell.explain.attributions.words import text_columns
from madaline._tell.report.data import Report
from madaline._tell.report.explained import view_of_words
from madaline._tell.report.page import render_page

FILLING = ("the", "tea", "box", "was", "and", "it", "came", "in", "a", "shop")


@pytest.fixture(scope="module")
def table():
    """Texts of ten words, one of which tells, and a number that tells as well."""
    rng = np.random.default_rng(0)
    praise = rng.random(240) < 0.5
    texts = []
    for good in praise:
        words = [*rng.choice(FILLING, 9), "lovely" if good else "stale"]
        texts.append(" ".join(rng.permutation(words)))
    return pd.DataFrame({"size": rng.normal(size=240), "review": texts}), praise


@pytest.fixture(scope="module")
def alone(table):
    X, praise = table
    return AdaptiveClassifier(effort=8, random_state=0).fit(X["review"].tolist(), praise)


@pytest.fixture(scope="module")
def beside(table):
    X, praise = table
    return AdaptiveRegressor(effort=8, random_state=0).fit(X, praise + X["size"])


@pytest.mark.parametrize("method", ["expected", "integrated", "slope"])
def test_words_add_up_to_their_column(beside, table, method):
    explanation = beside.explain(table[0][:7], method=method)
    column = explanation.columns.index("review")
    assert list(explanation.words) == ["review"]
    totals = [shares.total for shares in explanation.words["review"]]
    np.testing.assert_allclose(totals, explanation.attributions[:, column], rtol=1e-9)
    assert [shares.text for shares in explanation[2:4].words["review"]] == [
        *table[0]["review"][2:4]
    ]


def test_the_word_that_tells_adds_most(alone):
    texts = ["The tea was LOVELY", "stale it came in a box"]
    explanation = alone.explain(texts)
    lovely, stale = explanation.words["text"]
    assert lovely.strongest(1)[0][0] == "lovely"
    assert stale.strongest(1)[0][0] == "stale"
    assert [lovely.text[start:stop] for start, stop in lovely.spans] == texts[0].split()
    assert lovely.absent > 0  # in others stands "stale"
    assert "lovely +" in str(explanation)
    assert "missing words" in str(explanation)


def test_words_alone_are_what_is_left_when_nothing_is_absent(alone):
    """Beside an empty text, nothing can be missed."""
    explanation = alone.explain(["the tea was lovely"], background=[""])
    (shares,) = explanation.words["text"]
    assert shares.absent == pytest.approx(0, abs=1e-3 * abs(shares.total))
    assert sum(shares.amounts) == pytest.approx(shares.total, rel=1e-3)


@pytest.mark.parametrize("text", ["", None, "日本語", "!?", "İstanbul stale"])
def test_every_text_has_an_explanation(alone, text):
    explanation = alone.explain(np.array([text], object))
    (shares,) = explanation.words["text"]
    assert shares.total == pytest.approx(explanation.attributions[0, 0])
    assert np.isfinite(alone.predict_proba([text])).all()
    said = [shares.text[start:stop] for start, stop in shares.spans]
    assert said == (["stale"] if text and "stale" in text else [])


def test_a_word_that_stands_twice_adds_in_both_places(alone):
    (shares,) = alone.explain(["stale ! stale"]).words["text"]
    assert shares.spans == ((0, 5), (8, 13))
    assert shares.strongest(9) == [("stale", pytest.approx(sum(shares.amounts)))]


def test_shapley_values_are_of_columns_alone(beside, table):
    assert beside.explain(table[0][:1], method="shapley").words == {}


def test_which_features_are_terms(beside):
    encoder = beside.model_.predictor.encoder
    (span,) = text_columns(encoder).values()
    names = encoder.feature_names(0)[span]
    assert len(names) == encoder.n_features(0) - 1
    assert all(name.startswith("review has ") for name in names)


def test_the_report_highlights_words(alone, table):
    X, praise = table
    page = render_page(Report.of(alone.model_, X["review"].to_numpy(object), praise))
    assert '<mark class="more w5"' in page
    assert ">stale</mark>" in page


def test_what_a_page_shows_of_a_text_is_the_text(alone):
    text = "<b>lovely</b> tea " + "box " * 600
    ((name, (words,)),) = alone.explain([text]).words.items()
    shown = view_of_words(name, words)
    assert "".join(piece["text"] for piece in shown["pieces"]) == text[:2000] + "..."
    assert {piece["color"][:4] for piece in shown["pieces"] if piece["text"] == "lovely"} <= {
        "more",
        "less",
    }


def test_the_command_tells_words_too(alone, table, tmp_path, capsys):
    alone.save(tmp_path / "m.madaline")
    pd.DataFrame({"text": table[0]["review"][:3]}).to_csv(tmp_path / "new.csv", index=False)
    command = ["explain", str(tmp_path / "m.madaline"), str(tmp_path / "new.csv"), "--json"]
    assert main(command) == 0
    facts = json.loads(capsys.readouterr().out)
    first = facts["words"]["text"][0]
    adds = sum(word["attribution"] for word in first["words"]) + first["absent"]
    assert adds == pytest.approx(facts["columns"]["attribution_text"][0])


def test_letters_of_names_add_up_to_what_the_name_adds():
    rng = np.random.default_rng(0)
    women = rng.random(120) < 0.5
    names = ["".join(rng.choice(list("bdlmnr"), 5)) + ("a" if one else "o") for one in women]
    model = AdaptiveClassifier(effort=8, random_state=0).fit(names, women)
    explanation = model.explain(["Nordla", "Bellmo Dora"])
    own, two = explanation.words["text"]
    assert own.spans == tuple((at, at + 1) for at in range(6))
    assert two.spans == ((0, 6), (7, 11))
    assert own.strongest(1)[0][0] == "a"
    for row, words in enumerate((own, two)):
        assert words.total == pytest.approx(explanation.attributions[row, 0], abs=1e-6)
