"""A signal is what one row of a column holds where it holds many numbers, one after the other."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any

from madaline.nn.arrays import Array


class Signal(ABC):
    """Abstract base of a sequence and a sound: a value of a column, equal to others like it.

    Columns of signals are arrays of objects, None where a row has none. Signals can be told apart,
    counted and looked up as any other value.
    """

    values: Array

    @property
    @abstractmethod
    def settings(self) -> tuple[Any, ...]:
        """What is to be known of the numbers beside themselves."""

    @property
    @abstractmethod
    def words(self) -> str:
        """What a reader is told of it."""

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self.values)

    def __eq__(self, other: object) -> bool:
        """Return whether the other is of the same kind and holds the same numbers."""
        return type(self) is type(other) and self._digest == getattr(other, "_digest", None)

    def __hash__(self) -> int:
        """Return a number that equal signals share."""
        return hash(self._digest)

    def __str__(self) -> str:
        """Return a text that is the same only for the same numbers."""
        return f"{len(self)} steps {self._digest}"

    @cached_property
    def _digest(self) -> str:
        facts = (self.values.shape, self.values.dtype.str, *self.settings)
        return hashlib.blake2b(
            self.values.tobytes() + repr(facts).encode(), digest_size=16
        ).hexdigest()


def holds(column: Array, kind: type) -> bool:
    """Return whether a column of objects holds values of a kind, at least one, and None."""
    if column.dtype != object or column.ndim != 1:
        return False
    first = next((one for one in column if one is not None), None)
    if not isinstance(first, kind):
        return False  # most columns; and that takes no time
    return all(issubclass(one, kind) for one in set(map(type, column.tolist())) - {type(None)})
