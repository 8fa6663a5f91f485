"""How rows were held out in time, and what that says of later rows, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from madaline._evaluation.forward import ROW_ORDER, ForwardScores, Noticed, Stretch
from madaline._evaluation.score import Score
from madaline._words import (
    format_count,
    format_estimate,
    format_moment,
    format_number,
    format_rounded,
    format_span,
    metric_name,
)

_DAY = 86_400
_UNITS = (
    ("hours", 2 * _DAY),
    ("days", 14 * _DAY),
    ("weeks", 120 * _DAY),
    ("months", 1500 * _DAY),
    ("years", float("inf")),
)
"""What stretches of time that are shorter than so many seconds are counted in."""

_STEPS = (
    (3600, "1 24"),
    (_DAY, "1 7"),
    (7 * _DAY, "1 52"),
    (30.4 * _DAY, "1 12"),
    (91.3 * _DAY, "1 4"),
)
"""Rows that lie so many seconds apart, and lags that suit them: the latest row, and the season."""

_UNEVEN = 0.1  # share by which stretches of about the same length may differ


def span_text(forward: ForwardScores, amount: float) -> str:
    """Return a length of time in words: of dates in their units, of the row order in rows.

    >>> stretch = Stretch(1952.0, 1967.0, 60, 100, 0.5, 1.0)
    >>> span_text(ForwardScores("year", False, "rmse", (stretch,)), 5.0)
    '5 years'
    """
    if forward.of_dates:
        return format_span(amount)
    if forward.name == ROW_ORDER:
        return format_count(round(amount), "row")
    if _is_years(forward):
        return f"{format_number(amount)} year{'s' * (amount != 1)}"
    return f"{format_number(amount)} in {forward.name}"


def time_text(forward: ForwardScores, time: float) -> str:
    """Return a time in words: a date, a row, or a number.

    >>> stretch = Stretch(0.0, 49.0, 50, 50, 0.5, 1.0)
    >>> time_text(ForwardScores(ROW_ORDER, False, "rmse", (stretch,)), 49.0)
    'row 49'
    """
    if forward.of_dates:
        return format_moment(time, within=forward.length)
    if forward.name == ROW_ORDER:
        return f"row {time:,.0f}"
    return f"{time:.0f}" if _is_years(forward) else format_number(time, 6)


def stretch_text(forward: ForwardScores, stretch: Stretch) -> str:
    """Return when a stretch of time was.

    >>> stretch = Stretch(1325376000.0, 1328400000.0, 36, 100, 0.5, 1.0)
    >>> stretch_text(ForwardScores("day", True, "rmse", (stretch,)), stretch)
    '2012-01-01 to 2012-02-05'
    """
    first, last = (time_text(forward, time) for time in (stretch.first, stretch.last))
    return first if first == last else f"{first} to {last.removeprefix('row ')}"


def tell_held_out(forward: ForwardScores) -> str:
    """Return which rows the scores are of, and why where nobody asked for it.

    >>> stretches = (Stretch(50, 74, 25, 50, 0.5, 1.0), Stretch(75, 99, 25, 75, 0.5, 1.0))
    >>> tell_held_out(ForwardScores(ROW_ORDER, False, "rmse", stretches))
    'Scores are of later rows: 2 stretches of 25 rows, each predicted from the rows before it.'
    """
    rows = f"later rows: {_stretches(forward)}, each predicted from {_learned(forward)}."
    if forward.noticed is None:
        return f"Scores are of {rows}"
    return f"{_noticed(forward, forward.noticed)} So scores are of {rows}"


def tell_last_known(forward: ForwardScores, *, of_numbers: bool, lags: bool = False) -> str:
    """Return how the last known value compares, and what to do; nothing where it is clearly worse.

    >>> stretches = (Stretch(0, 9, 10, 50, 5.0, 9.0, 3.0), Stretch(10, 19, 10, 60, 4.0, 9.0, 2.0))
    >>> tell_last_known(ForwardScores(ROW_ORDER, False, "rmse", stretches), of_numbers=True)
    'The last known value predicts better than the networks: its root mean squared error is 2.55,
     theirs 4.53. Give earlier values as columns: --lags 1.'
    """
    how = forward.last_known_predicts
    if how == "worse":
        return ""
    what = "value" if of_numbers else "class"
    own, theirs = forward.overall("last_known"), forward.overall()
    shown = format_rounded((own, theirs), max(abs(own), abs(theirs)))
    compared = "better than" if how == "better" else "as well as"
    sentence = (
        f"The last known {what} predicts {compared} the networks: its"
        f" {metric_name(forward.metric)} is {shown[0]}, theirs {shown[1]}."
    )
    if not of_numbers or lags:
        return sentence
    return f"{sentence} Give earlier values as columns: --lags {_lags(forward)}."


def tell_trend(forward: ForwardScores) -> str:
    """Return how the metric changes from stretch to stretch; nothing where it does by chance.

    >>> stretches = (Stretch(0, 9, 10, 50, 2.0, 9.0), Stretch(10, 19, 10, 60, 3.0, 9.0))
    >>> tell_trend(ForwardScores(ROW_ORDER, False, "log_loss", stretches, trend=1.0))
    'The log loss rises by 1 from stretch to stretch, and the score carries that on to the next.'
    """
    if not forward.trend:
        return ""
    direction = "rises" if forward.trend > 0 else "falls"
    return (
        f"The {metric_name(forward.metric)} {direction} by {format_number(abs(forward.trend), 2)}"
        " from stretch to stretch, and the score carries that on to the next."
    )


def forward_sentences(
    forward: ForwardScores | None, *, of_numbers: bool, settings: Mapping[str, Any]
) -> list[str]:
    """Return what to know first of scores of later rows; nothing where rows were dealt out."""
    if forward is None:
        return []
    last_known = tell_last_known(forward, of_numbers=of_numbers, lags="lags" in settings)
    return [*filter(None, (last_known, tell_held_out(forward), tell_trend(forward)))]


def tell_stretches(forward: ForwardScores, promised: Score | None) -> Iterator[str]:
    """Yield what was measured on the stretches, and what it means for rows to come."""
    first, last = forward.stretches[0], forward.stretches[-1]
    when = f"{time_text(forward, first.first)} to {time_text(forward, last.last)}"
    learned = format_count(first.n_learned, "row")
    if last.n_learned != first.n_learned:
        learned = f"{first.n_learned:,} to {format_count(last.n_learned, 'row')}"
    yield f"The stretches are of {when}, and their networks learned from {learned}."
    metric = metric_name(forward.metric)
    most = max(abs(forward.values(of)).max() for of in ("value", "baseline"))
    ranges = [f"{_range(forward, 'value', most)}"]
    ranges += [f"{_range(forward, 'baseline', most)} with a constant"]
    if forward.has_last_known:
        ranges.append(f"{_range(forward, 'last_known', most)} with the last known value")
    yield f"By stretch, the {metric} is {'; '.join(ranges)}."
    if promised is not None:
        estimate = format_estimate(promised.value, promised.standard_error)
        yield (
            f"Rows that come after the table are one more stretch: expect {estimate}, an error that"
            " counts stretches, not rows, as rows near in time are alike."
        )


def _range(forward: ForwardScores, of: Any, most: float) -> str:
    values = forward.values(of)
    low, high = format_rounded((values.min(), values.max()), most)
    return low if low == high else f"{low} to {high}"


def _stretches(forward: ForwardScores) -> str:
    """Return how many stretches there are, and how long they are."""
    number = format_count(len(forward.stretches), "stretch", "stretches")
    if forward.of_dates or _is_years(forward):
        lengths, length = forward.lengths, span_text(forward, forward.length)
        even = max(lengths) - min(lengths) <= _UNEVEN * max(lengths)
    else:
        rows = sorted(stretch.n_rows for stretch in forward.stretches)
        length = format_count(rows[len(rows) // 2], "row")
        even = rows[-1] - rows[0] <= _UNEVEN * rows[-1]
    return f"{number} of {'' if even else 'about '}{length}"


def _learned(forward: ForwardScores) -> str:
    if not forward.gap:
        return "the rows before it"
    return f"rows that end {span_text(forward, forward.gap)} before it"


def _noticed(forward: ForwardScores, noticed: Noticed) -> str:
    """Return why rows near in time are told apart from rows at random."""
    low, high = format_rounded((noticed.among, noticed.after), max(noticed.among, noticed.after))
    near, within, after = f"near in {forward.name}", "within", "on the rows after"
    if forward.of_dates:
        unit = next(name for name, end in _UNITS if forward.length < end)
        within, after = f"within the same {unit}", f"on the {unit} after"
    elif forward.name == ROW_ORDER:
        near, within = "near one another in the table", "among them"
    else:
        within = "among them"
    return (
        f"Rows {near} are alike: the {metric_name(forward.metric)} of a simple model is {low}"
        f" {within}, {high} {after}."
    )


def _lags(forward: ForwardScores) -> str:
    """Return which earlier rows may help: the latest, and that a season ago."""
    if not forward.of_dates:
        return "1"
    last = forward.stretches[-1]
    step = (last.last - last.first) / max(1, last.n_rows - 1)
    return next((lags for length, lags in _STEPS if 0.9 < step / length < 1.1), "1")


def _is_years(forward: ForwardScores) -> bool:
    """Return whether times are years by their name and size."""
    times = (forward.stretches[0].first, forward.stretches[-1].last)
    in_range = all(1500 <= time <= 2500 for time in times)
    return "year" in forward.name.lower() and not forward.of_dates and in_range
