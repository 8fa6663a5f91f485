"""An executor runs tasks side by side; which one decides how long a fit takes, never its result.

Tasks are functions of what they are given: they hold no state, draw their random numbers from
seeds, and return their results. So an executor needs three methods, whatever it stands on.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import shutil
import signal
import tempfile
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar, final

from madaline._engine.threads import count_threads
from madaline._words import warn
from madaline.errors import OneProcessWarning

_Value = TypeVar("_Value")
Item = TypeVar("Item")
_Result = TypeVar("_Result")
_Value_co = TypeVar("_Value_co", covariant=True)


class Shared(Protocol[_Value_co]):
    """A value that many tasks read, sent to the workers once."""

    def get(self) -> _Value_co:
        """Return the value, in whichever process the task runs."""


class Executor(ABC):
    """Runs tasks on some workers. To be closed at the end; a ``with`` block does so."""

    n_workers: int
    """How many tasks run at a time."""

    @abstractmethod
    def map(self, function: Callable[[Item], _Result], items: Sequence[Item]) -> Iterator[_Result]:
        """Run a function for each item; yield the results in the order of the items.

        Parameters
        ----------
        function : callable
            Known by name, so that it can be sent to another process.
        items : sequence
            What it is called with.
        """

    @abstractmethod
    def share(self, value: _Value) -> Shared[_Value]:
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


@final
class Serial(Executor):
    """Runs each task when its result is asked for."""

    n_workers = 1

    def map(self, function: Callable[[Item], _Result], items: Sequence[Item]) -> Iterator[_Result]:
        """Run a function for each item; yield the results in the order of the items."""
        return map(function, items)

    def share(self, value: _Value) -> Shared[_Value]:
        """Return a handle to the value itself."""
        return _LocalValue(value)

    def close(self) -> None:
        """Do nothing: there are no workers."""


@final
@dataclass(frozen=True, eq=False)
class _LocalValue:
    """A value that tasks of the same process share."""

    value: Any

    def get(self) -> Any:
        """Return the value."""
        return self.value


@final
class Threads(Executor):
    """Runs tasks on a pool of threads."""

    def __init__(self, n_workers: int) -> None:
        self.n_workers = n_workers
        self._pool: ThreadPoolExecutor | None = None

    def map(self, function: Callable[[Item], _Result], items: Sequence[Item]) -> Iterator[_Result]:
        """Run a function for each item; yield the results in the order of the items.

        In the threads NumPy minds the same errors (`numpy.errstate`) as in the caller.
        """
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.n_workers, thread_name_prefix="madaline")
        futures = [self._pool.submit(copy_context().run, function, item) for item in items]
        try:
            for future in futures:
                yield future.result()
        finally:
            for future in futures:
                future.cancel()

    def share(self, value: _Value) -> Shared[_Value]:
        """Return a handle to the value itself."""
        return _LocalValue(value)

    def close(self) -> None:
        """End all threads, once their present tasks are done."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self._pool = None


# What goes wrong where a value cannot be sent to another process
_SENDING_ERRORS = (pickle.PicklingError, TypeError, AttributeError)


@final
class Processes(Executor):
    """Runs tasks in processes that joblib starts.

    Shared values are written to files whose arrays all processes map into memory. If the processes
    cannot be started, or one of them is ended from outside, tasks go on in this process.
    """

    def __init__(self, n_workers: int) -> None:
        self.n_workers = n_workers
        self._parallel: Any = None
        self._folder: SharedFolder | None = None
        self._shared: list[tuple[Any, _InFile]] = []
        self._alone = False

    def map(self, function: Callable[[Item], _Result], items: Sequence[Item]) -> Iterator[_Result]:
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
                for result in self._parallel(delayed(_run)(function, item) for item in items):
                    yield result
                    n_done += 1
                return
            except (OSError, BrokenProcessPool, pickle.PicklingError) as error:
                self._go_on_alone(error)
        yield from map(function, items[n_done:])

    def share(self, value: _Value) -> Shared[_Value]:
        """Return a handle to a file that holds the value; the same one for the same value."""
        for value_before, handle in self._shared:
            if value_before is value:
                return handle
        if self._alone:
            return _LocalValue(value)
        import joblib

        try:
            if self._folder is None:
                self._folder = SharedFolder()
            handle = _InFile(os.path.join(self._folder.path, str(len(self._shared))))
            joblib.dump(value, handle.path)
        except (OSError, *_SENDING_ERRORS) as error:
            self._go_on_alone(error)
            return _LocalValue(value)
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
        self._parallel, self._alone = None, True
        warn(
            "The networks are trained in one process from here on, as others cannot be started or"
            f" were ended ({type(error).__name__}: {error}).",
            OneProcessWarning,
        )


def _parallel(n_workers: int) -> Any:
    """Return what runs tasks, and yields results as they come where joblib's backend can."""
    from joblib import Parallel

    settings = {"batch_size": 1, "max_nbytes": None}
    try:
        return Parallel(n_workers, return_as="generator", **settings)
    except ValueError:  # such as that of Ray
        return Parallel(n_workers, **settings)


def _run(function: Callable[[Item], _Result], item: Item) -> _Result:
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
        self._folder = tempfile.TemporaryDirectory(prefix=PREFIX)
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


# Planned multiply-adds for which processes are worth the second that starting them takes
MIN_PROCESS_WORK = 2.5e11


def choose_executor(n_jobs: int | None, *, uses_threads: bool, multiply_adds: float) -> Executor:
    """Return the executor for a race."""
    n_workers = count_workers(n_jobs)
    if n_workers == 1 or _within_a_worker():
        return Serial()
    if uses_threads:
        return Threads(n_workers)
    return Processes(n_workers) if multiply_adds >= MIN_PROCESS_WORK else Serial()


def count_workers(n_jobs: int | None) -> int:
    """Return the number of workers that `n_jobs` stands for, as joblib counts processors."""
    return count_threads(n_jobs, _processors)


def _processors() -> int:
    """Return how many processors this process may use; less than all of them in a container."""
    from joblib import cpu_count

    return int(cpu_count())


def _within_a_worker() -> bool:
    """Return whether this process works for another one, which may have many such."""
    import multiprocessing

    return multiprocessing.parent_process() is not None
