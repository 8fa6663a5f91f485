"""What a loss makes of raw output, undone: from predictions back to the output."""

from __future__ import annotations

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Loss, Poisson


def raw_output(loss: Loss, prediction: Array) -> Array:
    """Return the output whose prediction this is; 0 and 1 count as the nearest probabilities.

    Examples
    --------
    >>> raw_output(BinaryCrossEntropy(), np.array([0.5]))
    array([0.])
    """
    tiny = np.finfo(np.float64).tiny
    match loss:
        case BinaryCrossEntropy():
            inside = np.clip(prediction, 1e-15, 1 - 1e-15)
            return np.asarray(np.log(inside) - np.log1p(-inside))
        case CrossEntropy() | Poisson():
            return np.asarray(np.log(np.maximum(prediction, tiny)))
    return prediction
