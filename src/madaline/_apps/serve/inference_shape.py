"""The Open Inference Protocol, version 2: named tensors, and metadata that describe them.

See https://github.com/kserve/open-inference-protocol (Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Annotated, Any

from madaline._apps.serve.answers import Answer
from madaline._apps.serve.binary_tensors import NUMPY_TYPES, TEXTS, in_binary, read_values
from madaline._apps.serve.messages import (
    Needs,
    RequestedRows,
    Sent,
    check_rows,
    list_of,
    read_fields,
    rows_of_columns,
)
from madaline._apps.serve.models import PredictionRequest, ServedModel, ServedOutput
from madaline._base.codec import Items, Stored
from madaline._base.json_checks import OneOf, Whole
from madaline._base.language import _
from madaline._tables.kinds import KINDS
from madaline._tables.kinds.image import ImageEncoder
from madaline._tables.kinds.kind import DATETIME
from madaline._tables.kinds.sequence import PatternEncoder, SequenceEncoder
from madaline.errors import InputError

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

_PROBABILITIES = "probabilities"

_MAX_SIDES, MAX_SIDE = 8, 2**31  # sides of a tensor, and the length of one, at most


@dataclass(frozen=True, eq=False)
class Tensor(Sent):
    """The values of a column or of an output."""

    name: str
    datatype: Annotated[str, OneOf(_DATATYPES_READ)]
    shape: Annotated[tuple[Annotated[int, Whole(1, MAX_SIDE)], ...], Items(1, _MAX_SIDES)]
    data: Any
    parameters: Any = None


@dataclass(frozen=True, eq=False)
class Inference(PredictionRequest):
    """A tensor of each column; the answer has the same id, and the outputs that are wanted.

    Tensors are of shape (rows,), (rows, 1), or longer for images and sequences; null is a missing
    value.
    """

    inputs: tuple[Tensor, ...]
    id: str | None = None
    outputs: tuple[Mapping[str, Any], ...] | None = None
    parameters: Any = None

    @classmethod
    def read(cls, value: Any) -> Inference:
        """Return what is asked; fields of their own that clients of the protocol send, too."""
        return read_fields(Inference, value, more=True)

    def rows_for(self, needs: Needs) -> RequestedRows:
        columns: dict[str, list[Any]] = {}
        for tensor in self.inputs:
            name = tensor.name
            if name in columns:
                raise InputError("inputs has {name!r} twice: give each column once.", name=name)
            columns[name] = _values(tensor, needs.most)
            if needs.kinds.get(name) == DATETIME and tensor.datatype != TEXTS:
                raise InputError(
                    "{name!r} holds dates: send text (BYTES), such as 2026-11-25.", name=name
                )
        return rows_of_columns(columns, needs)

    def answer(self, served: ServedModel, answered: Answer, rows: RequestedRows) -> dict[str, Any]:
        """Return what is found; the data of outputs that are wanted in binary are bytes."""
        outputs: dict[str, Tensor] = {}
        for output, answer in zip(served.outputs, answered.outputs or [answered], strict=True):
            datatype = _target_type(output)
            labels = list(map(str, answer.predictions)) if datatype == TEXTS else answer.predictions
            outputs[output.name] = Tensor(output.name, datatype, (rows.n_rows,), labels)
            if answer.probabilities is not None:
                name = _name_of_probabilities(served, output)
                shape = answer.probabilities.shape
                data = answer.probabilities.ravel().tolist()
                outputs[name] = Tensor(name, NUMBERS, shape, data)
        tensors = []
        for name, binary in self._wanted(outputs):
            tensor = outputs[name].to_json()
            tensors.append(in_binary(tensor) if binary else tensor)
        return Inferred(
            model_name=served.name, model_version=served.version, id=self.id, outputs=tensors
        ).to_json()

    def _wanted(self, known: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
        """Yield the names of the outputs that are wanted, and whether each is in binary."""
        binary = _parameter(self.parameters, "binary_data_output", False)
        for output in [{"name": name} for name in known] if self.outputs is None else self.outputs:
            name = output.get("name")
            if type(name) is not str or name not in known:
                raise InputError(
                    "There is no output {name!r}: there are {known}.",
                    name=name,
                    known=_(", ").join(known),
                )
            yield name, _parameter(output.get("parameters"), "binary_data", binary)


@dataclass(frozen=True, eq=False, kw_only=True)
class Inferred(Sent):
    """A tensor of each output."""

    model_name: str
    model_version: str
    id: str | None = None
    outputs: list[Any]


@dataclass(frozen=True, eq=False)
class Live(Stored):
    """Whether the server runs."""

    live: bool


@dataclass(frozen=True, eq=False)
class Ready(Sent):
    """Whether a model answers, or all, and why some are older than their files."""

    ready: bool
    name: str | None = None
    problems: Mapping[str, str] | None = None


def model_metadata(served: ServedModel) -> dict[str, Any]:
    """Return what the protocol tells of a model: its inputs, from the schema, and its outputs."""
    outputs: list[dict[str, Any]] = []
    for output in served.outputs:
        outputs.append(_told(output.name, _target_type(output), []))
        if output.classes is not None:
            name = _name_of_probabilities(served, output)
            sides = [len(output.classes)]
            outputs.append(_told(name, NUMBERS, sides, classes=output.classes))
    inputs = [
        _told(encoder.name, DATATYPES[KINDS[encoder.kind].json], _sides(encoder), kind=encoder.kind)
        for encoder in served.encoders
    ]
    head = {"name": served.name, "versions": [served.version], "platform": "madaline"}
    return {**head, "inputs": inputs, "outputs": outputs}


def _told(name: str, datatype: str, sides: list[int], **parameters: Any) -> dict[str, Any]:
    tensor = {"name": name, "datatype": datatype, "shape": [-1, *sides]}
    return tensor | ({"parameters": parameters} if parameters else {})


def _parameter(parameters: Any, name: str, default: bool) -> bool:
    return (parameters.get(name, default) if type(parameters) is dict else default) is True


def _values(tensor: Tensor, max_rows: int) -> list[Any]:
    """Return a list of the value of each row, which is a list itself for images and sequences."""
    name = tensor.name
    shape = tensor.shape
    data = tensor.data
    check_rows(shape[0], max_rows)
    while shape[1:] == (1,):
        shape = shape[:1]
    if isinstance(data, memoryview):
        values = read_values(name, tensor.datatype, data)
    else:
        values = _flat(list_of(data, _("The data of {name!r}").format(name=name)), len(shape))
    if len(values) != prod(shape):
        raise InputError(
            "{name!r} has {n_values} values, but its shape {value} needs {prod}: correct it.",
            name=name,
            n_values=len(values),
            value=[*shape],
            prod=prod(shape),
        )
    for size in reversed(shape[1:]):
        values = [values[start : start + size] for start in range(0, len(values), size)]
    return values


def _flat(data: list[Any], depth: int) -> list[Any]:
    """Return data that may be nested, as the protocol allows, as one list."""
    for __ in range(depth):
        if not data or type(data[0]) is not list:
            break
        data = [item for part in data for item in (part if type(part) is list else [part])]
    return data


def _name_of_probabilities(served: ServedModel, output: ServedOutput) -> str:
    """Return the name of the probabilities of a target."""
    return _PROBABILITIES if len(served.outputs) == 1 else f"{output.name}_{_PROBABILITIES}"


def _target_type(output: ServedOutput) -> str:
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
