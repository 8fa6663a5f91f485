"""Importances, interactions and scales of explanations by sums of their own."""

from __future__ import annotations

import numpy as np
import pytest
from known_models import known_model

from madaline._race.importance import importance_of, permute_rows
from madaline._tables.target import CountEncoder, RegressionEncoder
from madaline._tell.explain.importances import importances, interactions
from madaline._tell.explain.scale import Readout, _LogOdds, _Probability, _TargetUnit, margins


def columns_of(n_rows, names="ab", seed=0):
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=n_rows) for name in names}


def test_an_importance_is_the_mean_rise_of_the_loss_over_permutations():
    columns = columns_of(40)
    target = columns["a"] + 0.1 * columns["b"]
    encoder = RegressionEncoder(0.0, 1.0, -9.0, 9.0)
    model = known_model(columns, lambda t: t["a"] + t["b"], target_encoder=encoder)
    found = {one.name: one for one in importances(model, columns, target, repeats=3, seed=4)}
    for number, name in enumerate("ab"):
        rng, rise = np.random.default_rng([4, number]), np.zeros(40)
        for _ in range(3):
            moved = columns | {name: columns[name][permute_rows(40, rng)]}
            after, before = (c["a"] + c["b"] - target for c in (moved, columns))
            rise += (after**2 - before**2) / 3
        unit = model.predictor.loss.rows(np.zeros((1, 1)), np.ones((1, 1)))[0]
        assert found[name].value == pytest.approx(unit * rise.mean(), rel=1e-4)
        left = (rise.sum() - rise) / 39
        error = np.sqrt(np.sum((left - rise.mean()) ** 2))
        assert found[name].standard_error == pytest.approx(unit * error, rel=1e-4)


def test_an_importance_is_clear_from_two_standard_errors_on():
    rise = np.array([1.0, 3.0, 2.0, 6.0])
    weight, groups = np.array([1.0, 2.0, 1.0, 1.0]), np.array([0, 0, 1, 2])
    found = importance_of(["x"], rise, weight, groups, "r2")
    mean = np.average(rise, weights=weight)
    assert found.value == pytest.approx(mean)
    left = [np.average(rise[groups != g], weights=weight[groups != g]) for g in range(3)]
    assert found.standard_error == pytest.approx(np.sqrt(np.sum((np.array(left) - mean) ** 2)))
    assert found.clear is (found.value > 2 * found.standard_error)


def test_the_error_of_an_importance_is_its_scatter_over_tables():
    encoder = RegressionEncoder(0.0, 1.0, -9.0, 9.0)
    model = known_model(columns_of(200), lambda t: t["a"], target_encoder=encoder)
    values, errors = [], []
    for seed in range(60):
        columns = columns_of(200, seed=seed)
        target = columns["a"] + np.random.default_rng(seed + 999).normal(size=200)
        (found,) = importances(model, columns, target, together=[["a"]], repeats=5, seed=seed)
        values.append(found.value)
        errors.append(found.standard_error)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.35)
    unit = model.predictor.loss.rows(np.zeros((1, 1)), np.ones((1, 1)))[0]
    assert np.mean(values) == pytest.approx(2 * unit, rel=0.06)


def test_an_interaction_is_the_joint_change_beyond_both_single_ones():
    columns = columns_of(120, "abc")

    def function(t):
        return t["a"] + 2 * t["a"] * t["b"] + np.sin(t["c"])

    model = known_model(columns, function)
    found = {one.columns: one for one in interactions(model, columns, seed=7)}
    donors = permute_rows(120, np.random.default_rng(7))

    def moved(*names):
        return function(columns | {name: columns[name][donors] for name in names})

    variance = moved().var()
    for pair in (("a", "b"), ("a", "c"), ("b", "c")):
        remainder = moved() - moved(pair[0]) - moved(pair[1]) + moved(*pair)
        squares = remainder**2 / 4
        strength = np.sqrt(squares.mean() / variance)
        assert found[pair].strength == pytest.approx(strength, abs=1e-9)
        if strength > 1e-6:
            error = squares.std() / np.sqrt(120) / (2 * strength * variance)
            assert found[pair].standard_error == pytest.approx(error)
    assert found[("a", "b")].clear
    constant = known_model(columns, lambda t: np.ones(len(t["a"])))
    assert {one.strength for one in interactions(constant, columns)} == {0.0}


def test_a_table_of_many_columns_pairs_those_with_the_largest_effects():
    names = "abcdefghijklmn"
    columns = columns_of(60, names)
    size = dict(zip(names, range(1, 15), strict=True))
    model = known_model(columns, lambda t: sum(size[name] * t[name] for name in names))
    paired = {name for one in interactions(model, columns) for name in one.columns}
    assert paired == set(names[2:])


OUTPUT = np.array([[1.0, -0.5, 0.3], [0.2, 2.0, -1.0]])


@pytest.mark.parametrize("scale", [_LogOdds(), _Probability()])
def test_numbers_that_are_explained_are_log_odds_and_probabilities(scale):
    p = np.exp(OUTPUT) / np.exp(OUTPUT).sum(axis=1, keepdims=True)
    for index in range(3):
        classes = np.full(2, index)
        expected = p[:, index]
        if scale.name == "log_odds":
            expected = np.log(expected / (1 - expected))
        assert scale.value(OUTPUT, classes) == pytest.approx(expected)
        gradient = scale.gradient(OUTPUT, classes)
        for column in range(3):
            step = np.zeros(3)
            step[column] = 1e-6
            slope = (
                scale.value(OUTPUT + step, classes) - scale.value(OUTPUT - step, classes)
            ) / 2e-6
            assert gradient[:, column] == pytest.approx(slope, abs=1e-7)
    two = OUTPUT[:, :1]
    second = 1 / (1 + np.exp(-two[:, 0]))
    for index, share in ((1, second), (0, 1 - second)):
        expected = np.log(share / (1 - share)) if scale.name == "log_odds" else share
        assert scale.value(two, np.full(2, index)) == pytest.approx(expected)
        slope = (
            scale.value(two + 1e-6, np.full(2, index)) - scale.value(two - 1e-6, np.full(2, index))
        ) / 2e-6
        assert scale.gradient(two, np.full(2, index))[:, 0] == pytest.approx(slope, abs=1e-7)
    assert scale.extent == 1


def test_numbers_are_explained_in_the_unit_of_the_target():
    scale = _TargetUnit(RegressionEncoder(10.0, 4.0, 2.0, 30.0))
    output = np.array([[1.0], [-2.0]])
    assert scale.value(output, np.zeros(2)).tolist() == [14, 2]
    assert scale.gradient(output, np.zeros(2)).tolist() == [[4], [4]]
    assert scale.extent == 28
    assert _TargetUnit(RegressionEncoder(10.0, 4.0, 2.0, 2.0)).extent == 4
    counts = CountEncoder.fit(np.array([1.0, 3.0, 8.0]))
    scale = _TargetUnit(counts)
    expected = np.exp(output[:, 0]) * counts.scale
    assert scale.value(output, np.zeros(2)) == pytest.approx(expected)
    assert scale.gradient(output, np.zeros(2))[:, 0] == pytest.approx(expected)


def test_margins_are_the_log_odds_of_each_class():
    p = np.exp(OUTPUT) / np.exp(OUTPUT).sum(axis=1, keepdims=True)
    assert margins(OUTPUT) == pytest.approx(np.log(p / (1 - p)))
    assert margins(OUTPUT[:, :1]) is not None
    np.testing.assert_array_equal(margins(OUTPUT[:, :1]), OUTPUT[:, :1])


def test_amounts_are_told_in_points_and_numbers():
    of_share = Readout(None, "probability", 1, "probability of yes")
    told = [of_share.amount(size) for size in (0.5, -0.0951, 0.0949, 0.01, 0.004)]
    assert told == ["50 points", "10 points", "9.5 points", "1 point", "0.4 points"]
    assert of_share.level(0.1234) == "12.3%"
    of_number = Readout(None, "target", 0, "price")
    assert (of_number.amount(-2.5), of_number.level(1234.567)) == ("2.5", "1,235")
