"""What one epoch of a single network looked like, in numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Epoch:
    """One epoch of training: the losses at its start, and the learning rate in force then (final).

    Parameters
    ----------
    epoch : int
        Counted from one.
    loss : float
        On the rows that the network learns from.
    learning_rate : float
        Length of the step that followed.
    validation_loss : float, optional
        On the rows held out, if there are some.
    """

    epoch: int
    loss: float
    learning_rate: float
    validation_loss: float | None = None
