"""A policy looks at how the race stands and proposes decisions; the race carries them out."""

from __future__ import annotations

from abc import ABC, abstractmethod

from madaline.race.state import Standing
from madaline.records.decision import Decision


class Policy(ABC):
    """One rule of adaptive training. Policies do not know one another."""

    @abstractmethod
    def decide(self, standing: Standing) -> list[Decision]:
        """Return what should be done now; most often nothing.

        Parameters
        ----------
        standing : Standing
            The race after an epoch. It must not be changed.

        Returns
        -------
        list of Decision
            Each names a recipe of the standing, with the evidence and the reason in words.
        """
