"""Layers in a row: what a network and each branch of `Branches` have in common.

Each layer's parameters go under its number: ``"0.weight"``, ``"2.bias"``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from madaline.nn.arrays import Array, Parameters, Rng
from madaline.nn.layers.base import Backward, Layer
from madaline.nn.population import Slot
from madaline.nn.workspace import Workspace


def chain_slots(layers: Sequence[Layer]) -> tuple[Slot, ...]:
    """Return all layers' slots, each named with its layer's number in front."""
    return tuple(
        replace(slot, name=f"{number}.{slot.name}")
        for number, layer in enumerate(layers)
        for slot in layer.slots()
    )


def chain_parameters(layers: Sequence[Layer], parameters: Parameters) -> list[Parameters]:
    """Return each layer's parameters under the names that the layer gave them.

    Parameters
    ----------
    layers : sequence of Layer
        The layers.
    parameters : mapping of str to ndarray
        The parameters of all, under the names of `chain_slots`.

    Returns
    -------
    list of mapping of str to ndarray
        One mapping for each layer.
    """
    return [
        {slot.name: parameters[f"{number}.{slot.name}"] for slot in layer.slots()}
        for number, layer in enumerate(layers)
    ]


def chain_forward(
    layers: Sequence[Layer],
    parameters: Sequence[Parameters],
    x: Array,
    *,
    workspace: Workspace,
    training: bool,
    rng: Rng | None,
) -> tuple[Array, ChainBackward]:
    """Return the last layer's output and the backward pass of all.

    Parameters
    ----------
    layers : sequence of Layer
        From input to output.
    parameters : sequence of mapping of str to ndarray
        What `chain_parameters` returned.
    x : ndarray of shape (*axes, batch, in_features)
        Input of the first layer.
    workspace : Workspace
        Where the arrays come from.
    training : bool
        Whether to do what is only done in training.
    rng : numpy.random.Generator or None
        Source of random numbers in training.

    Returns
    -------
    output : ndarray of shape (*axes, batch, out_features)
        The output.
    backward : ChainBackward
        The backward pass of this very call.
    """
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
        self, gradient: Array, gradients: Sequence[Parameters], *, input_gradient: bool = False
    ) -> Array:
        """Write all parameter gradients and return the gradient by the first layer's input.

        Parameters
        ----------
        gradient : ndarray of shape (*axes, batch, n_outputs)
            Gradient of the loss by the output. It may be overwritten.
        gradients : sequence of mapping of str to ndarray
            Each layer's parameter gradients.
        input_gradient : bool, default=False
            Whether the gradient by the input is wanted too.

        Returns
        -------
        ndarray of shape (*axes, batch, in_features)
            Gradient by the input; undefined unless `input_gradient`.
        """
        last = len(self._backwards) - 1
        for number in range(last, -1, -1):
            wanted = input_gradient or number > 0
            backward = self._backwards[number]
            gradient = backward(gradient, gradients[number], input_gradient=wanted)
        return gradient
