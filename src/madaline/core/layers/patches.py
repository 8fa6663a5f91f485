"""Patches are what a convolution looks at: the numbers around each position of a grid.

A grid of positions stands in the features of a row, position after position, the channels of each
side by side: ``height x width x channels`` of a picture, ``length x channels`` of a sequence.
"""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from madaline.core.arrays import Array
from madaline.core.workspace import Workspace
from madaline.errors import InputError


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


def padded(x: Array, shape: tuple[int, ...], size: int, workspace: Workspace) -> Array:
    """Return grids with zeros around them, so that there is a whole window at every position.

    Parameters
    ----------
    x : ndarray of shape (*axes, batch, features)
        The rows.
    shape : tuple of int
        Positions of the grid: (length,) or (height, width).
    size : int
        Side of the window, odd.
    workspace : Workspace
        Where the array comes from.

    Returns
    -------
    ndarray of shape (*axes, batch, padded height, padded width, channels)
        A sequence has zeros before and after it, but not above and below.
    """
    grid, margin = as_grid(x, shape), size // 2
    above = margin if len(shape) == 2 else 0
    *rows, height, width, channels = grid.shape
    out = workspace.empty((*rows, height + 2 * above, width + 2 * margin, channels), x.dtype)
    out[..., :above, :, :] = 0
    out[..., above + height :, :, :] = 0
    out[..., :margin, :] = 0
    out[..., margin + width :, :] = 0
    out[..., above : above + height, margin : margin + width, :] = grid
    return out


def windows_of(grids: Array, high: int, wide: int) -> Array:
    """Return the window at every position of padded grids, a view that repeats numbers.

    Parameters
    ----------
    grids : ndarray of shape (*axes, batch, padded height, padded width, channels)
        What `padded` returned.
    high, wide : int
        Sides of the window.

    Returns
    -------
    ndarray of shape (*axes, batch, height, width, high, wide, channels)
        Not to be written to.
    """
    return np.moveaxis(sliding_window_view(grids, (high, wide), axis=(-3, -2)), -3, -1)


def side_by_side(windows: Array, room: Array) -> Array:
    """Copy windows side by side, as a matrix for a product.

    Parameters
    ----------
    windows : ndarray of shape (*axes, rows, height, width, high, wide, channels)
        What `windows_of` returned, or some rows of it.
    room : ndarray of shape (*axes, numbers)
        Where they are copied to.

    Returns
    -------
    ndarray of shape (*axes, rows * height * width, high * wide * channels)
        A view of `room`. Of one channel each place of the window stands by itself, as whole lines
        of the grid are quicker to copy; products take such a matrix as quickly.
    """
    *axes, rows, height, width, high, wide, channels = windows.shape
    positions, places = rows * height * width, high * wide
    if channels > 1:
        np.copyto(room.reshape(windows.shape), windows)
        return room.reshape(*axes, positions, places * channels)
    by_place = room.reshape(*axes, high, wide, rows, height, width)
    for place in np.ndindex(high, wide):
        np.copyto(
            by_place[(..., *place, slice(None), slice(None), slice(None))],
            windows[(..., *place, 0)],
        )
    return room.reshape(*axes, places, positions).swapaxes(-1, -2)
