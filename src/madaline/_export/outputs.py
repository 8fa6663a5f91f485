"""Outputs: labels and probabilities of classes, or numbers in the target's own unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline._data.target import ClassEncoder, JointEncoder
from madaline._export.graph import Graph
from madaline._runtime.predictor import Predictor
from madaline.nn.arrays import Array
from madaline.nn.losses import CrossEntropy, Loss, Poisson, Quantiles
from madaline.nn.losses._regression import MAX_LOG

LABEL, PROBABILITIES, PREDICTION = "label", "probabilities", "prediction"
"""Names of the outputs, unless a column has that name: then an underscore follows."""


@dataclass(frozen=True)
class Output:
    """An output of the exported model."""

    name: str
    type: str  # the type of its elements, as ONNX names it
    shape: tuple[int, ...] = ()  # the shape of a row; empty for one value


def outputs_of(predictor: Predictor, taken: Sequence[str]) -> list[Output]:
    """Return the outputs of a model, with names that its inputs do not have."""
    encoders = encoders_of(predictor)
    several = (len(encoders),) if len(encoders) > 1 else ()
    if not isinstance(encoders[0], ClassEncoder):
        return [Output(_free(PREDICTION, taken), "DOUBLE", several)]
    kind = {"i": "INT64", "f": "DOUBLE", "b": "BOOL"}.get(labels_of(encoders).dtype.kind, "STRING")
    label, probabilities = (_free(name, taken) for name in (LABEL, PROBABILITIES))
    shape = several or (len(encoders[0].classes),)
    return [Output(label, kind, several), Output(probabilities, "DOUBLE", shape)]


def encoders_of(predictor: Predictor) -> Sequence[Any]:
    """Return the encoder of each target, or of each quantile."""
    encoder = predictor.target_encoder
    return encoder.encoders if isinstance(encoder, JointEncoder) else [encoder]


def labels_of(encoders: Sequence[ClassEncoder]) -> Array:
    """Return all labels in a type of ONNX: whole numbers, floats, Booleans or text."""
    labels = [label for encoder in encoders for label in encoder.classes.tolist()]
    types: dict[type, Any] = {int: np.int64, float: np.float64, bool: np.bool_}
    kinds = set(map(type, labels))
    dtype = types.get(kinds.pop()) if len(kinds) == 1 else None
    if dtype is not None:
        return np.array(labels, dtype)
    return np.array(list(map(str, labels)), dtype=object)


def write_outputs(
    graph: Graph,
    output: str,  # the raw outputs, float64 of shape (rows, n_outputs)
    # its loss has the inverse link, its target encoder the labels or the unit
    predictor: Predictor,
    outputs: Sequence[Output],
) -> None:
    """Add what makes predictions of raw outputs."""
    encoders = encoders_of(predictor)
    if not isinstance(encoders[0], ClassEncoder):
        _write_numbers(graph, _linked(graph, output, predictor.loss), encoders, outputs[0].name)
        return
    label, probabilities = (one.name for one in outputs)
    if len(encoders) > 1:
        graph.add("Sigmoid", output, output=probabilities)
        _write_several_labels(graph, probabilities, encoders, label)
        return
    _write_probabilities(graph, output, predictor.loss, probabilities)
    _write_labels(graph, probabilities, encoders[0], label)


def _write_numbers(graph: Graph, predictions: str, encoders: Sequence[Any], name: str) -> None:
    scale, center, low, high = (
        np.array([[float(getattr(one, part)) for one in encoders]])
        for part in ("scale", "center", "low", "high")
    )
    numbers = graph.add("Add", graph.add("Mul", predictions, scale), center)
    within = graph.add("Min", graph.add("Max", numbers, low), high)
    if len(encoders) > 1:
        graph.add("Identity", within, output=name)
    else:
        graph.add("Squeeze", within, np.array([1]), output=name)


def _linked(graph: Graph, output: str, loss: Loss) -> str:
    """Return the predictions of a loss for numbers: most take the output as it is."""
    match loss:
        case Poisson():
            return graph.add("Exp", graph.add("Min", output, np.array([[MAX_LOG]])))
        case Quantiles():
            return graph.sorted(output, len(loss.levels))
        case _:
            return output


def _write_probabilities(graph: Graph, output: str, loss: Loss, name: str) -> None:
    if isinstance(loss, CrossEntropy):
        graph.add("Softmax", output, axis=1, output=name)
        return
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
    graph.add("Gather", labels_of([encoder]), index, axis=0, output=name)


def _write_several_labels(
    graph: Graph, probabilities: str, encoders: Sequence[ClassEncoder], name: str
) -> None:
    """Write a label for each target, given the probability of the second of its two classes."""
    thresholds = np.array([[one.threshold for one in encoders]])
    above = graph.cast(graph.add("Greater", probabilities, thresholds), np.int64)
    index = graph.add("Add", above, 2 * np.arange(len(encoders))[None])
    graph.add("Gather", labels_of(encoders), index, axis=0, output=name)


def _free(name: str, taken: Sequence[str]) -> str:
    return name if name not in taken else _free(f"{name}_", taken)
