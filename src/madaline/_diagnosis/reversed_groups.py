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
from madaline._diagnosis.groups import FEWEST_ROWS, LARGEST, Cut, Group, cuts_of
from madaline._diagnosis.out_of_fold import LEVEL, OutOfFold, normal_p_value
from madaline.nn.arrays import Array, row_blocks
from madaline.nn.sparse_rows import dense

# A group is reversed if predictions and truth correlate by the first or more once classes are
# permuted, and by the second at most as they are, both within the group and in its level. No
# group of 23 real tables, nor of halves and quarters of them, was significantly so.
REVERSED, UPRIGHT = 0.15, 0.1
PARTS = 20  # ranges of a number at first; the exact borders of a group are searched then
SUSPICIOUS = 3.0  # standard errors by which the correlation must be lower for a closer look
MOST_LOOKS = 40  # groups that are examined closer, at most
MOST_FEATURES = 1000  # features above which the rule would take too long
MOST_FINDINGS = 3  # groups that are reported, at most

# Units of the first layer. Without them, one end of a column of phoneme looks reversed, as a
# trend that holds elsewhere ends there.
RAMPS = 200
RIDGE = 0.03  # penalty, as a share of the variance of a feature
LONGEST = 4  # neighboring parts of a column in a run, at most


@dataclass(frozen=True, eq=False)
class Suspect:
    """A group that may be reversed."""

    group: Group  # the rows
    agreement: Agreement  # correlations of the predictions by the other rows with the truth
    doubt: Array  # (n_rows,), for each row of the table how far prediction and truth disagree

    @property
    def is_reversed(self) -> bool:
        """Whether predictions and truth agree only when permuted."""
        found = self.agreement
        return found.permuted >= REVERSED and max(found.within, found.level) <= UPRIGHT


def find_reversed_groups(evaluated: OutOfFold) -> list[Finding]:
    """Return the groups with a reversed trend, the most significant first."""
    if evaluated.features.shape[1] > MOST_FEATURES:
        return []
    rule, cuts = GeneralRule.of(evaluated), list(cuts_of(evaluated, n_parts=PARTS))
    counted = np.ones(evaluated.n_rows, bool)
    found: list[Finding] = []
    while len(found) < MOST_FINDINGS:
        # Rows of groups already reported must not make others look reversed.
        suspect = _most_significant(cuts, rule, counted)
        if suspect is None:
            break
        counted &= ~suspect.group.rows
        found.append(_finding(evaluated, suspect))
    return found


def _most_significant(cuts: Sequence[Cut], rule: GeneralRule, counted: Array) -> Suspect | None:
    """Return the group that is reversed by most standard errors, if significantly."""
    runs = [*_runs(cuts, rule, counted, straight=True), *_runs(cuts, rule, counted, straight=False)]
    oddest = [max(of_column, key=lambda run: run.gap) for of_column in runs if of_column]
    oddest = sorted(oddest, key=lambda run: -run.gap)[:MOST_LOOKS]
    oddest = [run for run in oddest if run.gap > SUSPICIOUS]
    distinct = {(run.cut.column, run.first, run.last): run for run in oddest}
    examined = [_examine(run, rule, counted) for run in distinct.values()]
    level = LEVEL / max(1, sum(map(len, runs)))
    significant = [
        suspect
        for suspect in examined
        if suspect.is_reversed and normal_p_value(suspect.agreement.standard_errors) <= level
    ]
    return max(significant, key=lambda suspect: suspect.agreement.standard_errors, default=None)


def _runs(
    cuts: Sequence[Cut], rule: GeneralRule, counted: Array, *, straight: bool
) -> Iterator[list[Run]]:
    """Yield the runs of each column, predicted by all rows.

    A straight rule cannot memorize an exception; where little is linear, it predicts little.
    """
    predicted = rule.predict(~counted, straight=straight)
    sums = sums_of_parts(cuts, predicted, rule.truth, counted)
    for cut, of_parts in zip(cuts, sums, strict=True):
        yield list(runs_of(cut, of_parts))


def _examine(run: Run, rule: GeneralRule, counted: Array) -> Suspect:
    """Return a run with its exact borders, and the agreement of its rows, predicted by others."""
    predicted = rule.predict(~counted | run.group.rows)
    group = with_exact_borders(run, predicted, rule.truth, counted)
    predicted = rule.predict(~counted | group.rows)
    rows = group.rows & counted
    usual = rule.truth[counted & ~rows].mean(axis=0)
    doubt = np.empty(len(rows))
    for block in row_blocks(*predicted.shape):
        deviation = predicted[block].astype(np.float64) - usual
        doubt[block] = -np.sum(deviation * (rule.truth[block] - usual), axis=1)
    found = agreement(predicted[rows].astype(np.float64), rule.truth[rows], usual)
    return Suspect(group, found, doubt)


def _finding(evaluated: OutOfFold, suspect: Suspect) -> Finding:
    found, rows = suspect.agreement, np.flatnonzero(suspect.group.rows)
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
            "correlation": found.within,
            "permuted": found.permuted,
            "standard_errors": found.standard_errors,
        },
        evaluated.row_numbers_of(rows[np.argsort(-suspect.doubt[rows], kind="stable")]),
    )


@dataclass(frozen=True, eq=False)
class GeneralRule:
    """A ridge regression that can leave out rows (final)."""

    features: Array  # (n_rows, 1 + n_features), ones, and standardized features
    # (n_rows, n_outputs), one-hot classes, or ranks of numbers from 0 to 1, so that a few large
    # ones do not dominate
    truth: Array
    # (1 + n_features, 1 + n_features + n_outputs), sums over all rows of the products of features
    # with features and with the truth
    products: Array

    @classmethod
    def of(cls, evaluated: OutOfFold) -> GeneralRule:
        """Return the rule of the evaluated rows of a fit."""
        features, truth = _features(dense(evaluated.features)), _truth(evaluated)
        return cls(features, truth, _products(features, truth))

    def predict(
        self,
        left_out: Array,  # (n_rows,) Booleans, the rows that the rule must not know
        *,
        straight: bool = False,
    ) -> Array:  # (n_rows, n_outputs)
        """Return the prediction for each row by the rows that are not left out."""
        size = self.features.shape[1] - straight * RAMPS
        products = self.products - _products(self.features[left_out], self.truth[left_out])
        of_features, of_truth = np.split(products, [self.features.shape[1]], axis=1)
        penalty = np.full(size, RIDGE * np.count_nonzero(~left_out))
        penalty[0] = 0.0  # the intercept
        weights = np.linalg.solve(of_features[:size, :size] + np.diag(penalty), of_truth[:size])
        return np.asarray(self.features[:, :size] @ weights.astype(np.float32))


def _products(features: Array, truth: Array) -> Array:
    return np.hstack([features.T @ features, features.T @ truth]).astype(np.float64)


def _features(encoded: Array) -> Array:
    linear = _standardize(encoded.astype(np.float32))
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(linear.shape[1], RAMPS)) / np.sqrt(linear.shape[1])
    starts = rng.uniform(-1, 1, RAMPS).astype(np.float32)
    ramps = linear @ directions.astype(np.float32)
    ramps += starts
    np.maximum(ramps, 0, out=ramps)
    return np.hstack([np.ones_like(linear[:, :1]), linear, _standardize(ramps)])


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


@dataclass(frozen=True)
class Agreement:
    """Correlations of predictions with the truth in a group."""

    within: float  # correlation within the group, from one row to the next
    # The same around the mean of the other rows: whether the group as a whole is where it is
    # predicted to be
    level: float
    # The correlation if classes are permuted so that they fit best; of numbers, if the sign is
    # reversed; The permutation is learned on one half of the rows and evaluated on the other
    permuted: float
    n_rows: int  # rows of the group

    @property
    def standard_errors(self) -> float:
        """How far the permuted correlation is above zero."""
        return self.permuted * float(np.sqrt(self.n_rows))


def agreement(
    predicted: Array,  # (n_rows, n_outputs), over several outputs their products are summed
    truth: Array,  # (n_rows, n_outputs), over several outputs their products are summed
    usual: Array,  # (n_outputs,), the mean truth of the other rows
) -> Agreement:
    """Return how predictions and truth agree in some rows.

    Examples
    --------
    >>> truth = np.eye(2)[np.arange(40) // 20]
    >>> agreement(0.9 * truth[:, ::-1] + 0.05, truth, np.array([0.5, 0.5]))
    Agreement(within=-1.0, level=-1.0, permuted=1.0, n_rows=40)
    """
    within = _correlation(_centered(predicted), _centered(truth))
    level = _correlation(predicted - usual, truth - usual)
    permuted = -within if truth.shape[1] == 1 else _permuted(predicted, truth)
    return Agreement(round(within, 6), round(level, 6), round(permuted, 6), len(truth))


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
        order = _best_permutation(_centered(predicted[half]), _centered(truth[half]))
        permuted = _centered(predicted[other][:, order])
        found.append(_correlation(permuted, _centered(truth[other])))
    return float(np.mean(found))


def _best_permutation(predicted: Array, truth: Array) -> Array:
    """Return for each class of the truth the class predicted there, the clearest pairs first."""
    products = predicted.T @ truth
    order = np.zeros(truth.shape[1], np.intp)
    for _ in range(len(order)):
        predicted_class, true_class = np.unravel_index(np.argmax(products), products.shape)
        order[true_class] = predicted_class
        products[predicted_class, :] = products[:, true_class] = -np.inf
    return order


@dataclass(frozen=True, eq=False)
class Run:
    """Some neighboring parts of a column (final)."""

    cut: Cut  # the column
    first: int  # its parts
    last: int  # its parts
    gap: float  # by how many standard errors the correlation is lower there than elsewhere

    @property
    def group(self) -> Group:
        """The rows."""
        return self.cut.group(self.first, self.last)


def sums_of_parts(
    cuts: Sequence[Cut],
    predicted: Array,  # (n_rows, n_outputs), over several outputs their products are summed
    truth: Array,  # (n_rows, n_outputs), over several outputs their products are summed
    counted: Array,  # (n_rows,) Booleans, the rows that count
) -> list[Array]:  # (n_parts + 2, 4 + 2 n_outputs)
    """Return, for each part of some columns, the sums over its rows that make a correlation."""
    width = 4 + 2 * truth.shape[1]
    sums = [np.zeros((cut.n_parts + 2, width)) for cut in cuts]
    for rows in row_blocks(len(truth), width):
        values = _summands(predicted[rows], truth[rows]) * counted[rows, None]
        for cut, of_cut in zip(cuts, sums, strict=True):
            members = np.arange(len(of_cut))[:, None] == cut.parts[rows]
            of_cut += members.astype(np.float64) @ values
    return sums


def runs_of(
    cut: Cut,
    of_parts: Array,  # (n_parts + 2, 4 + 2 n_outputs), what `sums_of_parts` returns for it
) -> Iterator[Run]:
    """Yield each part of a column, and runs of neighboring ones, with the gap of the correlation.

    A correlation is made of sums over rows, and the sums of neighbors add up.
    """
    total = of_parts.sum(axis=0)
    usual = float(_correlations(total[None])[0])
    sums = np.pad(np.cumsum(of_parts, axis=0), ((1, 0), (0, 0)))
    ends = [(cut.n_parts, cut.n_parts)]  # a missing value has no neighbor
    for width in range(1, 1 + (LONGEST if cut.is_ordered else 1)):
        ends += [(first, first + width - 1) for first in range(cut.n_parts - width + 1)]
    first, last = np.array(ends).T
    gaps = _gaps(sums[last + 1] - sums[first], usual, int(total[0]))
    for (start, end), gap in zip(ends, gaps.tolist(), strict=True):
        if gap > -np.inf:
            yield Run(cut, start, end, gap)


def with_exact_borders(
    run: Run,
    predicted: Array,  # (n_rows, n_outputs), the predictions are by the other rows
    truth: Array,  # (n_rows, n_outputs), the predictions are by the other rows
    counted: Array,  # (n_rows,) Booleans, the rows that count
) -> Group:
    """Return the rows of a run with borders moved, by a part at most, to the largest gap."""
    cut, n_counted = run.cut, int(counted.sum())
    if not cut.is_ordered or run.first == cut.n_parts:
        return run.group
    near = (cut.parts >= run.first - 1) & (cut.parts <= run.last + 1) & (cut.parts < cut.n_parts)
    rows = np.flatnonzero(near & counted)
    rows = rows[np.argsort(cut.values[rows], kind="stable")]
    values, parts = cut.values[rows], cut.parts[rows]
    others = counted & ~run.group.rows
    usual = float(_correlations(_total(predicted, truth, others)[None])[0])
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


def _total(predicted: Array, truth: Array, counted: Array) -> Array:
    """Return the sums over the rows that count."""
    total = np.zeros(4 + 2 * truth.shape[1])
    for rows in row_blocks(len(truth), len(total)):
        total += counted[rows].astype(np.float64) @ _summands(predicted[rows], truth[rows])
    return total


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
    fitting = (n_rows >= FEWEST_ROWS) & (n_rows <= LARGEST * n_counted)
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
