"""A moment becomes its time, and its phase in the year, the week and the day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, cast

import numpy as np

from madaline._base.codec import Items, Share
from madaline._base.json_checks import OneOf
from madaline._base.language import _
from madaline._tables.column import in_seconds
from madaline._tables.conversion import as_moments
from madaline._tables.formats.date_format import DateFormat
from madaline._tables.kinds.kind import (
    DATETIME,
    NUMBERS,
    ColumnEncoder,
    Kind,
    TrainingColumn,
    missing_name,
    write_missing,
)
from madaline._tables.kinds.number import RobustScaling
from madaline._tables.statistics import Distribution, share
from madaline._tables.table import Table
from madaline.nn.arrays import Array

LINEAR = ("time", "year")
CYCLES: Mapping[str, float] = {"month": 12, "weekday": 7, "hour": 24}
"""Cyclic parts and their periods: each becomes a sine and a cosine."""


@dataclass(frozen=True)
class DatetimeEncoder(ColumnEncoder):
    """Encodes a column of moments; only parts that vary among the training rows are kept."""

    name: str
    # the linear parts that are kept: ``time`` (seconds since 1970) and ``year``
    scalings: Mapping[Annotated[str, OneOf(LINEAR)], RobustScaling]
    # the cyclic parts that are kept, among ``month``, ``weekday``, ``hour``
    cycles: Annotated[tuple[Annotated[str, OneOf(CYCLES)], ...], Items(distinct=True)]
    missing_share: Share | None  # share of training rows without a value; None when all had one
    written: DateFormat | None = None  # how the training values were written, where they were text

    kind = DATETIME

    @classmethod
    def fit(
        cls,
        name: str,
        column: Array,
        sample_weight: Array | None = None,
        *,
        ascending: Array | None = None,
    ) -> DatetimeEncoder:
        """Return the encoder of a training column, shape (n_samples,), of any kind.

        `ascending` are its sorted moments, where they are known and there are no weights.
        """
        moments = as_moments(name, column)
        distinct, weight = moments, sample_weight
        if ascending is not None:
            distribution = Distribution.of_ascending(ascending)
            distinct, weight = distribution.values, distribution.weights
        missing = np.isnat(distinct)
        parts = {
            part: Distribution.of(np.where(missing, np.nan, values), weight)
            for part, values in _parts(distinct).items()
        }
        varying = [part for part, distribution in parts.items() if len(distribution.values) > 1]
        missing_share = share(np.isnat(moments), sample_weight)
        return cls(
            name,
            {part: RobustScaling.fit(parts[part]) for part in LINEAR if part in varying},
            tuple(part for part in CYCLES if part in varying),
            missing_share if 0 < missing_share < 1 else None,
        )

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The parts of the moment, and whether it is missing."""
        names = [_("{name}: {part}").format(name=self.name, part=part) for part in self.scalings]
        for part in self.cycles:
            names += [
                _("{name}: {part} (sine)").format(name=self.name, part=part),
                _("{name}: {part} (cosine)").format(name=self.name, part=part),
            ]
        if self.missing_share is not None:
            names.append(missing_name(self.name))
        return tuple(names)

    @property
    def rising(self) -> tuple[bool, ...]:
        """Time and year rise, cycles do not."""
        return tuple(place < len(self.scalings) for place in range(self.n_features))

    def read(self, column: Array) -> Array:
        return as_moments(self.name, column, self.written)

    def write(self, column: Array, out: Array) -> None:
        """Write the parts (zero where missing), and whether it is missing."""
        missing, parts = np.isnat(column), _parts(column)
        for index, (part, scaling) in enumerate(self.scalings.items()):
            out[:, index] = scaling.apply(np.where(missing, scaling.center, parts[part]))
        for index, part in enumerate(self.cycles):
            start = len(self.scalings) + 2 * index
            sine, cosine = _wave(parts[part], CYCLES[part])
            out[:, start] = np.where(missing, 0, sine)
            out[:, start + 1] = np.where(missing, 0, cosine)
        write_missing(missing, self.missing_share, out)


def _parts(moments: Array) -> dict[str, Array]:
    """Return the parts of each moment; those of missing ones are arbitrary."""
    microseconds = moments.astype(np.int64)
    months = moments.astype("datetime64[M]").astype(np.int64)  # years would take as long again
    days = moments.astype("datetime64[D]").astype(np.int64)
    years = months // 12
    return {
        "time": microseconds / 1e6,
        "year": 1970.0 + years,
        "month": months - 12 * years,
        "weekday": (days + 3) % 7,  # 1970 began on a Thursday
        "hour": (microseconds - 86_400_000_000 * days) / 3.6e9,
    }


def _wave(part: Array, period: float) -> tuple[Array, Array]:
    """Return the sine and the cosine of cyclic parts; of whole numbers, each only once."""
    is_whole = part.dtype.kind == "i"
    angle = (np.arange(period) if is_whole else part) * (2 * np.pi / period)
    sine, cosine = np.sin(angle), np.cos(angle)
    return (sine.take(part), cosine.take(part)) if is_whole else (sine, cosine)


class DatetimeKind(Kind):
    """Dates and times."""

    name, words, holds, json = DATETIME, ("date", "dates"), NUMBERS, "string"
    ordered = True
    encoders = (DatetimeEncoder,)

    def read(self, name: str, column: Array) -> Array:
        return as_moments(name, column)

    def numbers(self, name: str, column: Array) -> Array:
        """Return seconds since 1970, NaN where missing."""
        return in_seconds(as_moments(name, column))

    def detail(self, table: Table, name: str) -> str:
        """Return the first moment and the last."""
        ascending = table.ascending(name)
        if not len(ascending):
            return ""
        texts = ascending[[0, -1]].astype("datetime64[s]").astype(str)
        first, last = (text.replace("T00:00:00", "").replace("T", " ") for text in texts)
        return _("from {first} to {last}").format(first=first, last=last)

    def fit(self, training: TrainingColumn) -> DatetimeEncoder:
        """Return the fitted encoder; cycles neither rise nor fall, so it may have none."""
        encoder = DatetimeEncoder.fit(
            training.name, training.values, training.weight, ascending=training.ascending("M")
        )
        cycles = () if training.monotone else encoder.cycles
        written = cast(DateFormat | None, training.schema.written)
        return replace(encoder, written=written, cycles=cycles)
