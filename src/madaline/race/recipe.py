"""A recipe is a set of hyperparameters; recipes race one another on the same rows."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

LEARNING_RATE = 0.03
"""With averaged weights, most tables take any rate from 0.003 to 0.05 alike; this one is quick."""

GRID_LEARNING_RATE = 0.01
"""Convolutions get lost at the rate of tables."""

TEXT_LEARNING_RATE = 0.0003
"""Of thousands of terms, each in a few texts, every one moves what is said: at the rate of tables
networks know the texts by heart after two epochs."""


@dataclass(frozen=True)
class Recipe:
    """How one kind of network sees the table and learns from it.

    Parameters
    ----------
    n_bins : int
        Piecewise-linear bins that each number is spread over, beside its own value; 0 for none.
    decay_time : float
        Time scale of weight decay in epochs: a weight that is not needed shrinks to 37 % in this
        time. Short means strong regularization.
    units : tuple of int
        Units of each hidden layer.
    column_dropout : float
        Probability that a row hides a column of the table in training. Networks that cannot count
        on any one column use more of them.
    learning_rate : float
        For biases; weights use it times ``10 / sqrt(fan_in)``, gates times 6.
    channels : tuple of tuple of int
        For each grid that features stand on, the units of each convolution; none in tables.
    dropout : float
        Probability that an input of the layers behind the convolutions is silenced in training.
    warping : float
        How much images are bent, and sequences sped up and slowed down, in training, each time in
        another way (`madaline.data.media.augmentations`).
    quiet : bool
        Whether the first layer starts nearly silent: what it says then comes from what it learned,
        and not from where thousands of weights happened to start.
    offset : float
        How far sequences are moved as a whole in training, each time elsewhere
        (`madaline.data.media.augmentations`).
    pitch : float
        How far the pitches of sounds are moved in training, each time in another way
        (`madaline.data.media.augmentations`).
    averaged : bool
        Whether what convolutions say of a sequence is averaged over its steps, so that it counts
        alike wherever it is said.

    Examples
    --------
    >>> Recipe(n_bins=16, decay_time=3).name
    '16 bins, decay 3, 64-64-64'
    """

    n_bins: int
    decay_time: float
    units: tuple[int, ...] = (64, 64, 64)
    column_dropout: float = 0.0
    learning_rate: float = LEARNING_RATE
    channels: tuple[tuple[int, ...], ...] = ()
    dropout: float = 0.0
    warping: float = 0.0
    quiet: bool = False
    offset: float = 0.0
    pitch: float = 0.0
    averaged: bool = False

    @property
    def name(self) -> str:
        """A short name that tells recipes apart."""
        seen = f"{self.n_bins} bins" if self.n_bins else "plain"
        shape = "-".join(str(units) for units in self.units)
        if self.channels:
            return self._name_on_grid(shape)
        if self.quiet:
            return f"terms, decay {self.decay_time:.2g}, {shape}{self._pace(TEXT_LEARNING_RATE)}"
        hidden = f", {self.column_dropout:.0%} hidden" if self.column_dropout else ""
        return f"{seen}, decay {self.decay_time:.2g}, {shape}{hidden}{self._pace(LEARNING_RATE)}"

    def _name_on_grid(self, shape: str) -> str:
        channels = " and ".join("-".join(map(str, units)) for units in self.channels)
        channels += " averaged" if self.averaged else ""
        seen = f"{self.n_bins} bins, " if self.n_bins else ""
        hidden = f", {self.column_dropout:.0%} hidden" if self.column_dropout else ""
        bent = f", warped {self.warping:.2g}" if self.warping else ""
        bent += f", offset {self.offset:.2g}" if self.offset else ""
        bent += f", pitch {self.pitch:.2g}" if self.pitch else ""
        pace = self._pace(GRID_LEARNING_RATE)
        decay = f"decay {self.decay_time:.2g}"
        return f"convolutions {channels}, {seen}{decay}, {shape}{hidden}{bent}{pace}"

    def _pace(self, usual: float) -> str:
        return "" if self.learning_rate == usual else f", rate {self.learning_rate:.2g}"

    def to_json(self) -> dict[str, Any]:
        """Return the recipe as JSON-able values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Recipe:
        """Return the recipe that `to_json` described."""
        channels = values.get("channels", ())
        if channels and isinstance(channels[0], int):
            channels = [channels]  # of a model from before there could be several grids
        settings = {"units": tuple(values["units"]), "channels": tuple(map(tuple, channels))}
        return cls(**(values | settings))


def recipe_name(name: str) -> str:
    """Return the name of the recipe that an earlier epoch of it, kept for the mix, is of.

    Examples
    --------
    >>> recipe_name("plain, decay 3, 64-64-64, epoch 12"), recipe_name("plain, decay 3, 64-64-64")
    ('plain, decay 3, 64-64-64', 'plain, decay 3, 64-64-64')
    """
    return re.sub(r", epoch \d+$", "", name)
