"""A column of images is one array: rows, then height, width and channels (gray, or red-green-blue).

All images of a column have the same size. Whole numbers of a byte stay bytes; everything else
becomes float32.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from madaline.errors import InputError
from madaline.nn.arrays import Array

CHANNELS = {1: "gray", 2: "gray and opacity", 3: "color", 4: "color and opacity"}
"""How many numbers a pixel may have, and what they are taken for."""


NARROWEST = 4
"""Pixels that a picture in a list has a side, at least."""


def is_images(array: Array) -> bool:
    """Return whether an array looks like images, and not like a column or a table.

    Examples
    --------
    >>> is_images(np.zeros((5, 28, 28))), is_images(np.zeros((5, 28, 28, 3)))
    (True, True)
    >>> is_images(np.zeros((5, 28)))
    False
    """
    return array.ndim in (3, 4) and array.dtype.kind in "biuf"


def read_images(X: object) -> Array | None:
    """Return an array of images, or None where `X` is something else.

    Parameters
    ----------
    X : array, or sequence of arrays of shape (height, width) or (height, width, channels)
        Images, perhaps.

    Returns
    -------
    ndarray or None
        Arrays that differ in size are no images: they may be sequences. Of a list, so are those
        that `could_be_pictures` says cannot be.

    Examples
    --------
    >>> read_images([np.zeros((8, 8)), np.ones((8, 8))]).shape
    (2, 8, 8)
    """
    if isinstance(X, np.ndarray):
        return X if is_images(X) else None
    if not isinstance(X, list | tuple) or not X:
        return None
    if not all(isinstance(one, np.ndarray) and is_images(one[None]) for one in X):
        return None
    if any(one.shape != X[0].shape for one in X) or not could_be_pictures(X):
        return None
    return np.stack(X)


def could_be_pictures(arrays: Sequence[Array]) -> bool:
    """Return whether arrays of one shape may be pictures: bright everywhere, and not too narrow.

    What has negative or missing numbers, or fewer than `NARROWEST` of them side by side, is taken
    for steps of sequences. An array of four axes, or a picture in color, leaves no doubt.

    Examples
    --------
    >>> could_be_pictures([np.ones((8, 8))]), could_be_pictures([np.ones((50, 3))])
    (True, False)
    >>> could_be_pictures([-np.ones((8, 8))])
    False
    """
    if arrays[0].ndim != 2 or not arrays[0].size:
        return True
    return min(arrays[0].shape) >= NARROWEST and all(bool((one >= 0).all()) for one in arrays)


def to_images(name: str, array: Array) -> Array:
    """Return images as a column.

    Parameters
    ----------
    name : str
        Name of the column, for messages.
    array : ndarray of shape (n_samples, height, width) or (n_samples, height, width, channels)
        Brightness of each pixel, on any scale.

    Returns
    -------
    ndarray of shape (n_samples, height, width, channels)
        uint8 or float32.

    Raises
    ------
    InputError
        If a pixel is missing or infinite, or the last axis cannot be channels.

    Examples
    --------
    >>> to_images("image", np.zeros((5, 28, 28))).shape
    (5, 28, 28, 1)
    """
    images = array if array.ndim == 4 else array[..., None]
    _check_shape(name, images.shape)
    if images.dtype == np.uint8:
        return images
    with np.errstate(over="ignore"):  # what becomes infinite is named below
        images = images.astype(np.float32, copy=False)
    finite = np.isfinite(images).all(axis=(1, 2, 3))
    if not finite.all():
        row = int(np.argmin(finite))
        raise InputError(
            f"Image {row} (counted from 0) of column {name!r} has pixels that are missing or too"
            " large: fill them in, or leave that image out."
        )
    return images


def size_words(shape: tuple[int, ...]) -> str:
    """Return the size of images in words, given (height, width, channels).

    Examples
    --------
    >>> size_words((28, 32, 3))
    '28 x 32 pixels, color'
    """
    height, width, channels = shape
    return f"{height} x {width} pixels, {CHANNELS[channels]}"


def _check_shape(name: str, shape: tuple[int, ...]) -> None:
    _, height, width, channels = shape
    if channels not in CHANNELS:
        hint = (
            "put the channels last, X.transpose(0, 2, 3, 1)"
            if height in CHANNELS
            else f"give 1 to {max(CHANNELS)} channels, in the last axis"
        )
        raise InputError(f"Column {name!r} has images of shape {shape[1:]}: {hint}.")
    if not height or not width:
        raise InputError(f"Column {name!r} has images without pixels: give at least one pixel.")


def image_codes(images: Array) -> Array:
    """Return the number of each image among the different ones, shape (n_samples,).

    Examples
    --------
    >>> image_codes(np.array([[[[7]]], [[[5]]], [[[7]]]], np.uint8))
    array([0, 1, 0])
    """
    codes: dict[bytes, int] = {}
    return np.array([codes.setdefault(one.tobytes(), len(codes)) for one in images], np.intp)


def as_bytes(picture: Array) -> Array:
    """Return a picture with numbers from 0 to 255; on any other scale, from its least to its most.

    Examples
    --------
    >>> as_bytes(np.array([[[0.0], [0.5]]])).ravel()
    array([  0, 255], dtype=uint8)
    """
    if picture.dtype == np.uint8:
        return picture
    low, high = float(picture.min()), float(picture.max())
    return np.round((picture - low) * (255 / (high - low or 1.0))).astype(np.uint8)
