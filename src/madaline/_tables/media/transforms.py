"""What encoders make of signals: a common length, gaps filled, the mel spectrogram of a sound."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated

import numpy as np

from madaline._base.codec import Stored
from madaline._base.json_checks import Number, Whole
from madaline._tables.media.signals import MIN_SECONDS, Sound
from madaline.errors import InputError
from madaline.nn.arrays import Array

_HOP = 0.01  # seconds from one frame to the next; a frame lasts `MIN_SECONDS` seconds
_MIN_HERTZ = 50.0  # frequency in hertz from which bands start: lower ones are mostly hum
FLOOR = 1e-6  # power of silence, relative to the highest power (-60 dB)

_MIN_RATE_SHARE = 0.75
"""Lowest accepted sampling rate, as a share of that which the highest band needs.

Networks trained on spoken digits at 8 kHz recognized 97.3 % of 300 at that rate, 97.3 % at 7.2 kHz,
90.0 % at 6 kHz and 65.7 % at 5 kHz.
"""

_BLOCK = 256  # frames that are transformed at a time, so that long sounds need little memory


@dataclass(frozen=True)
class Spectrogram(Stored):
    """``log(power of each band / highest power + floor)``, a frame every 10 milliseconds.

    Bands are evenly spaced on the mel scale. Powers are relative to the highest of the sound, so
    the loudness of a recording does not matter. Frames and bands are defined in seconds and hertz,
    so sounds of any sampling rate that is high enough are comparable.

    Davis and Mermelstein (1980), "Comparison of parametric representations for monosyllabic word
    recognition in continuously spoken sentences".
    """

    bands: Annotated[int, Whole(1, 512)]
    # hertz where bands end: half the sampling rate, at most
    highest: Annotated[float, Number(1 / MIN_SECONDS, 1_000_000)]

    @property
    def least_rate(self) -> float:
        """Lowest accepted sampling rate in hertz."""
        return _MIN_RATE_SHARE * 2 * self.highest

    def of(self, sound: Sound) -> Array:
        """Return the spectrogram of a sound, float32 of shape (frames, bands).

        Bands beyond half the sampling rate are silent, as they would be after upsampling.
        """
        rate = sound.rate
        if rate < self.least_rate:
            raise InputError(
                "A sound has a sampling rate of {rate:,} hertz, but the model uses frequencies of up to {highest:,.0f}, for which {text:,.0f} is best and {least_rate:,.0f} needed: give sounds of a higher rate.",
                rate=rate,
                highest=self.highest,
                text=2 * self.highest,
                least_rate=self.least_rate,
            )
        wave = sound.values.astype(np.float64)
        size = round(MIN_SECONDS * rate)
        n_frames = 1 + int((len(wave) - size) / (_HOP * rate))
        starts = np.round(np.arange(n_frames) * _HOP * rate).astype(np.intp)
        starts = np.minimum(starts, len(wave) - size)
        wave -= wave.mean()
        power = np.empty((n_frames, self.bands))
        filters = _filters(self.bands, self.highest, rate, size)  # (bands, frequencies)
        for first in range(0, n_frames, _BLOCK):
            block = slice(first, first + _BLOCK)
            frames = wave[starts[block, None] + np.arange(size)] * np.hanning(size)
            spectrum = np.fft.rfft(frames, 2 * (filters.shape[1] - 1))
            power[block] = (spectrum.real**2 + spectrum.imag**2) @ filters.T
        return np.asarray(np.log(power / power.max() + FLOOR), np.float32)


@cache
def _filters(bands: int, highest: float, rate: int, size: int) -> Array:
    """Return the triangular filters of the bands, (bands, frequencies); each sums to 1."""
    n_points = 2 ** int(np.ceil(np.log2(size)) + 1)
    frequencies = np.fft.rfftfreq(n_points, 1 / rate)
    edges = _hertz(np.linspace(_mel(_MIN_HERTZ), _mel(highest), bands + 2))
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising = (frequencies - low) / (middle - low)
    falling = (high - frequencies) / (high - middle)
    filters = np.maximum(0, np.minimum(rising, falling))
    nearest = np.abs(frequencies - middle).argmin(axis=1)
    filters[np.arange(bands), nearest] += 1e-9  # a band between two frequencies takes the nearer
    filters /= filters.sum(axis=1, keepdims=True)
    filters[edges[1:-1] > rate / 2] = 0
    return np.asarray(filters)


def _mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))


def _hertz(mel: Array) -> Array:
    return np.asarray(700 * (10 ** (mel / 2595) - 1))


def downsampled(values: Array, length: int) -> Array:
    """Return a sequence, (steps, channels), with at most `length` steps.

    Each step is the mean of its share of the old ones; a sequence that is short enough is returned
    as it is.
    """
    if len(values) <= length:
        return values
    sums = np.zeros((len(values) + 1, values.shape[1]))
    np.cumsum(values, axis=0, out=sums[1:], dtype=np.float64)
    edges = np.linspace(0, len(values), length + 1)
    left = np.minimum(edges.astype(np.intp), len(values) - 1)
    at_edges = sums[left] + (edges - left)[:, None] * (sums[left + 1] - sums[left])
    return np.asarray(np.diff(at_edges, axis=0) * (length / len(values)), values.dtype)


def coarse_shares(n_coarse: int, length: int) -> Array:
    """Return which share of each coarse step comes from each step, float32 (n_coarse, length)."""
    steps, edges = np.arange(length), np.arange(n_coarse + 1)[:, None] * (length / n_coarse)
    covered = np.minimum(steps + 1, edges[1:]) - np.maximum(steps, edges[:-1])
    return np.asarray(np.maximum(covered, 0) * (n_coarse / length), np.float32)


def interpolated(values: Array) -> Array:
    """Return a sequence, (steps, channels), whose gaps (NaN) are filled by linear interpolation.

    The first and the last known number extend to the ends; a channel without any stays missing.
    """
    missing = np.isnan(values)
    if not missing.any():
        return values
    result, steps = values.copy(), np.arange(len(values))
    for channel, absent in enumerate(missing.T):
        if absent.any() and not absent.all():
            present = steps[~absent]
            result[absent, channel] = np.interp(steps[absent], present, values[present, channel])
    return result


def length_for(lengths: Array, *, most: int, share: float = 0.95) -> int:
    """Return the length to bring sequences to: the quantile `share` of lengths, at most `most`."""
    return int(min(most, max(1, np.quantile(lengths, share, method="higher"))))
