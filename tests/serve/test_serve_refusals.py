"""What is wrong is refused with one sentence and a status of 4xx, and the server goes on."""

from __future__ import annotations

import gzip
import json
import re
import socket
import sys
import time
import zlib
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.serve.conftest import serving

from madaline._apps.serve import server
from madaline._apps.serve.binary_tensors import read_body
from madaline._apps.serve.inference_shape import Inference
from madaline._apps.serve.messages import Needs
from madaline.errors import InputError

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"

BODIES = {
    b"": "is empty",
    b"{": "no JSON",
    b'{"a": Infinity}': "Infinity, which JSON lacks",
    b'{"a": -Infinity}': "-Infinity, which JSON lacks",
    b"\xff\xfe": "UTF-8",
    b"[" * 100_000: "nested too deeply",
    b"9" * 5_000: "too many digits",
    b"5": "is a number",
    b"null": "is null",
    b"[]": "no rows",
    b"[5]": "Row 0 (counted from 0) is a number",
    b"{}": "lack columns",
    b'{"rows": [], "explian": true}': "a field 'explian', which is unknown: there are coverage",
    b'{"rows": [], "explain": 1}': "explain is 1, but must be one of true, false",
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
        ({"inputs": [], "signature": {}}, "a field 'signature', which is unknown"),
        ({"inputs": 5}, "is a number"),
        ({"instances": [[1]]}, "is 1 values"),
        ({"dataframe_split": {"columns": [5], "data": []}}, "dataframe_split.columns.0 is 5"),
        ({"dataframe_split": {"columns": ["a"]}}, "dataframe_split lacks data"),
        ({"dataframe_records": [], "params": 5}, "params is 5, but must be an object"),
        ({"dataframe_split": {"columns": ["a"], "data": [5]}}, "is a number"),
        ({"dataframe_records": {}}, "is an object"),
        ([], "The body is [], but must be an object"),
    ],
)
def test_shapes_that_are_none_of_mlflow(only, body, words) -> None:
    assert words in only.post("/invocations", body).sentence


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"shape": [2]}, "has 1 values, but its shape [2] needs 2"),
        ({"shape": "x"}, "inputs.0.shape is 'x', but must be a list of 1 to 8 items"),
        ({"shape": [-1]}, "inputs.0.shape.0 is -1, but must be a whole number from 1 to"),
        ({"datatype": "FP8"}, "inputs.0.datatype is 'FP8', but must be one of 'BYTES'"),
        ({"data": 5}, "is a number"),
        ({"name": 5}, "inputs.0.name is 5, but must be text"),
        ({"name": "city"}, "twice"),
        ({"name": "day", "datatype": "INT64"}, "'day' holds dates: send text (BYTES)"),
        ({"more": 5}, "inputs.0 has a field 'more', which is unknown"),
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


@pytest.mark.parametrize(
    ("change", "rest", "words"),
    [
        ({}, b"\0" * 9, "has 1 bytes behind"),
        ({}, b"\0" * 7, "is 8, but 7 bytes are left"),
        ({"parameters": {"binary_data_size": -1}}, b"", "is -1, but 0 bytes are left"),
        ({"parameters": {"binary_data_size": "8"}}, b"", "is '8', but"),
        ({"parameters": {"binary_data_size": 7}}, b"\0" * 7, "no values of FP64"),
        ({"shape": [2]}, b"\0" * 8, "has 1 values, but its shape [2] needs 2"),
        ({"datatype": "FP8"}, b"\0" * 8, "must be one of 'BYTES'"),
        ({"datatype": ["FP64"]}, b"\0" * 8, "must be one of 'BYTES'"),
        ({"datatype": "BYTES"}, b"\5\0\0\0abcd", "ends within a text"),
        ({"datatype": "BYTES"}, b"\4\0\0\0\xff\xff\xff\xff", "no text in UTF-8"),
        ({"datatype": "BOOL"}, b"\1" * 8, "more than 7 values"),
    ],
)
def test_tensors_in_binary_that_are_none(change, rest, words) -> None:
    tensor = {"name": "width", "shape": [1], "datatype": "FP64"}
    tensor |= {"parameters": {"binary_data_size": 8}} | change
    text = json.dumps({"inputs": [tensor]}).encode()

    with pytest.raises(InputError, match=re.escape(words)):
        Inference.read(read_body(text + rest, len(text), 7)).rows_for(Needs({"width": "number"}))


def test_lengths_of_json_that_are_none(only) -> None:
    path = "/v2/models/binary/infer"
    for length, words in (
        ("five", "is 'five'"),
        ("-1", "is '-1'"),
        ("5", "no JSON"),
        ("0", "empty"),
    ):
        headers = {"Inference-Header-Content-Length": length}
        assert words in only.post(path, {"inputs": []}, **headers).sentence


def test_bodies_that_are_compressed_otherwise_or_damaged(files, records) -> None:
    body = gzip.compress(json.dumps(records).encode())
    with serving({"m": files["binary"]}, max_bytes=10_000) as client:
        assert client.post("/predict", body, **{"Content-Encoding": "gzip"}).status == 200
        packed = zlib.compress(json.dumps(records).encode())
        assert client.post("/predict", packed, **{"Content-Encoding": "deflate"}).status == 200
        for wrong, encoding, status, words in (
            (body, "br", 415, "Bodies in br are not read: send gzip or deflate"),
            (body[:-9], "gzip", 400, "no whole gzip"),
            (b"{}", "gzip", 400, "no gzip, or damaged"),
            (gzip.compress(b" " * 10_001), "gzip", 413, "more than 10,000 bytes"),
        ):
            reply = client.post("/predict", wrong, **{"Content-Encoding": encoding})
            assert (reply.status, words in reply.sentence) == (status, True)


def test_tables_in_csv_that_are_none(files) -> None:
    with serving({"m": files["binary"]}, max_cells=40) as client:
        for body, words in (
            (b"", "lack columns"),
            (b"width,length\n1", "Row 0 (counted from 0) is 1 values"),
            (b'width\n"1', "no CSV"),
            (b"width\n\xff", "UTF-8"),
            (b"\n" * 41, "more than 40 values"),
        ):
            reply = client.post("/invocations", body, **{"Content-Type": "text/csv"})
            assert words in reply.sentence


def test_outputs_that_do_not_exist(only, records) -> None:
    path = "/v2/models/binary/infer"
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
    from madaline._apps.serve import answers

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


def test_silent_connections_take_no_places(files, records, monkeypatch):
    monkeypatch.setattr(server, "_MAX_CONNECTIONS", 8)
    with serving({"m": files["binary"]}) as client, ExitStack() as stack:
        asked = b"GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n"
        for head in (b"", b"GET / HTTP/1.1\r\n", asked) * 6:
            address = ("127.0.0.1", client.port)
            one = stack.enter_context(socket.create_connection(address, timeout=120))
            one.sendall(head)
        for _ in range(3):
            assert client.post("/predict", records).status == 200
        assert one.recv(10_000).startswith(b"HTTP/1.1 200")  # the latest was answered, and stayed


def exchange(port: int, message: bytes) -> bytes:
    """Send bytes and return all that comes back until the server is silent or gone."""
    with socket.create_connection(("127.0.0.1", port), timeout=120) as connection:
        connection.sendall(message)
        return connection.recv(10_000)
