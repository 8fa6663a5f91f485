"""How rows were held out in time is said in sentences, whatever the times are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from madaline._models.story.forward import (
    forward_sentences,
    tell_held_out,
    tell_last_known,
    tell_stretches,
    tell_trend,
)
from madaline._models.story.summary import glance
from madaline._race.evaluation.score import Score
from madaline._race.time.forward import ForwardScores, Noticed, Stretch
from madaline._race.time.stretches import ROW_ORDER
from madaline._race.time.time_request import TimeRequest
from madaline.records._results.html import render_html

DAY = 86_400.0
HELD_OUT = (
    "Scores are of later rows: 5 stretches of 40 days, each predicted from the rows before it. If"
    " you predict less far ahead, say how far (horizon=)."
)


def of_numbers(name: str, size: float, first: float = 0.0, n_rows: int = 10) -> ForwardScores:
    """Return three stretches of a column of numbers, each so long."""
    stretches = [
        Stretch(first + k * size, first + (k + 1) * size - 1, n_rows, 50, 2.0, 3.0, 4.0)
        for k in range(3)
    ]
    return ForwardScores(name, False, "log_loss", tuple(stretches))


def test_it_says_which_rows_scores_are_of(forward) -> None:
    assert tell_held_out(forward) == HELD_OUT
    gap = tell_held_out(replace(forward, gap=7 * DAY))
    assert "40 days, each predicted from rows that end 7 days before it. If" in gap
    horizon = tell_held_out(replace(forward, horizon=28 * DAY))
    assert horizon.endswith("5 stretches of 4 weeks, each predicted from the rows before it.")
    ahead = tell_held_out(replace(forward, ahead=60 * DAY))
    assert ahead.startswith(
        "Scores are of later rows, up to 2 months ahead: 5 stretches of 40 days, and what follows"
        " each, predicted from the rows before it. If"
    )
    first = forward.stretches[0]
    uneven = (replace(first, first=first.first - 30 * DAY), *forward.stretches[1:])
    assert "5 stretches of about 40 days, each" in tell_held_out(replace(forward, stretches=uneven))


@pytest.mark.parametrize(
    ("name", "size", "first", "expected"),
    [
        (ROW_ORDER, 10, 0, "3 stretches of 10 rows, each predicted from rows that end 2 rows"),
        ("year", 5, 1952, "3 stretches of 5 years, each predicted from rows that end 2 years"),
        ("depth", 9, 0, "3 stretches of 10 rows, each predicted from rows that end 2 (depth)"),
    ],
)
def test_numbers_and_rows_have_no_dates(name, size, first, expected) -> None:
    assert expected in tell_held_out(replace(of_numbers(name, size, first), gap=2.0))


def test_it_says_why_nobody_had_to_ask(forward) -> None:
    noticed = Noticed(0.34, 1.312, 0.1)
    assert tell_held_out(replace(forward, noticed=noticed)) == (
        "Rows near in day are alike: the root mean squared error of a simple model is 0.34 within"
        f" the same weeks, 1.31 on the weeks after. So {HELD_OUT[0].lower()}{HELD_OUT[1:]}"
    )
    rows = replace(of_numbers(ROW_ORDER, 10), noticed=noticed)
    assert tell_held_out(rows).startswith(
        "Rows near one another in the table are alike: the log loss of a simple model is 0.34"
        " among them, 1.31 on the rows after. So scores are of later rows: 3 stretches of 10 rows,"
    )
    hours = replace(forward, horizon=6 * 3600.0, noticed=noticed)
    assert "within the same hours, 1.31 on the hours after" in tell_held_out(hours)
    dates = replace(forward, noticed=Noticed(0.34, 0.35, 0.1))
    assert tell_held_out(dates).startswith("The rows are sorted by day. So scores are of later")


def test_a_last_known_value_that_is_better_comes_first_with_what_to_do(forward) -> None:
    told = tell_last_known(forward, of_numbers=True)
    assert told == (
        "The last known value predicts as well as the networks: its root mean squared error is"
        " 10.4, theirs 10.4. Give lags=True."
    )
    better = [replace(one, last_known=one.value / 2) for one in forward.stretches]
    better = replace(forward, stretches=tuple(better))
    first, second = forward_sentences(better, of_numbers=True, time=TimeRequest())
    assert first.startswith("The last known value predicts better than the networks: its")
    assert second == HELD_OUT
    (held_out,) = forward_sentences(of_numbers("t", 10), of_numbers=True, time=TimeRequest())
    assert held_out.startswith("Scores are of later rows")
    assert forward_sentences(None, of_numbers=True, time=TimeRequest()) == []
    assert "lags=" not in tell_last_known(better, of_numbers=True, lags=True)
    of_classes = tell_last_known(replace(better, metric="log_loss"), of_numbers=False)
    assert of_classes.startswith("The class shares of the latest rows predict better than")
    assert "lags=" not in of_classes


def test_series_are_named_with_their_lags(forward) -> None:
    of_states = replace(forward, series=("home state",), n_steps=6)
    told = tell_last_known(of_states, of_numbers=True)
    assert "The last known value of each home state predicts as well as the networks" in told
    assert told.endswith("Give lags=True and horizon=6.")
    of_weeks = tell_last_known(replace(of_states, horizon=42 * DAY), of_numbers=True)
    assert of_weeks.endswith("and horizon=6 (6 weeks are 6 rows of each home state).")
    worse = [replace(one, last_known=one.value * 2) for one in forward.stretches]
    worse = replace(of_states, stretches=tuple(worse))
    assert tell_last_known(worse, of_numbers=True) == ""
    hint, _ = forward_sentences(worse, of_numbers=True, time=TimeRequest())
    assert hint == (
        "Rows of one home state follow one another: to predict them from its last known value, give"
        " lags=True and horizon=6."
    )
    assert len(forward_sentences(worse, of_numbers=True, time=TimeRequest(lags=(1,)))) == 1
    assert (
        len(forward_sentences(replace(worse, n_steps=99), of_numbers=True, time=TimeRequest())) == 1
    )


def test_a_trend_is_told_where_there_is_one(forward) -> None:
    assert tell_trend(forward) == ""
    assert tell_trend(replace(forward, trend=1.05)) == (
        "The root mean squared error rises by 1.1 from stretch to stretch, and the score carries"
        " that on to the next."
    )
    assert " falls by 0.2 " in tell_trend(replace(forward, trend=-0.2))


def test_the_story_tells_what_was_measured_and_what_to_expect(forward) -> None:
    told = [*tell_stretches(forward, Score("rmse", 9.8, 1.4, 26.2, False))]
    assert told == [
        "The stretches are of 2012-01-01 to 2012-07-18, and their networks learned from 200 to"
        " 360 rows.",
        "By stretch, the root mean squared error is 7.0 to 12.5; 24.0 to 29.0 with a constant; 7.0"
        " to 12.0 with the last known value.",
        "Rows that come after the table are one more stretch: expect a root mean squared error of"
        " 9.8 ± 1.4. The standard error counts stretches, not rows, as rows near in time are"
        " alike.",
    ]
    assert len([*tell_stretches(forward, None)]) == 2
    noticed = [*tell_stretches(replace(forward, noticed=Noticed(0.34, 1.312, 0.1)), None)]
    assert noticed[1].endswith("time=False deals them to folds at random.")


def test_hours_are_told_where_stretches_are_short(forward) -> None:
    stretch = replace(forward.stretches[0], last=forward.stretches[0].first + 5 * 3600)
    short = replace(forward, stretches=(stretch,))
    assert short.when(stretch) == "2012-01-01 00:00 to 2012-01-01 05:00"
    rows = of_numbers(ROW_ORDER, 10)
    assert rows.when(rows.stretches[1]) == "row 10 to 19"


def test_rows_without_a_time_are_told(forward) -> None:
    told = tell_held_out(replace(forward, n_undated=37))
    assert told == (
        f"{HELD_OUT} No score is of the 37 rows without day; the networks that predict learned from"
        " them, too."
    )


def test_an_updated_model_says_what_its_scores_are_of(forward) -> None:
    start = forward.stretches[-1].last + DAY
    times = start + DAY * np.arange(30)
    facts = {"n_learned": 400, "loss": 15.0, "baseline": 30.0}
    before = (
        ". Before it learned them, the root mean squared error of the model was 15.0 there; on the"
        " stretches before, 7.0 to 12.5."
    )
    rows = "Scores are of the rows of the latest update, 2012-07-19 to 2012-08-17"
    after = forward.after_update(times, of_later_rows=True, **facts)
    assert tell_held_out(after) == f"{rows}, each predicted from earlier ones{before}"
    at_random = forward.after_update(times, of_later_rows=False, **facts)
    assert tell_held_out(at_random) == f"{rows}{before}"


def test_every_account_of_the_model_says_it(dated_model) -> None:
    shown = render_html(glance(dated_model.summary))
    assert HELD_OUT in shown
    assert "predicted by networks that learned from earlier rows alone" in shown
    assert "12.5 in the last; 9.8 is promised next" in shown
    story = dated_model.story()
    assert story.parts["time"][1] == HELD_OUT
    told = " ".join(str(dated_model.story(full=True)).split())
    assert "was predicted by networks that learned from earlier rows alone" in told
    assert repr(dated_model).endswith(", on later rows>")
