"""Theta: level, trend and season of the latest values, also of short, odd and broken series."""

import numpy as np
import pytest

from madaline._race.time.theta import Theta

STEPS = np.arange(1, 13)


def ahead(values, season=12, trend_share=0.5):
    """Return the forecast of the next twelve rows."""
    theta = Theta.of(np.asarray(values, float)[None], season, trend_share)
    return theta.ahead(np.zeros(12, int), STEPS)


def seasonal(n_rows=96, *, level=100.0):
    """Return values with a season that grows with them, and the next twelve."""
    months = np.arange(n_rows + 12)
    values = (level + months) * (1 + 0.3 * np.sin(2 * np.pi * months / 12))
    return values[:n_rows], values[n_rows:]


def test_a_season_that_grows_with_the_level_goes_on():
    known, later = seasonal()
    np.testing.assert_allclose(ahead(known, trend_share=1.0), later, rtol=0.03)
    # half the trend: the forecast of Assimakopoulos and Nikolopoulos lags behind a straight line
    assert np.all(ahead(known) < ahead(known, trend_share=1.0))


def test_a_season_is_added_where_values_are_not_all_positive():
    months = np.arange(108)
    values = 10 * np.sin(2 * np.pi * months / 12)
    np.testing.assert_allclose(ahead(values[:96]), values[96:], atol=0.2)


def test_missing_values_change_little():
    known, later = seasonal()
    gaps = np.where(np.random.default_rng(0).random(96) < 0.1, np.nan, known)
    np.testing.assert_allclose(ahead(gaps, trend_share=1.0), later, rtol=0.06)


def test_chance_is_no_season():
    values = 100 + np.random.default_rng(1).normal(size=96)
    theta = Theta.of(values[None], 12)
    assert np.abs(theta.effects).max() < 0.3 / 100 < np.std(values) / 100
    known, _ = seasonal()
    assert np.abs(Theta.of(known[None], 12).effects).max() == pytest.approx(0.3, abs=0.01)


@pytest.mark.parametrize(
    "values", [[5.0], [np.nan, 5.0], [np.nan, 5.0, np.nan, 5.0], np.full(30, 5.0)]
)
def test_short_and_constant_series_repeat_their_value(values):
    np.testing.assert_allclose(ahead(values), 5)
    np.testing.assert_allclose(ahead(np.zeros(len(values)) + 0 * np.asarray(values)), 0)


def test_windows_do_not_change_one_another():
    known, _ = seasonal()
    windows = np.stack([known, -known, np.where(known > 150, np.nan, known)])
    together = Theta.of(windows, 12)
    for number, window in enumerate(windows):
        alone = Theta.of(window[None], 12)
        np.testing.assert_array_equal(
            together.ahead(np.full(12, number), STEPS), alone.ahead(np.zeros(12, int), STEPS)
        )
