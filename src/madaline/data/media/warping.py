"""Warping bends training images a little, each time in another way: a digit stays the same digit.

Who writes shifts, turns, leans and bends the pen. Networks that have seen an image in many such
ways are not taken in by one of them.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from madaline.nn.arrays import Array, Rng
from madaline.nn.workspace import Workspace

SHIFT, TURN, BEND = 0.06, 0.12, 0.03
"""How far, at strength one: shifts and bends as shares of a side, and turns, stretches and leans as
shares of the distance from the middle."""

HATS = 4
"""Bends are drawn at so many times so many points and run smoothly between them."""


def warp(
    images: Array,
    grid: tuple[int, ...],
    strength: float,
    rng: Rng,
    *,
    out: Array,
    workspace: Workspace,
) -> None:
    """Write images that are shifted, turned, stretched, leaned and bent by chance.

    Every pixel takes its value from a place nearby, between four pixels (bilinear interpolation);
    beyond an edge there is more of that edge.

    Parameters
    ----------
    images : float32 ndarray of shape (n_images, height * width * channels)
        The images.
    grid : tuple of int
        Height and width.
    strength : float
        How much; 1 moves pixels by about a tenth of a side.
    rng : numpy.random.Generator
        Source of chance.
    out : ndarray like `images`
        Where to write.
    workspace : Workspace
        Where arrays come from.

    References
    ----------
    Simard, Steinkraus and Platt (2003), "Best practices for convolutional neural networks applied
    to visual document analysis".

    Examples
    --------
    >>> images, out = np.arange(12, dtype=np.float32).reshape(1, 12), np.empty((1, 12), np.float32)
    >>> rng = np.random.default_rng(0)
    >>> warp(images, (3, 4), 0.0, rng, out=out, workspace=Workspace())
    >>> bool(np.array_equal(out, images))
    True
    """
    n_images, sides = len(images), np.asarray(grid, np.float32)
    bases = _bases(grid)  # (moves, positions)
    sizes = np.full(len(bases), BEND, np.float32)
    sizes[:3] = SHIFT, TURN, TURN
    moves = rng.uniform(-1, 1, (2, n_images, len(bases))).astype(np.float32)
    moves *= strength * sizes * sides[:, None, None]
    places = workspace.empty((2, n_images, bases.shape[1]), np.float32)
    np.matmul(moves, bases, out=places)
    places += _positions(grid)[:, None]
    _interpolate(images, places, grid, out, workspace)


def _interpolate(
    images: Array, places: Array, grid: tuple[int, ...], out: Array, workspace: Workspace
) -> None:
    """Write what stands at places between pixels, (2, n_images, positions) of rows and columns."""
    _, n_images, positions = places.shape
    last = np.asarray(grid, np.float32)[:, None, None] - 1
    np.clip(places, 0, last, out=places)
    corner = workspace.empty(places.shape, np.float32)
    np.minimum(np.floor(places, out=corner), np.maximum(last - 1, 0), out=corner)
    places -= corner  # now the shares of the next row and column, from 0 to 1
    down, right = (1 if side > 1 else 0 for side in grid)
    index = workspace.empty((n_images, positions), np.intp)
    np.multiply(corner[0], grid[1], out=corner[0])
    np.add(corner[0], corner[1], out=index, casting="unsafe")
    index += (np.arange(n_images) * positions)[:, None]
    pixels = images.reshape(n_images * positions, -1)  # (pixels, channels)
    result = out.reshape(n_images, positions, -1)
    shape = (n_images, positions, pixels.shape[1])
    upper, lower, other = (workspace.empty(shape, images.dtype) for _ in range(3))
    for line, step in ((upper, 0), (lower, down * grid[1])):
        np.take(pixels, index + step, axis=0, out=line, mode="clip")
        np.take(pixels, index + (step + right), axis=0, out=other, mode="clip")
        other -= line
        other *= places[1, ..., None]
        line += other
    lower -= upper
    lower *= places[0, ..., None]
    np.add(upper, lower, out=result)


@cache
def _positions(grid: tuple[int, ...]) -> Array:
    """Return the row and the column of every position, (2, positions)."""
    return np.indices(grid, np.float32).reshape(2, -1)


@cache
def _bases(grid: tuple[int, ...]) -> Array:
    """Return what each kind of move does at every position, (1 + 2 + hats, positions)."""
    sides = np.asarray(grid, np.float32)[:, None]
    rows, columns = 2 * (_positions(grid) + 0.5) / sides - 1  # from -1 to 1
    hats = [
        _hat(rows, place) * _hat(columns, other)
        for place in np.linspace(-1, 1, HATS)
        for other in np.linspace(-1, 1, HATS)
    ]
    return np.asarray(np.stack([np.ones_like(rows), rows, columns, *hats]), np.float32)


def _hat(values: Array, middle: float) -> Array:
    """Return 1 in the middle, falling to 0 at the next point."""
    return np.maximum(0, 1 - np.abs(values - middle) * (HATS - 1) / 2)
