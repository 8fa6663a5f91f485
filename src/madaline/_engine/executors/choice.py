"""Which executor suits a race."""

from __future__ import annotations

from madaline._engine.executors.base import Executor
from madaline._engine.executors.processes import Processes
from madaline._engine.executors.serial import Serial
from madaline._engine.executors.threads import Threads
from madaline._engine.threads import count_threads

WORTH_PROCESSES = 2.5e11
"""Planned multiply-adds for which processes are worth the second that starting them takes."""


def choose_executor(n_jobs: int | None, *, uses_threads: bool, multiply_adds: float) -> Executor:
    """Return the executor for a race.

    Parameters
    ----------
    n_jobs : int, optional
        Number of workers; None is one, -1 as many as there are processors, -2 one fewer.
    uses_threads : bool
        Whether tasks run without Python's lock.
    multiply_adds : float
        How much work is planned.

    Raises
    ------
    InputError
        If there are to be no workers.

    Examples
    --------
    >>> type(choose_executor(None, uses_threads=True, multiply_adds=1e12)).__name__
    'Serial'
    """
    n_workers = count_workers(n_jobs)
    if n_workers == 1 or _within_a_worker():
        return Serial()
    if uses_threads:
        return Threads(n_workers)
    return Processes(n_workers) if multiply_adds >= WORTH_PROCESSES else Serial()


def count_workers(n_jobs: int | None) -> int:
    """Return the number of workers that `n_jobs` stands for, as joblib counts processors.

    Raises
    ------
    InputError
        If that is none.
    """
    return count_threads(n_jobs, _processors)


def _processors() -> int:
    """Return how many processors this process may use; less than all of them in a container."""
    from joblib import cpu_count

    return int(cpu_count())


def _within_a_worker() -> bool:
    """Return whether this process works for another one, which may have many such."""
    import multiprocessing

    return multiprocessing.parent_process() is not None
