"""Images that somebody has opened with Pillow: a list of them is a column like one of files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from madaline.data.io.image_files import (
    common_shape,
    kept_side,
    plain_image,
    resizing_notes,
    sized,
)
from madaline.errors import InputError
from madaline.nn.arrays import Array


def is_pictures(X: object) -> bool:
    """Return whether it is a list of images of Pillow, and of nothing else.

    Examples
    --------
    >>> is_pictures([np.zeros((8, 8))]), is_pictures([])
    (False, False)
    """
    library = sys.modules.get("PIL.Image")  # who has such an image has imported it
    if library is None or not isinstance(X, list | tuple) or not X:
        return False
    return all(isinstance(one, library.Image) for one in X)


def read_pictures(
    pictures: Sequence[Any], shape: tuple[int, ...] | None = None
) -> tuple[Array, list[str]]:
    """Return images of Pillow as an array, and in sentences what was done to them.

    Parameters
    ----------
    pictures : sequence of PIL.Image.Image
        The images, of any size and mode. They are left as they are.
    shape : tuple of int, optional
        Height, width and channels to bring them to; by default as for a folder of files.

    Returns
    -------
    images : ndarray of shape (n_samples, height, width, channels)
        uint8.
    notes : list of str
        Whether some were resized.

    Raises
    ------
    InputError
        If one cannot be read.
    """
    largest = kept_side(shape)
    plain = [_plain(number, one, largest) for number, one in enumerate(pictures)]
    target = shape or common_shape(plain)
    return np.stack([sized(one, target) for one in plain]), [*resizing_notes(plain, target)]


def _plain(number: int, picture: Any, largest: int) -> Any:
    try:
        return plain_image(picture, largest=largest)
    except (OSError, SyntaxError, ValueError):
        raise InputError(
            f"Image {number} (counted from 0) cannot be read: open its file anew, or leave it out."
        ) from None
