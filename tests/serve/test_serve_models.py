"""Models are replaced when their files change, and a broken file changes nothing."""

from __future__ import annotations

import os
import re
import shutil
import threading
import time

import pytest
from tests.serve.conftest import serving

from madaline.errors import InputError
from madaline.serve.settings import Settings, named_models


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
        assert "was replaced by version" in client.log[-1]


def test_a_broken_file_leaves_the_old_model(files, records, tmp_path) -> None:
    path = tmp_path / "m.madaline"
    shutil.copy(files["binary"], path)
    with serving({"m": path}) as client:
        before = client.post("/predict", records).json
        path.write_bytes(files["binary"].read_bytes()[:-100])
        wait_for(lambda: client.get("/v2/health/ready").json["problems"])
        assert client.post("/predict", records).json == before
        assert "damaged" in client.get("/v2/health/ready").json["problems"]["m"]
        assert "the model from before goes on" in client.log[-1]
        metrics = client.get("/metrics").body.decode()
        assert 'madaline_outdated{model="m"} 1.0' in metrics
        path.unlink()
        time.sleep(0.1)
        assert client.post("/predict", records).json == before
        shutil.copy(files["binary"], path)
        wait_for(lambda: not client.get("/v2/health/ready").json["problems"])


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
        if path.endswith("alarms"):
            assert client.get(path).status == 404, path
        elif "get" in methods:
            assert client.get(path).status == 200, path
        else:
            assert client.post(path, {}).status == 400, path


def test_names_of_models() -> None:
    with pytest.raises(InputError, match="have the name a"):
        named_models(["a.madaline", "x/a.madaline"])
    with pytest.raises(InputError, match="cannot be the name"):
        named_models(["a b.madaline"])
    assert Settings(named_models(["b=a b.madaline"])).only == "b"


def wait_for(condition) -> None:
    """Return once a condition holds."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
