"""Agreement: how well the predictions of the general rule correlate with the truth in a group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array


@dataclass(frozen=True)
class Agreement:
    """Correlations of predictions with the truth in a group.

    Parameters
    ----------
    within : float
        Correlation within the group, from one row to the next.
    level : float
        The same around the mean of the other rows: whether the group as a whole is where it is
        predicted to be.
    permuted : float
        The correlation if classes are permuted so that they fit best; of numbers, if the sign is
        reversed. The permutation is learned on one half of the rows and evaluated on the other.
    n_rows : int
        Rows of the group.
    """

    within: float
    level: float
    permuted: float
    n_rows: int

    @property
    def standard_errors(self) -> float:
        """How far the permuted correlation is above zero."""
        return self.permuted * float(np.sqrt(self.n_rows))


def agreement(predicted: Array, truth: Array, usual: Array) -> Agreement:
    """Return how predictions and truth agree in some rows.

    Parameters
    ----------
    predicted, truth : ndarray of shape (n_rows, n_outputs)
        Over several outputs their products are summed.
    usual : ndarray of shape (n_outputs,)
        The mean truth of the other rows.

    Examples
    --------
    >>> truth = np.eye(2)[np.arange(40) // 20]
    >>> agreement(0.9 * truth[:, ::-1] + 0.05, truth, np.array([0.5, 0.5]))
    Agreement(within=-1.0, level=-1.0, permuted=1.0, n_rows=40)
    """
    within = _correlation(_centered(predicted), _centered(truth))
    level = _correlation(predicted - usual, truth - usual)
    permuted = -within if truth.shape[1] == 1 else _permuted(predicted, truth)
    return Agreement(round(within, 6), round(level, 6), round(permuted, 6), len(truth))


def _centered(matrix: Array) -> Array:
    return np.asarray(matrix - matrix.mean(axis=0))


def _correlation(predicted: Array, truth: Array) -> float:
    scale = np.sqrt(np.sum(predicted**2) * np.sum(truth**2))
    return float(np.sum(predicted * truth) / scale) if scale > 0 else 0.0


def _permuted(predicted: Array, truth: Array) -> float:
    """Return the correlation on each half of the rows, classes permuted as fits the other best."""
    even = np.arange(len(truth)) % 2 == 0
    found = []
    for half, other in ((even, ~even), (~even, even)):
        order = _best_permutation(_centered(predicted[half]), _centered(truth[half]))
        permuted = _centered(predicted[other][:, order])
        found.append(_correlation(permuted, _centered(truth[other])))
    return float(np.mean(found))


def _best_permutation(predicted: Array, truth: Array) -> Array:
    """Return for each class of the truth the class predicted there, the clearest pairs first."""
    products = predicted.T @ truth
    order = np.zeros(truth.shape[1], np.intp)
    for _ in range(len(order)):
        predicted_class, true_class = np.unravel_index(np.argmax(products), products.shape)
        order[true_class] = predicted_class
        products[predicted_class, :] = products[:, true_class] = -np.inf
    return order
