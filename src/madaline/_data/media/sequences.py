"""A sequence is a number of steps, each a vector: readings of sensors, one time after the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline._data.media.images import plausible_images
from madaline._data.media.signals import Signal
from madaline._words import count
from madaline.errors import InputError
from madaline.nn.arrays import Array

SEQUENCE_NAME = "sequence"
"""Name of the only column of a table given as sequences."""


@dataclass(frozen=True, eq=False)
class Sequence(Signal):
    """One sequence.

    Parameters
    ----------
    values : float32 ndarray of shape (length, channels)
        The steps; NaN where a number is missing.

    Examples
    --------
    >>> Sequence(np.zeros((3, 2), np.float32)) == Sequence(np.zeros((3, 2), np.float32))
    True
    """

    values: Array

    @property
    def settings(self) -> tuple[Any, ...]:
        """A sequence has none."""
        return ()

    @property
    def words(self) -> str:
        """The number of steps and of channels."""
        length, channels = self.values.shape
        return f"{count(length, 'step')} of {count(channels, 'number')}"


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
    check_channels(name, column)
    return column


def read_sequences(X: Any) -> Array | None:
    """Return arrays of different lengths as a column of sequences; None if `X` is no such list.

    Arrays of one shape are rows of a table, or images if plausible; `sequences` makes them
    sequences.

    Raises
    ------
    InputError
        If they have different numbers of channels.

    Examples
    --------
    >>> len(read_sequences([np.zeros((5, 2)), np.zeros((3, 2))]))
    2
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
        f"Array {row} (counted from 0) has the shape {arrays[row].shape} where array 0 has"
        f" {arrays[0].shape}: bring all images to one size, or give every step of sequences as many"
        " numbers, NaN where one is missing."
    )


def check_channels(name: str, column: Array) -> None:
    """Raise `InputError` if sequences have different numbers of channels."""
    first: tuple[int, int] | None = None
    for row, sequence in enumerate(column):
        if sequence is None:
            continue
        channels = sequence.values.shape[1]
        first = first or (row, channels)
        if channels != first[1]:
            raise InputError(
                f"Sequence {row} (counted from 0) of column {name!r} has {channels} numbers a step"
                f" where sequence {first[0]} has {first[1]}: give every step as many, NaN where one"
                " is missing."
            )


def _sequence(name: str, row: int, item: Any) -> Sequence | None:
    if item is None or isinstance(item, Sequence):
        return item
    where = f"Sequence {row} (counted from 0) of column {name!r}"
    try:
        with np.errstate(over="ignore"):  # infinite values are refused below
            values = np.asarray(item, dtype=np.float32)
    except (TypeError, ValueError):
        raise InputError(
            f"{where} holds something else than numbers: give an array of shape (length, channels)."
        ) from None
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2:
        raise InputError(
            f"{where} has the shape {values.shape}: give (length,) or (length, channels)."
        )
    if not values.size:
        raise InputError(f"{where} has no steps: leave it out, or give None for a missing one.")
    if np.isinf(values).any():
        step = int(np.argmax(np.isinf(values).any(axis=1)))
        raise InputError(
            f"{where} holds an infinity, or a number too large, in step {step}: correct it, or give"
            " NaN for a missing number."
        )
    return Sequence(values)
