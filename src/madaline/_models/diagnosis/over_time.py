"""What stretches of time show: networks that age, odd stretches, a last known value that is better.

Each stretch was predicted by networks that learned from earlier rows alone.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from madaline._base.language import _
from madaline._base.words import metric_name
from madaline._models.diagnosis import out_of_fold
from madaline._models.diagnosis.finding import Finding
from madaline._race.time.forward import ForwardScores
from madaline._race.time.series_scores import SeriesScores
from madaline._tables.table import Table
from madaline.nn.arrays import Array

# Shares that older networks lose: with shuffled dates, 2 of 67 tables seem to age, as they are 29
# (benchmarks/findings.py --dated)
_AGED = 0.1  # of medium severity
_AGING = 0.05  # of low severity
_NEGLIGIBLE = 0.005
_ODD = 1.5  # times the mean of the others that a stretch's metric is at least, to be odd
_MIN_STRETCHES = 4  # that tell what is usual
# How far the logarithms of metrics usually scatter. With it, at most 1 in 100 fits finds an odd
# stretch where they scatter by half.
_PRIOR_SCATTER = 0.3
_PRIOR_STRETCHES = 2  # that count like so many stretches more
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


_PREDICTS = {  # by whether it is better, and whether one value predicts
    (
        True,
        True,
    ): "{subject} predicts better than the networks ({metric} {last_known:.4g}, theirs {networks:.4g})",
    (
        False,
        True,
    ): "{subject} predicts as well as the networks ({metric} {last_known:.4g}, theirs {networks:.4g})",
    (
        True,
        False,
    ): "{subject} predict better than the networks ({metric} {last_known:.4g}, theirs {networks:.4g})",
    (
        False,
        False,
    ): "{subject} predict as well as the networks ({metric} {last_known:.4g}, theirs {networks:.4g})",
}


def _find_last_known(forward: ForwardScores, *, of_numbers: bool) -> list[Finding]:
    """Return whether the last known value predicts better than the networks, or as well."""
    how = forward.last_known_predicts
    if how == "worse":
        return []
    better = how == "better"
    subject = "The last known value"
    remedy = "give lags (lags=), the earlier values as columns, or predict the last value"
    if not of_numbers:
        subject = "The class shares of the latest rows"
        remedy = "give lags (lags=), or the latest class known when you predict as a column"
    seen = _(_PREDICTS[better, of_numbers])
    evidence = {"last_known": forward.overall("last_known"), "networks": forward.overall()}
    return [
        Finding(
            "last known value",
            "high" if better else "medium",
            subject,
            seen.format(subject=_(subject), metric=metric_name(forward.metric), **evidence),
            remedy,
            evidence,
        )
    ]


def _find_series_sizes(scores: SeriesScores | None) -> list[Finding]:
    """Return whether a simple forecast predicts series better, each on its own scale."""
    if scores is None or scores.scaled_error < scores.naive_error:
        return []
    evidence = {"naive": scores.naive_error, "networks": scores.scaled_error}
    return [
        Finding(
            "last known value",
            "high",
            scores.name,
            _(
                "The {forecast} predicts series ({series}) better than the model, each on its own scale (mean absolute scaled error {naive:.3g}, that of the model {networks:.3g})"
            ).format(series=scores.name, forecast=scores.naive, **evidence),
            "use that forecast, or divide the target of each series by its mean"
            if scores.differ_in_size and not scores.divided
            else "use that forecast",
            evidence,
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
    stretch = _("The stretch of {when}").format(when=forward.when(forward.stretches[worst]))
    evidence = {
        "worst": float(values[worst]),
        "least": float(others.min()),
        "most": float(others.max()),
    }
    return [
        Finding(
            "odd stretch",
            "high" if latest else "medium",
            stretch,
            _(
                "{stretch} was predicted far worse than all others ({metric} {worst:.3g}, others {least:.3g} to {most:.3g})"
            ).format(stretch=stretch, metric=metric_name(forward.metric), **evidence),
            "it is the latest, so rows to come may be like it: find out what has changed"
            if latest
            else "find out what was different then, and give it as a column: it may come again",
            evidence,
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
    ages = np.array([stretch.age for stretch in forward.aging])
    losses = np.array([stretch.loss for stretch in forward.aging])
    lasting = np.minimum.accumulate(losses[::-1])[::-1]  # what is worse for a while is chance
    lost = float(lasting[-1]) - 1
    if lost < _AGING:
        return []
    fresh = max(0, int((lasting - 1 < _AGING).sum()) - 1)  # the last age at which little is lost
    every = float(ages[fresh])
    share = max(0.0, float(lasting[fresh]) - 1)
    return [
        Finding(
            "aging",
            "medium" if share >= _AGED else "low",
            "the networks",
            _oldest(forward, lost, float(ages[-1])),
            _how_often(forward.span(every), share),
            {
                "lost": lost,
                "times": 1 + lost,
                "age": float(ages[-1]),
                "share": share,
                "every": every,
            },
        )
    ]


def _oldest(forward: ForwardScores, lost: float, age: float) -> str:
    """Return how much the oldest networks lose."""
    metric, span = metric_name(forward.metric), forward.span(age)
    if lost >= 1:
        return _(
            "Networks that learned up to {span} earlier, and from fewer rows, have {times:.3g} times the {metric} of networks that learned up to the rows"
        ).format(span=span, times=1 + lost, metric=metric)
    return _(
        "Networks that learned up to {span} earlier, and from fewer rows, have a {metric} {lost:.0%} above that of networks that learned up to the rows"
    ).format(span=span, metric=metric, lost=lost)


def _how_often(span: str, share: float) -> str:
    """Return how often it pays to learn again, and what less often costs."""
    if share < _NEGLIGIBLE:
        return _("fit again, or update, every {span}, which costs next to nothing").format(
            span=span
        )
    advice = (
        _("fit again, or update, more often than every {span}, which costs up to {share:.0%}")
        if share >= _AGING
        else _("fit again, or update, every {span}, which costs up to {share:.0%}")
    )
    return advice.format(span=span, share=share)


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
    last = forward.moment(forward.stretches[-1].last)
    reach = forward.span(forward.reach)
    return [
        Finding(
            "late rows",
            "medium" if share >= _MANY else "low",
            forward.name,
            _(
                "{share:.0%} of the rows come more than {reach} after the last row learned ({last}) by {column}, later than any that the scores are of"
            ).format(share=share, reach=reach, last=last, column=forward.name),
            "fit again, or update, with later rows, or expect larger errors than promised",
            {"share": share, "first": float(ahead.min()), "last": float(ahead.max())},
        )
    ]
