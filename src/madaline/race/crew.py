"""A crew is some processes that work beside this one, each on a processor of its own.

Networks are small: most of a step are calls of NumPy that last 20 µs, and threads wait for one
another between them. Processes do not. What they work on is in shared memory, and so are their
tasks: to carry one out again is a message of some bytes. This process works, too.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from functools import cache
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Listener
from threading import Thread, current_thread
from typing import Any
from weakref import WeakSet, finalize

from madaline.errors import WorkerLostError
from madaline.race.channel import Channel
from madaline.race.serving import begin, serve, written
from madaline.race.shared_memory import SharedMemory

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "BLIS_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
}
"""Matrix products of a worker stay on its own processor."""

LOST = (
    "A process that trained networks was ended from outside, perhaps because memory ran out: try"
    " again with fewer processes (n_jobs)."
)


class Crew:
    """Other processes that carry out tasks; `close` ends them and frees what they share (final).

    They start in the background: `run` waits for them, `ready` tells whether it would have to.

    Parameters
    ----------
    n_workers : int
        Number of other processes.
    n_bytes : int
        How much is going to be in shared memory, about.

    Raises
    ------
    OSError
        If the system gives no processes or no shared memory.
    """

    def __init__(self, n_workers: int, n_bytes: int) -> None:
        from joblib.externals.loky.backend import resource_tracker
        from joblib.externals.loky.process_executor import ProcessPoolExecutor, _threads_wakeups

        self.n_workers = n_workers
        self.memory = SharedMemory(n_bytes)
        folder, key = self.memory.folder, os.urandom(32)
        address = str(folder / "door") if os.name == "posix" else None
        listener = Listener(address, backlog=n_workers, authkey=key)
        try:
            _start_trackers()
            executor = ProcessPoolExecutor(n_workers, initializer=begin, env=ONE_THREAD)
        except BaseException:
            listener.close()
            self.memory.close()
            raise
        # The tracker is a process that outlives this one: it removes the folder after a crash.
        resource_tracker.register(str(folder), "folder")
        self._executor = executor
        self._channels: list[Channel] = []
        self._door = Thread(target=_let_in, args=(listener, n_workers, self._channels), daemon=True)
        self.close = finalize(
            self,
            _close,
            executor,
            self._door,
            listener,
            self._channels,
            self.memory,
            resource_tracker,
        )
        with _interrupts_for_this_process_only():
            self._serving = [
                executor.submit(serve, folder, listener.address, key) for _ in range(n_workers)
            ]
        self._door.start()
        self._owner = os.getpid(), current_thread()
        _OPEN.add(self)
        # As this process ends, loky would wait for tasks that have no end.
        _threads_wakeups.pop(executor._executor_manager_thread)
        _close_at_exit()

    @property
    def closed(self) -> bool:
        """Whether the processes have been ended."""
        return not self.close.alive

    @property
    def left_open(self) -> bool:
        """Whether nobody is going to close it any more, as this process ends."""
        process, thread = self._owner
        return process == os.getpid() and (thread is current_thread() or not thread.is_alive())

    @property
    def ready(self) -> bool:
        """Whether the processes have started; those that cannot raise `WorkerLostError`."""
        if len(self._channels) == len(self._serving):
            return True
        if not self._door.is_alive():
            raise WorkerLostError(LOST)
        for one in self._serving:
            if one.done():
                try:
                    one.result()
                except BrokenProcessPool as error:
                    raise WorkerLostError(LOST) from error
        return False

    def run(self, tasks: Sequence[Callable[..., Any]], *arguments: Any) -> list[Any]:
        """Return what the tasks return, in their order.

        Parameters
        ----------
        tasks : sequence of callable
            The first for this process, and one at most for each other one: functions, or objects
            of Python that can be pickled.
            One that is called again is not sent again, so it may not change meanwhile.
        *arguments : object
            What each of them is called with.

        Raises
        ------
        WorkerLostError
            If a process is killed. Then, and if a task fails, the crew is closed.
        """
        try:
            while not self.ready:
                self._door.join(0.05)
            return self._run(tasks, arguments)
        except BaseException:
            self.close()
            raise

    def _run(self, tasks: Sequence[Callable[..., Any]], arguments: tuple[Any, ...]) -> list[Any]:
        """Hand out all tasks but the first, do that, and fetch what has become of the others."""
        own, *others = tasks
        for task in others:
            if self.memory.number(task) is None:
                self.memory.keep(task)
        kept, busy = self.memory.numbers, self._channels[: len(others)]
        with _lost_workers_as_a_sentence():
            for channel, task in zip(busy, others, strict=True):
                channel.send(written((kept, self.memory.number(task), arguments)))
        result = own(*arguments)
        with _lost_workers_as_a_sentence():
            answers = [channel.receive() for channel in busy]
        return [result, *map(_opened, answers)]


def _opened(answer: bytes) -> Any:
    """Return what a task returned; raise what it raised."""
    done, result = pickle.loads(answer)
    if not done:
        raise result
    return result


def _close(
    executor: Any,
    door: Thread,
    listener: Listener,
    channels: Sequence[Channel],
    memory: SharedMemory,
    tracker: Any,
) -> None:
    executor.shutdown(kill_workers=True)
    if door.is_alive():  # on Linux, closing what it waits for would not wake it
        with suppress(OSError):
            Client(listener.address).close()
    listener.close()
    for channel in channels:
        channel.close()
    memory.close()
    if not memory.folder.exists():  # Windows keeps files that are still mapped
        tracker.unregister(str(memory.folder), "folder")


_OPEN: WeakSet[Crew] = WeakSet()
"""Crews of this process that may be open."""


@cache
def _close_at_exit() -> None:
    """See to it that crews do not keep this process from ending."""
    threading._register_atexit(_close_all_left_open)  # type: ignore[attr-defined]


def _close_all_left_open() -> None:
    for crew in list(_OPEN):
        if crew.left_open:
            crew.close()


def _let_in(listener: Listener, n_workers: int, channels: list[Channel]) -> None:
    """Wait for the processes to come, beside whatever this one does."""
    with suppress(OSError, EOFError, AuthenticationError):  # closed before they came
        while len(channels) < n_workers:
            channels.append(Channel(listener.accept()))


@contextmanager
def _lost_workers_as_a_sentence() -> Iterator[None]:
    try:
        yield
    except (EOFError, OSError) as error:
        raise WorkerLostError(LOST) from error


def _start_trackers() -> None:
    """Start the processes that clean up after this one, before the workers.

    Where they start, Ctrl-C is let through again. After a crash they would list all that they
    cleaned up, below what was said last.
    """
    from joblib.externals.loky.backend import resource_tracker as of_loky

    silence = "ignore:resource_tracker"
    sys.warnoptions.append(silence)
    try:
        of_loky.ensure_running()
        if hasattr(signal, "pthread_sigmask"):
            from multiprocessing import resource_tracker

            resource_tracker.ensure_running()
    finally:
        sys.warnoptions.remove(silence)


@contextmanager
def _interrupts_for_this_process_only() -> Iterator[None]:
    """Let processes that start here not hear Ctrl-C, which this process answers for all."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows, where `begin` is soon enough
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
