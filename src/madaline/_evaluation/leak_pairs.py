"""Clues of several columns: what they tell of the target together, and none by itself.

A few rows show which pairs are worth a look, as there are many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from math import prod

import numpy as np

from madaline._data.column import as_texts
from madaline._evaluation.explained import (
    MIN_LEVELS,
    explained_by_output,
    explained_of_few,
    together,
)
from madaline._evaluation.leak_clues import Clue, Columns, Form
from madaline.nn.arrays import Array

# Shares that several columns explain at least: numbers, levels, levels that only one class has each
_MIN_OF_NUMBERS, _MIN_OF_LEVELS, _MIN_OF_PURE = 0.98, 0.7, 0.7
_MIN_OF_THREE, _MIN_WEAK = 0.95, 0.9  # three of levels; where all other columns explain little
_MAX_OUTSIDE = 0.01  # of the spread of the target, that it lies out of bounds
_MIN_OF_SUM, _MIN_OF_BOUNDS = 0.999, 0.85  # that a weighted sum explains, or the mean of bounds
_MIN_SCREENED = 0.8  # of few rows, that several columns explain
_MIN_GAIN = 3  # of what columns leave unexplained, to what they do together
_SCREENED_ROWS = 400
_MAX_NUMBERS = 100  # columns of which pairs are looked at
_MAX_CATEGORIES = 40  # columns whose levels are combined, or that numbers are looked at within
_MAX_FINE = 25  # columns of many levels that are combined
_MAX_SUMMED = 8  # columns of a weighted sum
_MAX_LEVELS = 60  # of several columns whose combined values are levels, too
_MAX_OUTPUTS = 5  # classes that pairs are looked at for
_MIN_WEIGHT = 0.01  # of a column in a weighted sum, of the largest

COMBINATIONS: Mapping[Form, Callable[[Array, Array], Array]] = {
    "sum": np.add,
    "difference": np.subtract,
    "product": np.multiply,
    "ratio": np.divide,
}
"""What two columns of numbers are combined by, for each form of a leak that says so."""


def clues_of_several(
    columns: Columns,
    alone: Mapping[str, Array],  # what each explains of each output, and of all
    target: Array,  # (n_rows,), numbers, or indices of classes
    truth: Array,  # (n_rows, n_outputs)
    *,
    classes: bool,
) -> Iterator[Clue]:
    """Yield what two or more columns tell together."""
    yield from _of_numbers(columns, alone, truth)
    yield from _within_levels(columns, alone, truth)
    yield from _of_levels(columns, alone, truth)
    if not classes:
        yield from _of_sum(columns, target, truth)
        yield from _of_bounds(columns, target, truth)


def _of_numbers(columns: Columns, alone: Mapping[str, Array], truth: Array) -> Iterator[Clue]:
    """Yield pairs of numbers that tell the target by their sum, difference, product or ratio."""
    names = sorted(columns.numbers, key=lambda name: -alone[name][-1])[:_MAX_NUMBERS]
    pairs = list(combinations(names, 2))
    if not pairs:
        return
    numbers = {name: columns.numbers[name][:_SCREENED_ROWS] for name in names}
    for form, combine in COMBINATIONS.items():
        with np.errstate(all="ignore"):
            made = [np.asarray(combine(numbers[a], numbers[b])) for a, b in pairs]
        for index in _promising(made, truth):
            pair = pairs[index]
            with np.errstate(all="ignore"):
                values = combine(columns.numbers[pair[0]], columns.numbers[pair[1]])
            codes = np.unique(values, return_inverse=True)[1]
            yield from _clue(form, pair, codes, alone, truth, _MIN_OF_NUMBERS, ordered=True)


def _promising(made: list[Array], truth: Array) -> Array:
    """Return which of many numbers explain much of few rows."""
    few = truth[:_SCREENED_ROWS]
    varied = np.argsort(-few.var(axis=0), kind="stable")[:_MAX_OUTPUTS]
    screened = explained_of_few(np.stack(made, axis=1), few[:, varied])
    return np.flatnonzero(screened >= _MIN_SCREENED)


def _within_levels(columns: Columns, alone: Mapping[str, Array], truth: Array) -> Iterator[Clue]:
    """Yield numbers that tell the target in each level of a category, such as a currency."""
    numbers = [n for n in columns.numbers if columns.codes[n].max() >= MIN_LEVELS][:_MAX_NUMBERS]
    levels = [n for n, codes in columns.codes.items() if 0 < codes.max() < MIN_LEVELS]
    pairs = [(number, level) for number in numbers for level in levels[:_MAX_CATEGORIES]]
    if not pairs:
        return
    codes = columns.codes

    def joined(pair: tuple[str, str], rows: slice = slice(None)) -> Array:
        number, level = pair
        return np.asarray(codes[level][rows] * (codes[number].max() + 1) + codes[number][rows])

    few = slice(_SCREENED_ROWS)
    for index in _promising([joined(pair, few) for pair in pairs], truth):
        pair = pairs[index]
        own = np.unique(joined(pair), return_inverse=True)[1]
        yield from _clue("within", pair, own, alone, truth, _MIN_OF_NUMBERS, ordered=True)


def _of_levels(columns: Columns, alone: Mapping[str, Array], truth: Array) -> Iterator[Clue]:
    """Yield two or three columns whose combined values tell the target.

    Less is enough where each has levels that only rows of one class have.
    """
    counts = {name: int(codes.max()) + 1 for name, codes in columns.codes.items()}
    few = [name for name, count in counts.items() if 1 < count <= _MAX_LEVELS // 2]
    fine = [name for name, count in counts.items() if 1 < count <= len(truth) // 4][:_MAX_FINE]
    pure = {name for name in few if any(columns.pure_levels(name, truth))}
    several = [
        names
        for size in (2, 3)
        for names in combinations(few[: _MAX_CATEGORIES // (size - 1)], size)
        if prod(counts[name] for name in names) <= _MAX_LEVELS
    ]
    yield from _of_equal(columns, alone, truth)
    several += [names for names in combinations(fine, 2) if not {*names} <= {*few}]
    for names in several:
        codes = np.zeros(len(truth), np.intp)
        for name in names:
            codes = codes * counts[name] + columns.codes[name]
        if len(names) > 2 and _of_few(codes, truth) < _MIN_SCREENED:
            continue
        codes = np.unique(codes, return_inverse=True)[1]
        if len(names) == 2 and pure.issuperset(names):
            explained = together(explained_by_output(codes, truth, ordered=False), truth)
            if explained >= _MIN_OF_PURE:
                every = np.ones(len(truth), bool)
                yield Clue("pair", names, explained, truth, every, codes=codes)
        elif codes.max() < len(truth) // 3:
            least = _MIN_OF_LEVELS if len(names) == 2 else _MIN_OF_THREE
            yield from _clue("pair", names, codes, alone, truth, least, ordered=False)


def _of_equal(columns: Columns, alone: Mapping[str, Array], truth: Array) -> Iterator[Clue]:
    """Yield two columns that tell the target by having the same value or not."""
    levels = [name for name in columns.columns if not columns.is_ordered(name)]
    for names in combinations(levels[:_MAX_CATEGORIES], 2):
        one, other = (as_texts(columns.columns[name]) for name in names)
        equal = one == other
        if equal.any():
            codes = equal.astype(np.intp)
            yield from _clue("same", names, codes, alone, truth, _MIN_OF_LEVELS, ordered=False)


def _of_few(codes: Array, truth: Array) -> float:
    few = slice(_SCREENED_ROWS)
    each = explained_by_output(codes[few], truth[few], ordered=False)
    return float(max(each.max(), together(each, truth[few])))


def _clue(
    form: Form,
    names: tuple[str, ...],
    codes: Array,
    alone: Mapping[str, Array],
    truth: Array,
    least: float,
    *,
    ordered: bool,
) -> Iterator[Clue]:
    """Yield the clue of columns that explain much more than each of them: all, or one class."""
    each = explained_by_output(codes, truth, ordered=ordered)
    explained, outcome, own = together(each, truth), -1, truth
    fewest = min(least, _MIN_WEAK) if ordered else least
    if explained < fewest and truth.shape[1] > 2:
        outcome = int(each.argmax())
        explained, own = float(each[outcome]), truth[:, [outcome]]
    gain = max(alone[name][outcome] for name in names)
    if explained >= fewest and _MIN_GAIN * (1 - explained) <= 1 - gain:
        every, weak = np.ones(len(truth), bool), explained < least
        of_class = None if outcome < 0 else outcome
        yield Clue(form, names, explained, own, every, of_class, weak=weak, codes=codes)


def _of_sum(columns: Columns, target: Array, truth: Array) -> Iterator[Clue]:
    """Yield the columns of which a weighted sum is the target."""
    numbers = {
        name: values
        for name, values in columns.numbers.items()
        if np.isfinite(values).all() and np.ptp(values) > 0
    }
    if not 2 <= len(numbers) <= len(target) // 4 or np.ptp(target) == 0:
        return
    x = np.stack(list(numbers.values()), axis=1)
    x, y = x - x.mean(axis=0), target - target.mean()
    x /= np.maximum(np.sqrt(np.square(x).mean(axis=0)), 1e-12)
    y /= np.sqrt(np.square(y).mean())
    weights = np.abs(np.linalg.lstsq(x, y, rcond=None)[0])
    chosen = np.argsort(-weights, kind="stable")[:_MAX_SUMMED].tolist()
    chosen = [index for index in chosen if weights[index] >= _MIN_WEIGHT * weights.max()]
    if _unexplained(x[:, chosen], y) > 1 - _MIN_OF_SUM:
        return
    for index in list(reversed(chosen)):
        fewer = [one for one in chosen if one != index]
        if fewer and _unexplained(x[:, fewer], y) <= 1 - _MIN_OF_SUM:
            chosen = fewer
    if len(chosen) > 1:
        names, explained = list(numbers), 1 - _unexplained(x[:, chosen], y)
        every = np.ones(len(y), bool)
        told = x[:, chosen] @ np.linalg.lstsq(x[:, chosen], y, rcond=None)[0]
        several = tuple(names[index] for index in chosen)
        yield Clue("linear", several, explained, truth, every, codes=told)


def _unexplained(x: Array, y: Array) -> float:
    """Return the mean squared error of a linear regression."""
    weights = np.linalg.lstsq(x, y, rcond=None)[0]
    return float(np.square(y - x @ weights).mean())


def _of_bounds(columns: Columns, target: Array, truth: Array) -> Iterator[Clue]:
    """Yield two columns that the target lies between in every row, close to it."""
    scale = target.std()
    near = {
        name: values
        for name, values in columns.numbers.items()
        if np.isfinite(values).all() and np.square(values - target).mean() < scale**2
    }
    margin = _MAX_OUTSIDE * scale  # for numbers that were rounded
    lower = [name for name, values in near.items() if (values <= target + margin).all()]
    upper = [name for name, values in near.items() if (values >= target - margin).all()]
    every = np.ones(len(target), bool)
    for low in lower:
        for high in upper:
            middle = (near[low] + near[high]) / 2
            explained = float(1 - np.square(middle - target).mean() / scale**2)
            if low != high and explained >= _MIN_OF_BOUNDS:
                yield Clue("bounds", (low, high), explained, truth, every, exact=True, codes=middle)
