"""What is in the columns of a table, and how each was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, final

import numpy as np

from madaline._base.language import _
from madaline._base.words import clip_text, format_count, format_moment, format_share, format_span
from madaline._tables.column import is_missing
from madaline._tables.formats.number_format import PLAIN, NumberFormat
from madaline._tables.kinds import KINDS
from madaline._tables.kinds.kind import (
    CATEGORY,
    DATETIME,
    DROPPED,
    NUMBER,
    NUMBERS,
    TEXT,
    ColumnSchema,
    format_short,
)
from madaline._tables.profile import ColumnProfile
from madaline._tables.table import Table
from madaline.nn.arrays import Array

BLOCKS = "▁▂▃▄▅▆▇█"  # characters of small distributions
_MAX_BARS = 8  # bars of a distribution in a terminal
_MAX_LEVELS, _MAX_LEVEL, _MAX_TEXT = 3, 24, 60  # levels that are named, their letters, of a text
_MAX_WRITTEN = 1e15  # of numbers that are written out
_MIN_SHARE = 0.02  # of the most frequent level, from which on shares are told
_MIN_STEP = 0.5  # of the steps between dates that are of one length, where it is told
_GAP = 1.5  # steps from which on there is a gap
_MONTHS = (28 * 86_400.0, 31 * 86_400.0)  # seconds
_UNITS = {
    1.0: "second",
    60.0: "minute",
    3600.0: "hour",
    86_400.0: "day",
    7 * 86_400.0: "week",
    _MONTHS[1]: "month",
    365 * 86_400.0: "year",
}
"""Names of steps between dates."""


@final
@dataclass(frozen=True)
class Dates:
    """When the rows of a column of dates are, in seconds since 1970."""

    first: float
    last: float
    step: float  # the most frequent time from one date to the next; 0 if they are irregular
    gaps: int  # how often the next date is more than a step away
    longest: float  # the longest time from one date to the next
    after: float  # when that begins

    @classmethod
    def of(cls, seconds: Array) -> Dates | None:
        """Return when moments are, given in ascending order; None if there are none."""
        if not len(seconds):
            return None
        times = np.unique(seconds)
        steps = np.diff(times)
        if not len(steps):
            return cls(times[0], times[-1], 0.0, 0, 0.0, 0.0)
        lengths, counts = np.unique(steps, return_counts=True)
        step, share = lengths[counts.argmax()], counts.max() / len(steps)
        if np.mean((steps >= _MONTHS[0]) & (steps <= _MONTHS[1])) > max(_MIN_STEP, share - 0.5):
            step, share = _MONTHS[1], 1.0  # months have no single length
        longest = int(steps.argmax())
        regular = share >= _MIN_STEP
        return cls(
            float(times[0]),
            float(times[-1]),
            float(step) if regular else 0.0,
            int(np.sum(steps > _GAP * step)) if regular else 0,
            float(steps[longest]),
            float(times[longest]),
        )

    @property
    def words(self) -> str:
        """The range and the step in words."""
        within = self.last - self.first
        low, high = (format_moment(end, within=within) for end in (self.first, self.last))
        ends = _("{low} to {high}").format(low=low, high=high)
        if not self.step:
            return ends
        every = _UNITS.get(self.step) or format_span(self.step)
        gaps = f", {format_count(self.gaps, 'gap')}" if self.gaps else ""
        return _("{ends}; every {every}{gaps}").format(ends=ends, every=every, gaps=gaps)

    @property
    def short(self) -> str:
        """The range in few characters."""
        first, last = map(format_moment, (self.first, self.last))
        if first[:4] == last[:4]:
            return _("{first} to {last}").format(first=first, last=last[5:])
        return _("{first} to {last}").format(first=first[:7], last=last[:7])


@final
@dataclass(frozen=True)
class LookedColumn:
    """What is in one column."""

    name: str
    kind: str  # as what it is read; "dropped" if a fit leaves it out
    why: str  # how it was read, or why it is left out; empty where that is plain
    n_missing: int  # rows without a value
    n_distinct: int  # different values
    values: str  # typical values in words
    profile: ColumnProfile | None = None  # quantiles and a histogram, or the frequent levels
    dates: Dates | None = None  # when the rows are, if it holds dates
    # from 0 to 1, how much it tells of the target, and how much it tells whether it has a value;
    # None without a target, and for texts, images and sounds
    association: float | None = None
    of_missing: float | None = None
    written: NumberFormat = PLAIN  # how its numbers are, in their unit

    @classmethod
    def of(cls, table: Table, schema: ColumnSchema) -> LookedColumn:
        """Return what is in a column of a table that was read as its schema says."""
        name, kind = schema.name, held_kind(schema, table[schema.name])
        why = schema.note if schema.kept else schema.detail
        profile = dates = None
        is_shown = (
            not KINDS[kind].has_levels
            or 2 * schema.n_distinct <= table.n_samples - schema.n_missing
        )
        if KINDS[kind].profiled and schema.n_distinct and is_shown:
            profile = ColumnProfile.of(table, name, kind)
        if kind == DATETIME and table[name].dtype.kind == "M":
            dates = Dates.of(KINDS[kind].numbers(name, table.ascending(name)))
        values = _values(table, schema, kind, profile, dates)
        seen = cls(
            name, schema.kind, why, schema.n_missing, schema.n_distinct, values, profile, dates
        )
        return replace(seen, written=_written(schema))

    @property
    def brief(self) -> str:
        """Typical values in few characters; why a column is left out."""
        if self.kind == DROPPED:
            return self.why
        if self.dates is not None:
            return self.dates.short
        edges = () if self.profile is None else self.profile.edges
        return _range_words((edges[0], edges[-1]), self.written) if edges else self.values

    @property
    def of_levels(self) -> bool:
        """Whether its profile is one of levels."""
        return self.profile is not None and self.profile.has_levels

    @property
    def bars(self) -> tuple[int, ...]:
        """The distribution in a few bars: rows in ranges of numbers, or of the frequent levels."""
        if self.profile is None:
            return ()
        counts = self.profile.counts
        if not counts:
            shares = self.profile.shares[:_MAX_BARS]
            return tuple(round(share * (self.profile.n_rows - self.n_missing)) for share in shares)
        ends = np.linspace(0, len(counts), min(_MAX_BARS, len(counts)) + 1)
        below = np.interp(ends, np.arange(len(counts) + 1), [0, *np.cumsum(counts)])
        return tuple(np.diff(below).round().astype(int).tolist())

    @property
    def sparkline(self) -> str:
        """The bars as characters."""
        most = max(self.bars, default=0)
        if not most:
            return ""
        heights = (-(-len(BLOCKS) * bar // most) for bar in self.bars)  # rounded up
        return "".join(BLOCKS[height - 1] if height else " " for height in heights)

    def to_json(self) -> dict[str, Any]:
        """Return the facts as JSON-able values."""
        facts = asdict(self) | {"profile": self.profile and self.profile.to_json()}
        return {name: fact for name, fact in facts.items() if name != "written"}


def held_kind(schema: ColumnSchema, column: Array) -> str:
    """Return as what kind a column is shown, one that is left out included."""
    if schema.kept:
        return schema.kind
    if column.ndim > 1:
        return "image"
    return {"f": NUMBER, "M": DATETIME}.get(column.dtype.kind, CATEGORY)


def _values(
    table: Table,
    schema: ColumnSchema,
    kind: str,
    profile: ColumnProfile | None,
    dates: Dates | None,
) -> str:
    """Return typical values of a column in words."""
    if not schema.n_distinct or kind not in KINDS:
        return ""
    if dates is not None:
        return dates.words
    if kind == TEXT or (KINDS[kind].has_levels and profile is None):
        return _("such as {quoted}").format(quoted=_quoted(table, schema.name))
    if profile is not None and profile.has_levels:
        shares = dict(zip(profile.levels, profile.shares, strict=True))
        return level_words(shares, schema.n_distinct)
    if KINDS[kind].holds != NUMBERS:
        return KINDS[kind].detail(table, schema.name)
    return _range_words(schema.quartiles or _quartiles(table, schema.name), _written(schema))


def _written(schema: ColumnSchema) -> NumberFormat:
    return schema.written if isinstance(schema.written, NumberFormat) else PLAIN


def _quoted(table: Table, name: str) -> str:
    """Return the first value of a column as an example."""
    column = table[name]
    first = column[np.argmin(is_missing(column))]
    return clip_text(" ".join(str(first).split()), _MAX_TEXT)


def level_words(shares: Mapping[str, float], n_levels: int) -> str:
    """Return the most frequent of some levels with their shares."""
    frequent = max(shares.values()) >= _MIN_SHARE
    shown = [
        clip_text(" ".join(level.split()), _MAX_LEVEL) + (f" {percent(share)}" if frequent else "")
        for level, share in list(shares.items())[:_MAX_LEVELS]
    ]
    more = n_levels - len(shown)
    return _(", ").join(shown) + (_(" and {more:,} more").format(more=more) if more > 0 else "")


def percent(share: float) -> str:
    """Return a whole percentage that is never rounded to none or all."""
    rest = "<1%" if 0 < share < 0.005 else ""
    return rest or (">99%" if 0.995 <= share < 1 else format_share(share, 0))


def _quartiles(table: Table, name: str) -> tuple[float, ...]:
    ascending = table.ascending(name)
    return tuple(map(float, ascending[np.arange(5) * (len(ascending) - 1) // 4]))


def _range_words(numbers: tuple[float, ...], written: NumberFormat) -> str:
    """Return the smallest number and the largest, and the quartiles if they are between them."""
    low, *middle, high = (written.text(_number_words, number) for number in numbers)
    if low == high:
        return low
    if not middle:
        return _("{low} to {high}").format(low=low, high=high)
    return _("{low} to {high}; quartiles {middle}").format(
        low=low, high=high, middle=_(", ").join(middle)
    )


def _number_words(number: float) -> str:
    return f"{number:,.0f}" if 10_000 <= abs(number) < _MAX_WRITTEN else format_short(number)
