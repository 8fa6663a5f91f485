"""A spectrogram says how loud each pitch is at each moment: what a sound looks like to an ear."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from madaline.data.media.sounds import SHORTEST, Sound
from madaline.errors import InputError
from madaline.nn.arrays import Array

HOP = 0.01
"""Seconds from one frame to the next; each is as long as the shortest sound."""

LOWEST = 50.0
"""Hertz of the lowest band: below is hum."""

FLOOR = 1e-6
"""Power that counts as none, as a share of the loudest (-60 dB)."""

LEAST_SHARE = 0.75
"""Share of the rate that the highest band takes which a sound must have.

Of 300 spoken digits at 8 kHz, networks told 97.3 % right; at 7.2 kHz 97.3 %, at 6 kHz 90.0 %, and
at 5 kHz 65.7 %, which is no use.
"""

_BLOCK = 256
"""Frames that are transformed together, so that long sounds need little room."""


@dataclass(frozen=True)
class Spectrogram:
    """``log(power of each band / power of the loudest + floor)``, a frame every 10 milliseconds.

    Bands stand as far from each other as an ear tells pitches apart (the mel scale). Powers are in
    units of the loudest of the sound, so that it does not matter how loud a recording is. Frames
    and bands are counted in seconds and hertz, so sounds of any rate are read alike, if it is high
    enough.

    Parameters
    ----------
    bands : int
        How many bands.
    highest : float
        Hertz of the highest: half the rate of the sounds to be read, at most.

    References
    ----------
    Davis and Mermelstein (1980), "Comparison of parametric representations for monosyllabic word
    recognition in continuously spoken sentences".

    Examples
    --------
    >>> tone = Sound(np.sin(2 * np.pi * 1000 * np.arange(4000) / 8000).astype(np.float32), 8000)
    >>> values = Spectrogram(20, 4000.0).of(tone)
    >>> values.shape, int(values.mean(axis=0).argmax())
    ((48, 20), 8)
    """

    bands: int
    highest: float

    @property
    def least_rate(self) -> float:
        """Numbers a second that a sound must have."""
        return LEAST_SHARE * 2 * self.highest

    def of(self, sound: Sound) -> Array:
        """Return the spectrogram of a sound, float32 of shape (frames, bands).

        Bands that a sound of too low a rate cannot hold are silent, as they would be had it been
        brought to a higher rate.

        Raises
        ------
        InputError
            If its rate is too low.
        """
        rate = sound.rate
        if rate < self.least_rate:
            raise InputError(
                f"A sound has {rate:,} numbers a second, but the model listens to pitches of up to"
                f" {self.highest:,.0f} hertz, which takes {2 * self.highest:,.0f}, or"
                f" {self.least_rate:,.0f} at least: give sounds of a higher rate."
            )
        wave = sound.values.astype(np.float64)
        size = round(SHORTEST * rate)
        n_frames = 1 + int((len(wave) - size) / (HOP * rate))
        starts = np.round(np.arange(n_frames) * HOP * rate).astype(np.intp)
        starts = np.minimum(starts, len(wave) - size)
        wave -= wave.mean()
        power = np.empty((n_frames, self.bands))
        filters = _filters(self.bands, self.highest, rate, size)  # (bands, pitches)
        for first in range(0, n_frames, _BLOCK):
            block = slice(first, first + _BLOCK)
            frames = wave[starts[block, None] + np.arange(size)] * np.hanning(size)
            pitches = np.fft.rfft(frames, 2 * (filters.shape[1] - 1))
            power[block] = (pitches.real**2 + pitches.imag**2) @ filters.T
        return np.asarray(np.log(power / power.max() + FLOOR), np.float32)


@cache
def _filters(bands: int, highest: float, rate: int, size: int) -> Array:
    """Return how much of each pitch belongs to each band, (bands, pitches); each adds up to 1."""
    n_points = 2 ** int(np.ceil(np.log2(size)) + 1)
    pitches = np.fft.rfftfreq(n_points, 1 / rate)
    edges = _hertz(np.linspace(_mel(LOWEST), _mel(highest), bands + 2))
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (pitches - low) / (middle - low), (high - pitches) / (high - middle)
    filters = np.maximum(0, np.minimum(rising, falling))
    nearest = np.abs(pitches - middle).argmin(axis=1)
    filters[np.arange(bands), nearest] += 1e-9  # a band between two pitches takes the nearer
    filters /= filters.sum(axis=1, keepdims=True)
    filters[edges[1:-1] > rate / 2] = 0
    return np.asarray(filters)


def _mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))


def _hertz(mel: Array) -> Array:
    return np.asarray(700 * (10 ** (mel / 2595) - 1))
