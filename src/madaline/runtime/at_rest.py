"""The networks of a part when nothing learns any more, as weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array
from madaline.runtime.stages import Stages


@dataclass(frozen=True, eq=False)
class AtRest:
    """The networks of a part, taken apart.

    Parameters
    ----------
    n_bins : int
        How many bins stand beside the numbers that they see.
    stages : Stages
        What they do.
    """

    n_bins: int
    stages: Stages

    @property
    def sees_table(self) -> bool:
        """Whether its first hidden layer sees features as they are, so that bins are looked up."""
        return not self.stages.head and bool(self.stages.hidden)

    def weight(self, depth: int) -> Array:
        """Return the weights of a hidden layer, (members, in, units).

        Where all members see the same, those of all stand side by side, as if of one.
        """
        weight = self.stages.hidden[depth].weight
        if depth > 0 or self.stages.head:
            return weight
        return np.reshape(weight.swapaxes(0, 1), (1, weight.shape[1], -1))

    def last_weight(self, shares: Array) -> Array:
        """Return what makes means of raw outputs, shape (1, in, n_means * n_outputs).

        Parameters
        ----------
        shares : float64 ndarray of shape (members, n_means)
            How much each network counts in each mean.
        """
        exact = self.stages.last.weight.astype(np.float64)
        same = not self.stages.hidden and not self.stages.head
        weight = np.einsum("mf,mko->kfo" if same else "mf,mko->mkfo", shares, exact)
        shape = 1, -1, weight.shape[-2] * weight.shape[-1]
        return np.asarray(np.reshape(weight, shape), np.float32)

    def constant(self, shares: Array) -> Array:
        """Return what is added to those means, shape (n_means * n_outputs,)."""
        return np.ravel(np.einsum("mf,mo->fo", shares, self.stages.last.bias))
