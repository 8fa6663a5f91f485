"""The networks of a stream: one for each way of forgetting, all in one population matrix.

A world that stands still wants small steps and a long memory, a world that changes large steps and
a short one. No setting suits both, so all of them learn side by side and are weighed by how well
they predict at the time. Each pair comes twice: with the latest labels among its inputs, and
without.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, final

import numpy as np

from madaline.nn.arrays import Array, Workspace
from madaline.nn.initializers import lecun_normal, zeros
from madaline.nn.layers import Linear, SiLU
from madaline.nn.losses import Loss
from madaline.nn.network import Network, write_gradient
from madaline.nn.optimizers import Adam, StepSize
from madaline.nn.population import Population

_LEARNING_RATES = (0.002, 0.008, 0.03)
HORIZONS = (32, 512, 8192)  # from how many latest rows a member draws those it learns again
AVERAGED = 30  # over about so many steps the members of the longest memory average their weights
_UNITS = 16  # hidden units of each network
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

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy holds: not the views of `theta`, which would become other arrays."""
        names = ("scales", "_rng", "_optimizer", "population", "_network")
        return {name: getattr(self, name) for name in names}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Be such a copy, with views of its own `theta`."""
        vars(self).update(state)
        self._bind(self._network)

    def outputs(self, x: Array, seen: Array) -> Array:
        """Return the raw outputs of all members, (members, n_samples, n_outputs).

        Of `x`, (n_samples, n_inputs), each member sees what is 1 in `seen`, (members, 1, n_inputs).
        """
        workspace, outputs = Workspace(), []
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

    def widen(self, positions: Array, n_inputs: int, n_outputs: int) -> None:
        """Make room for more inputs and outputs; old inputs move to `positions`.

        What the networks predict does not change: weights of new inputs meet zeros so far, and a
        new output starts with no weights.
        """
        network = _network(n_inputs, n_outputs)
        before, wider = self.population, network.initialize((len(self.scales),), self._rng)
        self._start(wider)
        wider.columns["steps"][:] = before.columns["steps"]
        for name, matrix in {"theta": before.theta, **before.memory}.items():
            new = network.layout.views(wider.theta if name == "theta" else wider.memory[name])
            old = before.layout.views(matrix)
            outputs = old["2.bias"].shape[-1]
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

    def _start(self, population: Population) -> None:
        self._optimizer.start(population)
        population.memory["mean"] = population.theta.copy()

    def _average(self) -> None:
        """Take the present weights into the means that predict."""
        mean, steps = self.population.memory["mean"], self.population.columns["steps"]
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
