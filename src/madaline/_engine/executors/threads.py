"""Threads of this process: for tasks that run without Python's lock, as compiled ones do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from madaline._engine.executors.base import Executor, Item, Result, Shared, Value
from madaline._engine.executors.serial import Here


class Threads(Executor):
    """Runs tasks on a pool of threads (final).

    Parameters
    ----------
    n_workers : int
        How many.

    Examples
    --------
    >>> with Threads(2) as executor:
    ...     list(executor.map(abs, [-1, 2, -3]))
    [1, 2, 3]
    """

    def __init__(self, n_workers: int) -> None:
        self.n_workers = n_workers
        self._pool: ThreadPoolExecutor | None = None

    def map(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """Run a function for each item; yield the results in the order of the items.

        In the threads NumPy minds the same errors (`numpy.errstate`) as in the caller.
        """
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.n_workers, thread_name_prefix="madaline")
        futures = [self._pool.submit(copy_context().run, function, item) for item in items]
        try:
            for future in futures:
                yield future.result()
        finally:
            for future in futures:
                future.cancel()

    def share(self, value: Value) -> Shared[Value]:
        """Return a handle to the value itself."""
        return Here(value)

    def close(self) -> None:
        """End all threads, once their present tasks are done."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self._pool = None
