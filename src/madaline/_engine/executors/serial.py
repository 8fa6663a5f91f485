"""One task after the other, in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from madaline._engine.executors.base import Executor, Item, Result, Shared, Value


class Serial(Executor):
    """Runs each task when its result is asked for (final).

    Examples
    --------
    >>> list(Serial().map(abs, [-1, 2]))
    [1, 2]
    """

    n_workers = 1

    def map(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """Run a function for each item; yield the results in the order of the items."""
        return map(function, items)

    def share(self, value: Value) -> Shared[Value]:
        """Return a handle to the value itself."""
        return Here(value)

    def close(self) -> None:
        """Do nothing: there are no workers."""


@dataclass(frozen=True, eq=False)
class Here:
    """A value that tasks of the same process share (final)."""

    value: Any

    def get(self) -> Any:
        """Return the value."""
        return self.value
