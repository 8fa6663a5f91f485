"""A network whose losses are made up, to see what its coach makes of them."""

from __future__ import annotations

import numpy as np

from madaline import NeuralNetwork
from madaline._apps.neural_network.coach import Coach, LossRange
from madaline._apps.neural_network.descent import Descent, Momentum
from madaline.nn.layers import Sigmoid
from madaline.nn.losses import Squared
from madaline.records.history import Epoch


class Coached:
    """A network whose losses are made up, and its coach."""

    def __init__(self, sizes=(1, 2, 1), floor=0.0) -> None:
        first, *hidden, last = sizes
        self.network = NeuralNetwork(first, hidden, last, loss=Squared(), random_state=1)
        self.history: list[Epoch] = []
        self.decisions = []
        self.descent = Descent(self.network._parameters, lambda: Momentum(0.9), 0.1, 0.0)
        self.coach = Coach(
            self.descent,
            Sigmoid(),
            np.random.default_rng(2),
            history=self.history,
            decisions=self.decisions,
            losses=LossRange(floor, floor + 1.0),
        )

    def see(self, losses, held_out=None) -> list[str]:
        """Show some epochs to the coach; return what it decided in them."""
        known = len(self.decisions)
        others = [None] * len(losses) if held_out is None else held_out
        for loss, other in zip(losses, others, strict=True):
            if self.coach.finished:
                break
            now = Epoch(len(self.history) + 1, loss, self.descent.learning_rate, other)
            self.coach.look(now)
            self.history.append(now)
        return [decision.action for decision in self.decisions[known:]]
