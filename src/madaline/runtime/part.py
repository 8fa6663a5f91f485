"""A part of a predictor: networks with the same layers, and how much each counts.

Rows go through them in chunks of one size, so that nothing depends on the rows beside them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from madaline.core.arrays import Array
from madaline.core.network import Network
from madaline.core.workspace import Workspace
from madaline.runtime.stages import Stage, stages

CHUNK = 8
"""Rows of a matrix product, always as many.

A matrix product may round differently for another number of rows, and on some processors for the
last rows of many. With chunks of one small size, the last one padded, what is predicted for a row
never depends on the rows beside it.
"""

STACK = 32
"""Chunks that go through the networks at a time, at most; NumPy multiplies each by itself."""

STACKED_NUMBERS = 2**22
"""Numbers that come out of a layer of all networks at a time, about: 16 MiB in float32."""

LARGEST_PRODUCT = 2**15
"""Multiply-adds of a matrix product. Up to 2**18, OpenBLAS, the matrix library of NumPy on most
machines, stays on one thread: so a prediction has the same bits on any number of threads."""


@dataclass(frozen=True, eq=False)
class Part:
    """Networks with the same layers, and how much each counts.

    Parameters
    ----------
    n_bins : int
        Which encoding they see.
    network : Network
        Their layers.
    theta : ndarray of shape (recipes, folds, parameters)
        Their parameters.
    weights : ndarray of shape (recipes,)
        Share of each recipe in the prediction; over all parts the shares add up to one.

    Examples
    --------
    >>> from madaline.core.layers import Linear
    >>> theta = np.array([[[1.0, 0.0], [3.0, 0.0]]])  # one recipe, two folds: x and 3 x
    >>> Part(0, Network((Linear(1, 1),)), theta, np.ones(1)).output(np.array([[1.0], [5.0]]))
    array([[ 2.],
           [10.]])
    """

    n_bins: int
    network: Network
    theta: Array
    weights: Array

    def output(self, features: Array) -> Array:
        """Return this part's share of the raw output, shape (n_samples, n_outputs), in float64."""
        stacks = [
            np.einsum("m,mso->so", self._share, output.reshape(-1, *output.shape[-2:]))
            for output in self._stacks(features)
        ]
        return (stacks[0] if len(stacks) == 1 else np.concatenate(stacks))[: len(features)]

    def fold_outputs(self, features: Array) -> Array:
        """Return this part's share of the raw output of the networks of each fold alone.

        Returns
        -------
        ndarray of shape (n_folds, n_samples, n_outputs)
            In float64; the mean over the folds is `output`.
        """
        stacks = [
            np.einsum("r,rfso->fso", self.weights, output) for output in self._stacks(features)
        ]
        return np.concatenate(stacks, axis=1)[:, : len(features)]

    def _stacks(self, features: Array) -> Iterator[Array]:
        """Yield what every network says, shape (recipes, folds, rows, n_outputs), stack by stack.

        The last chunk is padded; of no rows there is one, all padding. What is yielded is written
        over by the next.
        """
        workspace = Workspace(largest_product=LARGEST_PRODUCT)
        size = CHUNK * self._n_chunks(features.shape[1])
        for start in range(0, max(1, len(features)), size):
            workspace.rewind()
            output = _in_chunks(features[start : start + size])
            for stage in self._stages:
                output = stage(output, workspace)
            yield output.reshape(*output.shape[:2], -1, output.shape[-1])

    def _n_chunks(self, n_features: int) -> int:
        """Return how many chunks to take at a time: of images fewer than of a table's rows."""
        if n_features not in self._chunks:
            numbers = CHUNK * len(self._share) * self.network.width(n_features)
            self._chunks[n_features] = max(1, min(STACK, STACKED_NUMBERS // numbers))
        return self._chunks[n_features]

    @cached_property
    def _chunks(self) -> dict[int, int]:
        """What `_n_chunks` has returned, worked out once."""
        return {}

    @cached_property
    def _share(self) -> Array:
        """How much each network counts, shape (recipes * folds,)."""
        folds = self.theta.shape[1]
        return np.repeat(self.weights / folds, folds)

    @cached_property
    def _stages(self) -> list[Stage]:
        """What the networks do, with all that depends on no row done once."""
        return stages(self.network, self.theta, CHUNK)

    def __getstate__(self) -> dict[str, Any]:
        """Return what a pickle or a copy holds: the fields alone."""
        return {item.name: getattr(self, item.name) for item in fields(self)}


def _in_chunks(x: Array) -> Array:
    """Return rows in chunks, the last one padded, shape (n_chunks, CHUNK, n_features)."""
    n_chunks = max(1, -(-len(x) // CHUNK))
    if len(x) < n_chunks * CHUNK:
        padded = np.zeros((n_chunks * CHUNK, x.shape[1]), x.dtype)
        padded[: len(x)] = x
        x = padded
    return x.reshape(n_chunks, CHUNK, x.shape[1])
