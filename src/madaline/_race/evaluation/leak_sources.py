"""Columns that were computed from the target itself, whatever they tell of it.

The mean of a group without the row, a running total, a fixed rate in a part of the rows: chance
does not make numbers that agree in all digits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from madaline._base.language import _
from madaline._base.words import format_list
from madaline._race.evaluation.explained import (
    explained_by_output,
    number_of,
    one_hot,
    rank_correlation,
    together,
)
from madaline._tables.table import Table
from madaline.nn.arrays import Array

_SCREENED_ROWS = 500  # that must agree before all are compared
_MIN_AGREEING = 0.9  # share of rows in which a column is what was computed
_TOLERANCE = 1e-3  # of the spread of a column
_MIN_IN_ORDER, _MIN_CORRELATION = 60, 0.95  # rows in the order of the target, by their ranks
_MIN_DISTINCT = 20  # values in the rows that agree
_MIN_RATE, _TIMES_CHANCE = 0.15, 8.0  # share of rows with the same rate, and to that by chance
_DIGITS = 3  # of rates
_MAX_GROUPS, _MAX_NUMBERS = 30, 60  # columns that may name groups, or be computed


def computed_columns(
    numbers: Mapping[str, Array], codes: Mapping[str, Array], target: Array
) -> Iterator[tuple[str, str]]:
    """Yield how columns were computed from the target, and their names.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> sales = rng.gamma(2, 50, 300).round(2)
    >>> store = rng.integers(0, 20, 300)
    >>> others = np.bincount(store, sales)[store] - sales
    >>> list(computed_columns({"rest": others}, {"store": store}, sales))
    [('the sum of {target} in the other rows of the same store', 'rest')]
    """
    many = {name: values for name, values in numbers.items() if _are_many(values)}
    yield from _running(many, target)
    groups = {name: one for name, one in codes.items() if _are_groups(one)}
    names = list(many)[:_MAX_NUMBERS]
    step = max(1, len(target) // _SCREENED_ROWS)
    few = np.array([many[name][::step] for name in names])
    for group in list(groups)[: _MAX_GROUPS if names else 0]:
        for words, values in _of_groups(groups[group], target):
            for name in [names[index] for index in _promising(few, values[::step])]:
                if _agree(many[name], values):
                    of = "value" if name == group else group.replace("{", "{{").replace("}", "}}")
                    yield _("{words} of the same {of}").format(words=words, of=of), name


def _are_many(values: Array) -> bool:
    finite = values[np.isfinite(values)]
    return len(finite) > 0.5 * len(values) and len(np.unique(finite)) >= _MIN_DISTINCT


def _are_groups(codes: Array) -> bool:
    counts = np.bincount(codes)
    return bool((counts > 0).sum() > 2 and counts[counts > 1].sum() > 0.5 * len(codes))


def _promising(columns: Array, computed: Array) -> Array:
    """Return which columns, (n_columns, n_rows), agree in half as many of a few rows."""
    known = np.isfinite(computed)
    if not known.any():
        return np.arange(0)
    columns, computed = columns[:, known], computed[known]
    near = np.abs(columns - computed) <= _TOLERANCE * computed.std()
    n_used = np.isfinite(columns).sum(axis=1)
    return np.flatnonzero((n_used > 0) & (near.sum(axis=1) >= _MIN_AGREEING / 2 * n_used))


def _agree(column: Array, computed: Array) -> bool:
    """Return whether most values agree, of those that are not the only one of their group.

    Of many rows, all are looked at only if half of a few agree.
    """
    step = len(column) // _SCREENED_ROWS
    if step > 1 and _near(column[::step], computed[::step])[0].mean() < _MIN_AGREEING / 2:
        return False
    near, values = _near(column, computed)
    if len(near) < 0.5 * len(column):
        return False
    return bool(near.mean() >= _MIN_AGREEING and len(np.unique(values[near])) >= _MIN_DISTINCT)


def _near(column: Array, computed: Array) -> tuple[Array, Array]:
    """Return where values agree, of the rows that have both, and what was computed there."""
    used = np.isfinite(column) & np.isfinite(computed)
    if not used.any():
        return np.zeros(1, bool), np.zeros(1)
    column, computed = column[used], computed[used]
    return np.abs(column - computed) <= _TOLERANCE * min(column.std(), computed.std()), computed


def _of_groups(codes: Array, target: Array) -> Iterator[tuple[str, Array]]:
    """Yield what may be computed of the target by groups, for each row."""
    counts = np.bincount(codes)[codes].astype(np.float64)
    sums = np.bincount(codes, weights=target)[codes]
    several = np.where(counts > 1, counts, np.nan)
    yield "the mean of {target} in the other rows", (sums - target) / (several - 1)
    yield "the sum of {target} in the other rows", sums - target + 0 * several
    yield "the mean of {target} in the rows", sums / several
    yield "the sum of {target} in the rows", sums + 0 * several
    for words, function, start in (
        ("the highest {target} in the rows", np.maximum, -np.inf),
        ("the lowest {target} in the rows", np.minimum, np.inf),
    ):
        best = np.full(codes.max() + 1, start)
        function.at(best, codes, target)
        yield words, best[codes] + 0 * several


def _running(numbers: Mapping[str, Array], target: Array) -> Iterator[tuple[str, str]]:
    """Yield columns that are running totals of the target, in whatever order the rows are."""
    for name, values in list(numbers.items())[:_MAX_NUMBERS]:
        if not np.isfinite(values).all():
            continue
        orders = (np.argsort(values, kind="stable"), np.arange(len(values)))
        if any(
            _agree(np.diff(values[order]), amounts)
            for order in orders
            for amounts in (target[order][1:], target[order][:-1])
        ):
            yield "a running total of {target}", name


def order_of_target(
    table: Table,
    left_out: Sequence[str],
    target: Array,  # (n_samples,), numbers, or indices of classes
    *,
    classes: bool,
) -> str:
    """Return in a sentence that rows are in the order of the target, or were numbered so; or "".

    Examples
    --------
    >>> table = Table({"ref": np.array([f"H{number}" for number in range(400)], object)})
    >>> order_of_target(table, ["ref"], np.arange(400) // 200, classes=True)
    'The rows are sorted by the target, and ref, which was left out, numbers them in this order.'
    """
    if len(target) < _MIN_IN_ORDER:
        return ""
    steps = np.diff(target)
    is_sorted = (steps >= 0).all() or (steps <= 0).all()
    if classes:  # one block of each class
        is_sorted = (steps != 0).sum() == len(np.unique(target)) - 1
    names = [
        name
        for name in left_out
        if _follows(_numbers_in(table[name]), np.asarray(target, np.float64), classes=classes)
    ]
    if not names:
        rest = "what follows their order, such as a number of the row, would give it away"
        return (
            _("The rows are sorted by the target: {rest}.").format(rest=rest) if is_sorted else ""
        )
    were, number = ("was", "numbers") if len(names) == 1 else ("were", "number")
    if is_sorted:
        which = _("{names}, which {were} left out, {number} them in this order").format(
            names=format_list(names), were=were, number=number
        )
        return _("The rows are sorted by the target, and {which}.").format(which=which)
    return _("{names} {were} left out, and {number} the rows by the target.").format(
        names=format_list(names), were=were, number=number
    )


def _numbers_in(column: Array) -> Array:
    if column.dtype.kind != "O":
        return number_of(column)
    digits = ["".join(filter(str.isdecimal, str(value)))[-15:] for value in column.tolist()]
    return np.array([float(one) if one.isascii() and one else np.nan for one in digits])


def _follows(numbers: Array, target: Array, *, classes: bool) -> bool:
    """Return whether rows in the order of the numbers are in that of the target, or of classes."""
    known = np.isfinite(numbers)
    if known.sum() < _MIN_IN_ORDER or np.ptp(numbers[known]) == 0 or np.ptp(target[known]) == 0:
        return False
    if classes:  # long runs of one class
        codes = np.unique(numbers[known], return_inverse=True)[1]
        truth = one_hot(target[known].astype(np.intp))
        explained = explained_by_output(codes, truth, ordered=True)
        return together(explained, truth) >= _MIN_AGREEING
    return abs(rank_correlation(numbers[known], target[known])) >= _MIN_CORRELATION


def shared_rates(
    numbers: Mapping[str, Array], target: Array, rng: np.random.Generator
) -> Iterator[tuple[str, float]]:
    """Yield columns that are a fixed multiple of the target in many rows, and their share."""
    for name, values in list(numbers.items())[:_MAX_NUMBERS]:
        share, rows = _most_frequent_rate(values, target)
        if share < _MIN_RATE or len(np.unique(target[rows])) < _MIN_DISTINCT:
            continue
        by_chance, _ = _most_frequent_rate(values, rng.permutation(target))
        if share >= _TIMES_CHANCE * max(by_chance, 1 / len(values)):
            yield name, share


def _most_frequent_rate(values: Array, target: Array) -> tuple[float, Array]:
    used = np.isfinite(values) & (values != 0) & (target != 0)
    if used.sum() < _MIN_DISTINCT:
        return 0.0, used
    rates = target[used] / values[used]
    scale = 10.0 ** (_DIGITS - 1 - np.floor(np.log10(np.abs(rates))))
    rounded = np.round(rates * scale) / scale
    codes = np.unique(rounded, return_inverse=True)[1]
    near = np.zeros(len(values), bool)
    near[used] = codes == np.bincount(codes).argmax()
    return float(near.mean()), near
