"""A record is what one epoch of one recipe looked like, in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Record:
    """One epoch of one recipe, all its folds together.

    Parameters
    ----------
    epoch : int
        Counted from one.
    recipe : str
        Name of the recipe, for people.
    loss : float
        Out-of-fold loss: every row is predicted by the network that was not trained on it.
    best_loss : float
        The recipe's lowest out-of-fold loss so far, this epoch included.
    learning_rate : float
        The recipe's learning rate in this epoch.
    racing : int
        How many recipes were racing.
    multiply_adds : float
        Work of the whole race so far, in multiply-adds.
    recipe_id : str
        Which recipe of the race it is.
    """

    epoch: int
    recipe: str
    loss: float
    best_loss: float
    learning_rate: float
    racing: int
    multiply_adds: float
    recipe_id: str

    @property
    def improved(self) -> bool:
        """Whether this epoch is the recipe's best."""
        return self.loss == self.best_loss

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON-able values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Record:
        """Return the record that `to_json` described; in old files names identify recipes."""
        return cls(**({"recipe_id": values["recipe"]} | dict(values)))
