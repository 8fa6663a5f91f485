"""Scores of stretches of time: each is predicted by networks that learned from earlier rows alone.

The rows that come after the table are one more such stretch. So the promised score is what the
latest stretches say of the next one, and its error counts stretches, not rows: rows near in time
resemble one another, and many of them are no more evidence than a few.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, final

from madaline._data.codec import Finite, Items, Stored
from madaline._data.json_checks import Number, Text, Whole

_Rows = Annotated[int, Whole(0, 2**53)]


@final
@dataclass(frozen=True)
class Stretch(Stored):
    """A part of the rows that follow one another in time, which were held out together."""

    first: Finite  # time of its first row: seconds since 1970 of dates, else a number
    last: Finite  # time of its last row
    n_rows: _Rows
    n_learned: _Rows  # earlier rows that its networks learned from
    value: Finite  # the metric on its rows
    baseline: Finite  # that of the best constant of the earlier rows
    last_known: Finite | None = None  # that of the last known value before the stretch


@final
@dataclass(frozen=True)
class Aging(Stored):
    """How much worse networks predict rows that come so much later than those they learned from."""

    age: Finite  # seconds of dates, else in the unit of the time
    loss: Annotated[float, Number(0)]  # as a share of that of networks that learned up to the rows


@final
@dataclass(frozen=True)
class Noticed(Stored):
    """Why a fit of rows that were not said to have times holds out stretches of time."""

    among: Finite  # the metric of a simple model where a row is predicted from all other rows
    after: Finite  # where it is predicted from earlier rows alone
    standard_error: Annotated[float, Number(0)]  # of the difference


@final
@dataclass(frozen=True)
class ForwardScores(Stored):
    """What a model promises of later rows, and why."""

    name: Annotated[str, Text(1000)]  # the column of times, or `ROW_ORDER`
    of_dates: bool  # whether times are seconds since 1970
    metric: Annotated[str, Text(100)]  # that of the stretches
    stretches: Annotated[tuple[Stretch, ...], Items(most=1000)]  # in the order of time
    gap: Finite = 0.0  # time, or rows, between the rows learned from and those predicted
    horizon: Finite | None = None  # how far ahead rows are predicted; None as far as stretches go
    trend: Finite = 0.0  # by how much the metric rises from stretch to stretch, beyond chance
    aging: Annotated[tuple[Aging, ...], Items(most=1000)] = ()
    noticed: Noticed | None = None  # None where the user said what the times are


ROW_ORDER = "the order of the rows"
