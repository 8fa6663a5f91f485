"""An executor runs tasks side by side; which one decides how long a fit takes, never its result.

Tasks are functions of what they are given: they hold no state, draw their random numbers from
seeds, and return their results. So an executor needs three methods, whatever it stands on.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar, final

Value = TypeVar("Value")
Item = TypeVar("Item")
Result = TypeVar("Result")
_Value_co = TypeVar("_Value_co", covariant=True)


class Shared(Protocol[_Value_co]):
    """A value that many tasks read, sent to the workers once."""

    def get(self) -> _Value_co:
        """Return the value, in whichever process the task runs."""


class Executor(ABC):
    """Runs tasks on some workers. To be closed at the end; a ``with`` block does so."""

    n_workers: int
    """How many tasks run at a time."""

    remote = False
    """Whether tasks may run on other machines, so that what they are given crosses a network."""

    copies = False
    """Whether tasks run in other processes, so that what they share is copied, and kept."""

    @property
    def n_local_workers(self) -> int:
        """How many tasks take memory of this machine at a time; what they return takes some."""
        return 1 if self.remote else self.n_workers

    @abstractmethod
    def map(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """Run a function for each item; yield the results in the order of the items.

        Parameters
        ----------
        function : callable
            Known by name, so that it can be sent to another process.
        items : sequence
            What it is called with.
        """

    @abstractmethod
    def share(self, value: Value) -> Shared[Value]:
        """Return a handle to a large value, for items to hold instead of the value itself."""

    @abstractmethod
    def close(self) -> None:
        """End all workers, and forget what they share; more tasks start new ones."""

    def __enter__(self) -> Self:
        """Be closed at the end of a ``with`` block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()


@final
class Serial(Executor):
    """Runs each task when its result is asked for."""

    n_workers = 1

    def map(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """Run a function for each item; yield the results in the order of the items."""
        return map(function, items)

    def share(self, value: Value) -> Shared[Value]:
        """Return a handle to the value itself."""
        return LocalValue(value)

    def close(self) -> None:
        """Do nothing: there are no workers."""


@final
@dataclass(frozen=True, eq=False)
class LocalValue:
    """A value that tasks of the same process share."""

    value: Any

    def get(self) -> Any:
        """Return the value."""
        return self.value


@final
class Threads(Executor):
    """Runs tasks on a pool of threads."""

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
        return LocalValue(value)

    def close(self) -> None:
        """End all threads, once their present tasks are done."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self._pool = None
