"""All networks of a predictor: rows go through them block by block, on one thread or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, final

import numpy as np

from madaline._models.runtime.frozen_networks import NetworkPart, freeze
from madaline._models.runtime.stacked_networks import Buffers, StackedNetworks, stack
from madaline._tables.encoders.encoded import Block
from madaline._tables.kinds.number import JoinedNumbers
from madaline.nn._engine.compiled_prediction import CompiledPrediction, compiled_prediction
from madaline.nn._engine.threads import in_threads
from madaline.nn.arrays import Array, Parameters, Workspace
from madaline.nn.layers import Layer


@dataclass(frozen=True, eq=False)
class LayeredNetworks:
    """The networks of a part; build it with `of`."""

    n_bins: int  # how many bins stand beside the numbers among their inputs
    layers: Sequence[tuple[Layer, Parameters]]  # from input to output
    shares: Array  # float64 (members, n_means): how much each member counts in each mean
    width: int  # numbers that the widest layer makes of a row, for all members together

    @classmethod
    def of(cls, part: NetworkPart, shares: Array, n_features: int) -> LayeredNetworks:
        """Return the networks of a part, which have so many inputs."""
        network, parameters = part.network.fixed(part.theta.reshape(len(shares), -1))
        layers = list(zip(network.layers, parameters, strict=True))
        return cls(part.n_bins, layers, shares, len(shares) * part.network.width(n_features))

    def predict(self, block: Block) -> Array:
        """Return weighted means of the raw outputs, float64 of (n_samples, n_means * n_outputs)."""
        x = block.features(self.n_bins)
        workspace = Workspace()
        for layer, values in self.layers:
            x, _ = layer.forward(values, x, workspace=workspace)  # (members, n_samples, features)
        means = np.einsum("mf,mno->nfo", self.shares, x)
        return np.reshape(means, (len(means), means.shape[1] * means.shape[2]))


MAX_ROWS = 512
"""Rows of a block, at most: of short calls of NumPy, threads would wait for one another."""

NUMBERS = 2**20
"""Numbers that layers compute of a block, about: 4 MiB in float32."""

MIN_BLOCKS, SPANS = 8, 8
"""Blocks that a thread takes at a time, at least, as to start one takes as long as a block; and how
often each takes some, so that one that is held up leaves some to the others."""

MIN_COMPILED_WORK = 4e9
"""Numbers looked up for a table, and four for each unit, that make it worth half a second to load
compiled code. How large the table is decides alone: the same table always has the same bits."""


class EncodedRows(Protocol):
    """Rows that can be encoded block by block, such as `_tables.encoders.encoded.Encoded`."""

    @property
    def n_samples(self) -> int:
        """Number of rows."""

    def block(self, rows: slice, /) -> Block:
        """Return some rows, encoded."""


@final
class Networks:
    """Networks that predict, on several threads at once, too."""

    def __init__(
        self,
        parts: Sequence[NetworkPart],  # what they are made of, at least one
        # how many features there are, for each number of bins of the parts, and for none
        n_features: Mapping[int, int],
        joined: JoinedNumbers | None = None,  # what makes features of numbers, if there are any
    ) -> None:
        self._parts = tuple(parts)
        self._n_features = n_features
        self._bins = joined.bins if joined else {}

    def output(self, rows: EncodedRows, n_threads: int = 1) -> Array:
        """Return the raw output, shape (n_samples, n_outputs), in float64."""
        return self.mean.predict(rows, n_threads)

    def fold_outputs(self, rows: EncodedRows, n_threads: int = 1) -> Array:
        """Return the raw output of the networks of each fold alone.

        The result is (n_folds, n_samples, n_outputs): in float64; the mean over the folds is
        `output`, but for rounding.
        """
        n_folds = self._parts[0].theta.shape[1]
        outputs = self._mean_of_folds.predict(rows, n_threads)
        shape = len(outputs), n_folds, outputs.shape[1] // n_folds
        return np.moveaxis(outputs.reshape(shape), 1, 0)

    @cached_property
    def mean(self) -> WeightedMeans:
        """All networks, with their weights in the mean of all."""
        return self._means([part.shares for part in self._parts])

    @cached_property
    def _mean_of_folds(self) -> WeightedMeans:
        return self._means([part.fold_shares for part in self._parts])

    def _means(self, shares: Sequence[Array]) -> WeightedMeans:
        """Return the networks side by side where that is possible, the others part by part."""
        chains = []
        layered = []
        for part, part_shares in zip(self._parts, shares, strict=True):
            frozen = freeze(part)
            if frozen is not None:
                chains.append((frozen, part_shares))
            else:
                layered.append(LayeredNetworks.of(part, part_shares, self._n_features[part.n_bins]))
        stacked = [
            stack(
                [chain for chain in chains if chain[0].activation == activation],
                self._n_features[0],
                self._bins,
            )
            for activation in dict.fromkeys(frozen.activation for frozen, _ in chains)
        ]
        return WeightedMeans(stacked, layered)


@dataclass(frozen=True, eq=False)
class WeightedMeans:
    """Networks, and the weighted means of their outputs."""

    stacked: Sequence[StackedNetworks]  # those of sums and units, for each activation
    layered: Sequence[LayeredNetworks]  # those of any layers

    def predict(self, rows: EncodedRows, n_threads: int) -> Array:
        """Return weighted means of raw outputs, float64 (n_samples, n_means * n_outputs)."""
        compiled = self._compiled(rows.n_samples)
        size = self.block_size
        first = self.predict_block(rows.block(slice(0, size)), Buffers(), compiled)
        starts = range(size, rows.n_samples, size)
        if not starts:
            return first
        output = np.empty((rows.n_samples, first.shape[1]))
        output[:size] = first

        def write(span: range) -> None:
            buffers = Buffers()
            for start in span:
                some = slice(start, start + size)
                output[some] = self.predict_block(rows.block(some), buffers, compiled)

        together = max(MIN_BLOCKS, len(starts) // (SPANS * n_threads))
        spans = [starts[first : first + together] for first in range(0, len(starts), together)]
        in_threads(write, spans, n_threads)
        return output

    def predict_block(
        self, block: Block, buffers: Buffers, compiled: CompiledPrediction | None
    ) -> Array:
        """Return the same for some rows."""
        outputs = [part.predict(block) for part in self.layered]
        outputs += [networks.predict(block, buffers, compiled) for networks in self.stacked]
        return np.asarray(np.sum(outputs, axis=0))

    @cached_property
    def block_size(self) -> int:
        """How many rows are predicted at a time: as many as fit into the cache, about."""
        widths = [networks.width for networks in self.layered]
        widths += [networks.width for networks in self.stacked]
        rows = max(1, min(MAX_ROWS, NUMBERS // max(widths)))
        return rows // 64 * 64 or rows

    def _compiled(self, n_samples: int) -> CompiledPrediction | None:
        """Return compiled functions, where they are worth loading."""
        work = sum(networks.looked_up + 4 * networks.width for networks in self.stacked)
        return compiled_prediction() if n_samples * work >= MIN_COMPILED_WORK else None
