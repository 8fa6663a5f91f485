"""A fault that was planted in a small table is found, and named rightly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.fits import fitting_of

from madaline._tables.table import Table


def of_kind(findings, kind):
    """Return the findings of a kind."""
    return [finding for finding in findings if finding.kind == kind]


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_nothing_bad_is_found_in_a_sound_table(task, sound, diagnose):
    findings = diagnose(*sound(task))
    assert [finding.sentence for finding in findings if finding.severity != "low"] == []


def test_a_column_that_gives_the_target_away(sound, diagnose):
    columns, target = sound("regression")
    (leak,) = of_kind(diagnose(columns | {"paid": 3 - 2 * target}, target), "leak")
    assert (leak.severity, leak.subject) == ("high", "paid")
    assert "paid alone explains" in leak.sentence


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("number", np.random.default_rng(1).permutation(600)),
        ("customer_id", np.random.default_rng(1).permutation(90_000)[:600]),
        ("reference", np.random.default_rng(1).permutation(90_000)[:600]),
        ("code", np.array([f"{one:06x}" for one in range(7, 77 * 600, 77)], object)),
    ],
)
def test_a_column_that_only_names_the_rows(name, values, sound, diagnose):
    columns, target = sound()
    (found,) = of_kind(diagnose({**columns, name: values}, target), "identifier")
    assert found.subject == name
    assert "600 different values in 600 rows" in found.sentence


def test_labels_that_are_wrong(sound, diagnose):
    columns, target = sound("binary", n_rows=1500)
    rng = np.random.default_rng(1)
    flipped = rng.choice(1500, 75, replace=False)
    target[flipped] = np.where(target[flipped] == "low", "high", "low")
    (found,) = of_kind(diagnose(columns, target), "wrong labels")
    assert found.severity == "high"
    assert 0.03 < found.evidence["share"] < 0.07
    assert np.isin(found.rows, flipped).mean() > 0.9


def test_rows_that_were_copied(sound, diagnose):
    columns, target = sound("regression", n_rows=400)
    copies = np.concatenate([np.arange(400), np.arange(200)])
    columns = {name: column[copies] for name, column in columns.items()}
    (found,) = of_kind(diagnose(columns, target[copies]), "duplicates")
    assert 250 < found.evidence["rows"] <= 400
    assert all(row < 200 or row >= 400 for row in found.rows)


def test_rows_of_few_values_are_alike_by_chance(diagnose):
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 4, (2, 600))
    assert of_kind(diagnose({"a": a, "b": b}, np.where(a > b, "x", "y")), "duplicates") == []


def test_a_target_that_the_columns_do_not_tell(sound, diagnose):
    columns, target = sound()
    shuffled = np.random.default_rng(1).permutation(target)
    (found,) = of_kind(diagnose(columns, shuffled), "nothing learned")
    assert found.severity == "high"
    assert found.sentence.endswith(", or rows, as 600 may be too few.")


def test_a_target_that_the_columns_hardly_tell(sound, diagnose):
    columns, target = sound("regression", n_rows=1500)
    noise = np.random.default_rng(1).normal(size=1500)
    (found,) = of_kind(diagnose(columns, target + 7 * noise), "weak fit")
    assert found.evidence["unseen"] < found.evidence["baseline"]


def test_networks_that_could_go_on_learning(sound, diagnose):
    (found,) = of_kind(diagnose(*sound("regression"), effort=1), "unfinished")
    assert "a higher effort" in found.sentence


def test_rows_that_are_few(sound, diagnose):
    assert of_kind(diagnose(*sound(n_rows=60)), "too few rows")


def test_a_class_of_few_rows(sound, diagnose):
    columns, target = sound()
    target[:4] = "rare"
    (found,) = of_kind(diagnose(columns, target), "too few rows")
    assert found.subject == "rare"
    assert found.evidence["rows"] == 4


def test_classes_that_nothing_tells_apart(sound, diagnose):
    columns, target = sound()
    target[np.random.default_rng(1).random(600) < 0.2] = "other"
    target[target == "high"] = "other"
    alike = np.random.default_rng(2).random(600) < 0.5
    target[alike & (target == "other")] = "another"
    found = of_kind(diagnose(columns, target), "confused classes")
    assert {found[0].subject} <= {"another → other", "other → another"}


def test_a_layer_that_is_dead(sound):
    columns, target = sound()
    fitting = fitting_of(Table.from_columns(columns), target, effort=3, members="networks")
    for cohort in fitting.race.cohorts:
        cohort.network.bind(cohort.population.theta)[2]["bias"][...] = -1e4
        cohort.rule.optimizer.start(cohort.population)
    list(fitting)
    (found,) = of_kind(fitting.evaluation.diagnosis, "dead units")
    assert (found.severity, found.subject) == ("high", "layer 2")
    assert found.evidence["dead"] == 1


def test_a_learning_rate_that_is_much_too_high(sound, diagnose):
    def hasty(plan):
        recipes = tuple(replace(recipe, learning_rate=100.0) for recipe in plan.recipes[:2])
        return replace(plan, recipes=recipes)

    (found,) = of_kind(diagnose(*sound(), adjust=hasty), "divergence")
    assert found.severity == "high"
    assert found.evidence["rate"] == 100


@pytest.mark.slow
def test_fits_are_diagnosed_alike_on_any_number_of_threads(sound, diagnose):
    assert diagnose(*sound(), n_jobs=1) == diagnose(*sound(), n_jobs=2)


def test_layers_of_other_depths_are_not_examined(sound, diagnose):
    """The network is not asked for what it lacks."""

    def deeper(plan):
        first, second, *_ = plan.recipes
        return replace(plan, recipes=(replace(first, units=(16, 16)), second))

    assert of_kind(diagnose(*sound(), adjust=deeper), "dead units") == []
