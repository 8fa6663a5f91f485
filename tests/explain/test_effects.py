"""Effects of a column: known functions give known curves and true sentences."""

from __future__ import annotations

import json

import numpy as np
import pytest
from known_models import known_model

from madaline._tell.explain.effect import stretches_of
from madaline._tell.explain.effects import edges_of, effects
from madaline.errors import InputError


@pytest.fixture
def pair():
    """Two columns of numbers that all but say the same."""
    rng = np.random.default_rng(0)
    a = rng.uniform(0, 10, 3000)
    return {"a": a, "b": a + rng.normal(0, 0.1, 3000)}


def test_of_a_line_the_accumulated_effect_is_the_line(pair):
    model = known_model(pair, lambda table: 3 * table["a"] - 2 * table["b"])
    effect = effects(model, pair, "a")
    np.testing.assert_allclose(np.diff(effect.prediction), 3 * np.diff(effect.values))
    at_rows = np.interp(pair["a"][::2], effect.values, effect.prediction)
    assert at_rows.mean() == pytest.approx((3 * pair["a"] - 2 * pair["b"])[::2].mean())
    assert effect.counts.sum() == 3000


@pytest.mark.parametrize("kind", ["accumulated", "partial"])
def test_of_a_sum_both_kinds_show_the_part(pair, kind):
    model = known_model(pair, lambda table: np.sin(table["a"]) + table["b"] ** 2)
    effect = effects(model, pair, "a", kind=kind)
    np.testing.assert_allclose(
        effect.prediction - effect.prediction[0],
        np.sin(effect.values) - np.sin(effect.values[0]),
        atol=1e-9,
    )


def test_what_networks_say_where_there_are_no_rows_bends_a_partial_dependence_alone(pair):
    """No row has a and b far apart, but a partial dependence asks about such rows."""
    model = known_model(pair, lambda t: t["a"] + 100 * (np.abs(t["a"] - t["b"]) > 2))
    accumulated, partial = (effects(model, pair, "a", kind=k) for k in ("accumulated", "partial"))
    np.testing.assert_allclose(np.diff(accumulated.prediction), np.diff(accumulated.values))
    assert np.abs(np.diff(partial.prediction) / np.diff(partial.values)).max() > 5


def test_of_a_product_of_twins_the_accumulated_effect_is_half_the_square():
    """What b adds is not counted as a's: the slope along a is b, so the curve is a squared / 2."""
    a = np.random.default_rng(0).normal(size=4000)
    columns = {"a": a, "b": a.copy()}
    model = known_model(columns, lambda table: table["a"] * table["b"])
    effect = effects(model, columns, "a", n_intervals=40)
    middle = np.abs(effect.values) < 2
    curve = effect.prediction - np.interp(0, effect.values, effect.prediction)
    np.testing.assert_allclose(curve[middle], effect.values[middle] ** 2 / 2, atol=0.1)
    partial = effects(model, columns, "a", kind="partial")
    np.testing.assert_allclose(partial.prediction, partial.values * a[::14].mean(), atol=1e-9)


def test_individual_curves_average_to_the_partial_dependence(pair):
    model = known_model(pair, lambda table: table["a"] * table["b"])
    effect = effects(model, pair, "a", kind="partial", n_intervals=5)
    assert effect.individual.shape == (300, 6)
    np.testing.assert_allclose(effect.individual.mean(axis=0), effect.prediction)
    assert effects(model, pair, "a").individual is None


def test_levels_are_compared_with_the_most_frequent_one():
    rng = np.random.default_rng(0)
    city = rng.choice(["Bonn", "Kiel", "Ulm"], 900, p=[0.5, 0.3, 0.2])
    columns = {"city": city, "x": rng.normal(size=900)}
    worth = {"Bonn": 0.0, "Kiel": 5.0, "Ulm": -1.0}
    model = known_model(columns, lambda t: [worth[c] for c in t["city"]] + t["x"])
    effect = effects(model, columns, "city")
    assert effect.values.tolist() == ["Bonn", "Kiel", "Ulm"]
    np.testing.assert_allclose(effect.prediction - effect.prediction[0], [0, 5, -1], atol=1e-12)
    assert "highest for Kiel" in effect.sentence
    assert "lowest for Ulm" in effect.sentence
    assert "6 apart" in effect.sentence
    partial = effects(model, columns, "city", kind="partial")
    np.testing.assert_allclose(partial.prediction - partial.prediction[0], [0, 5, -1], atol=1e-12)


def test_booleans_dates_and_gaps():
    days = np.datetime64("2024-01-01") + np.arange(400)
    columns = {
        "member": [None if n % 7 == 0 else n % 3 == 0 for n in range(400)],
        "day": days,
        "size": [np.nan if n % 5 == 0 else float(n % 20) for n in range(400)],
    }

    def function(table):
        member = np.array([one is True for one in table["member"]], float)
        since = (table["day"] - np.datetime64("2024-01-01")).astype(np.int64) / 8.64e10
        return 2 * member + 0.01 * since + np.nan_to_num(table["size"])

    model = known_model(columns, function)
    member = effects(model, columns, "member")
    assert member.values.tolist() == [False, True]
    assert member.range == pytest.approx(2)
    day = effects(model, columns, "day")
    assert day.range == pytest.approx(3.99)
    assert day.sentence.startswith(
        "From day 2024-01-01 to 2025-02-03 the predicted y rises by 3.99"
    )
    size = effects(model, columns, "size")
    assert size.counts.sum() == 320
    assert size.values[0] == 1.0
    for one in (member, day, size):
        assert json.loads(json.dumps(one.to_json()))["column"] == one.column
        assert str(one).count("\n") == len(one.values)


def test_a_sentence_tells_where_it_rises_and_where_it_stays():
    age = np.random.default_rng(0).integers(20, 80, 2000).astype(float)
    columns = {"age": age, "x": age[::-1]}
    model = known_model(
        columns,
        lambda t: (
            np.log(0.1 + 0.4 * np.clip((t["age"] - 20) / 25, 0, 1))
            - np.log(0.9 - 0.4 * np.clip((t["age"] - 20) / 25, 0, 1))
        ),
        classes=["no", "yes"],
    )
    effect = effects(model, columns, "age", n_intervals=60)
    assert effect.sentence == (
        "From age 20 to 45 the probability of yes rises by 40 points, then to 79 stays about the"
        " same."
    )
    assert repr(effect) == f"<Effect of age: {effect.sentence}>"
    hardly = effects(model, columns, "x").sentence
    assert hardly == "x hardly changes the probability of yes: by 0 points at most."


def test_a_sentence_tells_where_most_of_a_change_is():
    x = np.random.default_rng(0).uniform(0, 10, 2000)
    model = known_model({"x": x}, lambda t: t["x"] + 9 * (t["x"] > 5))
    assert "rises by 19 (most of it from 4.972 to 5.541)" in effects(model, {"x": x}, "x").sentence


def test_a_sentence_is_short_however_many_bends_there_are():
    x = np.random.default_rng(0).uniform(0, 60, 4000)
    model = known_model({"x": x}, lambda table: np.sin(table["x"]))
    assert effects(model, {"x": x}, "x", n_intervals=50).sentence.count("then") <= 3


def test_of_several_classes_the_one_that_is_moved_most_is_told():
    x = np.random.default_rng(0).normal(size=500)
    model = known_model(
        {"x": x},
        lambda t: np.stack([0 * t["x"] - 9, 0 * t["x"], 2 * t["x"] - 5], axis=1),
        classes=["a", "b", "c"],
    )
    assert effects(model, {"x": x}, "x").name in ("probability of b", "probability of c")
    told = effects(model, {"x": x}, "x", target_class="c", scale="log_odds")
    assert told.name == "log-odds of c"
    np.testing.assert_allclose(np.diff(told.prediction), 2 * np.diff(told.values), rtol=1e-3)
    first = effects(model, {"x": x}, "x", target_class="a")
    assert first.range < 0.001
    assert "hardly" in first.sentence


@pytest.mark.parametrize(
    ("column", "options", "words"),
    [
        ("nobody", {}, "no column 'nobody': it uses 'a', 'b'"),
        ("constant", {}, r"does not use the column constant \(constant: the same value"),
        ("a", {"kind": "magic"}, "kind is 'magic'"),
        ("a", {"n_intervals": 0}, "n_intervals is 0"),
        ("a", {"target_class": "yes"}, "predicts a number, y, but the class 'yes'"),
        ("a", {"scale": "log_odds"}, "the scale 'log_odds' was asked for"),
    ],
)
def test_what_cannot_be_is_a_sentence(pair, column, options, words):
    columns = pair | {"constant": np.ones(3000)}
    model = known_model(columns, lambda table: table["a"])
    with pytest.raises(InputError, match=words):
        effects(model, columns, column, **options)


def test_a_class_or_a_scale_that_is_none_is_a_sentence(pair):
    model = known_model(pair, lambda table: table["a"], classes=["no", "yes"])
    with pytest.raises(InputError, match="There is no class 'maybe': choose one of no, yes"):
        effects(model, pair, "a", target_class="maybe")
    with pytest.raises(InputError, match="scale is 'percent'"):
        effects(model, pair, "a", scale="percent")


def test_a_table_with_one_value_has_no_effect_to_show(pair):
    model = known_model(pair, lambda table: table["a"])
    with pytest.raises(InputError, match="holds 1 different values"):
        effects(model, {"a": np.ones(5), "b": np.arange(5.0)}, "a")
    with pytest.raises(InputError, match="no rows"):
        effects(model, {"a": [], "b": []}, "a")


def test_edges_are_values_that_occur():
    values = np.random.default_rng(0).lognormal(size=500)
    edges = edges_of(values, 20)
    assert set(edges) <= set(values)
    assert (edges[0], edges[-1], len(edges)) == (values.min(), values.max(), 21)


def test_a_long_tail_is_left_out_but_not_rare_values_beside_a_common_one():
    rng = np.random.default_rng(0)
    ratio = rng.normal(35, 4, 1000)
    ratio[:8] = 300
    gain = np.where(rng.random(1000) < 0.04, rng.integers(1, 9, 1000) * 1000.0, 0.0)
    columns = {"ratio": ratio, "gain": gain}
    model = known_model(columns, lambda table: table["ratio"] + table["gain"])
    for kind in ("accumulated", "partial"):
        effect = effects(model, columns, "ratio", kind=kind)
        assert ratio.min() == effect.values[0]
        assert 40 < effect.values[-1] < 45
        assert effect.counts.sum() == (ratio <= effect.values[-1]).sum()
        np.testing.assert_allclose(np.diff(effect.prediction), np.diff(effect.values))
    assert effects(model, columns, "gain").values[-1] == 8000


def test_a_flat_line_has_one_stretch():
    assert stretches_of(np.zeros(5), 0.1) == [(0, 4)]
    assert stretches_of(np.array([0.0, 1.0]), 0.1) == [(0, 1)]
