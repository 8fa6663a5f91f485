"""The Open Inference Protocol, version 2: named tensors, and metadata that describe them.

See https://github.com/kserve/open-inference-protocol (Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from madaline._data.kinds import KINDS
from madaline._data.kinds.image import ImageEncoder
from madaline._data.kinds.kind import DATETIME
from madaline._data.kinds.sequence import PatternEncoder, SequenceEncoder
from madaline._serve.answers import Answer, RowsRequest
from madaline._serve.binary_tensors import NUMPY_TYPES, TEXTS, in_binary, read_values
from madaline._serve.messages import (
    MAX_ROWS,
    check_fields,
    check_rows,
    json_word,
    list_of,
    object_of,
    rows_of_columns,
)
from madaline._serve.models import Output, ServedModel
from madaline.errors import InputError
from madaline.version import __version__

BOOLEANS, NUMBERS = "BOOL", "FP64"
DATATYPES: Mapping[str, str] = {
    "number": NUMBERS,
    "boolean": BOOLEANS,
    "string": TEXTS,
    "array": NUMBERS,
}
"""The datatype of each type in JSON."""

_LABEL_DATATYPES: Mapping[type, str] = {bool: BOOLEANS, int: "INT64", float: NUMBERS}
"""The datatype of labels of each type; all others are text."""

_DATATYPES_READ = (TEXTS, *NUMPY_TYPES)
"""Datatypes that requests may name; values are read by the kind of the column."""

_INPUT_FIELDS = ("name", "shape", "datatype", "data", "parameters")
_PROBABILITIES = "probabilities"

_MAX_SIDES, MAX_SIDE = 8, 2**31  # sides of a tensor, and the length of one, at most


def server_metadata() -> dict[str, Any]:
    """Return what the protocol tells of a server."""
    return {"name": "madaline", "version": __version__, "extensions": ["binary_tensor_data"]}


def model_metadata(served: ServedModel) -> dict[str, Any]:
    """Return what the protocol tells of a model: its inputs, from the schema, and its outputs."""
    outputs: list[dict[str, Any]] = []
    for output in served.outputs:
        outputs.append({"name": output.name, "datatype": _target_type(output), "shape": [-1]})
        if output.classes is not None:
            outputs.append(
                {
                    "name": _name_of_probabilities(served, output),
                    "datatype": NUMBERS,
                    "shape": [-1, len(output.classes)],
                    "parameters": {"classes": output.classes},
                }
            )
    return {
        "name": served.name,
        "versions": [served.version],
        "platform": "madaline",
        "inputs": [
            {
                "name": encoder.name,
                "datatype": DATATYPES[KINDS[encoder.kind].json],
                "shape": [-1, *_sides(encoder)],
                "parameters": {"kind": encoder.kind},
            }
            for encoder in served.encoders
        ],
        "outputs": outputs,
    }


def read_request(value: Any, kinds: Mapping[str, str], max_rows: int = MAX_ROWS) -> RowsRequest:
    """Return the rows of a request: a tensor for each column.

    Its shape is (rows,), (rows, 1), or longer for images and sequences; null is a missing value.
    Clients of the protocol send fields of their own beside `inputs`, which are ignored.
    """
    request = object_of(value, "The body")
    if type(request.get("id")) not in (str, type(None)):
        raise InputError(f"id is {json_word(request['id'])}: give text.")
    columns: dict[str, list[Any]] = {}
    for number, given in enumerate(list_of(request.get("inputs"), "inputs")):
        tensor = object_of(given, f"inputs[{number}]")
        name = tensor.get("name")
        if type(name) is not str:
            raise InputError(f"inputs[{number}] has no name: give that of a column.")
        if name in columns:
            raise InputError(f"inputs has {name!r} twice: give each column once.")
        columns[name] = _values(name, tensor, max_rows)
        if kinds.get(name) == DATETIME and tensor["datatype"] != TEXTS:
            raise InputError(f"{name!r} holds dates: send text (BYTES), such as 2026-11-25.")
    more = {name: request.get(name) for name in ("id", "outputs", "parameters")}
    return RowsRequest(rows_of_columns(columns, kinds, max_rows), more=more)


def write_answer(served: ServedModel, answer: Answer, asked: RowsRequest) -> dict[str, Any]:
    """Return an answer as a JSON value; a request may have an id, and name the outputs it wants.

    The data of outputs that are wanted in binary are bytes.
    """
    outputs: dict[str, Any] = {}
    for output, one in zip(served.outputs, answer.outputs or [answer], strict=True):
        datatype = _target_type(output)
        labels = list(map(str, one.predictions)) if datatype == TEXTS else one.predictions
        outputs[output.name] = _tensor(output.name, datatype, [len(labels)], labels)
        if one.probabilities is not None:
            name = _name_of_probabilities(served, output)
            shape, data = list(one.probabilities.shape), one.probabilities.ravel().tolist()
            outputs[name] = _tensor(name, NUMBERS, shape, data)
    wanted = _wanted_outputs(asked.more["outputs"], outputs, _binary_by_default(asked))
    written = {"model_name": served.name, "model_version": served.version}
    given = {} if asked.more["id"] is None else {"id": asked.more["id"]}
    return {
        **written,
        **given,
        "outputs": [
            in_binary(outputs[name]) if binary else outputs[name] for name, binary in wanted
        ],
    }


def _binary_by_default(asked: RowsRequest) -> bool:
    parameters = asked.more["parameters"]
    return type(parameters) is dict and parameters.get("binary_data_output") is True


def _wanted_outputs(given: Any, outputs: Mapping[str, Any], binary: bool) -> list[tuple[str, bool]]:
    """Return the outputs that are wanted, and whether each is wanted in binary."""
    if given is None:
        return [(name, binary) for name in outputs]
    wanted: list[tuple[str, bool]] = []
    for output in list_of(given, "outputs"):
        name = object_of(output, "An item of outputs").get("name")
        if type(name) is not str or name not in outputs:
            raise InputError(f"There is no output {name!r}: there are {', '.join(outputs)}.")
        parameters = output.get("parameters")
        own = parameters.get("binary_data", binary) if type(parameters) is dict else binary
        wanted.append((name, own is True))
    return wanted


def _values(name: str, tensor: Mapping[str, Any], max_rows: int) -> list[Any]:
    """Return a list of the value of each row, which is a list itself for images and sequences."""
    check_fields(tensor, _INPUT_FIELDS, f"the input {name!r}")
    if tensor.get("datatype") not in _DATATYPES_READ:
        raise InputError(
            f"The datatype of {name!r} is unknown: it is one of {', '.join(_DATATYPES_READ)}."
        )
    shape, data = _shape(name, tensor), tensor.get("data")
    check_rows(shape[0], max_rows)
    while shape[1:] == [1]:
        shape = shape[:1]
    if isinstance(data, memoryview):
        values = read_values(name, tensor["datatype"], data)
    else:
        values = _flat(list_of(data, f"The data of {name!r}"), len(shape))
    if len(values) != prod(shape):
        raise InputError(
            f"{name!r} has {len(values)} values, but its shape {shape} needs {prod(shape)}:"
            " correct it."
        )
    for size in reversed(shape[1:]):
        values = [values[start : start + size] for start in range(0, len(values), size)]
    return values


def _shape(name: str, tensor: Mapping[str, Any]) -> list[int]:
    shape = tensor.get("shape")
    if (
        type(shape) is not list
        or not 0 < len(shape) <= _MAX_SIDES
        or not all(type(side) is int and 0 < side <= MAX_SIDE for side in shape)
    ):
        raise InputError(f"The shape of {name!r} is not a list of counts: give the number of rows.")
    return shape


def _flat(data: list[Any], depth: int) -> list[Any]:
    """Return data that may be nested, as the protocol allows, as one list."""
    for _ in range(depth):
        if not data or type(data[0]) is not list:
            break
        data = [item for part in data for item in (part if type(part) is list else [part])]
    return data


def _tensor(name: str, datatype: str, shape: list[int], data: list[Any]) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape, "data": data}


def _name_of_probabilities(served: ServedModel, output: Output) -> str:
    """Return the name of the probabilities of a target."""
    return _PROBABILITIES if len(served.outputs) == 1 else f"{output.name}_{_PROBABILITIES}"


def _target_type(output: Output) -> str:
    """Return the datatype of predictions: numbers, or labels as they are."""
    classes = getattr(output.encoder, "classes", None)
    if classes is None:
        return NUMBERS
    types = set(map(type, classes.tolist()))
    return _LABEL_DATATYPES.get(types.pop(), TEXTS) if len(types) == 1 else TEXTS


def _sides(encoder: Any) -> list[int]:
    """Return the sides of a value: none, those of images, or open ones of sequences."""
    if isinstance(encoder, ImageEncoder):
        return list(encoder.shape)
    if isinstance(encoder, SequenceEncoder | PatternEncoder):
        return [-1, encoder.n_channels]
    return []
