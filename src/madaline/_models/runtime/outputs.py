"""Raw outputs of networks: checked, and turned into probabilities of classes."""

from __future__ import annotations

import numpy as np

from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.losses import Loss


def class_probabilities(loss: Loss, output: Array) -> Array:
    """Return the class probabilities of a raw output, which has one column of two classes."""
    prediction = loss.prediction(output)
    if prediction.shape[1] > 1:
        return prediction
    return np.concatenate([1 - prediction, prediction], axis=1)


def finite_output(output: Array) -> Array:
    """Return raw outputs; `InputError` if one is none: finite weights may still overflow."""
    if not np.isfinite(output).all():
        raise InputError(
            "The model predicts no finite number for some row, as its weights or its scales are too"
            " large: fit it again, and do not trust its file."
        )
    return output
