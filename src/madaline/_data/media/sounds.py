"""A sound is a waveform and its sampling rate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from madaline._data.media.signals import Signal
from madaline.errors import InputError
from madaline.nn.arrays import Array

SOUND_NAME = "sound"
"""Name of the only column of a table given as sounds."""

SHORTEST = 0.025
"""Shortest duration in seconds: that of one frame of the spectrogram."""


@dataclass(frozen=True, eq=False)
class Sound(Signal):
    """One sound, of one channel.

    Parameters
    ----------
    values : float32 ndarray of shape (n_samples,)
        The waveform, on any scale.
    rate : int
        Sampling rate in hertz.

    Examples
    --------
    >>> Sound(np.ones(4000, np.float32), 8000).seconds
    0.5
    """

    values: Array
    rate: int

    @property
    def settings(self) -> tuple[Any, ...]:
        """The rate."""
        return (self.rate,)

    @property
    def words(self) -> str:
        """The duration."""
        return f"{self.seconds:.2f} s of sound"

    @property
    def seconds(self) -> float:
        """The duration in seconds."""
        return len(self.values) / self.rate


def sounds(waveforms: Iterable[Any], rate: Any) -> Array:
    """Return waveforms as a column of sounds.

    Parameters
    ----------
    waveforms : iterable of array-like of shape (n_samples,) or (n_samples, channels)
        The waveform of each, on any scale; channels are averaged. None where a row has no sound.
    rate : int, or iterable of int
        Sampling rate in hertz, of all or of each.

    Returns
    -------
    ndarray of shape (n_sounds,)
        Objects that estimators recognize as sounds, alone or in a column of a frame.

    Raises
    ------
    InputError
        If one is silent, too short, or holds anything but finite numbers.

    Examples
    --------
    >>> tones = [np.sin(np.arange(4000) * pitch) for pitch in (0.3, 0.5)]
    >>> column = sounds(tones, 8000)
    >>> [sound.seconds for sound in column]
    [0.5, 0.5]
    """
    items = list(waveforms)
    is_list = isinstance(rate, Iterable) and not isinstance(rate, str)
    rates = list(rate) if is_list else [rate] * len(items)
    if len(rates) != len(items):
        raise InputError(f"There are {len(rates)} rates for {len(items)} sounds: give as many.")
    column = np.empty(len(items), dtype=object)
    for row, item in enumerate(items):
        if item is not None:
            column[row] = make_sound(f"Sound {row} (counted from 0)", item, rates[row])
    return column


def make_sound(where: str, waveform: Any, rate: Any) -> Sound:
    """Return a waveform as a sound; `where` names it in the messages of `InputError`.

    See `sounds` for the waveform and the sampling rate.
    """
    whole = isinstance(rate, Real) and float(rate).is_integer()
    if not whole or not 0 < rate < 2**31:
        raise InputError(f"The rate is {rate!r}: give the sampling rate in hertz, such as 16000.")
    try:
        values = np.asarray(waveform, dtype=np.float32)
    except (TypeError, ValueError):
        raise InputError(f"{where} holds something else than numbers: give its waveform.") from None
    if values.ndim == 2:
        values = values.mean(axis=1, dtype=np.float32) if values.size else values.ravel()
    if values.ndim != 1:
        raise InputError(
            f"{where} has the shape {values.shape}: give (n_samples,) or (n_samples, channels)."
        )
    if len(values) < SHORTEST * rate:
        raise InputError(
            f"{where} is too short, {1000 * len(values) / rate:.3g} milliseconds: leave it out;"
            f" {1000 * SHORTEST:.0f} are needed."
        )
    if not np.isfinite(values).all():
        raise InputError(f"{where} holds numbers that are missing or too large: leave it out.")
    if values.min() == values.max():
        raise InputError(f"{where} is silent, the same number throughout: leave it out.")
    return Sound(values, int(rate))
