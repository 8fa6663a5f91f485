"""Models of several targets or quantiles answer with a value for each."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.serve.conftest import serving

from madaline import AdaptiveClassifier, AdaptiveRegressor

TASKS = ("numbers", "labels", "quantiles")


@pytest.fixture(scope="module")
def fitted(tmp_path_factory) -> dict[str, Any]:
    """An estimator of each task, fitted to two columns."""
    a, b = np.random.default_rng(0).standard_normal((2, 120))
    table, folder = pl.DataFrame({"a": a, "b": b}), tmp_path_factory.mktemp("several")
    settings = {"effort": 1, "random_state": 0, "n_jobs": 1}
    quantiles = AdaptiveRegressor(loss="quantile", quantile=[0.1, 0.5, 0.9], **settings)
    found = {
        "numbers": (AdaptiveRegressor(**settings), pl.DataFrame({"x": a + b, "y": 9 + b})),
        "labels": (AdaptiveClassifier(**settings), pl.DataFrame({"x": a > 0, "y": a + b > 0})),
        "quantiles": (quantiles, pl.Series("x", a + b)),
    }
    for name, (model, target) in found.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # too easy
            model.fit(table, target)
        model.save(folder / f"{name}.madaline")
    return {"folder": folder} | {name: model.model_ for name, (model, _) in found.items()}


@pytest.fixture(scope="module")
def client(fitted):
    """A client of a server of all of them."""
    with serving({name: fitted["folder"] / f"{name}.madaline" for name in TASKS}) as running:
        yield running


@pytest.fixture
def rows() -> list[dict[str, float]]:
    """New rows."""
    return [{"a": 0.5, "b": -1.0}, {"a": 0.1, "b": 2.0}]


def values(answer: Any, field: str) -> list[list[Any]]:
    """Return the values of a field, a list a row."""
    return [list(one[field].values()) for one in answer["predictions"]]


@pytest.mark.parametrize("task", TASKS)
def test_each_target_is_predicted_as_in_python(client, fitted, rows, task) -> None:
    model, wanted = fitted[task], {"rows": rows, "coverage": 0.8, "explain": True}
    answer = client.post(f"/models/{task}/predict", wanted).json
    names = list(model.output_names)
    assert list(answer["predictions"][0]["prediction"]) == names
    np.testing.assert_allclose(values(answer, "prediction"), model.predict(rows), rtol=1e-5)
    plain = client.post(f"/models/{task}/invocations", {"instances": rows}).json["predictions"]
    assert [list(one) for one in plain] == [names, names]
    np.testing.assert_allclose(
        [list(one.values()) for one in plain], model.predict(rows), rtol=1e-5
    )
    for one in answer["predictions"]:
        assert list(one["explanation"]) == names
        assert set(one["explanation"][names[0]]["attributions"]) == {"a", "b"}
    if task == "labels":
        assert list(answer["predictions"][0]["probabilities"]["x"]) == ["0", "1"]
        shares = [[one["1"] for one in row] for row in values(answer, "probabilities")]
        np.testing.assert_allclose(shares, model.predict_proba(rows), atol=1e-5)
        sets = [[["0" in one, "1" in one] for one in row] for row in values(answer, "set")]
        assert sets == model.predict_set(rows, 0.8).tolist()
    else:
        intervals = model.predict_interval(rows, 0.8)
        found = [one["interval"] for one in answer["predictions"]]
        each = [list(one.values()) for one in found]
        if task == "numbers":
            each = [[list(one.values()) for one in row] for row in each]
        np.testing.assert_allclose(each, intervals, rtol=1e-5)


@pytest.mark.parametrize("task", TASKS)
def test_each_target_is_a_tensor(client, fitted, rows, task) -> None:
    tensors = [
        {"name": name, "shape": [2], "datatype": "FP64", "data": [row[name] for row in rows]}
        for name in ("a", "b")
    ]
    outputs = client.post(f"/v2/models/{task}/infer", {"inputs": tensors}).json["outputs"]
    described = client.get(f"/v2/models/{task}").json["outputs"]
    assert [one["name"] for one in outputs] == [one["name"] for one in described]
    data = {one["name"]: one["data"] for one in outputs}
    told = np.array([data[name] for name in fitted[task].output_names]).T
    np.testing.assert_allclose(told, fitted[task].predict(rows), rtol=1e-5)
    if task == "labels":
        shares = np.reshape(data["y_probabilities"], (2, 2))[:, 1]
        np.testing.assert_allclose(shares, fitted[task].predict_proba(rows)[:, 1], atol=1e-5)


@pytest.mark.parametrize("task", TASKS)
def test_the_page_and_the_description_show_each_target(client, fitted, task) -> None:
    page = client.post(f"/models/{task}", b"a=1&b=2").body.decode()
    names = [name.replace("_", "_<wbr>") for name in fitted[task].output_names]
    assert all(f"<span>{name}</span>" in page for name in names)
    schemas = client.get("/openapi.json").json["components"]["schemas"]
    fields = schemas[f"{task}.answer"]["properties"]["predictions"]["items"]["properties"]
    assert list(fields["prediction"]["properties"]) == list(fitted[task].output_names)


def test_explanations_are_counted_by_target(client, rows) -> None:
    wanted = {"rows": rows * 26, "explain": True}
    sentence = client.post("/models/numbers/predict", wanted).sentence
    assert "52 rows of 2 targets are too many to explain: send 50 at most" in sentence


def test_other_targets_replace_only_where_asked(fitted) -> None:
    from madaline._apps.serve.models import check_replaces
    from madaline.errors import InputError

    with pytest.raises(InputError, match="classes of 'x', 'y', not numbers of 'x', 'y'"):
        check_replaces(fitted["labels"], fitted["numbers"], Path("new"))
    with pytest.raises(InputError, match=r"numbers of 'x_0.1', 'x_0.5', 'x_0.9', not"):
        check_replaces(fitted["quantiles"], fitted["numbers"], Path("new"))
