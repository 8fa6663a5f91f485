"""Branches stand side by side: each looks at some of the features, in a way of its own.

So convolutions may look at an image, and a first layer at the columns beside it; what they say
stands side by side for the layers behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from madaline.nn.arrays import Array, Parameters, Rng
from madaline.nn.layers.base import Backward, Layer
from madaline.nn.layers.chain import chain_forward, chain_parameters, chain_slots
from madaline.nn.population import Slot
from madaline.nn.workspace import Workspace


@dataclass(frozen=True)
class Branches(Layer):
    """``y = [f(x[spans of f]), g(x[spans of g]), ...]``, each branch a chain of layers.

    Parameters
    ----------
    spans : tuple of tuple of (int, int)
        For each branch the stretches of features that it sees, from the first up to the second
        number, one after the other.
    branches : tuple of tuple of Layer
        For each branch its layers.

    Examples
    --------
    >>> from madaline.nn.layers import Linear, ReLU
    >>> layer = Branches((((0, 2),), ((1, 3),)), ((ReLU(),), (Linear(2, 1),)))
    >>> [slot.name for slot in layer.slots()]
    ['1.0.weight', '1.0.bias']
    >>> parameters = {"1.0.weight": np.ones((2, 1)), "1.0.bias": np.zeros(1)}
    >>> y, _ = layer.forward(parameters, np.array([[-1.0, 2.0, 3.0]]), workspace=Workspace())
    >>> y  # the first two, rectified, and the sum of the last two
    array([[0., 2., 5.]])
    """

    spans: tuple[tuple[tuple[int, int], ...], ...]
    branches: tuple[tuple[Layer, ...], ...]

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
            for layer, own in zip(layers, bound, strict=True):
                layer.initialize(own, rng)

    def multiply_adds(self) -> int:
        """Return the multiply-adds of one row through all branches."""
        return sum(layer.multiply_adds() for layers in self.branches for layer in layers)

    def input_multiply_adds(self) -> int:
        """Return the multiply-adds of one row's gradient by what the branches see."""
        return sum(first.input_multiply_adds() for first, *_ in self.branches)

    def width(self, parameters: Parameters, x: Array) -> int:
        """Return how many numbers come out of the widest layer of all branches, a row."""
        widest = int(super().width(parameters, x))
        for layers, bound, inner in zip(
            self.branches, self.bind(parameters), self.entering(x, Workspace()), strict=True
        ):
            for layer, own in zip(layers, bound, strict=True):
                widest = max(widest, layer.width(own, inner))
                inner, _ = layer.forward(own, inner, workspace=Workspace())
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
        """Return what all branches say, side by side, and the backward pass."""
        passed = [
            chain_forward(layers, own, inner, workspace=workspace, training=training, rng=rng)
            for layers, own, inner in zip(
                self.branches, self.bind(parameters), self.entering(x, workspace), strict=True
            )
        ]
        outputs = [output for output, _ in passed]

        def backward(
            gradient: Array, gradients: Parameters, *, input_gradient: bool = True
        ) -> Array:
            coming = self.apart(gradient, [output.shape[-1] for output in outputs], workspace)
            going = [
                inner_backward(own, bound, input_gradient=input_gradient)
                for (_, inner_backward), own, bound in zip(
                    passed, coming, self.bind(gradients), strict=True
                )
            ]
            return self.back(going, x.shape[-1], workspace) if input_gradient else gradient

        return self.together(outputs, workspace), backward

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

    def entering(self, x: Array, workspace: Workspace) -> list[Array]:
        """Return for each branch the features that it sees, side by side."""
        return [_chosen(x, spans, workspace) for spans in self.spans]

    def together(self, outputs: Sequence[Array], workspace: Workspace) -> Array:
        """Return what the branches say side by side, (*axes, batch, numbers)."""
        axes = np.broadcast_shapes(*(output.shape[:-1] for output in outputs))
        y = workspace.empty((*axes, sum(one.shape[-1] for one in outputs)), outputs[0].dtype)
        start = 0
        for output in outputs:
            y[..., start : start + output.shape[-1]] = output
            start += output.shape[-1]
        return y

    def apart(self, gradient: Array, widths: Sequence[int], workspace: Workspace) -> list[Array]:
        """Return the gradient by what each branch says, each in an array of its own."""
        found, start = [], 0
        for width in widths:
            own = workspace.empty((*gradient.shape[:-1], width), gradient.dtype)
            own[...] = gradient[..., start : start + width]
            found.append(own)
            start += width
        return found

    def back(self, gradients: Sequence[Array], n_features: int, workspace: Workspace) -> Array:
        """Return the gradient by all features, given those by what each branch sees."""
        out = workspace.empty((*gradients[0].shape[:-1], n_features), gradients[0].dtype)
        out[...] = 0
        for own, spans in zip(gradients, self.spans, strict=True):
            place = 0
            for start, stop in spans:
                out[..., start:stop] += own[..., place : place + stop - start]
                place += stop - start
        return out


def _chosen(x: Array, spans: Sequence[tuple[int, int]], workspace: Workspace) -> Array:
    if len(spans) == 1:
        return x[..., slice(*spans[0])]
    out = workspace.empty((*x.shape[:-1], sum(stop - start for start, stop in spans)), x.dtype)
    return np.concatenate([x[..., slice(*span)] for span in spans], axis=-1, out=out)
