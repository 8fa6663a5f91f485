"""All networks of a model, opened after their first layers, and what is asked of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from madaline.core.arrays import Array
from madaline.core.layers.chain import ChainBackward
from madaline.core.workspace import Workspace
from madaline.errors import InputError
from madaline.explain.answers import Answer
from madaline.explain.opened_part import OpenedPart
from madaline.runtime.predictor import Predictor


class OpenedNetworks:
    """From the sums of first layers to answers and their gradients (final).

    One thread at a time may use it.

    Parameters
    ----------
    predictor : Predictor
        The networks.
    answer : Answer
        What is made of their raw outputs.

    Raises
    ------
    InputError
        If the networks look at images: their first layer adds up no columns.
    """

    def __init__(self, predictor: Predictor, answer: Answer) -> None:
        if predictor.encoder.grid:
            raise InputError(
                "Predictions about images cannot be explained yet: what is explained is what each"
                " column of a table adds to a prediction."
            )
        self.answer = answer
        self.n_columns = len(predictor.encoder.columns)
        self.parts = [
            OpenedPart(part, predictor.encoder.feature_columns(part.n_bins))
            for part in predictor.parts
        ]
        self._temperature = predictor.temperature
        self._workspaces = [Workspace() for _ in self.parts]

    @property
    def n_units(self) -> int:
        """Number of units of all first layers together."""
        return sum(int(np.prod(part.weight.shape[::2])) for part in self.parts)

    @property
    def n_features(self) -> int:
        """Number of features of the finest encoding."""
        return max(len(part.columns) for part in self.parts)

    def sums(self, features: Sequence[Array]) -> list[Array]:
        """Return the sums of the first layers, for each part (members, n_samples, units).

        Parameters
        ----------
        features : sequence of ndarray of shape (n_samples, n_features)
            For each part, as its networks see them.
        """
        return [part.sums(own) for part, own in zip(self.parts, features, strict=True)]

    def values(self, sums: Sequence[Array], asked: Array) -> Array:
        """Return the answers at some sums.

        Parameters
        ----------
        sums : sequence of ndarray of shape (members, n, units)
            For each part.
        asked : int ndarray of shape (n,)
            Number of the class that is asked about.

        Returns
        -------
        float64 ndarray of shape (n,)
        """
        return self.answer.value(self._output(sums)[0], asked)

    def gradients(self, sums: Sequence[Array], asked: Array) -> list[Array]:
        """Return for each part the gradient of the answers by its sums, (members, n, units).

        They are valid until the next call.
        """
        output, backwards = self._output(sums)
        slope = self.answer.slope(output, asked) / self._temperature
        return [
            part.backward(backward, slope)
            for part, backward in zip(self.parts, backwards, strict=True)
        ]

    def _output(self, sums: Sequence[Array]) -> tuple[Array, list[ChainBackward]]:
        """Return the mean raw output, shape (n, n_outputs), and each part's backward pass."""
        shares, backwards = [], []
        for part, own, workspace in zip(self.parts, sums, self._workspaces, strict=True):
            workspace.rewind()
            output, backward = part.forward(own, workspace)
            shares.append(np.einsum("m,mno->no", part.share, output))
            backwards.append(backward)
        return np.sum(shares, axis=0) / self._temperature, backwards
