"""The coach of one network in training: it asks policies and carries out their decisions."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from madaline.neural_network.core import Core
from madaline.neural_network.decisions import (
    BestKept,
    BestRestored,
    CoachDecision,
    Restarted,
    UnitsAdded,
)
from madaline.neural_network.learning_rate import LearningRatePolicy
from madaline.neural_network.stagnation import StagnationPolicy
from madaline.nn.arrays import Array, Rng
from madaline.nn.network import Network
from madaline.nn.population import Population
from madaline.nn.surgery import hidden_layers, widen


@dataclass(frozen=True)
class Checkpoint:
    """A network with its parameters at the loss that they had."""

    loss: float
    network: Network
    population: Population


class Coach:
    """Keeps the best of a single network's training, and gets it going again when it is stuck.

    It expects plain gradient descent, whose optimizer remembers nothing.

    Parameters
    ----------
    learning_rate : float
        Rate to begin with.
    baseline : float
        Loss of the best constant prediction. A loss above a fifth of it is a weak fit, one below a
        hundredth is good enough.
    floor : float
        Smallest possible loss, from which these shares are counted.
    growing : bool
        Whether there are hidden layers that can get more units.
    rng : numpy.random.Generator
        Source of the weights of new units and new starts.
    """

    def __init__(
        self, learning_rate: float, *, baseline: float, floor: float, growing: bool, rng: Rng
    ) -> None:
        span = baseline - floor
        self._speed = LearningRatePolicy(floor=floor, enough=floor + 0.01 * span)
        self._stagnation = StagnationPolicy(
            weak=floor + 0.2 * span,
            floor=floor,
            remedies=(UnitsAdded, Restarted) if growing else (Restarted,),
        )
        self._speed_state = self._speed.start(learning_rate)
        self._stagnation_state = self._stagnation.start()
        self._rng = rng
        self._best: Checkpoint | None = None  # of this attempt
        self._best_of_all: Checkpoint | None = None

    @classmethod
    def of(cls, core: Core, target: Array, learning_rate: float) -> Coach:
        """Return the coach of a network that learns these targets."""
        return cls(
            learning_rate,
            baseline=core.baseline(target),
            floor=core.smallest_loss(target),
            growing=bool(core.arrays("bias")[:-1]),
            rng=core.rng,
        )

    @property
    def learning_rate(self) -> float:
        """The rate for the next step."""
        return self._speed_state.learning_rate

    def advise(
        self, network: Network, population: Population, loss: float, epoch: int
    ) -> tuple[Network, Population, CoachDecision | None]:
        """Judge the loss of one more epoch and return what to go on with.

        Parameters
        ----------
        network : Network
            The layers.
        population : Population
            Their parameters, as they were when `loss` was measured.
        loss : float
            Loss of this epoch.
        epoch : int
            Its number.

        Returns
        -------
        network : Network
            The layers to go on with.
        population : Population
            The parameters to go on with: the same object, if nothing was changed.
        decision : CoachDecision or None
            What was decided, most often nothing.
        """
        self._note(network, population, loss)
        self._speed_state, speed = self._speed.watch(self._speed_state, loss, epoch=epoch)
        self._stagnation_state, stagnation = self._stagnation.watch(
            self._stagnation_state, self._speed_state.best_loss, epoch=epoch
        )
        decision = stagnation or speed
        if decision is not None:
            network, population = self._carry_out(decision, network, population)
        return network, population, decision

    def best(
        self, network: Network, population: Population, loss: float
    ) -> tuple[Network, Population]:
        """Return the best of all, the last one included."""
        self._note(network, population, loss)
        best = self._best_of_all
        return (best.network, best.population) if best else (network, population)

    def _note(self, network: Network, population: Population, loss: float) -> None:
        if loss < (self._best.loss if self._best else inf):
            self._best = Checkpoint(loss, network, population.snapshot())
        if self._best and (self._best_of_all is None or self._best.loss < self._best_of_all.loss):
            self._best_of_all = self._best

    def _carry_out(
        self, decision: CoachDecision, network: Network, population: Population
    ) -> tuple[Network, Population]:
        match decision:
            case BestRestored():
                return self._back_to(self._best, network, population)
            case UnitsAdded():
                return self._grown(*self._back_to(self._best, network, population))
            case Restarted():
                return self._restarted(network, population)
            case BestKept():
                return self._settled(network, population)
        return network, population

    def _back_to(
        self, checkpoint: Checkpoint | None, network: Network, population: Population
    ) -> tuple[Network, Population]:
        if checkpoint is None:
            return network, population
        return checkpoint.network, checkpoint.population.snapshot()

    def _grown(self, network: Network, population: Population) -> tuple[Network, Population]:
        """Add a unit to every hidden layer."""
        for layer in hidden_layers(network):
            network, population = widen(network, population, layer, 1, self._rng)
        if self._best is not None:
            self._best = Checkpoint(self._best.loss, network, population.snapshot())
        return network, population

    def _restarted(self, network: Network, population: Population) -> tuple[Network, Population]:
        self._best = None
        self._speed_state = self._speed.start(self.learning_rate)
        return network, network.initialize(population.axes, self._rng, dtype=population.theta.dtype)

    def _settled(self, network: Network, population: Population) -> tuple[Network, Population]:
        """Go on with the best of all attempts."""
        best = self._best_of_all
        if best is not None:
            self._best = best
            self._speed_state = self._speed.resume(self._speed_state, best.loss)
        return self._back_to(best, network, population)
