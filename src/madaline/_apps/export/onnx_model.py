"""A fitted model as an ONNX file, which runs without Python: columns in, predictions out."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline._apps.export.graph import MACHINE_LEARNING, Graph, load_onnx
from madaline._apps.export.inputs import Input, inputs_of, missing_level
from madaline._apps.export.lowering import DAY, READ, lower
from madaline._apps.export.onnx_code import write_steps
from madaline._apps.export.program import Program
from madaline._base.language import _
from madaline._models.model import FittedModel
from madaline._models.runtime.predictor import Predictor
from madaline._race.evaluation.scores import label_text
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.io.atomic import write_atomically
from madaline._tables.kinds.category import CategoryEncoder
from madaline._tables.kinds.kind import ColumnEncoder
from madaline._tables.kinds.moment import DatetimeEncoder
from madaline._tables.target import ClassEncoder, JointEncoder
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
    onnx = load_onnx()
    predictor = model.predictor
    inputs = inputs_of(predictor.encoder, without, float32)
    given = [one.name for one in predictor.encoder.encoders if not isinstance(one, READ)]
    program = lower(model, given=given, with_intervals=False)
    names = [source.name for source in inputs]
    outputs = outputs_of(predictor, names)
    graph = Graph([*names, *(output.name for output in outputs)])
    made = write_steps(graph, program, *_entering(graph, predictor.encoder, inputs))
    _write_answers(graph, program, made, predictor, [output.name for output in outputs])
    proto = _assembled(onnx.helper, graph, inputs, outputs, model.summary.target)
    onnx.helper.set_model_props(proto, metadata(model, inputs, without))
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
    graph: Graph, program: Program, made: Sequence[str], predictor: Predictor, names: Sequence[str]
) -> None:
    """Add the outputs: of one target a number or a label a row, of several a column for each."""
    prediction = made[program.prediction]
    alone = len(encoders_of(predictor)) == 1
    if program.label is None:
        one = ("Squeeze", prediction, np.array([1])) if alone else ("Identity", prediction)
        graph.add(*one, output=names[0])
        return
    label, probabilities = names
    graph.add("Identity", prediction, output=probabilities)
    index = made[program.label]
    if alone:
        index = graph.add("Squeeze", index, np.array([1]))
    else:
        index = graph.add("Add", index, 2 * np.arange(program.sizes[program.label])[None])
    graph.add("Gather", labels_of(encoders_of(predictor)), index, axis=0, output=label)


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


def _free(name: str, taken: Sequence[str]) -> str:
    return name if name not in taken else _free(f"{name}_", taken)
