"""The encoded target: what the outputs of networks should be, and how much each row counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from madaline._data.target import ClassEncoder, TargetEncoder
from madaline._evaluation.objective import Objective
from madaline.nn.arrays import Array


@dataclass(frozen=True, eq=False)
class EncodedTarget:
    """A target as networks and folds see it (final).

    Parameters
    ----------
    encoder : TargetEncoder
        Encodes the target, and decodes predictions.
    codes : ndarray of shape (n_samples,) or (n_samples, n_targets)
        The class, as a number, or the number of each row.
    matrix : ndarray of shape (n_samples, n_outputs)
        What the outputs should be.
    weight : ndarray of shape (n_samples,) or None
        Weight of each row in training: the given one, times that of its class.
    of_quantiles : bool
        Whether all outputs are of the same number.
    """

    encoder: TargetEncoder
    codes: Array
    matrix: Array
    weight: Array | None
    of_quantiles: bool

    @classmethod
    def of(
        cls, encoder: TargetEncoder, objective: Objective, target: Array, weight: Array | None
    ) -> Self:
        """Return labels or numbers, encoded, and the weight of each row in training."""
        codes, matrix = encoder.encode(target), encoder.matrix(target)
        of_quantiles = codes.ndim > target.ndim
        if of_quantiles:  # the target is the same for all of them
            codes = codes[:, 0]
        if isinstance(encoder, ClassEncoder):
            weight = objective.row_weight(encoder.classes, codes, weight)
        return cls(encoder, codes, matrix, weight, of_quantiles)

    @property
    def n_rare(self) -> int | None:
        """Rows of the class with fewer, if there are two classes and rows count alike."""
        two = isinstance(self.encoder, ClassEncoder) and len(self.encoder.classes) == 2
        return int(np.bincount(self.codes).min()) if two and self.weight is None else None
