"""Averaging over folds: networks together predict better than each of them alone.

An out-of-fold score uses, for each row, only the networks of its own fold. But those of all folds
will predict together, and the mean errs less than one. How much less is estimated on rows that the
other folds' networks were trained on: the score of their mean beside the mean of their scores. They
agree more there than on new rows, so this is a cautious estimate.

Networks that overfit know these rows by heart, and what their mean gains there is worth nothing on
new rows. So only a share of the gain counts: how much better than constants each row's own networks
are, which never saw it, beside how much better the others are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from madaline.nn.arrays import Array


@dataclass(frozen=True, eq=False)
class FoldOutputs:
    """The outputs of the networks of each fold for the same rows (final).

    Parameters
    ----------
    outputs : ndarray of shape (n_folds, n_rows, n_outputs)
        Raw outputs of each fold's networks.
    own : int ndarray of shape (n_rows,)
        The fold of each row, whose networks are left out.
    target : ndarray of shape (n_rows, n_outputs)
        The true values.
    prior : ndarray of shape (n_rows, n_outputs)
        Raw outputs of the best constants.
    weight : ndarray of shape (n_rows,), optional
        Weight of each row.

    References
    ----------
    Krogh and Vedelsby (1995), "Neural network ensembles, cross validation, and active learning":
    the squared error of a mean is the mean of the squared errors less the scatter about the mean.

    Examples
    --------
    Three networks that are one too high, right, and one too low: each alone is 2/3 off in squares.

    >>> from madaline.nn.losses import Squared
    >>> outputs = np.array([[[1.0]] * 3, [[0.0]] * 3, [[-1.0]] * 3])
    >>> fold_outputs = FoldOutputs(outputs, np.arange(3), np.zeros((3, 1)), np.full((3, 1), 9.0))
    >>> round(fold_outputs.gain(lambda output, target: np.square(output - target)[:, 0]), 3)
    -0.667
    """

    outputs: Array
    own: Array
    target: Array
    prior: Array
    weight: Array | None = None

    def of_output(self, index: int) -> FoldOutputs:
        """Return one of several outputs."""
        own = slice(index, index + 1)
        parts = {name: getattr(self, name)[..., own] for name in ("outputs", "target", "prior")}
        return replace(self, **parts)

    def gain(self, measure: Callable[[Array, Array], Array], weight: Array | None = None) -> float:
        """Return by how much a measure of all folds' mean is above that of a fold alone.

        It is measured with the k - 1 networks other than the row's own, whose mean keeps a share of
        ``1 / (k - 1)`` of their scatter, and extrapolated to all k, whose mean keeps ``1 / k``.
        With fewer than three folds nothing can be measured, and the gain is zero.

        Parameters
        ----------
        measure : callable
            From outputs and targets, (n_rows, n_outputs), to a number for each row.
        weight : ndarray of shape (n_rows,), optional
            Weight of each row, in place of `self.weight`.
        """
        n_folds = len(self.outputs)
        if n_folds < 3:
            return 0.0
        others = np.arange(n_folds)[:, None] != self.own  # (n_folds, n_rows)
        together = np.einsum("kno,kn->no", self.outputs, others) / (n_folds - 1)
        alone = np.stack([measure(output, self.target) for output in self.outputs])
        mean_alone = np.where(others, alone, 0.0).sum(axis=0) / (n_folds - 1)
        own = self.outputs[self.own, np.arange(len(self.own))]
        measured = mean_alone, measure(together, self.target), measure(own, self.target)
        weights = self.weight if weight is None else weight
        known, mean, new, constant = (
            float(np.average(rows, weights=weights))
            for rows in (*measured, measure(self.prior, self.target))
        )
        share = (new - constant) / (known - constant) if known != constant else 0.0
        more = (1 - 1 / n_folds) / (1 - 1 / (n_folds - 1))
        return more * min(1.0, max(0.0, share)) * (mean - known)
