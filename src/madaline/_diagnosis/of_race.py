"""What the diagnosis needs of a race: the training loss and the layers of its networks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline._diagnosis.units import LayerHealth, examine
from madaline._race.ensemble import Ensemble
from madaline._race.race import Race
from madaline.nn.arrays import Array
from madaline.nn.network import Network

BLOCK = 2**14
"""Rows whose features are copied at a time, at most."""

OUTPUTS = 2**20
"""Outputs of a block, at most."""

EXAMINED_ROWS = 512
"""Rows on which the units of a network are examined, at most."""


@dataclass(frozen=True, eq=False)
class FinishedRace:
    """A race that is over, and its best ensemble (final).

    Parameters
    ----------
    race : Race
        The race.
    ensemble : Ensemble
        What predicts, before pruning.
    """

    race: Race
    ensemble: Ensemble

    @property
    def unfinished(self) -> bool:
        """Whether the leading networks were at their best in the last epoch."""
        best = self.race.state.best
        return best.epochs_trained(best.epoch) >= self.race.plan.epochs

    def training_loss(self, temperature: float | Array, weight: Array | None) -> float:
        """Return the mean loss of the ensemble on the training rows of each fold.

        Parameters
        ----------
        temperature : float or ndarray of shape (n_outputs,)
            Divisor of raw outputs.
        weight : ndarray of shape (n_samples,), optional
            Weight of each row.
        """
        dataset = self.race.dataset
        losses, weights = [], []
        block = max(1, min(BLOCK, OUTPUTS // dataset.n_outputs))
        for fold in range(dataset.rows.n_folds):
            training = dataset.rows.training_sample(fold)
            for start in range(0, len(training), block):
                rows = training[start : start + block]
                output = np.zeros((len(rows), dataset.n_outputs))
                for member in self.ensemble.members:
                    x = dataset.encoded(member.n_bins, fold, rows)
                    output += member.weight * member.network.predict(member.theta[fold], x)
                loss = dataset.loss.rows(output / temperature, dataset.target[rows])
                losses.append(loss.astype(np.float64))
                weights.append(np.ones(len(rows)) if weight is None else weight[rows])
        return float(np.average(np.concatenate(losses), weights=np.concatenate(weights)))

    def layers_of_ensemble(self) -> list[list[LayerHealth]]:
        """Return the layers of the ensemble's networks that have as many as the first member."""
        networks = [
            self._examine(member.network, member.n_bins, fold, theta)
            for member in sorted(self.ensemble.members, key=lambda member: -member.weight)
            for fold, theta in enumerate(member.theta)
        ]
        return [layers for layers in networks if len(layers) == len(networks[0])]

    def layers_of_recipes(self) -> list[list[LayerHealth]]:
        """Return the layers of the first fold's network of each recipe."""
        return [
            self._examine(candidate.network, candidate.recipe.n_bins, 0, candidate.theta[0])
            for candidate in self.race.candidates.values()
            if candidate.epoch and not candidate.snapshot
        ]

    def _examine(self, network: Network, n_bins: int, fold: int, theta: Array) -> list[LayerHealth]:
        dataset = self.race.dataset
        rows = dataset.rows.training(fold)
        rows = rows[:: -(-len(rows) // EXAMINED_ROWS)]
        return examine(network, theta, dataset.encoded(n_bins, fold, rows))
