"""Branches: chains of layers side by side, each applied to some of the features.

So convolutions may take an image, and a first layer the columns beside it; their outputs are
concatenated for the next layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from madaline.nn.arrays import Array, Parameters, Rng, Workspace
from madaline.nn.layers._base import Backward, Layer
from madaline.nn.population import Slot


@dataclass(frozen=True)
class Branches(Layer):
    """``y = [f(x[spans of f]), g(x[spans of g]), ...]``, each branch a chain of layers.

    >>> from madaline.nn.layers import Linear, ReLU
    >>> layer = Branches((((0, 2),), ((1, 3),)), ((ReLU(),), (Linear(2, 1),)))
    >>> [slot.name for slot in layer.slots()]
    ['1.0.weight', '1.0.bias']
    >>> parameters = {"1.0.weight": np.ones((2, 1)), "1.0.bias": np.zeros(1)}
    >>> y, _ = layer.forward(parameters, np.array([[-1.0, 2.0, 3.0]]), workspace=Workspace())
    >>> y  # the first two, rectified, and the sum of the last two
    array([[0., 2., 5.]])
    """

    # for each branch its ranges of features, ``(start, stop)``, which are concatenated
    spans: tuple[tuple[tuple[int, int], ...], ...]
    branches: tuple[tuple[Layer, ...], ...]  # for each branch its layers

    def slots(self) -> tuple[Slot, ...]:
        """Return the inner layers' slots, under the numbers of their branch and layer."""
        return tuple(
            replace(slot, name=f"{number}.{slot.name}")
            for number, layers in enumerate(self.branches)
            for slot in chain_slots(layers)
        )

    def initialize(self, parameters: Parameters, rng: Rng) -> None:
        """Initialize the inner layers."""
        for layers, bound in zip(self.branches, self.bind(parameters), strict=True):
            for layer, named in zip(layers, bound, strict=True):
                layer.initialize(named, rng)

    def multiply_adds(self) -> int:
        """Return the multiply-adds of one row through all branches."""
        return sum(layer.multiply_adds() for layers in self.branches for layer in layers)

    def input_multiply_adds(self) -> int:
        """Return the multiply-adds of one row's gradient by the inputs of the branches."""
        return sum(first.input_multiply_adds() for first, *_ in self.branches)

    def width(self, parameters: Parameters, x: Array) -> int:
        """Return how many numbers come out of the widest layer of all branches, a row."""
        widest = int(super().width(parameters, x))
        for layers, bound, inner in zip(
            self.branches, self.bind(parameters), self.split_input(x, Workspace()), strict=True
        ):
            for layer, named in zip(layers, bound, strict=True):
                widest = max(widest, layer.width(named, inner))
                inner, _ = layer.forward(named, inner, workspace=Workspace())
        return widest

    def config(self) -> dict[str, Any]:
        """Return the layer's name, the spans and the inner layers' configs."""
        inner = [[layer.config() for layer in layers] for layers in self.branches]
        return super().config() | {"branches": inner}

    def forward(
        self,
        parameters: Parameters,
        x: Array,
        *,
        workspace: Workspace,
        training: bool = False,
        rng: Rng | None = None,
    ) -> tuple[Array, Backward]:
        """Return the outputs of all branches, concatenated, and the backward pass."""
        inputs, bound = self.split_input(x, workspace), self.bind(parameters)
        passed = [
            chain_forward(layers, named, inner, workspace=workspace, training=training, rng=rng)
            for layers, named, inner in zip(self.branches, bound, inputs, strict=True)
        ]
        outputs = [output for output, _ in passed]

        def backward(
            gradient: Array, gradients: Parameters, *, input_gradient: bool = True
        ) -> Array:
            widths = [output.shape[-1] for output in outputs]
            by_outputs = self.split_gradient(gradient, widths, workspace)
            by_inputs = [
                inner_backward(by_output, named, input_gradient=input_gradient)
                for (_, inner_backward), by_output, named in zip(
                    passed, by_outputs, self.bind(gradients), strict=True
                )
            ]
            if not input_gradient:
                return gradient
            return self.join_gradients(by_inputs, x.shape[-1], workspace)

        return self.join_outputs(outputs, workspace), backward

    def bind(self, parameters: Parameters) -> list[list[Parameters]]:
        """Return for each branch its layers' parameters, under their own names."""
        return [
            chain_parameters(
                layers,
                {
                    name.removeprefix(f"{number}."): array
                    for name, array in parameters.items()
                    if name.startswith(f"{number}.")
                },
            )
            for number, layers in enumerate(self.branches)
        ]

    def split_input(self, x: Array, workspace: Workspace) -> list[Array]:
        """Return the input of each branch."""
        inputs: list[Array] = []
        for spans in self.spans:
            parts = [x[..., slice(*span)] for span in spans]
            if len(parts) > 1:
                width = sum(stop - start for start, stop in spans)
                out = workspace.empty((*x.shape[:-1], width), x.dtype)
                parts = [np.concatenate(parts, axis=-1, out=out)]
            inputs.append(parts[0])
        return inputs

    def join_outputs(self, outputs: Sequence[Array], workspace: Workspace) -> Array:
        """Return the outputs of the branches concatenated, (*axes, batch, numbers)."""
        axes = np.broadcast_shapes(*(output.shape[:-1] for output in outputs))
        width = sum(output.shape[-1] for output in outputs)
        y = workspace.empty((*axes, width), outputs[0].dtype)
        start = 0
        for output in outputs:  # they may be shared by members, so that they are broadcast
            y[..., start : start + output.shape[-1]] = output
            start += output.shape[-1]
        return y

    def split_gradient(
        self, gradient: Array, widths: Sequence[int], workspace: Workspace
    ) -> list[Array]:
        """Return the gradient by the output of each branch, copies as they may be overwritten."""
        parts, start = [], 0
        for width in widths:
            part = workspace.empty((*gradient.shape[:-1], width), gradient.dtype)
            part[...] = gradient[..., start : start + width]
            parts.append(part)
            start += width
        return parts

    def join_gradients(
        self, gradients: Sequence[Array], n_features: int, workspace: Workspace
    ) -> Array:
        """Return the gradient by all features, given those by the inputs of the branches."""
        out = workspace.empty((*gradients[0].shape[:-1], n_features), gradients[0].dtype)
        out[...] = 0
        for gradient, spans in zip(gradients, self.spans, strict=True):
            offset = 0
            for start, stop in spans:
                out[..., start:stop] += gradient[..., offset : offset + stop - start]
                offset += stop - start
        return out


def chain_slots(layers: Sequence[Layer]) -> tuple[Slot, ...]:
    """Return all layers' slots, each named with its layer's number in front."""
    return tuple(
        replace(slot, name=f"{number}.{slot.name}")
        for number, layer in enumerate(layers)
        for slot in layer.slots()
    )


def chain_parameters(layers: Sequence[Layer], parameters: Parameters) -> list[Parameters]:
    """Return each layer's parameters under the names that the layer gave them."""
    return [
        {slot.name: parameters[f"{number}.{slot.name}"] for slot in layer.slots()}
        for number, layer in enumerate(layers)
    ]


def chain_forward(
    layers: Sequence[Layer],
    parameters: Sequence[Parameters],
    x: Array,  # (*axes, batch, in_features)
    *,
    workspace: Workspace,
    training: bool,
    rng: Rng | None,
) -> tuple[Array, ChainBackward]:
    """Return the last layer's output and the backward pass of all."""
    backwards: list[Backward] = []
    for layer, named in zip(layers, parameters, strict=True):
        x, backward = layer.forward(named, x, workspace=workspace, training=training, rng=rng)
        backwards.append(backward)
    return x, ChainBackward(backwards)


class ChainBackward:
    """The backward pass of layers in a row: those of the layers, last layer first."""

    __slots__ = ("_backwards",)

    def __init__(self, backwards: list[Backward]) -> None:
        self._backwards = backwards

    def __call__(
        self,
        gradient: Array,  # (*axes, batch, n_outputs)
        gradients: Sequence[Parameters],
        *,
        input_gradient: bool = False,
    ) -> Array:
        """Write all parameter gradients and return the gradient by the first layer's input."""
        last = len(self._backwards) - 1
        for number in range(last, -1, -1):
            wanted = input_gradient or number > 0
            backward = self._backwards[number]
            gradient = backward(gradient, gradients[number], input_gradient=wanted)
        return gradient
