"""The coach of one network in training: it asks policies and carries out their decisions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.neural_network.decisions import (
    BestKept,
    BestRestored,
    CoachDecision,
    Restarted,
    UnitsAdded,
)
from madaline.neural_network.learning_rate import LearningRatePolicy
from madaline.neural_network.parameters import Parameters, initial_parameters
from madaline.neural_network.stagnation import StagnationPolicy
from madaline.neural_network.surgery import with_one_more_unit
from madaline.nn.arrays import Array, Rng
from madaline.nn.layers.activation import Activation
from madaline.nn.losses import Loss


@dataclass(frozen=True)
class Checkpoint:
    """Parameters at the loss that they had."""

    loss: float
    parameters: Parameters


class Coach:
    """Keeps the best of a single network's training, and gets it going again when it is stuck.

    It expects plain gradient descent, whose optimizer has no memory.

    Parameters
    ----------
    parameters : Parameters
        Those of the network, which the coach changes.
    activation : Activation
        Activation of the hidden units.
    rng : numpy.random.Generator
        Source of the weights of new units.
    learning_rate : float
        Rate to begin with.
    baseline : float
        Loss of the best constant prediction. A loss above a fifth of it is a weak fit, one below a
        hundredth is good enough.
    floor : float
        Smallest possible loss, from which these shares are counted.
    """

    def __init__(
        self,
        parameters: Parameters,
        activation: Activation,
        rng: Rng,
        learning_rate: float,
        *,
        baseline: float,
        floor: float,
    ) -> None:
        span = baseline - floor
        self._parameters, self._activation, self._rng = parameters, activation, rng
        self._rate_policy = LearningRatePolicy(floor=floor, enough=floor + 0.01 * span)
        self._stagnation_policy = StagnationPolicy(
            weak=floor + 0.2 * span,
            floor=floor,
            remedies=(UnitsAdded, Restarted) if parameters.hidden_size else (Restarted,),
        )
        self._rate = self._rate_policy.start(learning_rate)
        self._stagnation = self._stagnation_policy.start()
        self._best = self._checkpoint(np.inf)  # of this attempt
        self._best_of_all = self._best

    @property
    def learning_rate(self) -> float:
        """The rate for the next step."""
        return self._rate.learning_rate

    def advise(self, loss: float, epoch: int) -> CoachDecision | None:
        """Look at the loss of one more epoch, and change the network if that helps.

        Parameters
        ----------
        loss : float
            Loss of the network as it is now.
        epoch : int
            Number of the epoch.

        Returns
        -------
        CoachDecision or None
            What was decided, most often nothing.
        """
        self._note(loss)
        self._rate, on_rate = self._rate_policy.watch(self._rate, loss, epoch=epoch)
        self._stagnation, on_stagnation = self._stagnation_policy.watch(
            self._stagnation, self._rate.best_loss, epoch=epoch
        )
        decision = on_stagnation or on_rate
        match decision:
            case BestRestored():
                self._restore(self._best)
            case UnitsAdded():
                self._add_units()
            case Restarted():
                self._restart()
            case BestKept():
                self._best = self._best_of_all
                self._rate = self._rate_policy.resume(self._rate, self._best.loss)
                self._restore(self._best)
        return decision

    def keep_best(self, loss: float) -> None:
        """Put the best of all attempts in place, given the loss of the network as it is now."""
        self._note(loss)
        self._restore(self._best_of_all)

    def _note(self, loss: float) -> None:
        if loss < self._best.loss:
            self._best = self._checkpoint(loss)
        if self._best.loss < self._best_of_all.loss:
            self._best_of_all = self._best

    def _checkpoint(self, loss: float) -> Checkpoint:
        return Checkpoint(loss, self._parameters.copy())

    def _restore(self, best: Checkpoint) -> None:
        self._parameters.replace_by(best.parameters.copy())

    def _add_units(self) -> None:
        """Add a unit to every hidden layer of the best network."""
        best = self._best.parameters
        self._parameters.replace_by(with_one_more_unit(best, self._activation, self._rng))
        self._best = self._checkpoint(self._best.loss)

    def _restart(self) -> None:
        """Draw new weights; only `_best_of_all` remembers the old ones."""
        weights = self._parameters.weights
        sizes = [len(weights[0]), *(weight.shape[1] for weight in weights)]
        self._parameters.replace_by(initial_parameters(sizes, self._rng))
        self._best = self._checkpoint(np.inf)
        self._rate = self._rate_policy.start(self.learning_rate)


def baseline_loss(loss: Loss, target: Array) -> float:
    """Return the mean loss of the best constant prediction."""
    constant = np.broadcast_to(loss.initial_output(target), target.shape)
    return float(loss.mean(constant, target))


def smallest_loss(loss: Loss, target: Array) -> float:
    """Return the mean loss of a network that predicts the best for each row."""
    rows, counts = np.unique(target, axis=0, return_counts=True)
    best = np.array([loss.initial_output(row[None]) for row in rows])
    return float(loss.mean(best, rows, counts))
