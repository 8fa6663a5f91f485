"""The numbers that findings name, each by a sum of its own."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import special, stats

from madaline._base.language.choice import speaking
from madaline._models.diagnosis.finding import Finding
from madaline._models.diagnosis.groups import Cut as ColumnCut
from madaline._models.diagnosis.groups import Group, _group_loss, _GroupLoss, groups_of
from madaline._models.diagnosis.new_table import _find_outliers, _find_unseen, _tail, find_drift
from madaline._models.diagnosis.out_of_fold import (
    holm,
    kolmogorov_p_value,
    share_difference,
    student_p_value,
)
from madaline._models.diagnosis.over_time import _find_aging, _find_odd_stretch
from madaline._models.diagnosis.predictions import (
    Suspects,
    _wrong_share,
    find_confused_classes,
    find_miscalibration,
)
from madaline._race.time.forward import Aging, ForwardScores, Stretch
from madaline._tables.profile import TableProfile
from madaline._tables.schema import Schema
from madaline._tables.table import Table


def sigmoid(output):
    return 1 / (1 + np.exp(-output))


@pytest.mark.parametrize("degrees", [1, 3, 30, 200, 201])
def test_chances_of_few_rows_are_those_of_students_t(degrees):
    for t in (0.0, 0.7, -2.5, 4.0):
        expected = 2 * stats.t.sf(abs(t), degrees) if degrees <= 200 else 2 * stats.norm.sf(abs(t))
        assert student_p_value(t, degrees) == pytest.approx(expected, rel=5e-4)
    assert student_p_value(9.0, 0) == 1


def test_many_tests_are_held_to_one_level_together():
    p = np.array([0.004, 0.0001, 0.0051, 0.9])
    assert holm(p).tolist() == [False, True, False, False]  # .01 / 4, .01 / 3, ...
    assert holm(np.array([0.0033, 0.0001, 0.0049, 0.009])).tolist() == [True] * 4
    assert holm(np.array([0.0034, 0.0001, 0.0001])).tolist() == [True] * 3
    assert holm(p, 0.05).tolist() == [True, True, True, False]


def test_shares_differ_by_so_many_standard_errors_as_chance_says():
    rng = np.random.default_rng(0)
    first, second = rng.binomial(400, 0.2, 3000) / 400, rng.binomial(150, 0.2, 3000) / 150
    found = [share_difference(a, 400, b, 150) for a, b in zip(first, second, strict=True)]
    assert np.std(found) == pytest.approx(1, abs=0.04)
    assert np.mean(found) == pytest.approx(0, abs=0.06)


def test_distances_of_distributions_are_as_likely_as_kolmogorov_says():
    for distance, n, m in ((0.1, 300, 200), (0.25, 60, 4000), (0.02, 50, 50)):
        rows = np.sqrt(n * m / (n + m))
        expected = special.kolmogorov((rows + 0.12 + 0.11 / rows) * distance)
        assert kolmogorov_p_value(distance, n, m) == pytest.approx(expected, abs=2e-5)


def test_the_loss_of_a_group_beside_the_others(make_out_of_fold):
    rng = np.random.default_rng(1)
    target = rng.normal(size=200)
    output = target + rng.normal(size=200) * np.where(np.arange(200) < 50, 2.0, 0.5)
    evaluated = make_out_of_fold({"x": rng.normal(size=200)}, target, output)
    weight, groups = rng.uniform(0.5, 2, 200), np.arange(200) // 2
    evaluated = replace(evaluated, weight=weight, groups=groups)
    rows = np.arange(200) < 50
    found = _group_loss(evaluated, Group("g", rows))
    losses = evaluated.losses
    assert losses == pytest.approx(
        np.square(output - target) * losses[0] / (output - target)[0] ** 2
    )
    inside, outside = (np.average(losses[r], weights=weight[r]) for r in (rows, ~rows))
    assert found.times == pytest.approx(inside / outside)
    mean = np.average(target[rows], weights=weight[rows])
    unit = losses[0] / (output - target)[0] ** 2
    constant = np.average(unit * (target[rows] - mean) ** 2, weights=weight[rows])
    assert found.left == pytest.approx(inside / constant, rel=1e-5)
    errors = []
    for part in (rows, ~rows):
        each = np.average(losses[part], weights=weight[part])
        left = [
            np.average(losses[part & (groups != g)], weights=weight[part & (groups != g)])
            for g in np.unique(groups[part])
        ]
        errors.append(np.sum((np.array(left) - each) ** 2))
    assert found.standard_errors == pytest.approx((inside - outside) / np.sqrt(sum(errors)))
    assert found.degrees == 24
    assert not found.expected


@pytest.mark.parametrize(
    ("times", "left", "expected", "severity"),
    [
        (2.0, 1.0, False, "high"),
        (1.9, 1.0, False, "medium"),
        (2.0, 0.9, False, "medium"),
        (1.5, 0.9, False, "medium"),
        (2.0, 1.0, True, "low"),
        (1.4, 1.0, False, None),
        (2.9, 0.8, False, None),
        (3.0, 0.8, False, "low"),
    ],
)
def test_how_bad_a_group_is(times, left, expected, severity):
    group = Group("g", np.ones(3, bool))
    assert _GroupLoss(group, times, left, 9.0, 5, expected).severity == severity


def test_ranges_of_a_number_have_as_many_rows_each():
    values = np.random.default_rng(2).permutation(100).astype(float)
    values[:3] = np.nan
    cut = ColumnCut.of("x", "number", values, n_parts=4)
    counts = np.bincount(cut.parts, minlength=5)
    assert counts[4] == 3
    assert np.ptp(counts[:4]) <= 1
    found = {group.name: group.n_rows for group in groups_of(cut)}
    assert found == {}  # none has thirty rows
    cut = ColumnCut.of("x", "number", np.arange(150.0), n_parts=4)
    names = [group.name for group in groups_of(cut)]
    assert names[0].startswith("x from 0 to 3")
    assert len(names) == 4


def test_probabilities_that_are_off_are_told_with_both_numbers(make_out_of_fold):
    rng = np.random.default_rng(3)
    p = rng.uniform(0.02, 0.98, 2000)
    true = np.where((p > 0.6) & (p < 0.7), 0.2, p)
    target = (rng.random(2000) < true).astype(float)
    evaluated = make_out_of_fold({"x": p}, target, np.log(p / (1 - p)), classes=("no", "yes"))
    (found,) = find_miscalibration(evaluated)
    regions = np.array_split(np.argsort(p, kind="stable"), 10)
    gaps = [abs(np.mean(target[r] - p[r])) for r in regions]
    worst = regions[int(np.argmax(gaps))]
    assert found.evidence["predicted"] == pytest.approx(p[worst].mean(), rel=1e-5)
    assert found.evidence["true"] == pytest.approx(target[worst].mean())
    assert found.evidence["rows"] == 200
    assert found.severity == "medium"


def test_confused_classes_are_told_with_their_share(make_out_of_fold):
    truth = np.repeat([0, 1, 2], [40, 30, 19])
    guess = truth.copy()
    guess[:12], guess[40:56], guess[70:] = 1, 2, 0
    evaluated = make_out_of_fold(
        {"x": np.arange(89.0)}, np.eye(3)[truth], 9 * np.eye(3)[guess], classes=("a", "b", "c")
    )
    findings = find_confused_classes(evaluated)
    found = {one.subject: one.evidence | {"is": one.severity} for one in findings}
    assert found == {  # the third class has too few rows
        "b → c": {"share": 16 / 30, "confused": 16, "rows": 30, "is": "medium"},
        "a → b": {"share": 12 / 40, "confused": 12, "rows": 40, "is": "low"},
    }
    assert findings[0].observed == "16 of the 30 rows of class b (53%) were predicted as c."
    kept = Finding.from_json(json.loads(json.dumps(findings[0].to_json())))
    with speaking("zh"):  # whatever the language of the fit
        assert kept.observed == "类别 b 的 30 行中，有 16 行（53%）被预测为 c。"


def test_suspects_are_surer_of_another_class_than_is_usual_for_it():
    probability = np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8], [0.4, 0.6], [0.85, 0.15]])
    labels = np.array([0, 0, 1, 1, 1])
    found = Suspects.among(probability, labels)
    # Usual is .8 of the first class, and (.8 + .6 + .15) / 3 of the second
    assert found.quality.tolist() == [0.9, 0.7, 0.8, 0.6, 0.15]
    assert found.suspected.tolist() == [False, False, False, False, True]
    assert found.ranked.tolist() == [4]
    lower = np.where(np.arange(5)[:, None] == 4, [0.79, 0.21], probability)
    assert not Suspects.among(lower, labels).suspected.any()


@pytest.mark.parametrize("share", [0.0, 0.04, 0.1])
def test_the_share_of_wrong_labels_is_the_planted_one(share):
    rng = np.random.default_rng(4)
    truth = rng.integers(0, 2, 4000)
    p = np.clip(np.where(truth, 0.97, 0.03) + 0.02 * rng.normal(size=4000), 0.001, 0.999)
    wrong = rng.random(4000) < share
    labels = np.where(wrong, 1 - truth, truth)
    found, error = _wrong_share(np.stack([1 - p, p], axis=1), labels)
    assert found == pytest.approx(share, abs=0.015)
    if share:
        assert error == pytest.approx(np.sqrt(found * (1 - found) / 2000))


def test_a_drift_is_told_with_both_shares():
    rng = np.random.default_rng(5)
    color = rng.choice(["red", "blue"], 900, p=[0.7, 0.3]).astype(object)
    table = Table.from_columns({"x": rng.normal(size=900), "color": color})
    profile = TableProfile.of(table, Schema.infer(table))
    now = rng.choice(["red", "blue"], 400, p=[0.4, 0.6]).astype(object)
    later = Table.from_columns({"x": rng.normal(0.8, 1, 400), "color": now})
    found = {one.subject: one for one in find_drift(later, profile)}
    by_color = found["color"].evidence
    level = "red" if "red" in found["color"].seen else "blue"
    assert by_color["before"] == pytest.approx(np.mean(color == level), abs=1e-4)
    assert by_color["now"] == pytest.approx(np.mean(now == level))
    by_number = found["x"].evidence
    column = next(one for one in profile.columns if one.name == "x")
    shares = [np.mean(later["x"] <= edge) for edge in column.edges]
    gaps = np.abs(np.array(shares) - column.below)
    worst = int(gaps.argmax())
    assert by_number["now"] == pytest.approx(shares[worst])
    assert by_number["before"] == pytest.approx(column.below[worst])
    assert found["x"].severity == ("high" if gaps[worst] >= 0.25 else "medium")
    rows = np.sqrt(900 * 400 / 1300)
    chance = special.kolmogorov((rows + 0.12 + 0.11 / rows) * gaps[worst])
    assert by_number["p_value"] == pytest.approx(2 * chance, abs=1e-9)  # of two looks


def test_rows_outside_and_unknown_levels_are_counted():
    rng = np.random.default_rng(6)
    table = Table.from_columns({"x": rng.uniform(size=100), "z": np.arange(100.0) % 10})
    profile = TableProfile.of(table, Schema.infer(table))
    x = rng.uniform(size=40)
    x[[3, 7]] = 1e6
    z = np.arange(40.0) % 10
    z[9] = -1e6
    (found,) = _find_outliers(Table.from_columns({"x": x, "z": z}), profile)
    assert found.evidence == {"rows": 3, "n_rows": 40, "in_column": 2}
    assert (found.subject, found.severity, found.rows) == ("x", "medium", (3, 7, 9))
    few, many = _find_unseen({"a": 4, "b": 5}, 100)
    assert (few.severity, many.severity) == ("low", "medium")
    assert many.evidence == {"rows": 5, "n_rows": 100}


def test_tails_reach_as_far_as_a_power_law_of_their_last_values():
    """From 4 to 8 within ten rows: half as far again for each factor of its exponent."""
    exponent = np.log(2) / np.log(10)
    assert _tail(np.array([1.0, 4.0, 8.0]), 10, 50) == pytest.approx(50**exponent)
    assert _tail(np.array([1.0, 4.0, 8.0]), 10, 1.0) == 1.5
    assert _tail(np.array([1.0, 4.0, 8.0]), 10, 1e9) == pytest.approx(20)
    for away, rows in (([4.0, 8.0], 10), ([1.0, 0.0, 8.0], 10), ([1.0, 4.0, 8.0], 1)):
        assert _tail(np.array(away), rows, 50) == 20


def forward_of(values, aging=(), metric="rmse"):
    stretches = tuple(
        Stretch(10.0 * k, 10.0 * k + 9, 10, 50, value, 9.0) for k, value in enumerate(values)
    )
    return ForwardScores("t", False, metric, stretches, aging=aging)


@pytest.mark.parametrize("worst", [1.5, 3.0, 4.5, 6.0, 9.0, 30.0])
def test_a_stretch_is_odd_where_its_logarithm_is_far_from_the_others(worst):
    values = np.array([1.0, 1.3, worst, 0.9, 1.1])
    logs = np.log([1.0, 1.3, 0.9, 1.1])
    variance = (2 * 0.3**2 + np.sum((logs - logs.mean()) ** 2)) / (2 + 3)
    spread = np.sqrt(variance * (1 + 1 / 4))
    chance = stats.t.sf((np.log(worst) - logs.mean()) / spread, 5)
    found = _find_odd_stretch(forward_of(values))
    assert bool(found) is bool(chance <= 0.01 / 5 and worst >= 1.5 * 1.075)
    if found:
        assert found[0].evidence == {"worst": worst, "least": 0.9, "most": 1.3}
        assert found[0].severity == "medium"
    latest = np.array([1.0, 1.3, 0.9, 1.1, 30.0])
    assert _find_odd_stretch(forward_of(latest))[0].severity == "high"
    assert _find_odd_stretch(forward_of([1.0, 1.3, 30.0])) == []


def test_aging_is_told_by_the_loss_that_lasts():
    aging = tuple(Aging(10.0 * k, loss) for k, loss in ((1, 1.3), (2, 1.04), (3, 1.2), (4, 1.12)))
    (found,) = _find_aging(forward_of([1.0] * 5, aging))
    assert found.evidence == {
        "lost": pytest.approx(0.12),
        "times": pytest.approx(1.12),
        "age": 40.0,
        "share": pytest.approx(0.04),  # what is worse for a while is chance
        "every": 20.0,
    }
    assert found.severity == "low"
    fast = tuple(Aging(10.0 * k, loss) for k, loss in ((1, 1.2), (2, 1.5)))
    (found,) = _find_aging(forward_of([1.0] * 3, fast))
    assert (found.severity, found.evidence["every"]) == ("medium", 10.0)
    assert _find_aging(forward_of([1.0] * 3, (Aging(10.0, 1.049),))) == []
