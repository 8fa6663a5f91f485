"""The binary extension of the Open Inference Protocol: values of tensors stand behind the JSON.

See https://github.com/kserve/open-inference-protocol (Apache-2.0), extension `binary_tensor_data`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from struct import Struct
from typing import Any

import numpy as np

from madaline._apps.serve.messages import Refusal, read_json
from madaline.errors import InputError

LENGTH_HEADER = "inference-header-content-length"  # how many bytes of the body are JSON

TEXTS = "BYTES"

NUMPY_TYPES: Mapping[str, str] = {
    "BOOL": "?",
    **{f"FP{bits}": f"<f{bits // 8}" for bits in (16, 32, 64)},
    **{f"INT{bits}": f"<i{bits // 8}" for bits in (8, 16, 32, 64)},
    **{f"UINT{bits}": f"<u{bits // 8}" for bits in (8, 16, 32, 64)},
}
"""NumPy's name of each datatype of a fixed size."""

_LENGTH = Struct("<I")  # stands before each text


def read_body(body: bytes, json_length: int, max_values: int) -> Any:
    """Return the JSON value of a body; tensors whose values stand behind it have them as bytes."""
    value = read_json(body[:json_length])
    rest = memoryview(body)[json_length:]
    n_values = 0
    for tensor in _binary_tensors(value):
        size = tensor["parameters"]["binary_data_size"]
        if type(size) is not int or not 0 <= size <= len(rest):
            raise InputError(
                "binary_data_size of {get!r} is {size!r}, but {n_rest} bytes are left in the body: correct it.",
                get=tensor.get("name"),
                size=size,
                n_rest=len(rest),
            )
        tensor["data"] = rest[:size]
        rest = rest[size:]
        n_values += size // _smallest_size(tensor.get("datatype"))
    if len(rest):
        raise InputError(
            "The body has {n_rest} bytes behind those of the last tensor.", n_rest=len(rest)
        )
    if n_values > max_values:
        raise Refusal(
            413,
            "The tensors have more than {max_values:,} values: send fewer rows at a time.",
            max_values=max_values,
        )
    return value


def _binary_tensors(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the tensors of a request whose values do not stand in its JSON."""
    inputs = value.get("inputs") if type(value) is dict else None
    for tensor in inputs if type(inputs) is list else ():
        parameters = tensor.get("parameters") if type(tensor) is dict else None
        if type(parameters) is dict and "binary_data_size" in parameters:
            yield tensor


def _smallest_size(datatype: Any) -> int:
    """Return how many bytes a value has at least."""
    if type(datatype) is not str or datatype not in NUMPY_TYPES:
        return _LENGTH.size
    return np.dtype(NUMPY_TYPES[datatype]).itemsize


def read_values(name: str, datatype: str, data: memoryview) -> list[Any]:
    """Return the values of a tensor; NaN and empty texts are missing."""
    if datatype == TEXTS:
        return list(_texts(name, data))
    kind = np.dtype(NUMPY_TYPES[datatype])
    if len(data) % kind.itemsize:
        raise InputError(
            "{name!r} has {n_data} bytes, which are no values of {datatype}.",
            name=name,
            n_data=len(data),
            datatype=datatype,
        )
    array = np.frombuffer(data, kind)
    values: list[Any] = array.tolist()
    if kind.kind == "f":
        for index in np.flatnonzero(np.isnan(array)).tolist():
            values[index] = None
    return values


def _texts(name: str, data: memoryview) -> Iterator[str | None]:
    start = 0
    while start < len(data):
        end = start + _LENGTH.size
        if end <= len(data):
            start, end = end, end + _LENGTH.unpack(data[start:end])[0]
        if end > len(data):
            raise InputError(
                "{name!r} ends within a text: correct the lengths before its texts.", name=name
            )
        try:
            yield str(data[start:end], "utf-8") or None
        except UnicodeDecodeError:
            raise InputError("{name!r} holds bytes that are no text in UTF-8.", name=name) from None
        start = end


def in_binary(tensor: Mapping[str, Any]) -> dict[str, Any]:
    """Return a tensor whose values are bytes, which `take_bytes` puts behind the JSON."""
    if tensor["datatype"] == TEXTS:
        texts = [text.encode("utf-8", "replace") for text in tensor["data"]]
        data = b"".join(part for text in texts for part in (_LENGTH.pack(len(text)), text))
    else:
        data = np.asarray(tensor["data"], NUMPY_TYPES[tensor["datatype"]]).tobytes()
    return {**tensor, "parameters": {"binary_data_size": len(data)}, "data": data}


def take_bytes(answer: dict[str, Any]) -> bytes:
    """Return all bytes of the tensors of an answer, and leave JSON alone in it."""
    outputs = [output for output in answer["outputs"] if isinstance(output["data"], bytes)]
    return b"".join(output.pop("data") for output in outputs)
