"""Processes: for tasks that are Python and NumPy, which hold Python's lock."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from madaline._engine.executors.base import Executor, Item, Result, Shared, Value
from madaline._engine.executors.serial import Here
from madaline._engine.executors.shared_folder import SharedFolder
from madaline.errors import OneProcessWarning

UNSENDABLE = (pickle.PicklingError, TypeError, AttributeError)
"""What goes wrong where a value cannot be sent to another process."""


class Processes(Executor):
    """Runs tasks in processes that joblib starts (final).

    Shared values are written to files whose arrays all processes map into memory. If the processes
    cannot be started, or one of them is ended from outside, tasks go on in this process.

    Parameters
    ----------
    n_workers : int
        How many.
    """

    def __init__(self, n_workers: int) -> None:
        self.n_workers = n_workers
        self._parallel: Any = None
        self._folder: SharedFolder | None = None
        self._shared: list[tuple[Any, InFile]] = []
        self._alone = False

    def map(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """Run a function for each item; yield the results in the order of the items."""
        if not self._alone:
            from joblib import Parallel, delayed
            from joblib.externals.loky.process_executor import BrokenProcessPool

            try:
                if self._parallel is None:
                    self._parallel = Parallel(self.n_workers, batch_size=1, max_nbytes=None)
                    self._parallel.__enter__()
                return iter(self._parallel(delayed(_run)(function, item) for item in items))
            except (OSError, BrokenProcessPool, pickle.PicklingError) as error:
                self._go_on_alone(error)
        return map(function, items)

    def share(self, value: Value) -> Shared[Value]:
        """Return a handle to a file that holds the value; the same one for the same value."""
        for known, handle in self._shared:
            if known is value:
                return handle
        if self._alone:
            return Here(value)
        import joblib

        try:
            if self._folder is None:
                self._folder = SharedFolder()
            handle = InFile(os.path.join(self._folder.path, str(len(self._shared))))
            joblib.dump(value, handle.path)
        except (OSError, *UNSENDABLE) as error:
            self._go_on_alone(error)
            return Here(value)
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
        warnings.warn(
            "The networks are trained in one process from here on, as others cannot be started or"
            f" were ended ({type(error).__name__}: {error}).",
            OneProcessWarning,
            stacklevel=2,
        )


def _run(function: Callable[[Item], Result], item: Item) -> Result:
    """Run a function in a worker, which leaves interrupts of the terminal to the main process.

    Workers of Dask run tasks in threads, which may set no signals: they mind interrupts themselves.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if in_main_thread and multiprocessing.parent_process() is not None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return function(item)


@dataclass(frozen=True)
class InFile:
    """A value that processes share by a file (final)."""

    path: str

    def get(self) -> Any:
        """Return the value; its arrays are read-only maps of the file."""
        return _load(self.path)


@lru_cache(maxsize=2)
def _load(path: str) -> Any:
    import joblib

    return joblib.load(Path(path), mmap_mode="r")
