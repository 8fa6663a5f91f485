"""Outputs: labels and probabilities of classes, or numbers in the target's own unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline.data.target import ClassEncoder, CountEncoder, RegressionEncoder
from madaline.errors import InputError
from madaline.export.graph import Graph
from madaline.nn.arrays import Array
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Loss, Poisson
from madaline.nn.losses.poisson import LARGEST_LOG
from madaline.runtime.predictor import Predictor

LABEL, PROBABILITIES, PREDICTION = "label", "probabilities", "prediction"
"""Names of the outputs, unless a column has that name: then an underscore follows."""


@dataclass(frozen=True)
class Output:
    """An output of the exported model.

    Parameters
    ----------
    name : str
        Its name.
    type : str
        The type of its elements, as ONNX names it.
    shape : tuple of int
        The shape of a row; empty for one value.
    """

    name: str
    type: str
    shape: tuple[int, ...] = ()


def outputs_of(predictor: Predictor, taken: Sequence[str]) -> list[Output]:
    """Return the outputs of a model, with names that its inputs do not have."""
    encoder = predictor.target_encoder
    if not isinstance(encoder, ClassEncoder | RegressionEncoder | CountEncoder):
        raise InputError("A model of several outputs cannot be exported to ONNX: fit one for each.")
    if not isinstance(encoder, ClassEncoder):
        return [Output(_free(PREDICTION, taken), "DOUBLE")]
    kind = {"i": "INT64", "f": "DOUBLE", "b": "BOOL"}.get(labels_of(encoder).dtype.kind, "STRING")
    shape = (len(encoder.classes),)
    label, probabilities = (_free(name, taken) for name in (LABEL, PROBABILITIES))
    return [Output(label, kind), Output(probabilities, "DOUBLE", shape)]


def labels_of(encoder: ClassEncoder) -> Array:
    """Return the labels in a type of ONNX: whole numbers, floats, Booleans or text.

    Examples
    --------
    >>> labels_of(ClassEncoder(np.array([0, 1], np.uint8))).dtype
    dtype('int64')
    >>> labels_of(ClassEncoder(np.array([0, "one"], dtype=object)))
    array(['0', 'one'], dtype=object)
    """
    labels = encoder.classes.tolist()
    types: dict[type, Any] = {int: np.int64, float: np.float64, bool: np.bool_}
    kinds = set(map(type, labels))
    dtype = types.get(kinds.pop()) if len(kinds) == 1 else None
    if dtype is not None:
        return np.array(labels, dtype)
    return np.array(list(map(str, labels)), dtype=object)


def write_outputs(
    graph: Graph, output: str, predictor: Predictor, outputs: Sequence[Output]
) -> None:
    """Add what makes predictions of raw outputs.

    Parameters
    ----------
    graph : Graph
        Where nodes are added.
    output : str
        The raw outputs, float64 of shape (rows, n_outputs).
    predictor : Predictor
        Its loss has the inverse link, its target encoder the labels or the unit.
    outputs : sequence of Output
        What `outputs_of` returned.
    """
    encoder: Any = predictor.target_encoder
    if not isinstance(encoder, ClassEncoder):
        _write_numbers(graph, _linked(graph, output, predictor.loss), encoder, outputs[0].name)
        return
    label, probabilities = (one.name for one in outputs)
    _write_probabilities(graph, output, predictor.loss, probabilities)
    _write_labels(graph, probabilities, encoder, label)


def _write_numbers(graph: Graph, predictions: str, encoder: Any, name: str) -> None:
    scale, center, low, high = (
        np.array(float(getattr(encoder, part))) for part in ("scale", "center", "low", "high")
    )
    numbers = graph.add("Add", graph.add("Mul", predictions, scale), center)
    within = graph.add("Clip", numbers, low, high)
    graph.add("Squeeze", within, np.array([1]), output=name)


def _linked(graph: Graph, output: str, loss: Loss) -> str:
    """Return the predictions of a loss for numbers: all but one take the output as it is."""
    if not isinstance(loss, Poisson):
        return output
    return graph.add("Exp", graph.add("Min", output, np.array([[LARGEST_LOG]])))


def _write_probabilities(graph: Graph, output: str, loss: Loss, name: str) -> None:
    if isinstance(loss, CrossEntropy):
        graph.add("Softmax", output, axis=1, output=name)
        return
    if not isinstance(loss, BinaryCrossEntropy):
        raise InputError(f"The loss {type(loss).__name__} cannot be exported to ONNX.")
    second = graph.add("Sigmoid", output)
    first = graph.add("Sub", np.array([[1.0]]), second)
    graph.add("Concat", first, second, axis=1, output=name)


def _write_labels(graph: Graph, probabilities: str, encoder: ClassEncoder, name: str) -> None:
    if encoder.threshold == 0.5:
        index = graph.add("ArgMax", probabilities, axis=1, keepdims=0)
    else:
        second = graph.add("Gather", probabilities, np.array(1), axis=1)
        above = graph.add("Greater", second, np.array(encoder.threshold))
        index = graph.cast(above, np.int64)
    graph.add("Gather", labels_of(encoder), index, axis=0, output=name)


def _free(name: str, taken: Sequence[str]) -> str:
    return name if name not in taken else _free(f"{name}_", taken)
