"""A table that an encoder has read: features are worked out when somebody asks for some rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from madaline.data.encoders.encoders_by_kind import OtherEncoder
from madaline.data.encoders.joined_numbers import JoinedNumbers
from madaline.data.table import WORTH_THREADS
from madaline.engine.threads import in_threads
from madaline.errors import InputError
from madaline.nn.arrays import Array, row_blocks
from madaline.nn.workspace import Workspace

_CHUNK = 4096
"""Rows written at a time, so that a block of all features stays in the cache."""


@dataclass(frozen=True, eq=False)
class Encoded:
    """A table's columns as they were read, and what makes features of them.

    Parameters
    ----------
    n_samples : int
        Number of rows.
    joined : JoinedNumbers, optional
        What makes features of numbers, if there are any.
    numbers : sequence of ndarray of shape (n_samples,), or one ndarray of them
        The columns of numbers.
    others : sequence of (ndarray, slice, OtherEncoder)
        Of each other column its values, the place of its features, and what makes them.
    widths : mapping of int to int
        How many features there are, for each number of bins.
    unseen : mapping of str to int
        In how many rows a category has a level that no training row had.
    n_threads : int
        How many threads share the rows when all features are asked for.
    """

    n_samples: int
    joined: JoinedNumbers | None
    numbers: Sequence[Array] | Array
    others: Sequence[tuple[Array, slice, OtherEncoder]]
    widths: Mapping[int, int]
    unseen: Mapping[str, int]
    n_threads: int = 1

    @cached_property
    def base(self) -> Array:
        """The features without bins, float32 of shape (n_samples, n_base_features)."""
        base = np.empty((self.n_samples, self.widths[0]), np.float32)

        def write(start: int) -> None:
            rows = slice(start, start + _CHUNK)
            if self.joined:
                workspace = Workspace()
                filled = self._filled(self.joined, rows, workspace)
                with np.errstate(over="ignore", under="ignore"):
                    self.joined.write(*filled, base[rows], workspace)
            self.write(rows, base[rows])

        n_threads = self.n_threads if self.n_samples >= WORTH_THREADS else 1
        in_threads(write, range(0, self.n_samples, _CHUNK), n_threads)
        return base

    @property
    def scales(self) -> bool:
        """Whether `write` writes the features of numbers, too."""
        return False

    def features(self, n_bins: int) -> Array:
        """Return the features with that many bins beside the numbers.

        Returns
        -------
        float32 ndarray of shape (n_samples, n_features)
            In C order. With zero bins it is `base` itself.

        Raises
        ------
        InputError
            If the encoder was not fitted with that many bins.
        """
        check_prepared(n_bins, self.widths)
        width, n_base = self.widths[n_bins], self.widths[0]
        if width == n_base or self.joined is None:
            return self.base
        features, workspace = np.empty((self.n_samples, width), np.float32), Workspace()
        features[:, :n_base] = self.base
        for rows in row_blocks(self.n_samples, width // 2):  # float32 takes half of the room
            workspace.rewind()
            numbers, _ = self._filled(self.joined, rows, workspace)
            with np.errstate(over="ignore", under="ignore"):
                self.joined.write_bins(n_bins, numbers, features[rows, n_base:], workspace)
        return features

    def read(self, rows: slice, out: Array) -> None:
        """Write some rows of the columns of numbers, (n_columns, n_rows), missing ones as NaN."""
        if isinstance(self.numbers, np.ndarray):
            out[...] = self.numbers[:, rows]
            return
        for place, column in enumerate(self.numbers):
            out[place] = column[rows]

    def write(self, rows: slice, out: Array) -> None:
        """Write some rows of the features that are not of numbers, among all without bins."""
        for values, span, encoder in self.others:
            encoder.write(values[rows], out[:, span])

    def _filled(
        self, joined: JoinedNumbers, rows: slice, workspace: Workspace
    ) -> tuple[Array, Array]:
        """Return some rows of the numbers, filled up, and where they were missing."""
        shape = len(self.numbers), len(range(*rows.indices(self.n_samples)))
        numbers, missing = workspace.empty(shape, np.float64), workspace.empty(shape, np.bool_)
        self.read(rows, numbers)
        joined.fill(numbers, missing, workspace)
        return numbers, missing


def check_prepared(n_bins: int, prepared: Collection[int]) -> None:
    """Raise an `InputError` if an encoder was not fitted with that many bins."""
    if n_bins != 0 and n_bins not in prepared:
        raise InputError(
            f"The encoder was not fitted with {n_bins} bins: choose among {tuple(prepared)}."
        )
