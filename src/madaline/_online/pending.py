"""Labels may come late: what was predicted for a row is kept until its label is known."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from madaline._data.table import Table
from madaline._online.learner import Made

MOST = 10_000
"""How many rows wait for their label, at most; the oldest are let go."""

_Rows = TypeVar("_Rows", Table, Mapping[str, Any])


@dataclass(frozen=True, eq=False)
class Waiting(Generic[_Rows]):
    """A row, or some, and what was predicted for it."""

    rows: _Rows
    made: Made


class Pending:
    """Predictions by their key (final).

    Examples
    --------
    >>> pending = Pending()
    >>> pending.put("order 7", Waiting({"price": 3.0}, None))
    >>> pending.get("order 7").rows
    {'price': 3.0}
    >>> pending.drop("order 7")
    >>> "order 7" in pending
    False
    """

    def __init__(self) -> None:
        self._waiting: dict[Hashable, Waiting[Any]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy holds: not every format of copies has keys of all types."""
        return {"keys": [*self._waiting], "waiting": [*self._waiting.values()]}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Be such a copy."""
        self._waiting = dict(zip(state["keys"], state["waiting"], strict=True))

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._waiting)

    def __contains__(self, key: Hashable) -> bool:
        """Return whether a prediction waits under that key."""
        return key in self._waiting

    def put(self, key: Hashable, waiting: Waiting[Any]) -> None:
        """Keep a prediction; an earlier one of the same key is replaced."""
        self._waiting.pop(key, None)
        self._waiting[key] = waiting
        if len(self._waiting) > MOST:
            del self._waiting[next(iter(self._waiting))]

    def get(self, key: Hashable) -> Waiting[Any] | None:
        """Return the prediction of a key; None if there is none."""
        return self._waiting.get(key)

    def drop(self, key: Hashable) -> None:
        """Let the prediction of a key go, if there is one."""
        self._waiting.pop(key, None)
