"""Clues are what columns tell of the target by themselves, in every way in which leaks occur.

A row is predicted by the rows whose values are next to its own. So it does not matter how a column
tells the target: as a copy, recoded, through any smooth or monotone function, or with a little
noise. What is told is a share of the variance, of ranks if the target is a number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, TypeAlias, final

import numpy as np

from madaline._base.json_checks import OneOf
from madaline._base.words import format_number
from madaline._race.evaluation.explained import (
    MIN_LEVELS,
    are_steps,
    by_value,
    codes_of,
    errors_avoided,
    explained_by_output,
    has_squares,
    number_of,
    of_neighbors,
    ranks_of,
    together,
)
from madaline._race.evaluation.leak_views import explained_by_words, views_of
from madaline._tables.column import is_missing
from madaline.nn.arrays import Array

FORMS: Mapping[str, str] = {
    # the values of a column
    "alone": "{subject} alone explains {explained:.1%} of {target}",
    # its values are ranges of the target that do not overlap
    "steps": "the values of {subject} are ranges of {target} that do not overlap",
    # whether it has a value
    "filled": "whether {subject} has a value explains {explained:.1%} of {target}",
    # whether it has a certain value
    "level": "whether {subject} is {value} explains {explained:.1%} of {target}",
    # its values, in the rows that have one
    "where filled": "where {subject} has a value ({share:.0%} of the rows), it explains"
    " {explained:.1%} of {target}",
    # its values, in the rows that do not have the most frequent one
    "where other": "where {subject} is not {value} ({share:.0%} of the rows), it explains"
    " {explained:.1%} of {target}",
    "sum": "the sum of {subject} explains {explained:.1%} of {target}",
    "difference": "the difference of {subject} explains {explained:.1%} of {target}",
    "product": "the product of {subject} explains {explained:.1%} of {target}",
    "ratio": "the ratio of {subject} explains {explained:.1%} of {target}",
    # of two columns
    "pair": "{subject} together explain {explained:.1%} of {target}",
    # a weighted sum of several
    "linear": "a weighted sum of {subject} explains {explained:.1%} of {target}",
    # its values are mean targets of the rows that have them
    "means": "the values of {subject} are mean values of {target}, computed from the rows"
    " themselves",
    # the target lies between two columns
    "bounds": "{target} lies between {subject} in every row",
    # a part of its values, such as the last digit or word
    "view": "{value} of {subject} explains {explained:.1%} of {target}",
    # whether its texts have a word
    "word": 'words of {subject}, such as "{value}", explain {explained:.1%} of {target}',
    # a number, in each level of a category
    "within": "{subject} together explain {explained:.1%} of {target}",
    # whether two columns have the same value
    "same": "whether {subject} are the same explains {explained:.1%} of {target}",
    # it is a multiple of the target, in a part of the rows
    "rate": "in {value} of the rows, {subject} is the same multiple of {target}",
    # it was computed from targets, such as those of other rows of a group
    "computed": "{subject} is {value}",
}
"""How columns tell the target, and what is said of it; all go on with the scores without them, and
with them. Forms that combine two numbers are in `COMBINATIONS`, too (`leak_pairs.py`)."""

Form: TypeAlias = Annotated[str, OneOf(FORMS)]

MIN_CERTAIN = 0.99  # share that a certain leak explains
# Shares that a column explains at least: of numbers; of classes, by numbers, which may well be
# honest, by levels, and by dates
_MIN_OF_NUMBERS, _MIN_BY_NUMBERS, _MIN_BY_LEVELS, _MIN_BY_DATES = 0.96, 0.99, 0.85, 0.8
_MIN_OF_CLASS = 0.95  # of one class among several
# Where all other columns explain little: of numbers by numbers, of classes
_MIN_WEAK_OF_NUMBERS, _MIN_WEAK_OF_CLASSES = 0.92, 0.85
_MIN_SPREAD = 0.5  # of a number where a level stands for none, by that in the other rows
_MIN_ROWS, _MIN_SHARE = 60, 0.01  # that a clue may be of, when it is of a part of the rows
_MIN_GAIN = 3  # of what values leave unexplained, to what a part of them does
_MAX_DEFAULTS = 3  # levels that may stand for no value
_MIN_OF_VIEW = 0.8  # that a part of the values explains
_MIN_PURE, _MIN_ALL_BUT_PURE = 0.9, 0.98  # rows of a level that are of one class
_MIN_OF_MARK = 0.7  # that it explains whether a column has a value
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
    weak: bool = False  # whether honest columns explain as much now and then
    codes: Array | None = None  # (n_rows,) what tells it, if not the values of the first column


@final
class Columns:
    """Some rows of some columns, in random order, and all that is computed of them once."""

    def __init__(self, columns: dict[str, Array]) -> None:
        self.columns = columns
        self.missing = {name: is_missing(values) for name, values in columns.items()}
        self.codes = {name: codes_of(columns[name], self.missing[name]) for name in columns}

    def codes_of(self, names: Sequence[str]) -> Array:
        """Return the codes of columns, one a column."""
        return np.stack([self.codes[name] for name in names], axis=1)  # (n_rows, n_columns)

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

    def least_weak(self, name: str, *, classes: bool) -> float:
        """Return the same where all other columns explain little; levels often do as much."""
        if classes:
            return _MIN_WEAK_OF_CLASSES
        return _MIN_WEAK_OF_NUMBERS if self.is_ordered(name) else _MIN_OF_NUMBERS

    def pure_levels(self, name: str, truth: Array) -> Iterator[tuple[str, Array]]:
        """Yield the frequent levels that only rows of one class have, and their rows."""
        codes, missing = self.codes[name], self.missing[name]
        for code in np.argsort(-np.bincount(codes), kind="stable")[:_MAX_DEFAULTS]:
            rows = codes == code
            if missing[rows].any() or not _is_part(rows):
                continue
            if truth[rows].mean(axis=0).max() >= _MIN_PURE:
                yield level_text(self.columns[name][rows][0]), rows


def clues_of_each(
    columns: Columns,
    alone: dict[str, Array],  # is filled with what each explains of each output, and of all
    target: Array,  # (n_rows,), numbers, or indices of classes
    truth: Array,  # (n_rows, n_outputs)
    *,
    classes: bool,
) -> Iterator[Clue]:
    """Yield what columns tell by themselves, several clues of a column included."""
    every = np.ones(len(target), bool)
    for name, codes in columns.codes.items():
        explained, whole = explained_alone(columns, name, truth)
        alone[name] = np.append(explained, whole)
        steps = not classes and are_steps(codes, target, ordered=columns.is_ordered(name))
        least = columns.least(name, classes=classes)
        best = int(explained.argmax())
        if whole >= least or whole >= columns.least_weak(name, classes=classes) or steps:
            form: Form = "steps" if steps and whole < MIN_CERTAIN else "alone"
            weak = whole < least and not steps
            yield Clue(form, (name,), whole, truth, every, exact=steps, weak=weak)
        elif classes and truth.shape[1] > 2 and explained[best] >= _MIN_WEAK_OF_CLASSES:
            is_date = columns.columns[name].dtype.kind == "M"
            of_class = float(explained[best])
            weak = of_class < (_MIN_BY_DATES if is_date else _MIN_OF_CLASS)
            yield Clue("alone", (name,), of_class, truth[:, [best]], every, best, weak=weak)
        yield from _of_part(columns, name, truth, target, classes=classes)
        if classes:
            yield from _of_levels(columns, name, truth, target)
        yield from _of_views(columns, name, truth, whole)


def _of_part(
    columns: Columns, name: str, truth: Array, target: Array, *, classes: bool
) -> Iterator[Clue]:
    """Yield what a column tells by having a value or none, and what its values tell where it does.

    A frequent level may stand for none, such as "pending".
    """
    missing = columns.missing[name]
    codes = columns.codes[name]
    ordered = columns.is_ordered(name)
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
        is_pure = truth[marked].mean(axis=0).max() >= _MIN_ALL_BUT_PURE
        for clue in _of_mark("level", name, marked, truth, target, classes=True, value=value):
            if is_pure or clue.explained >= _MIN_WEAK_OF_CLASSES:
                yield clue


def _of_views(columns: Columns, name: str, truth: Array, alone: float) -> Iterator[Clue]:
    """Yield what a part of the values of a column tells, clearly more than the values do."""
    column, missing = columns.columns[name], columns.missing[name]
    for words, values in views_of(column, missing):
        gone = is_missing(values)
        codes = codes_of(values, gone)
        ordered = values.dtype.kind != "O"
        each = explained_by_output(codes, truth, ordered=ordered)
        yield from _of_view("view", name, each, truth, alone, words, codes)
    if column.dtype.kind == "O" and columns.codes[name].max() >= MIN_LEVELS:
        texts = ["" if absent else str(one) for one, absent in zip(column, missing, strict=True)]
        each, word, scores = explained_by_words(texts, truth)
        yield from _of_view("word", name, each, truth, alone, word, scores)


def _of_view(
    form: Form, name: str, each: Array, truth: Array, alone: float, value: str, codes: Array
) -> Iterator[Clue]:
    """Yield the clue that a part of the values is, of all classes or of one."""
    explained = together(each, truth)
    of_class = None
    if explained < _MIN_OF_VIEW and truth.shape[1] > 2:
        of_class = int(each.argmax())
        explained, truth = float(each[of_class]), truth[:, [of_class]]
    if explained >= _MIN_OF_VIEW and _MIN_GAIN * (1 - explained) <= 1 - alone:
        every = np.ones(len(truth), bool)
        yield Clue(form, (name,), explained, truth, every, of_class, value=value, codes=codes)


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
        order = ranks_of(target)[:, 0]
        share = marked.mean()
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


def explained_alone(columns: Columns, name: str, truth: Array) -> tuple[Array, float]:
    """Return the shares of each output, and of all, that a column explains by itself.

    Of classes, that of the errors of the most frequent one, too: few rows tell no probabilities.
    """
    codes = columns.codes[name]
    ordered = columns.is_ordered(name)
    each = explained_by_output(codes, truth, ordered=ordered)
    whole = together(each, truth)
    if truth.shape[1] == 1:
        return each, whole
    prediction = by_value(codes, truth)
    if ordered:
        alone = np.bincount(codes)[codes] == 1
        prediction[alone] = of_neighbors(codes, truth, 1)[alone]
    return each, max(whole, errors_avoided(prediction, truth))
