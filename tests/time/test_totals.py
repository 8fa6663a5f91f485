"""Totals of series: all levels add up, and their intervals know how errors go together."""

from __future__ import annotations

import numpy as np
import pytest

from madaline._race.time.totals import ALL, error_correlation, with_totals


def forecast():
    """Return a forecast of three shops in two countries, two steps ahead."""
    value = np.array([1.0, 2, 10, 20, 100, 200])
    return {
        "country": np.array(["a", "a", "a", "a", "b", "b"], object),
        "shop": np.array(["x", "x", "y", "y", "z", "z"], object),
        "day": np.tile([7.0, 8.0], 3),
        "y": value,
        "y_low": value - [3, 1, 4, 1, 1, 1],
        "y_high": value + 2,
    }


def test_every_level_is_the_sum_of_what_is_below_it():
    made = with_totals(forecast(), ("country", "shop"), "y", "day", 0.0)
    assert made["country"].tolist()[:6] == [ALL, ALL, "a", "a", "b", "b"]
    assert made["shop"].tolist()[:6] == [ALL] * 6
    assert made["y"].tolist()[:6] == [111, 222, 11, 22, 100, 200]
    assert made["day"].tolist()[:6] == [7, 8] * 3
    assert made["y"].tolist()[6:] == forecast()["y"].tolist()
    assert made["y_low"][2] == 11 - 5  # 3 and 4, independent
    assert made["y_high"][4] == 102


@pytest.mark.parametrize(("correlation", "width"), [(0.0, 5.0), (1.0, 7.0), (0.5, np.sqrt(37.0))])
def test_errors_that_go_together_make_totals_less_sure(correlation, width):
    made = with_totals(forecast(), ("country", "shop"), "y", "day", correlation)
    assert made["y"][2] - made["y_low"][2] == pytest.approx(width)


def test_a_time_at_which_a_series_has_no_row_has_no_total():
    given = {name: values[1:] for name, values in forecast().items()}
    made = with_totals(given, ("country", "shop"), "y", "day", 0.0)
    totals = made["shop"] == ALL
    assert made["country"][totals].tolist() == [ALL, "a", "b", "b"]
    assert made["day"][totals].tolist() == [8, 8, 7, 8]


@pytest.mark.parametrize("shared", [0.0, 0.3, 0.8])
def test_the_correlation_is_that_of_errors_at_the_same_time(shared):
    rng = np.random.default_rng(0)
    common, own = rng.normal(size=400), rng.normal(size=(5, 400))
    sizes = np.array([1.0, 10, 100, 3, 7])[:, None]
    errors = sizes * (np.sqrt(shared) * common + np.sqrt(1 - shared) * own)
    codes, times = np.repeat(np.arange(5), 400), np.tile(np.arange(400), 5)
    found = error_correlation(codes, times, errors.ravel())
    assert found == pytest.approx(shared, abs=0.07)
    assert error_correlation(codes[:400], times[:400], errors[0]) == 0
