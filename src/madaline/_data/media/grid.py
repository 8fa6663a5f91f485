"""A grid holds the features of an image, a sequence or a sound: pixels, steps or time frames."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod


@dataclass(frozen=True)
class Grid:
    """Which features of a table form a grid, and its shape.

    Parameters
    ----------
    start, stop : int
        Its features are ``start:stop``; the channels of a position are next to each other.
    sides : tuple of int
        Positions: (height, width) of images, (length,) of sequences and sounds.
    spectral : bool, default=False
        Whether the channels of a position are frequency bands.

    Examples
    --------
    >>> picture = Grid(2, 2 + 28 * 28 * 3, (28, 28))
    >>> picture.channels, picture.shape, picture.of_steps
    (3, (28, 28, 3), False)
    """

    start: int
    stop: int
    sides: tuple[int, ...]
    spectral: bool = False

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
