"""The matrix library stays on one thread: who works side by side takes whole networks.

A matrix library that splits *small* products over threads is slower, collapses beside a busy
process, and may round differently.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from threading import Lock
from typing import Any


class _Limit:
    """The matrix library's limit, shared by all fits of the process.

    Who comes first sets it and who leaves last puts it back, so that a fit that ends does not take
    the limit from one that goes on.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._users = 0
        self._before: list[int] = []

    @contextmanager
    def held(self) -> Iterator[None]:
        with self._lock:
            if self._users == 0:
                self._before = _set_threads([1] * len(_libraries()))
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if self._users == 0:
                    _set_threads(self._before)


_LIMIT = _Limit()


def one_threaded_products() -> AbstractContextManager[None]:
    """Keep the matrix library on one thread for a while."""
    return _LIMIT.held()


def _set_threads(counts: Sequence[int]) -> list[int]:
    """Set the number of threads of each matrix library; return what it was."""
    before = [int(library.num_threads) for library in _libraries()]
    for library, count, old in zip(_libraries(), counts, before, strict=True):
        if count != old:
            library.set_num_threads(count)
    return before


@cache
def _libraries() -> Sequence[Any]:
    """Return the matrix libraries whose threads can be set; to ask for them takes milliseconds."""
    from threadpoolctl import ThreadpoolController

    found = ThreadpoolController().select(user_api="blas").lib_controllers
    return tuple(library for library in found if library.num_threads is not None)
