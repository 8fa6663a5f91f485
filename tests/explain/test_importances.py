"""What matters overall: columns without which predictions get worse, and those without effect."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from known_models import known_model
from tests.fits import fitting_of

from madaline._race.importance import (
    Importance,
    Measure,
    metric_of_loss,
    out_of_fold_importances,
    permute_rows,
)
from madaline._tables.io.table_files import read_file
from madaline._tables.table import Table
from madaline._tables.target import RegressionEncoder
from madaline._tell.explain.effects import effects
from madaline._tell.explain.importances import importances
from madaline.errors import InputError
from madaline.nn.losses import Absolute, CrossEntropy, Poisson, Quantile, Squared


@pytest.fixture(scope="module")
def noisy():
    """A fit to one column that tells the target, one that tells less, and 20 of noise."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 22))
    target = 2 * x[:, 0] + 0.5 * x[:, 1] + 0.5 * rng.normal(size=400)
    columns = {f"x{number}": x[:, number] for number in range(22)}
    fitting = fitting_of(Table.from_columns(columns), target, effort=10)
    list(fitting)
    return fitting


def measure(fitting, *, work=1e30, ensemble=None):
    loss = fitting.race.dataset.loss
    return out_of_fold_importances(
        ensemble or fitting.outcome.ensemble,
        fitting.race.dataset,
        fitting.encoder.columns,
        work=work,
        seed=0,
        measures=[Measure(loss, slice(None), *metric_of_loss(loss, 1.0))],
    )[0]


def test_what_tells_the_target_matters_and_what_does_not_is_within_its_error(noisy):
    first, second, *others = noisy.outcome.importances
    assert (first.columns, second.columns) == (("x0",), ("x1",))
    assert first.value > 5 * second.value > 0
    assert first.clear
    assert second.clear
    within = [abs(one.value) <= 2 * one.standard_error for one in others]
    assert np.mean(within) >= 0.8
    assert np.mean([one.clear for one in others]) <= 0.1


def test_the_importance_of_a_number_is_the_r2_that_is_lost(noisy):
    first = noisy.outcome.importances[0]
    assert first.metric == "r2"
    # Another row's x0 is off by twice its variance: (2 x)^2 of the target's 4 + 0.25 + 0.25.
    assert first.value == pytest.approx(2 * 4 / 4.5, rel=0.2)


def test_permuting_in_the_first_layer_equals_permuting_features(noisy):
    """The shortcut through the first layer gives the output for permuted features."""
    fast = {one.name: one.value for one in measure(noisy)}
    examples, ensemble = noisy.race.dataset, noisy.outcome.ensemble
    for number, name in enumerate(noisy.encoder.columns[:3]):
        rises = []
        for fold in range(noisy.rows.n_folds):
            places = np.arange(*noisy.rows.held_out(fold).indices(400))
            rng = np.random.default_rng([0, 2**32 - 3, fold])
            donors = [permute_rows(len(places), rng) for _ in noisy.encoder.columns][number]
            output = 0.0
            for one in ensemble.members:
                x = examples.encoded(one.n_bins, fold, places)
                own = np.array(examples.inputs.columns[one.n_bins]) == number
                x = np.where(own, x[donors], x)
                output = output + one.weight * one.network.predict(one.theta[fold], x)
            target = examples.target[places]
            before = examples.loss.rows(ensemble.output[places], target)
            rises.append(examples.loss.rows(output, target) - before)
        assert fast[name] == pytest.approx(np.concatenate(rises).mean(), rel=1e-4, abs=1e-6)


def test_with_little_work_fewer_rows_are_asked(noisy):
    whole, few = measure(noisy), measure(noisy, work=0)
    assert few[0].name == whole[0].name
    assert few[0].standard_error > 1.2 * whole[0].standard_error


def test_folds_of_one_row_cannot_be_permuted():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(12, 2))
    fitting = fitting_of(
        Table.from_columns({"a": x[:, 0], "b": x[:, 1]}), x[:, 0], effort=2, folds=12
    )
    list(fitting)
    assert fitting.outcome.importances == ()


def test_the_file_holds_them(noisy):
    summary = noisy.model().summary
    assert summary.importances == noisy.outcome.importances
    values = json.loads(json.dumps(summary.to_json()))
    assert type(summary).from_json(values) == summary
    assert type(summary).from_json(values | {"importances": []}) == replace(summary, importances=())


@pytest.mark.slow
def test_a_category_of_many_levels_that_says_nothing_does_not_matter():
    """What a level's target usually is, is told to networks by rows that they learn from."""
    rng = np.random.default_rng(0)
    x, rare, city = rng.normal(size=1500), rng.integers(0, 500, 1500), rng.integers(0, 100, 1500)
    columns = {
        "x": x,
        "street": np.array([f"street {number}" for number in rare], object),
        "city": np.array([f"city {number}" for number in city], object),
    }
    target = x + rng.normal(size=100)[city] + 0.5 * rng.normal(size=1500)
    fitting = fitting_of(Table.from_columns(columns), target, effort=12)
    assert fitting.race.dataset.features.of_folds is not None
    list(fitting)
    found = {one.name: one for one in fitting.outcome.importances}
    assert found["x"].clear
    assert found["city"].clear
    assert abs(found["street"].value) < 3 * found["street"].standard_error + 0.01


def test_class_weights_do_not_count_but_row_weights_do(make_columns):
    columns, target = make_columns("binary")
    weight = np.where(np.arange(160) < 80, 1.0, 3.0)
    fitting = fitting_of(Table.from_columns(columns), target, sample_weight=weight, effort=3)
    list(fitting)
    assert len(fitting.outcome.importances) == len(fitting.encoder.columns)
    assert all(one.metric == "log_loss" for one in fitting.outcome.importances)


@pytest.mark.parametrize(
    ("loss", "metric"),
    [
        (Squared(), ("r2", 1.0)),
        (Absolute(), ("mean_absolute_error", 12.0)),
        (Quantile(0.9), ("mean_pinball_loss", 12.0)),
        (Poisson(), ("mean_poisson_deviance", 24.0)),
        (CrossEntropy(), ("log_loss", 1.0)),
    ],
)
def test_a_loss_is_told_as_people_call_it(loss, metric):
    assert metric_of_loss(loss, 12.0) == metric


@given(st.integers(2, 40), st.integers(0, 5))
def test_a_permutation_leaves_no_row_in_its_place(n_rows, seed):
    donors = permute_rows(n_rows, np.random.default_rng(seed))
    assert sorted(donors) == list(range(n_rows))
    assert (donors != np.arange(n_rows)).all()


@pytest.fixture
def twins():
    """A model of two columns that say the same, of which it takes the mean, and the answers."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=1000)
    columns = {"a": a, "b": a.copy(), "c": rng.normal(size=1000)}
    model = known_model(
        columns,
        lambda table: (table["a"] + table["b"]) / 2,
        target_encoder=RegressionEncoder(0.0, 1.0, -9.0, 9.0),
    )
    return model, columns, a


def test_twins_hide_each_other_unless_they_are_permuted_together(twins):
    model, columns, target = twins
    a, b, c = sorted(importances(model, columns, target), key=lambda one: one.columns)
    (both,) = importances(model, columns, target, together=[["a", "b"]])
    assert a.value == pytest.approx(0.5, rel=0.1)
    assert b.value == pytest.approx(0.5, rel=0.1)
    assert both.value == pytest.approx(2.0, rel=0.1)
    assert both.name == "a + b"
    assert (c.value, c.standard_error, c.clear) == (0.0, 0.0, False)


def test_more_repeats_change_little_and_the_seed_decides(twins):
    model, columns, target = twins
    once, again = (importances(model, columns, target, seed=1) for _ in range(2))
    assert once == again
    assert once != importances(model, columns, target, seed=2)


def test_classes_are_evaluated_by_their_log_loss():
    x = np.random.default_rng(0).normal(size=500)
    model = known_model({"x": x, "z": x[::-1]}, lambda t: 3 * t["x"], classes=["no", "yes"])
    found = importances(model, {"x": x, "z": x[::-1]}, np.where(x > 0, "yes", "no"))
    assert (found[0].name, found[0].metric, found[0].clear) == ("x", "log_loss", True)
    assert str(found[0]).startswith("x: log loss worse by ")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"together": [["a", "nobody"]]}, "no column 'nobody'"),
        ({"together": ["a", "b"]}, "groups of columns"),
        ({"repeats": 0}, "repeats is 0"),
    ],
)
def test_what_cannot_be_is_a_sentence(twins, options, words):
    model, columns, target = twins
    with pytest.raises(InputError, match=words):
        importances(model, columns, target, **options)


def test_rows_and_answers_must_be_there(twins):
    model, columns, target = twins
    with pytest.raises(InputError, match="3 targets for 1000 rows"):
        importances(model, columns, target[:3])
    with pytest.raises(InputError, match="one row"):
        importances(model, {name: values[:1] for name, values in columns.items()}, target[:1])
    with pytest.raises(InputError, match="no rows"):
        importances(model, {name: values[:0] for name, values in columns.items()}, target[:0])


def test_a_trip_through_json():
    one = Importance(("a", "b"), "r2", 0.1, 0.01)
    assert Importance.from_json(json.loads(json.dumps(one.to_json()))) == one


@pytest.mark.slow
def test_of_adult_what_is_known_to_matter(shared_tables):
    """Schooling, age and gains tell income; the weight of the census does not."""
    table = read_file(shared_tables / "adult.parquet").table.take(slice(0, 3000))
    fitting = fitting_of(table.drop(["income"]), table["income"], effort=10, target_name="income")
    list(fitting)
    clear = [one.name for one in fitting.outcome.importances if one.clear]
    assert {"education-num", "age", "capital-gain"} <= set(clear)
    assert "fnlwgt" not in clear[:8]
    effect = effects(fitting.model(), table, "education-num")
    assert effect.name == "probability of >50K"
    assert " rises by " in effect.sentence
