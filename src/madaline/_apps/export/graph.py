"""A graph of ONNX: nodes that compute, in their order, and the constants that they need."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import Any, TypeAlias, final

import numpy as np
import numpy.typing as npt

from madaline._base.extras import load_extra
from madaline.nn.arrays import Array

MACHINE_LEARNING = "ai.onnx.ml"
"""The second of the two sets of standard operators."""

_OF_MACHINE_LEARNING = ("LabelEncoder", "TreeEnsembleRegressor")

Operand: TypeAlias = str | Array
"""The name of what another node computes, or a constant."""


def load_onnx(module: str = "onnx") -> Any:
    """Return the package onnx or one of its modules; `InputError` if it is not installed."""
    return load_extra(module, extra="onnx", purpose="The export to ONNX")


@final
class Graph:
    """Nodes and constants that are added one after the other."""

    def __init__(
        self,
        taken: Iterable[str],  # names that inputs and outputs have; nodes get others
    ) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._taken = set(taken)
        self._helper = load_onnx("onnx.helper")
        self._from_array = load_onnx("onnx.numpy_helper").from_array

    def add(
        self,
        operator: str,
        *inputs: Operand,  # names of what it takes; an array becomes a constant
        output: str = "",  # name of what it computes; by default a new one
        n_others: int = 0,  # what it computes beside, which nobody takes
        **attributes: Any,
    ) -> str:
        """Add a node, and return the name of what it computes."""
        names = [value if isinstance(value, str) else self._constant(value) for value in inputs]
        outputs = [output or self._new(operator), *(self._new(operator) for _ in range(n_others))]
        domain = MACHINE_LEARNING if operator in _OF_MACHINE_LEARNING else ""
        node = self._helper.make_node(
            operator, names, outputs, name=outputs[0], domain=domain, **attributes
        )
        self.nodes.append(node)
        return outputs[0]

    def cast(self, values: str, dtype: npt.DTypeLike) -> str:
        """Return values in another type."""
        return self.add("Cast", values, to=self._helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def sorted(self, values: str, n_columns: int) -> str:
        """Return the values of each row in ascending order."""
        return self.add("TopK", values, np.array([n_columns]), n_others=1, largest=0)

    def keep(self, outputs: Iterable[str]) -> None:
        """Drop nodes and constants that these outputs do not need."""
        needed = set(outputs)
        for node in reversed(self.nodes):
            if not needed.isdisjoint(node.output):
                needed.update(node.input)
        self.nodes = [node for node in self.nodes if not needed.isdisjoint(node.output)]
        self.constants = [one for one in self.constants if one.name in needed]

    def _constant(self, array: Array) -> str:
        name = self._new("constant")
        self.constants.append(self._from_array(array, name))
        return name

    def _new(self, name: str) -> str:
        names = (f"{name}_{number}" for number in count(len(self._taken)))
        free = next(name for name in names if name not in self._taken)
        self._taken.add(free)
        return free
