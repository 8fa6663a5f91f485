"""A fitted model as an ONNX file, which runs without Python: columns in, predictions out."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline._apps.export.graph import MACHINE_LEARNING, Graph, load_onnx
from madaline._apps.export.inputs import Input, inputs_of, table_features
from madaline._apps.export.networks import ensemble_output
from madaline._base.language import _
from madaline._models.model import FittedModel
from madaline._models.runtime.predictor import Predictor
from madaline._race.evaluation.scores import label_text
from madaline._tables.io.atomic import write_atomically
from madaline._tables.target import ClassEncoder, JointEncoder
from madaline.nn.arrays import Array
from madaline.nn.losses import CrossEntropy, Loss, Poisson, Quantiles
from madaline.nn.losses._regression import MAX_LOG
from madaline.version import __version__

NOTES = {
    "missing": "A missing number, Boolean or date is NaN. A missing level is the text under"
    " 'missing' in 'inputs'. ONNX Runtime for Python takes None for an unseen level, without a"
    " warning: replace it.",
    "text": "Numbers and dates that the training table held as text enter as numbers, too.",
    "infinite": "Infinite numbers are not refused, as predict of madaline does, but clipped.",
}
"""Notes for whoever fills the inputs."""


def metadata(
    model: FittedModel,
    inputs: Sequence[Input],
    without: Sequence[str],  # columns that are left out
) -> dict[str, str]:
    """Return the metadata of an exported model, each a text."""
    facts = {
        "madaline": model.version,
        "task": model.summary.task,
        "target": model.summary.target,
        "inputs": json.dumps([source.to_json() for source in inputs]),
        **NOTES,
    }
    if without:
        facts["without"] = json.dumps(list(without))
    return facts | _facts_of_outputs(model.predictor)


def _facts_of_outputs(predictor: Predictor) -> dict[str, str]:
    """Return the names of several outputs, and of classes the labels and the threshold."""
    joint = predictor.target_encoder
    encoders = encoders_of(predictor)
    facts: dict[str, Any] = {}
    if isinstance(joint, JointEncoder):
        facts["outputs"] = list(joint.names)
    if isinstance(encoders[0], ClassEncoder):
        facts["classes"] = [
            [label_text(label) for label in encoder.classes] for encoder in encoders
        ]
        if len(encoders[0].classes) == 2:
            facts["threshold"] = [float(encoder.threshold) for encoder in encoders]
    alone = not isinstance(joint, JointEncoder)
    return {name: json.dumps(fact[0] if alone else fact) for name, fact in facts.items()}


OPERATORS = {"": 18, MACHINE_LEARNING: 3}
"""Versions of the sets of standard operators."""

FORMAT = 8
"""Version of the file's format: the oldest that goes with these operators."""

ROWS = "rows"
"""Name of the dimension of the rows."""


def write_onnx(
    model: FittedModel,
    path: str | os.PathLike[str],
    *,
    # columns of texts and sounds to leave out: the file predicts as if they were empty
    without: Sequence[str] = (),
    float32: bool = False,  # whether numbers enter with 32 bits
) -> Any:
    """Write a model as an ONNX file, whole or not at all; return what was written.

    It has passed the checks of `onnx.checker`.
    """
    proto = to_onnx(model, without, float32)
    write_atomically(path, proto.SerializeToString(deterministic=True))
    return proto


def to_onnx(model: FittedModel, without: Sequence[str] = (), float32: bool = False) -> Any:
    """Return a model as one of ONNX, checked."""
    model.predictor.check_no_past("exported")
    onnx = load_onnx()
    predictor = model.predictor
    inputs = inputs_of(predictor.encoder, without, float32)
    input_names = [source.name for source in inputs]
    outputs = outputs_of(predictor, input_names)
    graph = Graph(input_names + [output.name for output in outputs])
    n_bins = sorted({part.n_bins for part in predictor.parts} - {0})
    features = table_features(graph, inputs, predictor.encoder, n_bins)
    write_outputs(graph, ensemble_output(graph, features, predictor), predictor, outputs)
    proto = _assembled(onnx.helper, graph, inputs, outputs, model.summary.target)
    onnx.helper.set_model_props(proto, metadata(model, inputs, without))
    onnx.checker.check_model(proto, full_check=True)
    return proto


def _assembled(
    helper: Any, graph: Graph, inputs: Sequence[Input], outputs: Sequence[OnnxOutput], target: str
) -> Any:
    """Return nodes and constants with their inputs and outputs as a model of ONNX."""
    entries = [
        _described(helper, source.name, source.type, source.exported.shape(source.encoder))
        for source in inputs
    ]
    answers = [_described(helper, output.name, output.type, output.shape) for output in outputs]
    return helper.make_model(
        helper.make_graph(graph.nodes, "madaline", entries, answers, graph.constants),
        opset_imports=[helper.make_opsetid(*operator) for operator in OPERATORS.items()],
        ir_version=FORMAT,
        producer_name="madaline",
        producer_version=__version__,
        doc_string=_("Predicts {target}. The metadata tell what the inputs are.").format(
            target=target
        ),
    )


def _described(helper: Any, name: str, kind: str, shape: tuple[int, ...]) -> Any:
    """Return the description of an input or an output."""
    element = getattr(load_onnx().TensorProto, kind)
    return helper.make_tensor_value_info(name, element, [ROWS, *shape])


LABEL, PROBABILITIES, PREDICTION = "label", "probabilities", "prediction"
"""Names of the outputs, unless a column has that name: then an underscore follows."""


@dataclass(frozen=True)
class OnnxOutput:
    """An output of the exported model."""

    name: str
    type: str  # the type of its elements, as ONNX names it
    shape: tuple[int, ...] = ()  # the shape of a row; empty for one value


def outputs_of(predictor: Predictor, taken: Sequence[str]) -> list[OnnxOutput]:
    """Return the outputs of a model, with names that its inputs do not have."""
    encoders = encoders_of(predictor)
    several = (len(encoders),) if len(encoders) > 1 else ()
    if not isinstance(encoders[0], ClassEncoder):
        return [OnnxOutput(_free(PREDICTION, taken), "DOUBLE", several)]
    kind = {"i": "INT64", "f": "DOUBLE", "b": "BOOL"}.get(labels_of(encoders).dtype.kind, "STRING")
    label, probabilities = (_free(name, taken) for name in (LABEL, PROBABILITIES))
    shape = several or (len(encoders[0].classes),)
    return [OnnxOutput(label, kind, several), OnnxOutput(probabilities, "DOUBLE", shape)]


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
    outputs: Sequence[OnnxOutput],
) -> None:
    """Add what makes predictions of raw outputs."""
    encoders = encoders_of(predictor)
    if not isinstance(encoders[0], ClassEncoder):
        _write_numbers(graph, _linked(graph, output, predictor.loss), encoders, outputs[0].name)
        return
    label, probabilities = (output.name for output in outputs)
    if len(encoders) > 1:
        graph.add("Sigmoid", output, output=probabilities)
        _write_several_labels(graph, probabilities, encoders, label)
        return
    _write_probabilities(graph, output, predictor.loss, probabilities)
    _write_labels(graph, probabilities, encoders[0], label)


def _write_numbers(graph: Graph, predictions: str, encoders: Sequence[Any], name: str) -> None:
    scale, center, low, high = (
        np.array([[float(getattr(encoder, part)) for encoder in encoders]])
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
    thresholds = np.array([[encoder.threshold for encoder in encoders]])
    above = graph.cast(graph.add("Greater", probabilities, thresholds), np.int64)
    index = graph.add("Add", above, 2 * np.arange(len(encoders))[None])
    graph.add("Gather", labels_of(encoders), index, axis=0, output=name)


def _free(name: str, taken: Sequence[str]) -> str:
    return name if name not in taken else _free(f"{name}_", taken)
