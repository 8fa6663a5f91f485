r"""The networks of a stream: one for each way of forgetting, all in one population matrix.

A world that stands still wants small steps and a long memory, a world that changes large steps and
a short one. No setting suits both, so all of them learn side by side and are weighed by how well
they predict at the time. Each pair comes twice: with the latest labels among its inputs, and
without.

For each pair of a rate :math:`\eta` and a memory :math:`\lambda`, an *aggregator* keeps the fading
sum of every member's losses, :math:`L_i \leftarrow \lambda L_i + \ell_i`, and weighs the members by
:math:`e^{-\eta L_i}`, with a small equal share for all of them so that none is ever out (fixed
share). Which pair is right changes, too. So the aggregators, and the plain mean of all members, are
weighed in the same manner.

Herbster and Warmuth (1998), "Tracking the best expert".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, final

import numpy as np

from madaline._base.language import _
from madaline.nn.arrays import Array, Workspace
from madaline.nn.initializers import lecun_normal, zeros
from madaline.nn.layers import Linear, SiLU
from madaline.nn.losses import Loss
from madaline.nn.network import Network, write_gradient
from madaline.nn.optimizers import Adam, StepSize
from madaline.nn.population import Population
from madaline.records.model_decisions import LeadChanged
from madaline.records.reading import DECISION

# Figures are shares of log losses of eleven or twelve streams (benchmarks/experiments/streams.md).
_LEARNING_RATES = (0.002, 0.008, 0.03)  # .918; two of them, .002 and .016: .938
# From how many latest rows a member draws those it learns again; without 512: .931
HORIZONS = (32, 512, 8192)
# Over about so many steps the members of the longest memory average their weights: .986
AVERAGED = 30
_UNITS = 16  # hidden units; 32 take longer, and are better on one stream of five (.64, not .70)
_CHUNK = 32  # rows that are predicted at a time, so that activations stay in the processor's cache


@dataclass(frozen=True, eq=False)
class TimeScales:
    """Settings of each member."""

    learning_rates: Array  # (members, 1): length of a step
    horizons: Array  # (members, 1): from how many of the latest rows it learns again
    n_without: int  # the first so many do not see the latest labels

    @classmethod
    def all(cls) -> TimeScales:
        """Return the settings of the whole population."""
        pairs = [*product(_LEARNING_RATES, HORIZONS)] * 2
        rates = np.array([[rate] for rate, _ in pairs], np.float32)
        return cls(rates, np.array([[rows] for _, rows in pairs]), len(pairs) // 2)

    @property
    def without_quarters(self) -> Array:
        """Which members do not see the quarters of numbers: those of the smallest steps."""
        return np.flatnonzero(self.learning_rates[:, 0] == np.float32(min(_LEARNING_RATES)))

    @cached_property
    def shares(self) -> Array:
        """Share of the present weights in the mean that predicts, float32 (members, 1)."""
        return np.where(self.horizons == max(HORIZONS), 1 / AVERAGED, 1.0).astype(np.float32)

    def __len__(self) -> int:
        return len(self.horizons)


@final
class OnlineNetworks:
    """Networks of one hidden layer that differ in their time scale.

    Those of a long memory predict with the fading mean of their weights, which large steps shake
    less (Polyak and Juditsky, 1992).
    """

    def __init__(
        self, scales: TimeScales, n_inputs: int, n_outputs: int, rng: np.random.Generator
    ) -> None:
        self.scales = scales
        self._rng = rng
        self._optimizer = Adam()
        network = _network(n_inputs, n_outputs)
        self.population = network.initialize((len(scales),), rng)
        self._start(self.population)
        self._bind(network)

    def outputs(self, x: Array, seen: Array) -> Array:
        """Return the raw outputs of all members, (members, n_samples, n_outputs).

        Of `x`, (n_samples, n_inputs), each member sees what is 1 in `seen`, (members, 1, n_inputs).
        """
        workspace = Workspace()
        outputs = []
        for start in range(0, max(1, len(x)), _CHUNK):
            workspace.rewind()
            each = x[start : start + _CHUNK] * seen  # (members, rows, n_inputs)
            output, _ = self._network.forward(self._means, each, workspace=workspace)
            outputs.append(output.copy())
        return np.concatenate(outputs, axis=1)

    def step(self, x: Array, target: Array, weight: Array, loss: Loss, seen: Array) -> None:
        """Let every member take a step on its batch, (members, batch, ...); `x` is changed."""
        x *= seen
        self._workspace.rewind()
        write_gradient(
            self._network,
            loss,
            self._parameters,
            self._gradients,
            x,
            target,
            weight,
            workspace=self._workspace,
        )
        size = StepSize(self.scales.learning_rates)
        self._optimizer.step(self.population, self._gradient, size, workspace=self._workspace)
        self._average()

    def widen(self, positions: Array, n_inputs: int, n_outputs: int, *, zero: bool = False) -> None:
        """Make room for more inputs and outputs; old inputs move to `positions`.

        What the networks predict does not change: weights of new inputs meet zeros so far, or are
        `zero` themselves, and a new output starts with no weights.
        """
        network = _network(n_inputs, n_outputs)
        before, wider = self.population, network.initialize((len(self.scales),), self._rng)
        self._start(wider)
        wider.columns["steps"][:] = before.columns["steps"]
        for name, matrix in {"theta": before.theta, **before.memory}.items():
            new = network.layout.views(wider.theta if name == "theta" else wider.memory[name])
            old = before.layout.views(matrix)
            outputs = old["2.bias"].shape[-1]
            if zero:
                new["0.weight"][:] = 0
            new["0.weight"][:, positions] = old["0.weight"]
            new["0.bias"][:] = old["0.bias"]
            new["2.weight"][..., :outputs] = old["2.weight"]
            new["2.bias"][..., :outputs] = old["2.bias"]
        self.population = wider
        self._bind(network)

    def rescale_outputs(self, factor: float, shift: float) -> None:
        """Let every member predict ``factor * output + shift`` from now on."""
        for matrix in (self.population.theta, self.population.memory["mean"]):
            views = self.population.layout.views(matrix)
            views["2.weight"] *= np.float32(factor)
            views["2.bias"] *= np.float32(factor)
            views["2.bias"] += np.float32(shift)

    def take_up(self, theta: Array) -> None:
        """Go on from other weights, those of means that predict."""
        self.population.theta[...] = theta
        self.population.memory["mean"][...] = theta
        self.population.memory["slopes"][...] = 0

    def _start(self, population: Population) -> None:
        self._optimizer.start(population)
        population.memory["mean"] = population.theta.copy()

    def _average(self) -> None:
        """Take the present weights into the means that predict."""
        mean = self.population.memory["mean"]
        steps = self.population.columns["steps"]
        share = np.maximum(self.scales.shares, 5 / (5 + steps))
        change = np.subtract(self.population.theta, mean, out=self._gradient)
        change *= share
        mean += change

    def _bind(self, network: Network) -> None:
        self._network = network
        self._gradient = np.empty_like(self.population.theta)
        self._parameters = network.bind(self.population.theta)
        self._gradients = network.bind(self._gradient)
        self._means = network.bind(self.population.memory["mean"])
        self._workspace = Workspace()


def _network(n_inputs: int, n_outputs: int) -> Network:
    hidden = Linear(n_inputs, _UNITS, lecun_normal, zeros)
    return Network((hidden, SiLU(), Linear(_UNITS, n_outputs, zeros, zeros)))


_RATES, _MEMORIES = np.array([*product((0.25, 1.0), (0.9, 0.98, 0.998, 1.0))]).T[:, :, None]
"""Those of the aggregators, each rate with each memory: both of shape (aggregators, 1)."""

_FINAL_MEMORY = 0.998  # memory of what weighs the aggregators
_EQUAL_SHARE = 0.01  # share of the weights that is the same for all
_MAX_DECISIONS = 100  # decisions that are kept; the oldest are let go
_LEADING_WEIGHT = 0.5  # share of the weight above which networks lead
_LEAD_MEMORY = 0.998  # how much of the mean weight is kept at each label: about 500 labels count


@final
class Weighting:
    """Weights of members that follow their losses."""

    def __init__(self, n_members: int) -> None:
        self.losses = np.zeros((len(_RATES), n_members))
        self.aggregator_losses = np.zeros(len(_RATES) + 1)
        self.weigh()

    def weigh(self) -> None:
        """Work out all weights from the losses."""
        members = self.losses.shape[1]
        self.aggregators = np.empty((len(self.aggregator_losses), members))
        self.aggregators[:-1] = _weights(_RATES * self.losses)
        self.aggregators[-1] = 1 / members  # the plain mean
        self.weights = _weights(self.aggregator_losses) @ self.aggregators  # (members,)

    def update(self, losses: Array, aggregator_losses: Array) -> None:
        """Take in losses of rows, (n_samples, members) and (n_samples, aggregators), in order."""
        if len(losses) == 1:
            self.losses *= _MEMORIES
            self.losses += losses
            self.aggregator_losses *= _FINAL_MEMORY
            self.aggregator_losses += aggregator_losses[0]
        else:
            age = np.arange(len(losses))[::-1]
            self.losses *= _MEMORIES ** len(losses)
            self.losses += _MEMORIES**age @ losses
            self.aggregator_losses *= _FINAL_MEMORY ** len(losses)
            self.aggregator_losses += _FINAL_MEMORY**age @ aggregator_losses
        self.weigh()

    def to_arrays(self) -> dict[str, Array]:
        """Return what is remembered."""
        return {"losses": self.losses, "aggregator_losses": self.aggregator_losses}


def _weights(losses: Array) -> Array:
    """Return weights of sum one along the last axis: the lower the loss, the higher."""
    weights = np.exp(losses.min(axis=-1, keepdims=True) - losses)
    weights *= (1 - _EQUAL_SHARE) / weights.sum(axis=-1, keepdims=True)
    weights += _EQUAL_SHARE / losses.shape[-1]
    return np.asarray(weights)


@final
class LeadTracker:
    """Decides which memory leads: whose networks have most of the weight, on average of late."""

    def __init__(self, horizons: Array) -> None:
        self.decisions: list[LeadChanged] = []
        self._horizons = np.unique(horizons)
        self._belongs = (self._horizons[:, None] == horizons[:, 0]).astype(float)
        self.means: Array | None = None

    def weights_by_horizon(self, weights: Array) -> dict[int, float]:
        """Return the weight of all networks of a memory, for each."""
        return dict(zip(self._horizons.tolist(), (self._belongs @ weights).tolist(), strict=True))

    def follow(self, weights: Array, row: int, n_new: int = 1) -> None:
        """Take in the weights of the members after a row, the last of some new ones."""
        present = self._belongs @ weights
        if self.means is None:
            self.means = present
        self.means = present + _LEAD_MEMORY**n_new * (self.means - present)
        best = int(self.means.argmax())
        rows = int(self._horizons[best])
        weight = float(self.means[best])
        before = self.decisions[-1].rows if self.decisions else 0
        if weight > _LEADING_WEIGHT and rows != before:
            subject = _("memory of {rows:,} rows").format(rows=rows)
            self.decisions.append(LeadChanged(row, subject, rows, weight, before))
            del self.decisions[:-_MAX_DECISIONS]

    def to_state(self) -> dict[str, Any]:
        """Return a JSON-able description."""
        means = None if self.means is None else self.means.tolist()
        return {"means": means, "decisions": [decision.to_json() for decision in self.decisions]}

    @classmethod
    def from_state(cls, horizons: Array, state: Mapping[str, Any]) -> LeadTracker:
        """Return what `to_state` described; a `ValueError` if it is something else."""
        leads = cls(horizons)
        for decision in map(DECISION.read, state["decisions"][-_MAX_DECISIONS:]):
            if not isinstance(decision, LeadChanged):
                raise ValueError("another decision")
            leads.decisions.append(decision)
        if state["means"] is not None:
            leads.means = np.array(state["means"], float)
            if leads.means.shape != leads._horizons.shape or not np.isfinite(leads.means).all():
                raise ValueError("other memories")
        return leads
