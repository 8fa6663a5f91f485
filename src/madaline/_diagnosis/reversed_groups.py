"""Groups in which the trend of all other rows is reversed.

A rule of all other rows predicts a group. Where the truth in the group goes the other way, labels
may have been swapped, or a sign or a unit may differ. Networks may have learned the exception, so
that their loss does not reveal it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from madaline._diagnosis.finding import Finding
from madaline._diagnosis.groups import MAX_SHARE, MIN_GROUP_ROWS, Cut, Group, cuts_of
from madaline._diagnosis.out_of_fold import ALARM_LEVEL, OutOfFold, normal_p_value
from madaline.nn._sparse_rows import dense
from madaline.nn.arrays import Array, row_blocks

# A group is reversed if predictions and truth correlate by the first or more once classes are
# permuted, and by the second at most as they are, both within the group and in its level. No
# group of 23 real tables, nor of halves and quarters of them, was significantly so.
_MIN_PERMUTED, _MAX_UPRIGHT = 0.15, 0.1
_N_PARTS = 20  # ranges of a number at first; the exact borders of a group are searched then
_MAX_RUN = 4  # neighboring parts of a column in a run
_MIN_GAP = 3.0  # standard errors by which the correlation must be lower for a closer look
_MAX_LOOKS = 40  # groups that are examined closer
_MAX_FEATURES = 1000  # above which the rule would take too long
_MAX_FINDINGS = 3
# Units of the first layer. Without them, one end of a column of phoneme looks reversed, as a trend
# that holds elsewhere ends there.
_N_RAMPS = 200
_RIDGE = 0.03  # penalty, as a share of the variance of a feature


@dataclass(frozen=True, eq=False)
class _Suspect:
    """A group that may be reversed: correlations of the predictions by the other rows with it."""

    group: Group
    n_counted: int  # its rows that belong to no other one, or groups of rows that are alike
    within: float  # from one row to the next
    level: float  # around the mean of the other rows: whether the group is where it should be
    permuted: float  # if classes are permuted as fits best; of numbers, with the sign reversed
    doubt: Array  # (n_rows,), how far prediction and truth disagree

    @property
    def is_reversed(self) -> bool:
        """Whether predictions and truth agree only when permuted."""
        upright = max(self.within, self.level)
        return self.permuted >= _MIN_PERMUTED and upright <= _MAX_UPRIGHT

    @property
    def standard_errors(self) -> float:
        """How far the permuted correlation is above zero."""
        return self.permuted * float(np.sqrt(self.n_counted))


def find_reversed_groups(evaluated: OutOfFold) -> list[Finding]:
    """Return the groups with a reversed trend, the most significant first."""
    if evaluated.features.shape[1] > _MAX_FEATURES:
        return []
    rule, cuts = _GeneralRule.of(evaluated), list(cuts_of(evaluated, n_parts=_N_PARTS))
    counted = np.ones(evaluated.n_rows, bool)
    findings: list[Finding] = []
    while len(findings) < _MAX_FINDINGS and (suspect := _most_significant(cuts, rule, counted)):
        counted &= ~suspect.group.rows  # they must not make other groups look reversed
        findings.append(_finding(evaluated, suspect))
    return findings


def _most_significant(cuts: Sequence[Cut], rule: _GeneralRule, counted: Array) -> _Suspect | None:
    """Return the group that is reversed by most standard errors, if significantly."""
    runs = []
    for straight in (True, False):
        # A straight rule cannot memorize an exception; where little is linear, it predicts little.
        predicted = rule.predict(~counted, straight=straight)
        runs += [list(_runs_of(cut, predicted, rule.truth, counted)) for cut in cuts]
    oddest = [max(of_column, key=lambda run: run.gap) for of_column in runs if of_column]
    oddest = sorted(oddest, key=lambda run: -run.gap)[:_MAX_LOOKS]
    looks = {(run.cut.column, run.first, run.last): run for run in oddest if run.gap > _MIN_GAP}
    examined = [_examine(run, rule, counted) for run in looks.values()]
    level = ALARM_LEVEL / max(1, sum(map(len, runs)))
    significant = [
        suspect
        for suspect in examined
        if suspect.is_reversed and normal_p_value(suspect.standard_errors) <= level
    ]
    return max(significant, key=lambda suspect: suspect.standard_errors, default=None)


def _examine(run: _Run, rule: _GeneralRule, counted: Array) -> _Suspect:
    """Return a run with its exact borders, and how its rows agree with a rule of the others."""
    predicted = rule.predict(~counted | run.group.rows)
    group = _with_exact_borders(run, predicted, rule.truth, counted)
    predicted = rule.predict(~counted | group.rows)
    rows = group.rows & counted
    usual = rule.truth[counted & ~rows].mean(axis=0)
    doubt = np.empty(len(rows))
    for block in row_blocks(*predicted.shape):
        deviation = predicted[block].astype(np.float64) - usual
        doubt[block] = -np.sum(deviation * (rule.truth[block] - usual), axis=1)
    guess, truth = predicted[rows].astype(np.float64), rule.truth[rows]
    within = _correlation(_centered(guess), _centered(truth))
    permuted = -within if truth.shape[1] == 1 else _permuted(guess, truth)
    level = _correlation(guess - usual, truth - usual)
    rounded = round(within, 6), round(level, 6), round(permuted, 6)
    return _Suspect(group, 1 + rule.evaluated.degrees(rows), *rounded, doubt)


def _finding(evaluated: OutOfFold, suspect: _Suspect) -> Finding:
    rows = np.flatnonzero(suspect.group.rows)
    several = evaluated.classes is not None and len(evaluated.classes) > 2
    seen = (
        "In the group {subject} ({share:.1%} of all rows), classes seem to be swapped: what"
        " predicts one class elsewhere goes with another there (correlation {correlation:.2f},"
        " {permuted:.2f} with classes permuted)"
        if several
        else "In the group {subject} ({share:.1%} of all rows), the target is reversed: what"
        " predicts a higher target or a class elsewhere predicts the opposite there (correlation"
        " {correlation:.2f})"
    )
    return Finding(
        "reversed group",
        "high",
        suspect.group.name,
        seen,
        "check the target of these rows for swapped labels, signs or units",
        {
            "share": float(suspect.group.rows.mean()),
            "correlation": suspect.within,
            "permuted": suspect.permuted,
            "standard_errors": suspect.standard_errors,
        },
        evaluated.row_numbers_of(rows[np.argsort(-suspect.doubt[rows], kind="stable")]),
    )


@dataclass(frozen=True, eq=False)
class _GeneralRule:
    """A rough model of most rows, from which some rows can be left out.

    It is a ridge regression on the encoded columns and on random ramps of them (a network with a
    random first layer). It is too stiff to memorize an exception. And it depends on the rows only
    by sums over them, from which those of some rows can be subtracted: they are predicted as if
    never seen.
    """

    features: Array  # (n_rows, 1 + n_features), ones, and standardized features
    evaluated: OutOfFold
    truth: Array  # (n_rows, n_outputs), one-hot classes, or ranks, as large numbers would dominate
    products: Array  # (1 + n_features, 1 + n_features + n_outputs), with features and the truth

    @classmethod
    def of(cls, evaluated: OutOfFold) -> _GeneralRule:
        """Return the rule of the evaluated rows of a fit."""
        linear = _standardize(dense(evaluated.features).astype(np.float32))
        rng = np.random.default_rng(0)
        directions = rng.normal(size=(linear.shape[1], _N_RAMPS)) / np.sqrt(linear.shape[1])
        starts = rng.uniform(-1, 1, _N_RAMPS).astype(np.float32)
        ramps = linear @ directions.astype(np.float32)
        ramps += starts
        np.maximum(ramps, 0, out=ramps)
        features = np.hstack([np.ones_like(linear[:, :1]), linear, _standardize(ramps)])
        truth = _truth(evaluated)
        return cls(features, evaluated, truth, _products(features, truth))

    def predict(self, left_out: Array, *, straight: bool = False) -> Array:
        """Return the prediction for each row by those not left out, without ramps if straight."""
        size = self.features.shape[1] - straight * _N_RAMPS
        products = self.products - _products(self.features[left_out], self.truth[left_out])
        of_features, of_truth = np.split(products, [self.features.shape[1]], axis=1)
        penalty = np.full(size, _RIDGE * np.count_nonzero(~left_out))
        penalty[0] = 0.0  # the intercept
        weights = np.linalg.solve(of_features[:size, :size] + np.diag(penalty), of_truth[:size])
        return np.asarray(self.features[:, :size] @ weights.astype(np.float32))


def _products(features: Array, truth: Array) -> Array:
    return np.hstack([features.T @ features, features.T @ truth]).astype(np.float64)


def _standardize(x: Array) -> Array:
    """Standardize the columns of an array in place, and return it."""
    x -= x.mean(axis=0)
    scale = x.std(axis=0)
    x /= np.where(scale > 0, scale, 1)
    return x


def _truth(evaluated: OutOfFold) -> Array:
    if evaluated.classes is None:
        ranks = evaluated.target.ravel().argsort(kind="stable").argsort(kind="stable")
        return np.asarray(ranks[:, None] / len(ranks), np.float32)
    if len(evaluated.classes) > 2:
        return evaluated.target
    return np.eye(2, dtype=np.float32)[evaluated.class_index]


def _centered(matrix: Array) -> Array:
    return np.asarray(matrix - matrix.mean(axis=0))


def _correlation(predicted: Array, truth: Array) -> float:
    scale = np.sqrt(np.sum(predicted**2) * np.sum(truth**2))
    return float(np.sum(predicted * truth) / scale) if scale > 0 else 0.0


def _permuted(predicted: Array, truth: Array) -> float:
    """Return the correlation on each half of the rows, classes permuted as fits the other best."""
    even = np.arange(len(truth)) % 2 == 0
    found = []
    for half, other in ((even, ~even), (~even, even)):
        products = _centered(predicted[half]).T @ _centered(truth[half])
        order = np.zeros(truth.shape[1], np.intp)  # of predicted classes, the clearest pairs first
        for _ in range(len(order)):
            predicted_class, true_class = np.unravel_index(np.argmax(products), products.shape)
            order[true_class] = predicted_class
            products[predicted_class, :] = products[:, true_class] = -np.inf
        guess = _centered(predicted[other][:, order])
        found.append(_correlation(guess, _centered(truth[other])))
    return float(np.mean(found))


@dataclass(frozen=True, eq=False)
class _Run:
    """Some neighboring parts of a column."""

    cut: Cut
    first: int
    last: int
    gap: float  # standard errors by which the correlation is lower there than elsewhere

    @property
    def group(self) -> Group:
        """The rows."""
        return self.cut.group(self.first, self.last)


def _runs_of(cut: Cut, predicted: Array, truth: Array, counted: Array) -> Iterator[_Run]:
    """Yield each part of a column, and runs of neighboring ones, with the gap of the correlation.

    A correlation is made of sums over rows, and the sums of neighbors add up.
    """
    of_parts = _sums(cut.parts, cut.n_parts + 2, predicted, truth, counted)
    total = of_parts.sum(axis=0)
    usual = float(_correlations(total[None])[0])
    sums = np.pad(np.cumsum(of_parts, axis=0), ((1, 0), (0, 0)))
    ends = [(cut.n_parts, cut.n_parts)]  # a missing value has no neighbor
    for width in range(1, 1 + (_MAX_RUN if cut.is_ordered else 1)):
        ends += [(first, first + width - 1) for first in range(cut.n_parts - width + 1)]
    first, last = np.array(ends).T
    gaps = _gaps(sums[last + 1] - sums[first], usual, int(total[0]))
    for (start, end), gap in zip(ends, gaps.tolist(), strict=True):
        if gap > -np.inf:
            yield _Run(cut, start, end, gap)


def _with_exact_borders(run: _Run, predicted: Array, truth: Array, counted: Array) -> Group:
    """Return the rows of a run with borders moved, by a part at most, to the largest gap."""
    cut, n_counted = run.cut, int(counted.sum())
    if not cut.is_ordered or run.first == cut.n_parts:
        return run.group
    near = (cut.parts >= run.first - 1) & (cut.parts <= run.last + 1) & (cut.parts < cut.n_parts)
    rows = np.flatnonzero(near & counted)
    rows = rows[np.argsort(cut.values[rows], kind="stable")]
    values, parts = cut.values[rows], cut.parts[rows]
    others = _sums(np.zeros(len(truth), int), 1, predicted, truth, counted & ~run.group.rows)
    usual = float(_correlations(others)[0])
    sums = np.pad(np.cumsum(_summands(predicted[rows], truth[rows]), 0), ((1, 0), (0, 0)))
    starts = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
    ends = np.append(starts[1:], len(values))
    start, end = np.searchsorted(parts, [run.first, run.last + 1])
    for _ in range(2):
        begins = starts[starts < end]
        start = begins[np.argmax(_gaps(sums[end] - sums[begins], usual, n_counted))]
        stops = ends[ends > start]
        end = stops[np.argmax(_gaps(sums[stops] - sums[start], usual, n_counted))]
    return cut.between(values[start], values[end - 1])


def _sums(parts: Array, n_parts: int, predicted: Array, truth: Array, counted: Array) -> Array:
    """Return for each part the sums over its rows that count, (n_parts, 4 + 2 n_outputs)."""
    sums = np.zeros((n_parts, 4 + 2 * truth.shape[1]))
    for rows in row_blocks(len(truth), sums.shape[1]):
        members = np.arange(n_parts)[:, None] == parts[rows]
        summands = _summands(predicted[rows], truth[rows]) * counted[rows, None]
        sums += members.astype(np.float64) @ summands
    return sums


def _summands(predicted: Array, truth: Array) -> Array:
    """Return for each row the summands of a correlation, shape (n_rows, 4 + 2 n_outputs)."""
    predicted, truth = predicted.astype(np.float64), truth.astype(np.float64)
    pairs = ((predicted, predicted), (truth, truth), (predicted, truth))
    products = [np.sum(left * right, axis=1, keepdims=True) for left, right in pairs]
    return np.hstack([np.ones((len(truth), 1)), *products, predicted, truth])


def _gaps(sums: Array, usual: float, n_counted: int) -> Array:
    """Return by how many standard errors the correlation of such sums is lower than usual.

    Minus infinity where rows are too few, or so many that they are the rule.
    """
    n_rows = sums[:, 0]
    gaps = np.sqrt(n_rows) * (usual - _correlations(sums))
    fitting = (n_rows >= MIN_GROUP_ROWS) & (n_rows <= MAX_SHARE * n_counted)
    return np.where(fitting, gaps, -np.inf)


def _correlations(sums: Array) -> Array:
    """Return the correlation of such sums, shape (n_sums,); 0 where nothing varies."""
    n_rows = np.maximum(sums[:, :1], 1)
    squares, means = sums[:, 1:4] / n_rows, sums[:, 4:] / n_rows
    predicted, truth = np.split(means, 2, axis=1)
    variance = squares[:, 0] - np.sum(predicted**2, axis=1)
    variance_of_truth = squares[:, 1] - np.sum(truth**2, axis=1)
    product = squares[:, 2] - np.sum(predicted * truth, axis=1)
    # What is left after nearly equal numbers are subtracted is rounding.
    varied = (variance > 1e-9 * squares[:, 0]) & (variance_of_truth > 1e-9 * squares[:, 1])
    scale = np.sqrt(np.where(varied, variance * variance_of_truth, 1.0))
    return np.where(varied, product / scale, 0.0)
