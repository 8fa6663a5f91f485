"""Which executor a race gets: the one that is asked for, or the one that suits its work."""

from __future__ import annotations

import re
import socket
import sys
from typing import Any

from madaline.errors import ClusterError, InputError
from madaline.nn._engine.executors.cluster import Cluster
from madaline.nn._engine.executors.dask_cluster import DaskCluster
from madaline.nn._engine.executors.executor import Executor, Serial, Threads
from madaline.nn._engine.executors.processes import Processes
from madaline.nn._engine.executors.ray_cluster import RayCluster
from madaline.nn._engine.threads import count_threads, within_a_worker

MIN_PROCESS_WORK = 2.5e11
"""Planned multiply-adds for which processes are worth the second that starting them takes."""

_ADDRESS = re.compile(r"(ray|dask|tcp|tls)://([^/\s:]+|\[[0-9a-fA-F:]+\]):(\d{1,5})/?")
_SECONDS = 10  # that a machine may take to answer


def choose_executor(
    n_jobs: int | None,
    *,
    uses_threads: bool,
    multiply_adds: float,
    given: Executor | None = None,
) -> Executor:
    """Return the executor for a race: a given one, a cluster of joblib's, or one of this machine.

    In a worker of another process it is always a serial one.
    """
    n_workers = count_workers(n_jobs)
    if within_a_worker():
        return Serial()
    if given is not None:
        return given
    cluster = _of_joblib() if multiply_adds >= MIN_PROCESS_WORK and n_jobs != 1 else None
    if cluster is not None:
        return cluster
    if n_workers == 1:
        return Serial()
    if uses_threads:
        return Threads(n_workers)
    return Processes(n_workers) if multiply_adds >= MIN_PROCESS_WORK else Serial()


def find_executor(wanted: Any) -> Executor | None:
    """Return the executor that an address or an object stands for; None for None.

    It connects when it is needed, but a machine that does not answer is refused here.
    """
    if wanted is None or isinstance(wanted, Executor):
        return wanted
    if type(wanted).__module__.partition(".")[0] == "distributed" and hasattr(wanted, "submit"):
        return DaskCluster(client=wanted)
    if wanted == "ray":
        return RayCluster()
    if wanted == "dask":
        return DaskCluster()
    match = _ADDRESS.fullmatch(wanted) if isinstance(wanted, str) else None
    if match is None:
        raise InputError(
            "executor={wanted!r} is none: give 'ray' or 'dask' for processes of this machine, or an address such as 'ray://host:10001' or 'dask://host:8786'.",
            wanted=wanted,
        )
    engine, host, port = match.groups()
    if engine == "ray":
        cluster: Cluster = RayCluster(wanted)
    else:
        cluster = DaskCluster(f"{'tls' if engine == 'tls' else 'tcp'}://{host}:{port}")
    if not within_a_worker():
        _check_reachable(wanted, host.strip("[]"), int(port))
    return cluster


def address_of(wanted: Any) -> str | None:
    """Return what stands for an executor in a file: an address, or None for objects without one."""
    if wanted is None or isinstance(wanted, str):
        return wanted
    if isinstance(wanted, Cluster):
        return wanted.address or None
    scheduler = getattr(wanted, "scheduler", None)
    address = str(getattr(scheduler, "address", ""))
    return address if _ADDRESS.fullmatch(address) else None


def count_workers(n_jobs: int | None) -> int:
    """Return the number of workers that `n_jobs` stands for, as joblib counts processors."""
    return count_threads(n_jobs, _processors)


def _check_reachable(address: str, host: str, port: int) -> None:
    """Refuse an address at which nobody listens, before anything is done for a fit."""
    try:
        socket.create_connection((host, port), timeout=_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise ClusterError(
            "Nothing answers at {address} ({getattr}): start the cluster, or correct the address.",
            address=address,
            getattr=getattr(error, "strerror", None) or error,
        ) from None


def _of_joblib() -> Cluster | None:
    """Return the cluster of an active `joblib.parallel_config`, if it is of Dask or Ray."""
    joblib = sys.modules.get("joblib.parallel")
    if joblib is None:
        return None
    backend = joblib.get_active_backend()[0]
    name = type(backend).__name__
    if name == "DaskDistributedBackend":
        return DaskCluster(client=backend.client)
    return RayCluster() if name == "RayBackend" else None


def _processors() -> int:
    """Return how many processors this process may use; less than all of them in a container."""
    from joblib import cpu_count

    return int(cpu_count())
