"""All networks of a model, opened where that can be, and what is asked of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from madaline.explain.attributions.parts import AskedPart
from madaline.explain.attributions.rescale_rule import Pass, passes, secant
from madaline.explain.nodes import gauss_legendre
from madaline.explain.opened_part import OpenedPart
from madaline.explain.scale import Answer
from madaline.explain.whole_part import WholePart
from madaline.nn.arrays import Array
from madaline.nn.layers import Linear, ScaledLinear
from madaline.nn.layers.chain import ChainBackward
from madaline.nn.workspace import Workspace
from madaline.runtime.part import Part
from madaline.runtime.predictor import Predictor

NODES_OF_ANSWER = 32
"""Nodes at which the slope of an answer is asked between two raw outputs; they cost little."""


class OpenedNetworks:
    """From the sums of first layers to answers and their gradients (final).

    One thread at a time may use it.

    Parameters
    ----------
    predictor : Predictor
        The networks.
    answer : Answer
        What is made of their raw outputs.
    """

    def __init__(self, predictor: Predictor, answer: Answer) -> None:
        self.answer = answer
        self.n_columns = len(predictor.encoder.columns)
        self.grids = predictor.encoder.grids
        self.parts: list[AskedPart] = [
            _asked(part, predictor.encoder.feature_columns(part.n_bins)) for part in predictor.parts
        ]
        self._temperature = predictor.temperature
        self._workspaces = [(Workspace(), Workspace()) for _ in self.parts]

    @property
    def n_units(self) -> int:
        """Numbers that all networks together need for a row, about."""
        return sum(part.n_units for part in self.parts)

    @property
    def have_kinks(self) -> bool:
        """Whether networks look at a grid, through rectifiers and pooling."""
        return any(isinstance(part, WholePart) for part in self.parts)

    @property
    def n_features(self) -> int:
        """Number of features of the finest encoding."""
        return max(len(part.columns) for part in self.parts)

    def sums(self, features: Sequence[Array]) -> list[Array]:
        """Return the sums of the first layers, for each part (members, n_samples, units).

        Parameters
        ----------
        features : sequence of ndarray of shape (n_samples, n_features)
            For each part, as its networks see them.
        """
        return [part.sums(own) for part, own in zip(self.parts, features, strict=True)]

    def values(self, sums: Sequence[Array], asked: Array) -> Array:
        """Return the answers at some sums.

        Parameters
        ----------
        sums : sequence of ndarray of shape (members, n, units)
            For each part.
        asked : int ndarray of shape (n,)
            Number of the class that is asked about.

        Returns
        -------
        float64 ndarray of shape (n,)
        """
        return self.answer.value(self._output(sums)[0], asked)

    def gradients(self, sums: Sequence[Array], asked: Array) -> list[Array]:
        """Return for each part the gradient of the answers by its sums, (members, n, units).

        They are valid until the next call.
        """
        output, backwards = self._output(sums)
        slope = self.answer.slope(output, asked) / self._temperature
        return [
            part.gathered(part.backward(backward, slope))
            for part, backward in zip(self.parts, backwards, strict=True)
        ]

    def mean_gradients(
        self, starts: Sequence[Array], ends: Sequence[Array], asked: Array, nodes: int
    ) -> list[Array]:
        """Return for each part the mean gradient on the straight ways between sums.

        Parameters
        ----------
        starts, ends : sequence of ndarray of shape (members, n, units)
            For each part.
        asked : int ndarray of shape (n,)
            Number of the class that is asked about.
        nodes : int
            Nodes of an integral, or segments where networks have kinks.
        """
        mean = self._over_segments if self.have_kinks else self._at_nodes
        return mean(starts, ends, asked, nodes)

    def _at_nodes(
        self, starts: Sequence[Array], ends: Sequence[Array], asked: Array, nodes: int
    ) -> list[Array]:
        ways = [end - start for end, start in zip(ends, starts, strict=True)]
        totals = [np.zeros_like(way) for way in ways]
        for place, weight in gauss_legendre(nodes, np.float32):
            points = [start + place * way for start, way in zip(starts, ways, strict=True)]
            for total, gradient in zip(totals, self.gradients(points, asked), strict=True):
                total += weight * gradient
        return totals

    def _over_segments(
        self, starts: Sequence[Array], ends: Sequence[Array], asked: Array, segments: int
    ) -> list[Array]:
        totals = [np.zeros_like(start) for start in starts]
        before, output = self._passes(starts, 0)
        for segment in range(1, segments + 1):
            place = np.float32(segment / segments)
            points = [one + place * (other - one) for one, other in zip(starts, ends, strict=True)]
            after, next_output = self._passes(points, segment)
            slope = self._mean_slope(output, next_output, asked)
            for part, total, one, other in zip(self.parts, totals, before, after, strict=True):
                gradient = secant(one, other, part.of_members(slope), part.discarded)
                total += part.gathered(gradient) / segments
            before, output = after, next_output
        return totals

    def _passes(self, sums: Sequence[Array], turn: int) -> tuple[list[list[Pass]], Array]:
        """Return every layer of each part at some sums, and the mean raw output."""
        found = [
            passes(part, own, workspaces[turn % 2])
            for part, own, workspaces in zip(self.parts, sums, self._workspaces, strict=True)
        ]
        shares = [
            np.einsum("m,mno->no", part.share, own[-1].y)
            for part, own in zip(self.parts, found, strict=True)
        ]
        return found, np.sum(shares, axis=0) / self._temperature

    def _mean_slope(self, start: Array, end: Array, asked: Array) -> Array:
        """Return the mean slope of the answer between two raw outputs, (n, n_outputs)."""
        slopes = [
            weight * self.answer.slope(start + place * (end - start), asked)
            for place, weight in gauss_legendre(NODES_OF_ANSWER)
        ]
        return np.asarray(np.sum(slopes, axis=0) / self._temperature)

    def _output(self, sums: Sequence[Array]) -> tuple[Array, list[ChainBackward]]:
        """Return the mean raw output, shape (n, n_outputs), and each part's backward pass."""
        shares, backwards = [], []
        for part, own, (workspace, _) in zip(self.parts, sums, self._workspaces, strict=True):
            workspace.rewind()
            output, backward = part.forward(own, workspace)
            shares.append(np.einsum("m,mno->no", part.share, output))
            backwards.append(backward)
        return np.sum(shares, axis=0) / self._temperature, backwards


def _asked(part: Part, columns: Array) -> AskedPart:
    """Return a part opened after its first layer, or whole if that adds up no columns."""
    opened = isinstance(part.network.layers[0], Linear | ScaledLinear)
    return (OpenedPart if opened else WholePart)(part, columns)
