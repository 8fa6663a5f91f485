"""Decision trees as a layer: structure and leaves are parameters, so that a population holds them.

They are grown elsewhere (`madaline._race.trees.racing`). Here they predict as networks do: a row of
the population's matrix is all trees of one member, and files, ensembles and exports need no other
form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.errors import InputError
from madaline.nn._nodes import Nodes
from madaline.nn.arrays import Array, Parameters, Rng, Workspace, row_blocks
from madaline.nn.layers._base import Backward, Layer
from madaline.nn.population import Slot


@dataclass(frozen=True)
class Trees(Layer):
    r"""Sums of trees: at each split a row goes to the left or to the right, until it is at a leaf.

    :math:`y_o = \mathrm{bias}_o + \sum_t \mathrm{value}_{o t l}`, where :math:`l` is the leaf of
    tree :math:`t` that the row comes to. At a split it goes to the left if its feature is at most
    the threshold. Splits are numbered from the root, 0, and each stands behind the one that leads
    to it; leaves have numbers below zero, the first -1. Only values and biases have a gradient.

    >>> layer = Trees(in_features=2, out_features=1, n_trees=1, n_leaves=2)
    >>> parameters = {slot.name: np.zeros(slot.shape) for slot in layer.slots()}
    >>> parameters["feature"][...], parameters["threshold"][...] = 1, 0.5
    >>> parameters["left"][...], parameters["right"][...] = -1, -2
    >>> parameters["value"][...] = 10, 20
    >>> layer.forward(parameters, np.array([[9.0, 0.5], [9.0, 0.6]]), workspace=Workspace())[0]
    array([[10.],
           [20.]])
    """

    in_features: int  # number of inputs
    out_features: int  # number of outputs
    n_trees: int  # trees of each output
    n_leaves: int  # leaves of a tree, at most

    def __post_init__(self) -> None:
        """Check the sizes."""
        if min(self.in_features, self.out_features, self.n_trees) < 1 or self.n_leaves < 2:
            raise InputError("Trees need an input, an output, a tree and two leaves, at least.")

    def slots(self) -> tuple[Slot, ...]:
        """Return what each split looks at, where it leads to, and what leaves and outputs add."""
        splits = (self.out_features, self.n_trees, self.n_leaves - 1)
        return (
            *(Slot(name, splits, "structure") for name in ("feature", "threshold", *_SIDES)),
            Slot("value", (*splits[:2], self.n_leaves), "weight", self.n_trees),
            Slot("bias", (self.out_features,), "bias", self.n_trees),
        )

    def holds(self, parameters: Parameters) -> bool:
        """Return whether splits look at features, and lead to leaves and later splits, each once.

        A split may also lead to the same leaf on both sides.
        """
        feature, left, right = (parameters[name] for name in ("feature", *_SIDES))
        number, same = np.arange(self.n_leaves - 1), left == right
        valid = (feature >= 0) & (feature < self.in_features) & (~same | (left < 0))
        for side in (left, right):
            valid &= (side >= -self.n_leaves) & (side < len(number))
            valid &= (side < 0) | (side > number)
        for array in (feature, left, right):
            valid &= np.rint(array) == array
        others = self.n_leaves + number  # what nothing leads to
        below = [np.where(same, others, left), np.where(same, 2 * others[-1] + number, right)]
        once = np.diff(np.sort(np.concatenate(below, axis=-1), axis=-1), axis=-1) != 0
        return bool(valid.all() and once.all())

    def initialize(self, parameters: Parameters, rng: Rng) -> None:
        """Draw features, thresholds and values; each split but the last leads to the next."""
        splits = parameters["feature"].shape
        numbers = np.arange(splits[-1])
        parameters["feature"][...] = rng.integers(0, self.in_features, splits)
        parameters["threshold"][...] = rng.standard_normal(splits)
        parameters["left"][...] = -1 - numbers
        parameters["right"][...] = np.where(numbers < splits[-1] - 1, numbers + 1, -splits[-1] - 1)
        parameters["value"][...] = rng.standard_normal(parameters["value"].shape)
        parameters["bias"][...] = rng.standard_normal(parameters["bias"].shape)

    def multiply_adds(self) -> int:
        """Return as many as there are leaves: about as long as the splits of a row take."""
        return self.out_features * self.n_trees * self.n_leaves

    def input_multiply_adds(self) -> int:
        """Return zero: the gradient by the input is zero."""
        return 0

    def width(self, parameters: Parameters, x: Array) -> int:
        """Return how many trees there are: each has a place for every row."""
        return self.out_features * self.n_trees

    def forward(
        self,
        parameters: Parameters,
        x: Array,
        *,
        workspace: Workspace,
        training: bool = False,
        rng: Rng | None = None,
    ) -> tuple[Array, Backward]:
        """Return the sums of the leaves' values, and the gradient by these values."""
        layer, own = self.fixed(parameters)
        return layer.forward(own, x, workspace=workspace)

    def fixed(self, parameters: Parameters) -> tuple[Layer, Parameters]:
        """Return trees whose splits and leaves are numbered one after the other."""
        axes = parameters["bias"].shape[:-1]
        n_inner, n_nodes = self.n_leaves - 1, 2 * self.n_leaves - 1
        shape = (*axes, self.out_features, self.n_trees, n_nodes)
        feature, threshold = (
            np.zeros(shape, np.intp),
            np.full(shape, np.inf, parameters["value"].dtype),
        )
        value, below = np.zeros(shape, parameters["value"].dtype), np.empty((*shape, 2), np.intp)
        feature[..., :n_inner] = whole(parameters["feature"])
        threshold[..., :n_inner] = parameters["threshold"]
        value[..., n_inner:] = parameters["value"]
        below[...] = np.arange(n_nodes)[:, None]  # a leaf leads to itself
        for side, name in enumerate(_SIDES):
            node = whole(parameters[name])
            below[..., :n_inner, side] = np.where(node < 0, n_inner - 1 - node, node)
        first = np.arange(self.out_features * self.n_trees) * n_nodes
        below += first.reshape(self.out_features, self.n_trees, 1, 1)
        flat = {
            "feature": feature.reshape(*axes, -1),
            "threshold": threshold.reshape(*axes, -1),
            "below": below.reshape(*axes, -1),
            "value": value.reshape(*axes, -1),
            "bias": parameters["bias"],
        }
        return FixedTrees(self), flat


_SIDES = ("left", "right")


def whole(numbers: Array) -> Array:
    """Return numbers of features, splits and leaves, which are kept as floats, as whole ones."""
    return np.rint(numbers).astype(np.intp)


@dataclass(frozen=True)
class FixedTrees(Layer):
    """Trees whose nodes stand one after the other: `Trees.fixed` makes them, no file names them.

    Of each node there are the feature and the threshold of its split, and the two nodes below it.
    A leaf stands below itself.
    """

    trees: Trees

    def forward(
        self,
        parameters: Parameters,
        x: Array,
        *,
        workspace: Workspace,
        training: bool = False,
        rng: Rng | None = None,
    ) -> tuple[Array, Backward]:
        """Return the sums of the leaves' values, and the gradient by these values."""
        bias = parameters["bias"]
        axes = np.broadcast_shapes(bias.shape[:-1], x.shape[:-2])
        y = workspace.empty((*axes, x.shape[-2], bias.shape[-1]), bias.dtype)
        members = [_member(parameters, x, axes, member) for member in np.ndindex(axes)]
        for (own, rows), out in zip(members, y.reshape(len(members), *y.shape[-2:]), strict=True):
            for some in row_blocks(len(rows), len(self.roots)):
                values = own["value"].take(self.leaves(own, rows[some]))
                by_output = values.reshape(len(values), bias.shape[-1], -1)
                np.add(by_output.sum(axis=-1), own["bias"], out=out[some])

        def backward(
            gradient: Array, gradients: Parameters, *, input_gradient: bool = True
        ) -> Array:
            if gradients:
                for array in gradients.values():
                    array[...] = 0
                for member, (own, rows) in zip(np.ndindex(axes), members, strict=True):
                    by_own = {name: array[member] for name, array in gradients.items()}
                    self._add_gradients(own, rows, gradient[member], by_own)
            by_x = workspace.empty((*axes, *x.shape[-2:]), x.dtype)
            by_x[...] = 0
            return by_x

        return y, backward

    @property
    def roots(self) -> Array:
        """The node that each tree begins with."""
        trees = self.trees
        return np.arange(trees.out_features * trees.n_trees) * (2 * trees.n_leaves - 1)

    def leaves(self, own: Parameters, x: Array) -> Array:
        """Return the node that each row comes to in each tree of a member, (n_samples, trees)."""
        nodes = Nodes(own["feature"], own["threshold"], own["below"], own["value"], self.roots)
        return nodes.leaves(x)

    def _add_gradients(
        self, own: Parameters, x: Array, gradient: Array, gradients: Parameters
    ) -> None:
        """Add the gradient by the values that rows came to, block by block, and by the bias."""
        by_value, n_inner = gradients["value"], self.trees.n_leaves - 1
        for some in row_blocks(len(x), len(self.roots)):
            node = self.leaves(own, x[some])
            of_rows = np.repeat(gradient[some], self.trees.n_trees, axis=-1)
            sums = np.bincount(node.ravel(), of_rows.ravel(), minlength=own["value"].size)
            by_value += sums.reshape(*by_value.shape[:2], -1)[..., n_inner:]
        gradients["bias"][...] = gradient.sum(axis=0)


def _member(
    parameters: Parameters, x: Array, axes: tuple[int, ...], member: tuple[int, ...]
) -> tuple[Parameters, Array]:
    """Return the parameters and the rows of one member."""
    own = {
        name: np.broadcast_to(array, (*axes, array.shape[-1]))[member]
        for name, array in parameters.items()
    }
    return own, np.broadcast_to(x, (*axes, *x.shape[-2:]))[member]
