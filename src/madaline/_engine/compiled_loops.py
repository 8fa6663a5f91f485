"""The compiled loops of predictions; only `madaline._engine.compiled_prediction` loads them."""

from __future__ import annotations

from madaline._engine.compiled_arithmetic import ONE, compiled, exp
from madaline.nn.arrays import Array


@compiled
def look_up(table: Array, index: Array, part: Array, sums: Array) -> None:
    """Write what the bins of numbers add to sums of units.

    Parameters
    ----------
    table : float32 ndarray of shape (n_bins, 2, units)
        For each bin of each number what the full bins before it add, and what it adds if full.
    index : int ndarray of shape (n_samples, n_numbers)
        The bin that each number lies in.
    part : float32 ndarray of shape (n_samples, n_numbers)
        How far along it.
    sums : float32 ndarray of shape (n_samples, units)
        Where to write.
    """
    for row in range(index.shape[0]):
        own = sums[row]
        own[:] = 0
        for number in range(index.shape[1]):
            before, full = table[index[row, number], 0], table[index[row, number], 1]
            share = part[row, number]
            for unit in range(own.shape[0]):
                own[unit] += before[unit] + share * full[unit]


@compiled
def activate(h: Array, bias: Array, gain: Array) -> None:
    """Turn halves of sums, (n_samples, units), into ``half (gain + tanh(half))``, biases added.

    With a gain of 1 that is ``x sigmoid(x)`` with ``x = 2 half``.
    """
    for row in range(h.shape[0]):
        for unit in range(h.shape[1]):
            half = h[row, unit] + bias[unit]
            x = half + half
            h[row, unit] = x / (ONE + exp(-x)) + half * (gain[unit] - ONE)
