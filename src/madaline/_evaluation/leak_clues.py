"""Clues are what columns tell of the target by themselves, in every way in which leaks occur.

A row is predicted by the rows whose values are next to its own. So it does not matter how a column
tells the target: as a copy, recoded, through any smooth or monotone function, or with a little
noise. What is told is a share of the variance, of ranks if the target is a number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Literal, TypeAlias, final

import numpy as np

from madaline._data.column import is_missing
from madaline._evaluation.explained import (
    MIN_LEVELS,
    are_steps,
    by_value,
    codes_of,
    errors_avoided,
    explained_by_output,
    explained_of_few,
    has_squares,
    number_of,
    of_neighbors,
    ranks_of,
    together,
    truth_of,
)
from madaline._words import format_number
from madaline.nn.arrays import Array

Form: TypeAlias = Literal[
    "alone",  # the values of a column
    "steps",  # its values are ranges of the target that do not overlap
    "filled",  # whether it has a value
    "level",  # whether it has a certain value
    "where filled",  # its values, in the rows that have one
    "where other",  # its values, in the rows that do not have the most frequent one
    "sum",
    "difference",
    "product",
    "ratio",
    "pair",  # of two columns
    "linear",  # a weighted sum of several
    "means",  # its values are mean targets of the rows that have them
    "bounds",  # the target lies between two columns
]
"""How columns tell the target."""

MIN_CERTAIN = 0.99  # share that a certain leak explains
# Shares that a column explains at least: of numbers; of classes, by numbers, which may well be
# honest, by levels, and by dates
_MIN_OF_NUMBERS, _MIN_BY_NUMBERS, _MIN_BY_LEVELS, _MIN_BY_DATES = 0.97, 0.99, 0.85, 0.8
_MIN_OF_CLASS = 0.95  # of one class among several
_MIN_OF_PAIR, _MIN_OF_SUM = 0.98, 0.999  # that two columns, or a weighted sum of several
_MIN_SCREENED = 0.9  # of few rows, that a pair explains
_MIN_SPREAD = 0.5  # of a number where a level stands for none, by that in the other rows
_MIN_ROWS, _MIN_SHARE = 60, 0.01  # that a clue may be of, when it is of a part of the rows
_MIN_GAIN = 3  # of what columns leave unexplained, to what they do together
_SCREENED_ROWS = 400
_MAX_NUMBERS = 40  # columns of which pairs are looked at
_MAX_SUMMED = 8  # columns of a weighted sum
_MAX_LEVELS = 60  # of two columns whose pairs of values are levels, too
_MAX_OUTPUTS = 5  # classes that pairs are looked at for
_MAX_DEFAULTS = 3  # levels that may stand for no value
_MIN_PURE = 0.98  # rows of a level that are of one class
_MIN_OF_MARK = 0.7  # that it explains whether a column has a value
_MIN_OF_LEVELS, _MIN_OF_PURE = 0.9, 0.7  # that pairs of levels explain
_MIN_FILLED = 0.9  # of the values of a number that takes part in pairs


@final
@dataclass(frozen=True, eq=False)
class Clue:
    """What columns tell of the target."""

    form: Form
    columns: tuple[str, ...]
    explained: float  # share of the variance of the truth
    truth: Array  # (n_rows, n_outputs): the target, one class of it, or a range
    rows: Array  # (n_rows,), which rows it is of, as Booleans
    outcome: int | None = None  # the class that it is about
    exact: bool = False  # whether chance cannot explain it, whatever other columns tell
    value: str = ""  # the level that stands for no value


@final
class Columns:
    """Some rows of some columns, in random order, and all that is computed of them once."""

    def __init__(self, columns: dict[str, Array]) -> None:
        self.columns = columns
        self.missing = {name: is_missing(values) for name, values in columns.items()}
        self.codes = {name: codes_of(columns[name], self.missing[name]) for name in columns}

    def is_ordered(self, name: str) -> bool:
        return self.columns[name].dtype.kind != "O"

    @cached_property
    def numbers(self) -> dict[str, Array]:
        """Columns of numbers and moments that lack few values, and whose squares are numbers."""
        numbers = {
            name: number_of(values)
            for name, values in self.columns.items()
            if self.is_ordered(name) and 1 - self.missing[name].mean() >= _MIN_FILLED
        }
        return {name: values for name, values in numbers.items() if has_squares(values)}

    def least(self, name: str, *, classes: bool) -> float:
        """Return the share of a target that a column explains at least if it is a clue."""
        if classes and self.columns[name].dtype.kind == "M":
            return _MIN_BY_DATES
        if not classes:
            return _MIN_OF_NUMBERS
        has_few = not self.is_ordered(name) or self.codes[name].max() < MIN_LEVELS
        return _MIN_BY_LEVELS if has_few else _MIN_BY_NUMBERS

    def pure_levels(self, name: str, truth: Array) -> Iterator[tuple[str, Array]]:
        """Yield the frequent levels that only rows of one class have, and their rows."""
        codes, missing = self.codes[name], self.missing[name]
        for code in np.argsort(-np.bincount(codes), kind="stable")[:_MAX_DEFAULTS]:
            rows = codes == code
            if missing[rows].any() or not _is_part(rows):
                continue
            if truth[rows].mean(axis=0).max() >= _MIN_PURE:
                yield level_text(self.columns[name][rows][0]), rows


def find_clues(
    columns: Columns,
    target: Array,  # (n_rows,), numbers, or indices of classes
    *,
    classes: bool,
) -> Iterator[Clue]:
    """Yield what columns tell, several clues of a column included."""
    truth = truth_of(target, classes=classes)
    every = np.ones(len(target), bool)
    alone: dict[str, float] = {}
    for name, codes in columns.codes.items():
        explained = explained_by_output(codes, truth, ordered=columns.is_ordered(name))
        whole = alone[name] = explained_alone(columns, name, truth)
        steps = not classes and are_steps(codes, target, ordered=columns.is_ordered(name))
        if whole >= columns.least(name, classes=classes) or steps:
            form: Form = "steps" if steps and whole < MIN_CERTAIN else "alone"
            yield Clue(form, (name,), whole, truth, every, exact=steps)
        elif classes and truth.shape[1] > 2:
            of_class = int(explained.argmax())
            is_date = columns.columns[name].dtype.kind == "M"
            if explained[of_class] >= (_MIN_BY_DATES if is_date else _MIN_OF_CLASS):
                own = truth[:, [of_class]]
                yield Clue("alone", (name,), float(explained[of_class]), own, every, of_class)
        yield from _of_part(columns, name, truth, target, classes=classes)
        if classes:
            yield from _of_levels(columns, name, truth, target)
    yield from _of_pairs(columns, alone, truth, every)
    if not classes:
        yield from _of_sums(columns, target, truth, every)
        yield from _of_bounds(columns, target, truth, every)


def _of_part(
    columns: Columns, name: str, truth: Array, target: Array, *, classes: bool
) -> Iterator[Clue]:
    """Yield what a column tells by having a value or none, and what its values tell where it does.

    A frequent level may stand for none, such as "pending".
    """
    missing, codes, ordered = columns.missing[name], columns.codes[name], columns.is_ordered(name)
    if _is_part(~missing):
        yield from _of_mark("filled", name, ~missing, truth, target, classes=classes)
        parts = [("", ~missing)]
    elif not ordered:
        frequent = np.argsort(-np.bincount(codes), kind="stable")[:_MAX_DEFAULTS]
        parts = [(str(columns.columns[name][codes == code][0]), codes != code) for code in frequent]
    else:
        return
    for value, part in parts:
        if not _is_part(part):
            continue
        inside, own = truth[part], codes[part]
        if value and not classes and truth[~part].var() < _MIN_SPREAD * inside.var():
            continue  # it is one of several kinds of things, which may well differ in a number
        whole = together(explained_by_output(own, inside, ordered=ordered), inside)
        steps = not classes and are_steps(own, target[part], ordered=ordered)
        if whole >= columns.least(name, classes=classes) or steps:
            form: Form = "where other" if value else "where filled"
            yield Clue(form, (name,), whole, inside, part, exact=steps, value=value)


def _of_levels(columns: Columns, name: str, truth: Array, target: Array) -> Iterator[Clue]:
    """Yield what the frequent levels of a column tell that only rows of one class have."""
    for value, marked in columns.pure_levels(name, truth):
        yield from _of_mark("level", name, marked, truth, target, classes=True, value=value)


def level_text(value: object) -> str:
    """Return a value of a column in words."""
    return format_number(float(value)) if isinstance(value, np.floating) else str(value)


def _is_part(rows: Array) -> bool:
    few = max(_MIN_ROWS, _MIN_SHARE * len(rows))
    return bool(few <= rows.sum() <= len(rows) - few)


def _of_mark(
    form: Form,
    name: str,
    marked: Array,
    truth: Array,
    target: Array,
    *,
    classes: bool,
    value: str = "",
) -> Iterator[Clue]:
    """Yield which class, or which end of the target, some rows of a column mark."""
    every = np.ones(len(marked), bool)
    if classes:
        outcomes = [truth[:, k] > 0 for k in range(truth.shape[1])]
    else:
        order, share = ranks_of(target)[:, 0], marked.mean()
        outcomes = [order >= 1 - share, order < share]
    squares = [_squared_correlation(marked, outcome) for outcome in outcomes]
    best = int(np.argmax(squares))
    if squares[best] >= _MIN_OF_MARK:
        own = outcomes[best][:, None].astype(np.float64)
        of_class = best if classes else None
        yield Clue(form, (name,), squares[best], own, every, of_class, value=value)


def _squared_correlation(one: Array, other: Array) -> float:
    if one.all() or other.all() or not one.any() or not other.any():
        return 0.0
    return float(np.corrcoef(one, other)[0, 1] ** 2)


def _of_pairs(
    columns: Columns, alone: dict[str, float], truth: Array, every: Array
) -> Iterator[Clue]:
    """Yield pairs of numbers that tell the target by their sum, difference, product or ratio.

    Few rows show which pairs are worth a look.
    """
    names = sorted(columns.numbers, key=lambda name: -alone[name])[:_MAX_NUMBERS]
    pairs = list(combinations(names, 2))
    if not pairs:
        return
    few = slice(_SCREENED_ROWS)
    numbers = {name: columns.numbers[name][few] for name in names}
    varied = np.argsort(-truth[few].var(axis=0), kind="stable")[:_MAX_OUTPUTS]
    forms: tuple[Form, ...] = ("sum", "difference", "product", "ratio")
    for form in forms:
        made = np.stack([_made(form, numbers[a], numbers[b]) for a, b in pairs], axis=1)
        screened = explained_of_few(made, truth[few][:, varied])
        for index in np.flatnonzero(screened >= _MIN_SCREENED):
            pair = pairs[index]
            values = _made(form, columns.numbers[pair[0]], columns.numbers[pair[1]])
            codes = np.unique(values, return_inverse=True)[1]
            yield from _of_pair(form, pair, codes, alone, truth, every, ordered=True)
    yield from _of_levels_of_pairs(columns, alone, truth, every)


def _of_levels_of_pairs(
    columns: Columns, alone: dict[str, float], truth: Array, every: Array
) -> Iterator[Clue]:
    """Yield pairs of columns with few values whose pairs of values tell the target.

    Less is enough where both have levels that only rows of one class have.
    """
    few = [name for name, codes in columns.codes.items() if codes.max() < _MAX_LEVELS // 2]
    pure = {name for name in few if any(columns.pure_levels(name, truth))}
    for pair in combinations(few[:_MAX_NUMBERS], 2):
        one, other = (columns.codes[name] for name in pair)
        if (one.max() + 1) * (other.max() + 1) > _MAX_LEVELS:
            continue
        codes = np.unique(one * (other.max() + 1) + other, return_inverse=True)[1]
        if pure.issuperset(pair):
            explained = together(explained_by_output(codes, truth, ordered=False), truth)
            if explained >= _MIN_OF_PURE:
                yield Clue("pair", pair, explained, truth, every)
        else:
            yield from _of_pair("pair", pair, codes, alone, truth, every, ordered=False)


def _of_pair(
    form: Form,
    pair: tuple[str, str],
    codes: Array,
    alone: dict[str, float],
    truth: Array,
    every: Array,
    *,
    ordered: bool,
) -> Iterator[Clue]:
    explained = together(explained_by_output(codes, truth, ordered=ordered), truth)
    fewest = _MIN_OF_PAIR if ordered else _MIN_OF_LEVELS
    gain = max(alone[name] for name in pair)
    if explained >= fewest and _MIN_GAIN * (1 - explained) <= 1 - gain:
        yield Clue(form, pair, explained, truth, every)


def _made(form: str, one: Array, other: Array) -> Array:
    """Return the sum, difference, product or ratio of two columns."""
    with np.errstate(all="ignore"):
        match form:
            case "sum":
                return np.asarray(one + other)
            case "difference":
                return np.asarray(one - other)
            case "product":
                return np.asarray(one * other)
    with np.errstate(all="ignore"):
        return np.asarray(one / other)


def _of_sums(columns: Columns, target: Array, truth: Array, every: Array) -> Iterator[Clue]:
    """Yield the fewest columns of which a weighted sum, or product of powers, is the target."""
    numbers = {name: values for name, values in columns.numbers.items() if np.ptp(values) > 0}
    complete = {name: values for name, values in numbers.items() if np.isfinite(values).all()}
    if len(complete) < 2:
        return
    x = np.stack(list(complete.values()), axis=1)
    x, y = x - x.mean(axis=0), target - target.mean()
    x /= np.sqrt(np.square(x).mean(axis=0))
    y /= np.sqrt(np.square(y).mean())
    if _unexplained(x, y) > 1 - _MIN_OF_SUM:
        return
    chosen: list[int] = []
    while len(chosen) < min(_MAX_SUMMED, x.shape[1]):
        left = [index for index in range(x.shape[1]) if index not in chosen]
        losses = [_unexplained(x[:, [*chosen, index]], y) for index in left]
        chosen.append(left[int(np.argmin(losses))])
        if min(losses) <= 1 - _MIN_OF_SUM:
            break
    for index in list(chosen):  # the first may have become needless
        fewer = [one for one in chosen if one != index]
        if fewer and _unexplained(x[:, fewer], y) <= 1 - _MIN_OF_SUM:
            chosen = fewer
    loss = _unexplained(x[:, chosen], y)
    if loss <= 1 - _MIN_OF_SUM and len(chosen) > 1:
        names = tuple(list(complete)[index] for index in chosen)
        yield Clue("linear", names, 1 - loss, truth, every)


def _unexplained(x: Array, y: Array) -> float:
    """Return the mean squared error of a linear regression."""
    weights = np.linalg.lstsq(x, y, rcond=None)[0]
    return float(np.square(y - x @ weights).mean())


def _of_bounds(columns: Columns, target: Array, truth: Array, every: Array) -> Iterator[Clue]:
    """Yield two columns that the target lies between in every row, close to it."""
    scale = target.std()
    near = {
        name: values
        for name, values in columns.numbers.items()
        if np.isfinite(values).all() and np.square(values - target).mean() < scale**2
    }
    lower = [name for name, values in near.items() if (values <= target).all()]
    upper = [name for name, values in near.items() if (values >= target).all()]
    for low in lower:
        for high in upper:
            error = np.square((near[low] + near[high]) / 2 - target).mean() / scale**2
            if low != high and 1 - error >= _MIN_BY_LEVELS:
                yield Clue("bounds", (low, high), float(1 - error), truth, every, exact=True)


def explained_alone(columns: Columns, name: str, truth: Array) -> float:
    """Return the share of the target that a column explains by itself.

    Of classes, that of the errors of the most frequent one, too: few rows tell no probabilities.
    """
    codes, ordered = columns.codes[name], columns.is_ordered(name)
    whole = together(explained_by_output(codes, truth, ordered=ordered), truth)
    prediction = by_value(codes, truth)
    if ordered:
        alone = np.bincount(codes)[codes] == 1
        prediction[alone] = of_neighbors(codes, truth, 1)[alone]
    return max(whole, errors_avoided(prediction, truth))
