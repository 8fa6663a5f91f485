"""The matrix library stays on one thread: whatever runs side by side takes whole networks.

A matrix library that splits *small* products over threads is slower, collapses beside a busy
process, and may round differently.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Lock
from typing import Any


class _Limit:
    """The limit of the matrix libraries, shared by all fits of the process.

    The first to come sets it and the last to leave puts it back, so that a fit that ends does not
    take the limit from one that goes on.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._users = 0
        self._known: list[Any] | None = None
        self._before: list[tuple[Any, int]] = []

    @contextmanager
    def held(self) -> Iterator[None]:
        with self._lock:
            if self._users == 0:
                self._set()
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if self._users == 0:
                    self._restore()

    def look_again(self) -> None:
        with self._lock:
            self._restore()
            self._known = None
            if self._users:
                self._set()

    def _set(self) -> None:
        if self._known is None:  # to ask for them takes milliseconds
            self._known = _libraries()
        self._before = [(library, int(library.num_threads)) for library in self._known]
        for library, count in self._before:
            if count != 1:
                _set_threads(library, 1)

    def _restore(self) -> None:
        for library, count in self._before:
            if count != 1:
                _set_threads(library, count)
        self._before = []


_LIMIT = _Limit()


def one_threaded_products() -> AbstractContextManager[None]:
    """Keep the matrix libraries on one thread for a while."""
    return _LIMIT.held()


def look_again() -> None:
    """Find the matrix libraries anew, once another one was loaded."""
    _LIMIT.look_again()


def _set_threads(library: Any, count: int) -> None:
    """Set the number of threads from whatever thread, and leave it to all others to do so, too.

    The number holds for the process, and newer versions of threadpoolctl let only the first thread
    change it, silently: a later fit in another thread would not be limited.
    """
    forget = getattr(library, "clear_controlling_thread", None)
    if forget is not None:
        forget(force=True)
    library.set_num_threads(count)
    if forget is not None:
        forget(force=True)


def _libraries() -> list[Any]:
    """Return the matrix libraries whose number of threads can be read and set."""
    from threadpoolctl import ThreadpoolController

    libraries = ThreadpoolController().select(user_api="blas").lib_controllers
    return [library for library in libraries if library.num_threads is not None]
