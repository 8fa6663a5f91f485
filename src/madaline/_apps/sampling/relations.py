"""Columns that others determine: charge = 0.17 x minutes, sums, and the state of each city.

Trees come close to such a relation but never hold it, and a single look tells their rows from real
ones. So it is found, and computed: a row that is drawn obeys it as every row of the table does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, final

import numpy as np

from madaline._apps.sampling.cells import LEVEL, ColumnCells
from madaline._base.codec import Finite, Items, Stored
from madaline._base.json_checks import Whole
from madaline._base.language import _
from madaline._base.words import format_moment, format_number
from madaline._tables.column import in_seconds
from madaline._tables.table import Table
from madaline.nn.arrays import Array

_MAX_SOURCES = 40  # columns of numbers that a sum may be of
_ROWS_OF_SOURCE = 10  # rows for each of them, at least
_ROWS_OF_CELL = 10  # rows of the table for each value of a column that determines another
_MIN_SPREAD = 20  # standard deviation of a sum, in units of what rounding changes
_SAMPLE = 1000  # rows that a sum is sought in; it must hold in all
_CORRELATED = 0.999


@final
@dataclass(frozen=True)
class Lookup(Stored):
    """A column whose value follows from the value of another one."""

    source: str
    cells: tuple[Annotated[int, Whole(0, 2**31)], ...]  # for each cell of the source

    @property
    def sources(self) -> tuple[str, ...]:
        """The column that it follows from."""
        return (self.source,)

    def sentence(self, name: str, dates: Collection[str] = ()) -> str:
        """Return the relation in words."""
        del dates
        return _("{name} follows from {source}, as in every row of the table.").format(
            name=name, source=self.source
        )


@final
@dataclass(frozen=True)
class WeightedSum(Stored):
    """A column of numbers that is a weighted sum of others, but for rounding."""

    sources: Annotated[tuple[str, ...], Items(1, _MAX_SOURCES, distinct=True)]
    weights: Annotated[tuple[Finite, ...], Items(1, _MAX_SOURCES)]
    constant: Finite = 0.0

    def __call__(self, values: Mapping[str, Array]) -> Array:
        """Return the sum for each row."""
        pairs = zip(self.sources, self.weights, strict=True)
        total = np.full(len(values[self.sources[0]]), self.constant)
        for source, weight in pairs:
            total = total + weight * values[source]
        return total

    def sentence(self, name: str, dates: Collection[str] = ()) -> str:
        """Return the relation in words, given which columns are dates, whose unit is seconds.

        >>> WeightedSum(("ordered", "days"), (1.0, 86_400.0), -3600.0).sentence(
        ...     "due", ["ordered", "due"]
        ... )
        'due is ordered + 1 d × days - 1 h, as in every row of the table.'
        >>> WeightedSum(("start", "end"), (-1 / 3600, 1 / 3600)).sentence("hours", ["start", "end"])
        'hours is end / 1 h - start / 1 h, as in every row of the table.'
        """
        is_date = name in dates
        terms = []
        for source, weight in zip(self.sources, self.weights, strict=True):
            size = abs(weight)
            sign = "-" if weight < 0 else "+"
            if is_date == (source in dates):
                factor = "" if size == 1 else f"{format_number(size)} × "
                terms.append((sign, f"{factor}{source}"))
            elif is_date:
                terms.append((sign, f"{_span(size)} × {source}"))
            else:
                terms.append((sign, f"{source} / {_span(1 / size)}"))
        size = abs(self.constant)
        sign = "-" if self.constant < 0 else "+"
        if is_date and not any(source in dates for source in self.sources):
            terms.insert(0, ("+", format_moment(self.constant)))
        elif size:
            terms.append((sign, _span(size) if is_date else format_number(size)))
        terms.sort(key=lambda term: term[0] == "-")
        (first, text), *others = terms
        text = f"-{text}" if first == "-" else text
        text += "".join(f" {sign} {term}" for sign, term in others)
        return _("{name} is {text}, as in every row of the table.").format(name=name, text=text)


def _span(seconds: float) -> str:
    """Return seconds in the largest unit of which they are a whole number."""
    units = (("d", 86_400), ("h", 3600), ("min", 60))
    for unit, size in units:
        if abs(seconds / size - (n := round(seconds / size))) < 1e-6 and n:
            return f"{n:,} {unit}"
    return f"{format_number(seconds)} s"


Relation = Lookup | WeightedSum


def find_relations(
    table: Table, cells: Mapping[str, ColumnCells], drawn: Mapping[str, Array]
) -> dict[str, Relation]:
    """Return the columns that others determine; no two determine each other."""
    names = table.names
    relations = dict[str, Relation]()
    numbers = [name for name in names if cells[name].kind != LEVEL and cells[name].n_cells > 1]
    for place, name in enumerate(names):
        for source in (*names[:place], *names[place + 1 :]):
            if _leads_back(relations, source, name):
                continue
            lookup = _lookup(source, name, cells, drawn)
            is_later = source in names[place:]
            if lookup and not (is_later and _lookup(name, source, cells, drawn)):
                relations[name] = lookup
                break
        if name not in relations and name in numbers:
            earlier = [
                earlier_name
                for earlier_name in numbers[: numbers.index(name)]
                if earlier_name != name
            ]
            linear = _linear(table, name, earlier, cells[name])
            if linear is not None:
                relations[name] = linear
    return relations


def find_sums(table: Table) -> dict[str, WeightedSum]:
    """Return the columns of numbers that are sums of others before them, if any of these has gaps.

    >>> a, b = np.random.default_rng(0).normal(size=(2, 99))
    >>> find_sums(
    ...     Table({"a": np.where(b > 1, np.nan, a), "b": b, "c": np.where(b > 1, np.nan, a - b)})
    ... )
    {'c': WeightedSum(sources=('a', 'b'), weights=(1.0, -1.0), constant=0.0)}
    """
    numbers = [name for name in table.names if table[name].dtype.kind == "f"]
    lacking = {name for name in numbers if np.isnan(table[name]).any()}
    sums = {}
    for place, name in enumerate(numbers):
        cells = ColumnCells.of(table[name], _ROWS_OF_CELL) if place and lacking else None
        linear = cells and _linear(table, name, numbers[:place], cells)
        if linear and lacking & {name, *linear.sources}:
            sums[name] = linear
    return sums


def in_order(names: Sequence[str], relations: Mapping[str, Relation]) -> tuple[str, ...]:
    """Return names in their order, each behind those that determine it."""
    placed: dict[str, None] = {}

    def place(name: str) -> None:
        if name not in placed:
            for source in relations[name].sources if name in relations else ():
                place(source)
            placed[name] = None

    for name in names:
        place(name)
    return tuple(placed)


def _leads_back(found: Mapping[str, Relation], source: str, name: str) -> bool:
    """Return whether a column already follows from another one, at however many removes."""
    if source == name:
        return True
    return source in found and any(
        _leads_back(found, earlier, name) for earlier in found[source].sources
    )


def _lookup(
    source: str, name: str, cells: Mapping[str, ColumnCells], drawn: Mapping[str, Array]
) -> Lookup | None:
    """Return how the cells of a column follow from those of another one; None if they do not."""
    given, target = cells[source], cells[name]
    n_rows = len(drawn[name])
    if not 1 < target.n_cells <= given.n_cells <= n_rows / _ROWS_OF_CELL:
        return None
    if not (given.is_atom.all() and target.is_atom.all()):
        return None
    follows = np.zeros(given.n_cells, np.int32)
    follows[drawn[source]] = drawn[name]
    if not np.array_equal(follows[drawn[source]], drawn[name]):
        return None
    return Lookup(source, tuple(follows.tolist()))


def _linear(
    table: Table, name: str, earlier: Sequence[str], cells: ColumnCells
) -> WeightedSum | None:
    """Return the sum that a column is, of one earlier column or of several."""
    target = in_seconds(table[name])
    present = np.flatnonzero(~np.isnan(target))
    if len(present) < 2 * _ROWS_OF_SOURCE or not earlier:
        return None
    spread = float(target[present].std())
    tolerance = 0.75 * cells.step if cells.step else 1e-6 * spread
    if spread < _MIN_SPREAD * tolerance:
        return None
    columns = {source: in_seconds(table[source]) for source in earlier[-_MAX_SOURCES:]}
    some = present[:: max(1, len(present) // _SAMPLE)]
    for sources in _candidates(columns, target, some):
        linear = _fitted(columns, target, sources, some, tolerance)
        if linear is not None:
            return linear
    return None


def _candidates(
    columns: Mapping[str, Array], target: Array, some: Array
) -> Iterator[tuple[str, ...]]:
    """Yield the columns that a sum may be of: each that runs along with it, then all."""
    centered = target[some] - target[some].mean()
    complete = {}
    for name, column in columns.items():
        sample = column[some]
        if not np.isnan(sample).any() and sample.std() > 0:
            complete[name] = sample - sample.mean()
    for name, sample in complete.items():
        together = abs(sample @ centered) / np.sqrt((sample @ sample) * (centered @ centered))
        if together > _CORRELATED:
            yield (name,)
    if len(complete) > 1 and len(some) >= _ROWS_OF_SOURCE * len(complete):
        yield tuple(complete)


def _fitted(
    columns: Mapping[str, Array],
    target: Array,
    sources: tuple[str, ...],
    some: Array,
    tolerance: float,
) -> WeightedSum | None:
    """Return the sum of some columns that a column is in all rows; None if it is none."""
    x = np.column_stack([columns[name][some] for name in sources])
    means, scales = x.mean(axis=0), x.std(axis=0)
    center = target[some].mean()
    weights = np.linalg.lstsq((x - means) / scales, target[some] - center, rcond=1e-9)[0]
    needed = np.abs(weights) > tolerance / 4
    if not needed.any():
        return None
    if not needed.all():
        left = tuple(name for name, is_needed in zip(sources, needed, strict=True) if is_needed)
        return _fitted(columns, target, left, some, tolerance)
    weights = weights / scales
    exact = WeightedSum(sources, tuple(weights.tolist()), float(center - means @ weights))
    if not _holds(exact, columns, target, tolerance):
        return None
    for digits in range(8):  # the shortest weights that hold, too
        short = tuple(round(weight, digits) for weight in exact.weights)
        rest = center - means @ np.array(short)
        for constant in (0.0, round(float(rest), digits)):
            linear = WeightedSum(sources, short, constant)
            if any(short) and _holds(linear, columns, target, tolerance):
                return linear
    return exact


def _holds(
    linear: WeightedSum, columns: Mapping[str, Array], target: Array, tolerance: float
) -> bool:
    errors = np.abs(linear(columns) - target)
    same_missing = np.array_equal(np.isnan(errors), np.isnan(target))
    return same_missing and not bool((errors > tolerance).any())
