"""Moves the pitches of training sounds up or down, each time in another way.

A child and a man say the same word at other pitches, and so do a small and a large bell.
"""

from __future__ import annotations

import numpy as np

from madaline.nn.arrays import Array, Rng

SHIFT, STRETCH = 0.05, 0.1
"""How far, at strength one: shifts as shares of all bands, and stretches as shares of the distance
from the middle."""


def move_pitches(rows: Array, length: int, strength: float, rng: Rng) -> None:
    """Shift and stretch the bands of spectrograms by chance, all frames of a sound alike.

    Every band takes its value from a place nearby, between two bands; beyond the lowest and the
    highest there is more of that.

    Parameters
    ----------
    rows : float32 ndarray of shape (n_rows, length * (bands + 1))
        The spectrograms, whose last channel says whether there is a frame; changed in place.
    length : int
        Frames.
    strength : float
        How much; 1 moves bands by up to a tenth of all.
    rng : numpy.random.Generator
        Source of chance.

    References
    ----------
    Jaitly and Hinton (2013), "Vocal tract length perturbation (VTLP) improves speech recognition".

    Examples
    --------
    >>> rows = np.array([[0, 0, 0, 9, 0, 0, 0, 0, 1]], np.float32)  # a frame of eight bands
    >>> move_pitches(rows, 1, 1.0, np.random.default_rng(1))
    >>> rows.round(1)
    array([[0. , 0. , 0. , 8.7, 0. , 0. , 0. , 0. , 1. ]], dtype=float32)
    """
    frames = rows.reshape(len(rows), length, -1)  # (rows, length, bands + 1)
    n_bands = frames.shape[-1] - 1
    bands = np.arange(n_bands, dtype=np.float32)
    shift, stretch = strength * rng.uniform(-1, 1, (2, len(rows), 1)).astype(np.float32)
    places = bands + SHIFT * n_bands * shift + STRETCH * (bands - (n_bands - 1) / 2) * stretch
    places = np.clip(places, 0, n_bands - 1)
    shares = np.maximum(0, 1 - np.abs(bands[:, None] - places[:, None, :]))  # (rows, from, to)
    frames[..., :-1] = frames[..., :-1] @ shares.astype(np.float32)
