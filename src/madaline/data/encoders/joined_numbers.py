"""A table's numbers are written together, so that one row takes as many steps as one column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from madaline.data.encoders.joined_bins import JoinedBins
from madaline.data.encoders.number_encoder import NumberEncoder
from madaline.data.encoders.scaling import write_scaled
from madaline.nn import row_kernels
from madaline.nn.arrays import Array
from madaline.nn.workspace import Workspace


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
    >>> numbers, missing, workspace = np.array(columns), np.empty((2, 4), bool), Workspace()
    >>> joined.fill(numbers, missing, workspace)
    >>> joined.write(numbers, missing, out, workspace)
    >>> out.round(2)
    array([[-0.49, -0.25, -0.73],
           [ 0.  , -0.25, -0.25],
           [ 0.49, -0.25,  0.25],
           [ 0.  ,  0.75,  0.73]], dtype=float32)
    """

    encoders: tuple[NumberEncoder, ...]
    starts: tuple[int, ...]

    def fill(self, numbers: Array, missing: Array, workspace: Workspace) -> None:
        """Put the median where a number is missing.

        Parameters
        ----------
        numbers : float64 ndarray of shape (n_columns, n_samples)
            What the encoders read, in their order.
        missing : Boolean ndarray of the same shape
            Gets whether a number was missing.
        workspace : Workspace
            Does it.
        """
        flags = missing.view(np.uint8)
        if workspace.in_one_call(row_kernels.fill, numbers, self._centers, flags):
            return
        workspace.do(np.isnan, numbers, out=missing)
        workspace.do(np.copyto, numbers, self._centers, where=missing)

    def write(self, numbers: Array, missing: Array, out: Array, workspace: Workspace) -> None:
        """Write the scaled numbers, and whether they are missing, where there are such features.

        Parameters
        ----------
        numbers, missing : ndarray of shape (n_columns, n_samples)
            What `fill` made of them.
        out : float32 ndarray of shape (n_samples, n_features)
            The table's features without bins.
        workspace : Workspace
            Does it.
        """
        features = workspace.empty(numbers.shape, np.float64)
        write_scaled(numbers, self._centers, self._spreads, features, workspace)
        for own, places in self._runs:
            column = np.array([places.start])
            if workspace.in_one_call(row_kernels.turn, features[own], column, out):
                continue
            workspace.do(np.copyto, out[:, places], features[own].T, casting="same_kind")
        for row, place, share in self._flags:
            workspace.do(np.subtract, missing[row], share, out=out[:, place], casting="same_kind")

    def write_bins(self, n_bins: int, numbers: Array, out: Array, workspace: Workspace) -> None:
        """Write the bins of those numbers that need any.

        Parameters
        ----------
        n_bins : int
            How many bins are wanted.
        numbers : float64 ndarray of shape (n_columns, n_samples)
            What `fill` made of them.
        out : float32 ndarray of shape (n_samples, n_bin_features)
            Where to write.
        workspace : Workspace
            Where arrays come from.
        """
        if n_bins in self.bins:
            self.bins[n_bins].write(self._with_bins(n_bins, numbers, workspace), out, workspace)

    def locate(self, n_bins: int, numbers: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return in which bin each number that has any lies, and how far: `JoinedBins.locate`."""
        return self.bins[n_bins].locate(self._with_bins(n_bins, numbers, workspace), workspace)

    def _with_bins(self, n_bins: int, numbers: Array, workspace: Workspace) -> Array:
        """Return those numbers that have bins."""
        own = self._owners[n_bins]
        if len(own) == len(numbers):
            return numbers
        some = workspace.empty((len(own), numbers.shape[1]), numbers.dtype)
        workspace.do(np.take, numbers, own, axis=0, out=some, mode="clip")
        return some

    @cached_property
    def bins(self) -> Mapping[int, JoinedBins]:
        """For each number of bins those of all numbers that have any."""
        return {
            n_bins: JoinedBins.of(
                [self.encoders[place].bins[n_bins].edges for place in own],
                [self.encoders[place].bins[n_bins].means for place in own],
            )
            for n_bins, own in self._owners.items()
        }

    @cached_property
    def _owners(self) -> Mapping[int, Array]:
        """For each number of bins the places of the numbers that have any."""
        prepared = sorted({n_bins for encoder in self.encoders for n_bins in encoder.bins})
        return {
            n_bins: np.flatnonzero([n_bins in encoder.bins for encoder in self.encoders])
            for n_bins in prepared
        }

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
