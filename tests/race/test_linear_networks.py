from __future__ import annotations

import numpy as np
import pytest

from madaline import AdaptiveClassifier, AdaptiveRegressor
from madaline._base.json_checks import Malformed
from madaline._race.recipe import RECIPE, LinearRecipe, TextRecipe
from madaline._race.recipe_policies import GrowthPolicy, LearningRatePolicy, SimplificationPolicy
from madaline._race.state import Candidate, RaceState
from madaline.records.race_decisions import Solved

WORDS = [f"{letter}{vowel}n" for letter in "bdfgklmpst" for vowel in "aeiou"]


def make_texts(n_samples, seed=0):
    """Return texts and how many of their words are among the first ten."""
    rng = np.random.default_rng(seed)
    words = rng.integers(0, len(WORDS), (n_samples, 9))
    texts = [" ".join(WORDS[word] for word in row) for row in words]
    return texts, (words < 10).sum(axis=1)


def test_linear_networks_race_and_end_after_an_epoch():
    (texts, n), (test_texts, test_n) = make_texts(300), make_texts(500, seed=1)
    model, other = (
        AdaptiveClassifier(effort=2, random_state=0, n_jobs=n_jobs).fit(texts, n > 1)
        for n_jobs in (1, 2)
    )
    solved = [one for one in model.decisions_ if isinstance(one, Solved)]
    assert {one.epoch for one in solved} == {1}
    assert all("linear" in str(one) for one in solved)
    assert model.score(test_texts, test_n > 1) > 0.85
    assert np.array_equal(model.predict_proba(test_texts), other.predict_proba(test_texts))


def test_they_predict_numbers():
    texts, n = make_texts(300)
    model = AdaptiveRegressor(effort=1, random_state=0).fit(texts, n.astype(float))
    test_texts, test_n = make_texts(500, seed=1)
    assert model.score(test_texts, test_n.astype(float)) > 0.8


@pytest.mark.parametrize(
    "policy",
    [GrowthPolicy(0.0, 64, 9), LearningRatePolicy(1e-6, 9), SimplificationPolicy(2.0, 1)],
)
def test_nothing_is_tried_with_what_was_solved(policy):
    leader = Candidate("1", LinearRecipe(0, 10), network=None, loss=0.2, epoch=1, racing=False)
    other = Candidate("2", TextRecipe(0, 10), network=None, loss=0.3, epoch=1)
    assert policy.decide(RaceState(1, {"1": leader, "2": other}, dataset=None)) == []


def test_a_checkpoint_with_units_in_linear_networks_is_refused():
    values = LinearRecipe(0, 10).to_json()
    RECIPE({**values, "units": []})
    with pytest.raises(Malformed, match="units"):
        RECIPE({**values, "units": [1]})
