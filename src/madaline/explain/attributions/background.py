"""The background is what a row is compared with: an attribution is a difference from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from madaline.data.table import Table
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.runtime.predictor import Predictor

MOST_ROWS, MOST_ROWS_OF_GRIDS = 100, 40
"""Rows of a background that are used, at most; the work grows with them, of images above all."""

AVERAGE = (
    "an average row, made of what the model knows of its training table: each number at its median,"
    " each category at its shares"
)

OF_GRIDS = ", each image even, in the mean color of all"

EVEN = "an even image, in the mean color of all that the model learned from"


@dataclass(frozen=True, eq=False)
class Background:
    """Encoded rows to compare with.

    Parameters
    ----------
    features : mapping of int to ndarray of shape (n_rows, n_features)
        For each number of bins that networks see, the features.
    description : str
        What it is, in words.
    """

    features: Mapping[int, Array]
    description: str

    @classmethod
    def average(cls, predictor: Predictor) -> Background:
        """Return one average row, for which nothing but the model is needed.

        Encoders center what they make over the training table (numbers at their median), so that
        the average of all features is zero. It is no row that could be: half Kiel, half Bonn.
        """
        widths = {n_bins: predictor.encoder.n_features(n_bins) for n_bins in _used(predictor)}
        zeros = {n_bins: np.zeros((1, width), np.float32) for n_bins, width in widths.items()}
        grids = predictor.encoder.grids
        words = AVERAGE + (OF_GRIDS if grids else "")
        return cls(zeros, EVEN if len(grids) == len(predictor.encoder.columns) else words)

    @classmethod
    def of(
        cls, predictor: Predictor, table: Table, *, most: int | None = None, seed: int = 0
    ) -> Background:
        """Return the rows of a table, or some of them by chance if there are many.

        Parameters
        ----------
        predictor : Predictor
            Which encodings are needed.
        table : Table
            The rows.
        most : int, optional
            How many to use, at most; by default 100, or 40 where there are images.
        seed : int
            Decides which.

        Raises
        ------
        InputError
            If there is no row, or a column is not there.
        """
        most = most or (MOST_ROWS_OF_GRIDS if predictor.encoder.grids else MOST_ROWS)
        n_samples = table.n_samples
        if n_samples == 0:
            raise no_background()
        words = f"{n_samples:,} given row{'' if n_samples == 1 else 's'}"
        if n_samples > most:
            table = some_rows(table, most, seed)
            words = f"{most:,} of {n_samples:,} given rows, drawn by chance"
        encoded = predictor.encode(table)
        features = {n_bins: encoded.features(n_bins) for n_bins in _used(predictor)}
        return cls(features, words)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self.features.values())))

    def mean(self) -> Background:
        """Return the one row whose features are the means of these rows'."""
        means = {n: f.mean(axis=0, keepdims=True) for n, f in self.features.items()}
        return self if self.n_rows == 1 else Background(means, f"the mean of {self.description}")


def some_rows(table: Table, most: int = MOST_ROWS, seed: int = 0) -> Table:
    """Return the rows of a table, or if there are many some by chance, in their order."""
    if table.n_samples <= most:
        return table
    rows = np.random.default_rng(seed).choice(table.n_samples, most, replace=False)
    return table.take(np.sort(rows))


def no_background() -> InputError:
    """Return the sentence for a background without any row."""
    return InputError("The background has no rows: give at least one row to compare with.")


def _used(predictor: Predictor) -> list[int]:
    return sorted({part.n_bins for part in predictor.parts})
