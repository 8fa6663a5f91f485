"""Agreement: whether some rows are as others would lead one to expect, or the other way round."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array


@dataclass(frozen=True)
class Agreement:
    """How what is expected of a group agrees with the truth there.

    Parameters
    ----------
    within : float
        Correlation of what is expected and what is so, from one row of the group to the next.
    level : float
        The same with the other rows' mean in place of the group's: whether all of the group is
        where it is expected to be.
    exchanged : float
        The correlation if classes are exchanged so that they fit best; of numbers, if large ones
        and small ones are. How to exchange is learned from one half of the rows and judged on
        the other.
    n_rows : int
        Rows of the group.
    """

    within: float
    level: float
    exchanged: float
    n_rows: int

    @property
    def standard_errors(self) -> float:
        """How far the exchanged correlation is from none."""
        return self.exchanged * float(np.sqrt(self.n_rows))


def agreement(expected: Array, truth: Array, usual: Array) -> Agreement:
    """Return how expectation and truth agree in some rows.

    Parameters
    ----------
    expected, truth : ndarray of shape (n_rows, n_outputs)
        What is expected and what is so; over several outputs their products are summed.
    usual : ndarray of shape (n_outputs,)
        The mean truth of the other rows.

    Examples
    --------
    >>> truth = np.eye(2)[np.arange(40) // 20]
    >>> agreement(0.9 * truth[:, ::-1] + 0.05, truth, np.array([0.5, 0.5]))
    Agreement(within=-1.0, level=-1.0, exchanged=1.0, n_rows=40)
    """
    within = _correlation(expected - expected.mean(axis=0), truth - truth.mean(axis=0))
    level = _correlation(expected - usual, truth - usual)
    exchanged = -within if truth.shape[1] == 1 else _exchanged(expected, truth)
    return Agreement(round(within, 6), round(level, 6), round(exchanged, 6), len(truth))


def _correlation(expected: Array, truth: Array) -> float:
    scale = np.sqrt(np.sum(expected**2) * np.sum(truth**2))
    return float(np.sum(expected * truth) / scale) if scale > 0 else 0.0


def _exchanged(expected: Array, truth: Array) -> float:
    """Return the correlation on each half of the rows, classes exchanged as suits the other."""
    even = np.arange(len(truth)) % 2 == 0
    found = []
    for half, other in ((even, ~even), (~even, even)):
        order = _best_exchange(*(one[half] - one[half].mean(axis=0) for one in (expected, truth)))
        centered = (one[other] - one[other].mean(axis=0) for one in (expected[:, order], truth))
        found.append(_correlation(*centered))
    return float(np.mean(found))


def _best_exchange(expected: Array, truth: Array) -> Array:
    """Return for each class of the truth which one is expected there, the clearest pairs first."""
    products = expected.T @ truth
    order = np.zeros(truth.shape[1], np.intp)
    for _ in range(len(order)):
        one, other = np.unravel_index(np.argmax(products), products.shape)
        order[other] = one
        products[one, :] = products[:, other] = -np.inf
    return order
