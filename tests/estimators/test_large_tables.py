"""Of a large table a sample decides, and networks and trees learn from all rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.fits import context_of, data_of, fitting_of

import madaline
from madaline import AdaptiveClassifier, AdaptiveRegressor
from madaline._models.fitting import sampling
from madaline._models.fitting.preparation import prepare
from madaline._race import stored_rows
from madaline._race.evaluation.objective import Objective
from madaline._tables import level_counts
from madaline._tables.kinds import category
from madaline._tables.kinds.category import MAX_LEVELS
from madaline._tables.level_counts import count_levels
from madaline._tables.table import Table
from madaline.errors import InputError
from madaline.nn._engine.memory import used_memory
from madaline.records.race_decisions import SampleDrawn


@pytest.fixture(autouse=True)
def small_numbers(monkeypatch):
    """A table of 1,000 rows is large, and its sample has 500."""
    monkeypatch.setattr(sampling, "MIN_ROWS", 1000)
    monkeypatch.setattr(sampling, "SAMPLE", 500)
    monkeypatch.setattr(sampling, "MAX_SAMPLE", 800)
    monkeypatch.setattr(sampling, "_RARE_ROWS", 100)
    monkeypatch.setattr(stored_rows, "CHUNK", 700)
    monkeypatch.setattr(stored_rows, "MAX_BLOCK", 700)


def make_frame(n_samples=3000, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n_samples, 3)), columns=["a", "b", "c"])
    frame["kind"] = rng.choice(["x", "y", "z"], n_samples)
    y = np.sin(2 * frame["a"]) * frame["b"] + (frame["kind"] == "x") * frame["c"]
    return frame, np.asarray(y + 0.1 * rng.normal(size=n_samples))


def prepared(table, target, **more):
    return prepare(
        data_of(table, target, None, more.pop("groups", None), None, **more),
        context_of(Objective(), None, {}),
    )


def test_a_sample_decides_and_all_rows_are_counted():
    X, y = make_frame()
    regressor = AdaptiveRegressor(random_state=0, effort=8, members="networks").fit(X, y)
    drawn = regressor.decisions_[0]
    assert isinstance(drawn, SampleDrawn)
    assert (drawn.rows, drawn.blocks) == (3000, 5)
    assert 500 <= drawn.sampled <= 502
    assert drawn.sentence in list(regressor.model_.story())
    assert regressor.model_.summary.n_samples == 3000
    assert regressor.model_.summary.n_evaluated == drawn.sampled
    assert np.isfinite(regressor.oof_prediction_).sum() == drawn.sampled
    low, high = y.argmin(), y.argmax()
    assert np.isfinite(regressor.oof_prediction_[[low, high]]).all()


def test_networks_learn_from_all_rows():
    X, y = make_frame(8000)
    rest, truth = make_frame(2000, seed=1)
    settings = {"random_state": 0, "effort": 15, "members": "networks"}
    whole = AdaptiveRegressor(**settings).fit(X, y)
    part = AdaptiveRegressor(**settings).fit(X[:500], y[:500])
    errors = [np.mean((one.predict(rest) - truth) ** 2) for one in (whole, part)]
    assert errors[0] < 0.6 * errors[1]
    assert abs(1 - errors[0] / np.var(truth) - whole.scores_[0].value) < 0.1


def make_customers(n_samples=20_000, n_customers=5000, seed=0):
    """Rows of customers, each of whom has an effect of his own on the target."""
    rng = np.random.default_rng(seed)
    customers = rng.integers(0, n_customers, n_samples)
    frame = pd.DataFrame({"a": rng.normal(size=n_samples)})
    frame["customer"] = [f"customer {number}" for number in customers]
    effects = np.random.default_rng(1).normal(size=n_customers)
    return frame, effects[customers] + 0.3 * rng.normal(size=n_samples)


def test_levels_with_hardly_a_row_in_the_sample_are_those_of_all_rows():
    X, y = make_customers()
    rest, truth = make_customers(2000, seed=2)
    regressor = AdaptiveRegressor(random_state=0, effort=4, members="networks").fit(X, y)
    (encoder,) = (e for e in regressor.model_.predictor.encoder.encoders if e.name == "customer")
    assert len(encoder.levels) == X["customer"].nunique() > 4800
    assert encoder.counts.sum() == len(X)
    error = np.mean((regressor.predict(rest) - truth) ** 2)
    assert error < 0.3 * np.var(truth)


def test_a_model_of_very_many_levels_is_saved(tmp_path):
    X, y = make_customers(30_000, 12_000)
    regressor = AdaptiveRegressor(random_state=0, effort=1, members="networks").fit(X, y)
    regressor.save(tmp_path / "customers.madaline")
    loaded = madaline.load(tmp_path / "customers.madaline")
    (encoder,) = (e for e in loaded.model_.predictor.encoder.encoders if e.name == "customer")
    assert len(encoder.levels) > MAX_LEVELS
    np.testing.assert_array_equal(loaded.predict(X[:100]), regressor.predict(X[:100]))


def make_tests_of_patients(n_samples=12_000, seed=0):
    """Rows of patients, of whom each test has a usual value of its own."""
    rng = np.random.default_rng(seed)
    patients, tests = rng.integers(0, 400, n_samples), rng.integers(0, 4, n_samples)
    frame = pd.DataFrame({"a": rng.normal(size=n_samples)})
    frame["patient"] = [f"patient {number}" for number in patients]
    frame["test"] = np.array(["sodium", "glucose", "urea", "iron"])[tests]
    frame.loc[rng.random(n_samples) < 0.02, "test"] = None
    usual = np.random.default_rng(1).normal(size=(400, 4))
    return frame, usual[patients, tests] + 0.3 * rng.normal(size=n_samples)


@pytest.mark.slow
def test_means_of_pairs_of_levels_are_learned(monkeypatch, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    monkeypatch.setattr(sampling, "SAMPLE", 4000)
    monkeypatch.setattr(sampling, "MAX_SAMPLE", 4000)
    monkeypatch.setattr(category, "_MIN_FREE", 1000)
    X, y = make_tests_of_patients()
    rest, truth = make_tests_of_patients(1000, seed=2)
    settings = {"random_state": 0, "effort": 5, "members": "networks"}
    regressor = AdaptiveRegressor(**settings).fit(X, y)
    (encoder,) = (e for e in regressor.model_.predictor.encoder.encoders if e.name == "patient")
    assert encoder.pair_column == "test"
    assert "patient: usual target 0 where test = iron" in encoder.feature_names
    predicted = regressor.predict(rest)

    regressor.save(tmp_path / "tests.madaline")
    loaded = madaline.load(tmp_path / "tests.madaline")
    np.testing.assert_array_equal(loaded.predict(rest), predicted)
    whole = rest[rest["test"].notna()]
    regressor.to_onnx(tmp_path / "tests.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "tests.onnx")
    feed = {
        one.name: whole[[one.name]].to_numpy(object if one.name != "a" else float)
        for one in session.get_inputs()
    }
    np.testing.assert_allclose(
        np.ravel(session.run(None, feed)[0]), regressor.predict(whole), atol=1e-5
    )

    X.assign(y=y).to_parquet(tmp_path / "0.parquet")
    of_files = AdaptiveRegressor(**settings).fit(str(tmp_path / "*.parquet"), y="y")
    np.testing.assert_array_equal(of_files.predict(rest), predicted)

    monkeypatch.setattr(category, "_PAIRS_TELL", 0.0)
    without = AdaptiveRegressor(**settings).fit(X, y)
    errors = [np.mean((one - truth) ** 2) for one in (predicted, without.predict(rest))]
    assert errors[0] < 0.5 * errors[1]


def test_customers_of_a_sample_are_no_identifiers():
    X, y = make_customers(18_000, 6000)
    rows = np.random.default_rng(0).choice(len(X), 500, replace=False)
    assert X["customer"].iloc[rows].nunique() > 0.95 * 500  # an identifier, if these were all
    preparation = prepared(Table.from_columns(dict(X)), y)
    assert preparation.schema["customer"].kind == "category"
    X, y = make_customers(3000)
    X["customer"] = [f"customer {number}" for number in range(len(X))]
    preparation = prepared(Table.from_columns(dict(X)), y)
    assert preparation.schema["customer"].kind == "dropped"


def test_columns_of_very_many_levels_are_not_counted(monkeypatch):
    table = Table.from_columns({"a": ["x", "y", None, "x"], "b": ["p", "q", "r", "s"]})
    counted = count_levels(table, "a")
    assert dict(zip(counted.levels, counted.counts, strict=True)) == {"x": 2, "y": 1}
    assert counted.n_missing == 1
    monkeypatch.setattr(level_counts, "_MAX_LEVELS", 3)
    assert count_levels(table, "a") is not None
    assert count_levels(table, "b") is None
    monkeypatch.setattr(level_counts, "_MAX_LETTERS", 1)
    assert count_levels(table, "a") is None


def test_rows_outside_of_the_sample_are_recognized_as_trained_on():
    X, y = make_frame(8000)
    regressor = AdaptiveRegressor(random_state=0, effort=1, members="networks").fit(X, y)
    model, others = regressor.model_, make_frame(8000, seed=1)
    known = model.copies(Table.from_columns(dict(X)), y)
    new = model.copies(Table.from_columns(dict(others[0])), others[1])
    assert known.share > 0.8
    assert new.share < 0.1


@pytest.mark.parametrize("value", [np.inf, 1e200])
def test_what_cannot_be_learned_is_named_by_its_row_of_the_table(value):
    X, y = make_frame()
    y = y.copy()
    y[2345] = value
    with pytest.raises(InputError, match="row 2345"):
        AdaptiveRegressor(effort=1).fit(X, y)


def test_all_rows_count_for_the_memory_limit():
    X, y = make_frame(200_000)
    with pytest.raises(InputError, match="more than the limit"):
        AdaptiveRegressor(effort=1, memory_limit=used_memory() + 20_000_000).fit(X, y)


def by_city(n_samples, seed=0, noise=1.0):
    """Return rows of 300 cities, each of which has a usual target of its own."""
    usual = np.random.default_rng(0).normal(size=300)
    rng = np.random.default_rng(seed)
    city = rng.integers(0, 300, n_samples)
    X = pd.DataFrame(
        {"city": [f"city {number}" for number in city], "x": rng.normal(size=n_samples)}
    )
    return X, usual[city] + noise * rng.normal(size=n_samples)


def test_usual_targets_are_those_of_all_rows():
    X, y = by_city(9000)
    data = prepared(Table.from_columns(dict(X)), y)
    encoder = next(own for own in data.encoder.encoders if own.name == "city")
    target = data.target_encoder.matrix(y)[:, 0]
    slots = encoder.slots(encoder.read_rows(Table.from_columns(dict(X))))
    for slot in (0, 7, 200):
        rows, mean = (slots == slot).sum(), target[slots == slot].mean() - target.mean()
        shrunk = rows * mean / (rows + encoder.means.prior[0]) / encoder.means.scale[0]
        assert encoder.means.values[slot, 0] == pytest.approx(shrunk, rel=1e-4)
    feature = data.dataset.features.of_folds.features[0]
    for fold in range(data.rows.n_folds):
        places = data.rows.held_out(fold)
        own = data.dataset.encoded(0, fold, places)[:, feature]
        assert (
            np.corrcoef(own, encoder.means.values[slots[data.sample[data.rows.order[places]]], 0])[
                0, 1
            ]
            > 0.99
        )


@pytest.mark.parametrize("time", [False, True])
def test_no_row_is_told_its_own_target(time):
    X, usual = by_city(3000, noise=0)
    noise = np.random.default_rng(1).normal(size=3000)
    data = prepared(Table.from_columns(dict(X)), usual + noise, time=time)
    feature, told = data.dataset.features.of_folds.features[0], []
    for number in range(data.blocks.n_blocks):
        block, order = data.blocks.dataset(number, [0]), data.blocks.rows.order
        own = order[number :: data.blocks.n_blocks][block.rows.order]
        for network in range(data.rows.n_networks):
            learned = block.rows.training(network)
            x = block.encoded(0, network, learned)[:, feature]
            told.append(np.corrcoef(x, noise[own[learned]])[0, 1])
    assert abs(np.mean(told)) < 0.03  # .08 where rows count for their own means


def test_trees_learn_from_all_rows():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 40, (6000, 3)).astype(float)
    steps = rng.normal(size=(40, 3))
    y = steps[X.astype(int), np.arange(3)].sum(axis=1)
    regressor = AdaptiveRegressor(random_state=0, effort=5).fit(X, y)
    (joined,) = [one for one in regressor.decisions_ if type(one).__name__ == "TreesCompared"][-1:]
    assert joined.loss < 0.2  # of 500 rows, it is above .4


@pytest.mark.slow
@pytest.mark.parametrize("n_jobs", [2, 3])
def test_the_number_of_workers_changes_no_bit(n_jobs):
    X, y = make_frame(1500)
    one, several = (
        AdaptiveClassifier(random_state=0, effort=4, n_jobs=jobs).fit(X, y > 0)
        for jobs in (1, n_jobs)
    )
    np.testing.assert_array_equal(one.predict_proba(X), several.predict_proba(X))


def test_each_class_is_in_the_sample():
    X, _ = make_frame(2500)
    y = np.array(["common"] * 2470 + ["rare"] * 25 + ["once"] * 5, object)
    data = prepared(Table.from_columns(dict(X)), y)
    assert set(data.target_encoder.classes.tolist()) == {"common", "rare", "once"}
    drawn = y[data.sample]
    assert (drawn == "once").sum() == 5
    assert (drawn == "rare").sum() >= 20
    assert len(drawn) < 600


def test_more_rows_are_drawn_where_one_of_two_classes_is_rare():
    X, _ = make_frame(4000)
    y = np.arange(4000) % 7 == 0
    data = prepared(Table.from_columns(dict(X)), y)
    assert 690 <= len(data.sample) <= 710


def test_no_group_is_learned_from_and_held_out():
    X, y = make_frame()
    groups = np.random.default_rng(3).integers(0, 60, len(y))
    data = prepared(Table.from_columns(dict(X)), y, groups=groups)
    held_out = {
        fold: set(groups[data.sample[data.rows.order[data.rows.held_out(fold)]]])
        for fold in range(data.rows.n_folds)
    }
    order = data.blocks.rows.order
    for number in range(data.blocks.n_blocks):
        own = order[number :: data.blocks.n_blocks]
        rows = data.blocks.dataset(number, [0]).rows
        for fold, apart in held_out.items():
            learned = own[rows.order[rows.training(fold)]]
            assert len(learned)
            assert not apart & set(groups[learned])


@pytest.mark.parametrize("given", ["column", "array", "rows"])
def test_networks_of_a_stretch_learn_from_earlier_rows(given):
    X, y = make_frame()
    days = np.arange(len(y)) // (1 if given == "rows" else 3)
    X["day"] = np.datetime64("2024-01-01") + days.astype("timedelta64[D]")
    time = {"column": "day", "array": days.astype(float), "rows": True}[given]
    data = prepared(Table.from_columns(dict(X)), y, time=time)
    starts = [
        days[data.sample[data.rows.order[data.rows.held_out(fold)]]].min()
        for fold in range(data.rows.n_folds)
    ]
    order, counts = data.blocks.rows.order, np.zeros(data.rows.n_networks)
    for number in range(data.blocks.n_blocks):
        own = order[number :: data.blocks.n_blocks]
        rows = data.blocks.dataset(number, [0]).rows
        for fold, start in enumerate(starts):
            learned = own[rows.order[rows.training(fold)]]
            assert days[learned].max() < start
        for network in range(data.rows.n_networks):
            counts[network] += len(rows.training(network))
    assert counts.tolist() == list(data.dataset.all_rows.n_learned)
    assert (counts[data.rows.n_folds :] == len(y)).all()
    assert counts[0] > 0.35 * len(y)


def test_weights_groups_and_times_fit():
    X, y = make_frame(1200)
    X["day"] = np.datetime64("2024-01-01") + np.arange(1200).astype("timedelta64[D]")
    weight = np.random.default_rng(0).integers(0, 3, 1200)
    classifier = AdaptiveClassifier(random_state=0, effort=3, members="networks")
    classifier.fit(X, y > 0, sample_weight=weight, time="day")
    assert classifier.model_.summary.n_samples == np.count_nonzero(weight)
    assert classifier.model_.summary.forward is not None


def test_given_folds_let_all_rows_race():
    X, y = make_frame(1200)
    regressor = AdaptiveRegressor(random_state=0, effort=2, members="networks")
    regressor.fit(X, y, folds=np.arange(1200) % 3)
    assert regressor.model_.summary.n_evaluated == 1200


def test_an_interrupted_fit_goes_on_with_the_same_bits(tmp_path, monkeypatch):
    monkeypatch.setattr("madaline._race.checkpoint.CHECKPOINT_SECONDS", -1.0)
    monkeypatch.setattr("madaline._race.checkpoint.CHECKPOINT_SHARE", float("inf"))
    X, y = make_frame(2000)
    path = tmp_path / "fit.checkpoint"

    def fitting(of=y):
        return fitting_of(
            Table.from_columns(dict(X)), of, effort=3, members="networks", checkpoint=path
        )

    for number, (record, _) in enumerate(fitting()):
        if record.epoch == 4 and number:
            break
    resumed, changed = fitting(), y.copy()
    assert resumed.race.epoch == 3
    changed[np.setdiff1d(np.arange(2000), resumed.prepared.sample)[0]] += 1
    assert fitting(changed).race.epoch == 0  # other rows: nothing goes on
    path.unlink()
    whole = fitting()
    for one in (resumed, whole):
        list(one)
    np.testing.assert_array_equal(resumed.out_of_fold(), whole.out_of_fold())
