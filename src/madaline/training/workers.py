"""Workers train networks side by side: here one after the other, or in processes where that pays.

Networks do not need one another within an epoch, so groups of them have the same bits wherever and
in whichever order they are trained.
"""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from types import TracebackType
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from madaline.core.arrays import Array
from madaline.core.population import Population
from madaline.core.threads import count_threads
from madaline.errors import OneProcessWarning, WorkerLostError
from madaline.training.cohort import Cohort
from madaline.training.crew import Crew, within_a_worker
from madaline.training.epoch import Epoch
from madaline.training.examples import Examples
from madaline.training.groups import Group, deal, divide
from madaline.training.lesson import Lesson
from madaline.training.threads import one_threaded_products

WORTH_PROCESSES = 2.5e11
"""Multiply-adds, as `Division` counts them, that must be planned for processes to start.

A fit of 150 rows (5e10) took 1.3 times as long with two, fits of 442 and 800 rows (2.7 and 3.7e11)
.92 and .82 times as long.
"""

SOON_OVER = 5e10
"""Multiply-adds of an epoch that this process trains itself while others are still starting."""


class Workers:
    """Trains cohorts on some processors (final).

    Parameters
    ----------
    n_jobs : int, optional
        Number of processors; None is one, -1 is all, -2 all but one.

    Raises
    ------
    InputError
        If there are to be none.
    """

    def __init__(self, n_jobs: int | None = None) -> None:
        self.n_jobs = count_workers(n_jobs)
        self._crew: Crew | None = None
        self._alone = self.n_jobs == 1 or within_a_worker()
        self._placed: WeakKeyDictionary[Cohort, Population] = WeakKeyDictionary()
        self._dealt: tuple[Any, list[list[tuple[Cohort, Group]]]] = ((), [])

    def __enter__(self) -> Workers:
        """Be closed at the end of a `with` block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End all processes."""
        self.close()

    def close(self) -> None:
        """End all processes, if there are any; new ones start where they pay."""
        if self._crew is not None:
            self._crew.close()
        self._crew = None
        self._placed.clear()
        self._dealt = ((), [])

    def teach(
        self, cohorts: Sequence[Cohort], epoch: Epoch, *, epochs_left: int = 0
    ) -> Iterator[list[Array]]:
        """Train all networks for an epoch, and yield what they say about their folds' own rows.

        Parameters
        ----------
        cohorts : sequence of Cohort
            The networks, which are changed.
        epoch : Epoch
            The order of the rows.
        epochs_left : int, default=0
            How many more epochs there may be.

        Yields
        ------
        list of ndarray of shape (n_judged, n_outputs)
            Raw outputs of a cohort's averaged networks, an array for each recipe.

        Raises
        ------
        WorkerLostError
            If a process was ended from outside.
        """
        crew = self._crew_for(cohorts, epoch, 1 + epochs_left)
        shares = self._shares(cohorts, epoch, 1 if crew is None else 1 + crew.n_workers)
        lessons = list(chain(*shares))
        if crew is None:
            answer: Callable[[Lesson], list[Array]] = _taught_here
        else:
            tasks = [partial(_taught, share) for share in shares]
            answer = dict(zip(lessons, chain.from_iterable(crew.run(tasks)), strict=True)).pop
        for cohort in cohorts:
            yield _gathered(cohort, [one for one in lessons if one.cohort is cohort], answer)

    def _crew_for(self, cohorts: Sequence[Cohort], epoch: Epoch, epochs: int) -> Crew | None:
        """Return the processes that know the cohorts, if there are any."""
        if self._alone or (self._crew is None and epochs * _cost(cohorts) < WORTH_PROCESSES):
            return None
        try:
            if self._crew is None:
                others = min(self.n_jobs, _most_groups(cohorts)) - 1
                if others == 0:
                    return None
                self._crew = _start(others, epoch.examples)
            if not self._crew.ready and _cost(cohorts) < SOON_OVER:
                return None
            self._show(self._crew, cohorts)
        except (OSError, ImportError, NotImplementedError, WorkerLostError, *_UNSENDABLE) as error:
            self.close()
            self._alone = True
            warnings.warn(
                "The networks are trained in one process, as others cannot be started or reached"
                f" ({type(error).__name__}: {error}).",
                OneProcessWarning,
                stacklevel=2,
            )
        return self._crew

    def _show(self, crew: Crew, cohorts: Sequence[Cohort]) -> None:
        """Put cohorts that are new, or not what they were, where the processes see them."""
        for cohort in cohorts:
            if self._placed.get(cohort) is not cohort.population:
                cohort.move(crew.memory.place)
                crew.memory.keep(cohort)
                self._placed[cohort] = cohort.population

    def _shares(
        self, cohorts: Sequence[Cohort], epoch: Epoch, n_workers: int
    ) -> list[list[Lesson]]:
        """Return the lessons of an epoch for each who works: at most so many."""
        like = [n_workers, *((one, len(one.recipes)) for one in cohorts)]
        if self._dealt[0] != like:
            self._dealt = like, _dealt(cohorts, n_workers)
        return [[Lesson(*networks, epoch) for networks in share] for share in self._dealt[1]]


def count_workers(n_jobs: int | None) -> int:
    """Return the number of processors that `n_jobs` stands for, as joblib counts.

    Raises
    ------
    InputError
        If that is none.

    Examples
    --------
    >>> count_workers(None), count_workers(3)
    (1, 3)
    """
    return count_threads(n_jobs, _processors)


def _processors() -> int:
    """Return how many processors this process may use; less than all of them in a container."""
    from joblib import cpu_count

    return int(cpu_count())


_UNSENDABLE = (pickle.PicklingError, TypeError, AttributeError)
"""What goes wrong where an object cannot be sent to another process."""


def _start(n_workers: int, examples: Examples) -> Crew:
    """Return processes that see the rows."""
    crew = Crew(n_workers, examples.n_bytes)
    try:
        examples.move(crew.memory.place)
        # What only judges and decides stays here; it may hold what cannot be sent.
        crew.memory.keep(examples, replace(examples, metric=None, groups=None))
    except BaseException:
        crew.close()
        raise
    return crew


def _most_groups(cohorts: Sequence[Cohort]) -> int:
    """Return how many could work at a time."""
    return sum(max(len(division.groups) for division in one.divisions()) for one in cohorts)


def _cost(cohorts: Sequence[Cohort]) -> float:
    return sum(cohort.cost for cohort in cohorts)


def _dealt(cohorts: Sequence[Cohort], n_workers: int) -> list[list[tuple[Cohort, Group]]]:
    """Return the groups of all cohorts, dealt out to those who work, and to no more than needed."""
    divisions = divide([one.divisions() for one in cohorts], n_workers)
    costs = [cost for division in divisions for cost in division.costs]
    groups = [
        (cohort, group)
        for cohort, division in zip(cohorts, divisions, strict=True)
        for group in division.groups
    ]
    return [[groups[place] for place in share] for share in deal(costs, n_workers) if share]


def _taught(lessons: Sequence[Lesson]) -> list[list[Array]]:
    with one_threaded_products():
        return [lesson() for lesson in lessons]


def _taught_here(lesson: Lesson) -> list[Array]:
    with one_threaded_products():
        return lesson()


def _gathered(
    cohort: Cohort, lessons: Sequence[Lesson], answer: Callable[[Lesson], list[Array]]
) -> list[Array]:
    """Return the output of each recipe of a cohort, of the answers to its groups' lessons."""
    shape = (cohort.examples.rows.n_judged, cohort.examples.n_outputs)
    outputs = [np.empty(shape, np.float32) for _ in cohort.recipes]
    for lesson in lessons:  # one after the other: answers take as much room as outputs
        for rows, of_fold in zip(lesson.held_out, answer(lesson), strict=True):
            for output, own in zip(outputs[lesson.group.recipes], of_fold, strict=True):
                output[rows] = own
    return outputs
