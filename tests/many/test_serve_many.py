"""The server answers rows that carry their group."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from tests.many.conftest import make_stores

import madaline

pytest.importorskip("starlette", reason="the extra serve is not installed")
pytest.importorskip("uvicorn", reason="the extra serve is not installed")

from tests.serve.conftest import serving

from madaline.errors import InputError


def records(rows):
    return json.loads(rows.to_json(orient="records", date_format="iso"))


def test_rows_are_answered_by_the_models_of_their_groups(fitted_stores):
    rows = make_stores().drop(columns="sales").head(8)
    expected = madaline.load(fitted_stores).predict(rows)
    with serving({"stores": fitted_stores}) as client:
        told = client.post("/predict", records(rows)).json
        assert told["model"] == "stores"
        assert told["target"] == "sales"
        answered = [one["prediction"] for one in told["predictions"]]
        np.testing.assert_allclose(answered, expected, rtol=1e-5)
        new = {**records(rows)[0], "store": "new"}
        told = client.post("/models/stores/predict", {"rows": [new], "coverage": 0.8}).json
        assert told["predictions"][0]["interval"]["low"] < told["predictions"][0]["prediction"]
        assert told["unseen"] == {"store": 1}


def test_one_model_has_all_paths_of_its_own(fitted_stores):
    row = records(make_stores().drop(columns="sales"))[0]
    with serving({"stores": fitted_stores}) as client:
        told = client.post("/models/stores:Bonn/predict", {"rows": row, "explain": True}).json
        assert told["model"] == "stores:Bonn"
        assert told["predictions"][0]["explanation"]["attributions"]
        for path in ("/models/stores:Bonn", "/models/stores:K%C3%B6ln/report"):
            assert client.get(path).status == 200
        assert "store" in client.get("/models/stores:common/story").body.decode()
        described = client.get("/openapi.json").json
        assert "/models/stores:common/predict" in described["paths"]
        names = described["components"]["schemas"]
        assert all(re.fullmatch("[A-Za-z0-9._-]+", name) for name in names)  # as OpenAPI has it


def test_what_cannot_be_answered_is_a_sentence(fitted_stores, tmp_path):
    rows = records(make_stores().drop(columns="sales").head(2))
    with serving({"stores": fitted_stores}) as client:
        without = {name: value for name, value in rows[1].items() if name != "store"}
        sentence = client.post("/predict", [rows[0], without]).sentence
        assert "Row 1 (counted from 0) lacks store, which tells its group" in sentence
        assert "The group of row 0" in client.post("/predict", {**rows[0], "store": [1]}).sentence
        assert "Row 0 (counted from 0) is text" in client.post("/predict", ["x"]).sentence
        assert client.post("/predict", []).status == 400
        assert client.get("/models/stores:Bon/story").status == 404
        assert "holds a model for each store" in client.get("/report").sentence
    with (
        pytest.raises(InputError, match="which are not watched"),
        serving({"stores": fitted_stores}, watch=tmp_path),
    ):
        pass


def test_groups_without_a_model_get_none(fitted_stores, stores, tmp_path):
    path = tmp_path / "own.madaline"
    with pytest.warns(madaline.errors.GroupsWarning):
        madaline.fit_many(stores, target="sales", by="store", effort=1, n_jobs=1, output=path)
    rows = records(stores.drop(columns="sales").head(2))
    rows[1]["store"] = "new"
    with serving({"stores": path}) as client:
        told = client.post("/predict", rows).json
        assert told["predictions"][1] == {"prediction": None}
        assert told["remarks"] == ["1 row of groups without a model: new."]
