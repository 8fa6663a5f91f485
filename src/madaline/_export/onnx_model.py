"""A fitted model as an ONNX file, which runs without Python: columns in, predictions out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from madaline._data.io.atomic import write_atomically
from madaline._export.ensemble import ensemble_output
from madaline._export.features import table_features
from madaline._export.graph import MACHINE_LEARNING, Graph, load_onnx
from madaline._export.inputs import Input, inputs_of
from madaline._export.metadata import metadata
from madaline._export.outputs import Output, outputs_of, write_outputs
from madaline._model import FittedModel
from madaline.version import __version__

OPERATORS = {"": 18, MACHINE_LEARNING: 3}
"""Versions of the sets of standard operators."""

FORMAT = 8
"""Version of the file's format: the oldest that goes with these operators."""

ROWS = "rows"
"""Name of the dimension of the rows."""


def write_onnx(
    model: FittedModel, path: str | os.PathLike[str], *, without: Sequence[str] = ()
) -> Any:
    """Write a model as an ONNX file, whole or not at all; return what was written.

    Parameters
    ----------
    model : FittedModel
        The model.
    path : path
        Where to write.
    without : sequence of str, optional
        Columns of texts and sounds to leave out: the file predicts as if they were empty.

    Returns
    -------
    onnx.ModelProto
        It has passed the checks of `onnx.checker`.

    Raises
    ------
    InputError
        If onnx is not installed, or a part of the model cannot be exported.
    OSError
        If the file cannot be written.
    """
    proto = to_onnx(model, without)
    write_atomically(path, proto.SerializeToString(deterministic=True))
    return proto


def to_onnx(model: FittedModel, without: Sequence[str] = ()) -> Any:
    """Return a model as one of ONNX, checked."""
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
    given = [_described(helper, one.name, one.type, one.shape) for one in inputs]
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
