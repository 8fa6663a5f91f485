"""How rows were held out in time, and what that says of later rows, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from madaline._base.language import _
from madaline._base.language.messages import Message
from madaline._base.words import (
    format_count,
    format_list,
    format_number,
    format_rounded,
    format_share,
    metric_name,
)
from madaline._race.evaluation.score import Score
from madaline._race.time.forward import ForwardScores, Noticed, Of
from madaline._race.time.lags import series_text
from madaline._race.time.series_scores import SeriesScores
from madaline._race.time.stretches import ROW_ORDER
from madaline._race.time.time_request import TimeRequest
from madaline._tables.table import Table

_DAY = 86_400
_UNITS = (
    ("hours", 2 * _DAY),
    ("days", 14 * _DAY),
    ("weeks", 120 * _DAY),
    ("months", 1500 * _DAY),
    ("years", float("inf")),
)
"""What stretches of time that are shorter than so many seconds are counted in."""

_MAX_STEPS = 60  # rows ahead, up to which the last known value of a series is worth a word
_UNEVEN = 0.1  # share by which stretches of about the same length may differ


def tell_held_out(forward: ForwardScores, series: Sequence[str] = ()) -> str:
    """Return which rows the scores are of, and why where nobody asked for it."""
    if forward.updated:
        return _updated(forward)
    told = _("Scores are of {rows}.").format(rows=_later_rows(forward, series))
    if forward.noticed is not None:
        told = _("{noticed} So scores are of {rows}.").format(
            noticed=_noticed(forward, forward.noticed), rows=_later_rows(forward, series)
        )
    sentences = [told]
    if forward.horizon is None and not forward.distances:
        sentences.append(_("If you predict less far ahead, say how far (horizon=)."))
    if forward.n_undated:
        undated = _(
            "No score is of the {rows} without {name}; the networks that predict learned from them, too."
        )
        sentences.append(
            undated.format(rows=format_count(forward.n_undated, "row"), name=forward.name)
        )
    return " ".join(sentences)


def _later_rows(forward: ForwardScores, series: Sequence[str]) -> str:
    """Return which rows the scores are of, and what predicted them."""
    facts = {"stretches": _stretches(forward), "learned": _learned(forward)}
    if forward.distances:
        first, last = forward.distances[0].first, forward.distances[-1].last
        distance = _("{first:,} to {rows}").format(first=first, rows=format_count(last, "row"))
        distance = format_count(last, "row") if first == last else distance
        of_each = _of_each(series)
        return _(
            "later rows, {distance} ahead of the last known value{of_each}: {stretches}, each predicted by networks that learned from {learned}"
        ).format(distance=distance, of_each=of_each, **facts)
    if forward.ahead > (1 + _UNEVEN) * forward.length:
        return _(
            "later rows, up to {span} ahead: {stretches}, and what follows each, predicted from {learned}"
        ).format(span=forward.span(forward.ahead), **facts)
    return _("later rows: {stretches}, each predicted from {learned}").format(**facts)


def _of_each(series: Sequence[str]) -> str:
    return _(" of each {series}").format(series=series_text(series)) if series else ""


def tell_last_known(forward: ForwardScores, *, of_numbers: bool, lags: bool = False) -> str:
    """Return how the last known value compares, and what to do; nothing where clearly worse."""
    how = forward.last_known_predicts
    if how == "worse":
        return ""
    last_known, networks = forward.overall("last_known"), forward.overall()
    most = max(abs(last_known), abs(networks))
    shown = forward.written.texts(format_rounded, (last_known, networks), most)
    compared = "better than" if how == "better" else "as well as"
    metric = metric_name(forward.metric)
    if not of_numbers:
        return _(
            "The class shares of the latest rows predict {compared} the networks: their {metric} is {shown}, that of the networks {of_networks}."
        ).format(compared=compared, metric=metric, shown=shown[0], of_networks=shown[1])
    of_each = _of_each(forward.series)
    sentence = _(
        "The last known value{of_each} predicts {compared} the networks: its {metric} is {shown}, theirs {of_networks}."
    ).format(
        of_each=of_each, compared=compared, metric=metric, shown=shown[0], of_networks=shown[1]
    )
    return (
        sentence
        if lags
        else _("{sentence} Give {lags}.").format(sentence=sentence, lags=_lags(forward))
    )


def tell_series(forward: ForwardScores) -> str:
    """Return how several series are predicted, each on its own scale; else nothing."""
    scores = forward.by_series
    if scores is None:
        return ""
    scaled, naive = (format_number(error, 3) for error in (scores.scaled_error, scores.naive_error))
    told = _(
        "On the scale of each {name}, the mean absolute scaled error (MASE) is {scaled} ± {error}, that of the {naive} ({rows} before) {of_naive}; the model is better for {won} of {n_series:,}."
    ).format(
        name=scores.name,
        scaled=scaled,
        error=format_number(scores.standard_error, 1),
        naive=scores.naive,
        rows=format_count(scores.season, "row"),
        of_naive=naive,
        won=format_share(scores.won, 0),
        n_series=scores.n_series,
    )
    sentences = [told, _tell_sizes(scores, forward.metric)]
    if scores.scaled_error >= scores.naive_error:
        use = (
            _("Use the {naive}.")
            if scores.divided or not scores.differ_in_size
            else _("Use the {naive}, or divide the target of each {name} by its mean.")
        )
        sentences.append(use.format(naive=scores.naive, name=scores.name))
    return " ".join(filter(None, sentences))


def _tell_sizes(scores: SeriesScores, metric: str) -> str:
    """Return what sizes of series that differ tenfold do to the metric; else nothing."""
    if not scores.differ_in_size:
        return ""
    return _(
        "The largest {name} is {ratio} times the smallest, and networks learned each on its own scale; the largest decide the {metric}."
        if scores.divided
        else "The largest {name} is {ratio} times the smallest, so the largest decide the {metric}."
    ).format(
        name=scores.name,
        ratio=format_number(float(f"{scores.ratio:.2g}")),
        metric=metric_name(metric),
    )


def tell_best_of_series(scores: SeriesScores) -> Iterator[str]:
    """Yield which forecast predicts which share of the series best, and the hardest series."""
    names = ["the model", _("the {naive}").format(naive=scores.naive), "Theta alone"]
    ranked = sorted(zip(scores.best, names, strict=False), key=lambda pair: -pair[0])
    parts = [
        _("{name} for {share}").format(name=_(name), share=format_share(share, 0))
        for share, name in ranked
    ]
    if parts:
        yield _("Of {n_series:,} series ({name}), the best forecast is {best}.").format(
            n_series=scores.n_series, name=scores.name, best=format_list(parts, last=" and ")
        )
    hardest = [
        _("{name} ({error}; the {naive} {of_naive})").format(
            name=one.name,
            error=format_number(one.scaled_error, 2),
            naive=scores.naive,
            of_naive=format_number(one.naive_error, 2),
        )
        for one in scores.hardest
    ]
    if hardest:
        yield _("The hardest have the largest scaled errors: {hardest}.").format(
            hardest=format_list(hardest, last=" and ")
        )


def tell_trend(forward: ForwardScores) -> str:
    """Return how the metric changes from stretch to stretch; nothing where it does by chance."""
    if not forward.trend:
        return ""
    direction = "rises" if forward.trend > 0 else "falls"
    return _(
        "The {metric} {direction} by {trend} from stretch to stretch, and the score carries that on to the next."
    ).format(
        metric=metric_name(forward.metric),
        direction=direction,
        trend=forward.written.show(abs(forward.trend), 2),
    )


def forward_sentences(
    forward: ForwardScores | None, *, of_numbers: bool, time: TimeRequest
) -> list[str]:
    """Return what to know first of scores of later rows; nothing where rows were dealt out."""
    if forward is None:
        return []
    lags = bool(time.lags)
    last_known = tell_last_known(forward, of_numbers=of_numbers, lags=lags)
    if not last_known and of_numbers and not lags:
        last_known = _offer_lags(forward)
    held_out = tell_held_out(forward, time.series)
    if lags:
        held_out = _("{held_out} Lags, in rows: {lags}.").format(
            held_out=held_out, lags=format_list([*map(str, time.lags)], last=" and ")
        )
    return [*filter(None, (last_known, tell_series(forward), held_out, tell_trend(forward)))]


def tell_age(forward: ForwardScores | None, table: Table) -> str:
    """Return how old a model is for the rows of another table; nothing where these have no time."""
    times = None if forward is None else forward.times_of(table)
    if forward is None or times is None or np.isnan(times).all():
        return ""
    last = forward.stretches[-1].last
    first = float(np.nanmin(times))
    learned = _("the last row learned ({moment})").format(moment=forward.moment(last))
    if first > last:
        return _("The rows begin {span} after {learned}.").format(
            span=forward.span(first - last), learned=learned
        )
    earlier = int((times <= last).sum())
    if earlier == len(times):
        return _("All rows are no later than {learned}.").format(learned=learned)
    return _("{earlier:,} of {rows} are no later than {learned}.").format(
        earlier=earlier, rows=format_count(len(times), "row"), learned=learned
    )


def tell_stretches(forward: ForwardScores, promised: Score | None) -> Iterator[str]:
    """Yield what was measured on the stretches, and what it means for rows to come."""
    first, last = forward.stretches[0], forward.stretches[-1]
    when = _("{first} to {last}").format(
        first=forward.moment(first.first), last=forward.moment(last.last)
    )
    learned = format_count(first.n_learned, "row")
    if last.n_learned != first.n_learned:
        learned = _("{n_learned:,} to {rows}").format(
            n_learned=first.n_learned, rows=format_count(last.n_learned, "row")
        )
    yield _("The stretches are of {when}, and their networks learned from {learned}.").format(
        when=when, learned=learned
    )
    if forward.noticed is not None:
        yield "If the order of the rows tells nothing, time=False deals them to folds at random."
    metric = metric_name(forward.metric)
    most = max(abs(forward.values(of)).max() for of in ("value", "baseline"))
    yield _("By stretch, the {metric} is {ranges}.").format(
        metric=metric, ranges=_("; ").join(_ranges(forward, most))
    )
    if len(forward.distances) > 1:
        yield _("By how many rows ahead of the last known value, it is {by_distance}.").format(
            by_distance=_by_distance(forward, most)
        )
    if forward.by_series is not None:
        yield from tell_best_of_series(forward.by_series)
    if promised is not None:
        yield _(
            "Rows that come after the table are one more stretch: expect a {metric} of {estimate}. The standard error counts stretches, not rows, as rows near in time are alike."
        ).format(metric=metric, estimate=promised.estimate)


def _ranges(forward: ForwardScores, most: float) -> Iterator[str]:
    yield _range(forward, "value", most)
    yield _("{range} with a constant").format(range=_range(forward, "baseline", most))
    if forward.has_last_known:
        yield _("{range} with the {last_known_name}").format(
            range=_range(forward, "last_known", most), last_known_name=forward.last_known_name
        )


def _by_distance(forward: ForwardScores, most: float) -> str:
    values = [distance.value for distance in forward.distances]
    shown = forward.written.texts(format_rounded, values, most)
    parts = []
    for value, one in zip(shown, forward.distances, strict=True):
        ahead = _("{first} to {last}").format(first=one.first, last=one.last)
        ahead = str(one.first) if one.first == one.last else ahead
        parts.append(_("{value} for {rows}").format(value=value, rows=ahead))
    return format_list(parts, last=" and ")


def _range(forward: ForwardScores, of: Of, most: float) -> str:
    values = forward.values(of)
    low, high = forward.written.texts(format_rounded, (values.min(), values.max()), most)
    return low if low == high else _("{low} to {high}").format(low=low, high=high)


def _stretches(forward: ForwardScores) -> str:
    """Return how many stretches there are, and how long they are."""
    number = format_count(len(forward.stretches), "stretch", "stretches")
    if forward.of_dates or forward.of_years:
        lengths = forward.lengths
        length = forward.span(forward.length)
        even = max(lengths) - min(lengths) <= _UNEVEN * max(lengths)
    else:
        rows = sorted(stretch.n_rows for stretch in forward.stretches)
        length = format_count(rows[len(rows) // 2], "row")
        even = rows[-1] - rows[0] <= _UNEVEN * rows[-1]
    return _("{number} of {length}" if even else "{number} of about {length}").format(
        number=number, length=length
    )


def _updated(forward: ForwardScores) -> str:
    """Return what the scores of an updated model are of, and how the rows were predicted before."""
    latest = forward.stretches[-1]
    before = forward.values()[:-1]
    shown = forward.written.texts(
        format_rounded, (latest.value, before.min(), before.max()), abs(forward.values()).max()
    )
    name = metric_name(forward.metric)
    how = ", each predicted from earlier ones" if forward.of_later_rows else ""
    return _(
        "Scores are of the rows of the latest update, {when}{how}. Before it learned them, the {name} of the model was {shown} there; on the stretches before, {low} to {high}."
    ).format(
        when=forward.when(latest),
        how=how,
        name=name,
        shown=shown[0],
        low=shown[1],
        high=shown[2],
    )


def _learned(forward: ForwardScores) -> str:
    if not forward.gap:
        return "the rows before it"
    return _("rows that end {span} before it").format(span=forward.span(forward.gap))


def _noticed(forward: ForwardScores, noticed: Noticed) -> str:
    """Return why rows near in time are told apart from rows at random."""
    if not noticed.is_clear:
        return _("The rows are sorted by {name}.").format(name=forward.name)
    metric = noticed.metric or forward.metric
    low, high = forward.written.texts(
        format_rounded, (noticed.among, noticed.after), max(noticed.among, noticed.after)
    )
    near = _("near in {name}").format(name=forward.name)
    within = "within"
    after = "on the rows after"
    if forward.of_dates:
        unit = next(name for name, end in _UNITS if forward.length < end)
        within = _("within the same {unit}").format(unit=unit)
        after = _("on the {unit} after").format(unit=unit)
    elif forward.name == ROW_ORDER:
        near = "near one another in the table"
        within = "among them"
    else:
        within = "among them"
    return _(
        "Rows {near} are alike: the {metric} of a simple model is {low} {within}, {high} {after}."
    ).format(near=near, metric=metric_name(metric), low=low, within=within, high=high, after=after)


def _offer_lags(forward: ForwardScores) -> str:
    """Return how rows of series may be predicted from their past, unless that is far behind."""
    if not forward.series or not forward.has_last_known or forward.n_steps > _MAX_STEPS:
        return ""
    return _(
        "Rows of one {series} follow one another: to predict them from its last known value, give {lags}."
    ).format(series=series_text(forward.series), lags=_lags(forward))


def _lags(forward: ForwardScores) -> str:
    """Return the arguments for earlier rows that may help."""
    if forward.series:
        arguments = _("lags=True and horizon={n_steps}").format(n_steps=forward.n_steps)
        if forward.horizon is None:
            return arguments
        # with lags, a horizon counts rows
        ahead = forward.span(forward.horizon)
        rows = format_count(forward.n_steps, "row")
        return _("{arguments} ({ahead} are {rows} of each {series})").format(
            arguments=arguments, ahead=ahead, rows=rows, series=series_text(forward.series)
        )
    return Message("", "lags=True").again()
