"""The first layer over rows without their zeros, compiled: only what is there is multiplied.

A text has some hundred of thousands of terms. The gate of a feature's column is multiplied into its
numbers, not into thousands of weights.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from madaline._engine.compiled_arithmetic import ONE, ZERO, compiled
from madaline.nn.arrays import Array


class Encoded(NamedTuple):
    """Encoded rows, with their zeros or without; what is not used is empty."""

    dense: Array  # (n_samples, n_features), or (0, 0)
    starts: Array  # (n_samples + 1,), or (0,)
    indices: Array  # (n_numbers,)
    values: Array  # (n_numbers,)


class SparseBatch(NamedTuple):
    """Room for the rows of a batch without their zeros."""

    starts: Array  # (batch + 1,), or (0,) where rows have their zeros
    indices: Array
    values: Array


@compiled
def make_sparse_batch(encoded: Encoded, batch: int) -> SparseBatch:
    """Return room for any rows, as many as a batch has."""
    longest = 0
    for row in range(encoded.starts.size - 1):
        longest = max(longest, encoded.starts[row + 1] - encoded.starts[row])
    return SparseBatch(
        np.zeros(batch + 1 if encoded.starts.size else 0, np.int64),
        np.empty(batch * longest, np.int32),
        np.empty(batch * longest, np.float32),
    )


@compiled
def gather_sparse(encoded: Encoded, index: Array, batch: SparseBatch) -> None:
    """Copy the rows of a batch."""
    at = 0
    for row in range(index.size):
        for number in range(encoded.starts[index[row]], encoded.starts[index[row] + 1]):
            batch.indices[at] = encoded.indices[number]
            batch.values[at] = encoded.values[number]
            at += 1
        batch.starts[row + 1] = at


@compiled
def hide_sparse(shown: Array, columns: Array, batch: SparseBatch) -> None:
    """Multiply the features of each column by 0, or by what makes up for the hidden ones."""
    for row in range(batch.starts.size - 1):
        for number in range(batch.starts[row], batch.starts[row + 1]):
            batch.values[number] *= shown[row, columns[batch.indices[number]]]


@compiled
def multiply_sparse(
    batch: SparseBatch, theta: Array, columns: Array, weight: Array, out: Array
) -> None:
    """Write the sums of the first layer's units, without biases; gates come first in theta."""
    for row in range(out.shape[0]):
        sums = out[row]
        sums[:] = ZERO
        for number in range(batch.starts[row], batch.starts[row + 1]):
            feature = batch.indices[number]
            gate = theta[columns[feature]] if columns.size else ONE
            value, own = batch.values[number] * gate, weight[feature]
            for unit in range(sums.size):
                sums[unit] += value * own[unit]


@compiled
def sparse_gradient(
    batch: SparseBatch,
    theta: Array,
    columns: Array,
    weight: Array,
    gradient: Array,
    by_gate: Array,
    by_weight: Array,
) -> None:
    """Write the gradients by the gates and by the weight, given that by the sums."""
    by_gate[:] = ZERO
    by_weight[:] = ZERO
    for row in range(gradient.shape[0]):
        of_row = gradient[row]
        for number in range(batch.starts[row], batch.starts[row + 1]):
            feature, value = batch.indices[number], batch.values[number]
            own, by_own, gate, slope = weight[feature], by_weight[feature], ONE, ZERO
            if columns.size:
                gate = theta[columns[feature]]
                for unit in range(of_row.size):
                    slope += own[unit] * of_row[unit]
                by_gate[columns[feature]] += value * slope
            for unit in range(of_row.size):
                by_own[unit] += value * gate * of_row[unit]
