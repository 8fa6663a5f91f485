r"""The rescale rule: the chain rule between two points, for networks with kinks.

Rectifiers and pooling have kinks, thousands of them on the path from one image to another, and an
integral by nodes misses those between its nodes. So the path is cut into segments, and each layer
gives the change of its output over the whole segment divided by the change of its input:

- an activation, for each number, :math:`(f(b) - f(a)) / (b - a)`;
- the maximum of two numbers :math:`\max(u, v) = v + \mathrm{relu}(u - v)`, that of the rectifier;
- a linear layer, its weights;
- any other layer, the mean of its gradients at both ends.

Multiplied back through the layers, these ratios make attributions that add up to the change of the
output for any number of segments; with more segments, they come closer to the integral.

References
----------
One segment is the rescale rule of Shrikumar, Greenside and Kundaje (2017), "Learning important
features through propagating activation differences", arXiv:1704.02685; very many are the integrated
gradients of Sundararajan, Taly and Yan (2017), arXiv:1703.01365.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from madaline._explain.attributions.parts import DifferentiablePart
from madaline.nn.arrays import Array, Parameters
from madaline.nn.layers import (
    Branches,
    Convolution,
    Dropout,
    Linear,
    MaxPooling,
    ScaledLinear,
)
from madaline.nn.layers.activation import Activation
from madaline.nn.layers.base import Backward, Layer, pass_through
from madaline.nn.workspace import Workspace

LINEAR = (Linear, ScaledLinear, Dropout)
"""Layers, beside convolutions, with the same gradient everywhere in prediction."""

SAME = 1e-5
"""Inputs that differ by less count as equal, as their difference is mostly rounding."""


@dataclass(frozen=True, eq=False)
class Pass:
    """A layer at one point: its input, its output, its backward pass, and its inner layers."""

    layer: Layer
    x: Array
    y: Array
    backward: Backward
    branches: tuple[list[Pass], ...] = ()


def passes(part: DifferentiablePart, sums: Array, workspace: Workspace) -> list[Pass]:
    """Return every layer of a part at some sums, shape (members, n, units)."""
    workspace.rewind()
    return _passes(part.layers, part.parameters, sums, workspace)


def _passes(
    layers: Sequence[Layer], parameters: Sequence[Parameters], x: Array, workspace: Workspace
) -> list[Pass]:
    found = []
    for layer, arrays in zip(layers, parameters, strict=True):
        found.append(_pass(layer, arrays, x, workspace))
        x = found[-1].y
    return found


def _pass(layer: Layer, parameters: Parameters, x: Array, workspace: Workspace) -> Pass:
    if not isinstance(layer, Branches):
        y, backward = layer.forward(parameters, x, workspace=workspace)
        return Pass(layer, x, y, backward)
    branches = tuple(
        _passes(layers, arrays, inner, workspace)
        for layers, arrays, inner in zip(
            layer.branches, layer.bind(parameters), layer.split_input(x, workspace), strict=True
        )
    )
    y = layer.join_outputs([inner[-1].y for inner in branches], workspace)
    return Pass(layer, x, y, pass_through, branches)


def rescale(
    start: Sequence[Pass],
    end: Sequence[Pass],
    gradient: Array,
    discarded: Sequence[Parameters],
) -> Array:
    """Return the change of the outputs from start to end divided by the change of each input.

    Parameters
    ----------
    start, end : sequence of Pass
        The layers at both points.
    gradient : ndarray of shape (members, n, n_outputs)
        Weight of a change of each output. It may be overwritten.
    discarded : sequence of mapping of str to ndarray
        Scratch for the gradients of the parameters, which are not used.

    Returns
    -------
    ndarray of shape (members, n, units)
    """
    for first, last, scratch in zip(
        reversed(start), reversed(end), reversed(discarded), strict=True
    ):
        gradient = _through(first, last, gradient, scratch)
    return gradient


def _through(start: Pass, end: Pass, gradient: Array, discarded: Parameters) -> Array:
    layer = end.layer
    if isinstance(layer, Branches):
        return _through_branches(layer, start, end, gradient, discarded)
    if isinstance(layer, Convolution):
        return end.backward(gradient, {})  # without the gradient of the parameters: a third less
    if isinstance(layer, LINEAR):
        return end.backward(gradient, discarded)
    if isinstance(layer, Activation):
        change, step = end.y - start.y, end.x - start.x
        differs = np.abs(step) > SAME
        np.divide(change, step, out=change, where=differs)
        change *= gradient
        return np.where(differs, change, end.backward(gradient, discarded))
    if isinstance(layer, MaxPooling) and layer.size == 2:
        return _through_maxima(layer, start.x, end.x, gradient)
    half = start.backward(gradient.copy(), discarded)
    return np.asarray((half + end.backward(gradient, discarded)) / 2)


def _through_branches(
    layer: Branches, start: Pass, end: Pass, gradient: Array, discarded: Parameters
) -> Array:
    workspace = Workspace()
    widths = [inner[-1].y.shape[-1] for inner in end.branches]
    gradients = [
        rescale(first, last, part, scratch)
        for first, last, part, scratch in zip(
            start.branches,
            end.branches,
            layer.split_gradient(gradient, widths, workspace),
            layer.bind(discarded),
            strict=True,
        )
    ]
    return layer.join_gradients(gradients, end.x.shape[-1], workspace)


def _through_maxima(layer: MaxPooling, start: Array, end: Array, gradient: Array) -> Array:
    """Return the gradient with respect to the inputs of a pooling of pairs, axis after axis."""
    stages = list(_stages(layer, start, end))
    for axis, (first, last, shape) in reversed(list(enumerate(stages))):
        before, after = (np.subtract(point[..., 0, :], point[..., 1, :]) for point in (first, last))
        ratio = np.maximum(after, 0) - np.maximum(before, 0)
        step = after - before
        differs = np.abs(step) > SAME
        np.divide(ratio, step, out=ratio, where=differs)
        np.copyto(ratio, after > 0, where=~differs)
        out = np.zeros((*gradient.shape[:-1], shape[-1]), gradient.dtype)
        windows = layer.windows(out, axis)
        pooled = gradient.reshape(*windows.shape[:-2], windows.shape[-1])
        np.multiply(pooled, ratio, out=windows[..., 0, :])
        np.subtract(pooled, windows[..., 0, :], out=windows[..., 1, :])
        gradient = out
    return gradient


def _stages(
    layer: MaxPooling, start: Array, end: Array
) -> Iterator[tuple[Array, Array, tuple[int, ...]]]:
    """Yield for each axis the windows at both points, and the shape before its pooling."""
    for axis in range(len(layer.shape)):
        pair = [layer.windows(point, axis) for point in (start, end)]
        yield pair[0], pair[1], end.shape
        start, end = (
            point.max(axis=-2).reshape(*before.shape[:-1], -1)
            for point, before in zip(pair, (start, end), strict=True)
        )
