"""Tasks on Dask: futures of a `distributed.Client`, and data that is scattered to the workers."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import Any, final

from madaline._base.extras import load_extra
from madaline._base.language import _
from madaline._base.words import warn
from madaline.errors import ClusterError, OpenClusterWarning
from madaline.nn._engine.executors.cluster import (
    WHY_WORKERS_END,
    Answer,
    Cluster,
    Packed,
    Task,
    TaskLostError,
    is_loopback,
    run_task,
    unusable,
)

_SECONDS = 30  # that a scheduler, or the first worker, may take to answer
_MAX_INLINE = 2**20  # bytes of a task that the scheduler itself keeps


@final
class DaskCluster(Cluster):
    """Runs tasks on the workers of a Dask scheduler.

    Without an address there are workers on this machine, one for each processor. What is scattered
    is on every worker, and is scattered again where it was lost with the last one.
    """

    def __init__(self, address: str = "", *, client: Any = None) -> None:
        super().__init__(address)
        purpose = "An executor on Dask"
        self._distributed = load_extra("distributed", extra="dask", purpose=purpose)
        self._given = client
        self._client = client
        self._local = None
        self._workers: set[str] = set()  # the addresses of those that were there at last

    def open(self) -> None:
        """Connect to the scheduler, and wait for a worker."""
        if self._client is None:
            self._client = self._connected()
        if self._client.status != "running":
            raise self._lost
        with self._connection():
            try:
                self._client.wait_for_workers(1, timeout=_SECONDS)
            except TimeoutError:
                raise ClusterError(
                    "The Dask scheduler at {name} has no workers: start some with `dask worker {name}`.",
                    name=self._name,
                ) from None
            threads = self._client.nthreads()
            if self._workers - set(threads):  # of which Dask itself runs the tasks again
                self._tell_of_loss()
            self._workers = set(threads)
            self.n_workers = sum(threads.values())

    @property
    def _name(self) -> str:
        return self.address or str(self._client.scheduler.address)

    @property
    def _lost(self) -> ClusterError:
        return ClusterError(
            "The connection to the Dask scheduler at {name} was lost: start it again, or fit without it.",
            name=self._name,
        )

    def _connected(self) -> Any:
        if not self.address:
            self._local = self._started()
            client = self._distributed.Client(self._local, set_as_default=False)
            client.run(_ignore_interrupts)
            return client
        if not (self.address.startswith("tls://") or is_loopback(self.address)):
            warn(
                _(
                    "Whoever reaches the Dask scheduler at {address} can run any code there: let it use TLS, and give its address as tls://host:8786 (docs/scale.md)."
                ).format(address=self.address),
                OpenClusterWarning,
            )
        try:
            return self._distributed.Client(self.address, timeout=_SECONDS, set_as_default=False)
        except (OSError, ValueError, RuntimeError, TypeError) as error:
            raise ClusterError(
                "No Dask scheduler answers at {address} ({error}): start one with `dask scheduler`, and give the address that it prints.",
                address=self.address,
                error=error,
            ) from None

    def _started(self) -> Any:
        """Return workers on this machine."""
        try:
            return self._distributed.LocalCluster(
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,  # of workers that end slowly; failures are told
            )
        except RuntimeError as error:
            raise ClusterError(
                'Dask started no workers on this machine ({error}): in a script, fit within `if __name__ == "__main__":`, as each worker imports the script.',
                error=error,
            ) from None

    def _leave(self) -> None:
        if self._client is not None and self._client is not self._given:
            self._client.close()
        if self._local is not None:
            self._local.close()
        self._client = self._given
        self._local = None
        self._workers = set()

    def _keep(self, packed: Packed) -> Any:
        with self._connection():
            return self._client.scatter([packed], broadcast=True, hash=False)[0]

    def _has(self, value: Any) -> bool:
        return bool(value.status == "finished")

    def _submit(self, task: Task) -> Any:
        versions, payload, *rest = task.arguments
        with self._connection():
            if len(payload) > _MAX_INLINE:
                payload = self._client.scatter([payload], hash=False)[0]
            return self._client.submit(run_task, versions, payload, *rest, pure=False)

    def _answer(self, future: Any) -> Answer:
        try:
            with self._connection(lost=TaskLostError("its data was lost with a worker.")):
                answer: Answer = future.result()
        except self._distributed.KilledWorker as error:  # the scheduler has tried several
            raise ClusterError(
                "A task was given up, as all workers that ran it ended, the last one {address}: {WHY_WORKERS_END}",
                address=error.last_worker.address,
                WHY_WORKERS_END=WHY_WORKERS_END,
            ) from None
        except ImportError as error:
            raise unusable(error) from None
        return answer

    def _forget(self, futures: Sequence[Any]) -> None:
        if futures and self._client.status == "running":
            self._client.cancel(list(futures))

    @contextmanager
    def _connection(self, *, lost: Exception | None = None) -> Iterator[None]:
        """Raise what says that a scheduler was lost; where it was not, that a worker was."""
        try:
            yield
        except (CancelledError, OSError, RuntimeError) as error:
            running = self._client.status == "running"
            if running and isinstance(error, RuntimeError):  # of the task itself
                raise
            raise (lost if lost is not None and running else self._lost) from None


def _ignore_interrupts() -> None:
    """Leave interrupts of the terminal to the main process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
