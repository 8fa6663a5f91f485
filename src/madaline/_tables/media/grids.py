"""Grids of pixels, steps or frames, and random changes of them that keep their meaning."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import prod

import numpy as np

from madaline.nn.arrays import Array, Rng, Workspace

_SHIFT, _TURN, _BEND = 0.06, 0.12, 0.03
"""Warps at strength one: shifts and bends as shares of a side; rotations, stretches and shears as
shares of the distance from the center."""

_KNOTS = 4  # bends are drawn at this number of knots a side, squared, and interpolated between them

PITCH_SHIFT, _PITCH_STRETCH = 0.05, 0.1
"""Moves of pitches at strength one: shifts as shares of all bands, and stretches as shares of the
distance from the middle band."""


def warp(
    images: Array,
    grid: tuple[int, ...],
    strength: float,
    rng: Rng,
    *,
    out: Array,
    workspace: Workspace,
) -> None:
    """Shift, rotate, stretch, shear and bend images at random.

    Every pixel takes its value from a position nearby, by bilinear interpolation; edges extend
    beyond the border. Strength 1 moves pixels by about a tenth of a side.

    Simard, Steinkraus and Platt (2003), "Best practices for convolutional neural networks applied
    to visual document analysis".
    """
    n_images, sides = len(images), np.asarray(grid, np.float32)
    bases = _bases(grid)  # (moves, positions)
    sizes = np.full(len(bases), _BEND, np.float32)
    sizes[:3] = _SHIFT, _TURN, _TURN
    moves = rng.uniform(-1, 1, (2, n_images, len(bases))).astype(np.float32)
    moves *= strength * sizes * sides[:, None, None]
    sources = workspace.empty((2, n_images, bases.shape[1]), np.float32)
    np.matmul(moves, bases, out=sources)
    sources += _positions(grid)[:, None]
    _interpolate(images, sources, grid, out, workspace)


def flip(images: Array, grid: tuple[int, ...], share: float, rng: Rng) -> None:
    """Flip some images left to right, each by chance.

    They are changed in place. A shirt remains a shirt; most letters and digits become something
    else.
    """
    pixels = images.reshape(len(images), *grid, -1)  # (images, height, width, channels)
    chosen = rng.random(len(images)) < share
    pixels[chosen] = pixels[chosen, :, ::-1]


def add_offsets(rows: Array, length: int, strength: float, rng: Rng) -> None:
    """Add one random number to each channel of each sequence, the same at all of its steps.

    The offset of a sensor, or of the acoustics of a room, carries no information. `strength` is the
    standard deviation. Rows are changed in place.
    """
    # The last channel is 1 at steps and 0 in the padding.
    steps = rows.reshape(len(rows), length, -1)  # (rows, length, channels + 1)
    offsets = rng.standard_normal((len(rows), 1, steps.shape[-1] - 1), np.float32)
    steps[..., :-1] += np.float32(strength) * offsets * steps[..., -1:]


def move_pitches(rows: Array, length: int, strength: float, rng: Rng) -> None:
    """Shift and stretch the bands of spectrograms at random, all frames of a sound alike.

    Children and adults say the same word at different pitches. Every band takes its value from a
    position nearby, by linear interpolation; the lowest and the highest band extend beyond the
    border. Strength 1 moves bands by up to a tenth of all. Rows are changed in place.

    Jaitly and Hinton (2013), "Vocal tract length perturbation (VTLP) improves speech recognition".
    """
    frames = rows.reshape(len(rows), length, -1)  # (rows, length, bands + 1)
    n_bands = frames.shape[-1] - 1
    bands = np.arange(n_bands, dtype=np.float32)
    shift, stretch = strength * rng.uniform(-1, 1, (2, len(rows), 1)).astype(np.float32)
    middle = (n_bands - 1) / 2
    sources = bands + PITCH_SHIFT * n_bands * shift + _PITCH_STRETCH * (bands - middle) * stretch
    sources = np.clip(sources, 0, n_bands - 1)
    weights = np.maximum(0, 1 - np.abs(bands[:, None] - sources[:, None, :]))  # (rows, from, to)
    frames[..., :-1] = frames[..., :-1] @ weights.astype(np.float32)


def _interpolate(
    images: Array, sources: Array, grid: tuple[int, ...], out: Array, workspace: Workspace
) -> None:
    """Write the values between pixels at `sources`, (2, n_images, positions): rows, columns."""
    _, n_images, positions = sources.shape
    last = np.asarray(grid, np.float32)[:, None, None] - 1
    np.clip(sources, 0, last, out=sources)
    corner = workspace.empty(sources.shape, np.float32)
    np.minimum(np.floor(sources, out=corner), np.maximum(last - 1, 0), out=corner)
    sources -= corner  # now the weights of the next row and column, from 0 to 1
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
        other *= sources[1, ..., None]
        line += other
    lower -= upper
    lower *= sources[0, ..., None]
    np.add(upper, lower, out=result)


@cache
def _positions(grid: tuple[int, ...]) -> Array:
    """Return the row and the column of every position, (2, positions)."""
    return np.indices(grid, np.float32).reshape(2, -1)


@cache
def _bases(grid: tuple[int, ...]) -> Array:
    """Return the basis functions of moves at every position, (1 + 2 + hats, positions)."""
    sides = np.asarray(grid, np.float32)[:, None]
    rows, columns = 2 * (_positions(grid) + 0.5) / sides - 1  # from -1 to 1
    hats = [
        _hat(rows, row) * _hat(columns, column)
        for row in np.linspace(-1, 1, _KNOTS)
        for column in np.linspace(-1, 1, _KNOTS)
    ]
    return np.asarray(np.stack([np.ones_like(rows), rows, columns, *hats]), np.float32)


def _hat(values: Array, middle: float) -> Array:
    """Return 1 in the middle, falling linearly to 0 at the next knot."""
    return np.maximum(0, 1 - np.abs(values - middle) * (_KNOTS - 1) / 2)


@dataclass(frozen=True)
class Grid:
    """Which features of a table form a grid, and its shape."""

    start: int
    stop: int  # its features are start:stop; the channels of a position are next to each other
    # Positions: (height, width) of images, (length,) of sequences and sounds.
    sides: tuple[int, ...]
    spectral: bool = False  # whether the channels of a position are frequency bands

    @property
    def features(self) -> slice:
        """Its features."""
        return slice(self.start, self.stop)

    @property
    def n_positions(self) -> int:
        """Number of positions."""
        return prod(self.sides)

    @property
    def channels(self) -> int:
        """Features of each position."""
        return (self.stop - self.start) // self.n_positions

    @property
    def shape(self) -> tuple[int, ...]:
        """The sides and the channels."""
        return (*self.sides, self.channels)

    @property
    def of_steps(self) -> bool:
        """Whether positions follow one another, as steps do."""
        return len(self.sides) == 1
