"""The networks of a model as an ONNX graph, to time another runtime on the very same work."""

from __future__ import annotations

from typing import Any

import numpy as np

from madaline._models.runtime.frozen_networks import NetworkPart
from madaline.nn.layers import Linear, ScaledLinear, SiLU

OPSET = 18


def to_onnx(parts: tuple[NetworkPart, ...]) -> bytes:
    """Return a graph from the features of each part to the sum of their shares.

    Parameters
    ----------
    parts : tuple of NetworkPart
        Networks of linear layers and SiLU units. Part ``k`` reads the input ``x<k>``, float32 of
        shape (rows, features); the output is ``y``, of shape (rows, n_outputs).
    """
    from onnx import TensorProto, checker, helper

    graph = _Graph()
    shares = [graph.part(part, f"x{number}") for number, part in enumerate(parts)]
    graph.add("Sum", *shares, out="y")
    inputs = [
        helper.make_tensor_value_info(f"x{number}", TensorProto.FLOAT, ["rows", None])
        for number in range(len(parts))
    ]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", None])
    made = helper.make_graph(graph.nodes, "networks", inputs, [output], graph.constants)
    opset = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(made, opset_imports=opset, ir_version=9)
    checker.check_model(model)
    return bytes(model.SerializeToString())


class _Graph:
    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def part(self, part: NetworkPart, x: str) -> str:
        """Add the networks of a part, as batched products; return the name of their share."""
        recipes, folds, size = part.theta.shape
        members = part.theta.reshape(recipes * folds, size)
        for layer, own in zip(part.network.layers, part.network.bind(members), strict=True):
            match layer:
                case SiLU():
                    x = self.add("Mul", x, self.add("Sigmoid", x))
                case ScaledLinear():
                    gate = own["gate"][:, list(layer.columns), None]
                    x = self._linear(x, gate * own["weight"], own["bias"])
                case Linear():
                    x = self._linear(x, own["weight"], own["bias"])
                case other:
                    raise ValueError(f"There is no graph for {other}.")
        share = np.repeat(part.weights / folds, folds)[:, None, None]
        axes = self.constant(np.zeros(1, np.int64))
        return self.add("ReduceSum", self.add("Mul", x, self.constant(share)), axes, keepdims=0)

    def add(self, kind: str, *inputs: str, out: str = "", **settings: Any) -> str:
        """Add an operation and return what its output is called."""
        from onnx import helper

        out = out or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [out], **settings))
        return out

    def constant(self, values: Any) -> str:
        """Add an array, in float32 if it holds numbers, and return what it is called."""
        from onnx import numpy_helper

        name = f"c{len(self.constants)}"
        values = values if values.dtype == np.int64 else np.ascontiguousarray(values, np.float32)
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def _linear(self, x: str, weight: Any, bias: Any) -> str:
        product = self.add("MatMul", x, self.constant(weight))
        return self.add("Add", product, self.constant(bias[:, None, :]))
