"""Large requests: counted before anything is made of them, and out of the way of all others."""

from __future__ import annotations

import asyncio
import json
import threading
import time

import pytest
from tests.serve.conftest import serving

from madaline._apps.serve import app, json_shape, messages
from madaline._apps.serve.guard import BODIES, LARGE_BODY, Bodies
from madaline._apps.serve.inference_shape import Inference
from madaline._apps.serve.json_shape import Question
from madaline._apps.serve.messages import Needs, Refusal, write_json
from madaline._apps.serve.mlflow_shape import Invocation
from madaline.errors import InputError

KINDS = {"a": "number", "b": "number"}
SHAPES = [
    (Question, lambda n: [{}] * (n - 1) + [{"a": 1, "b": 2}]),
    (Question, lambda n: {"rows": [{"a": 1, "b": 2}] * n}),
    (Invocation, lambda n: {"dataframe_records": [{"a": 1, "b": 2}] * n}),
    (Invocation, lambda n: {"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]] * n}}),
    (Invocation, lambda n: {"instances": [{"a": 1, "b": 2}] * n}),
    (Invocation, lambda n: {"instances": [[1, 2]] * n}),
    (Invocation, lambda n: {"inputs": [[1, 2]] * n}),
    (Invocation, lambda n: {"inputs": {"a": [1] * n, "b": [2] * n}}),
    (Inference, lambda n: {"inputs": [tensor("a", n), tensor("b", n)]}),
]


def tensor(name: str, n_rows: int) -> dict:
    """Return a tensor of the Open Inference Protocol."""
    return {"name": name, "shape": [n_rows], "datatype": "FP64", "data": [1] * n_rows}


@pytest.mark.parametrize(("shape", "body"), SHAPES)
def test_rows_are_counted_before_columns_are_made(shape, body, monkeypatch) -> None:
    needs = Needs(KINDS, 5)
    assert shape.read(body(5)).rows_for(needs).n_rows == 5
    monkeypatch.setattr(messages, "_is_plain", lambda *_: pytest.fail("columns were made"))
    with pytest.raises(Refusal, match="6 rows are too many: send 5 at a time") as refused:
        shape.read(body(6)).rows_for(needs)
    assert refused.value.status == 413


def test_labels_are_counted() -> None:
    with pytest.raises(Refusal, match="3 rows are too many"):
        json_shape.read_labels({"keys": [1, 2, 3], "labels": [1, 2, 3]}, 2)


def test_rows_times_columns_or_classes_are_bounded(files, records) -> None:
    with serving({"m": files["binary"]}, max_cells=len(records[0]) * 4) as client:
        sparse = [{}, {}, {}, records[0]]
        assert client.post("/predict", sparse).status == 200
        reply = client.post("/predict", [{}, *sparse])
        assert (reply.status, "send 4 at a time" in reply.sentence) == (413, True)


def test_values_are_counted_before_they_are_parsed(files, records, monkeypatch) -> None:
    with serving({"m": files["binary"]}, max_cells=1000) as client:
        monkeypatch.setattr(app, "read_json", lambda _: pytest.fail("it was parsed"))
        for path in ("/predict", "/invocations", "/v2/models/m/infer", "/labels"):
            for body in (b"[" + b"{}," * 1000 + b"{}]", b"[" * 1001, b'{"inputs":[' + b"1," * 1000):
                reply = client.post(path, body)
                assert (reply.status, "more than 1,000 values" in reply.sentence) == (413, True)
        monkeypatch.undo()
        assert client.post("/predict", records[0]).status == 200


def test_a_large_request_keeps_nobody_waiting(files, records, monkeypatch) -> None:
    """While one is read, and others wait for their turn, small ones are answered."""
    started, go_on, read = threading.Event(), threading.Event(), messages.read_json

    def slow(body: bytes) -> object:
        if len(body) > LARGE_BODY:
            started.set()
            assert go_on.wait(120)
        return read(body)

    monkeypatch.setattr(app, "read_json", slow)
    large = json.dumps(records * 50).encode()
    assert len(large) > LARGE_BODY
    statuses: list[int] = []
    with serving({"m": files["binary"]}) as client:
        asking = [
            threading.Thread(target=lambda: statuses.append(client.post("/predict", large).status))
            for _ in range(3)
        ]
        for thread in asking:
            thread.start()
        assert started.wait(120)
        assert client.get("/v2/health/live").status == 200
        assert client.post("/predict", records[0]).status == 200
        assert statuses == []
        go_on.set()
        for thread in asking:
            thread.join()
    assert statuses == [200, 200, 200]


def test_the_time_limit_holds_while_a_large_request_is_read(files, records, monkeypatch) -> None:
    read = messages.read_json
    monkeypatch.setattr(app, "read_json", lambda body: time.sleep(1) or read(body))
    with serving({"m": files["binary"]}, timeout=0.2) as client:
        reply = client.post("/predict", records * 50)
        assert (reply.status, "more than 0.2 seconds" in reply.sentence) == (503, True)


def test_bodies_are_held_until_they_are_answered() -> None:
    """So many large ones, and no more, while small ones still pass."""

    class Request:
        def __init__(self, size: int) -> None:
            self.headers, self.size = {}, size

        async def stream(self):
            yield b" " * self.size

    async def hold() -> None:
        bodies = Bodies(2 * LARGE_BODY)
        holding = [bodies.of(Request(2 * LARGE_BODY)) for _ in range(BODIES)]
        for one in holding:
            await one.__aenter__()
        async with bodies.of(Request(10)) as body:
            assert body == b" " * 10
        with pytest.raises(Refusal, match="Too much is being sent"):
            await bodies.of(Request(2 * LARGE_BODY)).__aenter__()
        for one in holding:
            await one.__aexit__(None, None, None)
        assert bodies.held == 0

    asyncio.run(hold())


def test_large_answers_are_written_as_small_ones(files, records) -> None:
    for value in (
        {"a": list(range(100)), "b": [{"c": [[1.5] * 40] * 3}], "d": None, "e": []},
        [],
        {},
        ["ä", True, {"x": {}}],
        [[[[[1] * 20] * 20] * 2] * 2],
    ):
        assert write_json(value) == json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    with serving({"m": files["binary"]}) as client:
        many = client.post("/predict", records * 50).json
        assert len(many["predictions"]) == 1000
        alone = client.post("/predict", records).json
        assert many["predictions"][0].keys() == alone["predictions"][0].keys()


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ([1] * 9, "must be a list of 1 to 8 items"),
        ([10**4000, 10**4000], "is a whole number of more than 100 digits"),
    ],
)
def test_shapes_of_tensors_are_bounded(only, records, shape, words) -> None:
    inputs = [
        {"name": name, "shape": shape, "datatype": "BYTES", "data": [value]}
        for name, value in records[0].items()
    ]
    reply = only.post("/v2/models/binary/infer", {"inputs": inputs})
    assert (reply.status, words in reply.sentence) == (400, True)


def test_what_is_long_is_not_repeated(only, records) -> None:
    for path, body in (
        ("/predict", {"rows": [], "x" * 100_000: 1}),
        ("/predict", records[0] | {"length": "x" * 100_000}),
        ("/invocations", {"dataframe_split": {"columns": ["x" * 100_000], "data": [[1, 2]]}}),
    ):
        reply = only.post(path, body)
        assert reply.status == 400
        assert len(reply.sentence) < 1100
        assert reply.sentence[-1] in ".)"
    reply = only.post("/", b"length=" + b"%41" * 400_000)
    assert (reply.status, "at most 1,000,000 bytes" in reply.sentence) == (413, True)


@pytest.mark.parametrize("half", [r"\ud800", r"\udfff", r"\ud83d \ude00"])
def test_half_a_letter_is_refused_and_a_whole_one_is_not(half) -> None:
    assert messages.read_json(rb'{"a": "\ud83d\ude00", "b": "\\ud800"}')["a"] == "\U0001f600"
    for body in (f'{{"a": "{half}"}}', f'{{"{half}": 1}}', f'["{half}"]'):
        with pytest.raises(InputError, match="lone surrogate"):
            messages.read_json(body.encode())
