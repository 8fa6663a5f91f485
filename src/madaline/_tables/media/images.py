"""A column of images is one array of shape (n_samples, height, width, channels).

All images of a column have the same size. Arrays of bytes stay bytes; others become float32.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from madaline._base.language import _
from madaline.errors import InputError
from madaline.nn.arrays import Array

CHANNELS = {1: "gray", 2: "gray and opacity", 3: "color", 4: "color and opacity"}
"""Meaning of the channels, by their number."""

_MIN_SIDE = 4  # smallest side, in pixels, of an image in a list


def is_images(array: Array) -> bool:
    """Return whether an array has the shape and type of images."""
    return array.ndim in (3, 4) and array.dtype.kind in "biuf"


def read_images(X: object) -> Array | None:
    """Return an array, or a list of arrays, of images as one array; None if `X` is something else.

    None also for arrays of different sizes, or that are not `plausible_images`: they may be
    sequences.
    """
    if isinstance(X, np.ndarray):
        return X if is_images(X) else None
    if not isinstance(X, list | tuple) or not X:
        return None
    if not all(isinstance(item, np.ndarray) and is_images(item[None]) for item in X):
        return None
    alike = all(item.shape == X[0].shape for item in X)
    return np.stack(X) if alike and plausible_images(X) else None


def plausible_images(arrays: Sequence[Array]) -> bool:
    """Return whether arrays of one shape may be images: not negative, and not too narrow.

    Arrays with negative or missing numbers, or with a side of fewer than `_MIN_SIDE`, are taken for
    sequences, unless their three axes show that they are images.
    """
    if arrays[0].ndim != 2 or not arrays[0].size:
        return True
    return min(arrays[0].shape) >= _MIN_SIDE and all(bool((a >= 0).all()) for a in arrays)


def to_images(name: str, array: Array) -> Array:
    """Return images of any scale as a column, (n_samples, height, width, channels)."""
    images = array if array.ndim == 4 else array[..., None]
    _check_shape(name, images.shape)
    if images.dtype == np.uint8:
        return images
    with np.errstate(over="ignore"):  # infinite values are refused below
        images = images.astype(np.float32, copy=False)
    finite = np.isfinite(images).all(axis=(1, 2, 3))
    if not finite.all():
        row = int(np.argmin(finite))
        raise InputError(
            "Image {row} (counted from 0) of column {name!r} has pixels that are missing or too large: fill them in, or leave that image out.",
            row=row,
            name=name,
        )
    return images


def size_words(shape: tuple[int, ...]) -> str:
    """Return the size of images in words, given (height, width, channels)."""
    height, width, channels = shape
    return _("{height} x {width} pixels, {CHANNELS}").format(
        height=height, width=width, CHANNELS=CHANNELS[channels]
    )


def _check_shape(name: str, shape: tuple[int, ...]) -> None:
    __, height, width, channels = shape
    if channels not in CHANNELS:
        hint = (
            "put the channels last, np.transpose(X, (0, 2, 3, 1))"
            if height in CHANNELS
            else _("give 1 to {CHANNELS} channels, in the last axis").format(CHANNELS=max(CHANNELS))
        )
        raise InputError(
            "Column {name!r} has images of shape {shape}: {hint}.",
            name=name,
            shape=shape[1:],
            hint=hint,
        )
    if not height or not width:
        raise InputError(
            "Column {name!r} has images without pixels: give at least one pixel.", name=name
        )


def image_codes(images: Array) -> Array:
    """Return the index of each image among the distinct ones, shape (n_samples,)."""
    codes: dict[bytes, int] = {}
    return np.array([codes.setdefault(image.tobytes(), len(codes)) for image in images], np.intp)


def as_bytes(image: Array) -> Array:
    """Return an image as bytes; other scales are stretched from their minimum to their maximum."""
    if image.dtype == np.uint8:
        return image
    low, high = float(image.min()), float(image.max())
    return np.round((image - low) * (255 / (high - low or 1.0))).astype(np.uint8)
