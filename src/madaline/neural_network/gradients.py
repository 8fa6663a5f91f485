"""Gradients as a reader of textbooks knows them: an array for each layer's weights and biases."""

from __future__ import annotations

from dataclasses import dataclass, field

from madaline.nn.arrays import Array


@dataclass(frozen=True)
class Gradients:
    """The derivative of the loss by every weight and every bias, layer by layer.

    Parameters
    ----------
    weights : list of ndarray of shape (in_features, out_features)
        By the weights of each layer, first layer first.
    biases : list of ndarray of shape (out_features,)
        By the biases of each layer.
    row : ndarray of shape (parameters,)
        All of them in one row; the arrays above are views of it.
    """

    weights: list[Array]
    biases: list[Array]
    row: Array = field(repr=False)
