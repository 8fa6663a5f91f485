"""Executors on processes of this machine, which joblib starts, and the files that they share."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import shutil
import signal
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, final

from madaline._base.language import _
from madaline._base.words import warn
from madaline.errors import OneProcessWarning
from madaline.nn._engine.executors.executor import (
    Executor,
    Item,
    LocalValue,
    Result,
    Shared,
    Value,
)

# What goes wrong where a value cannot be sent to another process
_SENDING_ERRORS = (pickle.PicklingError, TypeError, AttributeError)


@final
class Processes(Executor):
    """Runs tasks in processes that joblib starts.

    Shared values are written to files whose arrays all processes map into memory. If the processes
    cannot be started, or one of them is ended from outside, tasks go on in this process.
    """

    copies = True

    def __init__(self, n_workers: int) -> None:
        self.n_workers = n_workers
        self._parallel: Any = None
        self._folder: SharedFolder | None = None
        self._shared: list[tuple[Any, _InFile]] = []
        self._alone = False

    def map(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """Run a function for each item; yield the results in the order of the items, as they come.

        Where the processes end, the rest is done here.
        """
        n_done = 0
        if not self._alone:
            from joblib import delayed
            from joblib.externals.loky.process_executor import BrokenProcessPool

            try:
                if self._parallel is None:
                    self._parallel = _parallel(self.n_workers)
                    self._parallel.__enter__()
                results = self._parallel(delayed(_run)(function, item) for item in items)
                with _closed_in_silence(results):
                    for result in results:
                        yield result
                        n_done += 1
                return
            except (OSError, BrokenProcessPool, pickle.PicklingError) as error:
                self._go_on_alone(error)
        yield from map(function, items[n_done:])

    def share(self, value: Value) -> Shared[Value]:
        """Return a handle to a file that holds the value; the same one for the same value."""
        for value_before, handle in self._shared:
            if value_before is value:
                return handle
        if self._alone:
            return LocalValue(value)
        import joblib

        try:
            if self._folder is None:
                self._folder = SharedFolder()
            handle = _InFile(os.path.join(self._folder.path, str(len(self._shared))))
            joblib.dump(value, handle.path)
        except (OSError, *_SENDING_ERRORS) as error:
            self._go_on_alone(error)
            return LocalValue(value)
        self._shared.append((value, handle))
        return handle

    def close(self) -> None:
        """End all processes and remove the files."""
        if self._parallel is not None:
            self._parallel.__exit__(None, None, None)
        self._parallel = None
        _load.cache_clear()
        self._shared.clear()
        if self._folder is not None:
            self._folder.remove()
        self._folder = None

    def _go_on_alone(self, error: Exception) -> None:
        self._parallel = None
        self._alone = True
        warn(
            _(
                "The networks are trained in one process from here on, as others cannot be started or were ended ({name}: {error})."
            ).format(name=type(error).__name__, error=error),
            OneProcessWarning,
        )


@contextmanager
def _closed_in_silence(results: Any) -> Iterator[None]:
    """End results that nobody asks for any more; joblib would warn of them."""
    try:
        yield
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if hasattr(results, "close"):
                results.close()


def _parallel(n_workers: int) -> Any:
    """Return what runs tasks, and yields results as they come where joblib's backend can."""
    from joblib import Parallel

    settings = {"batch_size": 1, "max_nbytes": None}
    try:
        return Parallel(n_workers, return_as="generator", **settings)
    except ValueError:  # such as that of Ray
        return Parallel(n_workers, **settings)


def _run(function: Callable[[Item], Result], item: Item) -> Result:
    """Run a function in a worker, which leaves interrupts of the terminal to the main process.

    Workers of Dask run tasks in threads, which may set no signals: they mind interrupts themselves.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if in_main_thread and multiprocessing.parent_process() is not None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return function(item)


@final
@dataclass(frozen=True)
class _InFile:
    """A value that processes share by a file."""

    path: str

    def get(self) -> Any:
        """Return the value; its arrays are read-only maps of the file."""
        return _load(self.path)


@lru_cache(maxsize=2)
def _load(path: str) -> Any:
    import joblib

    return joblib.load(Path(path), mmap_mode="r")


try:
    import fcntl

    LOCKS = True
except ImportError:  # Windows
    LOCKS = False

PREFIX, LOCK = "madaline-", "in use"


@final
class SharedFolder:
    """A folder with a lock, which ends with the process that made it."""

    def __init__(self) -> None:
        _remove_leftovers()
        self._folder = tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)
        self.path = self._folder.name
        self._lock: int | None = None
        if LOCKS:
            with suppress(OSError):  # without a lock, no other process takes it for a leftover
                new = Path(self.path, "new")
                self._lock = os.open(new, os.O_CREAT | os.O_RDWR, 0o600)
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                new.rename(Path(self.path, LOCK))  # which others look for, once it is locked

    def remove(self) -> None:
        """Remove the folder with all that is in it."""
        self._folder.cleanup()
        if self._lock is not None:
            os.close(self._lock)
        self._lock = None


def _remove_leftovers() -> None:
    """Remove the folders of killed processes of this user."""
    if not LOCKS:
        return
    for lock in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{LOCK}"):
        with suppress(OSError):
            handle = os.open(lock, os.O_RDWR | os.O_NOFOLLOW)
            try:
                status = os.fstat(handle)
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if status.st_uid == os.getuid() and status.st_size == 0:
                    shutil.rmtree(lock.parent, ignore_errors=True)
            finally:
                os.close(handle)
