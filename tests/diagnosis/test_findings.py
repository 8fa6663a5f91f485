"""Findings from made-up out-of-fold predictions, and what findings are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from madaline._models.diagnosis.finding import Diagnosis, Finding
from madaline._models.diagnosis.groups import cuts_of, find_worse_groups, groups_of
from madaline._models.diagnosis.learning import Strength, find_weakness
from madaline._models.diagnosis.out_of_fold import (
    holm,
    kolmogorov_p_value,
    normal_p_value,
    share_difference,
)
from madaline._models.diagnosis.predictions import Suspects, _wrong_share, find_miscalibration
from madaline._models.diagnosis.training_table import find_one_column
from madaline._race.evaluation.leakage import Leak
from madaline._race.importance import Importance


def all_groups(evaluated):
    """Return the groups of all columns."""
    return [group for cut in cuts_of(evaluated, n_parts=10) for group in groups_of(cut)]


def test_columns_are_left_out_only_where_there_are_several(make_out_of_fold):
    rng, strength = np.random.default_rng(0), Strength(0.1, 0.6, 1.6, 20.0, unfinished=False)
    target, columns = rng.normal(size=300), {"x": rng.normal(size=300), "z": rng.normal(size=300)}
    (found,) = find_weakness(strength, make_out_of_fold(columns, target, target))
    assert (found.kind, found.severity) == ("overfit", "medium")
    assert "leave out columns" in str(found)
    (alone,) = find_weakness(strength, make_out_of_fold({"x": columns["x"]}, target, target))
    assert (alone.kind, alone.severity) == ("overfit", "low")
    assert "leave out columns" not in str(alone)


def test_a_group_that_is_predicted_badly(make_out_of_fold):
    rng = np.random.default_rng(0)
    target, city = rng.normal(size=900), rng.choice(["Bonn", "Kiel", "Ulm"], 900).astype(object)
    output = np.where(city == "Ulm", 0.0, target) + 0.3 * rng.normal(size=900)
    evaluated = make_out_of_fold({"city": city, "x": rng.normal(size=900)}, target, output)
    (found,) = find_worse_groups(evaluated, all_groups(evaluated))
    assert (found.subject, found.severity) == ("city = Ulm", "high")
    assert found.evidence["times"] > 5


def test_of_large_tables_every_kth_row_is_looked_at(make_out_of_fold):
    x = np.arange(1000.0)
    evaluated = make_out_of_fold({"x": x}, x, x)
    part = evaluated.thinned(300)
    assert part.n_rows == 250
    assert part.bounds == (0, 125, 250)
    assert part.row_numbers_of(np.array([0, 2])) == (0, 8)
    assert np.array_equal(part.fold, evaluated.fold[::4])


def test_a_group_that_varies_more_is_no_bad_news(make_out_of_fold):
    rng = np.random.default_rng(0)
    x = rng.normal(size=900)
    spread = np.where(x > 1, 2.0, 1.0)
    target = spread * rng.normal(size=900)
    output = 0.9 * target + 0.1 * spread * rng.normal(size=900)
    evaluated = make_out_of_fold({"x": x}, target, output)
    assert [one.severity for one in find_worse_groups(evaluated, all_groups(evaluated))] in (
        [],
        ["low"],
    )


def test_probabilities_that_do_not_come_true(make_out_of_fold):
    rng = np.random.default_rng(0)
    output = rng.normal(size=3000)
    target = rng.random(3000) < 1 / (1 + np.exp(-output))
    columns = {"x": output}
    assert find_miscalibration(make_out_of_fold(columns, target, output, ("no", "yes"))) == []
    (found,) = find_miscalibration(make_out_of_fold(columns, target, 4 * output, ("no", "yes")))
    assert found.kind == "calibration"
    assert abs(found.evidence["gap"]) > 0.1


def test_means_that_are_off_in_a_region(make_out_of_fold):
    rng = np.random.default_rng(0)
    output = rng.normal(size=2000)
    target = output + 0.5 * rng.normal(size=2000)
    assert find_miscalibration(make_out_of_fold({"x": output}, target, output)) == []
    bent = np.where(output > 1, 1.5 * output, output)
    (found,) = find_miscalibration(make_out_of_fold({"x": output}, target, bent))
    assert found.evidence["gap"] < -0.2


def test_rows_that_were_not_evaluated_are_no_suspects():
    probabilities = np.array([[0.9, 0.1], [np.nan, np.nan], [0.97, 0.03], [0.1, 0.9]])
    suspects = Suspects.among(probabilities, np.array([0, 1, 1, 1]))
    assert suspects.ranked.tolist() == [2]
    assert np.isnan(suspects.quality[1])


def test_a_diagnosis_comes_back_from_json_the_worst_first():
    low, high = (
        Finding("leak", severity, "{a}", "{subject} {n:.1f}", "do", {"n": 1.0}, (3, 1))
        for severity in ("low", "high")
    )
    diagnosis = Diagnosis.of([low, high])
    assert [one.severity for one in diagnosis] == ["high", "low"]
    assert Diagnosis.from_json(diagnosis.to_json()) == diagnosis
    assert diagnosis.to_json()[0]["sentence"] == "{a} 1.0: do."
    assert diagnosis.facts()[0]["seen"] == "{a} 1.0"
    assert "{a} 1.0: do." in repr(diagnosis.findings[0])
    assert diagnosis.renumbered(np.array([5, 6, 7, 8])).findings[0].rows == (8, 6)
    assert {severity: len(some) for severity, some in diagnosis.by_severity().items()} == {
        "high": 1,
        "medium": 0,
        "low": 1,
    }


def test_chances_agree_with_scipy():
    stats = pytest.importorskip("scipy.stats", reason="the tests compare with SciPy")
    for distance in (0.05, 0.1, 0.2):
        expected = stats.kstwobign.sf(distance * (np.sqrt(100) + 0.12 + 0.11 / np.sqrt(100)))
        assert kolmogorov_p_value(distance, 200, 200) == pytest.approx(expected, abs=1e-8)
    assert normal_p_value(2.5) == pytest.approx(2 * stats.norm.sf(2.5))


def test_shares_near_zero_are_not_taken_for_apart():
    """Two of thirty rows where one in two hundred is usual happen in a hundredth of the tables."""
    assert normal_p_value(share_difference(2 / 30, 30, 0.005, 1000)) > 0.005
    assert normal_p_value(share_difference(0.5, 400, 0.3, 4000)) < 1e-10


def test_of_many_looks_few_are_believed():
    assert holm(np.array([])).tolist() == []
    rng = np.random.default_rng(0)
    assert sum(holm(rng.random(300)).any() for _ in range(100)) <= 4


@pytest.mark.parametrize(("certain", "severity"), [(0.5, "low"), (0.95, "high")])
def test_uncertain_classes_are_no_bad_news_where_probabilities_show_it(
    make_out_of_fold, certain, severity
):
    rng = np.random.default_rng(0)
    city = rng.choice(["Bonn", "Kiel", "Ulm"], 1500, p=[0.5, 0.4, 0.1]).astype(object)
    sign = rng.random(1500) < 0.5
    probability = np.where(sign, 0.97, 0.03)
    unknown = city == "Ulm"
    target = rng.random(1500) < np.where(unknown, 0.5, probability)
    shown = np.where(unknown, np.where(sign, certain, 1 - certain), probability)
    output = np.log(shown / (1 - shown))
    columns = {"city": city, "x": rng.normal(size=1500)}
    evaluated = make_out_of_fold(columns, target.astype(float), output, ("no", "yes"))
    (found,) = find_worse_groups(evaluated, all_groups(evaluated))
    assert (found.subject, found.severity) == ("city = Ulm", severity)


def test_rows_of_a_class_that_is_rarely_held_out_are_not_said_to_be_all(make_out_of_fold):
    rng, strength = np.random.default_rng(0), Strength(0.1, 0.11, 1.6, 20.0, unfinished=False)
    target = (np.arange(300) < 4).astype(float)
    columns = {"x": rng.normal(size=300)}
    evaluated = make_out_of_fold(columns, target, target, classes=("no", "yes"))
    (found,) = find_weakness(strength, evaluated)
    assert "The class yes has 4 of 300 rows, too few to learn" in found.sentence
    schema = replace(evaluated.schema, n_samples=500)
    (found,) = find_weakness(strength, replace(evaluated, schema=schema))
    assert "The class yes has 4 of 300 rows held out, too few to measure how well it" in str(found)


@pytest.mark.parametrize("spread", [0.6, 1.0, 2.0])
def test_labels_by_chance_are_not_called_wrong(spread):
    """Where classes overlap, networks contradict labels as often as their probabilities admit."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        probabilities = softmax(rng.normal(0, 4 * spread, (1500, 30)))
        labels = (rng.random((1500, 1)) > probabilities.cumsum(axis=1)).sum(axis=1)
        assert _wrong_share(probabilities, labels.clip(0, 29))[0] == 0


def test_wrong_labels_are_more_than_probabilities_admit():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 1000)
    probabilities = softmax(8 * np.eye(4)[labels] + rng.normal(size=(1000, 4)))
    labels[:50] = (labels[:50] + 1) % 4
    assert _wrong_share(probabilities, labels)[0] == pytest.approx(0.05, abs=0.02)


def softmax(outputs):
    powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def test_a_column_that_nearly_all_rests_on():
    strong = Strength(0.1, 0.1, 1.0, 20.0, unfinished=False)
    values = {"size": 0.02, "score": 1.5, "color": -0.01}
    importances = [Importance((name,), "r2", value, 0.01) for name, value in values.items()]
    (found,) = find_one_column(importances, strong, [])
    assert (found.kind, found.severity, found.subject) == ("one column", "medium", "score")
    assert "importance 1.5, of the next column 0.02" in found.sentence
    assert find_one_column(importances, replace(strong, unseen=0.3), []) == []
    assert find_one_column(importances[:2], strong, []) == []
    assert find_one_column(importances, strong, [Leak("score", 0.99, 0.1)]) == []
    assert find_one_column(importances, strong, [], ["score"]) == []
    shared = [*importances, Importance(("weight",), "r2", 0.1, 0.01)]
    assert find_one_column(shared, strong, []) == []
