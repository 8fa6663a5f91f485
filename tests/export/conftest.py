"""Models of all kinds of tables, fitted once, and rows for them with gaps of every kind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from madaline import AdaptiveClassifier, AdaptiveRegressor
from madaline._models.runtime.frozen_networks import NetworkPart
from madaline.nn.layers._trees import Trees
from madaline.nn.network import Network

KINDS = (
    "binary",
    "multiclass",
    "numbers",
    "counts",
    "quantiles",
    "several",
    "labels",
    "bare",
    "trees",
)
"""What is predicted; the last are networks on a single column of numbers, and trees on bins."""


SOME = [
    kind if kind in ("binary", "numbers") else pytest.param(kind, marks=pytest.mark.slow)
    for kind in KINDS
]
"""The same, of which most are slow: other tests run the same lines."""


def table_of(n: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Return rows with columns of all kinds that a program reads, and what they tell."""
    rng = np.random.default_rng(seed)
    width, length = 100 * rng.standard_normal((2, n))
    days = rng.integers(0, 900, n)
    city = rng.choice(["Bonn", "Kiel", "Ulm", 'K"ö??/ln\\'], n).astype(object)
    signal = width + 0.5 * length + 60 * (city == "Kiel") + 10 * rng.standard_normal(n)
    city[days % 17 == 0] = None
    checked = rng.choice([True, False], n).astype(object)
    checked[days % 13 == 0] = None
    columns = {
        "width": np.where(rng.random(n) < 0.1, np.nan, width),
        "length": length,
        "double": rng.integers(0, 9, n),
        "city": city,
        "Code (of 120)": rng.choice([f"c{one}" for one in range(120)], n).astype(object),
        "checked": checked,
        "day": np.datetime64("2024-02-27") + days,
        "moment": np.datetime64("1969-12-01") + 7_654 * rng.integers(0, 900, n).astype("m8[s]"),
    }
    return pd.DataFrame(columns), signal


def rows_with_gaps(n: int) -> pd.DataFrame:
    """Return rows that no model has seen: a cell of seven is missing, unknown or far away."""
    rows, _ = table_of(n, seed=9)
    rng = np.random.default_rng(3)
    strange = {
        "width": [None, 1e300, -1e300, 0.0],
        "length": [None, 5e8, -0.0, 1e-300],
        "double": [None, 2.5, 100, -1e9],
        "city": [None, "never seen", "", " "],
        "Code (of 120)": [None, "never seen", "c3", "missing"],
        "checked": [None, True, False, None],
        "day": [None, "1969-12-31", "2000-02-29", "9999-12-31"],
        "moment": [None, "1900-02-28T23:59:59", "2400-12-31T12:00:00", "0001-01-01"],
    }
    for name, values in strange.items():
        own = rows[name].to_numpy(dtype=object, copy=True)
        for row in np.flatnonzero(rng.random(n) < 1 / 7):
            own[row] = values[rng.integers(4)]
        if name in ("day", "moment"):
            own = np.array([str(one)[:19].replace("None", "NaT") for one in own], "M8[us]")
            rows[name] = pd.Series(own.astype("M8[s]"))
        else:
            rows[name] = own if name in ("city", "Code (of 120)", "checked") else own.astype(float)
    return rows


@pytest.fixture(scope="session")
def rows() -> pd.DataFrame:
    """A thousand rows with gaps."""
    return rows_with_gaps(1000)


@pytest.fixture(scope="session")
def models():
    """Return a maker of fitted models, each made once."""
    made = {}

    def model(kind):
        if kind == "trees":
            return of_trees(model("numbers"))
        if kind not in made:
            made[kind] = fitted(kind)._model()
            if kind == "multiclass":
                softer = replace(made[kind].predictor, temperature=1.5)
                made[kind] = replace(made[kind], predictor=softer)
        return made[kind]

    return model


def of_trees(model):
    """Return a model of nothing but trees, which split on bins; some thresholds are empty bins."""
    predictor, n_bins = model.predictor, 16
    n_features, n_base = (predictor.encoder.n_features(n) for n in (n_bins, 0))
    network = Network((Trees(n_features, 1, 6, 5),))
    theta = network.initialize((1, predictor.parts[0].theta.shape[1]), np.random.default_rng(0))
    splits = network.bind(theta.theta)[0]
    bins = splits["feature"].astype(int) - n_base
    empty = -predictor.encoder.joined.bins[n_bins].means.astype(np.float32)[np.maximum(bins, 0)]
    splits["threshold"][...] = np.where((bins >= 0) & (bins % 2), empty, splits["threshold"] / 2)
    parts = (NetworkPart(n_bins, network, theta.theta, np.ones(1)),)
    return replace(model, predictor=replace(predictor, parts=parts))


def fitted(kind):
    X, signal = table_of(400, seed=0)
    settings = {"effort": 8, "random_state": 0}
    match kind:
        case "binary":
            target = np.where(signal > 0, "yes", "no")
            return AdaptiveClassifier(**settings).fit(X, target)
        case "multiclass":
            return AdaptiveClassifier(**settings).fit(X, np.digitize(signal, [-60, 60]) * 10)
        case "labels":
            labels = pd.DataFrame({"high": signal > 0, "far": abs(signal) > 90})
            return AdaptiveClassifier(**settings).fit(X, labels)
        case "counts":
            steps = (X["width"] > 20) ^ (X["length"] > 0)  # which trees learn better
            amounts = 5 * steps + (X["double"] > 4) * (X["city"] == "Kiel")
            X = X.drop(columns=["moment", "day", "checked"])
            return AdaptiveRegressor(loss="poisson", **settings).fit(X, amounts)
        case "quantiles":
            quantiles = {"loss": "quantile", "quantile": (0.1, 0.5, 0.9)}
            return AdaptiveRegressor(**quantiles, **settings).fit(X, signal)
        case "several":
            return AdaptiveRegressor(**settings).fit(
                X, pd.DataFrame({"one": signal, "two": X["length"] - 3 * signal})
            )
        case "bare":
            settings["members"] = "networks"
            return AdaptiveRegressor(**settings).fit(X[["length"]], signal)
        case _:
            return AdaptiveRegressor(**settings).fit(X, signal + 1000)
