"""An executor runs tasks side by side; which one decides how long a fit takes, never its result.

Tasks are functions of what they are given: they hold no state, draw their random numbers from
seeds, and return their results. So an executor needs three methods, whatever it stands on.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Protocol, Self, TypeVar

Value = TypeVar("Value")
Item = TypeVar("Item")
Result = TypeVar("Result")
Value_co = TypeVar("Value_co", covariant=True)


class Shared(Protocol[Value_co]):
    """A value that many tasks read, sent to the workers once."""

    def get(self) -> Value_co:
        """Return the value, in whichever process the task runs."""


class Executor(ABC):
    """Runs tasks on some workers. To be closed at the end; a ``with`` block does so."""

    n_workers: int
    """How many tasks run at a time."""

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
        """End all workers; more tasks start new ones."""

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
