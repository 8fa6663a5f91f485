"""A sequence is a number of steps, each a vector: what sensors say, one moment after the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline.data.media.images import could_be_pictures
from madaline.data.media.signals import Signal
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.words import count

SEQUENCE_NAME = "sequence"
"""Name of the only column of a table that was given as sequences."""


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
        """Nothing."""
        return ()

    @property
    def words(self) -> str:
        """How many steps there are, and numbers in each."""
        length, channels = self.values.shape
        return f"{count(length, 'step')} of {count(channels, 'number')}"


def sequences(arrays: Iterable[Any], name: str = SEQUENCE_NAME) -> Array:
    """Return sequences as a column, whatever their lengths.

    Parameters
    ----------
    arrays : iterable of array-like of shape (length,) or (length, channels)
        The steps of each, NaN where a number is missing; None where a row has none.
    name : str, default="sequence"
        Name of the column, for messages.

    Returns
    -------
    ndarray of shape (n_sequences,)
        Objects that the estimators, and columns of frames, take for sequences.

    Raises
    ------
    InputError
        If one has no step, holds anything but finite numbers, or has other channels than another.

    Examples
    --------
    >>> column = sequences([[1, 2, 3], [4, 5]])
    >>> [one.values.shape for one in column]
    [(3, 1), (2, 1)]
    """
    items = list(arrays)
    column = np.empty(len(items), dtype=object)
    column[:] = [_sequence(name, row, item) for row, item in enumerate(items)]
    check_channels(name, column)
    return column


def read_sequences(X: Any) -> Array | None:
    """Return arrays of different lengths as a column of sequences; None where `X` is no such list.

    Arrays that are all alike are rows of a table, or images where they can be: `sequences` says
    what they are.

    Raises
    ------
    InputError
        If they have different numbers of channels.

    Examples
    --------
    >>> len(read_sequences([np.zeros((5, 2)), np.zeros((3, 2))]))
    2
    """
    if (
        not isinstance(X, list | tuple)
        or not X
        or not all(isinstance(one, np.ndarray) for one in X)
    ):
        return None
    if not all(1 <= one.ndim <= 3 for one in X):
        return None
    if all(one.shape == X[0].shape for one in X):
        steps = X[0].ndim == 2 and not could_be_pictures(X)
        return sequences(X) if steps else None
    if X[0].ndim == 3 or any(one.shape[1:] != X[0].shape[1:] for one in X):
        raise unlike(X)
    return sequences(X)


def unlike(arrays: Any) -> InputError:
    """Return what is said of arrays that are neither images of one size nor sequences."""
    row = next(row for row, one in enumerate(arrays) if one.shape != arrays[0].shape)
    row = next((r for r, one in enumerate(arrays) if one.shape[1:] != arrays[0].shape[1:]), row)
    return InputError(
        f"Array {row} (counted from 0) has the shape {arrays[row].shape} where array 0 has"
        f" {arrays[0].shape}: bring all images to one size, or give every step of sequences as many"
        " numbers, NaN where one is missing."
    )


def check_channels(name: str, column: Array) -> None:
    """Refuse sequences with different numbers of channels."""
    first: tuple[int, int] | None = None
    for row, one in enumerate(column):
        if one is None:
            continue
        channels = one.values.shape[1]
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
        with np.errstate(over="ignore"):  # what becomes infinite is named below
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
