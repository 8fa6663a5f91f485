"""What is odd about a table to predict: drift, outliers, values that were never seen.

Predictions can only be trusted for rows like the training rows. Each column is compared with its
profile: numbers by the largest difference of the cumulative distributions (Kolmogorov-Smirnov),
levels and missing values by their shares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np

from madaline._data.column import is_missing
from madaline._data.kinds import KINDS
from madaline._data.profile import ColumnProfile, TableProfile, shares_below
from madaline._data.table import Table
from madaline._diagnosis import out_of_fold
from madaline._diagnosis.finding import Diagnosis, Finding, Severity, braced
from madaline._time.forward import ForwardScores
from madaline._time.series_scores import SeriesScores
from madaline._words import metric_name
from madaline.nn.arrays import Array

# Differences of shares from which a drift is of high, medium and low severity.
_LARGE, _MEDIUM, _SMALL = 0.25, 0.1, 0.05
_MIN_ROWS = 30  # that a new table needs to be compared
# A number is an outlier if it lies so many times as far from the median as the largest training
# value or, below it, the smallest; the longer the tail, the farther, up to the second.
_MIN_DISTANCE, _MAX_DISTANCE = 1.5, 20.0
# Share of the rows from which outliers and unknown categories are of medium severity.
_MEDIUM_SHARE = 0.05


@dataclass(frozen=True)
class _ShareChange:
    """The change of one share of a column."""

    column: str
    what: str  # whose share changed, such as "the value Bonn"
    before: float  # the share in the training table
    now: float
    p_value: float  # probability of so large a change in the column by chance

    @property
    def size(self) -> float:
        """Difference of the shares."""
        return abs(self.now - self.before)


def find_drift(table: Table, profile: TableProfile) -> list[Finding]:
    """Return the columns of a new table that drifted, the largest drift first."""
    if table.n_samples < _MIN_ROWS:
        return []
    changes = [_most_significant(table[column.name], column) for column in profile.columns]
    significant = out_of_fold.holm(np.array([change.p_value for change in changes]))
    drifted = [
        change
        for change, clear in zip(changes, significant, strict=True)
        if clear and change.size >= _SMALL
    ]
    return [_finding(change) for change in sorted(drifted, key=lambda change: -change.size)]


def _most_significant(column: Array, profile: ColumnProfile) -> _ShareChange:
    """Return the most significant change, its p-value corrected for the number of changes."""
    changes = list(_changes(column, profile))
    best = min(changes, key=lambda change: (change.p_value, -change.size))
    return replace(best, p_value=min(1.0, len(changes) * best.p_value))


def _changes(column: Array, profile: ColumnProfile) -> Iterator[_ShareChange]:
    """Yield the change of the missing share, and of each level or of the numbers."""
    if profile.has_levels:
        texts = KINDS[profile.kind].levels(profile.name, column)
        present = texts[~is_missing(texts)]
    else:
        numbers = KINDS[profile.kind].numbers(profile.name, column)
        present = np.sort(numbers[~np.isnan(numbers)])

    def of_share(
        what: str, before: float, n_before: float, now: float, n_now: float
    ) -> _ShareChange:
        p_value = out_of_fold.normal_p_value(
            out_of_fold.share_difference(now, n_now, before, n_before)
        )
        return _ShareChange(profile.name, what, before, now, p_value)

    missing = 1 - len(present) / len(column)
    yield of_share("missing values", profile.missing, profile.n_rows, missing, len(column))
    n_before = profile.n_rows * (1 - profile.missing)
    if not len(present) or n_before < 1:
        return
    if not profile.has_levels:
        yield _change_of_numbers(profile, present, n_before)
        return
    for level, share in zip(profile.levels, profile.shares, strict=True):
        now = float(np.mean(present == level))
        yield of_share(f"the value {level}", share, n_before, now, len(present))


def _change_of_numbers(profile: ColumnProfile, values: Array, n_before: float) -> _ShareChange:
    edges, before = np.array(profile.edges), np.array(profile.below)
    now = shares_below(values, edges)
    index = int(np.argmax(np.abs(now - before)))
    distance = float(abs(now[index] - before[index]))
    p_value = out_of_fold.kolmogorov_p_value(distance, n_before, len(values))
    edge = f"{edges[index]:.4g}"
    if profile.kind == "datetime":
        edge = str(np.datetime64(round(edges[index]), "s")).replace("T", " ")
    what = f"values up to {edge}"
    return _ShareChange(profile.name, what, float(before[index]), float(now[index]), p_value)


def _finding(change: _ShareChange) -> Finding:
    severity: Severity = (
        "high" if change.size >= _LARGE else "medium" if change.size >= _MEDIUM else "low"
    )
    what = braced(change.what)
    return Finding(
        "drift",
        severity,
        change.column,
        "{subject} differs from the training rows: " + what + " are {now:.1%} of its rows and were"
        " {before:.1%}",
        "find out why, and fit again on rows like these if the change is here to stay",
        {"before": change.before, "now": change.now, "p_value": change.p_value},
    )


def diagnose_table(
    table: Table,
    profile: TableProfile,
    unseen: Mapping[str, int],
    forward: ForwardScores | None = None,
) -> Diagnosis:
    """Return all findings about a new table, given the rows with unknown levels of each column.

    Also given is what the model promises of later rows, if anything.
    """
    if forward is not None:  # later rows have later times: that is no drift
        profile = profile.without(*forward.columns)
        unseen = {name: rows for name, rows in unseen.items() if name not in forward.columns}
    return Diagnosis.of(
        [
            *find_late_rows(table, forward),
            *find_drift(table, profile),
            *_find_outliers(table, profile),
            *_find_unseen(unseen, table.n_samples),
        ]
    )


def _find_outliers(table: Table, profile: TableProfile) -> list[Finding]:
    """Return whether rows of a new table have numbers far outside the training range."""
    outside = {
        column.name: _outside(table[column.name], column, 2 * len(profile.columns))
        for column in profile.columns
        if column.edges
    }
    rows = np.any(list(outside.values()), axis=0) if outside else np.zeros(0, bool)
    if not rows.any():
        return []
    worst = max(outside, key=lambda name: int(outside[name].sum()))
    return [
        Finding(
            "outside",
            "medium" if rows.mean() >= _MEDIUM_SHARE else "low",
            worst,
            "{rows:,} of {n_rows:,} rows have numbers far outside the training range, most of them"
            " in {subject}",
            "correct them, or do not trust the predictions for these rows",
            {"rows": int(rows.sum()), "n_rows": len(rows), "in_column": int(outside[worst].sum())},
            tuple(int(row) for row in np.flatnonzero(rows)[: out_of_fold.MAX_LISTED_ROWS]),
        )
    ]


def _find_unseen(unseen: Mapping[str, int], n_rows: int) -> list[Finding]:
    """Return the columns with categories that the model does not know, given how many rows."""
    return [
        Finding(
            "unseen categories",
            "medium" if count >= _MEDIUM_SHARE * n_rows else "low",
            name,
            "{rows:,} of {n_rows:,} rows have a value of {subject} that the model does not know",
            "check its spelling, or fit again with such rows",
            {"rows": count, "n_rows": n_rows},
        )
        for name, count in unseen.items()
    ]


def _outside(column: Array, profile: ColumnProfile, n_tails: int) -> Array:
    """Return which rows have a value far beyond all edges, as Booleans of shape (n_samples,)."""
    numbers, edges = KINDS[profile.kind].numbers(profile.name, column), np.array(profile.edges)
    median = edges[int(np.searchsorted(profile.below, 0.5))]
    by_chance = max(1.0, len(column) * n_tails / (profile.n_rows * out_of_fold.ALARM_LEVEL))
    outside = np.zeros(len(numbers), bool)
    for side in (1.0, -1.0):
        away = np.sort(side * (edges - median))
        times = _tail(away, profile.n_rows / len(edges), by_chance)
        if np.count_nonzero(profile.counts) <= len(edges) < 3:  # there are two values alone
            times = _MIN_DISTANCE
        with np.errstate(over="ignore"):  # nothing is beyond a bound that overflows
            outside |= side * (numbers - median) > times * (away[-1] or np.ptp(edges))
    return outside


def _tail(away: Array, rows_between: float, by_chance: float) -> float:
    """Return how many times as far as the last edge new rows may lie by chance.

    Beyond the edge before it, a tail falls at most as slowly as a power of the distance (a Pareto
    tail) with its exponent from these two. `by_chance` is how much rarer a row must be than one in
    the rows learned from, so that no tail of the table has one by chance.
    """
    if len(away) < 3 or away[-2] <= 0 or rows_between <= 1:
        return _MAX_DISTANCE
    slope = np.log(away[-1] / away[-2]) / np.log(rows_between)
    times = np.exp(min(np.log(_MAX_DISTANCE), slope * np.log(by_chance)))
    return max(_MIN_DISTANCE, float(times))


# Shares that older networks lose from which their aging is of medium and of low severity, and told.
_AGED, _AGING, _NEGLIGIBLE = 0.1, 0.05, 0.005
_ODD = 1.5  # times the mean of the others that a stretch's metric is at least, to be odd
_MIN_STRETCHES = 4  # that tell what is usual
# How far the logarithms of metrics usually scatter; that counts like so many stretches more. With
# it, at most 1 in 100 fits finds an odd stretch where they scatter by half.
_PRIOR_SCATTER, _PRIOR_STRETCHES = 0.3, 2
_FARTHER = 1.05  # times the reach of the scores that rows may lie ahead
_MANY = 0.5  # share of the rows that lie farther ahead from which that is of medium severity


def find_over_time(forward: ForwardScores | None, *, of_numbers: bool) -> list[Finding]:
    """Return what the stretches of time show; nothing where rows were dealt out at random."""
    if forward is None:
        return []
    return [
        *_find_last_known(forward, of_numbers=of_numbers),
        *_find_series_sizes(forward.by_series),
        *_find_odd_stretch(forward),
        *_find_aging(forward),
    ]


def _find_last_known(forward: ForwardScores, *, of_numbers: bool) -> list[Finding]:
    """Return whether the last known value predicts better than the networks, or as well."""
    how = forward.last_known_predicts
    if how == "worse":
        return []
    compared = "better than" if how == "better" else "as well as"
    subject, predicts = "The last known value", "predicts"
    remedy = "give lags (lags=), the earlier values as columns, or predict the last value"
    if not of_numbers:
        subject, predicts = "The class shares of the latest rows", "predict"
        remedy = "give lags (lags=), or the latest class known when you predict as a column"
    return [
        Finding(
            "last known value",
            "high" if how == "better" else "medium",
            subject,
            f"{{subject}} {predicts} {compared} the networks ({_metric(forward)}"
            " {last_known:.4g}, theirs {networks:.4g})",
            remedy,
            {"last_known": forward.overall("last_known"), "networks": forward.overall()},
        )
    ]


def _find_series_sizes(scores: SeriesScores | None) -> list[Finding]:
    """Return whether a simple forecast predicts series better, each on its own scale."""
    if scores is None or scores.scaled_error < scores.naive_error:
        return []
    return [
        Finding(
            "last known value",
            "high",
            scores.name,
            f"The sizes of series ({{subject}}) differ, and the {scores.naive} predicts them better"
            " than the networks, each on its own scale (mean absolute scaled error {naive:.3g},"
            " theirs {networks:.3g})",
            "use that forecast, or divide the target of each series by its mean",
            {"naive": scores.naive_error, "networks": scores.scaled_error},
        )
    ]


def _find_odd_stretch(forward: ForwardScores) -> list[Finding]:
    """Return the stretch that was predicted far worse than all others, if there is one."""
    values = forward.values()
    if forward.higher_is_better or len(values) < _MIN_STRETCHES or values.min() <= 0:
        return []
    worst = int(values.argmax())
    others = np.delete(values, worst)
    alarm = out_of_fold.ALARM_LEVEL / len(values)
    if values[worst] < _ODD * others.mean() or _chance_of(values[worst], others) > 2 * alarm:
        return []
    latest = worst == len(values) - 1
    return [
        Finding(
            "odd stretch",
            "high" if latest else "medium",
            f"The stretch of {forward.when(forward.stretches[worst])}",
            "{subject} was predicted far worse than all others"
            f" ({_metric(forward)} {{worst:.3g}}, others {{least:.3g}} to {{most:.3g}})",
            "it is the latest, so rows to come may be like it: find out what has changed"
            if latest
            else "find out what was different then, and give it as a column: it may come again",
            {
                "worst": float(values[worst]),
                "least": float(others.min()),
                "most": float(others.max()),
            },
        )
    ]


def _chance_of(value: float, others: Array) -> float:
    """Return the p-value of a stretch's metric, given those of the others."""
    logs = np.log(others)
    squares = float(np.square(logs - logs.mean()).sum())
    degrees = _PRIOR_STRETCHES + len(others) - 1
    variance = (_PRIOR_STRETCHES * _PRIOR_SCATTER**2 + squares) / degrees
    spread = sqrt(variance * (1 + 1 / len(others)))
    distance = float(np.log(value) - logs.mean())
    return out_of_fold.student_p_value(distance / spread, degrees)


def _find_aging(forward: ForwardScores) -> list[Finding]:
    """Return how fast the relation ages, where networks that are older predict clearly worse."""
    if not forward.aging:
        return []
    ages = np.array([one.age for one in forward.aging])
    losses = np.array([one.loss for one in forward.aging])
    lasting = np.minimum.accumulate(losses[::-1])[::-1]  # what is worse for a while is chance
    lost = float(lasting[-1]) - 1
    if lost < _AGING:
        return []
    fresh = max(0, int((lasting - 1 < _AGING).sum()) - 1)  # the last age at which little is lost
    every = float(ages[fresh])
    share = max(0.0, float(lasting[fresh]) - 1)
    often = "more often than every" if share >= _AGING else "every"
    return [
        Finding(
            "aging",
            "medium" if share >= _AGED else "low",
            "the networks",
            f"Networks that learned up to {braced(forward.span(float(ages[-1])))} earlier, and from"
            f" fewer rows, have {_more_lost(forward, lost)}",
            f"fit again, or update, {often} {braced(forward.span(every))}, which costs"
            + (" up to {share:.0%}" if share >= _NEGLIGIBLE else " next to nothing"),
            {
                "lost": lost,
                "times": 1 + lost,
                "age": float(ages[-1]),
                "share": share,
                "every": every,
            },
        )
    ]


def _more_lost(forward: ForwardScores, lost: float) -> str:
    """Return how much the oldest networks lose, in words."""
    metric = _metric(forward)
    fresh = "of networks that learned up to the rows"
    if lost >= 1:
        return f"{{times:.3g}} times the {metric} {fresh}"
    return f"a {metric} {{lost:.0%}} above that {fresh}"


def find_late_rows(table: Table, forward: ForwardScores | None) -> list[Finding]:
    """Return whether rows come so much later than those learned from that no score is of such."""
    times = None if forward is None else forward.times_of(table)
    if forward is None or times is None:
        return []
    ahead = times[~np.isnan(times)] - forward.stretches[-1].last
    late = ahead > _FARTHER * forward.reach
    if not late.any():
        return []
    share = float(late.mean())
    last = braced(forward.moment(forward.stretches[-1].last))
    reach = braced(forward.span(forward.reach))
    return [
        Finding(
            "late rows",
            "medium" if share >= _MANY else "low",
            forward.name,
            f"{{share:.0%}} of the rows come more than {reach} after the last row learned ({last})"
            " by {subject}, later than any that the scores are of",
            "fit again, or update, with later rows, or expect larger errors than promised",
            {"share": share, "first": float(ahead.min()), "last": float(ahead.max())},
        )
    ]


def _metric(forward: ForwardScores) -> str:
    return braced(metric_name(forward.metric))
