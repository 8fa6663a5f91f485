"""A table's numbers are written together, so that one row takes as many steps as one column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from madaline.core.arrays import Array
from madaline.core.workspace import Workspace
from madaline.data.joined_bins import JoinedBins
from madaline.data.number_encoder import NumberEncoder
from madaline.data.scaling import scaled


@dataclass(frozen=True, eq=False)
class JoinedNumbers:
    """Encoders of numbers, and where their features stand.

    Parameters
    ----------
    encoders : tuple of NumberEncoder
        At least one.
    starts : tuple of int
        For each the place of its first feature in the table's features without bins.

    Examples
    --------
    >>> columns = [np.array([1.0, 2, 3, np.nan]), np.array([0.0, 5, 10, 15])]
    >>> encoders = [NumberEncoder.fit("a", columns[0]), NumberEncoder.fit("b", columns[1])]
    >>> joined = JoinedNumbers(tuple(encoders), (0, 2))
    >>> out = np.empty((4, 3), np.float32)
    >>> joined.write(columns, out)
    >>> out.round(2)
    array([[-0.49, -0.25, -0.73],
           [ 0.  , -0.25, -0.25],
           [ 0.49, -0.25,  0.25],
           [ 0.  ,  0.75,  0.73]], dtype=float32)
    """

    encoders: tuple[NumberEncoder, ...]
    starts: tuple[int, ...]

    def write(self, columns: Sequence[Array] | Array, out: Array) -> None:
        """Write the scaled numbers, and whether they are missing, where there are such features.

        Parameters
        ----------
        columns : sequence of float64 ndarray of shape (n_samples,)
            What the encoders read, in their order.
        out : float32 ndarray of shape (n_samples, n_features)
            The table's features without bins.
        """
        numbers, missing = self._filled(columns)
        features = scaled(numbers, self._centers, self._spreads)
        for own, places in self._runs:
            out[:, places] = features[own].T
        for row, place, share in self._flags:
            out[:, place] = missing[row] - share

    def write_bins(
        self,
        n_bins: int,
        columns: Sequence[Array] | Array,
        out: Array,
        workspace: Workspace | None = None,
    ) -> None:
        """Write the bins of those numbers that need any.

        Parameters
        ----------
        n_bins : int
            How many bins are wanted.
        columns : sequence of float64 ndarray of shape (n_samples,)
            What the encoders read, in their order.
        out : float32 ndarray of shape (n_samples, n_bin_features)
            Where to write.
        workspace : Workspace, optional
            Where arrays come from.
        """
        if n_bins not in self._bins:
            return
        own, bins = self._bins[n_bins]
        numbers, _ = self._filled(columns)
        bins.write(numbers if len(own) == len(numbers) else numbers[own], out, workspace)

    def _filled(self, columns: Sequence[Array] | Array) -> tuple[Array, Array]:
        """Return numbers with the median where one is missing, and where one is.

        Both have the shape (n_columns, n_samples).
        """
        numbers = np.array(columns)
        missing = np.isnan(numbers)
        np.copyto(numbers, self._centers, where=missing)
        return numbers, missing

    @cached_property
    def _bins(self) -> Mapping[int, tuple[Array, JoinedBins]]:
        """For each number of bins the columns that have them, and their bins."""
        prepared = sorted({n_bins for encoder in self.encoders for n_bins in encoder.bins})
        joined = {}
        for n_bins in prepared:
            own = [place for place, e in enumerate(self.encoders) if n_bins in e.bins]
            bins = [self.encoders[place].bins[n_bins] for place in own]
            edges, means = [one.edges for one in bins], [one.means for one in bins]
            joined[n_bins] = np.array(own), JoinedBins.of(edges, means)
        return joined

    @cached_property
    def _runs(self) -> list[tuple[slice, slice]]:
        """Numbers that vary, and where they go: those whose features are neighbors together."""
        runs: list[tuple[slice, slice]] = []
        for row, (encoder, start) in enumerate(zip(self.encoders, self.starts, strict=True)):
            if not encoder.varies:
                continue
            if runs and (row, start) == (runs[-1][0].stop, runs[-1][1].stop):
                own, places = runs.pop()
                runs.append((slice(own.start, row + 1), slice(places.start, start + 1)))
            else:
                runs.append((slice(row, row + 1), slice(start, start + 1)))
        return runs

    @cached_property
    def _flags(self) -> list[tuple[int, int, float]]:
        """Numbers of which some were missing, where that is told, and what share they were."""
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
