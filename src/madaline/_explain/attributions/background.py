"""The background is what a row is compared with: an attribution is a difference from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from madaline._data.table import Table
from madaline._runtime.predictor import Predictor
from madaline.errors import InputError
from madaline.nn.arrays import Array

MOST_ROWS, MOST_ROWS_OF_GRIDS = 100, 40
"""Rows of a background, at most: the work grows with them, of images above all."""

AVERAGE = "an average training row: each number at its median, each category at its shares"
WITH_IMAGES = ", each image plain, in the mean color of all"
PLAIN_IMAGE = "a plain image, in the mean color of all training images"
NO_ROWS = "The background has no rows: give at least one row to compare with."


@dataclass(frozen=True, eq=False)
class Background:
    """Encoded rows to compare with.

    Parameters
    ----------
    features : mapping of int to ndarray of shape (n_rows, n_features)
        For each number of bins that networks use, the features.
    description : str
        What it is, in words.
    """

    features: Mapping[int, Array]
    description: str

    @classmethod
    def average(cls, predictor: Predictor) -> Background:
        """Return one average row, which needs nothing but the model.

        Encoders center their features over the training table (numbers at their median), so that
        the average of all features is zero. No real row is like it: half Kiel, half Bonn.
        """
        encoder = predictor.encoder
        zeros = {
            n_bins: np.zeros((1, encoder.n_features(n_bins)), np.float32)
            for n_bins in _used(predictor)
        }
        words = AVERAGE + (WITH_IMAGES if encoder.grids else "")
        only_grids = len(encoder.grids) == len(encoder.columns)
        return cls(zeros, PLAIN_IMAGE if only_grids else words)

    @classmethod
    def of(
        cls, predictor: Predictor, table: Table, *, most: int | None = None, seed: int = 0
    ) -> Background:
        """Return the rows of a table, or a random sample of them.

        Parameters
        ----------
        predictor : Predictor
            Knows the encodings.
        table : Table
            The rows.
        most : int, optional
            Number of rows, at most; by default 100, or 40 with images.
        seed : int
            Seed of the sample.

        Raises
        ------
        InputError
            If there is no row, or a column is missing.
        """
        most = most or (MOST_ROWS_OF_GRIDS if predictor.encoder.grids else MOST_ROWS)
        n_samples = table.n_samples
        if n_samples == 0:
            raise InputError(NO_ROWS)
        words = f"{n_samples:,} given row{'' if n_samples == 1 else 's'}"
        if n_samples > most:
            table = some_rows(table, most, seed)
            words = f"{most:,} of {n_samples:,} given rows, drawn at random"
        encoded = predictor.encode(table)
        return cls({n_bins: encoded.features(n_bins) for n_bins in _used(predictor)}, words)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self.features.values())))

    def mean(self) -> Background:
        """Return one row with the mean features of these rows."""
        means = {n: f.mean(axis=0, keepdims=True) for n, f in self.features.items()}
        return self if self.n_rows == 1 else Background(means, f"the mean of {self.description}")


def some_rows(table: Table, most: int = MOST_ROWS, seed: int = 0) -> Table:
    """Return the rows of a table, or a random sample of them in their order."""
    if table.n_samples <= most:
        return table
    rows = np.random.default_rng(seed).choice(table.n_samples, most, replace=False)
    return table.take(np.sort(rows))


def _used(predictor: Predictor) -> list[int]:
    return sorted({part.n_bins for part in predictor.parts})
