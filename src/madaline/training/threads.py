"""The matrix library stays on one thread: who works side by side takes whole networks.

A matrix library that splits *small* products over threads is slower, collapses beside a busy
process, and may round differently.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from threading import Lock
from typing import Any


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
