"""What a cluster costs and saves: one fit here, and on one and two workers of Dask and of Ray.

A made table of numbers is fitted with the same seed each time. A line gives the seconds of the
clock, the processor seconds of this process and of the tasks, how many tasks there were, what was
shared with all workers, and what went to the tasks and came back. The bits must be the same.

    python benchmarks/scale/workers.py --rows 20000 --effort 4 --engines dask ray
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline import AdaptiveClassifier
from madaline.nn._engine.executors.choice import find_executor
from madaline.nn._engine.executors.cluster import Cluster, Packed, Task
from madaline.nn._engine.executors.executor import Executor, Shared


def main(argv: Sequence[str] | None = None) -> int:
    """Print a line for each executor; return 1 if the bits differ."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--effort", type=int, default=4, help="epochs of a network, at most")
    parser.add_argument("--engines", nargs="*", default=["dask", "ray"], choices=["dask", "ray"])
    parser.add_argument("--workers", nargs="*", type=int, default=[1, 2])
    arguments = parser.parse_args(argv)
    X, y = _table(arguments.rows, arguments.columns)
    print(_HEADER)
    digests = {_measure("here", None, X, y, arguments.effort)}
    for engine in arguments.engines:
        for n_workers in arguments.workers:
            with _CLUSTERS[engine](n_workers) as wanted:
                name = f"{engine}, {n_workers}"
                digests.add(_measure(name, wanted, X, y, arguments.effort))
    return int(len(digests) > 1)


_HEADER = "executor   seconds  here s  tasks s  tasks  shared MB  sent MB  returned MB  bits"


def _table(n_rows: int, n_columns: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, n_columns)).astype(np.float32)
    signal = X[:, 0] * X[:, 1] + np.sin(2 * X[:, 2]) + 0.5 * X[:, 3:6].sum(axis=1)
    return X, (signal + rng.standard_normal(n_rows) > 0).astype(int)


def _measure(name: str, wanted: Any, X: np.ndarray, y: np.ndarray, effort: int) -> str:
    """Fit, print what that took, and return the beginning of a digest of all predictions."""
    counts = Counts()
    executor = None if wanted is None else _Counting(find_executor(wanted), counts)
    if executor is not None:  # so that workers have imported what they need
        list(executor.map(_ready, range(2 * executor.n_workers)))
        counts.reset()
    clock, processor = time.perf_counter(), time.process_time()
    model = AdaptiveClassifier(effort=effort, random_state=0, executor=executor).fit(X, y)
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    digest = hashlib.sha256(np.ascontiguousarray(model.oof_proba_).tobytes()).hexdigest()[:8]
    print(
        f"{name:9} {clock:8.1f} {processor:7.1f} {counts.seconds:8.1f} {counts.tasks:6}"
        f" {counts.shared / 1e6:10.1f} {counts.sent / 1e6:8.1f} {counts.returned / 1e6:12.1f}"
        f"  {digest}",
        flush=True,
    )
    return digest


def _ready(_: int) -> None:
    import sklearn.ensemble  # noqa: F401


@dataclass
class Counts:
    """What the tasks of a fit took."""

    tasks: int = 0
    seconds: float = 0.0  # of a processor
    shared: int = 0  # bytes that every worker gets
    sent: int = 0  # bytes of the tasks
    returned: int = 0  # bytes of their results

    def reset(self) -> None:
        """Count from zero."""
        self.__init__()  # type: ignore[misc]


class _Counting(Executor):
    """Counts what goes through another executor."""

    remote = True

    def __init__(self, cluster: Any, counts: Counts) -> None:
        assert isinstance(cluster, Cluster)
        self._cluster, self._counts = cluster, counts
        keep, submit, answer = cluster._keep, cluster._submit, cluster._answer

        def keep_counted(packed: Packed) -> Any:
            counts.shared += len(packed[0]) + sum(array.nbytes for array in packed[1])
            return keep(packed)

        def submit_counted(task: Task) -> Any:
            counts.sent += len(task.payload)
            return submit(task)

        def answer_counted(future: Any) -> Any:
            found = answer(future)
            counts.returned += len(found[2])
            return found

        cluster._keep, cluster._submit = keep_counted, submit_counted  # type: ignore[method-assign]
        cluster._answer = answer_counted  # type: ignore[method-assign]
        cluster.open()

    @property
    def n_workers(self) -> int:  # type: ignore[override]
        return self._cluster.n_workers

    def map(self, function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]:
        for result, seconds in self._cluster.map(_timed, [(function, item) for item in items]):
            self._counts.tasks += 1
            self._counts.seconds += seconds
            yield result

    def share(self, value: Any) -> Shared[Any]:
        return self._cluster.share(value)

    def close(self) -> None:
        self._cluster.close()


def _timed(task: tuple[Callable[[Any], Any], Any]) -> tuple[Any, float]:
    function, item = task
    started = time.process_time()
    return function(item), time.process_time() - started


@contextmanager
def _dask(n_workers: int) -> Iterator[Any]:
    from distributed import Client, LocalCluster

    settings = {"n_workers": n_workers, "threads_per_worker": 1}
    with (
        LocalCluster(host="127.0.0.1", dashboard_address="127.0.0.1:0", **settings) as workers,
        Client(workers, set_as_default=False) as client,
    ):
        yield client


@contextmanager
def _ray(n_workers: int) -> Iterator[str]:
    import os

    os.environ.setdefault("RAY_AUTH_MODE", "token")
    import ray

    ray.init("local", num_cpus=n_workers, include_dashboard=False, logging_level="error")
    try:
        yield "ray"
    finally:
        ray.shutdown()


_CLUSTERS = {"dask": _dask, "ray": _ray}

if __name__ == "__main__":
    raise SystemExit(main())
