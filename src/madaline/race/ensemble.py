"""The mix is what predicts: the recipes that count, each with its networks and its share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from madaline.data.io.row_file import Rows, put_away
from madaline.engine.blas import one_threaded_products
from madaline.evaluation.averaging import Committee
from madaline.nn.arrays import Array
from madaline.nn.network import Network
from madaline.nn.surgery import hidden_layers, units_of
from madaline.race.dataset import Examples
from madaline.race.ensemble_weights import combined
from madaline.race.state import Candidate, nothing

ASKED_ROWS = 2000
"""Rows about which the networks of all folds are asked, at most: evenly spread over the judged."""

CHUNK = 512
"""Rows that are asked about at a time: copies of them take room where columns are many."""


@dataclass(frozen=True, eq=False)
class Ingredient:
    """One recipe of a mix (final).

    Parameters
    ----------
    name : str
        The recipe's name.
    n_bins : int
        Which encoding its networks see.
    network : Network
        Their layers.
    theta : ndarray of shape (folds, parameters)
        Their parameters.
    output : Rows of shape (n_samples, n_outputs)
        Their out-of-fold raw outputs, in the order of the examples.
    share : float
        How much they count.
    """

    name: str
    n_bins: int
    network: Network
    theta: Array
    output: Rows
    share: float

    @property
    def units(self) -> tuple[int, ...]:
        """Units of each hidden layer."""
        return tuple(units_of(self.network, layer) for layer in hidden_layers(self.network))

    @property
    def row_multiply_adds(self) -> int:
        """Multiply-adds of predicting one row with the networks of all folds."""
        return len(self.theta) * self.network.multiply_adds()


@dataclass(frozen=True, eq=False)
class Mix:
    """A weighted mean of recipes (final).

    Parameters
    ----------
    ingredients : tuple of Ingredient
        Recipes whose shares are positive and add up to one.
    settled : Rows of shape (n_samples, n_outputs), optional
        Its output, where those of the ingredients are no longer kept.
    """

    ingredients: tuple[Ingredient, ...]
    settled: Rows | None = None

    @classmethod
    def of(cls, candidates: Mapping[str, Candidate], shares: Mapping[str, float]) -> Mix:
        """Return the mix of some candidates of a race at their best epochs."""
        return cls(
            tuple(
                Ingredient(
                    one.name, one.recipe.n_bins, one.network, one.theta, one.output, shares[name]
                )
                for name, one in candidates.items()
                if shares.get(name, 0.0) > 0
            )
        )

    @property
    def shares(self) -> dict[str, float]:
        """How much each recipe counts."""
        return {one.name: one.share for one in self.ingredients}

    @property
    def row_multiply_adds(self) -> int:
        """Multiply-adds of predicting one row with all networks."""
        return sum(one.row_multiply_adds for one in self.ingredients)

    @property
    def output(self) -> Array:
        """The out-of-fold raw output, shape (n_samples, n_outputs), in float64."""
        if self.settled is not None:
            return self.settled[:]
        outputs = [one.output for one in self.ingredients]
        return combined(outputs, np.asarray([one.share for one in self.ingredients]))

    def settle(self) -> Mix:
        """Return the mix with its own output, but without those of its ingredients."""
        ingredients = tuple(replace(one, output=nothing()) for one in self.ingredients)
        return Mix(ingredients, put_away(self.output))

    def committee(self, examples: Examples, *, temperature: float = 1.0) -> Committee:
        """Return what the networks of each fold say about some of the rows that are judged.

        Parameters
        ----------
        examples : Examples
            The rows.
        temperature : float, default=1
            What raw outputs are divided by.
        """
        of_folds = examples.rows.spread(ASKED_ROWS)
        places, folds = np.concatenate(of_folds), range(examples.rows.n_folds)

        def say(fold: int) -> Array:
            output = np.zeros((len(places), examples.n_outputs))
            for one in self.ingredients:
                for start in range(0, len(places), CHUNK):
                    rows = slice(start, start + CHUNK)
                    x = examples.encoded(one.n_bins, fold, places[rows])
                    output[rows] += one.share * one.network.predict(one.theta[fold], x)
            return output / temperature

        with one_threaded_products():
            said = np.stack([say(fold) for fold in folds])
        return Committee(
            said,
            np.repeat(folds, [len(own) for own in of_folds]),
            examples.target[places],
            examples.weights(places),
        )
