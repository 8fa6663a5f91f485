"""A lesson: some networks learn for an epoch, and are judged on the rows that they never see."""

from __future__ import annotations

from dataclasses import dataclass

from madaline.core.arrays import Array
from madaline.training.cohort import Cohort
from madaline.training.epoch import Epoch
from madaline.training.groups import Group


@dataclass(frozen=True, eq=False)
class Lesson:
    """One epoch of a group of a cohort, to be called here or in another process (final).

    Parameters
    ----------
    cohort : Cohort
        Whose networks; its population is changed.
    group : Group
        Which of them.
    epoch : Epoch
        The order of the rows.
    """

    cohort: Cohort
    group: Group
    epoch: Epoch

    def __call__(self) -> list[Array]:
        """Train, then return the raw outputs for each fold's own rows, (recipes, rows, outputs)."""
        folds = self.group.folds
        self.cohort.train_group(self.group, self.epoch.order, self.epoch.rngs(folds))
        return [
            self.cohort.judge_fold(fold, rows, self.group.recipes)
            for fold, rows in enumerate(self.held_out, folds.start)
        ]

    @property
    def held_out(self) -> list[slice]:
        """The places of each fold's own rows, which are judged."""
        folds, rows = self.group.folds, self.cohort.examples.rows
        return [rows.held_out(fold) for fold in range(folds.start, folds.stop)]
