"""Rows of a stream that wait for their labels, with what was predicted for them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from madaline._models.online.learner import Prediction
from madaline._tables.io.recognition import is_null

MAX_PENDING = 10_000  # how many rows wait for their label; the oldest are let go

_PLAIN = (int, float, str)  # values that are equal in any type


@dataclass(frozen=True, eq=False)
class Waiting:
    """A row, and what was predicted for it."""

    row: Mapping[str, Any]
    predicted: Prediction | None  # None before the first label


@final
class Pending:
    """Predictions whose labels come late, by the keys under which they wait."""

    def __init__(self) -> None:
        self._waiting: dict[Hashable, Waiting] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy holds: not every format of copies has keys of all types."""
        waiting = self._waiting.values()
        predicted = [entry.predicted and vars(entry.predicted) for entry in waiting]
        rows = [entry.row for entry in waiting]
        return {"keys": [*self._waiting], "rows": rows, "predicted": predicted}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Be such a copy."""
        predicted = (arrays and Prediction(**arrays) for arrays in state["predicted"])
        waiting = map(Waiting, state["rows"], predicted)
        self._waiting = dict(zip(state["keys"], waiting, strict=True))

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, key: Hashable) -> bool:
        """Return whether a prediction waits under that key."""
        return key in self._waiting

    def put(self, key: Hashable, waiting: Waiting, limit: int) -> None:
        """Keep a prediction among so many; an earlier one of the same key is replaced."""
        self._waiting.pop(key, None)
        self._waiting[key] = waiting
        if len(self._waiting) > limit:
            del self._waiting[next(iter(self._waiting))]

    def get(self, key: Hashable) -> Waiting | None:
        """Return the prediction of a key; None if there is none."""
        return self._waiting.get(key)

    def drop(self, key: Hashable) -> None:
        """Let the prediction of a key go, if there is one."""
        self._waiting.pop(key, None)


def key_of(x: Mapping[str, Any]) -> frozenset[tuple[str, Any]]:
    """Return a key for a row that was given none: the names and values of what is not missing.

    Examples
    --------
    >>> key_of({"a": 1, "b": "x", "c": None}) == key_of({"b": "x", "a": np.float64(1.0)})
    True
    """
    return frozenset(
        (name, value if type(value) in _PLAIN else _plain(value))
        for name, value in x.items()
        if (type(value) in _PLAIN and value == value) or not is_null(value)
    )


def _plain(value: Any) -> Any:
    """Return numbers and text, which are equal in any type, as they are, all else as text."""
    if isinstance(value, np.number) and not isinstance(value, np.timedelta64):
        value = value.item()
    return value if type(value) in _PLAIN else repr(value)
