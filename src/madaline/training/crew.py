"""A crew is some processes that work for this one, each on a processor of its own.

Networks are small: most of a step are calls of NumPy that last 20 µs, and threads wait for one
another between them. Processes do not. What they work on is in shared memory, so that a task is a
message of a few hundred bytes.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Any
from weakref import finalize

from madaline.errors import WorkerLostError
from madaline.training.shared_memory import Attached, SharedMemory

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "BLIS_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
}
"""Matrix products of a worker stay on its own processor."""

IDLE_SECONDS = 3600
"""After this time without a task a process ends; the next task starts another."""

WATCH_SECONDS = 1.0
"""How soon a process notices that the one it works for is no more."""


class Crew:
    """Processes that carry out tasks; `close` ends them and frees what they share (final).

    Parameters
    ----------
    n_workers : int
        Number of processes.
    n_bytes : int
        How much is going to be in shared memory, about.

    Raises
    ------
    OSError
        If the system gives no processes or no shared memory.
    """

    def __init__(self, n_workers: int, n_bytes: int) -> None:
        import multiprocessing.resource_tracker

        from joblib.externals.loky.backend import resource_tracker
        from joblib.externals.loky.process_executor import ProcessPoolExecutor

        self.memory = SharedMemory(n_bytes)
        if hasattr(signal, "pthread_sigmask"):
            # Trackers let Ctrl-C through where they start, so this one starts before the workers.
            multiprocessing.resource_tracker.ensure_running()
        self._executor = ProcessPoolExecutor(
            n_workers,
            initializer=_begin,
            initargs=(os.getpid(),),
            env=ONE_THREAD,
            timeout=IDLE_SECONDS,
        )
        # The tracker is a process that outlives this one: it removes the folder after a crash.
        resource_tracker.register(str(self.memory.folder), "folder")
        self.close = finalize(self, _close, self._executor, self.memory, resource_tracker)
        self._greetings = self._submit([int] * n_workers)

    @property
    def ready(self) -> bool:
        """Whether the processes have started; those that cannot raise `WorkerLostError`."""
        ready = all(greeting.done() for greeting in self._greetings)
        if ready:
            self._results(self._greetings)
        return ready

    def run(self, tasks: Sequence[Callable[[], Any]]) -> list[Any]:
        """Return what the tasks return, in their order; put the longest first.

        Parameters
        ----------
        tasks : sequence of callable
            Without arguments; they can be pickled.

        Raises
        ------
        WorkerLostError
            If a process is killed. Then, and if a task fails, the crew is closed.
        """
        try:
            return self._results(self._submit(tasks))
        except BaseException:
            self.close()
            raise

    def _submit(self, tasks: Sequence[Callable[[], Any]]) -> list[Future[Any]]:
        folder, numbers = self.memory.folder, self.memory.numbers
        with _interrupts_for_this_process_only(), _lost_workers_as_a_sentence():
            return [
                self._executor.submit(_work, folder, numbers, self.memory.write(task))
                for task in tasks
            ]

    def _results(self, futures: Sequence[Future[Any]]) -> list[Any]:
        with _lost_workers_as_a_sentence():
            return [future.result() for future in futures]


def _close(executor: Any, memory: SharedMemory, tracker: Any) -> None:
    executor.shutdown(kill_workers=True)
    memory.close()
    tracker.unregister(str(memory.folder), "folder")


@contextmanager
def _lost_workers_as_a_sentence() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool as error:
        raise WorkerLostError(
            "A process that trained networks was ended from outside, perhaps because memory"
            " ran out: try again with fewer processes (n_jobs)."
        ) from error


@contextmanager
def _interrupts_for_this_process_only() -> Iterator[None]:
    """Let processes that start here not hear Ctrl-C, which this process answers for all."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows, where `_begin` is soon enough
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(parent: int) -> None:
    """Begin to work, in the process of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_leave_with, args=(parent,), daemon=True).start()
    import madaline.training.lesson  # noqa: F401

    gc.freeze()  # what was imported stays: it need not be looked through again and again


def _leave_with(parent: int) -> None:
    """End this process soon after its parent, which may have been killed.

    Where systems tell no other parent then (Windows), it ends when it has been idle for long.
    """
    while os.getppid() == parent:
        sleep(WATCH_SECONDS)
    os._exit(1)


_attached: dict[Path, Attached] = {}
"""In the process of a worker: what it sees of the other's memory."""


def _work(folder: Path, numbers: frozenset[int], task: bytes) -> Any:
    """Carry out a task, in the process of a worker."""
    attached = _attached.setdefault(folder, Attached(folder))
    attached.forget_all_but(numbers)
    return attached.read(task)()


def within_a_worker() -> bool:
    """Return whether this process works for another one, which may have many such."""
    import multiprocessing

    return multiprocessing.parent_process() is not None
