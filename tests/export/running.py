"""Runs what is exported in ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from madaline._apps.export import onnx_feed, write_onnx
from madaline._apps.export.graph import Graph
from madaline._apps.export.onnx_model import FORMAT, OPERATORS
from madaline._models.model import FittedModel
from madaline._models.runtime.predictor import Predictor
from madaline.nn.arrays import Array

WHY = "onnx and onnxruntime are not installed, or not for this Python"
onnx = pytest.importorskip("onnx", reason=WHY)
onnxruntime = pytest.importorskip("onnxruntime", reason=WHY)


def session_of(model: bytes | str | Path) -> Any:
    """Return a session of ONNX Runtime on one processor."""
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model, settings, providers=["CPUExecutionProvider"])


def exported(model: FittedModel, path: Path, rows: Any, **settings: Any) -> list[Array]:
    """Return what the exported model returns for rows."""
    write_onnx(model, path, **settings)
    return session_of(path).run(None, onnx_feed(model.predictor, rows))


def changed(model: FittedModel, **parts: Any) -> FittedModel:
    """Return a model whose predictor has other parts."""
    predictor: Predictor = replace(model.predictor, **parts)
    return replace(model, predictor=predictor)


def run_graph(graph: Graph, result: str, inputs: Mapping[str, Array]) -> Array:
    """Return what a graph computes from its inputs."""
    helper = onnx.helper
    types = {
        "O": onnx.TensorProto.STRING,
        "d": onnx.TensorProto.DOUBLE,
        "f": onnx.TensorProto.FLOAT,
    }
    given = [
        helper.make_tensor_value_info(name, types[array.dtype.char], [None, *array.shape[1:]])
        for name, array in inputs.items()
    ]
    made = [onnx.ValueInfoProto(name=result)]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "test", given, made, graph.constants),
        opset_imports=[helper.make_opsetid(*one) for one in OPERATORS.items()],
        ir_version=FORMAT,
    )
    found = session_of(model.SerializeToString()).run(None, dict(inputs))[0]
    return np.asarray(found)
