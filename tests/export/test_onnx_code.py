"""Every operation makes the same numbers in ONNX Runtime as its definition says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from interpreting import interpret, typed
from running import exported, onnx, session_of
from tests.export.conftest import KINDS

from madaline._apps.export.graph import Graph
from madaline._apps.export.lowering import lower
from madaline._apps.export.onnx_code import write_steps
from madaline._apps.export.onnx_model import FORMAT, OPERATORS
from madaline._apps.export.operations import PlaceOnEdges

pytestmark = pytest.mark.filterwarnings("ignore::madaline.errors.NothingLearnedWarning")


def run(program, rows):
    """Return what each step makes of rows of typed values."""
    names = [f"c{number}" for number in range(len(program.columns))]
    graph, feed, given = Graph(names), {}, []
    types = onnx.TensorProto
    for name, column, values in zip(names, program.columns, rows.T, strict=True):
        kind = types.DOUBLE
        if column.kind == "category":
            kind = types.STRING
            texts = dict(enumerate(column.levels)) | {-1: "<none>"}
            values = np.array(["<miss>" if np.isnan(x) else texts[x] for x in values], object)
        feed[name] = values[:, None]
        given.append(onnx.helper.make_tensor_value_info(name, kind, [None, 1]))
    made = write_steps(graph, program, names, ["<miss>"] * len(names))
    outputs = [onnx.ValueInfoProto(name=name) for name in dict.fromkeys(made)]
    model = onnx.helper.make_model(
        onnx.helper.make_graph(graph.nodes, "test", given, outputs, graph.constants),
        opset_imports=[onnx.helper.make_opsetid(*one) for one in OPERATORS.items()],
        ir_version=FORMAT,
    )
    return session_of(model.SerializeToString()).run(made, feed)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_predicts_what_the_runtime_predicts(kind, models, rows, tmp_path):
    model = models(kind)
    found = exported(model, tmp_path / "model.onnx", rows)
    if model.summary.task == "classification":
        assert found[0].tolist() == model.predict(rows).tolist()
        np.testing.assert_allclose(found[1], model.predict_proba(rows), rtol=0, atol=1e-6)
    else:
        size = np.ptp(model.predict(rows))
        np.testing.assert_allclose(found[0], model.predict(rows), rtol=1e-6, atol=1e-6 * size)


@pytest.mark.parametrize("kind", KINDS)
def test_every_step(kind, models, rows):
    model = models(kind)
    program = lower(model, with_intervals=False)
    given = typed(program, model.predictor.encoder, model.predictor.table(rows[:60]))
    found = run(program, given)
    for number, (step, values) in enumerate(zip(program.steps, found, strict=True)):
        shown = replace(
            program,
            label=None,
            intervals=(),
            labels=(),
            prediction=type(program.prediction)(number),
        )
        expected = np.array([interpret(shown, row)["prediction"] for row in given])
        if isinstance(step, PlaceOnEdges):
            values, expected = values.sum(axis=1), (expected - step.starts[:-1]).sum(axis=1)
        np.testing.assert_allclose(
            values, expected, rtol=1e-5, atol=1e-5, err_msg=f"{number} {step.name}"
        )
