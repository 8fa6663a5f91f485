"""A table of texts on the command line: taken for what they are, or told, in any language."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

FILLING = ("the", "tea", "box", "was", "and", "it", "came", "in", "a", "shop")


@pytest.fixture
def reviews(place):
    rng = np.random.default_rng(0)
    praise = rng.random(120) < 0.5
    texts = [
        " ".join(rng.permutation([*rng.choice(FILLING, 8), "lovely" if good else "stale"]))
        for good in praise
    ]
    table = pd.DataFrame({"review": texts, "label": np.where(praise, "good", "bad")})
    table.to_csv(place / "reviews.csv", index=False)
    return table


def test_a_table_of_texts_just_works(run, reviews, place):
    fitted = run("fit", "reviews.csv", "--target", "label", "--effort", 6)
    assert fitted.code == 0
    assert "Columns: 1 text." in fitted.err
    assert "Terms: words, pairs of words" in " ".join(
        run("story", "reviews.madaline", "--full").out.split()
    )
    new = pd.DataFrame(
        {"review": ["A LOVELY shop", "stale tea", "", "日本語です", "tea " * 50_000]}
    )
    new.to_csv(place / "new.csv", index=False)
    predicted = run("predict", "reviews.madaline", "new.csv")
    assert predicted.out.split()[1:3] == ["good", "bad"]
    assert predicted.err == (
        "warning: texts without any word that the model knows: review in 1 row.\n"
    )
    explained = run("explain", "reviews.madaline", "new.csv", "--rows", 1)
    assert "    review: lovely +" in explained.out


def test_a_column_may_be_told_to_be_text_or_not(run, reviews):
    usual = ["fit", "reviews.csv", "--target", "label", "--effort", 1, "--json"]

    def kind(*more):
        return json.loads(run(*usual, *more).out)["columns"][0]["kind"]

    assert kind("--text", "review") == "text"
    assert kind("--category", "review") == "category"
    both = run(*usual, "--category", "review", "--text", "review")
    assert both.sentence == "Column review is given the kinds category and text: choose one."
    assert "--text names revue" in run(*usual, "--text", "revue").sentence
