"""Pitches are moved at random, all frames of a sound alike, and nothing else is changed."""

from __future__ import annotations

import numpy as np
import pytest

from madaline._tables.media.grids import PITCH_SHIFT, move_pitches

BANDS, FRAMES = 40, 6


def rows_of(spectrum, n=300):
    """Return sounds of one spectrum, whose last two frames are padding."""
    rows = np.zeros((n, FRAMES, BANDS + 1), np.float32)
    rows[:, :4, :-1], rows[:, :4, -1] = spectrum, 1
    return rows


def moved(rows, strength, seed=0):
    out = rows.copy().reshape(len(rows), -1)
    move_pitches(out, FRAMES, strength, np.random.default_rng(seed))
    return out.reshape(rows.shape)


def test_a_peak_moves_up_and_down_by_a_tenth_of_the_bands_at_most():
    rows = rows_of(np.exp(-np.square(np.arange(BANDS) - 30.0) / 8))
    out = moved(rows, 1.0)
    np.testing.assert_array_equal(out[..., -1], rows[..., -1])
    assert not out[:, 4:].any()
    for frame in range(1, 4):
        np.testing.assert_array_equal(out[:, frame], out[:, 0])
    peaks = out[:, 0, :-1].argmax(axis=1)
    assert peaks.min() >= 30 - 0.1 * BANDS
    assert peaks.max() <= 30 + 0.1 * BANDS
    assert peaks.std() > 1
    assert peaks.mean() == pytest.approx(30, abs=PITCH_SHIFT * BANDS / 4)


def test_what_is_the_same_in_all_bands_stays_the_same():
    rows = rows_of(np.full(BANDS, 2.5))
    np.testing.assert_allclose(moved(rows, 2.0), rows, atol=1e-5)


def test_no_strength_is_no_change():
    rows = rows_of(np.random.default_rng(0).normal(size=BANDS))
    np.testing.assert_allclose(moved(rows, 0.0), rows, atol=1e-6)
