"""The sequence encoder brings sequences to one length and their channels to about unit size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline._data.conversion import as_sequences
from madaline._data.encoders.column_encoder import ColumnEncoder
from madaline._data.kinds import SEQUENCE
from madaline._data.media.signals import Sequence
from madaline._data.media.transforms import downsampled, interpolated, length_for
from madaline.errors import InputError
from madaline.nn.arrays import Array

MAX_STEPS = 512
"""The largest number of steps for convolutions: work grows with it."""


@dataclass(frozen=True, eq=False)
class SequenceEncoder(ColumnEncoder):
    """Encodes a column of sequences: ``(number - mean) / scale`` of each channel, at each step.

    Longer sequences are downsampled to `length` steps, shorter ones are followed by zeros. The last
    feature of each step is the share of its numbers that are known, zero beyond the end.

    Parameters
    ----------
    name : str
        Name of the column.
    length : int
        Steps; features are steps one after the other, the channels of each together.
    mean, scale : tuple of float
        For each channel the mean over all steps of all training sequences, and their standard
        deviation; 1 where all are the same.

    Examples
    --------
    >>> from madaline._data.media.signals import sequences
    >>> column = sequences([[1, 3], [3], [1, 3]])
    >>> encoder = SequenceEncoder.fit("beats", column)
    >>> encoder.grid_shape, encoder.n_features
    ((2, 2), 4)
    >>> out = np.empty((3, 4), np.float32)
    >>> encoder.write(encoder.read(column), out)
    >>> out.round(2)
    array([[-1.22,  1.  ,  0.82,  1.  ],
           [ 0.82,  1.  ,  0.  ,  0.  ],
           [-1.22,  1.  ,  0.82,  1.  ]], dtype=float32)
    """

    name: str
    length: int
    mean: tuple[float, ...]
    scale: tuple[float, ...]

    kind = SEQUENCE

    @classmethod
    def fit(
        cls,
        name: str,
        column: Array,
        sample_weight: Array | None = None,
        *,
        most_steps: int = MAX_STEPS,
    ) -> SequenceEncoder:
        """Return the encoder of a training column of sequences, with so many steps at most."""
        column = as_sequences(name, column)
        present = [row for row, one in enumerate(column) if one is not None]
        weight = np.ones(len(column)) if sample_weight is None else sample_weight
        sums = np.zeros((3, column[present[0]].values.shape[1]))
        for row in present:
            values = column[row].values.astype(np.float64)
            known = ~np.isnan(values)
            numbers = np.where(known, values, 0)
            sums += weight[row] * np.stack(
                [known.sum(axis=0), numbers.sum(axis=0), np.square(numbers).sum(axis=0)]
            )
        n, total, squares = sums
        mean, square = total / np.maximum(n, 1e-300), squares / np.maximum(n, 1e-300)
        variance = square - np.square(mean)
        scale = np.sqrt(np.where(variance > 1e-9 * square, variance, 1.0))
        lengths = np.array([len(column[row]) for row in present])
        length = length_for(lengths, most=most_steps)
        return cls(name, length, tuple(mean.tolist()), tuple(scale.tolist()))

    @property
    def grid_shape(self) -> tuple[int, ...]:
        """The steps, and the numbers of each."""
        return (self.length, len(self.mean) + 1)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The step and the channel of each number."""
        channels = [*map(str, range(len(self.mean))), "is there"]
        return tuple(f"{self.name} {step},{one}" for step in range(self.length) for one in channels)

    @property
    def n_features(self) -> int:
        """Number of steps times channels, and whether there is a step."""
        return self.length * (len(self.mean) + 1)

    def read(self, column: Array) -> Array:
        """Return the sequences, if they have the channels of those that it was fitted on."""
        column = as_sequences(self.name, column)
        for one in column:
            if one is not None and one.values.shape[1] != len(self.mean):
                raise InputError(
                    f"Column {self.name!r} holds sequences of {one.values.shape[1]} numbers a step,"
                    f" but the model learned from {len(self.mean)}: give as many."
                )
        return column

    def write(self, column: Array, out: Array) -> None:
        """Write the scaled steps; a missing sequence is all zeros."""
        out[...] = 0
        mean, scale = (np.asarray(one, np.float32) for one in (self.mean, self.scale))
        for row, one in enumerate(column):
            if one is None:
                continue
            wide = self.resampled(one)
            wide[:, :-1] = np.nan_to_num((wide[:, :-1].astype(np.float32) - mean) / scale)
            out[row, : wide.size] = wide.ravel()

    def resampled(self, one: Sequence) -> Array:
        """Return the steps of a sequence, and the share of each that is known, not scaled.

        Returns
        -------
        float64 ndarray of shape (at most `length`, channels + 1)
            NaN where a channel has no number at all.
        """
        known = downsampled(1 - np.isnan(one.values).mean(axis=1, keepdims=True), self.length)
        steps = downsampled(interpolated(one.values), self.length)
        return np.concatenate([steps, known], axis=1)
