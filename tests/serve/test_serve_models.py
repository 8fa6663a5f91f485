"""Models are replaced when their files change, and a broken file changes nothing."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import threading
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.grids import some
from tests.serve.conftest import serving

from madaline import AdaptiveClassifier, AdaptiveRegressor
from madaline._apps.serve.answers import Answer, Extras, Worker
from madaline._apps.serve.messages import Needs, rows_of_records
from madaline._apps.serve.settings import Settings, named_models
from madaline.errors import InputError


def test_a_new_file_is_served_without_a_request_lost(files, records, tmp_path) -> None:
    path = tmp_path / "m.madaline"
    shutil.copy(files["binary"], path)
    with serving({"m": path}) as client:
        statuses, ended = [], threading.Event()

        def ask() -> None:
            while not ended.is_set():
                statuses.append(client.post("/predict", records[0]).status)

        asking = threading.Thread(target=ask)
        asking.start()
        before = client.get("/v2/models/m").json["versions"]
        shutil.copy(files["multiclass"], tmp_path / "new")
        os.replace(tmp_path / "new", path)
        wait_for(lambda: client.get("/v2/models/m").json["versions"] != before)
        answer = client.post("/predict", records[0]).json
        ended.set()
        asking.join()
        assert len(answer["predictions"][0]["probabilities"]) == 3
        assert set(statuses) == {200}
        wait_for(lambda: any("was replaced by version" in one for one in client.log))


def test_a_broken_file_leaves_the_old_model(files, records, tmp_path) -> None:
    path = tmp_path / "m.madaline"
    shutil.copy(files["binary"], path)
    with serving({"m": path}) as client:
        before = client.post("/predict", records).json
        path.write_bytes(files["binary"].read_bytes()[:-100])
        wait_for(lambda: client.get("/v2/health/ready").json["problems"])
        assert client.post("/predict", records).json == before
        assert "damaged" in client.get("/v2/health/ready").json["problems"]["m"]
        assert "the old model goes on" in client.log[-1]
        metrics = client.get("/metrics").body.decode()
        assert 'madaline_outdated{model="m"} 1.0' in metrics
        path.unlink()
        time.sleep(0.1)
        assert client.post("/predict", records).json == before
        shutil.copy(files["binary"], path)
        wait_for(lambda: not client.get("/v2/health/ready").json["problems"])


def test_a_file_that_is_gone_is_reported(files, records, tmp_path) -> None:
    path = tmp_path / "m.madaline"
    shutil.copy(files["binary"], path)
    with serving({"m": path}) as client:
        for put_back in (shutil.copy, os.rename):
            aside = path.rename(tmp_path / "aside")
            wait_for(lambda: client.get("/v2/health/ready").json["problems"])
            assert "is gone" in client.get("/v2/health/ready").json["problems"]["m"]
            assert "the old model goes on" in client.log[-1]
            assert 'madaline_outdated{model="m"} 1.0' in client.get("/metrics").body.decode()
            assert client.post("/predict", records).status == 200
            put_back(aside, path)
            wait_for(lambda: not client.get("/v2/health/ready").json["problems"])
            assert 'madaline_outdated{model="m"} 0.0' in client.get("/metrics").body.decode()
            assert "again the one that is served" in client.log[-1]


@pytest.fixture(scope="session")
def others(tmp_path_factory) -> dict[str, Path]:
    """Models of two columns, and what others have in another way."""
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 240))
    text = np.where(b > 0, "high", "low").astype(object)
    kinds = {
        "served": ({"a": a, "b": b}, "y", a > 0),
        "other target": ({"a": a, "b": b}, "z", a > 0),
        "numbers": ({"a": a, "b": b}, "y", a),
        "other order": ({"b": b, "a": a}, "y", a > 0),
        "more columns": ({"a": a, "b": b, "c": a + b}, "y", a > 0),
        "fewer columns": ({"a": a}, "y", a > 0),
        "other kind": ({"a": a, "b": text}, "y", a > 0),
        "another class": ({"a": a, "b": b}, "y", (a > 0).astype(int) + (a > 1)),
    }
    found = {}
    for name, (columns, target, y) in kinds.items():
        learner = AdaptiveRegressor if y.dtype == float else AdaptiveClassifier
        model = learner(effort=1, random_state=0, n_jobs=1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # too easy, or too hard
            model.fit(columns, pl.Series(target, y))
        found[name] = tmp_path_factory.mktemp("others") / f"{name}.madaline"
        model.save(found[name])
    return found


@pytest.mark.parametrize(
    ("other", "words"),
    some(
        [
            ("other target", "it predicts classes of 'z', not classes of 'y'"),
            ("numbers", "it predicts numbers of 'y', not classes of 'y'"),
            ("other order", "its columns are in another order"),
            ("more columns", "it needs more columns (c)"),
            ("fewer columns", "it lacks columns (b)"),
            ("other kind", "it reads columns as another kind (b)"),
        ],
        2,
    ),
)
def test_a_model_that_answers_other_requests_is_refused(others, tmp_path, other, words) -> None:
    path = tmp_path / "m.madaline"
    row = {"a": 1.0, "b": 0.5}
    shutil.copy(others["served"], path)
    with serving({"m": path}, watch=tmp_path) as client:
        before = client.post("/predict", row).json
        replace(path, others[other])
        wait_for(lambda: client.get("/v2/health/ready").json["problems"])
        for sentence in (client.log[-1], client.get("/v2/health/ready").json["problems"]["m"]):
            assert words in sentence
            assert "--replace-any" in sentence
        assert client.post("/predict", row).json == before
        replace(path, others["another class"])
        wait_for(lambda: not client.get("/v2/health/ready").json["problems"])
        assert client.post("/predict", row).json["version"] != before["version"]
    shutil.copy(others["served"], path)
    with serving({"m": path}, replace_any=True) as client:
        replace(path, others[other])
        wait_for(lambda: client.get("/v2/models/m").json["versions"] != [before["version"]])
        wait_for(lambda: any("was replaced by version" in one for one in client.log))


def replace(path: Path, other: Path) -> None:
    """Put a copy of another file in place of a file, in one step."""
    shutil.copy(other, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)


def test_requests_that_are_read_while_a_model_is_replaced_are_answered(models, records) -> None:
    """A request may have found a model whose threads have ended since."""

    async def ask() -> Answer:
        worker = Worker(models["binary"])
        worker.close()
        rows = rows_of_records(records, Needs(dict.fromkeys(records[0], "category")))
        return await asyncio.wait_for(worker.answer(rows, Extras()), 20)

    assert asyncio.run(ask()).predictions == models["binary"].predict(records).tolist()


def test_metrics_count_requests_rows_and_unseen_categories(files, records) -> None:
    with serving({"m": files["binary"]}) as client:
        client.post("/predict", records)
        client.post("/predict", records[0] | {"city": "Atlantis"})
        client.post("/predict", b"{")
        client.get("/secret-path")
        reply = client.get("/metrics")
        assert reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        text = reply.body.decode()
    for line in (
        'madaline_requests_total{endpoint="predict",status="200"} 2.0',
        'madaline_requests_total{endpoint="predict",status="400"} 1.0',
        'madaline_requests_total{endpoint="other",status="404"} 1.0',
        'madaline_request_seconds_count{endpoint="predict"} 3.0',
        'madaline_rows_total{model="m"} 21.0',
        'madaline_unseen_total{column="city",model="m"} 1.0',
        'madaline_batch_rows_count{model="m"} 2.0',
        'madaline_loads_total{model="m",outcome="done"} 1.0',
        'madaline_outdated{model="m"} 0.0',
    ):
        assert line in text.splitlines()
    assert "secret-path" not in text


def test_the_description_fits_the_answers(client, records) -> None:
    described = client.get("/openapi.json").json
    assert described["openapi"].startswith("3.1")
    schemas = described["components"]["schemas"]
    for reference in re.findall(
        r'"#/components/schemas/([^"]+)"', str(described).replace("'", '"')
    ):
        assert reference in schemas
    row = schemas["binary.row"]
    assert set(row["required"]) == set(records[0])
    assert "Kiel" in row["properties"]["city"]["examples"]
    answer = client.post("/models/binary/predict", {"rows": records[:1], "explain": True}).json
    shown = schemas["binary.answer"]["properties"]
    assert set(answer) <= set(shown)
    assert set(answer["predictions"][0]) <= set(shown["predictions"]["items"]["properties"])
    for path, methods in described["paths"].items():
        if "get" in methods:
            assert client.get(path).status == 200, path
        else:
            assert client.post(path, {}).status == 400, path


def test_answers_are_of_the_schemas_that_are_described(client, records) -> None:
    validators = pytest.importorskip("jsonschema.validators", reason="jsonschema is not installed")
    described = client.get("/openapi.json").json

    def check(path: str, method: str, reply: Any) -> None:
        told = described["paths"][path][method]["responses"][
            str(reply.status).replace("400", "4XX")
        ]
        if "$ref" in told:
            told = described["components"]["responses"]["Refused"]
        schema = told["content"]["application/json"]["schema"]
        validators.Draft202012Validator(described | schema).validate(reply.json)

    tensors = [
        {"name": name, "datatype": "BYTES", "shape": [1], "data": [value]}
        for name, value in records[0].items()
    ]
    wanted = {"rows": records[:2], "explain": True, "coverage": 0.8}
    for task in ("binary", "multiclass", "regression"):
        for path, body in (
            (f"/models/{task}/predict", wanted),
            (f"/models/{task}/predict", {"rows": [], "more": 1}),
            (f"/models/{task}/invocations", {"dataframe_records": records[:2]}),
            (f"/v2/models/{task}/infer", {"inputs": tensors}),
        ):
            check(path, "post", client.post(path, body))
        for path in (f"/v2/models/{task}", f"/v2/models/{task}/ready"):
            check(path, "get", client.get(path))
    for path in ("/v2", "/v2/health/live", "/v2/health/ready"):
        check(path, "get", client.get(path))


def test_names_of_models() -> None:
    with pytest.raises(InputError, match="have the name a"):
        named_models(["a.madaline", "x/a.madaline"])
    with pytest.raises(InputError, match="cannot be the name"):
        named_models(["a b.madaline"])
    assert Settings(named_models(["b=a b.madaline"])).only == "b"
    with pytest.raises(InputError, match="no model to serve"):
        Settings({})
    with pytest.raises(InputError, match="cannot be the name"):
        Settings({"../x": "a.madaline"})
    with pytest.raises(InputError, match="give a dictionary of names and files"):
        Settings(["a.madaline"])
    with pytest.raises(InputError, match="'a' is a int: give the path of its file"):
        Settings({"a": 3})
    with pytest.raises(InputError, match="give a list of names"):
        Settings({"a": "a.madaline"}, allow_hosts="a.example.com")


def test_paths_may_be_text(files, records, tmp_path) -> None:
    (tmp_path / "report.html").write_text("<p>own report</p>")
    text = str(files["binary"])
    with serving({"m": text}, watch=str(tmp_path), report=f"{tmp_path}/report.html") as client:
        assert client.post("/predict", records).status == 200
        assert client.get("/report").body == b"<p>own report</p>"
    assert len(list(tmp_path.glob("*.watch"))) == 1


def wait_for(condition) -> None:
    """Return once a condition holds."""
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
