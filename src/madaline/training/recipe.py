"""A recipe is a set of hyperparameters; recipes race one another on the same rows."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

LEARNING_RATE = 0.03
"""With averaged weights, most tables take any rate from 0.003 to 0.05 alike; this one is quick."""


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

    @property
    def name(self) -> str:
        """A short name that tells recipes apart."""
        seen = f"{self.n_bins} bins" if self.n_bins else "plain"
        shape = "-".join(str(units) for units in self.units)
        hidden = f", {self.column_dropout:.0%} hidden" if self.column_dropout else ""
        pace = "" if self.learning_rate == LEARNING_RATE else f", rate {self.learning_rate:.2g}"
        return f"{seen}, decay {self.decay_time:.2g}, {shape}{hidden}{pace}"

    def to_json(self) -> dict[str, Any]:
        """Return the recipe as JSON-able values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Recipe:
        """Return the recipe that `to_json` described."""
        return cls(**(values | {"units": tuple(values["units"])}))


def recipe_name(name: str) -> str:
    """Return the name of the recipe that an earlier epoch of it, kept for the mix, is of.

    Examples
    --------
    >>> recipe_name("plain, decay 3, 64-64-64, epoch 12"), recipe_name("plain, decay 3, 64-64-64")
    ('plain, decay 3, 64-64-64', 'plain, decay 3, 64-64-64')
    """
    return re.sub(r", epoch \d+$", "", name)
