"""Signals: sequences and sounds, values of many numbers in an order."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np

from madaline._base.language import _
from madaline._base.words import format_count
from madaline._tables.media.images import plausible_images
from madaline.errors import InputError
from madaline.nn.arrays import Array


class Signal(ABC):
    """Abstract base of a sequence and a sound: a hashable value, equal if its numbers are.

    Columns of signals are arrays of objects, None where a row has none.
    """

    values: Array

    @property
    @abstractmethod
    def settings(self) -> tuple[Any, ...]:
        """What defines the signal beside its numbers."""

    @property
    @abstractmethod
    def words(self) -> str:
        """A short description."""

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self.values)

    def __eq__(self, other: object) -> bool:
        """Return whether the other has the same type, settings and numbers."""
        return type(self) is type(other) and self._digest == getattr(other, "_digest", None)

    def __hash__(self) -> int:
        """Return the hash, the same for equal signals."""
        return hash(self._digest)

    def __str__(self) -> str:
        """Return a text that differs between signals that are not equal."""
        return _("{n_self} steps {digest}").format(n_self=len(self), digest=self._digest)

    @cached_property
    def _digest(self) -> str:
        facts = (self.values.shape, self.values.dtype.str, *self.settings)
        return hashlib.blake2b(
            self.values.tobytes() + repr(facts).encode(), digest_size=16
        ).hexdigest()


def holds(column: Array, kind: type) -> bool:
    """Return whether a column of objects holds values of a type, at least one, or None."""
    if column.dtype != object or column.ndim != 1:
        return False
    first = next((value for value in column if value is not None), None)
    if not isinstance(first, kind):
        return False  # a quick answer for most columns
    return all(issubclass(t, kind) for t in set(map(type, column.tolist())) - {type(None)})


SEQUENCE_NAME = "sequence"  # name of the only column of a table given as sequences


@dataclass(frozen=True, eq=False)
class Sequence(Signal):
    """One sequence."""

    values: Array  # (length, channels), the steps; NaN where a number is missing

    @property
    def settings(self) -> tuple[Any, ...]:
        """A sequence has none."""
        return ()

    @property
    def words(self) -> str:
        """The number of steps and of channels."""
        length, channels = self.values.shape
        return _("{steps} of {numbers}").format(
            steps=format_count(length, "step"), numbers=format_count(channels, "number")
        )


def sequences(arrays: Iterable[Any], name: str = SEQUENCE_NAME) -> Array:
    """Return sequences as a column, whatever their lengths.

    Parameters
    ----------
    arrays : iterable of array-like of shape (length,) or (length, channels)
        The steps of each, NaN where a number is missing; None where a row has no sequence.
    name : str, default="sequence"
        Name of the column, for messages.

    Returns
    -------
    ndarray of shape (n_sequences,)
        Objects that estimators recognize as sequences, alone or in a column of a frame.

    Raises
    ------
    InputError
        If one has no steps, holds an infinity or no numbers, or if the channels differ.

    Examples
    --------
    >>> column = sequences([[1, 2, 3], [4, 5]])
    >>> [sequence.values.shape for sequence in column]
    [(3, 1), (2, 1)]
    """
    items = list(arrays)
    column = np.empty(len(items), dtype=object)
    column[:] = [_sequence(name, row, item) for row, item in enumerate(items)]
    _check_channels(name, column)
    return column


def read_sequences(X: Any) -> Array | None:
    """Return arrays of different lengths as a column of sequences; None if `X` is no such list.

    Arrays of one shape are rows of a table, or images if plausible; `sequences` makes them
    sequences.
    """
    if not isinstance(X, list | tuple) or not X:
        return None
    if not all(isinstance(item, np.ndarray) and 1 <= item.ndim <= 3 for item in X):
        return None
    if all(item.shape == X[0].shape for item in X):
        return sequences(X) if X[0].ndim == 2 and not plausible_images(X) else None
    if X[0].ndim == 3 or any(item.shape[1:] != X[0].shape[1:] for item in X):
        raise shape_error(X)
    return sequences(X)


def shape_error(arrays: Any) -> InputError:
    """Return the error for arrays that are neither images of one size nor sequences."""
    row = next(row for row, array in enumerate(arrays) if array.shape != arrays[0].shape)
    row = next((r for r, array in enumerate(arrays) if array.shape[1:] != arrays[0].shape[1:]), row)
    return InputError(
        "Array {row} (counted from 0) has the shape {shape} where array 0 has {first}: bring all images to one size, or give every step of sequences as many numbers, NaN where one is missing.",
        row=row,
        shape=arrays[row].shape,
        first=arrays[0].shape,
    )


def _check_channels(name: str, column: Array) -> None:
    """Raise `InputError` if sequences have different numbers of channels."""
    first: tuple[int, int] | None = None
    for row, sequence in enumerate(column):
        if sequence is None:
            continue
        channels = sequence.values.shape[1]
        first = first or (row, channels)
        if channels != first[1]:
            raise InputError(
                "Sequence {row} (counted from 0) of column {name!r} has {channels} numbers a step where sequence {first} has {wanted}: give every step as many, NaN where one is missing.",
                row=row,
                name=name,
                channels=channels,
                first=first[0],
                wanted=first[1],
            )


def _sequence(name: str, row: int, item: Any) -> Sequence | None:
    if item is None or isinstance(item, Sequence):
        return item
    where = _("Sequence {row} (counted from 0) of column {name!r}").format(row=row, name=name)
    try:
        with np.errstate(over="ignore"):  # infinite values are refused below
            values = np.asarray(item, dtype=np.float32)
    except (TypeError, ValueError):
        raise InputError(
            "{where} holds something else than numbers: give an array of shape (length, channels).",
            where=where,
        ) from None
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2:
        raise InputError(
            "{where} has the shape {shape}: give (length,) or (length, channels).",
            where=where,
            shape=values.shape,
        )
    if not values.size:
        raise InputError(
            "{where} has no steps: leave it out, or give None for a missing one.", where=where
        )
    if np.isinf(values).any():
        step = int(np.argmax(np.isinf(values).any(axis=1)))
        raise InputError(
            "{where} holds an infinity, or a number too large, in step {step}: correct it, or give NaN for a missing number.",
            where=where,
            step=step,
        )
    return Sequence(values)


SOUND_NAME = "sound"  # name of the only column of a table given as sounds
MIN_SECONDS = 0.025  # shortest duration in seconds: that of one frame of the spectrogram


@dataclass(frozen=True, eq=False)
class Sound(Signal):
    """One sound, of one channel."""

    values: Array  # (n_samples,), the waveform, on any scale
    rate: int  # sampling rate in hertz

    @property
    def settings(self) -> tuple[Any, ...]:
        """The rate."""
        return (self.rate,)

    @property
    def words(self) -> str:
        """The duration."""
        return _("{seconds:.2f} s of sound").format(seconds=self.seconds)

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
        raise InputError(
            "There are {n_rates} rates for {n_items} sounds: give as many.",
            n_rates=len(rates),
            n_items=len(items),
        )
    column = np.empty(len(items), dtype=object)
    for row, item in enumerate(items):
        if item is not None:
            column[row] = make_sound(
                _("Sound {row} (counted from 0)").format(row=row), item, rates[row]
            )
    return column


def make_sound(where: str, waveform: Any, rate: Any) -> Sound:
    """Return a waveform as a sound; `where` names it in the messages of `InputError`.

    See `sounds` for the waveform and the sampling rate.
    """
    whole = isinstance(rate, Real) and float(rate).is_integer()
    if not whole or not 0 < rate < 2**31:
        raise InputError(
            "The rate is {rate!r}: give the sampling rate in hertz, such as 16000.", rate=rate
        )
    try:
        values = np.asarray(waveform, dtype=np.float32)
    except (TypeError, ValueError):
        raise InputError(
            "{where} holds something else than numbers: give its waveform.", where=where
        ) from None
    if values.ndim == 2:
        values = values.mean(axis=1, dtype=np.float32) if values.size else values.ravel()
    if values.ndim != 1:
        raise InputError(
            "{where} has the shape {shape}: give (n_samples,) or (n_samples, channels).",
            where=where,
            shape=values.shape,
        )
    _check_waveform(where, values, rate)
    return Sound(values, int(rate))


def _check_waveform(where: str, values: Array, rate: float) -> None:
    """Refuse what cannot be heard."""
    if len(values) < MIN_SECONDS * rate:
        raise InputError(
            "{where} is too short, {length:.3g} milliseconds: leave it out; {needed:.0f} are needed.",
            where=where,
            length=1000 * len(values) / rate,
            needed=1000 * MIN_SECONDS,
        )
    if not np.isfinite(values).all():
        raise InputError(
            "{where} holds numbers that are missing or too large: leave it out.", where=where
        )
    if values.min() == values.max():
        raise InputError(
            "{where} is silent, the same number throughout: leave it out.", where=where
        )
