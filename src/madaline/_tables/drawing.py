"""Draws rows of a table as they come, block by block: each has a random key, the smallest stay.

Beside them stay the rows of the smallest keys of each class, or those of the smallest and the
largest target, where somebody has to know of all that is to be predicted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any, final

import numpy as np

from madaline._base.language import _
from madaline._tables.table import Table
from madaline._tables.target.values import MAX_TARGET, too_large
from madaline.errors import InputError
from madaline.nn.arrays import Array

KEY_CHUNK = 65_536  # rows whose keys come from one stream of random numbers
ROWS_OF_CLASS = 20  # of each class, where there are as many
_MAX_SURPLUS = 1.5  # rows that are held while others are read, as a multiple of those to draw
_KEY_STREAM = 2**32 - 5  # separates the keys of rows from all other random numbers
_MAX_CLASSES = 10_000  # classes that are counted
_MAX_SEED = 2**32 - 1  # as of NumPy and scikit-learn
_MAX_NUMBERS = 100  # different numbers of a target up to which they may turn out to be classes


def read_seed(random_state: Any) -> int:
    """Return one seed: a whole number as it is, otherwise drawn as scikit-learn would.

    >>> read_seed(7)
    7
    >>> read_seed(np.random.RandomState(0)) == read_seed(np.random.RandomState(0))
    True
    """
    if isinstance(random_state, Integral) and 0 <= int(random_state) <= _MAX_SEED:
        return int(random_state)
    generator: Any = np.random if random_state is None else random_state
    if generator is np.random or isinstance(generator, np.random.RandomState):
        return int(generator.randint(np.iinfo(np.int32).max))  # None: as np.random.seed says
    raise InputError(
        "random_state is {random_state!r}: give a whole number from 0 to {MAX_SEED:,}, or None.",
        random_state=random_state,
        MAX_SEED=_MAX_SEED,
    )


def row_keys(n_samples: int, *, seed: int, first: int = 0) -> Array:
    """Return a random key of each row of a table, from one row on; the smallest are a sample."""
    chunk = first // KEY_CHUNK
    stop = -(-(first + n_samples) // KEY_CHUNK)
    keys = [
        np.random.default_rng([seed, _KEY_STREAM, number]).random(KEY_CHUNK)
        for number in range(chunk, stop)
    ]
    return np.concatenate([np.empty(0), *keys])[first - chunk * KEY_CHUNK :][:n_samples]


@final
@dataclass(frozen=True, eq=False)
class Drawn:
    """Rows that were drawn of a table."""

    table: Table  # in the order of the table
    numbers: Array  # int (n_drawn,): the number of each in the table
    n_rows: int  # of the table

    @property
    def note(self) -> str:
        """That some rows stand for all; empty if these are all."""
        return note_of_drawn(len(self.numbers), self.n_rows)


def note_of_drawn(n_drawn: int, n_rows: int) -> str:
    """Return in a sentence that some rows stand for all; empty if these are all."""
    if n_drawn == n_rows:
        return ""
    drawn = _("{n_drawn:,} of {n_rows:,} rows").format(n_drawn=n_drawn, n_rows=n_rows)
    return _("The table is large: {drawn} are looked at, drawn at random.").format(drawn=drawn)


def draw(blocks: Iterable[Table], n_rows: int, seed: int = 0) -> Drawn:
    """Return rows that are drawn evenly over all blocks."""
    drawing, first = Drawing(n_rows), 0
    for table in blocks:
        keys = row_keys(table.n_samples, seed=seed, first=first)
        drawing.add(table, keys, first + np.arange(table.n_samples))
        first += table.n_samples
    table, numbers, _ = drawing.result()
    return Drawn(table, numbers, first)


@final
class Drawing:
    """The rows of the smallest keys so far, and the others that belong to a sample."""

    def __init__(
        self,
        max_rows: int,  # that are drawn, but for those of rare classes and extreme targets
        targets: Sequence[str] = (),
        *,
        classes: bool | None = None,  # whether targets hold classes; None where that is not known
    ) -> None:
        self._max_rows, self._targets = max_rows, targets
        self._classes = self._extremes = None
        if targets:
            self._classes = None if classes is False else _Classes(may_be_numbers=classes is None)
            self._extremes = None if classes is True else _Extremes(len(targets))
        self.bound = np.inf  # rows of smaller keys are drawn
        self._parts: list[_DrawnRows] = []
        self._n_kept, self.n_samples = 0, 0

    @property
    def class_counts(self) -> Array:
        """The rows of each class of the only target; empty where it holds numbers."""
        is_single = self._classes is not None and len(self._targets) == 1
        return self._classes.counts if is_single and self._classes else np.zeros(0)

    def add(self, rows: Table, keys: Array, numbers: Array, *beside: Array) -> None:
        """Draw among some more rows, each with what stands beside it."""
        if not len(keys):
            return
        self.n_samples += len(keys)
        targets, codes = [rows[name] for name in self._targets], None
        drawn = keys < self.bound
        if self._extremes is not None:
            drawn |= self._extremes.among(targets, numbers)
        if self._classes is not None:
            codes = self._classes.number(targets)
            self._classes = None if codes is None else self._classes
        if self._classes is not None and codes is not None:
            drawn |= keys < self._classes.bounds[codes]
        codes = np.zeros(len(keys), np.int64) if codes is None else codes
        arrays = (keys, numbers, codes, *beside)
        if drawn.all():
            self._parts.append(_DrawnRows(rows, arrays))
        elif drawn.any():
            self._parts.append(_DrawnRows(rows, arrays).take(drawn))
        self._n_kept += int(drawn.sum())
        if self._n_kept > _MAX_SURPLUS * self._max_rows:
            self._prune(self._max_rows)

    def result(self, n_rows: int | None = None) -> tuple[Table, Array, list[Array]]:
        """Return so many rows that were drawn, their numbers, and what stands beside them."""
        self._prune(self._max_rows if n_rows is None else n_rows)
        _, numbers, _, *beside = (
            np.concatenate(arrays)
            for arrays in zip(*(part.arrays for part in self._parts), strict=True)
        )
        return Table.join([part.table for part in self._parts]), numbers, beside

    def _prune(self, size: int) -> None:
        """Leave out rows that others of smaller keys have displaced."""
        keys, numbers, codes = (
            np.concatenate([part.arrays[index] for part in self._parts]) for index in range(3)
        )
        if len(keys) > size:
            self.bound = np.partition(keys, size)[size]
        drawn = keys < self.bound
        if self._extremes is not None:
            drawn |= np.isin(numbers, self._extremes.numbers)
        if self._classes is not None:
            drawn |= self._classes.first_rows(keys, codes)
        stops = np.cumsum([len(part.arrays[0]) for part in self._parts])[:-1]
        split = zip(self._parts, np.split(drawn, stops), strict=True)
        self._parts = [
            part if some.all() else part.take(some) for part, some in split if some.any()
        ]
        self._n_kept = int(drawn.sum())


@final
@dataclass(frozen=True, eq=False)
class _DrawnRows:
    """Some rows that were drawn."""

    table: Table
    arrays: tuple[Array, ...]  # their keys, numbers and classes, and what stands beside them

    def take(self, rows: Array) -> _DrawnRows:
        """Return some of the rows."""
        return _DrawnRows(self.table.take(rows), tuple(array[rows] for array in self.arrays))


@final
class _Extremes:
    """The rows of the smallest and the largest number of each target."""

    def __init__(self, n_targets: int) -> None:
        self._values = np.full((n_targets, 2), -np.inf)  # of the negative target, of the target
        self._rows = np.full((n_targets, 2), -1)

    @property
    def numbers(self) -> Array:
        """The numbers of these rows."""
        return self._rows.ravel()

    def among(self, targets: Sequence[Array], numbers: Array) -> Array:
        """Return which of some more rows have smaller or larger targets than all before."""
        found = np.zeros(len(numbers), bool)
        for index, target in enumerate(targets):
            if target.dtype.kind != "f":
                continue
            large = np.abs(target) > MAX_TARGET
            if large.any():
                place = int(np.argmax(large))
                raise too_large(target[place], int(numbers[place]))
            for side, values in enumerate((-target, target)):
                place = int(np.argmax(values))
                if values[place] > self._values[index, side]:
                    self._values[index, side], found[place] = values[place], True
                    self._rows[index, side] = numbers[place]
        return found


@final
@dataclass
class _Classes:
    """The classes of a target, numbered as they come, and the rows of each."""

    may_be_numbers: bool  # whether many different numbers mean that there are no classes
    codes: dict[Any, int] = field(default_factory=dict)
    counts: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    bounds: Array = field(default_factory=lambda: np.zeros(0))  # rows of smaller keys are drawn

    def number(self, targets: Sequence[Array]) -> Array | None:
        """Return the class of each row; None where the target turns out to hold numbers."""
        codes = np.zeros(len(targets[0]), np.int64)
        for values in targets:
            levels, own = _levels(values)
            codes = codes * len(levels) + own
        first, codes = np.unique(codes, return_index=True, return_inverse=True)[1:]
        labels = zip(*(values[first].tolist() for values in targets), strict=True)
        known = np.array([self.codes.setdefault(one, len(self.codes)) for one in labels], np.intp)
        of_numbers = all(values.dtype.kind == "f" for values in targets)
        most = _MAX_NUMBERS if of_numbers else _MAX_CLASSES
        if self.may_be_numbers and len(self.codes) > most:
            return None
        if len(self.codes) > _MAX_CLASSES:
            raise InputError(
                "The target holds more than {MAX_CLASSES:,} different values, too many to be classes: choose another column, or regression.",
                MAX_CLASSES=_MAX_CLASSES,
            )
        n_new = len(self.codes) - len(self.counts)
        self.bounds = np.concatenate([self.bounds, np.full(n_new, np.inf)])
        codes = known[codes.reshape(-1)]
        counts = np.bincount(codes, minlength=len(self.codes))
        counts[: len(self.counts)] += self.counts
        self.counts = counts
        return codes

    def first_rows(self, keys: Array, codes: Array) -> Array:
        """Return which rows have the smallest keys of their class, and note the largest of them."""
        order, ranks = ranked(codes, keys)
        first, beyond = order[ranks < ROWS_OF_CLASS], order[ranks == ROWS_OF_CLASS]
        self.bounds[codes[beyond]] = keys[beyond]
        drawn = np.zeros(len(keys), bool)
        drawn[first] = True
        return drawn


def _levels(values: Array) -> tuple[Array, Array]:
    if values.dtype.kind != "O":
        return np.unique(values, return_inverse=True)
    index = {item: number for number, item in enumerate(dict.fromkeys(values.tolist()))}
    codes = np.fromiter(map(index.__getitem__, values.tolist()), np.int64, len(values))
    return np.fromiter(index, object, len(index)), codes


def ranked(codes: Array, keys: Array | None = None) -> tuple[Array, Array]:
    """Return rows by class, as they come or by keys, and the rank of each among its class."""
    order = np.argsort(codes, kind="stable") if keys is None else np.lexsort((keys, codes))
    return order, np.arange(len(order)) - np.searchsorted(codes[order], codes[order])
