"""The networks of a part as attributions differentiate them: outputs of sums, and gradients back.

The first layer of a network for tables is linear: the sum of each of its units (its pre-activation)
is the bias and one term for each column. So a straight path between two rows is a straight path
between their sums, and a row that mixes the columns of two rows has sums mixed in the same way.
Attributions evaluate a network at very many points between two rows, and need the first layer, the
widest, for these two alone.

The first layer of a network for images or sounds is a convolution, which adds up no columns. Its
"sums" are the features themselves.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, final

import numpy as np

from madaline._models.runtime.frozen_networks import NetworkPart
from madaline.nn import layers as nn
from madaline.nn.arrays import Array, Parameters, Workspace
from madaline.nn.layers._base import pass_through
from madaline.nn.layers._branches import ChainBackward, chain_forward

_LINEAR = (nn.Linear, nn.ScaledLinear, nn.Dropout)  # beside convolutions: with a constant gradient
_SAME = 1e-5  # inputs that differ by less count as equal, as their difference is mostly rounding


@dataclass(frozen=True, eq=False)
class Pairs:
    """Some pairs of a row and a row of the background."""

    rows: Array  # (n_pairs,) ints
    background_rows: Array  # (n_pairs,) ints
    class_index: Array  # (n_pairs,) ints, the class to explain

    def differences(self, before: Array, after: Array) -> Array:
        """Return the features of rows less those of the background, (n_pairs, n_features)."""
        return np.asarray(after[self.rows] - before[self.background_rows])


class DifferentiablePart(ABC):
    """Abstract base: networks with the same layers, from the layer `first` on."""

    first: ClassVar[int]  # the layer that the sums enter

    def __init__(self, part: NetworkPart, columns: Array) -> None:
        self.part = part
        self.columns = columns
        theta = part.theta
        network = part.network
        n_recipes, n_folds, n_parameters = theta.shape
        self._bound = network.bind(theta.reshape(-1, n_parameters))
        self.weights = np.repeat(part.weights / n_folds, n_folds)  # (members,)
        scratch = network.bind(np.empty((n_recipes * n_folds, n_parameters), theta.dtype))
        # The gradient of a linear layer's parameters is skipped where there is no array for it.
        self.discarded: Sequence[Parameters] = [
            {} if isinstance(layer, nn.Linear) else arrays
            for layer, arrays in zip(network.layers, scratch, strict=True)
        ][self.first :]
        self.layers: Sequence[nn.Layer] = network.layers[self.first :]
        self.parameters: Sequence[Parameters] = self._bound[self.first :]
        self.column_of_feature = np.eye(columns.max() + 1, dtype=theta.dtype)[columns]  # one-hot

    @property
    @abstractmethod
    def n_units(self) -> int:
        """Approximate count of numbers that all networks compute for a row."""

    @abstractmethod
    def sums(self, features: Array) -> Array:
        """Return the input of the layer `first`, shape (members, n_samples, units)."""

    def marks(self, features: Array) -> Array:
        """Return what the following methods need to know of rows: their features."""
        return features

    def background(self, features: Array) -> Any:
        """Return what they need to know of the background."""
        return self.marks(features)

    # `before` is the background, `after` are the marks of all rows; gradients are with respect to
    # the sums, (members, n_pairs, units).

    @abstractmethod
    def column_sums(self, before: Any, after: Array, pairs: Pairs) -> Array:
        """Return what each column adds to the sums, (members, n_pairs, n_columns, units)."""

    @abstractmethod
    def feature_attributions(
        self, gradient: Array, before: Any, after: Array, pairs: Pairs
    ) -> Array:
        """Return gradient times difference of each feature, shape (n_pairs, n_features)."""

    def forward(self, sums: Array, workspace: Workspace) -> tuple[Array, ChainBackward]:
        """Return the raw outputs for some sums, (members, n_samples, n_outputs)."""
        return chain_forward(
            self.layers, self.parameters, sums, workspace=workspace, training=False, rng=None
        )

    def backward(self, backward: ChainBackward, gradient: Array) -> Array:
        """Return the gradient with respect to the sums, (members, n_samples, units).

        The gradient that is given is that of the mean output of all networks, (n_samples,
        n_outputs).
        """
        sums = backward(self.member_gradients(gradient), self.discarded, input_gradient=True)
        return self.reduce_members(sums)

    def member_gradients(self, gradient: Array) -> Array:
        """Return the gradient with respect to each network's output, given that of the mean."""
        return np.asarray((self.weights[:, None, None] * gradient).astype(self.part.theta.dtype))

    def reduce_members(self, gradient: Array) -> Array:
        """Return the gradient with respect to the sums, given that of each member."""
        return gradient


@final
class LinearFirstPart(DifferentiablePart):
    """Networks whose first layer is linear, without that layer."""

    first = 1

    def __init__(self, part: NetworkPart, columns: Array) -> None:
        super().__init__(part, columns)
        _, fixed = part.network.layers[0].fixed(self._bound[0])
        self.weight: Array = fixed["weight"]  # (members, n_features, units)

    @property
    def n_units(self) -> int:
        """Number of units of the first layers of all networks."""
        return int(np.prod(self.weight.shape[::2]))

    def sums(self, features: Array) -> Array:
        """Return the pre-activations of the first layer, shape (members, n_samples, units)."""
        return np.asarray(np.matmul(features, self.weight) + self._bound[0]["bias"][:, None, :])

    def column_sums(self, before: Array, after: Array, pairs: Pairs) -> Array:
        """Return each column's product of difference and weight."""
        difference = pairs.differences(before, after)
        columns = map(np.flatnonzero, self.column_of_feature.T)
        return np.stack([difference[:, f] @ self.weight[:, f] for f in columns], axis=2)

    def feature_attributions(
        self, gradient: Array, before: Array, after: Array, pairs: Pairs
    ) -> Array:
        """Return gradient times difference of each feature, shape (n_pairs, n_features)."""
        members, samples, units = gradient.shape
        flat = gradient.swapaxes(0, 1).reshape(samples, members * units)
        attributions = np.matmul(flat, self._flat_weight)  # (n_samples, n_features)
        attributions *= pairs.differences(before, after)
        return np.asarray(attributions)

    @cached_property
    def _flat_weight(self) -> Array:
        """The weight with members and units in one axis, shape (members * units, n_features)."""
        members, features, units = self.weight.shape
        return np.ascontiguousarray(self.weight.swapaxes(1, 2).reshape(members * units, features))


@final
class WholePart(DifferentiablePart):
    """Networks with all their layers, which share the features as input."""

    first = 0

    @cached_property
    def n_units(self) -> int:
        """Outputs of the widest layer of all networks for a row."""
        return len(self.weights) * self.part.network.width(len(self.columns))

    def sums(self, features: Array) -> Array:
        """Return the features, shape (1, n_samples, n_features)."""
        return features[None]

    def column_sums(self, before: Array, after: Array, pairs: Pairs) -> Array:
        """Return the difference column by column, shape (1, n_pairs, n_columns, n_features)."""
        difference = pairs.differences(before, after)
        return np.asarray(difference[None, :, None, :] * self.column_of_feature.T)

    def reduce_members(self, gradient: Array) -> Array:
        """Return the sum over the members, shape (1, n_samples, n_features)."""
        return np.asarray(gradient.sum(axis=0, keepdims=True))

    def feature_attributions(
        self, gradient: Array, before: Array, after: Array, pairs: Pairs
    ) -> Array:
        """Return gradient times difference, shape (n_pairs, n_features), in float64."""
        return np.asarray(gradient[0].astype(np.float64) * pairs.differences(before, after))


@dataclass(frozen=True, eq=False)
class LayerPass:
    """A layer at one point: its input, its output, its backward pass, and its inner layers."""

    layer: nn.Layer
    x: Array
    y: Array
    backward: nn.Backward
    branches: tuple[list[LayerPass], ...] = ()


def passes(part: DifferentiablePart, sums: Array, workspace: Workspace) -> list[LayerPass]:
    """Return every layer of a part at some sums, shape (members, n, units)."""
    workspace.rewind()
    return _passes(part.layers, part.parameters, sums, workspace)


def _passes(
    layers: Sequence[nn.Layer], parameters: Sequence[Parameters], x: Array, workspace: Workspace
) -> list[LayerPass]:
    done = []
    for layer, arrays in zip(layers, parameters, strict=True):
        done.append(_pass(layer, arrays, x, workspace))
        x = done[-1].y
    return done


def _pass(layer: nn.Layer, parameters: Parameters, x: Array, workspace: Workspace) -> LayerPass:
    if not isinstance(layer, nn.Branches):
        y, backward = layer.forward(parameters, x, workspace=workspace)
        return LayerPass(layer, x, y, backward)
    branches = tuple(
        _passes(layers, arrays, inner, workspace)
        for layers, arrays, inner in zip(
            layer.branches, layer.bind(parameters), layer.split_input(x, workspace), strict=True
        )
    )
    y = layer.join_outputs([inner[-1].y for inner in branches], workspace)
    return LayerPass(layer, x, y, pass_through, branches)


def rescale(
    start: Sequence[LayerPass],
    end: Sequence[LayerPass],
    gradient: Array,  # (members, n, n_outputs), weight of each output's change; may be overwritten
    discarded: Sequence[Parameters],  # scratch for gradients of parameters, which are not used
) -> Array:  # (members, n, units)
    r"""Return the change of the outputs from start to end divided by the change of each input.

    This is the rescale rule: the chain rule between two points, for networks with kinks. Rectifiers
    and pooling have thousands of them on the path from one image to another, and an integral by
    nodes misses those between its nodes. So the path is cut into segments, and each layer gives the
    change of its output over the whole segment divided by the change of its input:

    - an activation, for each number, :math:`(f(b) - f(a)) / (b - a)`;
    - the maximum of two numbers :math:`\max(u, v) = v + \mathrm{relu}(u - v)`, that of the
      rectifier;
    - a linear layer, its weights;
    - any other layer, the mean of its gradients at both ends.

    Multiplied back through the layers, these ratios make attributions that add up to the change of
    the output for any number of segments; with more segments, they come closer to the integral.

    References
    ----------
    One segment is the rule of Shrikumar, Greenside and Kundaje (2017), "Learning important features
    through propagating activation differences", arXiv:1704.02685; very many are the integrated
    gradients of Sundararajan, Taly and Yan (2017), arXiv:1703.01365.
    """
    for first, last, scratch in zip(
        reversed(start), reversed(end), reversed(discarded), strict=True
    ):
        gradient = _through(first, last, gradient, scratch)
    return gradient


def _through(start: LayerPass, end: LayerPass, gradient: Array, discarded: Parameters) -> Array:
    layer = end.layer
    if isinstance(layer, nn.Branches):
        return _through_branches(layer, start, end, gradient, discarded)
    if isinstance(layer, nn.Convolution):
        return end.backward(gradient, {})  # without the gradient of the parameters: a third less
    if isinstance(layer, _LINEAR):
        return end.backward(gradient, discarded)
    if isinstance(layer, nn.Activation):
        change, step = end.y - start.y, end.x - start.x
        differs = np.abs(step) > _SAME
        np.divide(change, step, out=change, where=differs)
        change *= gradient
        return np.where(differs, change, end.backward(gradient, discarded))
    if isinstance(layer, nn.MaxPooling) and layer.size == 2:
        return _through_maxima(layer, start.x, end.x, gradient)
    half = start.backward(gradient.copy(), discarded)
    return np.asarray((half + end.backward(gradient, discarded)) / 2)


def _through_branches(
    layer: nn.Branches, start: LayerPass, end: LayerPass, gradient: Array, discarded: Parameters
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


def _through_maxima(layer: nn.MaxPooling, start: Array, end: Array, gradient: Array) -> Array:
    """Return the gradient with respect to the inputs of a pooling of pairs, axis after axis."""
    stages = list(_stages(layer, start, end))
    for axis, (first, last, shape) in reversed(list(enumerate(stages))):
        before, after = (np.subtract(point[..., 0, :], point[..., 1, :]) for point in (first, last))
        ratio = np.maximum(after, 0) - np.maximum(before, 0)
        step = after - before
        differs = np.abs(step) > _SAME
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
    layer: nn.MaxPooling, start: Array, end: Array
) -> Iterator[tuple[Array, Array, tuple[int, ...]]]:
    """Yield for each axis the windows at both points, and the shape before its pooling."""
    for axis in range(len(layer.shape)):
        pair = [layer.windows(point, axis) for point in (start, end)]
        yield pair[0], pair[1], end.shape
        start, end = (
            point.max(axis=-2).reshape(*before.shape[:-1], -1)
            for point, before in zip(pair, (start, end), strict=True)
        )
