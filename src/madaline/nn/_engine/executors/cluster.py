"""What executors on clusters share: how tasks are packed, run, and run again once they are lost.

An engine is asked for four things: to keep a value, to run a task, to return its result, and to
forget tasks. What it moves are bytes and arrays of bytes, so a worker with other versions is found
out by the task, before it reads any of them.
"""

from __future__ import annotations

import os
import pickle
import socket
import sys
import traceback
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from ipaddress import ip_address
from threading import Lock
from typing import Any, Literal, TypeAlias, final
from urllib.parse import urlsplit
from uuid import uuid4

import numpy as np

from madaline._base.language import _
from madaline._base.words import format_list, warn
from madaline.errors import ClusterError, WorkerLostWarning
from madaline.nn._engine.executors.executor import Executor, Item, LocalValue, Result, Shared, Value
from madaline.version import __version__

MAX_LOSSES = 3
"""How often a task is run again after the worker that ran it was lost."""

WHY_WORKERS_END = (
    "workers mostly end for lack of memory, so give each more, or run fewer on a machine."
)

# Values that were shared last and are known again; older ones go with their last handle
_MAX_SHARED = 4

# A value as bytes, and the bytes of its arrays
Packed: TypeAlias = tuple[bytes, list[Any]]

# A worker's name, what came of the task, and its result, its error or the versions that differ
Answer: TypeAlias = tuple[str, Literal["done", "failed", "no memory", "differs"], Any]


class TaskLostError(Exception):
    """A task has no result, as its worker was lost: it can run again."""


@final
@dataclass(eq=False)
class SharedInCluster:
    """A value that the cluster keeps."""

    value: Any  # as this process has it
    key: str
    kept: Any  # what the engine calls it

    def get(self) -> Any:
        """Return the value in this process; in workers a `LocalValue` stands for this."""
        return self.value


@final
@dataclass(frozen=True)
class Task:
    """A function and its item as bytes, and the values that the item has handles to."""

    payload: bytes
    shared: Sequence[SharedInCluster]

    @classmethod
    def of(cls, function: Callable[[Item], Any], item: Item) -> Task:
        """Pack a function and its item."""
        shared: dict[str, SharedInCluster] = {}
        return cls(_pickled((function, item), shared), list(shared.values()))

    @property
    def arguments(self) -> tuple[Any, ...]:
        """What `run_task` takes; the engine gets what it keeps itself."""
        keys = [part.key for part in self.shared]
        return versions(), self.payload, keys, *(part.kept for part in self.shared)


class Cluster(Executor):
    """Abstract base of executors whose tasks run in the processes of an engine.

    A value is shared with all workers once. A task whose worker is lost runs again, as often as
    `MAX_LOSSES`.
    """

    remote = copies = True

    def __init__(self, address: str) -> None:
        self.address = address
        self._shared: list[SharedInCluster] = []
        self._told_of_loss = False

    def map(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """Run a function for each item; yield the results in the order of the items."""
        self.open()
        tasks = [Task.of(function, item) for item in items]
        waiting = deque(zip(tasks, map(self._submit, tasks), strict=True))
        try:
            while waiting:
                yield self._result(*waiting.popleft())
        finally:
            self._forget([future for _, future in waiting])

    def share(self, value: Value) -> Shared[Value]:
        """Return a handle to a value that the cluster keeps; the same one for the same value."""
        known = next((part for part in self._shared if part.value is value), None)
        if known is None:
            self.open()
            known = SharedInCluster(value, uuid4().hex, self._keep(_packed(value)))
        rest = [part for part in self._shared if part is not known]
        self._shared = [*rest, known][-_MAX_SHARED:]
        return known

    def close(self) -> None:
        """Leave the cluster, which forgets what was shared."""
        self._shared.clear()
        self._leave()

    def _result(self, task: Task, future: Any) -> Any:
        """Return what came of a task, which runs again where its worker is lost."""
        for again in range(MAX_LOSSES + 1):
            try:
                return _checked(self._answer(future))
            except TaskLostError as error:
                lost = str(error)
            if again < MAX_LOSSES:
                self._tell_of_loss()
                self._keep_again(task)
                future = self._submit(task)
        raise ClusterError(
            "A task was given up, as it was lost with a worker {MAX_LOSSES} times, at last: {lost} Note that {WHY_WORKERS_END}",
            MAX_LOSSES=MAX_LOSSES + 1,
            lost=lost,
            WHY_WORKERS_END=WHY_WORKERS_END,
        )

    def _tell_of_loss(self) -> None:
        """Say once that a worker was lost, and that all goes on."""
        if not self._told_of_loss:
            self._told_of_loss = True
            warn(
                _(
                    "Tasks were lost with a worker of the cluster: they run again, and the result stays the same. Note that {WHY_WORKERS_END}"
                ).format(WHY_WORKERS_END=WHY_WORKERS_END),
                WorkerLostWarning,
            )

    def _keep_again(self, task: Task) -> None:
        """Keep what a task needs once more, where the cluster lost it."""
        for part in task.shared:
            if not self._has(part.kept):
                part.kept = self._keep(_packed(part.value))

    @abstractmethod
    def open(self) -> None:
        """Connect, if that is not done yet; know `n_workers`."""

    @abstractmethod
    def _leave(self) -> None:
        """End the connection, and what this process started."""

    @abstractmethod
    def _keep(self, packed: Packed) -> Any:
        """Let the cluster keep a value."""

    @abstractmethod
    def _has(self, value: Any) -> bool:
        """Return whether the cluster still has a value."""

    @abstractmethod
    def _submit(self, task: Task) -> Any:
        """Let `run_task` run on a worker with the arguments of a task; return a future."""

    @abstractmethod
    def _answer(self, future: Any) -> Answer:
        """Wait for an answer of `run_task`, or raise `TaskLostError` or `ClusterError`."""

    @abstractmethod
    def _forget(self, futures: Sequence[Any]) -> None:
        """End tasks whose results nobody waits for."""


def run_task(
    expected: Mapping[str, str], payload: bytes, keys: Sequence[str], *shared: Packed
) -> Answer:
    """Run a task in a worker, if that has the expected versions."""
    name = _("{gethostname}, process {getpid}").format(
        gethostname=socket.gethostname(), getpid=os.getpid()
    )
    present = versions()
    differing = {
        package: (present.get(package, "none"), version)
        for package, version in expected.items()
        if present.get(package) != version
    }
    if differing:
        return name, "differs", differing
    try:
        values = dict(zip(keys, map(_loaded, keys, shared), strict=True))
        function, item = _Unpickler(payload, values).load()
        return name, "done", _pickled(function(item), {})
    except MemoryError as error:
        return name, "no memory", str(error)
    except Exception as error:
        error.add_note(
            _("On the worker {name}:\n{exc}").format(name=name, exc=traceback.format_exc())
        )
        try:
            return name, "failed", _pickled(error, {})
        except Exception:  # an error may hold anything
            return name, "failed", pickle.dumps(RuntimeError(traceback.format_exc()))


def unusable(error: ImportError) -> ClusterError:
    """Return what to say where a worker cannot even import this module."""
    return ClusterError(
        "A worker cannot run tasks ({error}): install madaline {version} on every machine.",
        error=error,
        version=__version__,
    )


def is_loopback(address: str) -> bool:
    """Return whether only this machine can reach an address, such as ``tcp://127.0.0.1:8786``.

    >>> is_loopback("ray://localhost:10001"), is_loopback("10.0.0.1:6379")
    (True, False)
    """
    if address.startswith("inproc://"):  # what Dask calls this very process
        return True
    host = urlsplit(address if "://" in address else f"//{address}").hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _checked(answer: Answer) -> Any:
    """Return the result of an answer, or raise what kept the worker from it."""
    name, kind, content = answer
    match kind:
        case "done":
            return pickle.loads(content)
        case "failed":
            raise pickle.loads(content)
        case "no memory":
            raise TaskLostError(
                _("the worker {name} ran out of memory. {content}")
                .format(name=name, content=content)
                .strip()
            )
    differences = format_list(
        [
            _("{package} {theirs} instead of {ours}").format(
                package=package, theirs=theirs, ours=ours
            )
            for package, (theirs, ours) in content.items()
        ]
    )
    raise ClusterError(
        "The worker {name} has {differences}: install the same versions there, since others may give other results.",
        name=name,
        differences=differences,
    )


@cache
def versions() -> dict[str, str]:
    """Return the versions of what decides the results of tasks in this process."""
    from importlib.metadata import PackageNotFoundError, version

    of_packages = {
        "Python": ".".join(map(str, sys.version_info[:2])),
        "madaline": __version__,
        "NumPy": np.__version__,
    }
    for package in ("scikit-learn", "scipy", "numba"):
        try:
            of_packages[package] = version(package)
        except PackageNotFoundError:
            continue
    return of_packages


_RECENT: dict[str, Any] = {}  # the values that tasks of this process read last
_MAX_RECENT = 2
_LOCK = Lock()  # for workers that run tasks in threads


def _loaded(key: str, packed: Packed) -> Any:
    """Return a shared value, whose arrays are read-only: a worker reads it once for all tasks."""
    with _LOCK:
        if key not in _RECENT:
            head, arrays = packed
            _RECENT[key] = pickle.loads(
                head, buffers=[memoryview(array).toreadonly() for array in arrays]
            )
            while len(_RECENT) > _MAX_RECENT:
                del _RECENT[next(iter(_RECENT))]
        return _RECENT[key]


def _packed(value: Any) -> Packed:
    """Return a value as bytes, and its arrays apart, which engines move without copying them."""
    buffers: list[pickle.PickleBuffer] = []
    head = _pickled(value, {}, buffers.append)
    return head, [np.frombuffer(buffer.raw(), np.uint8) for buffer in buffers]


def _pickled(
    value: Any,
    shared: dict[str, SharedInCluster],
    take_buffer: Callable[[pickle.PickleBuffer], Any] | None = None,
) -> bytes:
    """Return a value as bytes with keys in place of handles, which are put into `shared`."""
    from cloudpickle import CloudPickler

    class Pickler(CloudPickler):  # type: ignore[misc]
        def persistent_id(self, value: Any) -> str | None:
            if not isinstance(value, SharedInCluster):
                return None
            shared[value.key] = value
            return value.key

    file = BytesIO()
    try:
        Pickler(file, protocol=5, buffer_callback=take_buffer).dump(value)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise ClusterError(
            "What a task needs cannot be sent to another process ({error}): fit on this machine, without an executor.",
            error=error,
        ) from error
    return file.getvalue()


@final
class _Unpickler(pickle.Unpickler):
    """Reads a task, with shared values in place of their keys."""

    def __init__(self, payload: bytes, values: Mapping[str, Any]) -> None:
        super().__init__(BytesIO(payload))
        self._values = values

    def persistent_load(self, key: Any) -> LocalValue:
        """Return a handle to a shared value of this process."""
        return LocalValue(self._values[key])
