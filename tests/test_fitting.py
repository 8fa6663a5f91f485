from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.fits import fitting_of
from tests.grids import some

from madaline._race import checkpoint
from madaline._tables.table import Table
from madaline.errors import InputError
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Squared

LOSSES = {"binary": BinaryCrossEntropy, "multiclass": CrossEntropy, "regression": Squared}


@pytest.fixture
def table(make_columns):
    return Table.from_columns(make_columns("binary")[0])


@pytest.fixture
def target(make_columns):
    return make_columns("binary")[1]


def run(fitting):
    """Run a fit to its end and return its model."""
    list(fitting)
    return fitting.model()


def outputs(model, table):
    return model.predictor.output(table).tobytes()


@pytest.mark.parametrize("task", list(LOSSES))
def test_the_loss_and_the_outputs_follow_the_target(fittings, task):
    fitting = fittings[task][0]
    assert isinstance(fitting.race.dataset.loss, LOSSES[task])
    assert fitting.race.dataset.n_outputs == (3 if task == "multiclass" else 1)
    summary = fitting.model().summary
    assert summary.task == ("regression" if task == "regression" else "classification")
    names = ["r2", "rmse"] if task == "regression" else ["accuracy", "roc_auc", "log_loss"]
    assert [score.metric for score in summary.scores] == names


@pytest.mark.parametrize("task", list(LOSSES))
def test_something_is_learned_where_there_is_something_to_learn(fittings, task):
    summary = fittings[task][0].model().summary
    assert summary.learned
    first = summary.scores[0]
    assert first.value > first.baseline + 5 * first.standard_error


@pytest.mark.parametrize("task", list(LOSSES))
def test_the_score_is_of_rows_that_the_networks_never_saw(fittings, make_columns, task):
    """Rows drawn anew are predicted about as well as the fit says."""
    fitting, _ = fittings[task]
    model = fitting.model()
    columns, truth = make_columns(task, n_samples=1000, seed=9)
    predicted = model.predict(columns)
    score = model.summary.scores[0]
    if task == "regression":
        value = 1 - np.mean(np.square(predicted - truth)) / np.var(truth)
    else:
        value = np.mean(predicted == truth)
    assert value == pytest.approx(score.value, abs=4 * score.standard_error)


@pytest.mark.parametrize("task", some(list(LOSSES), 1))
def test_nothing_is_learned_from_a_shuffled_target(make_columns, task):
    columns, target = make_columns(task)
    table = Table.from_columns(columns)
    kind = "regression" if task == "regression" else "classification"
    for seed in range(3):
        shuffled = np.random.default_rng(seed).permutation(target)
        fitting = fitting_of(table, shuffled, task=kind, effort=10, seed=seed)
        summary = run(fitting).summary
        assert not summary.learned, summary.standard_errors_better
        assert abs(summary.scores[0].value - summary.scores[0].baseline) < 0.15


def test_out_of_fold_outputs_are_in_the_order_of_the_table(fittings, make_columns):
    fitting = fittings["regression"][0]
    _, target = make_columns("regression")
    output = fitting.out_of_fold()[:, 0]
    predicted = fitting.target_encoder.center + fitting.target_encoder.scale * output
    rmse = np.sqrt(np.mean(np.square(predicted - target)))
    assert rmse == pytest.approx(fitting.model().summary.scores[1].out_of_fold, rel=1e-5)
    assert np.corrcoef(output, target)[0, 1] > 0.8


@pytest.mark.slow
def test_same_seed_same_file_on_any_number_of_threads(table, target, tmp_path):
    contents = set()
    for number, n_jobs in enumerate((None, 2, -1)):
        model = run(fitting_of(table, target, effort=4, seed=3, n_jobs=n_jobs))
        model.save(tmp_path / str(number))
        contents.add((tmp_path / str(number)).read_bytes())
    assert len(contents) == 1
    assert outputs(run(fitting_of(table, target, effort=4, seed=4)), table) != outputs(model, table)


@pytest.mark.parametrize("effort", [1, 7])
def test_no_network_sees_the_table_more_often_than_the_effort_says(table, target, effort):
    fitting = fitting_of(table, target, effort=effort)
    run(fitting)
    for key, candidate in fitting.race.candidates.items():
        seen = [record.epoch for record in fitting.records if record.recipe_id == key]
        assert len(seen) <= effort
        assert max(seen) - candidate.entered <= effort


def test_the_prediction_is_the_weighted_mean_of_the_recipes(fittings, make_columns):
    fitting, _ = fittings["multiclass"]
    model, table = fitting.model(), Table.from_columns(make_columns("multiclass", seed=9)[0])
    encoded = model.predictor.encode(table)
    expected = 0.0
    weights = [one.weight for one in model.summary.members]
    assert weights == sorted(fitting.outcome.ensemble.weights.values(), reverse=True)
    for one in fitting.outcome.ensemble.members:
        each = one.network.predict(one.theta, encoded.features(one.n_bins))
        expected = expected + one.weight * each.astype(np.float64).mean(axis=0)
    expected = expected / model.predictor.temperature
    np.testing.assert_allclose(model.predictor.output(table), expected, rtol=1e-4, atol=1e-5)
    total = sum(part.weights.sum() for part in model.predictor.parts)
    assert total == pytest.approx(1)
    assert all(part.weights.min() > 0 for part in model.predictor.parts)


def test_what_happens_is_told_and_kept(table, target):
    fitting = fitting_of(table, target, effort=5)
    events = list(fitting)
    assert [record for record, decision in events if decision is None] == fitting.records
    told = [decision for _, decision in events if decision is not None]
    assert told == fitting.decisions
    assert told[-1].action == "calibrate"
    model = fitting.model()
    assert (model.records, model.decisions) == (tuple(fitting.records), tuple(told))
    assert model.summary.epochs == max(record.epoch for record in model.records)
    assert list(fitting) == []
    work_of_pruning = model.summary.multiply_adds - model.records[-1].multiply_adds
    assert 0 < work_of_pruning < model.summary.multiply_adds


@pytest.mark.parametrize("task", list(LOSSES))
def test_what_predicts_is_pruned_and_says_so(fittings, task):
    fitting, _ = fittings[task]
    summary = fitting.model().summary
    pruned = {one.subject for one in fitting.decisions if one.action == "prune"}
    before = {one.name: one.units for one in fitting.outcome.pruned.before.members}
    left = {one.name: one.units for one in summary.members}
    assert left.keys() <= before.keys()
    assert pruned == {name for name in before if left.get(name) != before[name]}
    assert {one.name for one in summary.members if one.pruned} == pruned & left.keys()
    assert (summary.row_multiply_adds < summary.row_multiply_adds_before) == bool(pruned)
    networks = sum(part.theta.size for part in fitting.model().predictor.parts)
    assert networks == sum(one.theta.size for one in fitting.outcome.ensemble.members)


def test_the_outputs_of_recipes_are_let_go_at_the_end(fittings):
    fitting, _ = fittings["multiclass"]
    one, ensemble, before = fitting.model(), fitting.outcome.ensemble, fitting.outcome.pruned.before
    kept = [*fitting.race.candidates.values(), *ensemble.members, *before.members]
    assert all(some.output.size == 0 for some in kept)
    assert ensemble.output.shape == before.output.shape == (one.summary.n_evaluated, 3)


def test_without_tolerance_nothing_is_pruned(table, target):
    fitting = fitting_of(table, target, effort=4, adjust=lambda plan: replace(plan, tolerance=0.0))
    summary = run(fitting).summary
    assert {one.weight for one in summary.members} == {
        *fitting.outcome.pruned.before.weights.values()
    }
    assert not any(one.pruned for one in summary.members)
    assert summary.row_multiply_adds == summary.row_multiply_adds_before
    assert not any(one.action == "prune" for one in fitting.decisions)


def test_rows_of_weight_zero_are_as_if_they_were_not_there(table, target):
    counted = np.arange(160) % 4 > 0
    weighted = fitting_of(table, target, sample_weight=counted.astype(float), effort=3)
    removed = fitting_of(
        table.take(counted), target[counted], sample_weight=np.ones(counted.sum()), effort=3
    )
    assert outputs(run(weighted), table) == outputs(run(removed), table)
    assert weighted.model().summary.n_samples == 120


def test_groups_go_with_the_rows_that_count(table, target):
    weight = (np.arange(160) % 4 > 0).astype(float)
    groups = np.random.default_rng(0).integers(0, 20, 160)
    rows = fitting_of(table, target, sample_weight=weight, groups=groups).rows
    counted = groups[weight > 0]
    for fold in range(rows.n_folds):
        held_out = set(counted[rows.order[rows.held_out(fold)]])
        assert not held_out & set(counted[rows.order[rows.training(fold)]])


def test_three_groups_make_three_folds(table, target):
    fitting = fitting_of(table, target, groups=np.arange(160) % 3, effort=1)
    assert fitting.rows.n_folds == 3


@pytest.mark.parametrize("name", ["target", "sample_weight", "groups"])
@pytest.mark.parametrize("length", [159, 161])
def test_what_has_another_length_than_the_table_is_refused(table, target, name, length):
    given = {"target": target, "sample_weight": np.ones(160), "groups": np.arange(160)}
    given[name] = np.resize(given[name], length)
    with pytest.raises(InputError, match=rf"^{name} has shape \({length},\) beside .* 160 rows"):
        fitting_of(table, **given)


def test_only_the_ratios_of_weights_count(table, target):
    weight = np.random.default_rng(0).uniform(0.5, 2, 160)
    models = [
        run(fitting_of(table, target, sample_weight=factor * weight, effort=3)) for factor in (1, 8)
    ]
    assert outputs(models[0], table) == outputs(models[1], table)


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf])
def test_a_weight_that_is_no_weight_is_refused(table, target, weight):
    weights = np.ones(160)
    weights[7] = weight
    with pytest.raises(InputError, match="weight"):
        fitting_of(table, target, sample_weight=weights)


def test_weights_that_are_all_zero_are_refused(table, target):
    with pytest.raises(InputError, match="weight"):
        fitting_of(table, target, sample_weight=np.zeros(160))


def test_rows_of_one_group_stay_on_one_side(table, target):
    groups = np.arange(160) // 7
    rows = fitting_of(table, target, groups=groups).rows
    for fold in range(rows.n_folds):
        held_out = set(groups[rows.order[rows.held_out(fold)]])
        assert not held_out & set(groups[rows.order[rows.training(fold)]])


def test_a_group_that_is_most_of_the_table_can_be_learned_from(make_columns):
    columns, target = make_columns("regression", n_samples=60)
    groups = np.where(np.arange(60) < 50, 0, np.arange(60))  # one group of 50, ten of one
    model = run(fitting_of(Table.from_columns(columns), target, groups=groups, effort=3))
    assert np.isfinite(model.predict(columns)).all()


@pytest.mark.parametrize("n_samples", [5, 6, 11, 40])
def test_small_tables_can_be_learned_from(make_columns, n_samples):
    columns, target = make_columns("regression", n_samples=n_samples)
    model = run(fitting_of(Table.from_columns(columns), target, task="regression", effort=3))
    assert np.isfinite(model.predict(columns)).all()


def test_a_column_may_be_taken_for_something_else(table, target):
    found = []
    for told in (None, {"count": "category"}):
        schema = fitting_of(table, target, kinds=told, effort=1).schema
        found += [column.kind for column in schema.columns if column.name == "count"]
    assert found == ["number", "category"]


def test_the_task_is_told_from_the_target_or_as_told(table, target):
    assert fitting_of(table, target).task == "classification"
    numbers = np.arange(160) % 7 + 0.0
    told = fitting_of(table, numbers, task="regression")
    assert (told.task, told.prepared.task_reason) == ("regression", "as told")
    assert fitting_of(table, np.random.default_rng(0).standard_normal(160)).task == "regression"


def test_an_unknown_task_is_refused(table, target):
    with pytest.raises(InputError, match="'ranking': give 'classification' or 'regression'"):
        fitting_of(table, target, task="ranking")


def test_one_class_is_refused(table):
    with pytest.raises(InputError, match="class"):
        fitting_of(table, np.full(160, "yes", object))


def test_fewer_rows_than_folds_are_refused(table, target):
    with pytest.raises(InputError, match="fold"):
        fitting_of(table.take(slice(4)), np.arange(4.0), task="regression")


@pytest.mark.parametrize("effort", [0, -1])
def test_no_effort_is_refused(table, target, effort):
    with pytest.raises(InputError, match="effort"):
        fitting_of(table, target, effort=effort)


def interrupted(table, target, path, monkeypatch, n_epochs=3, **settings):
    """Kill a fit after a few epochs."""
    monkeypatch.setattr(checkpoint, "CHECKPOINT_SECONDS", -1.0)
    monkeypatch.setattr(checkpoint, "CHECKPOINT_SHARE", float("inf"))
    fitting = fitting_of(table, target, effort=6, checkpoint=path, **settings)
    for record, _ in fitting:
        if record.epoch > n_epochs:
            return fitting
    raise AssertionError("the fit ended before it could be interrupted")


@pytest.mark.slow
def test_an_interrupted_fit_goes_on_and_ends_in_the_same_file(table, target, tmp_path, monkeypatch):
    run(fitting_of(table, target, effort=6)).save(tmp_path / "whole")
    interrupted(table, target, tmp_path / "state", monkeypatch)
    fitting = fitting_of(table, target, effort=6, checkpoint=tmp_path / "state")
    assert fitting.race.epoch == 3
    assert {record.epoch for record in fitting.records} == {1, 2, 3}
    events = list(fitting)
    assert min(record.epoch for record, decision in events if decision is None) == 4
    fitting.model().save(tmp_path / "resumed")
    assert (tmp_path / "resumed").read_bytes() == (tmp_path / "whole").read_bytes()
    fitting.checkpoint.discard()
    assert not (tmp_path / "state").exists()
    fitting.checkpoint.discard()


def test_another_fit_begins_at_the_beginning(table, target, tmp_path, monkeypatch):
    interrupted(table, target, tmp_path / "state", monkeypatch)
    other = target.copy()
    other[0] = "no" if other[0] == "yes" else "yes"
    begun = [
        fitting_of(table, target, effort=6, seed=1, checkpoint=tmp_path / "state"),
        fitting_of(table, target, effort=7, checkpoint=tmp_path / "state"),
        fitting_of(table, other, effort=6, checkpoint=tmp_path / "state"),
    ]
    assert [fitting.race.epoch for fitting in begun] == [0, 0, 0]
    assert [fitting.records for fitting in begun] == [[], [], []]


@pytest.mark.parametrize("content", [b"", b"not a checkpoint"])
def test_a_file_that_is_no_checkpoint_does_not_stop_a_fit(table, target, tmp_path, content):
    (tmp_path / "state").write_bytes(content)
    with pytest.warns(UserWarning, match="is not a madaline.*the fit starts from the beginning"):
        fitting = fitting_of(table, target, effort=1, checkpoint=tmp_path / "state")
    assert fitting.race.epoch == 0
    assert next(iter(fitting))[0].epoch == 1


def test_the_networks_never_see_the_rows_that_they_are_evaluated_on(table, target):
    """Turn a fold's targets around: the networks that did not learn from it stay the same."""
    first = fitting_of(table, target, effort=2)
    second = fitting_of(table, target, effort=2)
    dataset = second.race.dataset
    turned = dataset.target.copy()
    held_out = dataset.rows.held_out(2)
    turned[held_out] = 1 - turned[held_out]
    second.race = replace(
        second.race,
        dataset=replace(dataset, target=turned),
        cohorts=[],
        candidates={},
    )
    second.training.race = second.race
    for fitting in (first, second):
        list(fitting)
    for number in range(1, 1 + len(first.plan.recipes)):
        one, other = (fitting.race.candidates[str(number)] for fitting in (first, second))
        if one.epoch == other.epoch:
            np.testing.assert_array_equal(one.theta[2], other.theta[2])
        assert not np.array_equal(one.theta[0], other.theta[0])


def test_penguins_are_learned(penguins):
    from madaline._tables.io.table_files import read_file

    table = read_file(penguins).table
    model = run(fitting_of(table.drop(["species"]), table["species"], effort=20))
    assert model.summary.learned
    assert model.summary.scores[0].value > 0.96


@pytest.mark.parametrize(
    ("name", "target"), some([("car", "class"), ("concrete", "compressive_strength")], 1)
)
def test_real_tables_are_learned(shared_tables, name, target):
    from madaline._tables.io.table_files import read_file

    table = read_file(shared_tables / f"{name}.parquet").table
    model = run(fitting_of(table.drop([target]), table[target], effort=5))
    assert model.summary.learned


def test_a_lag_longer_than_every_series_is_refused():
    rng = np.random.default_rng(0)
    table = Table.from_columns({"x": rng.normal(size=40), "store": ["a", "b"] * 20})
    with pytest.raises(InputError, match="lags holds 20, but the longest series has 20 rows"):
        fitting_of(table, rng.normal(size=40), time=True, series="store", lags=[1, 20])
