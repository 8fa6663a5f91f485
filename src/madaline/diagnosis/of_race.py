"""What a race leaves behind for the diagnosis: how its networks fit, and how their units are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.diagnosis.units import LayerHealth, examine
from madaline.nn.arrays import Array
from madaline.nn.network import Network
from madaline.race.ensemble import Ensemble
from madaline.race.race import Race

BLOCK = 2**14
"""Rows whose features are copied at a time, at most."""

OUTPUTS = 2**20
"""Outputs that there may be of them."""

EXAMINED_ROWS = 512
"""Rows on which the units of a network are looked at, at most."""


@dataclass(frozen=True, eq=False)
class Remains:
    """A race that is over, and its best ensemble (final).

    Parameters
    ----------
    race : Race
        The race.
    ensemble : Ensemble
        What predicts, before it was pruned.
    """

    race: Race
    ensemble: Ensemble

    @property
    def unfinished(self) -> bool:
        """Whether the leading networks were at their best when their time was up."""
        best = self.race.state.best
        return best.epochs_trained(best.epoch) >= self.race.plan.epochs

    def seen_loss(self, temperature: float, weight: Array | None) -> float:
        """Return the mean loss of the ensemble on rows that its networks learned from.

        Parameters
        ----------
        temperature : float
            What raw outputs are divided by.
        weight : ndarray of shape (n_samples,), optional
            How much each row counts.
        """
        losses, weights = [], []
        block = max(1, min(BLOCK, OUTPUTS // self.race.examples.n_outputs))
        for fold in range(self.race.examples.rows.n_folds):
            seen = self.race.examples.rows.seen(fold)
            for start in range(0, len(seen), block):
                rows = seen[start : start + block]
                losses.append(self._losses(fold, rows, temperature))
                weights.append(np.ones(len(rows)) if weight is None else weight[rows])
        return float(np.average(np.concatenate(losses), weights=np.concatenate(weights)))

    def _losses(self, fold: int, rows: Array, temperature: float) -> Array:
        """Return the loss of the ensemble of a fold's networks on some rows, in float64."""
        examples = self.race.examples
        output = np.zeros((len(rows), examples.n_outputs))
        for one in self.ensemble.members:
            x = examples.encoded(one.n_bins, fold, rows)
            output += one.weight * one.network.predict(one.theta[fold], x)
        return examples.loss.rows(output / temperature, examples.target[rows]).astype(np.float64)

    def healths(self) -> list[list[LayerHealth]]:
        """Return how the layers are of each network of the ensemble, those of the usual depth."""
        healths = [
            self._examine(one.network, one.n_bins, fold, theta)
            for one in sorted(self.ensemble.members, key=lambda one: -one.weight)
            for fold, theta in enumerate(one.theta)
        ]
        return [layers for layers in healths if len(layers) == len(healths[0])]

    def raced(self) -> list[list[LayerHealth]]:
        """Return how the layers of the first fold's network of each recipe are."""
        return [
            self._examine(one.network, one.recipe.n_bins, 0, one.theta[0])
            for one in self.race.candidates.values()
            if one.epoch and not one.snapshot
        ]

    def _examine(self, network: Network, n_bins: int, fold: int, theta: Array) -> list[LayerHealth]:
        examples = self.race.examples
        places = examples.rows.training(fold)
        places = places[:: -(-len(places) // EXAMINED_ROWS)]
        return examine(network, theta, examples.encoded(n_bins, fold, places))
