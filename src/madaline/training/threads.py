"""Threads take groups of networks; the matrix library itself stays on one thread.

Networks do not need one another within an epoch, so groups of them can be trained side by side with
the same bits as one after the other. A matrix library that splits *small* products over threads is
slower, collapses beside a busy process, and may round differently.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

from madaline.errors import InputError

Task = TypeVar("Task")
Result = TypeVar("Result")


class Workers:
    """Runs independent tasks on some threads, with one-threaded matrix products inside.

    Parameters
    ----------
    n_jobs : int, optional
        Number of threads; None is one, -1 is all processors, -2 all but one.

    Examples
    --------
    >>> Workers(2).map(abs, [-1, 2, -3])
    [1, 2, 3]
    """

    def __init__(self, n_jobs: int | None = None) -> None:
        self.n_threads = count_threads(n_jobs)

    def map(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> list[Result]:
        """Return the function's results in the order of the tasks."""
        with one_threaded_products():
            if self.n_threads == 1:
                return [function(task) for task in tasks]
            with ThreadPoolExecutor(self.n_threads) as pool:
                return list(pool.map(function, tasks))


def count_threads(n_jobs: int | None) -> int:
    """Return the number of threads that `n_jobs` stands for, as joblib counts."""
    if n_jobs is None:
        return 1
    if n_jobs == 0:
        raise InputError(
            "n_jobs is 0, which means nothing: give a count, or -1 for all processors."
        )
    return n_jobs if n_jobs > 0 else max(1, (os.cpu_count() or 1) + 1 + n_jobs)


@contextmanager
def one_threaded_products() -> Iterator[None]:
    """Keep the matrix library on one thread for a while."""
    with _controller().limit(limits=1, user_api="blas"):
        yield


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
