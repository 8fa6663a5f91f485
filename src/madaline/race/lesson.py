"""A lesson: some networks learn for an epoch, and are judged on the rows that they never see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from madaline.engine.blas import one_threaded_products
from madaline.nn.arrays import Array
from madaline.nn.workspace import Workspace
from madaline.race.cohort import Cohort
from madaline.race.epoch import Epoch
from madaline.race.groups import Group


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a group of a cohort does in an epoch, here or in another process (final).

    Parameters
    ----------
    cohort : Cohort
        Whose networks; its population is changed.
    group : Group
        Which of them.
    outputs : sequence of ndarray of shape (n_judged, n_outputs)
        Where each recipe of the cohort says what it says about the rows.
    """

    cohort: Cohort
    group: Group
    outputs: Sequence[Array]

    def teach(self, epoch: Epoch) -> None:
        """Train, then write the raw outputs for each fold's own rows."""
        folds, recipes = self.group.folds, self.group.recipes
        workspace = Workspace()  # large, and idle while others learn
        self.cohort.train_group(self.group, epoch.order, epoch.rngs(folds))
        for fold in range(folds.start, folds.stop):
            rows = self.cohort.examples.rows.held_out(fold)
            judged = self.cohort.judge_fold(fold, rows, recipes, workspace=workspace)
            for output, own in zip(self.outputs[recipes], judged, strict=True):
                output[rows] = own


def teach_all(lessons: Sequence[Lesson], epoch: Epoch) -> None:
    """Teach one lesson after the other."""
    with one_threaded_products():
        for lesson in lessons:
            lesson.teach(epoch)


@dataclass(frozen=True, eq=False)
class Duty:
    """All that a process does in an epoch (final).

    Parameters
    ----------
    lessons : sequence of Lesson
        One after the other.
    epoch : Epoch
        Any: the others differ in their number alone.
    """

    lessons: Sequence[Lesson]
    epoch: Epoch

    def __call__(self, number: int) -> None:
        """Teach all lessons for the epoch of this number."""
        teach_all(self.lessons, replace(self.epoch, number=number))
