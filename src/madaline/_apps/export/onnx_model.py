"""A fitted model as an ONNX file, which runs without Python: columns in, predictions out."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from madaline._apps.export.graph import MACHINE_LEARNING, Graph, load_onnx
from madaline._apps.export.inputs import Input, inputs_of, missing_level
from madaline._apps.export.lowering import DAY, READ, lower
from madaline._apps.export.onnx_code import write_steps
from madaline._apps.export.program import Program
from madaline._base.language import _
from madaline._models.model import FittedModel
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.io.atomic import write_atomically
from madaline._tables.kinds.category import CategoryEncoder
from madaline._tables.kinds.kind import ColumnEncoder
from madaline._tables.kinds.moment import DatetimeEncoder
from madaline._tables.target import ClassEncoder, JointEncoder, TargetEncoder
from madaline.nn.arrays import Array
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
    program: Program,
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
    return facts | _facts_of_outputs(program, model.predictor.target_encoder)


def _facts_of_outputs(program: Program, encoder: TargetEncoder) -> dict[str, str]:
    """Return the names of several outputs, and of classes the labels and the threshold."""
    facts: dict[str, Sequence[Any]] = {}
    alone = not isinstance(encoder, JointEncoder)
    if not alone:
        facts["outputs"] = program.outputs
    if program.labels:
        facts["classes"] = program.labels
    if program.labels and len(program.labels[0]) == 2:
        facts["threshold"] = [float(own.threshold) for own in _classes_of(encoder)]
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
    onnx, encoder = load_onnx(), model.predictor.encoder
    inputs = inputs_of(encoder, without, float32)
    given = [one.name for one in encoder.encoders if not isinstance(one, READ)]
    program = lower(model, given=given, with_intervals=False)
    labels = labels_of(_classes_of(model.predictor.target_encoder))
    names = [source.name for source in inputs]
    outputs = _outputs_of(program, labels, names)
    graph = Graph([*names, *outputs])
    made = write_steps(graph, program, *_entering(graph, encoder, inputs))
    _write_answers(graph, program, made, labels, list(outputs))
    graph.keep(outputs)
    described = {source.name: (source.type, source.shape) for source in inputs}
    proto = _assembled(onnx, graph, described, outputs, model.summary.target)
    onnx.helper.set_model_props(proto, metadata(model, program, inputs, without))
    onnx.checker.check_model(proto, full_check=True)
    return proto


def _entering(
    graph: Graph, encoder: TableEncoder, inputs: Sequence[Input]
) -> tuple[list[str], list[str]]:
    """Return what a program reads of each column, and the text that is a missing level of it."""
    entering, missing = [], []
    used = {source.encoder.name: source for source in inputs}
    for column in encoder.encoders:
        missing.append(missing_level(column) if isinstance(column, CategoryEncoder) else "")
        if column.name not in used:
            entering.append(_of_an_empty_column(graph, inputs[0].name, column))
            continue
        source = used[column.name]
        name = source.name if source.is_exact else graph.cast(source.name, np.float64)
        features = source.exported.features
        if features is not None:
            name = features(graph, name, column)
        elif isinstance(column, DatetimeEncoder):
            name = graph.add("Div", name, np.array(DAY))
        entering.append(name)
    return entering, missing


def _of_an_empty_column(graph: Graph, name: str, encoder: ColumnEncoder) -> str:
    """Return the features of a column that is left out: those of a row without a value."""
    row = np.empty((1, encoder.n_features), np.float32)
    encoder.write(encoder.read(np.array([None], dtype=object)), row)
    n_rows = graph.add("Shape", name, start=0, end=1)
    shape = graph.add("Concat", n_rows, np.array([row.shape[1]]), axis=0)
    return graph.add("Expand", row, shape)


def _write_answers(
    graph: Graph, program: Program, made: Sequence[str], labels: Array, names: Sequence[str]
) -> None:
    """Add the outputs: of one target a number or a label a row, of several a column for each."""
    prediction, alone = made[program.prediction], len(program.outputs) == 1
    if program.label is None:
        one = ("Squeeze", prediction, np.array([1])) if alone else ("Identity", prediction)
        graph.add(*one, output=names[0])
        return
    graph.add("Identity", prediction, output=names[1])
    index = made[program.label]
    if alone:
        index = graph.add("Squeeze", index, np.array([1]))
    else:
        index = graph.add("Add", index, 2 * np.arange(len(program.outputs))[None])
    graph.add("Gather", labels, index, axis=0, output=names[0])


_Described: TypeAlias = Mapping[str, tuple[str, tuple[int, ...]]]
"""Of inputs or outputs the type of elements, as ONNX names it, and the shape of a row."""


def _assembled(
    onnx: Any, graph: Graph, inputs: _Described, outputs: _Described, target: str
) -> Any:
    """Return nodes and constants with their inputs and outputs as a model of ONNX."""
    helper = onnx.helper
    given, answers = (
        [
            helper.make_tensor_value_info(name, getattr(onnx.TensorProto, kind), [ROWS, *shape])
            for name, (kind, shape) in described.items()
        ]
        for described in (inputs, outputs)
    )
    return helper.make_model(
        helper.make_graph(graph.nodes, "madaline", given, answers, graph.constants),
        opset_imports=[helper.make_opsetid(*operator) for operator in OPERATORS.items()],
        ir_version=FORMAT,
        producer_name="madaline",
        producer_version=__version__,
        doc_string=_("Predicts {target}. The metadata tell what the inputs are.").format(
            target=target
        ),
    )


def _outputs_of(program: Program, labels: Array, taken: Sequence[str]) -> _Described:
    """Return the outputs; where a column has the name of one, an underscore follows."""
    several = (len(program.outputs),) if len(program.outputs) > 1 else ()
    if not program.labels:
        return {_free("prediction", taken): ("DOUBLE", several)}
    kind = {"i": "INT64", "f": "DOUBLE", "b": "BOOL"}.get(labels.dtype.kind, "STRING")
    shape = several or (len(program.labels[0]),)
    label, probabilities = (_free(name, taken) for name in ("label", "probabilities"))
    return {label: (kind, several), probabilities: ("DOUBLE", shape)}


def _classes_of(encoder: TargetEncoder) -> list[ClassEncoder]:
    return [one for one in encoder.each if isinstance(one, ClassEncoder)]


def labels_of(encoders: Sequence[ClassEncoder]) -> Array:
    """Return all labels in a type of ONNX: whole numbers, floats, Booleans or text."""
    labels = [label for encoder in encoders for label in encoder.classes.tolist()]
    types: dict[type, Any] = {int: np.int64, float: np.float64, bool: np.bool_}
    kinds = set(map(type, labels))
    dtype = types.get(kinds.pop()) if len(kinds) == 1 else None
    return np.array(list(map(str, labels)), object) if dtype is None else np.array(labels, dtype)


def _free(name: str, taken: Sequence[str]) -> str:
    return name if name not in taken else _free(f"{name}_", taken)
