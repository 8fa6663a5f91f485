"""The coach of one network in training: it asks policies and carries out their decisions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import inf
from typing import final

import numpy as np

from madaline._neural_network.decisions import (
    BestKept,
    BestRestored,
    CoachDecision,
    Restarted,
    UnitsAdded,
    WeightDecayRaised,
)
from madaline._neural_network.parameters import (
    Parameters,
    from_population,
    initial_parameters,
    to_population,
)
from madaline._neural_network.policies import (
    OverfittingPolicy,
    OverfittingState,
    RatePolicy,
    StagnationPolicy,
)
from madaline.nn._surgery import hidden_layers, widen
from madaline.nn.arrays import Array, Rng
from madaline.nn.layers import Activation
from madaline.nn.losses import Loss
from madaline.records.history import Epoch


@dataclass(frozen=True)
class _Checkpoint:
    """Parameters at the losses that they had."""

    loss: float  # on the rows of training
    judged: float  # on the rows held out; of training, if none are
    parameters: Parameters


class Coach:
    """Keeps the best of a single network's training, and changes the network where that helps.

    The best is judged on the rows held out, if there are some. It expects plain gradient descent,
    whose optimizer has no memory.
    """

    def __init__(
        self,
        parameters: Parameters,
        activation: Activation,
        rng: Rng,
        learning_rate: float,
        *,
        baseline: float,  # loss of the best constant: a loss above a fifth of it is a weak fit,
        floor: float,  # one below a hundredth is good enough, counted from the smallest possible
    ) -> None:
        span = baseline - floor
        self._parameters, self._activation, self._rng = parameters, activation, rng
        self._rate_policy = RatePolicy(floor=floor, enough=floor + 0.01 * span)
        self._stagnation_policy = StagnationPolicy(
            weak=floor + 0.2 * span,
            floor=floor,
            remedies=(UnitsAdded, Restarted) if parameters.hidden_size else (Restarted,),
        )
        self._rate = self._rate_policy.start(learning_rate)
        self._stagnation = self._stagnation_policy.start()
        self._overfitting_policy, self._overfitting = OverfittingPolicy(), OverfittingState()
        self._best = self._checkpoint()  # of this attempt, on the rows of training
        self._best_of_all = self._best

    @property
    def learning_rate(self) -> float:
        """The rate for the next step."""
        return self._rate.learning_rate

    @property
    def weight_decay(self) -> float:
        """The share of each weight that a step takes away, divided by the learning rate."""
        return self._overfitting.weight_decay

    def advise(self, now: Epoch) -> CoachDecision | None:
        """Look at one more epoch, and change the network if that helps."""
        self._note(now)
        decision = self._on_overfitting(now) or self._on_stagnation_or_rate(now)
        match decision:
            case BestRestored():
                self._restore(self._best)
            case UnitsAdded():
                self._add_units()
            case WeightDecayRaised():
                self._begin_with_other_weight_decay()
            case Restarted():
                self._restart()
            case BestKept():
                self._best = self._best_of_all
                self._rate = self._rate_policy.resume(self._rate, self._best.loss)
                self._restore(self._best)
        return decision

    def keep_best(self, now: Epoch) -> None:
        """Put the best of all attempts in place, given the losses of the network as it is now."""
        self._note(now)
        self._restore(self._best_of_all)

    def _on_overfitting(self, now: Epoch) -> CoachDecision | None:
        if now.validation_loss is None:
            return None
        self._overfitting, decision = self._overfitting_policy.watch(self._overfitting, now)
        return decision

    def _on_stagnation_or_rate(self, now: Epoch) -> CoachDecision | None:
        self._rate, on_rate = self._rate_policy.watch(self._rate, now.loss, epoch=now.epoch)
        self._stagnation, on_stagnation = self._stagnation_policy.watch(
            self._stagnation, self._rate.best_loss, epoch=now.epoch
        )
        return on_stagnation or on_rate

    def _note(self, now: Epoch) -> None:
        judged = now.loss if now.validation_loss is None else now.validation_loss
        if now.loss < self._best.loss:
            self._best = self._checkpoint(now.loss, judged)
        if judged < self._best_of_all.judged:
            self._best_of_all = self._checkpoint(now.loss, judged)

    def _checkpoint(self, loss: float = np.inf, judged: float = np.inf) -> _Checkpoint:
        return _Checkpoint(loss, judged, self._parameters.copy())

    def _restore(self, best: _Checkpoint) -> None:
        self._parameters.replace_by(best.parameters.copy())

    def _add_units(self) -> None:
        """Add a unit to every hidden layer of the best network."""
        best = self._best.parameters
        self._parameters.replace_by(_with_one_more_unit(best, self._activation, self._rng))
        self._best = self._checkpoint(self._best.loss, self._best.judged)

    def _begin_with_other_weight_decay(self) -> None:
        """Forget the losses without it, which were lower; more units are no remedy any more."""
        self._best = self._checkpoint()
        self._rate = self._rate_policy.start(self.learning_rate)
        self._stagnation = replace(self._stagnation, finished=True)

    def _restart(self) -> None:
        """Draw new weights; only `_best_of_all` remembers the old ones."""
        weights = self._parameters.weights
        sizes = [len(weights[0]), *(weight.shape[1] for weight in weights)]
        self._parameters.replace_by(initial_parameters(sizes, self._rng))
        self._best = self._checkpoint()
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


@final
@dataclass(frozen=True, eq=False)
class Log:
    """Records what training does, and prints it on request.

    >>> log = Log([], [], start=0, every=2)
    >>> for epoch, loss in enumerate([0.5, 0.25], start=1):
    ...     log.note(Epoch(epoch, loss, learning_rate=0.1))
    epoch 2: loss 0.2500
    """

    history: list[Epoch]  # gets the epochs
    decisions: list[CoachDecision]  # gets the decisions
    start: int  # epochs of earlier training
    # prints the loss every so many epochs, and all decisions; by default nothing
    every: int | None = None

    def note(self, epoch: Epoch) -> None:
        """Record an epoch."""
        self.history.append(epoch)
        if self.every and (epoch.epoch - self.start) % self.every == 0:
            other = epoch.validation_loss
            held_out = "" if other is None else f", on held-out rows {other:.4f}"
            print(f"epoch {epoch.epoch}: loss {epoch.loss:.4f}{held_out}")

    def decide(self, decision: CoachDecision | None, now: Epoch) -> None:
        """Record a decision, if there is one; it tells the outcome of earlier ones.

        That of a decision on the rows held out takes longer to see: until the next of its kind.
        """
        if decision is not None:
            self.conclude(now, held_out_too=decision.on_held_out_rows)
            self.decisions.append(decision)

    def conclude(self, now: Epoch, *, held_out_too: bool = True) -> None:
        """Add their outcome to the decisions that have none yet."""
        for index, decision in enumerate(self.decisions):
            if decision.loss_after is None and (held_out_too or not decision.on_held_out_rows):
                outcome = self._outcome(decision, now)
                self.decisions[index] = outcome
                if self.every:
                    print(f"epoch {outcome.epoch}: {outcome.sentence}")

    def _outcome(self, decision: CoachDecision, now: Epoch) -> CoachDecision:
        """Return the decision with the loss before and after it, on held-out rows the lowest."""
        if not decision.on_held_out_rows:
            before = self.history[decision.epoch - 1].loss
            return replace(decision, loss_before=before, loss_after=now.loss)
        seen = (*self.history, now)
        earlier, later = seen[self.start : decision.epoch], seen[decision.epoch :]
        return replace(decision, loss_before=_lowest(earlier), loss_after=_lowest(later))


def _lowest(epochs: Iterable[Epoch]) -> float:
    losses = (epoch.validation_loss for epoch in epochs)
    return min((loss for loss in losses if loss is not None), default=inf)


def _with_one_more_unit(parameters: Parameters, activation: Activation, rng: Rng) -> Parameters:
    """Return a network with another unit in each hidden layer that predicts the same."""
    network, population = to_population(parameters, activation)
    for layer in hidden_layers(network):
        network, population = widen(network, population, layer, 1, rng)
    return from_population(network, population)
