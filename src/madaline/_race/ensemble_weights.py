"""Networks that err differently are better together: a greedy search finds their weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from madaline._tables.io.spill import Rows, read_rows
from madaline.nn.arrays import BLOCK, Array, row_blocks
from madaline.nn.losses import Loss

_CHUNK = 512  # rows whose losses are computed at a time, at most


def greedy_weights(
    outputs: Sequence[Rows],  # (n_samples, n_outputs)
    target: Array,  # (n_samples, n_outputs)
    loss: Loss,
    *,
    weight: Array | None = None,  # (n_samples,)
    steps: int = 20,
    objective: Callable[[Array], float] | None = None,
) -> Array:
    """Return weights of a mean of outputs that has a low loss: (candidates,), with sum one.

    Step by step the candidate whose output lowers the loss of the mean most is added, also
    repeatedly; a candidate's weight is how often it was taken. Means are taken of raw outputs, not
    of predictions: of log-odds, not of probabilities. An `objective` is minimized instead of the
    mean loss.

    Caruana, Niculescu-Mizil, Crew and Ksikes (2004), "Ensemble selection from libraries of models".
    """
    counts = np.zeros(len(outputs))
    total = np.zeros(outputs[0].shape, outputs[0].dtype)
    for taken in range(1, steps + 1):
        if objective is None:
            losses = _losses_with(outputs, total, taken, target, loss, weight)
        else:
            losses = np.array([objective((output[:] + total) / taken) for output in outputs])
        best = int(np.argmin(losses))
        counts[best] += 1
        total += outputs[best][:]
    return counts / steps


def weighted_mean(outputs: Sequence[Rows], weights: Array) -> Array:
    """Return the weighted mean of raw outputs, shape (n_samples, n_outputs), in float64."""
    n_samples, n_outputs = outputs[0].shape
    mean = np.zeros((n_samples, n_outputs))
    counted = [(output, weight) for output, weight in zip(outputs, weights, strict=True) if weight]
    for rows in row_blocks(n_samples, n_outputs):
        for output, weight in counted:
            mean[rows] += np.multiply(output[rows], weight, dtype=np.float64)
    return mean


def _losses_with(
    outputs: Sequence[Rows],
    total: Array,
    taken: int,
    target: Array,
    loss: Loss,
    weight: Array | None,
) -> Array:
    """Return the summed loss of the mean with each candidate added, shape (candidates,).

    A chunk of rows at a time stays in the processor's cache.
    """
    sums = np.zeros(len(outputs))
    chunk = min(_CHUNK, max(16, BLOCK // (len(outputs) * total.shape[1])))
    room = np.empty((len(outputs), chunk, total.shape[1]), total.dtype)
    for start in range(0, len(total), chunk):
        rows = slice(start, min(start + chunk, len(total)))
        means = room[:, : rows.stop - start]
        for output, mean in zip(outputs, means, strict=True):
            read_rows(output, start, mean)
        means += total[rows]
        means /= total.dtype.type(taken)
        losses = loss.rows(means, target[rows]).astype(np.float64)  # (candidates, rows)
        sums += losses.sum(axis=1) if weight is None else losses @ weight[rows]
    return sums
