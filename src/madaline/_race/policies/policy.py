"""A policy looks at the state of the race and proposes decisions; the race carries them out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from madaline._race.state import RaceState
from madaline.records.decision import Decision


class Policy(ABC):
    """One rule of adaptive training. Policies do not know one another."""

    @abstractmethod
    def decide(self, state: RaceState) -> Sequence[Decision]:
        """Return what should be done now; most often nothing.

        Parameters
        ----------
        state : RaceState
            The race after an epoch. It must not be changed.

        Returns
        -------
        sequence of Decision
            Each is about a recipe of the race.
        """
