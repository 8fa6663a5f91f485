"""A table's columns of numbers are encoded together: a row takes as few steps as a column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from madaline._data.encoders.joined_bins import JoinedBins
from madaline._data.encoders.number_encoder import NumberEncoder
from madaline._data.encoders.scaling import scaled
from madaline.nn.arrays import Array


@dataclass(frozen=True, eq=False)
class JoinedNumbers:
    """Encoders of numbers, and where their features stand.

    Parameters
    ----------
    encoders : tuple of NumberEncoder
        At least one.
    starts : tuple of int
        For each the index of its first feature among the table's features without bins.

    Examples
    --------
    >>> columns = [np.array([1.0, 2, 3, np.nan]), np.array([0.0, 5, 10, 15])]
    >>> encoders = [NumberEncoder.fit("a", columns[0]), NumberEncoder.fit("b", columns[1])]
    >>> joined = JoinedNumbers(tuple(encoders), (0, 2))
    >>> out = np.empty((4, 3), np.float32)
    >>> joined.write(*joined.fill(np.array(columns)), out)
    >>> out.round(2)
    array([[-0.49, -0.25, -0.73],
           [ 0.  , -0.25, -0.25],
           [ 0.49, -0.25,  0.25],
           [ 0.  ,  0.75,  0.73]], dtype=float32)
    """

    encoders: tuple[NumberEncoder, ...]
    starts: tuple[int, ...]

    def fill(self, numbers: Array) -> tuple[Array, Array]:
        """Return the numbers with the median where one is missing, and where that is.

        Parameters
        ----------
        numbers : float64 ndarray of shape (n_columns, n_samples)
            What the encoders read, in their order; it is changed.
        """
        missing = np.isnan(numbers)
        np.copyto(numbers, self._centers, where=missing)
        return numbers, missing

    def write(self, numbers: Array, missing: Array, out: Array) -> None:
        """Write the scaled numbers, and whether they are missing, where there are such features.

        Parameters
        ----------
        numbers, missing : ndarray of shape (n_columns, n_samples)
            What `fill` returned.
        out : float32 ndarray of shape (n_samples, n_features)
            The table's features without bins.
        """
        features = scaled(numbers, self._centers, self._spreads)
        rows, columns = self._varying
        out[:, columns] = features[rows].T
        for row, column, share in self.flags:
            np.subtract(missing[row], share, out=out[:, column], casting="same_kind")

    def locate(self, n_bins: int, numbers: Array) -> tuple[Array, Array]:
        """Return in which bin each number that has any lies, and how far: `JoinedBins.locate`."""
        return self.bins[n_bins].locate(self._with_bins(n_bins, numbers))

    def bin_features(self, n_bins: int, numbers: Array) -> Array:
        """Return the bins of those numbers that have any, float32 (n_samples, n_bin_features)."""
        return self.bins[n_bins].features(self._with_bins(n_bins, numbers))

    def _with_bins(self, n_bins: int, numbers: Array) -> Array:
        owners = self.owners[n_bins]
        return numbers if len(owners) == len(numbers) else numbers[owners]

    @cached_property
    def bins(self) -> Mapping[int, JoinedBins]:
        """For each number of bins those of all numbers that have any."""
        return {
            n_bins: JoinedBins.of(
                [self.encoders[owner].bins[n_bins].edges for owner in owners],
                [self.encoders[owner].bins[n_bins].means for owner in owners],
            )
            for n_bins, owners in self.owners.items()
        }

    @cached_property
    def owners(self) -> Mapping[int, Array]:
        """For each number of bins the indices of the numbers that have any."""
        prepared = sorted({n_bins for encoder in self.encoders for n_bins in encoder.bins})
        return {
            n_bins: np.flatnonzero([n_bins in encoder.bins for encoder in self.encoders])
            for n_bins in prepared
        }

    @cached_property
    def _varying(self) -> tuple[Array | slice, Array | slice]:
        """Which numbers vary, and the features that they become."""
        rows = np.flatnonzero([encoder.varies for encoder in self.encoders])
        return _as_slice(rows), _as_slice(np.array(self.starts)[rows])

    @cached_property
    def flags(self) -> list[tuple[int, int, float]]:
        """Numbers some of which were missing, the feature for that, and what share they were."""
        return [
            (row, start + encoder.varies, encoder.missing_share)
            for row, (encoder, start) in enumerate(zip(self.encoders, self.starts, strict=True))
            if encoder.missing_share is not None
        ]

    @cached_property
    def _centers(self) -> Array:
        return np.array([[encoder.scaling.center] for encoder in self.encoders])

    @cached_property
    def _spreads(self) -> Array:
        return np.array([[encoder.scaling.spread] for encoder in self.encoders])


def _as_slice(indices: Array) -> Array | slice:
    """Return neighboring indices as a slice, which NumPy copies much faster."""
    if len(indices) and np.all(np.diff(indices) == 1):
        return slice(int(indices[0]), int(indices[-1]) + 1)
    return indices
