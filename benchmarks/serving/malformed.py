"""Malformed requests: a seeded mutator of good ones, each broken in a way that is no accident."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from serving.client import request

Row = dict[str, Any]
PATHS = ("/predict", "/invocations", "/v2/models/{name}/infer")


@dataclass(frozen=True)
class Good:
    """A row that can be predicted, the model, and what chance decides with."""

    row: Row
    name: str
    rng: random.Random


def malformed_requests(row: Row, name: str, count: int, seed: int = 0) -> Iterator[bytes]:
    """Yield requests that no server should answer with a prediction.

    Parameters
    ----------
    row : dict
        A row that can be predicted.
    name : str
        The model.
    count : int
        How many.
    seed : int
        Of the mutations.
    """
    good = Good(row, name, random.Random(seed))
    for number in range(count):
        yield KINDS[number % len(KINDS)](good)


def _cut(good: Good) -> bytes:
    body = json.dumps(good.row).encode()
    return request(body[: good.rng.randrange(1, len(body))], _path(good))


def _noise(good: Good) -> bytes:
    return request(b"{" + good.rng.randbytes(good.rng.randrange(1, 400)), _path(good))


def _constant(good: Good) -> bytes:
    column = good.rng.choice(list(good.row))
    word = good.rng.choice(["nan", "Infinity", "-Infinity", "1e999"])
    text = json.dumps(good.row | {column: "@"}).replace('"@"', word)
    return request(text.encode())


def _nested(good: Good) -> bytes:
    column = good.rng.choice(list(good.row))
    value: Any = good.rng.choice([[1], {"a": 1}, [[[]]], [None], {}])
    return request(json.dumps(good.row | {column: value}).encode())


def _deep(good: Good) -> bytes:
    depth = good.rng.randrange(2_000, 200_000)
    return request(good.rng.choice([b"[", b'{"a":']) * depth, _path(good))


def _lacking(good: Good) -> bytes:
    column = good.rng.choice(list(good.row))
    renamed = {f"{key}_" if key == column else key: value for key, value in good.row.items()}
    return request(json.dumps(good.rng.choice([renamed, [renamed], {"rows": [renamed]}])).encode())


def _no_rows(good: Good) -> bytes:
    value = good.rng.choice(
        [[], {}, {"rows": []}, 5, "x", None, True, [5], [None], [[good.row]], ""]
    )
    return request(json.dumps(value).encode(), _path(good))


def _word_for_number(good: Good) -> bytes:
    numbers = [key for key, value in good.row.items() if isinstance(value, int | float)]
    word = good.rng.choice(["many", "\ud800", "1e999", "0x1", "٣x", "1" * 5_000, "' OR 1=1", "12,"])
    return request(json.dumps(good.row | {good.rng.choice(numbers): word}).encode())


def _wish(good: Good) -> bytes:
    wish: Row = good.rng.choice(
        [{"coverage": 90}, {"coverage": "x"}, {"explain": 3}, {"explian": True}, {"coverage": -1}]
    )
    return request(json.dumps({"rows": [good.row], **wish}).encode())


def _tensor(good: Good) -> bytes:
    tensors = [
        {"name": key, "shape": [1], "datatype": "BYTES", "data": [value]}
        for key, value in good.row.items()
    ]
    tensor = good.rng.choice(tensors)
    tensor |= good.rng.choice(
        [
            {"shape": [2]},
            {"shape": "x"},
            {"data": 5},
            {"datatype": "FP8"},
            {"name": 5},
            {"data": []},
        ]
    )
    return request(json.dumps({"inputs": tensors}).encode(), f"/v2/models/{good.name}/infer")


def _frame(good: Good) -> bytes:
    split = {"columns": list(good.row), "data": [list(good.row.values())]}
    value = good.rng.choice(
        [
            {"dataframe_split": split | {"data": [[1]]}},
            {"dataframe_split": split | {"columns": 5}},
            {"dataframe_records": good.row},
            {"instances": [[1, 2]]},
            {"inputs": {key: [1] * at for at, key in enumerate(good.row)}},
            {"dataframe_split": split, "inputs": []},
        ]
    )
    return request(json.dumps(value).encode(), "/invocations")


def _elsewhere(good: Good) -> bytes:
    body = json.dumps(good.row).encode()
    path = good.rng.choice(["/predictt", "/models/none/predict", "/v2/models/%00/infer", "/../etc"])
    method = good.rng.choice(["POST", "PUT", "DELETE", "PATCH"])
    return request(body, path, method)


def _large(good: Good) -> bytes:
    return request(b" " * 20_000_000) if good.rng.random() < 0.1 else request(b" " * 100)


def _http(good: Good) -> bytes:
    return good.rng.choice(
        [
            b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: x\r\n\r\n",
            b"POST /predict\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
            b"POST /predict HTTP/1.1\r\nhost: localhost\r\nbad header\r\n\r\n",
            b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n",
        ]
    )


def _path(good: Good) -> str:
    return good.rng.choice(PATHS).format(name=good.name)


KINDS: tuple[Callable[[Good], bytes], ...] = (
    _cut,
    _noise,
    _constant,
    _nested,
    _deep,
    _lacking,
    _no_rows,
    _word_for_number,
    _wish,
    _tensor,
    _frame,
    _elsewhere,
    _large,
    _http,
)
"""All ways in which a request is broken."""
