"""What a textbook's loop asks of a loss beside its gradient."""

from __future__ import annotations

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Loss, Poisson


def raw_output(loss: Loss, prediction: Array) -> Array:
    """Return the output whose prediction this is; of 0 and 1, that of a probability beside them."""
    tiny = np.finfo(np.float64).tiny
    match loss:
        case BinaryCrossEntropy():
            inside = np.clip(prediction, 1e-15, 1 - 1e-15)
            return np.asarray(np.log(inside) - np.log1p(-inside))
        case CrossEntropy() | Poisson():
            return np.asarray(np.log(np.maximum(prediction, tiny)))
    return prediction


def smallest_loss(loss: Loss, target: Array) -> float:
    """Return the mean loss of a network that says the best of each row."""
    rows, counts = np.unique(target, axis=0, return_counts=True)
    best = np.array([loss.initial_output(row[None]) for row in rows])
    return float(loss.mean(best, rows, counts))
