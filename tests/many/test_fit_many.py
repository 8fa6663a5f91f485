"""A model for each group is that of a single fit, whatever fits it and wherever it starts."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.grids import some

import madaline
from madaline import AdaptiveClassifier, AdaptiveRegressor, fit_many
from madaline._apps.estimators.many import _EstimatorJob, _GivenFrame
from madaline._models.fitting import finished_fits
from madaline._models.fitting.many import MIN_ROWS
from madaline._models.model.many import Compared
from madaline.errors import GroupsWarning, InputError, ModelFileError, RowsLeftOutWarning
from madaline.nn._engine.executors.executor import Executor, LocalValue

pd = pytest.importorskip("pandas")

pytestmark = pytest.mark.filterwarnings("ignore::madaline.errors.GroupsWarning")
FIT = {"target": "sales", "by": "store", "effort": 2, "n_jobs": 1}


def counted(fitted, fit=_EstimatorJob.fit):
    """Return the fit of a group that notes its seed."""
    return lambda job, seed: fitted.append(seed) or fit(job, seed)


def bits(models):
    return {group: models[group].model_.to_bytes() for group in models}


def test_each_model_is_that_of_a_single_fit(stores):
    models = fit_many(stores, **FIT, random_state=3)
    assert list(models) == ["Berlin", "Bonn", "Köln"]
    for group in models:
        rows, seed = stores[stores["store"] == group], models[group].random_state
        single = AdaptiveRegressor(effort=2, random_state=seed)
        single.fit(rows.drop(columns=["store", "sales"]), rows["sales"])
        assert single.model_.to_bytes() == models[group].model_.to_bytes()
    assert len({models[group].random_state for group in models}) == 3


@pytest.mark.slow
def test_workers_and_rows_of_other_groups_change_no_bit(stores):
    fewer = stores[stores["store"].isin(["Berlin", "alone"])]
    two = fit_many(fewer, **{**FIT, "n_jobs": 2, "effort": 1})
    assert bits(two).items() <= bits(fit_many(stores, **{**FIT, "effort": 1})).items()


def test_a_worker_is_sent_the_rows_of_one_group_alone(stores):
    executor = Sending()
    sent = fit_many(stores, **FIT, executor=executor)
    assert bits(sent) == bits(fit_many(stores, **FIT))
    assert len(executor.sizes) == 4
    assert max(executor.sizes) < 0.6 * len(pickle.dumps(stores.to_dict("list")))


class Sending(Executor):
    """Runs tasks as a cluster does: each is pickled."""

    n_workers = 1

    def __init__(self):
        self.sizes = []

    def map(self, function, items):
        for item in items:
            content = pickle.dumps(item)
            self.sizes.append(len(content))
            yield function(pickle.loads(content))

    def share(self, value):
        return LocalValue(value)

    def close(self):
        pass


def test_frames_of_polars_are_read_alike(stores):
    polars = pytest.importorskip("polars")
    fewer = stores[stores["store"] == "Berlin"]
    models = fit_many(polars.from_pandas(fewer), **FIT)
    np.testing.assert_array_equal(models.predict(fewer), fit_many(fewer, **FIT).predict(fewer))


def test_what_fails_is_listed_and_stops_nothing(stores):
    with pytest.warns(GroupsWarning, match="1 group has no model of its own: alone") as caught:
        models = fit_many(stores, **FIT)
    assert "give at least two" in str(caught[0].message)
    assert list(models.failed) == ["alone"]
    assert "give at least two" in models.failed["alone"]
    assert "no model: X has 1 row" in repr(models)
    with pytest.raises(KeyError, match="no model of alone"):
        models["alone"]
    with pytest.raises(KeyError, match=r"no group 'Bon' .* did you mean 'Bonn'"):
        models["Bon"]


def test_a_bug_in_one_fit_does_not_stop_the_others(stores, monkeypatch):
    fit = _EstimatorJob.fit

    def broken(job, seed):
        if len(job.target) == 1:
            raise ZeroDivisionError("oh")
        return fit(job, seed)

    monkeypatch.setattr(_EstimatorJob, "fit", broken)
    models = fit_many(stores, **FIT)
    assert models.failed == {
        "alone": "This is a bug in madaline (ZeroDivisionError: oh): please report it."
    }


def test_nothing_that_can_be_fitted_is_an_error(stores):
    with pytest.raises(InputError, match="No group was fitted, such as alone: X has 1 row"):
        fit_many(stores[stores["store"] == "alone"], **FIT)


def test_a_common_model_answers_for_other_groups(stores):
    models = fit_many(stores, **FIT, common=True, min_rows=2)
    assert models.failed == {"alone": "It has 1 row, fewer than 2."}
    new = stores.assign(store="new")
    np.testing.assert_array_equal(models.predict(new), models.common.predict(new))
    alone = stores[stores["store"] == "alone"]
    np.testing.assert_array_equal(models.predict(alone), models.common.predict(alone))
    kinds = {column.name: column.kind for column in models.common.model_.schema.columns}
    assert kinds["store"] == "category"
    with pytest.raises(InputError, match="The common model was not fitted: X has 1 row"):
        fit_many(alone, **FIT, common=True)


def test_small_groups_are_told_only_where_nobody_asked_for_a_common_model(stores, recwarn):
    few = {"min_rows": 2, "common": True}
    assert fit_many(stores, **FIT, **few).failed
    assert not [one for one in recwarn if "no model of its own" in str(one.message)]
    few = {"min_rows": 2}
    with pytest.warns(GroupsWarning, match="1 group has no model of its own: alone. alone: It has"):
        fit_many(stores, **FIT, **few)


def test_small_groups_need_many_rows_beside_a_common_model(stores):
    assert MIN_ROWS > 40
    with pytest.raises(InputError, match="No group was fitted"):
        fit_many(stores, **FIT, min_rows=MIN_ROWS)
    models = fit_many(stores, **FIT, common=True)
    assert len(models) == 0
    assert np.isfinite(models.predict(stores)).all()


def test_rows_go_to_their_models_and_come_back_in_order(stores):
    models = fit_many(stores, **FIT)
    mixed = stores.sample(frac=1.0, random_state=5)
    mixed.iloc[:2, mixed.columns.get_loc("store")] = ["new", None]
    with pytest.warns(GroupsWarning, match=r"3 rows .* have no prediction: \(none\), alone, new"):
        predicted = models.predict(mixed)
    for group in models:
        rows = mixed["store"] == group
        np.testing.assert_array_equal(predicted[rows], models[group].predict(mixed[rows]))
    assert np.isnan(predicted[~mixed["store"].isin(list(models))]).all()
    known = mixed[mixed["store"].isin(list(models))]
    bounds = models.predict_interval(known, coverage=0.8)
    assert bounds.shape == (len(known), 2)
    assert (bounds[:, 0] < bounds[:, 1]).all()


def test_classes_of_other_groups_have_no_probability(stores):
    frame = stores.drop(columns="sales").assign(kind=np.where(stores["price"] > 5, "dear", "cheap"))
    other = frame["store"].eq("Bonn") & frame["kind"].eq("dear")
    frame.loc[other, "kind"] = "luxury"
    models = fit_many(frame, target="kind", by="store", effort=2, n_jobs=1)
    assert models.classes_.tolist() == ["cheap", "dear", "luxury"]
    assert isinstance(models["Bonn"], AdaptiveClassifier)
    with pytest.warns(GroupsWarning):
        shares, labels = models.predict_proba(frame), models.predict(frame)
    assert labels[-1] is None
    assert np.isnan(shares[-1]).all()
    np.testing.assert_allclose(shares[:-1].sum(axis=1), 1.0, atol=1e-6)
    bonn = (frame["store"] == "Bonn").to_numpy()
    single = AdaptiveClassifier(effort=2, random_state=models["Bonn"].random_state)
    single.fit(frame[bonn].drop(columns=["store", "kind"]), frame["kind"][bonn])
    assert single.model_.to_bytes() == models["Bonn"].model_.to_bytes()
    assert (shares[bonn, 1] == 0).all()
    assert (shares[bonn, 2] > 0).all()


def test_keys_are_texts_or_whole_numbers_of_one_column_or_several(stores):
    codes = stores["store"].map({"Berlin": 1.0, "Bonn": 2.0, "Köln": 10.0})
    with pytest.warns(RowsLeftOutWarning, match="1 row without a value of store: in no group"):
        models = fit_many(stores.assign(store=codes), **FIT)
    assert list(models) == [1, 2, 10]
    assert models["2"].model_.to_bytes() == models[2].model_.to_bytes()
    both = stores.assign(half=(stores["price"] > 5).map({True: 1, False: 0}))
    models = fit_many(both, target="sales", by=["store", "half"], effort=1, n_jobs=1)
    assert list(models)[:2] == [("Berlin", 0), ("Berlin", 1)]
    assert models["Berlin", 1].model_.summary.n_samples > 5
    with pytest.raises(InputError, match=r"'price' holds \d+\.\d+, but only texts"):
        fit_many(stores, target="sales", by="price")


def test_one_model_for_all_or_one_for_each(stores):
    known = stores[stores["store"] != "alone"]
    models = fit_many(known, target="sales", by="store", effort=20, compare=True, n_jobs=1)
    first, *each = models.comparison
    assert "one for each store" in first.lower()
    assert "on the same 120 rows, the root mean squared error is" in first
    assert [sentence.partition(":")[0] for sentence in each] == list(models)
    assert models.common is None
    assert first in repr(models)


def test_a_difference_of_two_standard_errors_is_told_as_one():
    compared = Compared("rmse", 120, own=2.0, common=2.5, difference=0.2, standard_error=0.05)
    assert compared.sentence("one for each store") == (
        "One for each store predicts better than one model for all: out of fold, on the same 120"
        " rows, the root mean squared error is 2 with one for each store and 2.5 with one model for"
        " all, a difference of 20.0% ± 5.0%."
    )
    unclear = replace(compared, standard_error=0.11).sentence("one for each store")
    assert unclear.startswith("One for each store and one model for all predict about as well: ")


@pytest.mark.parametrize(
    ("loss", "metric"),
    some(
        [
            ({"loss": "absolute", "task": "regression"}, "mean_absolute_error"),
            (
                {"loss": "quantile", "quantile": [0.1, 0.9], "task": "regression"},
                "mean_pinball_loss",
            ),
            ({"loss": "poisson", "task": "regression"}, "mean_poisson_deviance"),
            ({"task": "classification"}, "log_loss"),
        ],
        1,
    ),
)
def test_every_loss_is_compared_in_its_own_metric(stores, loss, metric):
    frame = stores.assign(sales=(stores["price"] // 4).clip(upper=2).astype(int))
    models = fit_many(frame, **FIT, **loss, compare=True)
    compared = models._models.index.compared
    assert compared.metric == metric
    assert compared.n_rows == 120
    assert 0 < compared.own < 10
    assert 0 < compared.common < 10


def test_weights_and_groups_may_be_columns(stores):
    stores["weight"] = np.arange(len(stores)) % 3
    stores["week"] = np.arange(len(stores)) // 7
    models = fit_many(stores, **FIT, sample_weight="weight", groups="week", folds=3)
    rows = stores[stores["store"] == "Bonn"]
    single = AdaptiveRegressor(effort=2, random_state=models["Bonn"].random_state)
    single.fit(
        rows.drop(columns=["store", "sales", "weight", "week"]),
        rows["sales"],
        rows["weight"],
        rows["week"],
        3,
    )
    assert single.model_.to_bytes() == models["Bonn"].model_.to_bytes()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"target": "sale"}, "target names 'sale', which is no column: did you mean 'sales'"),
        ({"by": "sales"}, "name different columns"),
        ({"by": ["store", 3]}, "by is 3: give the name of a column"),
        ({"effort": 0}, "effort is 0"),
        ({"efort": 3}, "fit_many takes no argument 'efort' for regression: did you mean 'effort'"),
        ({"on_event": print}, "takes no argument 'on_event'"),
        ({"preset": "fast"}, "preset is 'fast'"),
        ({"loss": "log"}, "loss"),
        ({"kinds": {"prize": "number"}}, "kinds names 'prize', .* did you mean 'price'"),
        ({"series": "store"}, "series names 'store', which tells the groups apart"),
        ({"lags": [1], "time": "day", "common": True}, "With lags there is no common model"),
        ({"folds": "three"}, "folds"),
        ({"min_rows": 0}, "min_rows is 0"),
        ({"task": "ranking"}, "task is 'ranking'"),
        ({"sample_weight": "wait"}, "sample_weight names 'wait', which is no column"),
    ],
)
def test_arguments_are_checked_before_the_first_fit(stores, monkeypatch, arguments, sentence):
    monkeypatch.setattr(_EstimatorJob, "fit", lambda *_: pytest.fail("fitted"))
    with pytest.raises(InputError, match=sentence):
        fit_many(stores, **{**FIT, **arguments})


@pytest.mark.parametrize("path", ["stores.csv", Path("stores.csv"), ["stores.csv"]])
def test_a_path_is_no_frame(path):
    with pytest.raises(InputError, match=r"'stores.csv' is the path of a file: read it first, .*"):
        fit_many(path, **FIT)


@pytest.mark.slow
def test_a_killed_run_goes_on_with_the_same_bits(stores, tmp_path, monkeypatch):
    whole, killed = tmp_path / "whole.madaline", tmp_path / "killed.madaline"
    fit_many(stores, **FIT, common=True, compare=True, min_rows=2, output=whole)
    fitted, fit = [], _EstimatorJob.fit

    def fit_two(job, seed):
        if len(fitted) == 2:
            raise KeyboardInterrupt
        fitted.append(seed)
        return fit(job, seed)

    arguments = {**FIT, "common": True, "compare": True, "min_rows": 2, "output": killed}
    monkeypatch.setattr(_EstimatorJob, "fit", fit_two)
    with pytest.raises(KeyboardInterrupt):
        fit_many(stores, **arguments)
    assert not killed.exists()
    kept = tmp_path / "killed.madaline.checkpoint"
    with kept.open("ab") as file:  # as a process leaves it that is killed while it writes
        file.write((10**6).to_bytes(8, "little") + b"half")
    before = [*fitted]
    monkeypatch.setattr(_EstimatorJob, "fit", counted(fitted))
    fit_many(stores, **arguments)
    assert len(fitted) == 4
    assert not set(before) & set(fitted[2:])
    assert killed.read_bytes() == whole.read_bytes()
    assert sorted(tmp_path.iterdir()) == [killed, whole]


def test_another_user_s_checkpoint_decides_nothing(stores, tmp_path, monkeypatch):
    output = tmp_path / "stores.madaline"
    kept = tmp_path / "stores.madaline.checkpoint"
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)
    fit_many(stores, **FIT, output=output)
    monkeypatch.setattr(finished_fits, "user_key", lambda: b"k" * 32)
    assert kept.stat().st_size > 1000
    with pytest.warns(UserWarning, match="written by another user .* is fitted again"):
        fit_many(stores, **FIT, output=output)


@pytest.mark.slow
def test_other_settings_are_fitted_anew(stores, tmp_path, monkeypatch):
    output, fitted = tmp_path / "stores.madaline", []
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)
    monkeypatch.setattr(_EstimatorJob, "fit", counted(fitted))
    for settings, n_fits in (({}, 4), ({}, 1), ({"effort": 1}, 4), ({"random_state": 1}, 4)):
        fitted.clear()
        fit_many(stores, **{**FIT, **settings}, output=output)
        assert len(fitted) == n_fits  # that of one row fails each time


def test_a_metric_without_a_name_works_but_is_not_resumed(stores, tmp_path):
    def score(truth, predicted):
        return -float(np.abs(truth - predicted).mean())

    models = fit_many(stores, **FIT, metric=lambda *of: score(*of), output=tmp_path / "m")
    assert len(models) == 3


def test_progress_is_a_line_now_and_then(stores, capsys):
    fit_many(stores, **FIT, verbose=2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("  Berlin: R² ")
    assert lines[1].startswith("  1 of 4 models, ")
    assert lines[1].endswith(" left")
    assert lines[-1].startswith("Fitted 4 of 4 models (1 without a model), in ")


def test_models_are_saved_and_loaded_one_by_one(stores, tmp_path):
    models = fit_many(stores, **FIT, common=True, min_rows=2)
    path = tmp_path / "stores.madaline"
    models.save(path)
    loaded = madaline.load(path)
    assert repr(loaded) == repr(models)
    assert loaded.failed == models.failed
    assert bits(loaded) == bits(models)
    np.testing.assert_array_equal(loaded.predict(stores), models.predict(stores))
    assert loaded.scores.to_frame()["rows"].tolist() == [40, 40, 40, 1]
    with pytest.raises(ModelFileError, match="holds a model for each group"):
        madaline.FittedModel.load(path)


def test_a_query_is_computed(stores):
    pl = pytest.importorskip("polars")
    given = _GivenFrame.of(pl.from_pandas(stores).lazy(), "sales", ("store",))
    assert given.names == tuple(stores.columns)
