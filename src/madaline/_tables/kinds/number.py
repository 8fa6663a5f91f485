r"""Numbers: each becomes itself, robustly scaled, whether it is missing, and bins on demand.

Scaling brings numbers to a common size, and no outlier is ever far away:

.. math:: z = \frac{x - \mathrm{median}}{\mathrm{IQR}}, \qquad s(z) = \frac{z}{\sqrt{1 + (z / 3)^2}}

The smooth clipping :math:`s` leaves the middle as it is and keeps everything within -3 and 3. Where
the interquartile range is zero, half the whole range takes its place (Holzmüller, Grinsztajn and
Steinwart, 2024, https://arxiv.org/abs/2407.04491).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, cast

import numpy as np

from madaline._base.codec import Finite, Items, Positive, Share, Stored
from madaline._base.json_checks import Whole
from madaline._base.language import _
from madaline._tables.array_checks import FLOAT64, ArrayCheck
from madaline._tables.conversion import as_numbers
from madaline._tables.formats.number_format import PLAIN, NumberFormat
from madaline._tables.kinds.bins import Bins, JoinedBins
from madaline._tables.kinds.kind import (
    NUMBER,
    NUMBERS,
    ColumnEncoder,
    Kind,
    TrainingColumn,
    format_short,
    missing_name,
)
from madaline._tables.statistics import Distribution, share, total_weight
from madaline._tables.table import Table
from madaline.nn.arrays import Array, row_blocks

_LARGEST, _SMALLEST = float(np.finfo(np.float64).max), float(np.nextafter(0, 1))
MAX_SCALED = 1e100
"""Scaled numbers stay within it, so that their squares do not overflow."""


@dataclass(frozen=True)
class RobustScaling(Stored):
    """Where the middle of some numbers is, and how far they spread."""

    center: Finite
    spread: Positive  # the interquartile range, or half the range where it is zero; above zero

    @classmethod
    def fit(cls, distribution: Distribution) -> RobustScaling:
        """Return the scaling of a distribution of at least one value."""
        with np.errstate(over="ignore"):  # a range beyond 1.8e308 becomes the largest number
            spread = distribution.quantile(0.75) - distribution.quantile(0.25)
            if spread == 0:
                spread = float(distribution.values[-1] / 2 - distribution.values[0] / 2)
        spread = min(max(spread, _SMALLEST), _LARGEST)
        return cls(distribution.quantile(0.5), spread)

    def apply(self, numbers: Array) -> Array:
        """Return finite numbers scaled and smoothly clipped, in float64."""
        return scaled(numbers, np.array(self.center), np.array(self.spread))


def scaled(
    numbers: Array,  # float64
    center: Array,  # float64: what broadcasts to their shape
    spread: Array,
) -> Array:
    """Return finite numbers scaled and smoothly clipped, in float64."""
    with np.errstate(over="ignore", under="ignore"):
        z = numbers - center
        z /= spread
        z = np.minimum(np.maximum(z, -MAX_SCALED, out=z), MAX_SCALED, out=z)
        size = np.square(z / 3)
        size += 1
        z /= np.sqrt(size, out=size)
        return np.asarray(z)


@dataclass(frozen=True, eq=False)
class NumberEncoder(ColumnEncoder):
    """Holds the encoding of a column of numbers; `JoinedNumbers` writes all of a table together."""

    name: str
    scaling: RobustScaling  # middle and spread of the training values
    # whether there were two different values; otherwise only missing values are encoded
    varies: bool
    missing_share: float | None  # share of training rows without a value; None when all had one
    bins: Mapping[int, Bins]  # for each number of bins the bins, where the column needs any
    # how the training values were written, where they were text
    written: NumberFormat | None = None

    kind = NUMBER

    @classmethod
    def fit(
        cls,
        name: str,
        column: Array,
        sample_weight: Array | None = None,
        n_bins: Collection[int] = (),
        *,
        ascending: Array | None = None,
    ) -> NumberEncoder:
        """Return the encoder of a training column, shape (n_samples,), of any kind.

        `ascending` are its sorted numbers, where they are known and there are no weights.
        """
        numbers = as_numbers(name, column)
        missing = np.isnan(numbers)
        distribution = (
            Distribution.of(numbers, sample_weight)
            if ascending is None
            else Distribution.of_ascending(ascending)
        )
        missing_share = share(missing, sample_weight)
        if len(distribution.values) == 0:
            return cls(name, RobustScaling(0.0, 1.0), False, None, {})
        scaling = RobustScaling.fit(distribution)
        fitted = {
            wanted: Bins.fit(
                distribution,
                wanted,
                missing=total_weight(missing, sample_weight),
                median=scaling.center,
            )
            for wanted in n_bins
            if wanted > 0
        }
        return cls(
            name,
            scaling,
            len(distribution.values) > 1,
            missing_share or None,
            {wanted: bins for wanted, bins in fitted.items() if bins is not None},
        )

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The number itself, and whether it is missing."""
        value = (self.name,) if self.varies else ()
        return value if self.missing_share is None else (*value, missing_name(self.name))

    @property
    def rising(self) -> tuple[bool, ...]:
        """The number itself rises, as all its bins do."""
        return tuple(name == self.name for name in self.feature_names)

    @property
    def candidates(self) -> tuple[float, ...]:
        """The edges of all bins."""
        return tuple(edge for bins in self.bins.values() for edge in bins.edges)

    def n_bin_features(self, n_bins: int) -> int:
        """Return the number of bins that there are; zero where the column needs none."""
        return len(self.bins[n_bins]) if n_bins in self.bins else 0

    def bin_names(self, n_bins: int) -> tuple[str, ...]:
        """Return what each bin stands for; empty where there are none."""
        if n_bins not in self.bins:
            return ()
        edges = self.bins[n_bins].edges
        return tuple(
            _("{name} from {low:.4g} to {high:.4g}").format(name=self.name, low=low, high=high)
            for low, high in pairwise(edges)
        )

    def read(self, column: Array) -> Array:
        return as_numbers(self.name, column, self.written)

    def write(self, column: Array, out: Array) -> None:
        """Write the scaled number, and whether it is missing; a table writes all its numbers."""
        joined = JoinedNumbers((self,), (0,))
        joined.write(*joined.fill(column[None].copy()), out)

    def to_state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        arrays: dict[str, Array] = {}
        for n_bins, bins in self.bins.items():
            arrays[f"edges{n_bins}"] = bins.edges
            arrays[f"means{n_bins}"] = bins.means
        facts = _NumberFacts(
            self.name,
            self.scaling.center,
            self.scaling.spread,
            self.varies,
            self.missing_share,
            tuple(self.bins),
            self.written,
        )
        return facts.to_json(), arrays

    @classmethod
    def from_state(cls, state: Mapping[str, Any], arrays: Mapping[str, Array]) -> NumberEncoder:
        facts = _NumberFacts.from_json(state)
        return cls(
            facts.name,
            RobustScaling(facts.center, facts.spread),
            facts.varies,
            facts.missing_share,
            {n: Bins(arrays[f"edges{n}"], arrays[f"means{n}"]) for n in facts.bins},
            facts.written,
        )

    @classmethod
    def described(cls) -> type[Stored]:
        return _NumberFacts

    @classmethod
    def array_checks(
        cls, state: Mapping[str, Any], n_outputs: int, arrays: Mapping[str, Array], prefix: str
    ) -> Iterator[tuple[str, ArrayCheck]]:
        """Yield what the edges and the means of each number of bins must be."""
        del n_outputs
        for n_bins in state["bins"]:
            edges = arrays.get(f"{prefix}edges{n_bins}")
            n_edges = min(max(0 if edges is None else edges.size, 3), n_bins + 1)
            yield f"edges{n_bins}", ArrayCheck(FLOAT64, (n_edges,), ascending=True)
            yield f"means{n_bins}", ArrayCheck(FLOAT64, (n_edges - 1,), 0, 1 + 1e-9)


@dataclass(frozen=True)
class _NumberFacts(Stored):
    """What a file tells of an encoder of numbers, beside the arrays of its bins."""

    name: str
    center: Finite
    spread: Positive
    varies: bool
    missing_share: Share | None
    bins: Annotated[tuple[Annotated[int, Whole(1, 1024)], ...], Items(most=16, distinct=True)]
    written: NumberFormat | None = None


@dataclass(frozen=True, eq=False)
class JoinedNumbers:
    """Encoders of numbers, and where their features stand."""

    encoders: tuple[NumberEncoder, ...]  # at least one
    # for each the index of its first feature among the table's features without bins
    starts: tuple[int, ...]

    def fill(
        self,
        # float64 (n_columns, n_samples): what the encoders read, in their order; it is changed
        numbers: Array,
    ) -> tuple[Array, Array]:
        """Return the numbers with the median where one is missing, and where that is."""
        missing = np.isnan(numbers)
        np.copyto(numbers, self._centers, where=missing)
        return numbers, missing

    def write(
        self,
        numbers: Array,  # (n_columns, n_samples)
        missing: Array,
        out: Array,  # float32 (n_samples, n_features): the table's features without bins
    ) -> None:
        """Write the scaled numbers, and whether they are missing, where there are such features."""
        features = scaled(numbers, self._centers, self._spreads)
        rows, columns = self._varying
        out[:, columns] = features[rows].T
        for row, column, mean in self.flags:
            np.subtract(missing[row], mean, out=out[:, column], casting="same_kind")

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


class NumberKind(Kind):
    """Numbers, also as text."""

    name, words, holds, json = NUMBER, ("number", "numbers"), NUMBERS, "number"
    ordered = True
    encoders = (NumberEncoder,)

    def read(self, name: str, column: Array) -> Array:
        return as_numbers(name, column)

    def detail(self, table: Table, name: str) -> str:
        """Return the range of the numbers."""
        ascending = table.ascending(name)
        if not len(ascending):
            return ""
        return range_words(ascending[0], ascending[-1], whole=is_whole(ascending))

    def fit(self, training: TrainingColumn) -> NumberEncoder:
        encoder = NumberEncoder.fit(
            training.name,
            training.values,
            training.weight,
            training.n_bins,
            ascending=training.ascending("f"),
        )
        return replace(encoder, written=cast(NumberFormat | None, training.schema.written))


def range_words(low: float, high: float, *, whole: bool, written: NumberFormat = PLAIN) -> str:
    """Return the smallest number and the largest, in their unit."""
    template = (
        "whole, from {low} to {high}" if whole and not written.power else "from {low} to {high}"
    )
    ends = (written.text(format_short, end) for end in (low, high))
    return _(template).format(low=next(ends), high=next(ends))


def is_whole(numbers: Array) -> bool:
    """Return whether there are only whole numbers, missing ones not counted."""
    blocks = (numbers[rows] for rows in row_blocks(len(numbers), 1))
    return all(bool(((block == np.floor(block)) | np.isnan(block)).all()) for block in blocks)
