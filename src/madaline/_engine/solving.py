"""Networks without hidden layers are solved: their loss has one minimum, so no steps are tuned."""

from __future__ import annotations

from typing import Any

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.losses import Loss
from madaline.nn.sparse_rows import Features, SparseRows

MOST_ITERATIONS = 100
"""Of the solver: sums of squares that hardly count are not worth more."""

MEMORY = 5
"""Steps that the solver remembers: with thousands of terms, ten take as long as the loss itself."""

DENSE_ROWS = 256
"""Rows whose zeros are left out at a time."""


def sparse_rows(features: Features, rows: Array) -> Any:
    """Return some rows, without their zeros, as a `scipy.sparse.csr_array` of float64.

    Examples
    --------
    >>> sparse_rows(np.array([[0, 2], [0, 0], [1, 3]]), np.array([0, 2])).toarray()
    array([[0., 2.],
           [1., 3.]])
    """
    from scipy.sparse import csr_array

    if isinstance(features, SparseRows):
        own = features[rows]
    else:
        blocks = np.split(rows, range(DENSE_ROWS, len(rows), DENSE_ROWS))
        own = SparseRows.of(features[block] for block in blocks)
    return csr_array((own.values.astype(np.float64), own.indices, own.starts), own.shape)


def solve_linear(
    x: Any,
    target: Array,
    weight: Array | None,
    loss: Loss,
    *,
    decay_time: float,
    tolerance: float = 1e-6,
    start: tuple[Array, Array],
) -> tuple[Array, Array]:
    """Return the weight and the bias with the lowest loss, given how little is regularized.

    They minimize ``decay_time * sum(loss of a row) + sum(weight**2) / 2``, by L-BFGS.

    Parameters
    ----------
    x : ndarray or scipy.sparse.csr_array of shape (n_samples, n_features)
        The rows.
    target : ndarray of shape (n_samples, n_outputs)
        What the outputs should be.
    weight : ndarray of shape (n_samples,) or None
        Weight of each row.
    loss : Loss
        What is minimized.
    decay_time : float
        How much the loss counts beside the weights: the `C` of support vector machines.
    tolerance : float
        Share of its value, of one at least, by which the minimized sum must fall in an iteration
        for the solver to go on.
    start : (ndarray of shape (n_features, n_outputs), ndarray of shape (n_outputs,))
        Where to start.

    References
    ----------
    Liu and Nocedal (1989), "On the limited memory BFGS method for large scale optimization".

    Examples
    --------
    >>> from madaline.nn.losses import Squared
    >>> x = sparse_rows(np.array([[1.0, 0], [0, 1]]), np.arange(2))
    >>> start = np.zeros((2, 1)), np.zeros(1)
    >>> found = solve_linear(
    ...     x, np.array([[1.0], [3.0]]), None, Squared(), decay_time=10, start=start
    ... )
    >>> found[0].ravel().round(2), found[1].round(2)
    (array([-0.95,  0.95]), array([2.]))
    """
    from scipy.optimize import minimize

    shape, transposed = start[0].shape, x.T if isinstance(x, np.ndarray) else x.T.tocsr()
    counts = np.ones(len(target)) if weight is None else weight.astype(np.float64)
    wanted, factor = target.astype(np.float64), 1 / (decay_time * max(1.0, counts.sum()))
    share = counts / max(1.0, counts.sum())

    def objective(theta: Array) -> tuple[float, Array]:
        own, bias = theta[: -shape[1]].reshape(shape), theta[-shape[1] :]
        output = x @ own + bias  # (n_samples, n_outputs)
        value = loss.rows(output, wanted) @ share + factor / 2 * np.square(own).sum()
        slope = loss.slope(output, wanted, output) * share[:, None]
        by_weight = transposed @ slope + factor * own
        return float(value), np.concatenate([by_weight.ravel(), slope.sum(axis=0)])

    first = np.concatenate([start[0].ravel(), start[1]]).astype(np.float64)
    options = {"maxiter": MOST_ITERATIONS, "maxcor": MEMORY, "ftol": tolerance, "gtol": 0.0}
    found = minimize(objective, first, jac=True, method="L-BFGS-B", options=options).x
    return found[: -shape[1]].reshape(shape), found[-shape[1] :]
