"""Copies of everything that people may copy: they hold the same, and go on to the same bits."""

from __future__ import annotations

import datetime
from functools import cache
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
from tests.copying import WAYS, same
from tests.grids import some

import madaline
from madaline import runtime

pytestmark = pytest.mark.filterwarnings(
    "ignore::madaline.errors.TextReadWarning",
    "ignore::madaline.errors.NothingLearnedWarning",
    "ignore::madaline.errors.GroupsWarning",
)


def rows(seed=0, n_rows=90):
    rng = np.random.default_rng(seed)
    day = pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 900, n_rows), "h")
    return pd.DataFrame(
        {
            "size": rng.normal(size=n_rows),
            "city": rng.choice(["Bonn", "Kiel", None], n_rows),
            "flag": rng.choice([True, False], n_rows),
            "price": [f"${number:,.2f}" for number in rng.uniform(0, 5000, n_rows)],
            "day": day,
            "text": [" ".join(rng.choice(["good", "bad", "old"], 5)) for _ in range(n_rows)],
        }
    )


X, MORE = rows(), rows(1)
NOISE = np.random.default_rng(2).normal(size=(2, len(X)))


def number(table, noise=NOISE[0]):
    return table["size"].to_numpy() + 2 * (table["city"] == "Kiel") + noise


def label(table):
    return np.where(number(table) > 0.5, "high", "low")


def numbers(table):
    return np.column_stack([number(table), number(table, NOISE[1])])


def stream(table):
    return table.drop(columns=["price", "text"])


RECORDS = [
    {"size": 0.5, "city": "Bonn", "flag": True, "day": datetime.datetime(2026, 1, 1)},
    {"size": 1.5, "city": "Kiel", "flag": False, "day": datetime.datetime(2026, 1, 2)},
    {"size": -0.5, "city": "Ulm", "flag": None},
]
FIT = {"effort": 2, "random_state": 0}


def used(model):
    """Return a model that has predicted: what it keeps for the next time is no part of a copy."""
    model.predict(MORE)
    return model


def classifier():
    return used(madaline.AdaptiveClassifier(**FIT, keep_rows=60).fit(X, label(X)))


@cache
def unchanged():
    """Return a classifier of which tests look at results, or at its file."""
    return classifier()


def regressor():
    return used(madaline.AdaptiveRegressor(**FIT).fit(X, number(X)))


def several():
    return used(madaline.AdaptiveRegressor(**FIT).fit(X, numbers(X)))


def many():
    frame = X.assign(target=number(X))
    models = madaline.fit_many(frame, "target", "flag", effort=1, n_jobs=1, common=True)
    return used(models)


def signals():
    rng = np.random.default_rng(0)
    return madaline.sequences([rng.normal(size=(rng.integers(9, 30), 2)) for _ in X.index])


def of_signals():
    return madaline.AdaptiveClassifier(**FIT).fit(signals(), label(X))


def loaded(path):
    unchanged().save(path / "model")
    return madaline.load(path / "model")


def saved_models(path):
    many().save(path / "models")
    return madaline.load(path / "models")


def online(estimator, truth):
    model = estimator(random_state=0).partial_fit(stream(X), truth(X))
    for key in (1, 2):
        model.predict_one(RECORDS[key], key=key)
    model.predict_one(RECORDS[0])
    return model


def predicted(*names):
    """Return a function that returns what a model predicts."""
    return lambda model: [getattr(model, name)(MORE) for name in names]


of_classes = predicted("predict", "predict_proba", "predict_set")
of_numbers = predicted("predict", "predict_interval")


def drawn(sampler):
    rows = sampler.sample(30, random_state=3, given={"city": "Kiel"})
    return [rows.to_dict("list"), sampler.quality_, sampler.notes_]


def with_gaps(frame):
    return frame.mask(np.random.default_rng(4).random(frame.shape) < 0.2)


def filled(imputer):
    tables = [imputer.transform(with_gaps(MORE)), *imputer.impute(with_gaps(MORE), n=2)]
    return [*(table.to_dict("list") for table in tables), str(imputer), imputer.n_gaps_]


def updated(model):
    before = of_classes(model)
    return [before, of_classes(model.update(MORE, label(MORE)))]


def streamed(truth):
    """Return a function that goes on with an online model: as it is, and when it widens."""

    def go_on(model):
        before = predicted_stream(model)
        model.learn(1, truth(X)[0]).learn_one(RECORDS[0], truth(X)[1])
        model.partial_fit(stream(MORE), truth(MORE)[::-1])
        learned = predicted_stream(model)
        model.learn(2, truth(X)[0])
        model.partial_fit({"size": [0.5], "city": ["Jena"]}, ["new"] if truth is label else [2.0])
        return [before, learned, predicted_stream(model), model.decisions_, len(model.pending_)]

    return go_on


def predicted_stream(model):
    names = ("predict", "predict_proba")
    return [getattr(model, name)(stream(MORE)) for name in names if hasattr(model, name)]


def trained(network):
    before = network.forward(NOISE.T)
    network.train(NOISE.T, label(X), epochs=5, adaptive=True)
    return [before, network.forward(NOISE.T), network.weights, network.history_]


def network():
    network = madaline.NeuralNetwork(2, 4, 1, random_state=0)
    network.train(NOISE.T, label(X), epochs=5)
    return network


def watched(truth, cut=lambda table: table):
    """Return a function that goes on with a model's monitor."""

    def go_on(monitor):
        monitor.learn(["a"], truth(X)[:1])
        monitor.observe(cut(MORE), truth(MORE), keys=range(len(MORE)))
        return [repr(monitor), monitor.alarms, monitor.losses, monitor.pending]

    return go_on


def monitor(model, cut=lambda table: table):
    monitor = model.watch(false_alarms=50)
    monitor.observe(cut(X)[:3], keys=["a", "b", "c"])
    return monitor


# What `madaline` offers: each with how it goes on.
MODELS = {
    "AdaptiveClassifier": lambda path: (classifier(), updated),
    "AdaptiveRegressor": lambda path: (regressor(), of_numbers),
    "AdaptiveRegressor of several targets": lambda path: (several(), predicted("predict")),
    "AdaptiveClassifier after an update": lambda path: (
        classifier().update(MORE, label(MORE)),
        updated,
    ),
    "FittedModel": lambda path: (unchanged().model_, of_classes),
    "load": lambda path: (loaded(path), updated),
    "runtime.load": lambda path: (predictor(path), predicted("predict", "predict_proba")),
    "NeuralNetwork": lambda path: (network(), trained),
    "OnlineClassifier": lambda path: (
        online(madaline.OnlineClassifier, label),
        streamed(label),
    ),
    "OnlineRegressor": lambda path: (online(madaline.OnlineRegressor, number), streamed(number)),
    "fit_many": lambda path: (many(), predicted("predict")),
    "ManyModels": lambda path: (saved_models(path), predicted("predict")),
    "Imputer": lambda path: (madaline.Imputer(check=False).fit(with_gaps(X)), filled),
    "Sampler": lambda path: (madaline.Sampler(privacy="safe").fit(X), drawn),
    "sequences": lambda path: (of_signals(), lambda model: model.predict_proba(signals())),
}
MONITORS = {
    "of a classifier": lambda: (monitor(classifier()), watched(label)),
    "of a regressor": lambda: (monitor(regressor()), watched(number)),
    "of an online classifier": lambda: (
        monitor(online(madaline.OnlineClassifier, label), stream),
        watched(label, stream),
    ),
    "of an online regressor": lambda: (
        monitor(online(madaline.OnlineRegressor, number), stream),
        watched(number, stream),
    ),
}
OTHER_NAMES = {
    "check_gradient",
    "check_layer",
    "check_loss",
    "check_network",
    "compare",
    "look",
    "sounds",
}


def predictor(path):
    unchanged().save(path / "model")
    return runtime.load(path / "model")


def test_nothing_that_the_package_offers_is_forgotten():
    assert {name.split()[0] for name in MODELS} - {"runtime.load"} | OTHER_NAMES == {
        *madaline.__all__
    }


@pytest.mark.parametrize("name", some(MODELS, 7))
def test_copies_of_a_model_go_on_to_the_same_bits(name, tmp_path):
    model, go_on = MODELS[name](tmp_path)
    copies = {way: copied(model) for way, copied in WAYS.items()}
    expected = go_on(model)
    for way, copied in copies.items():
        assert same(go_on(copied), expected), way


@pytest.mark.parametrize("name", MONITORS)
def test_copies_of_a_monitor_go_on_to_the_same_bits(name):
    monitor, go_on = MONITORS[name]()
    copies = {way: copied(monitor) for way, copied in WAYS.items()}
    expected = go_on(monitor)
    for way, copied in copies.items():
        assert same(go_on(copied), expected), way


# What methods of a fitted estimator return; of the others it is the estimator, arrays or files.
RESULTS = {
    "counterfactuals": lambda model: model.counterfactuals(MORE[:2], target="high"),
    "diagnose": lambda model: model.diagnose(MORE),
    "effects": lambda model: model.effects(MORE, "size"),
    "explain": lambda model: model.explain(MORE[:3]),
    "importances": lambda model: model.importances(MORE, label(MORE)),
    "interactions": lambda model: model.interactions(MORE[:9]),
    "report_data": lambda model: model.report_data(),
    "story": lambda model: model.story(),
}
OTHERS = {
    *("card", "decision_function", "fit", "get_metadata_routing", "get_params", "onnx_feed"),
    *("predict", "predict_log_proba", "predict_proba", "predict_set", "report", "save", "score"),
    *("set_callbacks", "set_fit_request", "set_params", "set_score_request", "set_threshold"),
    *("to_onnx", "update", "go_back", "watch", "predict_interval", "forecast", "find_anomalies"),
    *("explain_file", "predict_file"),
}


def test_no_result_of_a_fitted_estimator_is_forgotten():
    names = {*dir(madaline.AdaptiveClassifier), *dir(madaline.AdaptiveRegressor)}
    public = {name for name in names if not name.startswith("_") and not name.endswith("_")}
    missing = set() if find_spec("sklearn.callback") else {"set_callbacks"}  # before 1.9
    assert public == (RESULTS.keys() | OTHERS) - missing


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", RESULTS)
def test_a_copy_of_a_result_holds_the_same(name, way):
    result = RESULTS[name](unchanged())
    copied = WAYS[way](result)
    assert same(copied, result)
    assert repr(copied) == repr(result)


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_of_each_attribute_holds_the_same(way):
    fitted = unchanged()
    names = [name for name in dir(fitted) if name.endswith("_") and not name.startswith("_")]
    assert {"decisions_", "history_", "scores_", "diagnosis_", "quality_", "model_"} <= {*names}
    for name in names:
        value = getattr(fitted, name)
        copied = WAYS[way](value)
        if name == "model_":
            value, copied = value.to_bytes(), copied.to_bytes()
        assert same(copied, value), name
        assert repr(copied) == repr(value), name


@pytest.mark.parametrize("way", WAYS)
def test_copies_of_signals_hold_the_same(way):
    for one in (
        signals(),
        madaline.sounds([np.sin(np.arange(900.0)), np.cos(np.arange(700.0))], rate=8000),
    ):
        assert same(WAYS[way](one), one)
