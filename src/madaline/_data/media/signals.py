"""A signal is one value of a column of sequences or sounds: many numbers in an order."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any

from madaline.nn.arrays import Array


class Signal(ABC):
    """Abstract base of a sequence and a sound: a hashable value, equal if its numbers are.

    Columns of signals are arrays of objects, None where a row has none.
    """

    values: Array

    @property
    @abstractmethod
    def settings(self) -> tuple[Any, ...]:
        """What defines the signal beside its numbers."""

    @property
    @abstractmethod
    def words(self) -> str:
        """A short description."""

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self.values)

    def __eq__(self, other: object) -> bool:
        """Return whether the other has the same type, settings and numbers."""
        return type(self) is type(other) and self._digest == getattr(other, "_digest", None)

    def __hash__(self) -> int:
        """Return the hash, the same for equal signals."""
        return hash(self._digest)

    def __str__(self) -> str:
        """Return a text that differs between signals that are not equal."""
        return f"{len(self)} steps {self._digest}"

    @cached_property
    def _digest(self) -> str:
        facts = (self.values.shape, self.values.dtype.str, *self.settings)
        return hashlib.blake2b(
            self.values.tobytes() + repr(facts).encode(), digest_size=16
        ).hexdigest()


def holds(column: Array, kind: type) -> bool:
    """Return whether a column of objects holds values of a type, at least one, or None."""
    if column.dtype != object or column.ndim != 1:
        return False
    first = next((value for value in column if value is not None), None)
    if not isinstance(first, kind):
        return False  # a quick answer for most columns
    return all(issubclass(t, kind) for t in set(map(type, column.tolist())) - {type(None)})
