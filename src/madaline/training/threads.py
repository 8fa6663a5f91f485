"""Threads take groups of networks; the matrix library itself stays on one thread.

Networks do not need one another within an epoch, so groups of them can be trained side by side with
the same bits as one after the other. A matrix library that splits *small* products over threads is
slower, collapses beside a busy process, and may round differently.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from threading import Lock
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


class _Limit:
    """The matrix library's limit, shared by all fits of the process.

    The library has one setting for the whole process: who comes first sets it and who leaves last
    puts it back, so that a fit that ends does not take the limit from one that goes on.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._users = 0
        self._limiter: Any = None

    @contextmanager
    def held(self) -> Iterator[None]:
        with self._lock:
            if self._users == 0:
                self._limiter = _controller().limit(limits=1, user_api="blas")
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if self._users == 0:
                    self._limiter.restore_original_limits()


_LIMIT = _Limit()


def one_threaded_products() -> AbstractContextManager[None]:
    """Keep the matrix library on one thread for a while."""
    return _LIMIT.held()


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
