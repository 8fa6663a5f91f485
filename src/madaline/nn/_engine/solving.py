"""Networks without hidden layers are solved: their loss has one minimum, so no steps are tuned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from madaline.nn._sparse_rows import Features, SparseRows
from madaline.nn.arrays import Array
from madaline.nn.losses import Loss

_MAX_ITERATIONS = 100  # of the solver: sums of squares that hardly count are not worth more

# Steps that the solver remembers: with thousands of terms, ten take as long as the loss itself
_MEMORY = 5

_DENSE_ROWS = 256  # rows whose zeros are left out at a time


def sparse_rows(features: Features, rows: Array) -> Any:
    """Return some rows, without their zeros, as a `scipy.sparse.csr_array` of float64."""
    from scipy.sparse import csr_array

    if isinstance(features, SparseRows):
        sparse = features[rows]
    else:
        blocks = np.split(rows, range(_DENSE_ROWS, len(rows), _DENSE_ROWS))
        sparse = SparseRows.of(features[block] for block in blocks)
    values = sparse.values.astype(np.float64)
    return csr_array((values, sparse.indices, sparse.starts), sparse.shape)


def solve_linear(
    x: Any,  # ndarray or scipy.sparse.csr_array of shape (n_samples, n_features)
    target: Array,  # (n_samples, n_outputs)
    weight: Array | None,  # (n_samples,)
    loss: Loss,
    *,
    decay_time: float,
    tolerance: float = 1e-6,
    start: tuple[Array, Array],  # (n_features, n_outputs) and (n_outputs,)
) -> tuple[Array, Array]:
    """Return the weight and the bias with the lowest loss, given how little is regularized.

    They minimize ``decay_time * sum(loss of a row) + sum(weight**2) / 2``, by L-BFGS; so the decay
    time is the `C` of support vector machines. The tolerance is the share of its value, of one at
    least, by which this sum must fall in an iteration for the solver to go on.

    Liu and Nocedal (1989), "On the limited memory BFGS method for large scale optimization".
    """
    from scipy.optimize import minimize

    shape = start[0].shape
    transposed = x.T if isinstance(x, np.ndarray) else x.T.tocsr()
    counts = np.ones(len(target)) if weight is None else weight.astype(np.float64)
    wanted = target.astype(np.float64)
    factor = 1 / (decay_time * max(1.0, counts.sum()))
    share = counts / max(1.0, counts.sum())

    def objective(theta: Array) -> tuple[float, Array]:
        weights = theta[: -shape[1]].reshape(shape)
        bias = theta[-shape[1] :]
        output = x @ weights + bias  # (n_samples, n_outputs)
        value = loss.rows(output, wanted) @ share + factor / 2 * np.square(weights).sum()
        slope = loss.slope(output, wanted, output) * share[:, None]
        by_weight = transposed @ slope + factor * weights
        return float(value), np.concatenate([by_weight.ravel(), slope.sum(axis=0)])

    first = np.concatenate([start[0].ravel(), start[1]]).astype(np.float64)
    options = {"maxiter": _MAX_ITERATIONS, "maxcor": _MEMORY, "ftol": tolerance, "gtol": 0.0}
    solution = minimize(objective, first, jac=True, method="L-BFGS-B", options=options).x
    return solution[: -shape[1]].reshape(shape), solution[-shape[1] :]


# A row whose own target decides its fitted value but for this share is taken to have so much
_MIN_FREEDOM = 1e-9


@final
@dataclass(frozen=True, eq=False)
class LeastSquares:
    """A network without hidden layers."""

    weight: Array  # (n_features, n_outputs): the weights
    bias: Array  # (n_outputs,): added to the sums
    # (n_samples, n_outputs): the output for each row of the network that learned from all others
    left_out: Array


def least_squares(
    x: Array,  # float64 (n_samples, n_features), with not many more features than rows
    target: Array,  # (n_samples, n_outputs)
    weight: Array | None,  # (n_samples,)
    decay_times: Sequence[float],
) -> Iterator[LeastSquares]:
    """Yield the network with the least squares for each time scale of weight decay.

    They minimize ``decay_time * sum(error**2) + sum(weight**2)``: ridge regression.

    Rifkin and Lippert (2007), "Notes on regularized least squares", MIT-CSAIL-TR-2007-025: what is
    left of an error if its row is left out.

    >>> x, target = np.array([[0.0], [1.0], [2.0]]), np.array([[1.0], [3.0], [5.0]])
    >>> (found,) = least_squares(x, target, None, [1e9])
    >>> found.weight.round(3), found.bias.round(3), found.left_out.round(3).ravel()
    (array([[2.]]), array([1.]), array([1., 3., 5.]))
    """
    counts = np.ones(len(x)) if weight is None else weight.astype(np.float64)
    share = counts / counts.sum()
    root = np.sqrt(counts)[:, None]
    center = share @ x
    mean = share @ target
    rows = root * (x - center)
    errors = root * (target - mean)
    squares, directions = np.linalg.eigh(rows @ rows.T)
    squares = np.maximum(squares, 0)
    along = directions.T @ errors
    for decay_time in decay_times:
        shrinkage = squares / (squares + 1 / decay_time)
        rest = errors - directions @ (shrinkage[:, None] * along)
        freedom = 1 - np.square(directions) @ shrinkage - share
        left_out = target - rest / (np.maximum(freedom, _MIN_FREEDOM)[:, None] * root)
        coefficients = rows.T @ (directions @ (along / (squares + 1 / decay_time)[:, None]))
        yield LeastSquares(coefficients, mean - center @ coefficients, left_out)


_MIN_SHARE = 1e-10  # a direction whose square is below this share of the largest is none


@final
@dataclass(frozen=True, eq=False)
class RowSpace:
    """Rows as coordinates in the space that they span; build it with `of`."""

    # float64 (n_samples, n_directions): the coordinates: products of two rows are those of their
    # features
    rows: Array
    mix: Array  # float64 (n_samples, n_directions): each direction as a sum of rows
    features: Array  # float64 (n_samples, n_features): the features
    scale: float  # features are divided by this

    @classmethod
    def of(cls, features: Array) -> RowSpace:
        """Return the space of some rows, whose features have a mean square of about one.

        They are divided by the root of their number, so that rows have about unit length.
        """
        wide = features.astype(np.float64)
        scale = float(np.sqrt(features.shape[1]))
        squares, directions = np.linalg.eigh(wide @ wide.T / scale**2)
        large = squares > _MIN_SHARE * max(squares[-1], 1e-300)
        roots = np.sqrt(squares[large])
        directions = directions[:, large]
        return cls(directions * roots, directions / roots, wide, scale)

    @property
    def n_features(self) -> int:
        """Number of features."""
        return int(self.features.shape[1])

    def weight(self, coordinates: Array) -> Array:
        """Return the weights of features, given those of coordinates, (directions, outputs)."""
        return np.asarray(self.features.T @ (self.mix @ coordinates) / self.scale**2)
