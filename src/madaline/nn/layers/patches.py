"""Grids as convolutions and pooling read them: rows of features become arrays of positions.

The features of a row are the positions of the grid one after the other, the channels of each side
by side: ``height x width x channels`` of a picture, ``length x channels`` of a sequence.
"""

from __future__ import annotations

from math import prod

from madaline.errors import InputError
from madaline.nn.arrays import Array


def check_grid(shape: tuple[int, ...], size: int) -> None:
    """Refuse what is no grid of one or two dimensions, and windows of no size.

    Raises
    ------
    InputError
        If the shape or the size cannot be used.
    """
    if len(shape) not in (1, 2) or min(shape) < 1:
        raise InputError(f"shape is {shape}: give (length,) or (height, width), at least 1 each.")
    if size < 1:
        raise InputError(f"size is {size}: give the side of a window, at least 1.")


def as_grid(x: Array, shape: tuple[int, ...]) -> Array:
    """Return rows as grids, a view: (..., features) becomes (..., height, width, channels).

    A sequence is a picture of height 1.
    """
    height, width = (1, *shape)[-2:]
    return x.reshape(*x.shape[:-1], height, width, x.shape[-1] // prod(shape))
