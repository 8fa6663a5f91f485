"""Workers train networks side by side: here one after the other, or in processes where that pays.

Networks do not need one another within an epoch, so groups of them have the same bits wherever and
in whichever order they are trained.
"""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import TracebackType
from weakref import WeakKeyDictionary

import numpy as np

from madaline.engine.threads import count_threads
from madaline.errors import OneProcessWarning, WorkerLostError
from madaline.nn.arrays import Array
from madaline.nn.population import Population
from madaline.race.cohort import Cohort
from madaline.race.crew import Crew
from madaline.race.dataset import Examples
from madaline.race.dealing import Dealt, dealt_out
from madaline.race.epoch import Epoch
from madaline.race.lesson import Lesson, teach_all
from madaline.race.serving import within_a_worker

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
        self._dealt: Dealt | None = None

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
        self._dealt = None

    def teach(
        self, cohorts: Sequence[Cohort], epoch: Epoch, *, epochs_left: int = 0
    ) -> Iterator[list[Array]]:
        """Train all networks for an epoch; return what they say about their folds' own rows.

        Parameters
        ----------
        cohorts : sequence of Cohort
            The networks, which are changed.
        epoch : Epoch
            The order of the rows; for the same networks, epochs differ in their number alone.
        epochs_left : int, default=0
            How many more epochs there may be.

        Returns
        -------
        iterator of list of ndarray of shape (n_judged, n_outputs)
            Raw outputs of a cohort's averaged networks, an array for each recipe.

        Raises
        ------
        WorkerLostError
            If a process was ended from outside.
        """
        dealt = self._dealt_out(cohorts, epoch, 1 + epochs_left)
        if dealt is not None:
            return dealt.teach(epoch.number)
        return (_taught_here(cohort, epoch) for cohort in cohorts)

    def _dealt_out(self, cohorts: Sequence[Cohort], epoch: Epoch, epochs: int) -> Dealt | None:
        """Return the networks dealt out to processes, if there are any."""
        if self._crew is not None and self._crew.closed:  # an epoch was interrupted
            self.close()
        if self._alone or (self._crew is None and epochs * _cost(cohorts) < WORTH_PROCESSES):
            return None
        try:
            if self._crew is None:
                others = min(self.n_jobs, _most_groups(cohorts)) - 1
                if others == 0:
                    return None
                self._crew = _start(others, cohorts, epoch.examples)
            if not self._crew.ready and _cost(cohorts) < SOON_OVER:
                return None
            if self._dealt is None or not self._dealt.are(cohorts):
                self._dealt = None  # makes room
                self._dealt = dealt_out(self._crew, cohorts, epoch, self._placed)
        except (OSError, ImportError, NotImplementedError, WorkerLostError, *_UNSENDABLE) as error:
            self.close()
            self._alone = True
            warnings.warn(
                "The networks are trained in one process, as others cannot be started or reached"
                f" ({type(error).__name__}: {error}).",
                OneProcessWarning,
                stacklevel=2,
            )
        return self._dealt


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


def _start(n_workers: int, cohorts: Sequence[Cohort], examples: Examples) -> Crew:
    """Return processes that see the rows."""
    outputs = sum(len(one.recipes) for one in cohorts) * examples.rows.n_judged * examples.n_outputs
    crew = Crew(n_workers, examples.n_bytes + outputs * np.dtype(np.float32).itemsize)
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


def _taught_here(cohort: Cohort, epoch: Epoch) -> list[Array]:
    shape = cohort.examples.rows.n_judged, cohort.examples.n_outputs
    outputs = [np.empty(shape, np.float32) for _ in cohort.recipes]
    teach_all([Lesson(cohort, group, outputs) for group in cohort.groups()], epoch)
    return outputs
