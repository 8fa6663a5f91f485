"""Linear networks by least squares: one decomposition solves them for every weight decay.

It also tells what each network would predict for each row if it had not learned from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array

LEAST_FREEDOM = 1e-9
"""A row whose own target decides its fitted value but for this share is taken to have so much."""


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """A network without hidden layers (final).

    Parameters
    ----------
    weight : ndarray of shape (n_features, n_outputs)
        The weights.
    bias : ndarray of shape (n_outputs,)
        Added to the sums.
    left_out : ndarray of shape (n_samples, n_outputs)
        The output for each row of the network that learned from all others.
    """

    weight: Array
    bias: Array
    left_out: Array


def least_squares(
    x: Array, target: Array, weight: Array | None, decay_times: Sequence[float]
) -> Iterator[LeastSquares]:
    """Yield the network with the least squares for each time scale of weight decay.

    They minimize ``decay_time * sum(error**2) + sum(weight**2)``: ridge regression.

    Parameters
    ----------
    x : float64 ndarray of shape (n_samples, n_features)
        The rows, not many more features than rows.
    target : ndarray of shape (n_samples, n_outputs)
        What the outputs should be.
    weight : ndarray of shape (n_samples,) or None
        Weight of each row.
    decay_times : sequence of float
        How much errors count beside the weights.

    References
    ----------
    Rifkin and Lippert (2007), "Notes on regularized least squares", MIT-CSAIL-TR-2007-025: what is
    left of an error if its row is left out.

    Examples
    --------
    >>> x, target = np.array([[0.0], [1.0], [2.0]]), np.array([[1.0], [3.0], [5.0]])
    >>> (found,) = least_squares(x, target, None, [1e9])
    >>> found.weight.round(3), found.bias.round(3), found.left_out.round(3).ravel()
    (array([[2.]]), array([1.]), array([1., 3., 5.]))
    """
    counts = np.ones(len(x)) if weight is None else weight.astype(np.float64)
    share, root = counts / counts.sum(), np.sqrt(counts)[:, None]
    center, mean = share @ x, share @ target
    rows, errors = root * (x - center), root * (target - mean)
    squares, directions = np.linalg.eigh(rows @ rows.T)
    squares, along = np.maximum(squares, 0), directions.T @ errors
    for decay_time in decay_times:
        kept = squares / (squares + 1 / decay_time)
        rest = errors - directions @ (kept[:, None] * along)
        freedom = 1 - np.square(directions) @ kept - share
        left_out = target - rest / (np.maximum(freedom, LEAST_FREEDOM)[:, None] * root)
        own = rows.T @ (directions @ (along / (squares + 1 / decay_time)[:, None]))
        yield LeastSquares(own, mean - center @ own, left_out)
