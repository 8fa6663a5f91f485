"""Sequences: steps of one length; where they stand alone, also which patterns occur, how often."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Annotated, Any

import numpy as np

from madaline._base.codec import Items, Stored
from madaline._base.json_checks import Whole
from madaline._base.language import _
from madaline._tables.array_checks import FLOAT32, INT64, ArrayCheck
from madaline._tables.conversion import as_sequences
from madaline._tables.kinds.kind import (
    MEDIA,
    SEQUENCE,
    Channels,
    ColumnEncoder,
    Kind,
    Scales,
    TrainingColumn,
    same_length,
)
from madaline._tables.media.kernels import (
    KERNELS,
    MAX_DILATIONS,
    MAX_LAG,
    MAX_PATTERNS,
    TAPS,
    VIEWS,
    Kernels,
)
from madaline._tables.media.signals import Sequence
from madaline._tables.media.transforms import downsampled, interpolated, length_for
from madaline._tables.table import Table
from madaline.errors import InputError
from madaline.nn.arrays import Array, row_blocks

MAX_STEPS = 512  # the largest number of steps for convolutions: work grows with it


@dataclass(frozen=True, eq=False)
class SequenceEncoder(ColumnEncoder):
    """Encodes a column of sequences: ``(number - mean) / scale`` of each channel, at each step.

    Longer sequences are downsampled to `length` steps, shorter ones are followed by zeros. The last
    feature of each step is the share of its numbers that are known, zero beyond the end.
    """

    name: str
    # steps; features are steps one after the other, the channels of each together
    length: Annotated[int, Whole(1, _MAX_PATTERN_STEPS)]
    # for each channel the mean over all steps of all training sequences, and their standard
    # deviation; 1 where all are the same
    mean: Channels
    scale: Scales

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
    def n_channels(self) -> int:
        """Numbers of a step."""
        return len(self.mean)

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
                    "Column {name!r} holds sequences of {shape} numbers a step, but the model learned from {n_mean}: give as many.",
                    name=self.name,
                    shape=one.values.shape[1],
                    n_mean=len(self.mean),
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

        The result is float64 (at most `length`, channels + 1): NaN where a channel has no number at
        all.
        """
        known = downsampled(1 - np.isnan(one.values).mean(axis=1, keepdims=True), self.length)
        steps = downsampled(interpolated(one.values), self.length)
        return np.concatenate([steps, known], axis=1)

    @classmethod
    def disagreement(cls, values: Mapping[str, Any]) -> str:
        """Return what is wrong between the means and the scales of the channels."""
        return same_length(values, "mean", "scale")


_MAX_PATTERN_STEPS = 2048  # longer sequences are downsampled to so many steps

_MAX_RELATIVE_LENGTH = 3
"""How many times as long as 95 % of the training sequences the longest may be without being
downsampled."""

_ZERO_TOLERANCE = 0.1  # a usual level within so many standard deviations of zero is taken for zero
_COARSE_STEPS = 32  # steps of the outline, at most
_MAX_SCALED = 256  # training sequences that the scales of patterns come from, at most
_MAX_NUMBERS = 2**28  # the largest number of features of all sequences together: one GiB in float32


@dataclass(frozen=True, eq=False)
class PatternEncoder(ColumnEncoder):
    """Encodes a column of sequences by their outline, and by how often patterns occur in them.

    The outline is the scaled sequence in 32 steps or fewer: it tells where something happens. The
    patterns tell what happens, wherever that is: ``(share of steps - mean) / standard deviation``
    of each (`Kernels`). A sequence without any number is all zeros.
    """

    # brings sequences to one length, and their channels to the usual level and unit size
    steps: SequenceEncoder
    kernels: Kernels
    # float32 (n_patterns,): those of each pattern's share in training; a scale of 1 where all are
    # the same
    mean: Array
    scale: Array

    kind, file_kind = SEQUENCE, "patterns"

    @classmethod
    def fit(
        cls,
        name: str,
        column: Array,  # (n_samples,)
        # (n_samples,): weight of each row, for the scales of channels
        sample_weight: Array | None = None,
        *,
        most: int = MAX_PATTERNS,  # the largest number of patterns, about
    ) -> PatternEncoder:
        """Return the encoder of a training column of sequences."""
        there = [one for one in as_sequences(name, column) if one is not None]
        steps = SequenceEncoder.fit(name, column, sample_weight, most_steps=_MAX_PATTERN_STEPS)
        steps = _whole(steps, there)
        there = there[:: -(-len(there) // _MAX_SCALED)]
        present = np.empty(len(there), dtype=object)
        present[:] = there
        known = _scaled(steps, present)[..., :-1]
        most = max(VIEWS * len(KERNELS), min(most, _MAX_NUMBERS // max(1, len(column))))
        kernels = Kernels.fit(known, most=most)
        shares = kernels.shares(known)
        spread = shares.std(axis=0)
        return cls(steps, kernels, shares.mean(axis=0), np.where(spread > 1e-6, spread, 1))

    @property
    def name(self) -> str:  # type: ignore[override]  # of the steps
        """Name of the column."""
        return self.steps.name

    @property
    def n_channels(self) -> int:
        """Numbers of a step."""
        return self.steps.n_channels

    @property
    def lengths(self) -> tuple[int, int]:
        """Steps of the outline, and of the sequences."""
        return min(self.steps.length, _COARSE_STEPS), self.steps.length

    @property
    def outline_shape(self) -> tuple[int, int]:
        """Steps of the outline, and the numbers of each."""
        return self.lengths[0], self.steps.grid_shape[1]

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The steps and channels of the outline, then the patterns."""
        n_steps, channels = self.outline_shape
        numbers = [*map(str, range(channels - 1)), "is there"]
        outline = [f"{self.name} {step},{one}" for step in range(n_steps) for one in numbers]
        patterns = range(self.kernels.n_patterns)
        return (
            *outline,
            *(
                _("{name} pattern {number}").format(name=self.name, number=number)
                for number in patterns
            ),
        )

    def read(self, column: Array) -> Array:
        return self.steps.read(column)

    def write(self, column: Array, out: Array) -> None:
        """Write the outline, and the scaled share of each pattern."""
        length, channels = self.steps.grid_shape
        for rows in row_blocks(len(column), length * channels):
            steps = self.scaled(column[rows])
            n_samples = len(steps)
            in_time = np.moveaxis(steps, 1, 0).reshape(length, -1)
            coarse = downsampled(in_time, _COARSE_STEPS).reshape(-1, n_samples, channels)
            outline = np.moveaxis(coarse, 0, 1).reshape(n_samples, -1)
            shares = (self.kernels.shares(steps[..., :-1]) - self.mean) / self.scale
            shares[steps[..., -1].max(axis=1) == 0] = 0
            out[rows, : outline.shape[1]], out[rows, outline.shape[1] :] = outline, shares

    def scaled(
        self,
        column: Array,  # (n_samples,): the sequences, as `read` returned them
    ) -> Array:
        """Return sequences of one length with scaled channels, and whether there is a step.

        The result is float32 (n_samples, length, n_channels + 1): all zeros where a sequence is
        missing.
        """
        return _scaled(self.steps, column)

    def to_state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        facts = _PatternFacts(self.steps, self.kernels.dilations)
        arrays = {**self.kernels.to_arrays(), "mean": self.mean, "scale": self.scale}
        return facts.to_json(), arrays

    @classmethod
    def from_state(cls, state: Mapping[str, Any], arrays: Mapping[str, Array]) -> PatternEncoder:
        facts = _PatternFacts.from_json(state)
        kernels = Kernels.from_state(facts.dilations, arrays)
        return cls(facts.steps, kernels, arrays["mean"], arrays["scale"])

    @classmethod
    def described(cls) -> type[Stored]:
        return _PatternFacts

    @classmethod
    def array_checks(
        cls, state: Mapping[str, Any], n_outputs: int, arrays: Mapping[str, Array], prefix: str
    ) -> Iterator[tuple[str, ArrayCheck]]:
        """Yield what the arrays of kernels, and the mean and the scale of features, must be."""
        del n_outputs
        kernels = (VIEWS, len(state["dilations"]), len(KERNELS))
        thresholds = arrays.get(f"{prefix}thresholds")
        most = 1 if thresholds is None else max(1, thresholds.size // prod(kernels))
        of_channels = (*kernels[1:], len(state["steps"]["mean"]))
        yield "channels", ArrayCheck(INT64, of_channels, -1, 1)
        yield "lags", ArrayCheck(INT64, of_channels, -MAX_LAG, MAX_LAG)
        yield "thresholds", ArrayCheck(FLOAT32, (*kernels, most))
        for name, above in (("mean", False), ("scale", True)):
            yield name, ArrayCheck(FLOAT32, (prod(kernels) * most,), 0, above=above)


@dataclass(frozen=True)
class _PatternFacts(Stored):
    """What a file tells of an encoder of patterns, beside its arrays."""

    steps: SequenceEncoder
    dilations: Annotated[
        tuple[Annotated[int, Whole(1, _MAX_PATTERN_STEPS)], ...], Items(1, MAX_DILATIONS)
    ]

    @classmethod
    def disagreement(cls, values: Mapping[str, Any]) -> str:
        """Return what is wrong between the kernels and the length of sequences."""
        span, length = (TAPS - 1) * max(values["dilations"]), values["steps"]["length"]
        fits = span < max(length, TAPS)
        return (
            ""
            if fits
            else _("has kernels of {span} steps, but {length} steps").format(
                span=span, length=length
            )
        )


def _whole(steps: SequenceEncoder, there: list[Sequence]) -> SequenceEncoder:
    """Return an encoder that downsamples hardly any sequence, and subtracts the usual level.

    That is the median over sequences, as kernels see the level of a sequence at its ends. Where
    sequences differ in size by orders of magnitude, their mean would hide the small ones.
    """
    length = min(max(map(len, there)), _MAX_RELATIVE_LENGTH * steps.length, _MAX_PATTERN_STEPS)
    levels = np.array([_level(one.values) for one in there])  # NaN where a channel has no number
    known = [own[~np.isnan(own)] for own in levels.T]
    median = np.array([np.median(own) if own.size else 0.0 for own in known])
    level = np.where(abs(median) > _ZERO_TOLERANCE * np.array(steps.scale), median, 0.0)
    return replace(steps, length=length, mean=tuple(level.tolist()))


def _level(values: Array) -> Array:
    """Return the mean of each channel, NaN where it has no number."""
    known = ~np.isnan(values)
    counts = known.sum(axis=0)
    total = np.where(known, values, 0).sum(axis=0, dtype=np.float64)
    return np.where(counts > 0, total / np.maximum(counts, 1), np.nan)


def _scaled(encoder: SequenceEncoder, column: Array) -> Array:
    """Return scaled sequences of one length, (n_samples, length, channels); zeros where missing."""
    out = np.empty((len(column), encoder.n_features), np.float32)
    encoder.write(column, out)
    return out.reshape(len(column), *encoder.grid_shape)


class SequenceKind(Kind):
    """Sequences of steps, each of one number or several."""

    name, words = SEQUENCE, ("column of sequences", "columns of sequences")
    holds, json = MEDIA, "array"
    encoders = (SequenceEncoder, PatternEncoder)

    def read(self, name: str, column: Array) -> Array:
        return as_sequences(name, column)

    def detail(self, table: Table, name: str) -> str:
        """Return the lengths of sequences, and the numbers of a step."""
        present = [sequence for sequence in table[name] if sequence is not None]
        if not present:
            return ""
        lengths, channels = list(map(len, present)), present[0].values.shape[1]
        numbers = (
            _("{channels:,} numbers a step").format(channels=channels)
            if channels > 1
            else "a number a step"
        )
        return _("{shortest:,} to {longest:,} steps, {numbers}").format(
            shortest=min(lengths), longest=max(lengths), numbers=numbers
        )

    def fit(self, training: TrainingColumn) -> ColumnEncoder:
        """Return the fitted encoder; that of patterns, where there is no other column."""
        name, column, weight = training.name, training.values, training.weight
        if training.alone:
            most = MAX_PATTERNS // training.narrowing
            return PatternEncoder.fit(name, column, weight, most=most)
        return SequenceEncoder.fit(name, column, weight)
