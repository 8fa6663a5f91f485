r"""What came lately is often what comes next: fading means of the labels are features, too.

For each share :math:`\lambda` in `MEMORIES`, :math:`h \leftarrow \lambda h + (1 - \lambda)\, t`
after every label :math:`t` (one-hot, or the scaled number). Some networks of the population see
them, others do not, as on a stream without any order they are noise.
"""

from __future__ import annotations

import numpy as np

from madaline.nn.arrays import Array

MEMORIES = np.array([0.5, 0.9, 0.99])[:, None]
"""What share of a mean is kept at each label: about the last 2, 10 and 100 labels."""


class LabelHistory:
    """Fading means of the labels that are known so far (final).

    Parameters
    ----------
    n_outputs : int
        How many numbers a label has.

    Examples
    --------
    >>> history = LabelHistory(1)
    >>> history.add(np.array([[1.0], [1.0]]))
    >>> history.features().round(3)
    array([0.75, 0.19, 0.02])
    """

    def __init__(self, n_outputs: int) -> None:
        self.means = np.zeros((len(MEMORIES), n_outputs))

    def features(self) -> Array:
        """Return the means side by side, shape (n_memories * n_outputs,)."""
        return self.means.ravel()

    def add(self, targets: Array) -> None:
        """Take in labels in their order, shape (n_samples, n_outputs)."""
        if len(targets) == 1:
            self.means *= MEMORIES
            self.means += (1 - MEMORIES) * targets
            return
        age = np.arange(len(targets))[::-1]
        self.means *= MEMORIES ** len(targets)
        self.means += (1 - MEMORIES) * MEMORIES**age @ targets
