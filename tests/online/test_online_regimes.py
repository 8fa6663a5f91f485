"""What returns in a stream is known again: it is said, it is used, and it is kept in files."""

from __future__ import annotations

import copy
import re

import numpy as np
import pytest

from madaline import OnlineClassifier, OnlineRegressor
from madaline._models.online.mixing import Mixing
from madaline.errors import InputError
from madaline.records.regimes import Regime, RegimeReturned, Regimes, letter

LENGTH = 800


def rows(n_stretches, seed=0):
    """Return three numbers a row, and the sum that is told with a sign that turns to and fro."""
    X = np.random.default_rng(seed).uniform(-1, 1, (n_stretches * LENGTH, 3))
    sign = np.repeat([1, -1] * n_stretches, LENGTH)[: len(X)]
    return X, sign * (X @ [1.0, 2.0, -1.0])


def play(model, X, y, start=0):
    """Return the loss of each row."""
    losses = []
    for values, label in zip(X[start:].tolist(), y[start:].tolist(), strict=True):
        row = {f"x{number}": value for number, value in enumerate(values)}
        if isinstance(model, OnlineRegressor):
            losses.append(((model.predict_one(row) or 0.0) - label) ** 2)
        else:
            losses.append(-np.log(max(model.predict_proba_one(row).get(label, 0), 1e-3)))
        model.learn_one(row, label)
    return np.array(losses)


@pytest.fixture(scope="module")
def played():
    """Return a classifier after four stretches, the rows, and the losses."""
    X, y = rows(4)
    model = OnlineClassifier(random_state=0)
    return model, X, y > 0, play(model, X, y > 0)


def test_what_returns_is_known_again_and_said(played):
    model, *_ = played
    returned = [one for one in model.decisions_ if isinstance(one, RegimeReturned)]
    first = next(one for one in returned if one.epoch > 2 * LENGTH)
    assert first.name == "A"
    assert abs(first.since - 2 * LENGTH) < 20
    assert first.epoch - first.since < 60
    assert re.fullmatch(
        r"Since row 1,[56]\d\d regime A is back, as in rows 1 to \d+; it took \d+ rows to know\.",
        first.sentence,
    )
    assert RegimeReturned.from_json(first.to_json()) == first
    assert [one.name for one in model.regimes_] == ["A", "B"]
    assert all(last - first >= 49 for one in model.regimes_ for first, last in one.stretches)
    assert sum(one.share for one in model.regimes_) == pytest.approx(1, abs=0.05)
    assert "regime A: rows" in str(model.regimes_)
    assert "share" in model.regimes_.text()


def test_the_story_tells_what_changed_and_what_came_back(played):
    model, *_ = played
    story = model.story()
    assert [*story.parts] == ["tried", "seen", "time", "kept", "next"]
    assert "18 networks learn side by side" in str(story)
    assert "3,200 rows were learned, of 3 columns." in [*story]
    returned = [one.sentence for one in model.decisions_ if isinstance(one, RegimeReturned)]
    assert story.parts["time"][-1] == returned[-1]
    assert re.match(r"Regime [AB] is back, so changes of the lead", story.parts["next"][0])
    whole = [*model.story(full=True)]
    assert any(text.startswith("Regime A reigned in rows 1 to") for text in whole)
    assert {one.sentence for one in model.decisions_} <= {*whole}


def test_the_story_of_few_rows_asks_for_more():
    model = OnlineClassifier(max_regimes=0).learn_one({"x": 1.0}, "a")
    assert model.story().parts["kept"] == ["No regime is remembered, as max_regimes is 0."]
    assert "Learn more rows" in str(model.story())


def test_after_a_return_the_loss_is_lower_than_without_the_memory(played):
    _, X, y, losses = played
    without = play(OnlineClassifier(random_state=0, max_regimes=0), X, y)
    after = slice(2 * LENGTH, 2 * LENGTH + 300)
    assert losses[after].mean() < 0.6 * without[after].mean()


def test_numbers_return_too():
    X, y = rows(4)
    model, without = OnlineRegressor(random_state=0), OnlineRegressor(random_state=0, max_regimes=0)
    losses, before = play(model, X, y), play(without, X, y)
    after = slice(2 * LENGTH, 2 * LENGTH + 300)
    assert losses[after].mean() < 0.8 * before[after].mean()
    assert not without.regimes_


def test_files_and_copies_go_on_to_the_same_bits(played, tmp_path):
    model, X, y, _ = played
    model = copy.deepcopy(model)
    model.save(tmp_path / "a.madaline")
    again = OnlineClassifier.load(tmp_path / "a.madaline")
    assert again.max_regimes == model.max_regimes
    assert again.decisions_ == model.decisions_
    assert again.regimes_ == model.regimes_
    for one in (model, again):
        play(one, X[:600], y[:600])
        one.learn_one({"x0": 0.5, "x3": 2.0, "word": "new"}, "a new class")
        one.partial_fit({f"x{n}": X[:150, n] for n in range(3)}, y[:150])
        one.save(tmp_path / "b.madaline")
        one.bits = (tmp_path / "b.madaline").read_bytes()
    assert model.bits == again.bits


def test_labels_that_come_late_are_weighed_by_what_was_predicted():
    X, y = rows(3)
    model = OnlineClassifier(random_state=0)
    for key, values in enumerate(X.tolist()):
        model.predict_proba_one({f"x{n}": value for n, value in enumerate(values)}, key=key)
        if key >= 100:
            model.learn(key - 100, bool(y[key - 100] > 0))
    assert any(isinstance(one, RegimeReturned) for one in model.decisions_)


def test_no_more_regimes_are_kept_than_asked_for():
    rng = np.random.default_rng(0)
    model = OnlineClassifier(random_state=0, max_regimes=2)
    for _ in range(4):
        X = rng.uniform(-1, 1, (1000, 3))
        model.partial_fit(X, X @ rng.normal(size=3) > 0)
    assert 1 <= len(model.regimes_) <= 2


@pytest.mark.parametrize("value", [-1, 17, 1.5, True, "many"])
def test_other_numbers_of_regimes_are_refused(value):
    with pytest.raises(InputError, match=r"max_regimes is .*: give a whole number from 0"):
        OnlineClassifier(max_regimes=value).learn_one({"a": 1}, "up")


def test_weights_follow_what_predicts_well_and_sum_to_one():
    mixing = Mixing()
    mixing.add()
    for _ in range(20):
        mixing.update(np.array([2.0, 0.1]), np.ones(3), 1)
    assert mixing.mean.sum() == pytest.approx(1)
    assert mixing.mean[1] > 0.9
    mixing.remove(0)
    np.testing.assert_allclose(mixing.mean, [1.0])


def test_names_and_an_empty_table():
    assert [letter(number) for number in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
    regime = Regime("A", ((1, 9),), 0.5, 0.1, 1.0)
    assert Regimes([regime]).to_columns()["rows"] == ["1 to 9"]
    assert Regimes([regime]).to_json()[0]["name"] == "A"
    assert str(Regimes()) == "(none)"


def test_short_stretches_are_not_told():
    ours, other = ((1, 400), (500, 500), (801, 1200)), ((401, 800),)
    regimes = Regimes([Regime("A", ours, 0.7, 0.1, 0.6), Regime("B", other, 0.3, 0.1, 0.4)])
    assert regimes[0].rows == "1 to 400 and 801 to 1,200"
    assert regimes.timeline(1200) == "A" * 20 + "B" * 20 + "A" * 20
    returns = [RegimeReturned(row + 9, "", "A", row, ((1, 400),)) for row in (500, 801)]
    gone = RegimeReturned(600, "", "C", 590, ((1, 2),))
    assert regimes.lasting([*returns, gone]) == [returns[1], gone]
    bands = [(*band.x.tolist(), band.lower[0]) for band in regimes.figure().marks]
    assert bands == [(1, 400, -0.4), (801, 1200, -0.4), (401, 800, 0.6)]
