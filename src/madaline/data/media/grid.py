"""A grid is where the features of an image, a sequence or a sound stand: pixels, steps, moments."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod


@dataclass(frozen=True)
class Grid:
    """Which features of a table stand on a grid, and what grid that is.

    Parameters
    ----------
    start, stop : int
        The features from where to where; those of a position stand side by side.
    sides : tuple of int
        Positions: (height, width) of images, (length,) of sequences and sounds.
    hears : bool, default=False
        Whether the channels of a position are pitches.

    Examples
    --------
    >>> picture = Grid(2, 2 + 28 * 28 * 3, (28, 28))
    >>> picture.channels, picture.shape, picture.of_steps
    (3, (28, 28, 3), False)
    """

    start: int
    stop: int
    sides: tuple[int, ...]
    hears: bool = False

    @property
    def features(self) -> slice:
        """The features that stand on it."""
        return slice(self.start, self.stop)

    @property
    def n_positions(self) -> int:
        """How many positions it has."""
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
