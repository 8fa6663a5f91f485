"""Clues of several columns: what they tell of the target together, and none by itself.

A few rows show which pairs are worth a look, as there are many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from math import prod

import numpy as np

from madaline._race.evaluation.explained import (
    MIN_LEVELS,
    explained_by_levels,
    explained_by_output,
    explained_of_few,
    joint_shares,
    together,
)
from madaline._race.evaluation.leak_clues import Clue, Columns, Form
from madaline._tables.column import as_texts
from madaline.nn.arrays import Array

# Shares that several columns explain at least: numbers, levels, levels that only one class has each
_MIN_OF_NUMBERS, _MIN_OF_LEVELS, _MIN_OF_PURE = 0.98, 0.7, 0.7
_MIN_OF_THREE, _MIN_WEAK = 0.95, 0.9  # three of levels; where all other columns explain little
_MAX_OUTSIDE = 0.01  # of the spread of the target, that it lies out of bounds
_MIN_OF_SUM, _MIN_OF_BOUNDS = 0.999, 0.85  # that a weighted sum explains, or the mean of bounds
_MIN_SCREENED = 0.8  # of few rows, that several columns explain
_MIN_GAIN, _NOTHING = 3, 0.001  # of what columns leave unexplained, to what they do together
_SCREENED_ROWS = 400
_MAX_NUMBERS = 100  # columns of which pairs are looked at
_MAX_CATEGORIES = 40  # columns whose levels are combined, or that numbers are looked at within
_MAX_FINE = 25  # columns of many levels that are combined
_MAX_SUMMED = 8  # columns of a weighted sum
_MAX_LEVELS = 60  # of several columns whose combined values are levels, too
_BATCH = 32  # combinations of columns that are looked at together
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
    """Yield pairs of numbers that tell the target by their sum, difference, product or ratio.

    Whatever two columns of few values tell is looked for among levels.
    """
    names = sorted(columns.numbers, key=lambda name: -alone[name][-1])[:_MAX_NUMBERS]
    of_levels = {frozenset(pair) for pair in _pairs_of_levels(columns)}
    pairs = [pair for pair in combinations(names, 2) if frozenset(pair) not in of_levels]
    if not pairs:
        return
    first, second = (
        np.stack([columns.numbers[name][:_SCREENED_ROWS] for name in side])
        for side in zip(*pairs, strict=True)
    )
    for form, combine in COMBINATIONS.items():
        with np.errstate(all="ignore"):
            made = combine(first, second)
        for index in _promising(made, truth):
            pair = pairs[index]
            with np.errstate(all="ignore"):
                values = combine(columns.numbers[pair[0]], columns.numbers[pair[1]])
            codes = np.unique(values, return_inverse=True)[1]
            yield from _ordered_clue(form, pair, codes, alone, truth)


def _promising(made: Array, truth: Array) -> Array:
    """Return which of many numbers, (n_numbers, n_rows), explain much of few rows."""
    few = truth[:_SCREENED_ROWS]
    varied = np.argsort(-few.var(axis=0), kind="stable")[:_MAX_OUTPUTS]
    screened = explained_of_few(made, few[:, varied])
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
    for index in _promising(np.stack([joined(pair, few) for pair in pairs]), truth):
        pair = pairs[index]
        own = np.unique(joined(pair), return_inverse=True)[1]
        yield from _ordered_clue("within", pair, own, alone, truth)


def _of_levels(columns: Columns, alone: Mapping[str, Array], truth: Array) -> Iterator[Clue]:
    """Yield two or three columns whose combined values tell the target.

    Less is enough where each has levels that only rows of one class have.
    """
    counts, few = _levels_of(columns)
    fine = [name for name, count in counts.items() if 1 < count <= len(truth) // 4][:_MAX_FINE]
    pure = {name for name in few if any(columns.pure_levels(name, truth))}
    yield from _of_equal(columns, alone, truth)
    pairs = _pairs_of_levels(columns)
    pairs += [pair for pair in combinations(fine, 2) if not {*pair} <= {*few}]
    for names, codes, each in _joined(columns, pairs, truth, min(_MIN_OF_PURE, _MIN_OF_LEVELS)):
        if pure.issuperset(names):
            explained = together(each, truth)
            if explained >= _MIN_OF_PURE:
                every = np.ones(len(truth), bool)
                yield Clue("pair", names, explained, truth, every, codes=codes)
        elif np.count_nonzero(np.bincount(codes)) <= len(truth) // 3:
            yield from _clue("pair", names, codes, alone, truth, each, _MIN_OF_LEVELS)
    triples = combinations(few[: _MAX_CATEGORIES // 2], 3)
    three = [names for names in triples if _are_levels(names, counts)]
    few_rows = _joined(columns, three, truth[:_SCREENED_ROWS], _MIN_SCREENED)
    promising = [names for names, *_ in few_rows]
    for names, codes, each in _joined(columns, promising, truth, _MIN_OF_THREE):
        if np.count_nonzero(np.bincount(codes)) <= len(truth) // 3:
            yield from _clue("pair", names, codes, alone, truth, each, _MIN_OF_THREE)


def _levels_of(columns: Columns) -> tuple[dict[str, int], list[str]]:
    """Return how many values columns have, and those that have few."""
    counts = {name: int(codes.max()) + 1 for name, codes in columns.codes.items()}
    return counts, [name for name, count in counts.items() if 1 < count <= _MAX_LEVELS // 2]


def _pairs_of_levels(columns: Columns) -> list[tuple[str, ...]]:
    """Return pairs of columns of few values, together as well."""
    counts, few = _levels_of(columns)
    return [pair for pair in combinations(few[:_MAX_CATEGORIES], 2) if _are_levels(pair, counts)]


def _are_levels(names: Sequence[str], counts: Mapping[str, int]) -> bool:
    """Return whether the combined values of columns are few."""
    return prod(counts[name] for name in names) <= _MAX_LEVELS


def _joined(
    columns: Columns, several: Sequence[tuple[str, ...]], truth: Array, least: float
) -> Iterator[tuple[tuple[str, ...], Array, Array]]:
    """Yield columns that explain so much together, an index of their combined values, and what.

    It is of all outputs or of one that they do, in as many of the first rows as the truth has.
    """
    for start in range(0, len(several), _BATCH):
        batch = several[start : start + _BATCH]
        codes = np.stack([_combined(columns, names, len(truth)) for names in batch])
        each = explained_by_levels(codes, truth)
        for index in np.flatnonzero(
            np.maximum(each.max(axis=1), joint_shares(each, truth)) >= least
        ):
            yield batch[int(index)], codes[index], each[index]


def _combined(columns: Columns, names: tuple[str, ...], n_rows: int) -> Array:
    codes = columns.codes[names[0]][:n_rows]
    for name in names[1:]:
        own = columns.codes[name][:n_rows]
        codes = codes * (own.max() + 1) + own
    return np.unique(codes, return_inverse=True)[1] if codes.max() > _MAX_LEVELS else codes


def _of_equal(columns: Columns, alone: Mapping[str, Array], truth: Array) -> Iterator[Clue]:
    """Yield two columns that tell the target by having the same value or not."""
    levels = [name for name in columns.columns if not columns.is_ordered(name)]
    for names in combinations(levels[:_MAX_CATEGORIES], 2):
        one, other = (as_texts(columns.columns[name]) for name in names)
        equal = one == other
        if equal.any():
            codes = equal.astype(np.intp)
            each = explained_by_output(codes, truth, ordered=False)
            yield from _clue("same", names, codes, alone, truth, each, _MIN_OF_LEVELS)


def _clue(
    form: Form,
    names: tuple[str, ...],
    codes: Array,
    alone: Mapping[str, Array],
    truth: Array,
    each: Array,  # what they explain of each output
    least: float,
    fewest: float | None = None,  # that is told where all other columns explain little
) -> Iterator[Clue]:
    """Yield the clue of columns that explain much more than each of them: all, or one class."""
    explained = together(each, truth)
    outcome = -1
    own = truth
    fewest = least if fewest is None else fewest
    if explained < fewest and truth.shape[1] > 2:
        outcome = int(each.argmax())
        explained = float(each[outcome])
        own = truth[:, [outcome]]
    gain = max(alone[name][outcome] for name in names)
    if explained >= fewest and _MIN_GAIN * max(1 - explained, _NOTHING) <= 1 - gain:
        every = np.ones(len(truth), bool)
        weak = explained < least
        of_class = None if outcome < 0 else outcome
        yield Clue(form, names, explained, own, every, of_class, weak=weak, codes=codes)


def _ordered_clue(
    form: Form, names: tuple[str, ...], codes: Array, alone: Mapping[str, Array], truth: Array
) -> Iterator[Clue]:
    """Yield the clue of columns that are numbers together."""
    each = explained_by_output(codes, truth, ordered=True)
    yield from _clue(form, names, codes, alone, truth, each, _MIN_OF_NUMBERS, _MIN_WEAK)


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
        names = list(numbers)
        explained = 1 - _unexplained(x[:, chosen], y)
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
