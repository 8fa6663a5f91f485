"""The ensemble is what predicts: some recipes of the race, each with its networks and a weight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from madaline._data.io.spill import Rows, spill_to_disk
from madaline._engine.blas import one_threaded_products
from madaline._evaluation.score import FoldOutputs
from madaline._race.dataset import Dataset
from madaline._race.ensemble_weights import weighted_mean
from madaline._race.state import Candidate, empty
from madaline.nn.arrays import Array
from madaline.nn.network import Network
from madaline.nn.optimizers import Bounds
from madaline.nn.surgery import hidden_layers, units_of

AVERAGED_ROWS = 2000
"""Rows that the networks of all folds predict, at most: evenly spread over the evaluated."""

CHUNK = 512
"""Rows that are predicted at a time: copies of them need memory where columns are many."""


@dataclass(frozen=True, eq=False)
class EnsembleMember:
    """One recipe of an ensemble, with a network for each fold (final).

    Parameters
    ----------
    key : str
        Identifies it in the race (`Candidate.key`).
    recipe_id : str
        Its recipe.
    name : str
        The recipe's name, for people.
    n_bins : int
        The encoding of its input.
    network : Network
        The layers.
    theta : ndarray of shape (folds, parameters)
        The parameters.
    output : Rows of shape (n_samples, n_outputs)
        The out-of-fold raw outputs, in the order of the dataset.
    weight : float
        Its weight in the mean.
    bounds : Bounds, optional
        What the parameters may not cross, of the shape of `theta`; set when units are pruned.
    """

    key: str
    recipe_id: str
    name: str
    n_bins: int
    network: Network
    theta: Array
    output: Rows
    weight: float
    bounds: Bounds | None = None

    @property
    def units(self) -> tuple[int, ...]:
        """Units of each hidden layer."""
        return tuple(units_of(self.network, layer) for layer in hidden_layers(self.network))

    @property
    def row_multiply_adds(self) -> int:
        """Multiply-adds of predicting one row with the networks of all folds."""
        return len(self.theta) * self.network.multiply_adds()


@dataclass(frozen=True, eq=False)
class Ensemble:
    """A weighted mean of recipes (final).

    Parameters
    ----------
    members : tuple of EnsembleMember
        Recipes whose weights are positive and add up to one.
    mean_output : Rows of shape (n_samples, n_outputs), optional
        Its output, where those of the members are no longer kept.
    """

    members: tuple[EnsembleMember, ...]
    mean_output: Rows | None = None

    @classmethod
    def of(cls, candidates: Mapping[str, Candidate], weights: Mapping[str, float]) -> Ensemble:
        """Return the ensemble of some candidates of a race at their best epochs."""
        return cls(
            tuple(
                EnsembleMember(
                    key,
                    one.recipe_id,
                    one.name,
                    one.recipe.n_bins,
                    one.network,
                    one.theta,
                    one.output,
                    weights[key],
                )
                for key, one in candidates.items()
                if weights.get(key, 0.0) > 0
            )
        )

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each member, by its key."""
        return {one.key: one.weight for one in self.members}

    @property
    def row_multiply_adds(self) -> int:
        """Multiply-adds of predicting one row with all networks."""
        return sum(one.row_multiply_adds for one in self.members)

    @property
    def output(self) -> Array:
        """The out-of-fold raw output, shape (n_samples, n_outputs), in float64."""
        if self.mean_output is not None:
            return self.mean_output[:]
        outputs = [one.output for one in self.members]
        return weighted_mean(outputs, np.asarray([one.weight for one in self.members]))

    def of_rows(self, rows: slice) -> Ensemble:
        """Return the ensemble with outputs for some rows only."""
        return Ensemble(tuple(replace(one, output=one.output[rows]) for one in self.members))

    def without_member_outputs(self) -> Ensemble:
        """Return the ensemble with its own output, but without those of its members."""
        members = tuple(replace(one, output=empty()) for one in self.members)
        return Ensemble(members, spill_to_disk(self.output))

    def fold_outputs(self, dataset: Dataset, *, temperature: float | Array = 1.0) -> FoldOutputs:
        """Return the outputs of the networks of each fold for some of the evaluated rows.

        Parameters
        ----------
        dataset : Dataset
            The rows.
        temperature : float or ndarray of shape (n_outputs,), default=1
            What raw outputs are divided by.
        """
        of_folds = dataset.rows.spread(AVERAGED_ROWS)
        indices, folds = np.concatenate(of_folds), range(dataset.rows.n_folds)

        def predict(fold: int) -> Array:
            output = np.zeros((len(indices), dataset.n_outputs))
            for one in self.members:
                for start in range(0, len(indices), CHUNK):
                    rows = slice(start, start + CHUNK)
                    x = dataset.encoded(one.n_bins, fold, indices[rows])
                    output[rows] += one.weight * one.network.predict(one.theta[fold], x)
            return output / temperature

        with one_threaded_products():
            outputs = np.stack([predict(fold) for fold in folds])
        return FoldOutputs(
            outputs,
            np.repeat(folds, [len(own) for own in of_folds]),
            dataset.target[indices],
            dataset.prior_output()[indices],
            dataset.weights(indices),
        )
