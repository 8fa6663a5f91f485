"""A fitted model as an ONNX file, which runs without Python: columns in, predictions out."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

from madaline._data.io.atomic import write_atomically
from madaline._data.target import ClassEncoder, JointEncoder
from madaline._evaluation.scores import label_text
from madaline._export.graph import MACHINE_LEARNING, Graph, load_onnx
from madaline._export.inputs import Input, inputs_of, table_features
from madaline._export.networks import ensemble_output
from madaline._export.outputs import Output, encoders_of, outputs_of, write_outputs
from madaline._model import FittedModel
from madaline._runtime.predictor import Predictor
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
        "inputs": json.dumps([one.to_json() for one in inputs]),
        **NOTES,
    }
    if without:
        facts["without"] = json.dumps(list(without))
    return facts | _facts_of_outputs(model.predictor)


def _facts_of_outputs(predictor: Predictor) -> dict[str, str]:
    """Return the names of several outputs, and of classes the labels and the threshold."""
    joint, encoders = predictor.target_encoder, encoders_of(predictor)
    facts: dict[str, Any] = {}
    if isinstance(joint, JointEncoder):
        facts["outputs"] = list(joint.names)
    if isinstance(encoders[0], ClassEncoder):
        facts["classes"] = [[label_text(label) for label in one.classes] for one in encoders]
        if len(encoders[0].classes) == 2:
            facts["threshold"] = [float(one.threshold) for one in encoders]
    alone = not isinstance(joint, JointEncoder)
    return {name: json.dumps(one[0] if alone else one) for name, one in facts.items()}


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
) -> Any:
    """Write a model as an ONNX file, whole or not at all; return what was written.

    It has passed the checks of `onnx.checker`.
    """
    proto = to_onnx(model, without)
    write_atomically(path, proto.SerializeToString(deterministic=True))
    return proto


def to_onnx(model: FittedModel, without: Sequence[str] = ()) -> Any:
    """Return a model as one of ONNX, checked."""
    model.predictor.check_no_past("exported")
    onnx, predictor = load_onnx(), model.predictor
    inputs = inputs_of(predictor.encoder, without)
    outputs = outputs_of(predictor, [one.name for one in inputs])
    graph = Graph([one.name for one in inputs] + [one.name for one in outputs])
    n_bins = sorted({part.n_bins for part in predictor.parts} - {0})
    features = table_features(graph, inputs, predictor.encoder, n_bins)
    write_outputs(graph, ensemble_output(graph, features, predictor), predictor, outputs)
    proto = _assembled(onnx.helper, graph, inputs, outputs, model.summary.target)
    onnx.helper.set_model_props(proto, metadata(model, inputs, without))
    onnx.checker.check_model(proto, full_check=True)
    return proto


def _assembled(
    helper: Any, graph: Graph, inputs: Sequence[Input], outputs: Sequence[Output], target: str
) -> Any:
    """Return nodes and constants with their inputs and outputs as a model of ONNX."""
    given = [
        _described(helper, one.name, one.exported.type, one.exported.shape(one.encoder))
        for one in inputs
    ]
    made = [_described(helper, one.name, one.type, one.shape) for one in outputs]
    return helper.make_model(
        helper.make_graph(graph.nodes, "madaline", given, made, graph.constants),
        opset_imports=[helper.make_opsetid(*one) for one in OPERATORS.items()],
        ir_version=FORMAT,
        producer_name="madaline",
        producer_version=__version__,
        doc_string=f"Predicts {target}. The metadata tell what the inputs are.",
    )


def _described(helper: Any, name: str, kind: str, shape: tuple[int, ...]) -> Any:
    """Return the description of an input or an output."""
    element = getattr(load_onnx().TensorProto, kind)
    return helper.make_tensor_value_info(name, element, [ROWS, *shape])
