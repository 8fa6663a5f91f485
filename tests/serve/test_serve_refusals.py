"""What is wrong is refused with one sentence and a status of 4xx, and the server goes on."""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

import pytest
from tests.serve.conftest import serving

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"

BODIES = {
    b"": "is empty",
    b"{": "no JSON",
    b'{"a": NaN}': "NaN, which JSON lacks",
    b'{"a": -Infinity}': "-Infinity, which JSON lacks",
    b"\xff\xfe": "UTF-8",
    b"[" * 100_000: "nested too deeply",
    b"9" * 5_000: "too many digits",
    b"5": "is a number",
    b"null": "is null",
    b"[]": "no rows",
    b"[5]": "Row 0 (counted from 0) is a number",
    b"{}": "lack columns",
    b'{"rows": [], "explian": true}': "'explian' means nothing",
    b'{"rows": [], "explain": 1}': "give true or false",
}


@pytest.mark.parametrize(("body", "words"), BODIES.items(), ids=lambda one: str(one)[:20])
def test_a_body_that_holds_no_rows_is_refused(only, body, words) -> None:
    reply = only.post("/predict", body)
    assert reply.status == 400
    assert words in reply.sentence


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"length": "long"}, "must hold a number"),
        ({"length": [1]}, "holds a list"),
        ({"city": {"a": 1}}, "holds an object"),
        ({"length": 1e999}, "infinity"),
        ({"length": 10**400}, "infinity"),
        ({"day": "someday"}, "must hold a date"),
        ({"checked": "maybe"}, "true or false"),
    ],
)
def test_a_value_that_cannot_be_read_is_named(only, records, change, words) -> None:
    body = {**records[0], **change}
    text = str(body).replace("'", '"').replace("None", "null").replace("inf", "1e999")
    text = text.replace("True", "true").replace("False", "false")
    reply = only.post("/predict", text.encode())
    assert reply.status == 400
    assert words in reply.sentence
    assert next(iter(change)) in reply.sentence


@pytest.mark.parametrize(("coverage", "words"), [(90, "is 90"), ("x", "'x'"), (True, "True")])
def test_a_coverage_that_is_no_share_is_refused(only, records, coverage, words) -> None:
    reply = only.post("/predict", {"rows": records, "coverage": coverage})
    assert words in reply.sentence


def test_paths_and_methods_that_nothing_answers(only) -> None:
    assert "nothing at /nope" in only.get("/nope").sentence
    reply = only.get("/predict")
    assert (reply.status, "GET is not answered" in reply.sentence) == (405, True)
    assert only.post("/v2/models/binary", {}).status == 405


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "has 0 of the fields"),
        ({"inputs": [], "instances": []}, "has 2 of the fields"),
        ({"inputs": [], "params": {}}, "'params' means nothing"),
        ({"inputs": 5}, "is a number"),
        ({"instances": [[1]]}, "is 1 values"),
        ({"dataframe_split": {"columns": [5], "data": []}}, "is a number"),
        ({"dataframe_split": {"columns": ["a"], "data": [5]}}, "is a number"),
        ({"dataframe_records": {}}, "is an object"),
        ([], "is a list"),
    ],
)
def test_shapes_that_are_none_of_mlflow(only, body, words) -> None:
    assert words in only.post("/invocations", body).sentence


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"shape": [2]}, "has 1 values, but its shape [2] needs 2"),
        ({"shape": "x"}, "not a list of counts"),
        ({"shape": [-1]}, "not a list of counts"),
        ({"datatype": "FP8"}, "is unknown"),
        ({"data": 5}, "is a number"),
        ({"name": 5}, "has no name"),
        ({"name": "city"}, "twice"),
        ({"more": 5}, "'more' means nothing"),
    ],
)
def test_tensors_that_are_none(only, records, change, words) -> None:
    tensors = [
        {"name": name, "shape": [1], "datatype": "BYTES", "data": [value]}
        for name, value in records[0].items()
    ]
    assert only.post("/v2/models/binary/infer", {"inputs": tensors}).status == 200
    tensors[0] |= change
    assert words in only.post("/v2/models/binary/infer", {"inputs": tensors}).sentence


def test_tensors_in_binary_and_outputs_that_do_not_exist(only, records) -> None:
    path = "/v2/models/binary/infer"
    headers = {"Inference-Header-Content-Length": "5"}
    assert "Binary tensors" in only.post(path, {}, **headers).sentence
    tensors = [
        {"name": name, "shape": [1], "datatype": "BYTES", "data": [value]}
        for name, value in records[0].items()
    ]
    body = {"inputs": tensors, "outputs": [{"name": "x"}]}
    assert "no output 'x'" in only.post(path, body).sentence


def test_malformed_requests_are_all_refused(only, records, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from serving.malformed import KINDS, malformed_requests

    try:
        for message in malformed_requests(records[1], "binary", 10 * len(KINDS), seed=1):
            assert b"HTTP/1.1 4" in exchange(only.port, message)[:12]
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] == "serving"]:
            del sys.modules[name]
    assert only.post("/predict", records).status == 200


def test_limits_of_rows_bytes_and_explanations(files, records) -> None:
    with serving({"m": files["binary"]}, max_rows=5, max_bytes=3_000) as client:
        assert client.post("/predict", records[:5]).status == 200
        reply = client.post("/predict", records[:6])
        assert (reply.status, "send 5 at a time" in reply.sentence) == (413, True)
        reply = client.post("/predict", b" " * 3_001)
        assert (reply.status, "more than 3,000 bytes" in reply.sentence) == (413, True)
        chunks = b"POST /predict HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"
        chunks += (b"fff\r\n" + b" " * 0xFFF + b"\r\n") * 2 + b"0\r\n\r\n"
        assert b" 413 " in exchange(client.port, chunks)[:20]
    with serving({"m": files["binary"]}) as client:
        many = {"rows": records * 6, "explain": True}
        assert "too many to explain" in client.post("/predict", many).sentence


def test_nothing_outlives_its_time(files, records, monkeypatch) -> None:
    from madaline._serve import answers

    slow = answers.answers_together
    monkeypatch.setattr(answers, "answers_together", lambda *args: time.sleep(1) or slow(*args))
    with serving({"m": files["binary"]}, timeout=0.2) as client:
        reply = client.post("/predict", records[0])
        assert (reply.status, "more than 0.2 seconds" in reply.sentence) == (503, True)
        slow_body = b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{"
        assert b" 503 " in exchange(client.port, slow_body)[:20]
        assert exchange(client.port, b"POST /predict HT") == b""  # closed without an answer


def test_a_token_is_needed_where_one_is_set(files, records) -> None:
    with serving({"m": files["binary"]}, token="sesame") as client:
        for headers in ({}, {"Authorization": "Bearer Sesame"}, {"Authorization": "Basic x"}):
            reply = client.post("/predict", records, **headers)
            assert reply.status == 401
            assert "needs a token" in reply.sentence
            assert reply.headers["www-authenticate"].startswith("Basic")
        assert client.get("/metrics").status == 401
        assert client.get("/").status == 401
        for header in ("Bearer sesame", "Basic bWU6c2VzYW1l"):
            assert client.post("/predict", records, Authorization=header).status == 200
        assert client.get("/v2/health/live").status == 200
        described = client.get("/openapi.json", Authorization="Bearer sesame").json
        assert described["security"] == [{"token": []}]


def exchange(port: int, message: bytes) -> bytes:
    """Send bytes and return all that comes back until the server is silent or gone."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(message)
        return connection.recv(10_000)
