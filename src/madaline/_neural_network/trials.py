"""A trial begins each of its attempts at the same state of training, and ends at the best one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from madaline._neural_network.decisions import Trial
from madaline._neural_network.optimizers import StepRule
from madaline._neural_network.parameters import Parameters
from madaline.records.history import Epoch


@final
@dataclass(frozen=True, eq=False)
class State:
    """Where training is, to come back to."""

    loss: float  # at the start of an epoch, on training rows, or on rows held out
    epoch: Epoch
    weights: Parameters
    rule: StepRule
    learning_rate: float
    weight_decay: float


@final
@dataclass(eq=False)
class Attempts:
    """A change on trial."""

    decision: Trial
    start: State  # where each attempt begins
    best: State  # the end of the best attempt, or of the epochs without a change
    gain: float  # by which the loss of an attempt has to be lower
    limit: float  # of the loss on training rows; it diverges above
    began: int = 0  # the epoch in which the present attempt began
