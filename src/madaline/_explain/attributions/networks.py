"""All networks of a model as one function: explained values of sums, and their gradients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from madaline._explain.attributions.parts import DifferentiablePart, LinearFirstPart, WholePart
from madaline._explain.attributions.rescale_rule import Pass, passes, rescale
from madaline._explain.scale import Scale
from madaline._runtime.predictor import Predictor
from madaline.nn.arrays import Array
from madaline.nn.layers import Linear, ScaledLinear
from madaline.nn.layers.chain import ChainBackward
from madaline.nn.workspace import Workspace

NODES_OF_SCALE = 32
"""Nodes at which the gradient of the scale is averaged between two raw outputs; they are cheap."""


class DifferentiableNetworks:
    """The explained value as a function of the sums of the first layers (final).

    One thread at a time may use it.

    Parameters
    ----------
    predictor : Predictor
        The networks.
    scale : Scale
        What is made of their raw outputs.
    """

    def __init__(self, predictor: Predictor, scale: Scale) -> None:
        self.scale = scale
        self.n_columns = len(predictor.encoder.columns)
        self.grids = predictor.encoder.grids
        self.patterns = predictor.encoder.patterns
        self.parts: list[DifferentiablePart] = []
        for part in predictor.parts:
            is_linear = isinstance(part.network.layers[0], Linear | ScaledLinear)
            columns = predictor.encoder.feature_columns(part.n_bins)
            self.parts.append((LinearFirstPart if is_linear else WholePart)(part, columns))
        self.n_units = sum(part.n_units for part in self.parts)
        self.n_features = max(len(part.columns) for part in self.parts)
        self.have_kinks = any(isinstance(part, WholePart) for part in self.parts)
        self._temperature = predictor.temperature
        self._workspaces = [(Workspace(), Workspace()) for _ in self.parts]

    def sums(self, features: Sequence[Array]) -> list[Array]:
        """Return the sums of the first layers, for each part (members, n_samples, units).

        Parameters
        ----------
        features : sequence of ndarray of shape (n_samples, n_features)
            For each part, the features in its encoding.
        """
        return [part.sums(x) for part, x in zip(self.parts, features, strict=True)]

    def values(self, sums: Sequence[Array], class_index: Array) -> Array:
        """Return the explained values at some sums.

        Parameters
        ----------
        sums : sequence of ndarray of shape (members, n, units)
            For each part.
        class_index : int ndarray of shape (n,)
            The class to explain.

        Returns
        -------
        float64 ndarray of shape (n,)
        """
        return self.scale.value(self._output(sums)[0], class_index)

    def gradients(self, sums: Sequence[Array], class_index: Array) -> list[Array]:
        """Return for each part the gradient with respect to its sums, (members, n, units).

        They are valid until the next call.
        """
        output, backwards = self._output(sums)
        gradient = self.scale.gradient(output, class_index) / self._temperature
        return [
            part.backward(backward, gradient)
            for part, backward in zip(self.parts, backwards, strict=True)
        ]

    def mean_gradients(
        self, starts: Sequence[Array], ends: Sequence[Array], class_index: Array, nodes: int
    ) -> list[Array]:
        """Return for each part the mean gradient on the straight paths between sums.

        Parameters
        ----------
        starts, ends : sequence of ndarray of shape (members, n, units)
            For each part.
        class_index : int ndarray of shape (n,)
            The class to explain.
        nodes : int
            Nodes of an integral, or segments of the path where networks have kinks.
        """
        if self.have_kinks:
            return self._over_segments(starts, ends, class_index, nodes)
        paths = [end - start for end, start in zip(ends, starts, strict=True)]
        totals = [np.zeros_like(path) for path in paths]
        for position, weight in gauss_legendre(nodes, np.float32):
            points = [start + position * path for start, path in zip(starts, paths, strict=True)]
            for total, gradient in zip(totals, self.gradients(points, class_index), strict=True):
                total += weight * gradient
        return totals

    def _over_segments(
        self, starts: Sequence[Array], ends: Sequence[Array], class_index: Array, segments: int
    ) -> list[Array]:
        totals = [np.zeros_like(start) for start in starts]
        before, output = self._passes(starts, 0)
        for segment in range(1, segments + 1):
            position = np.float32(segment / segments)
            points = [a + position * (b - a) for a, b in zip(starts, ends, strict=True)]
            after, next_output = self._passes(points, segment)
            mean = self._mean_gradient(output, next_output, class_index)
            for part, total, start, end in zip(self.parts, totals, before, after, strict=True):
                gradient = rescale(start, end, part.member_gradients(mean), part.discarded)
                total += part.reduce_members(gradient) / segments
            before, output = after, next_output
        return totals

    def _passes(self, sums: Sequence[Array], segment: int) -> tuple[list[list[Pass]], Array]:
        """Return every layer of each part at some sums, and the mean raw output."""
        found = [
            passes(part, x, workspaces[segment % 2])  # the last segment's arrays are still needed
            for part, x, workspaces in zip(self.parts, sums, self._workspaces, strict=True)
        ]
        return found, self._mean([layers[-1].y for layers in found])

    def _mean_gradient(self, start: Array, end: Array, class_index: Array) -> Array:
        """Return the mean gradient of the scale between two raw outputs, (n, n_outputs)."""
        gradients = [
            weight * self.scale.gradient(start + position * (end - start), class_index)
            for position, weight in gauss_legendre(NODES_OF_SCALE)
        ]
        return np.asarray(np.sum(gradients, axis=0) / self._temperature)

    def _output(self, sums: Sequence[Array]) -> tuple[Array, list[ChainBackward]]:
        """Return the mean raw output, shape (n, n_outputs), and each part's backward pass."""
        outputs, backwards = [], []
        for part, x, (workspace, _) in zip(self.parts, sums, self._workspaces, strict=True):
            workspace.rewind()
            output, backward = part.forward(x, workspace)
            outputs.append(output)
            backwards.append(backward)
        return self._mean(outputs), backwards

    def _mean(self, outputs: Sequence[Array]) -> Array:
        weighted = [
            np.einsum("m,mno->no", part.weights, output)
            for part, output in zip(self.parts, outputs, strict=True)
        ]
        return np.asarray(np.sum(weighted, axis=0) / self._temperature)


def gauss_legendre(
    n_nodes: int, dtype: npt.DTypeLike = np.float64
) -> Iterator[tuple[np.floating, np.floating]]:
    """Yield the nodes between 0 and 1 with their weights, exact up to degree ``2 n_nodes - 1``.

    Examples
    --------
    >>> round(float(sum(weight * node**3 for node, weight in gauss_legendre(2))), 12)
    0.25
    """
    nodes, weights = np.polynomial.legendre.leggauss(n_nodes)
    yield from zip(((nodes + 1) / 2).astype(dtype), (weights / 2).astype(dtype), strict=True)
