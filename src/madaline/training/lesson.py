"""A lesson: some networks learn for an epoch, and are judged on the rows that they never see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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

    def __call__(self) -> Array:
        """Train, then return the raw outputs for the folds' own rows, (recipes, rows, outputs)."""
        folds = self.group.folds
        self.cohort.train_group(self.group, self.epoch.order, self.epoch.rngs(folds))
        answers = [
            self.cohort.judge_fold(fold, self._held_out(fold), self.group.recipes)
            for fold in range(folds.start, folds.stop)
        ]
        return np.concatenate(answers, axis=1)

    @property
    def rows(self) -> slice:
        """The places of the rows that are judged."""
        folds = self.group.folds
        return slice(self._held_out(folds.start).start, self._held_out(folds.stop - 1).stop)

    def _held_out(self, fold: int) -> slice:
        return self.cohort.examples.rows.held_out(fold)
