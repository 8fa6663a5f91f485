"""What is derived from the scores of stretches of time, and what a file of them may hold."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from madaline._base.codec import check_of
from madaline._base.json_checks import Malformed
from madaline._models.story.summary import Summary
from madaline._race.evaluation.score import Score
from madaline._race.time.forward import ForwardScores, Stretch, promised
from madaline._race.time.stretches import ROW_ORDER
from madaline._tables.table import Table
from madaline.records._results.figure import COLORS, Band, Line


def of_last_known(values, last_known, metric="rmse") -> ForwardScores:
    """Return stretches of ten rows with these metrics of networks and of the last known value."""
    stretches = [
        Stretch(10.0 * k, 10.0 * k + 9, 10, 50 + 10 * k, value, 9.0, last)
        for k, (value, last) in enumerate(zip(values, last_known, strict=True))
    ]
    return ForwardScores(ROW_ORDER, False, metric, tuple(stretches))


def test_later_stretches_count_more_as_in_what_is_promised(forward) -> None:
    assert forward.overall() == pytest.approx((8 + 2 * 7 + 3 * 10 + 4 * 10.5 + 5 * 12.5) / 15)
    (score,) = promised([(Score("rmse", x, 0.1, 30.0, False),) for x in (2.0, 2.2, 1.9, 2.1)])
    forward = of_last_known((2.0, 2.2, 1.9, 2.1), (None,) * 4)
    assert score.value == pytest.approx(forward.overall())


@pytest.mark.parametrize(
    ("values", "last_known", "expected"),
    [
        ((5, 5, 5, 5), (4, 4, 4, 4), "better"),
        ((5, 5, 5, 5), (6, 6, 6, 6), "worse"),
        ((5, 5, 5, 5), (5.2, 5.2, 4.7, 5.1), "as well"),
        ((5, 5, 5, 5), (9, 1.5, 9, 4), "worse"),  # within an error, but far from alike
        ((5, 5, 5, 5), (4.8, 5.1, 4.8, 5.1), "as well"),
        ((5,), (4,), "better"),
        ((5, 5), (None, 4), "worse"),
    ],
)
def test_the_last_known_value_is_better_as_good_or_worse(values, last_known, expected) -> None:
    assert of_last_known(values, last_known).last_known_predicts == expected


def test_of_accuracy_more_is_better() -> None:
    assert of_last_known((0.8, 0.8), (0.9, 0.9), "accuracy").last_known_predicts == "better"
    assert of_last_known((0.8, 0.8), (0.7, 0.7), "accuracy").last_known_predicts == "worse"
    assert of_last_known((0.8, 0.8), (0.9, 0.9), "log_loss").last_known_predicts == "worse"


def test_scores_reach_as_far_as_rows_were_evaluated(forward) -> None:
    day = 86_400
    assert forward.length == forward.reach == 40 * day
    assert replace(forward, gap=7.0 * day).reach == 47 * day
    assert replace(forward, gap=7.0 * day, horizon=3.0 * day).reach == 10 * day
    alone = replace(forward, stretches=forward.stretches[-1:])
    assert alone.length == 39 * day


def test_the_figure_has_a_line_for_each_prediction_and_the_promise_follows(forward) -> None:
    figure = forward.figure(Score("rmse", 9.8, 1.4, 26.2, False))
    names = {line.label: line.y.tolist() for line in figure.legend}
    assert names.pop("promised next") == [9.8, 9.8]
    assert names == {
        "networks": forward.values().tolist(),
        "baseline (dashed)": forward.values("baseline").tolist(),
        "last known value": forward.values("last_known").tolist(),
    }
    (band,) = (mark for mark in figure.marks if isinstance(mark, Band))
    assert (band.lower[0], band.upper[0]) == pytest.approx((7.0, 12.6))
    assert band.x[0].astype(float) == forward.stretches[-1].last
    assert (band.x[1] - band.x[0]).astype(int) == forward.length
    assert figure.x.unit == "moment"
    years = [
        replace(one, first=1950.0 + k, last=1950.0 + k) for k, one in enumerate(forward.stretches)
    ]
    years = replace(forward, name="year", of_dates=False, stretches=tuple(years))
    assert years.figure().x.write(1950.0) == "1950"
    without = forward.figure()
    assert [line.label for line in without.legend] == [
        "networks",
        "baseline (dashed)",
        "last known value",
    ]
    assert not any(isinstance(mark, Band) for mark in without.marks)


def test_rows_without_a_last_known_value_have_two_lines() -> None:
    figure = of_last_known((5, 6), (None, None)).figure()
    assert [line.label for line in figure.legend] == ["networks", "baseline (dashed)"]
    assert figure.legend[0].style == COLORS[0]
    assert (figure.x.unit, figure.x.label) == ("number", "row")
    assert all(isinstance(mark, Line) for mark in figure.marks)


def test_a_summary_with_stretches_survives_json(dated_model) -> None:
    summary = dated_model.summary
    values = json.loads(json.dumps(summary.to_json()))
    check_of(Summary)(values)
    assert Summary.from_json(values) == summary
    assert "forward" not in replace(summary, forward=None).to_json()


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        ({"stretches": []}, "stretches"),
        ({"metric": 3}, "metric"),
        ({"gap": float("inf")}, "gap"),
        ({"of_dates": 1}, "of_dates"),
        ({"aging": [{"age": 1.0, "loss": -1.0}]}, "loss"),
        ({"noticed": {"among": 1.0, "after": 2.0, "standard_error": -1.0}}, "standard_error"),
    ],
)
def test_damaged_values_are_refused(dated_model, damage, problem) -> None:
    values = dated_model.summary.to_json()
    values["forward"] |= damage
    with pytest.raises(Malformed, match=problem):
        check_of(Summary)(values)


def test_stretches_that_contradict_one_another_are_refused(forward) -> None:
    values = forward.to_json()
    check_of(ForwardScores)(values)
    values["stretches"] = values["stretches"][::-1]
    with pytest.raises(Malformed, match="order of time"):
        check_of(ForwardScores)(values)
    values = forward.to_json()
    values["stretches"][-1]["last"] = 1e15
    with pytest.raises(Malformed, match="calendar"):
        check_of(ForwardScores)(values)
    check_of(ForwardScores)(values | {"of_dates": False})


def test_times_are_read_from_their_column_if_it_holds_any(forward) -> None:
    days = Table.from_columns({"day": np.array(["2012-01-01", "NaT"], "datetime64[us]")})
    times = forward.times_of(days)
    assert times[0] == forward.stretches[0].first
    assert np.isnan(times[1])
    numbers = replace(forward, of_dates=False)
    assert numbers.times_of(Table.from_columns({"day": [3.0, 4.0]})).tolist() == [3, 4]
    assert forward.times_of(Table.from_columns({"day": ["a", "b"]})) is None
    assert forward.times_of(Table.from_columns({"other": [1.0]})) is None
    rows = replace(numbers, name=ROW_ORDER)
    assert rows.times_of(Table.from_columns({ROW_ORDER: [1.0]})) is None
