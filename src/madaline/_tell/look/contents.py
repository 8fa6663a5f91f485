"""What is in a table: its columns, how each was read, and what rows have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, final

import numpy as np

from madaline._base.language import _
from madaline._base.words import clip_text, format_count, format_moment, format_share, format_span
from madaline._race.time.told_times import TIME_NAME
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
from madaline._tables.media.images import image_codes
from madaline._tables.profile import ColumnProfile
from madaline._tables.schema import Schema
from madaline._tables.table import Distinct, Table
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


_TOGETHER = 0.95  # of the rows where one of two columns lacks a value, those where both do
_MIN_THINGS, _MIN_SHARED = 10, 3  # things that rows are of, and values of a column that these share
_MAX_COMPARED = 100  # columns among which things are looked for
_MAX_CODES, _MIN_CODED = 30, 20  # values of a column with a code for none, and rows of that code
_MAX_LACKING = 200  # columns whose missing values are compared


@final
@dataclass(frozen=True)
class Missing:
    """Values that are missing."""

    n_columns: int  # that lack some value
    share: float  # of all values of the table
    n_complete: int  # rows that lack no value
    together: tuple[tuple[tuple[str, ...], int], ...]  # columns that lack values in the same rows

    @classmethod
    def of(cls, table: Table) -> Missing:
        """Return which values of a table are missing."""
        lacking, total = {}, 0
        any_missing = np.zeros(table.n_samples, bool)
        for name in table.names:
            missing = is_missing(table[name])
            if missing.any():
                lacking[name] = missing
                any_missing |= missing
                total += int(missing.sum())
        n_values = table.n_samples * len(table.names)
        together = _together(list(lacking.items())[:_MAX_LACKING])
        n_complete = int(np.sum(~any_missing))
        return cls(len(lacking), total / max(1, n_values), n_complete, tuple(together))


def _together(lacking: Iterable[tuple[str, Array]]) -> list[tuple[tuple[str, ...], int]]:
    """Return columns whose values are missing in nearly the same rows, not in all."""
    groups: list[tuple[list[str], Array]] = []
    for name, missing in lacking:
        if missing.all():
            continue
        for names, rows in groups:
            if np.sum(missing & rows) >= _TOGETHER * np.sum(missing | rows):
                names.append(name)
                break
        else:
            groups.append(([name], missing))
    found = [(tuple(names), int(rows.sum())) for names, rows in groups if len(names) > 1]
    return sorted(found, key=lambda group: (-len(group[0]), -group[1]))


@final
@dataclass(frozen=True)
class SharedCode:
    """A number at an end of several columns that all have it in the same rows."""

    columns: tuple[str, ...]
    value: float
    n_rows: int


def shared_codes(table: Table, schema: Schema) -> list[SharedCode]:
    """Return numbers that may stand for a missing value, such as 2 beside 0 and 1."""
    found: dict[tuple[float, bytes], list[str]] = {}
    for column in schema.columns:
        if column.kind != NUMBER or not 2 < column.n_distinct <= _MAX_CODES:
            continue
        values = table[column.name]
        for value in {float(np.nanmin(values)), float(np.nanmax(values))}:
            rows = values == value
            if rows.sum() >= _MIN_CODED:
                found.setdefault((value, rows.tobytes()), []).append(column.name)
    return [
        SharedCode(tuple(names), value, rows.count(b"\1"))
        for (value, rows), names in found.items()
        if any(not np.array_equal(table[names[0]], table[name], equal_nan=True) for name in names)
    ]


@final
@dataclass(frozen=True)
class CopiedRows:
    """Rows that are equal to another one."""

    n_alike: int  # rows that are equal to another one, the target included
    n_copies: int  # those of them that are equal to an earlier one
    n_contradicted: int  # rows that are equal to another one but for the target
    best: float  # the accuracy that no model can exceed on these rows; 1 of numbers
    rows: tuple[int, ...]  # the first rows that are copies, counted from 0

    @classmethod
    def of(
        cls, table: Table, names: Sequence[str], target: Array | None, *, classes: bool
    ) -> CopiedRows:
        """Return the copies among rows of some columns; the target is given as codes or numbers."""
        alike = _row_codes([_bits(table, name) for name in names], table.n_samples)
        if target is None:
            whole, n_contradicted, best = alike, 0, 1.0
        else:
            codes = np.unique(target, return_inverse=True)[1].astype(np.uint64)
            whole = _row_codes([alike, codes], len(codes))
            n_contradicted, best = _contradicted(alike, whole)
        first, counts = np.unique(whole, return_index=True, return_counts=True)[1:]
        copied = np.ones(len(whole), bool)
        copied[first] = False
        rows = tuple(np.flatnonzero(copied)[:50].tolist())
        n_alike = int(counts[counts > 1].sum())
        return cls(n_alike, int(copied.sum()), n_contradicted, best if classes else 1.0, rows)


def _contradicted(alike: Array, whole: Array) -> tuple[int, float]:
    """Return how many rows are equal to rows of another target, and the best possible accuracy."""
    _, index, numbers = np.unique(alike, return_index=True, return_inverse=True)
    _, first, counts = np.unique(whole, return_index=True, return_counts=True)
    group = numbers[first]  # the rows that are alike, of each kind of whole rows
    most = np.zeros(len(index), np.int64)
    np.maximum.at(most, group, counts)
    kinds = np.bincount(group, minlength=len(index))
    return int(np.sum(kinds[numbers] > 1)), float(most.sum() / len(alike))


def find_things(table: Table, schema: Schema, rows: Array) -> tuple[str, tuple[str, ...]] | None:
    """Return the column that tells apart the things that rows are of, and what these share.

    It repeats, and at least two columns are the same in all rows of one of its values.
    """
    names = [name for name in schema.single if schema[name].n_distinct >= _MIN_SHARED]
    codes = {name: Distinct.of(table[name][rows]).codes for name in names[:_MAX_COMPARED]}
    found: list[tuple[int, str, tuple[str, ...]]] = []
    for name, own in codes.items():
        counts = np.bincount(own)
        repeated = np.flatnonzero(counts[own] > 1)
        if TIME_NAME.search(name) or 2 * len(repeated) < len(own):
            continue
        order = repeated[np.argsort(own[repeated], kind="stable")]
        alike = np.flatnonzero(own[order][1:] == own[order][:-1])  # rows before one of the same
        n_things = len(order) - len(alike)
        shared = tuple(
            other
            for other, values in codes.items()
            if other != name
            and (values[order[alike]] == values[order[alike + 1]]).all()
            and _MIN_SHARED <= len(np.unique(values[order])) < n_things
        )
        if n_things >= _MIN_THINGS and len(shared) > 1:
            found.append((len(shared), name, shared))
    return max(found)[1:] if found else None


def _bits(table: Table, name: str) -> Array:
    """Return a whole number for each value of a column, the same for equal ones."""
    column = table[name]
    if column.ndim > 1:
        return image_codes(column).astype(np.uint64)
    if column.dtype.kind == "O":
        return table.distinct(name).codes.astype(np.uint64)
    if column.dtype.kind == "f":
        column = np.where(np.isnan(column), np.nan, column) + 0.0  # one NaN, and no -0
    return column.view(np.uint64)


def _row_codes(columns: Iterable[Array], n_rows: int) -> Array:
    """Return a number for each row, different ones for different rows but for one in billions."""
    codes = np.zeros(n_rows, np.uint64)
    for column in columns:  # as splitmix64 mixes
        codes = (codes ^ column) * np.uint64(0x9E3779B97F4A7C15)
        codes = (codes ^ (codes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        codes ^= codes >> np.uint64(27)
    return codes
