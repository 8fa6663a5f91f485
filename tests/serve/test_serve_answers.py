"""Every shape of request is answered with what the model predicts in Python."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
import pytest

import madaline
from madaline._apps.serve.binary_tensors import in_binary, read_values

TASKS = ("binary", "multiclass", "regression")


@pytest.mark.parametrize("task", TASKS)
def test_rows_are_predicted_as_in_python(client, models, records, task) -> None:
    answer = client.post(f"/models/{task}/predict", records).json
    assert (answer["model"], answer["target"]) == (task, models[task].summary.target)
    shown = [one["prediction"] for one in answer["predictions"]]
    expected = models[task].predict(records)
    if task == "regression":
        np.testing.assert_allclose(shown, expected, rtol=1e-5)
        return
    assert shown == expected.tolist()
    shares = [list(one["probabilities"].values()) for one in answer["predictions"]]
    np.testing.assert_allclose(shares, models[task].predict_proba(records), atol=1e-5)
    classes = [str(label) for label in models[task].predictor.target_encoder.classes]
    assert list(answer["predictions"][0]["probabilities"]) == classes


def test_a_row_a_list_and_an_object_with_rows_are_the_same(only, records) -> None:
    row = records[0]
    answers = [only.post("/predict", body).json for body in (row, [row], {"rows": row})]
    assert answers[0] == answers[1] == answers[2]
    assert only.post("/models/binary/predict", row).json == answers[0]


def test_intervals_sets_and_explanations_are_added_where_wanted(client, models, records) -> None:
    wanted = {"rows": records[:3], "explain": True, "coverage": 0.8}
    answer = client.post("/models/binary/predict", wanted).json
    assert "average training row" in answer["explained"]
    sets = models["binary"].predict_set(records[:3], 0.8)
    classes = models["binary"].predictor.target_encoder.classes
    for one, chosen in zip(answer["predictions"], sets, strict=True):
        assert one["set"] == classes[chosen].tolist()
        own = one["explanation"]
        total = own["base"] + sum(own["attributions"].values())
        assert total == pytest.approx(own["output"], abs=1e-3)
        assert own["class"] == one["prediction"]
        assert f"is {own['class']}, log-odds" in own["text"]
    answer = client.post("/models/regression/predict", wanted).json
    for one in answer["predictions"]:
        assert one["interval"]["low"] < one["prediction"] < one["interval"]["high"]


def test_nan_is_missing(only, records) -> None:
    row = records[0] | {"width": None, "city": None}
    as_python_writes = json.dumps(row | {"width": float("nan"), "city": float("nan")})
    answers = [only.post("/predict", body).json for body in (row, as_python_writes.encode())]
    assert answers[0] == answers[1]


def test_null_is_missing_and_unseen_categories_are_told(only, records) -> None:
    row = dict.fromkeys(records[0])
    assert only.post("/predict", row).status == 200
    answer = only.post("/predict", [records[0], records[0] | {"city": "Atlantis"}]).json
    assert answer["unseen"] == {"city": 1}
    assert "unseen" not in only.post("/predict", records).json


def test_numbers_may_be_text_and_booleans_words(only, records) -> None:
    row = records[0] | {"length": str(records[0]["length"]), "checked": "yes"}
    same = records[0] | {"checked": True}
    assert only.post("/predict", row).json == only.post("/predict", same).json


def test_values_of_several_types_are_what_they_are_alone(only, records) -> None:
    changes = [
        {"city": 5, "checked": True, "count": 2},
        {"city": 5.0, "checked": 0, "count": True},
        {"city": True, "checked": None, "count": 2.5},
        {"city": "Kiel", "checked": 1, "count": None},
        {"city": 2**60, "checked": False, "count": 7},
    ]
    rows = [records[0] | change for change in changes]
    together = only.post("/predict", rows).json["predictions"]
    for row, answer in zip(rows, together, strict=True):
        (alone,) = only.post("/predict", row).json["predictions"]
        assert answer["probabilities"] == pytest.approx(alone["probabilities"], rel=1e-4)


def test_rows_that_wait_together_are_answered_apart(only, records) -> None:
    """Among many rows at once, each gets its own answer, a broken one its own sentence."""
    bodies = [records[n % 20] | ({"length": "long"} if n % 7 == 3 else {}) for n in range(80)]
    bodies[5] = bodies[5] | {"city": "Atlantis"}
    alone = [only.post("/predict", body) for body in bodies]
    with ThreadPoolExecutor(16) as pool:
        together = list(pool.map(lambda body: only.post("/predict", body), bodies))
    for one, other in zip(alone, together, strict=True):
        assert one.status == other.status
        if one.status == 200:
            shares = [
                list(a.json["predictions"][0]["probabilities"].values()) for a in (one, other)
            ]
            np.testing.assert_allclose(*shares, rtol=1e-4)
            assert one.json.get("unseen") == other.json.get("unseen")
        else:
            assert one.sentence == other.sentence
    assert {one.status for one in alone} == {200, 400}


def test_rows_that_lack_columns_are_taken_where_the_query_says_so(only, models, records) -> None:
    names = list(models["binary"].predictor.encoder.columns)
    row = {name: value for name, value in records[0].items() if name != names[0]}
    assert "lack a column that the model needs" in only.post("/predict", row).sentence
    answer = only.post("/predict?missing=allow", row).json
    assert answer["remarks"] == [f"These columns count as missing: {names[0]}."]
    assert (
        answer["predictions"] == only.post("/predict", row | {names[0]: None}).json["predictions"]
    )
    whole = only.post("/predict?missing=allow", records).json
    assert whole == only.post("/predict", records).json
    for body in ({}, {"widht": 1}):  # mistyped
        assert "lack columns" in only.post("/predict?missing=allow", body).sentence
    assert "give missing=allow, or leave" in only.post("/predict?missing=yes", row).sentence
    told = only.get("/openapi.json").json["paths"]["/predict"]["post"]["description"]
    assert "missing=allow" in told


@pytest.mark.parametrize(
    ("task", "method"),
    [
        ("binary", "predict"),
        ("multiclass", "predict_proba"),
        ("binary", "predict_set"),
        ("regression", "predict_interval"),
        ("regression", "predict"),
    ],
)
def test_the_method_of_mlflow_is_that_of_python(client, models, records, task, method) -> None:
    body = {"instances": records, "params": {"method": method}}
    answer = client.post(f"/models/{task}/invocations", body).json["predictions"]
    expected = getattr(models[task], method)(records).tolist()
    if method in ("predict_proba", "predict_interval") or task == "regression":
        np.testing.assert_allclose(answer, expected, rtol=1e-4, atol=1e-5)
    else:
        assert answer == expected
    for wrong in ("predict_interval" if task != "regression" else "predict_set", "fit", 5):
        body["params"]["method"] = wrong
        refused = client.post(f"/models/{task}/invocations", body)
        assert refused.status == 400
        assert "it is one of predict, predict_" in refused.sentence


@pytest.mark.parametrize("task", TASKS)
def test_all_shapes_of_mlflow_are_read(client, models, records, task) -> None:
    columns = list(models[task].predictor.encoder.columns)
    rows = [[record[name] for name in columns] for record in records]
    shapes = [
        {"dataframe_records": records},
        {"dataframe_split": {"columns": columns, "index": [0], "data": rows}},
        {"instances": records},
        {"instances": rows},
        {"inputs": rows},
        {"inputs": {name: [record[name] for record in records] for name in columns}},
    ]
    answers = [client.post(f"/models/{task}/invocations", shape).json for shape in shapes]
    answers += [
        client.post(f"/models/{task}/invocations", shapes[0] | {"params": {"x": 1}}).json,
        client.post(
            f"/models/{task}/invocations",
            pl.DataFrame(records).write_csv(null_value="NA").encode(),
            **{"Content-Type": "text/csv; charset=utf-8"},
        ).json,
    ]
    assert all(answer == answers[0] for answer in answers)
    assert list(answers[0]) == ["predictions"]
    if task != "regression":
        assert answers[0]["predictions"] == models[task].predict(records).tolist()


@pytest.mark.parametrize("task", TASKS)
def test_the_open_inference_protocol_is_spoken(client, models, records, task) -> None:
    described = client.get(f"/v2/models/{task}").json
    assert described["name"] == task
    names = [one["name"] for one in described["inputs"]]
    assert names == list(models[task].predictor.encoder.columns)
    types = {one["name"]: one["datatype"] for one in described["inputs"]}
    assert (types["length"], types["city"], types["checked"]) == ("FP64", "BYTES", "BOOL")
    tensors = [
        {
            "name": name,
            "shape": [20, 1] if name == "city" else [20],
            "datatype": types[name],
            "data": [[r[name]] if name == "day" else r[name] for r in records],
        }
        for name in names
    ]
    answer = client.post(f"/v2/models/{task}/infer", {"id": "7", "inputs": tensors}).json
    assert (answer["id"], answer["model_name"]) == ("7", task)
    assert [answer["model_version"]] == described["versions"]
    assert [one["name"] for one in answer["outputs"]] == [
        one["name"] for one in described["outputs"]
    ]
    for shown, told in zip(answer["outputs"], described["outputs"], strict=True):
        assert shown["datatype"] == told["datatype"]
        assert shown["shape"] == [20, *told["shape"][1:]]
        assert len(shown["data"]) == np.prod(shown["shape"])
    if task != "regression":
        shares = np.reshape(answer["outputs"][1]["data"], answer["outputs"][1]["shape"])
        np.testing.assert_allclose(shares, models[task].predict_proba(records), atol=1e-5)
    wanted = [{"name": models[task].summary.target}]
    fewer = client.post(f"/v2/models/{task}/infer", {"inputs": tensors, "outputs": wanted}).json
    assert fewer["outputs"] == answer["outputs"][:1]
    version = described["versions"][0]
    path = f"/v2/models/{task}/versions/{version}"
    assert client.get(path).json == described
    assert client.post(f"{path}/infer", {"inputs": tensors}).status == 200
    assert client.get(f"/v2/models/{task}/versions/old").status == 404


def test_tensors_in_binary_are_those_in_json(only, records) -> None:
    names = only.get("/v2/models/binary").json["inputs"]
    types = {one["name"]: one["datatype"] for one in names}
    values = {name: [record[name] for record in records] for name in types}
    tensors = [
        {"name": name, "shape": [20], "datatype": datatype, "data": values[name]}
        for name, datatype in types.items()
    ]
    for tensor in tensors:
        if tensor["datatype"] == "BYTES":
            tensor["data"] = ["" if one is None else one for one in tensor["data"]]
    path = "/v2/models/binary/infer"
    plain = only.post(path, {"inputs": tensors, "model_name": "binary", "more": 5}).json
    request = {"inputs": [in_binary(one) for one in tensors]}
    rest = b"".join(one.pop("data") for one in request["inputs"])
    wanted = [{"name": "probabilities", "parameters": {"binary_data": False}}, {"name": "target"}]
    for more in ({}, {"parameters": {"binary_data_output": True}, "outputs": wanted}):
        text = json.dumps(request | more).encode()
        headers = {"Inference-Header-Content-Length": str(len(text))}
        reply = only.post(path, text + rest, **headers)
        size = int(reply.headers.get("inference-header-content-length", len(reply.body)))
        assert (size == len(reply.body)) == (not more)
        outputs = {one["name"]: one for one in json.loads(reply.body[:size])["outputs"]}
        shares = outputs["probabilities"]["data"]
        np.testing.assert_allclose(shares, plain["outputs"][1]["data"], atol=1e-6)
        if more:
            labels = list(read_values("target", "BYTES", memoryview(reply.body)[size:]))
            assert labels == plain["outputs"][0]["data"]


def test_health_is_told(client) -> None:
    for path in ("/ping", "/health"):
        assert client.get(path).body == b"\n"
    assert client.get("/version").body.decode() == madaline.__version__
    assert client.get("/v2/health/live").json == {"live": True}
    assert client.get("/v2/health/ready").json == {"ready": True, "problems": {}}
    assert client.get("/v2/models/binary/ready").json == {"name": "binary", "ready": True}
    assert client.get("/v2").json["name"] == "madaline"


def test_several_models_have_paths_of_their_own(client, records) -> None:
    assert "name one in the path" in client.post("/predict", records).sentence
    assert "binary, multiclass, regression" in client.post("/models/x/predict", {}).sentence


def test_images_are_lists_of_numbers_and_never_files(tmp_path, capfd) -> None:
    from tests.serve.conftest import serving

    from madaline import AdaptiveClassifier

    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (40, 6, 5)).astype(np.uint8)
    images[::2] //= 4
    model = AdaptiveClassifier(effort=1, random_state=0).fit(images, np.arange(40) % 2)
    model.save(tmp_path / "digits.madaline")
    with serving({"digits": tmp_path / "digits.madaline"}) as client:
        (name,) = model.model_.predictor.encoder.columns
        answer = client.post("/predict", [{name: image.tolist()} for image in images[:4]]).json
        shown = [one["prediction"] for one in answer["predictions"]]
        assert shown == model.predict(images[:4]).tolist()
        described = client.get("/v2/models/digits").json["inputs"][0]
        assert described["shape"] == [-1, 6, 5, 1]
        tensor = {**described, "shape": [2, 6, 5], "data": images[:2].ravel().tolist()}
        del tensor["parameters"]
        assert client.post("/v2/models/digits/infer", {"inputs": [tensor]}).status == 200
        (tmp_path / "secret.png").write_bytes(b"secret")
        refused = client.post("/predict", {name: str(tmp_path / "secret.png")}).sentence
        assert "holds text: give each image as lists of numbers" in refused
        assert "no array of numbers" in client.post("/predict", {name: [[1], [2, 3]]}).sentence
        assert client.post("/predict", {name: [[1, 2], [3, 4]]}).status == 400
        assert "cannot be typed" in client.get("/").body.decode()


def test_what_is_written_is_utf_8(only, records) -> None:
    row = records[0] | {"length": "\ud800"}
    assert only.post("/predict", json.dumps(row).encode()).status == 400
    assert "ü" in only.post("/predict", records[0] | {"length": "ü"}).body.decode()
