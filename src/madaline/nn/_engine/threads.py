"""Threads share rows, or columns, of a large table: NumPy lets others work while it does."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from contextvars import copy_context
from functools import cache
from numbers import Integral
from typing import TypeVar

from madaline.errors import InputError

_Item = TypeVar("_Item")


def count_threads(n_jobs: int | None, processors: Callable[[], int] | None = None) -> int:
    """Return the number of threads that `n_jobs` stands for, or of processes.

    None is one, -1 as many as there are processors, by default those that the system lets this
    process run on, and -2 one fewer. A process that works for another one has one, whatever it is.

    >>> count_threads(None), count_threads(3)
    (1, 3)
    """
    if not isinstance(n_jobs, Integral | None):
        raise InputError(
            "n_jobs is {n_jobs!r}: give a count, or -1 for all processors.", n_jobs=n_jobs
        )
    if n_jobs == 0:
        raise InputError(
            "n_jobs is 0, which means nothing: give a count, or -1 for all processors."
        )
    if n_jobs is None or n_jobs == 1 or within_a_worker():
        return 1
    if n_jobs > 0:
        return int(n_jobs)
    return max(1, (processors or _processors)() + 1 + n_jobs)


def within_a_worker() -> bool:
    """Return whether this process, or thread, works for another process, which may have many such.

    So do those of `multiprocessing` and joblib, and tasks of Dask and Ray. Where their modules are
    not loaded, none of them has started this process.
    """
    processes = sys.modules.get("multiprocessing.process")
    if processes is not None and processes.parent_process() is not None:
        return True
    dask = sys.modules.get("distributed.worker")
    if dask is not None and hasattr(dask.thread_state, "execution_state"):
        return True
    ray = sys.modules.get("ray")
    return ray is not None and ray._private.worker.global_worker.mode == ray.WORKER_MODE


def in_threads(work: Callable[[_Item], object], items: Iterable[_Item], n_threads: int) -> None:
    """Do some work for each item, in any order, on a number of threads.

    Where there is one thread or one item, nobody is started. In the threads NumPy minds the same
    errors (`numpy.errstate`) as in the caller.

    >>> done = []
    >>> in_threads(done.append, [0, 2], n_threads=2)
    >>> sorted(done)
    [0, 2]
    """
    waiting = list(items)
    n_threads = min(n_threads, len(waiting))
    if n_threads <= 1:
        for item in waiting:
            work(item)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(n_threads) as pool:
        futures = [pool.submit(copy_context().run, work, item) for item in waiting]
    for future in futures:
        future.result()


@cache
def _processors() -> int:
    """Return how many processors this process may use; to ask takes long beside one row."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
