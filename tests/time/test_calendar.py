"""Calendars: a missing week is a step, weekends of working days are none."""

import json

import numpy as np
import pytest

from madaline._race.time.calendar import Calendar

DAY = 86_400.0


def calendar_of(moments, **changes):
    """Return the calendar of one series, and its times."""
    times = moments.astype("datetime64[us]").astype(np.int64) / 1e6
    return Calendar.of(times, np.ones(len(times) - 1, bool), of_dates=True), times


def dates(first, last, step="D"):
    """Return dates a step apart."""
    return np.arange(np.datetime64(first, step), np.datetime64(last, step))


@pytest.mark.parametrize(
    ("moments", "unit", "length"),
    [
        (dates("2024-01-01", "2024-06-01"), "days", 1),
        (dates("2020-01", "2026-01", "M"), "months", 1),
        (dates("2020-01", "2026-01", "M")[::3], "months", 3),
        (dates("2000", "2026", "Y"), "months", 12),
        (dates("2020-01", "2026-01", "M").astype("datetime64[D]") + 14, "months", 1),
        (dates("2020-02", "2026-02", "M").astype("datetime64[D]") - 1, "months", 1),  # month ends
        (dates("2024-01-01", "2025-01-01")[::7], "length", 7 * DAY),
        (dates("2024-01-01T00", "2024-02-01T00", "h"), "length", 3600),
    ],
)
def test_a_time_that_is_missing_is_a_step(moments, unit, length):
    whole, _ = calendar_of(moments)
    assert (whole.unit, whole.length) == (unit, length)
    missing = np.array([5, 6, 11])
    calendar, times = calendar_of(np.delete(moments, missing))
    assert calendar == whole
    expected = np.ones(len(times) - 1)
    expected[[4, 8]] = 3, 2
    np.testing.assert_array_equal(calendar.steps(times), expected)
    assert Calendar.from_json(json.loads(json.dumps(calendar.to_json()))) == calendar


def test_days_on_which_nothing_is_recorded_are_no_steps():
    days = dates("2024-01-01", "2024-07-01")
    working = days[np.is_busday(days)]
    calendar, times = calendar_of(np.delete(working, 7))
    assert calendar.weekdays == (0, 1, 2, 3, 4)
    assert calendar.steps(times).tolist() == [1] * 6 + [2] + [1] * (len(times) - 8)


def test_times_without_a_regular_step_count_rows():
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.exponential(DAY, 200))
    within = np.ones(199, bool)
    assert Calendar.of(times, within, of_dates=True) == Calendar()
    # opening hours: most hours of a day are none of the table
    hours = (np.arange(30)[:, None] * 24 + np.arange(9, 17)).ravel() * 3600.0
    calendar = Calendar.of(hours, np.ones(len(hours) - 1, bool), of_dates=True)
    assert calendar == Calendar()
    assert calendar.steps(hours).tolist() == [1] * (len(hours) - 1)
    assert Calendar.of(np.zeros(1), np.zeros(0, bool), of_dates=False) == Calendar()


def test_steps_within_series_decide():
    times = np.concatenate([np.arange(50.0), np.arange(1000.0, 1050.0)])
    within = np.diff(times) < 100
    assert Calendar.of(times, within, of_dates=False) == Calendar("length", 1.0)
