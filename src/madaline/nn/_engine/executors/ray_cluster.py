"""Tasks on Ray: its tasks and its object store, nothing else of it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, final

from madaline._base.extras import load_extra
from madaline._base.language import _
from madaline._base.words import warn
from madaline.errors import ClusterError, OpenClusterWarning
from madaline.nn._engine.executors.cluster import (
    Answer,
    Cluster,
    Packed,
    Task,
    TaskLostError,
    is_loopback,
    run_task,
    unusable,
)


@final
class RayCluster(Cluster):
    """Runs tasks on a Ray cluster, one processor each.

    A process is on one Ray cluster at a time: where it is on one already, that is used. Without an
    address it is the one that `RAY_ADDRESS` names, or one that is started on this machine and ends
    when this is closed.
    """

    def __init__(self, address: str = "") -> None:
        super().__init__(address)
        self._ray = load_extra("ray", extra="ray", purpose="An executor on Ray")
        self._run: Any = None
        self._connected = False  # by this executor

    def open(self) -> None:
        """Connect, or start a cluster on this machine."""
        if self._run is not None:
            return
        if not self._ray.is_initialized():
            self._connect()
            self._connected = True
        self.n_workers = max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        self._run = self._ray.remote(num_cpus=1, max_retries=0)(run_task)

    def _connect(self) -> None:
        quiet = {"log_to_driver": False, "logging_level": "error"}
        address = self.address or os.environ.get("RAY_ADDRESS", "")
        if not address:
            self._ask_for_token()
            try:
                self._ray.init(address="local", include_dashboard=False, **quiet)
            except Exception as error:  # Ray raises no other where one of its processes is late
                raise ClusterError(
                    "Ray could not be started on this machine ({first_line}): try again, or fit without it.",
                    first_line=_first_line(error),
                ) from None
            return
        try:
            self._ray.init(address, **quiet)
        except (ConnectionError, RuntimeError, ValueError, ImportError) as error:
            raise ClusterError(
                "No Ray cluster answers at {address} ({first_line}): give that of a head node, such as ray://host:10001; where it asks for a token, set RAY_AUTH_MODE=token before Python starts.",
                address=address,
                first_line=_first_line(error),
            ) from None
        if os.environ.get("RAY_AUTH_MODE") != "token" and not is_loopback(address):
            warn(
                _(
                    "Whoever reaches the Ray cluster at {address} can run any code there: let it ask for a token, with RAY_AUTH_MODE=token in the environment of all its machines and of this process (docs/scale.md)."
                ).format(address=address),
                OpenClusterWarning,
            )

    def _ask_for_token(self) -> None:
        """Let a new cluster, which listens to the network, ask for a token.

        Its processes read the environment when they start, but this one did when it imported Ray.
        """
        os.environ.setdefault("RAY_AUTH_MODE", "token")
        self._ray._raylet.Config.initialize("")

    def _leave(self) -> None:
        self._run = None
        if self._connected:
            self._ray.shutdown()
        self._connected = False

    def _keep(self, packed: Packed) -> Any:
        with self._connection():
            return self._ray.put(packed)

    def _has(self, value: Any) -> bool:  # Ray keeps it beside this process
        del value
        return True

    def _submit(self, task: Task) -> Any:
        versions, payload, *rest = task.arguments
        with self._connection():  # Ray's client warns of large arguments that are not put before
            return self._run.remote(versions, self._ray.put(payload), *rest)

    def _answer(self, future: Any) -> Answer:
        errors = self._ray.exceptions
        try:
            with self._connection():
                answer: Answer = self._ray.get(future)
        except errors.OutOfMemoryError as error:
            raise TaskLostError(f"{_first_line(error)}.") from None
        except (
            errors.WorkerCrashedError,
            errors.NodeDiedError,
            errors.LocalRayletDiedError,
            errors.ObjectLostError,
        ) as error:
            raise TaskLostError(f"{type(error).__name__}.") from None
        except errors.RayTaskError as error:
            cause = error.cause
            raise (unusable(cause) if isinstance(cause, ImportError) else cause) from None
        return answer

    def _forget(self, futures: Sequence[Any]) -> None:
        with suppress(Exception):  # which Ray raises once it is lost
            for future in futures:
                self._ray.cancel(future)

    @contextmanager
    def _connection(self) -> Iterator[None]:
        """Turn the loss of the cluster into a sentence."""
        try:
            yield
        except (ConnectionError, self._ray.exceptions.RaySystemError) as error:
            raise ClusterError(
                "The connection to the Ray cluster at {address} was lost ({first_line}): start it again, or fit without it.",
                address=self.address or "this machine",
                first_line=_first_line(error),
            ) from None


def _first_line(error: Exception) -> str:
    """Return the beginning of an error of Ray, which may go on for pages."""
    return str(error).strip().partition("\n")[0].rstrip(".:")
