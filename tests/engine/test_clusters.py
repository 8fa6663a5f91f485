"""Dask and Ray with two workers of this machine: the same bits, and what goes wrong is said."""

from __future__ import annotations

import gc
import logging
import os
import pickle
import signal
import subprocess
import sys
import warnings
from contextlib import contextmanager
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from madaline import AdaptiveClassifier
from madaline._apps.cli import main
from madaline._models.fitting import sampling
from madaline._race import stored_rows
from madaline.errors import ClusterError, InputError, OpenClusterWarning, WorkerLostWarning
from madaline.nn._engine.executors import cluster
from madaline.nn._engine.executors.choice import (
    MIN_PROCESS_WORK,
    choose_executor,
    count_workers,
    find_executor,
)
from madaline.nn._engine.threads import within_a_worker

cloudpickle = pytest.importorskip("cloudpickle", reason="comes with the extras dask and ray")
cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers do not import tests

ENGINES = ["dask", "ray"]


@pytest.fixture(scope="module")
def dask():
    """Return a client of two workers of Dask."""
    distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")
    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"}
    with (
        distributed.LocalCluster(host="127.0.0.1", **settings) as workers,
        distributed.Client(workers, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def ray():
    """Return Ray, with two workers."""
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Ray's imports and pipes warn of
        ray = pytest.importorskip("ray", reason="the extra ray is not installed")
        ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False)
        yield ray
        ray.shutdown()
        del ray
        gc.collect()  # old releases leave processes that warn when they are forgotten


@pytest.fixture(params=ENGINES)
def wanted(request):
    """Return what `executor` may be for each engine that is installed."""
    client = request.getfixturevalue(request.param)
    return client if request.param == "dask" else "ray"


@pytest.fixture
def executor(wanted):
    with find_executor(wanted) as executor:
        yield executor


def add_shared(item):
    shared, number = item
    return float(shared.get()["array"].sum()) + number


def divide(number):
    return 1 / number


def end_worker_once(item):
    path, number = Path(item[0]), item[1]
    if number == 1 and not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def lack_memory(_):
    raise MemoryError("no 8 GiB")


def describe_worker(_):
    kind = type(choose_executor(2, uses_threads=True, multiply_adds=1e15)).__name__
    return within_a_worker(), kind, count_workers(-1)


def fit_in_worker(seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((80, 3))
    model = AdaptiveClassifier(effort=2, members="networks", random_state=0, n_jobs=2).fit(
        X, X[:, 0] > 0
    )
    return model.predict_proba(X)


def worker_process(_):
    return os.getpid()


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((120, 4))
    return X, (X[:, 0] * X[:, 1] + 0.3 * rng.standard_normal(120) > 0).astype(int)


@pytest.fixture(scope="module")
def expected(table):
    """Return the out-of-fold probabilities of a fit in this process."""
    return AdaptiveClassifier(effort=4, random_state=0).fit(*table).oof_proba_


def test_tasks_read_what_is_shared_and_results_keep_their_order(executor):
    value = {"array": np.arange(1000.0)}
    handle = executor.share(value)
    assert executor.share(value) is handle
    assert handle.get() is value
    for _ in range(2):
        results = executor.map(add_shared, [(handle, number) for number in range(5)])
        assert list(results) == [499500.0 + number for number in range(5)]
    assert executor.n_workers == 2
    assert executor.n_local_workers == 1


def test_a_closed_executor_starts_anew(executor):
    for _ in range(2):
        handle = executor.share({"array": np.ones(3)})
        assert list(executor.map(add_shared, [(handle, 1)])) == [4.0]
        executor.close()


def test_an_error_of_a_task_comes_through_and_the_executor_goes_on(executor):
    with pytest.raises(ZeroDivisionError) as caught:
        list(executor.map(divide, [1, 0, 2]))
    assert "On the worker" in "".join(caught.value.__notes__)
    assert list(executor.map(divide, [1, 2])) == [1.0, 0.5]


def test_a_task_whose_worker_is_killed_runs_again(executor, tmp_path):
    handle, path = executor.share({"array": np.ones(3)}), str(tmp_path / "killed")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", WorkerLostWarning)
        assert list(executor.map(end_worker_once, [(path, n) for n in range(3)])) == [0, 1, 2]
        assert list(executor.map(add_shared, [(handle, 1)])) == [4.0]
    (warning,) = told
    assert "they run again, and the result stays the same" in str(warning.message)


def test_a_task_that_is_lost_again_and_again_is_given_up(executor, monkeypatch):
    answers = []

    def lose(future):
        answers.append(future)
        raise cluster.TaskLostError("the worker rack-7 ended.")

    monkeypatch.setattr(executor, "_answer", lose)
    lost = r"lost with a worker 4 times, at last: the worker rack"
    with pytest.warns(WorkerLostWarning), pytest.raises(ClusterError, match=lost):
        list(executor.map(divide, [1]))
    assert len(answers) == 4


def test_a_scheduler_that_gave_a_task_up_has_named_the_worker(dask):
    from distributed import KilledWorker

    class Killed:
        def result(self):
            last = type("Worker", (), {"address": "tcp://rack-7:4000"})
            raise KilledWorker("task", last, 3)

    executor = find_executor(dask)
    with pytest.raises(ClusterError, match=r"the last one tcp://rack-7:4000: workers mostly end"):
        executor._answer(Killed())


def test_a_worker_without_memory_is_named(executor):
    named = r"worker .*, process \d+ ran out of memory. no 8 GiB"
    with pytest.warns(WorkerLostWarning), pytest.raises(ClusterError, match=named):
        list(executor.map(lack_memory, [1]))


def test_a_worker_with_another_version_is_named(executor, monkeypatch):
    ours = cluster.versions() | {"NumPy": "1.9", "numba": "0.1"}
    monkeypatch.setattr(cluster, "versions", lambda: ours)
    with pytest.raises(ClusterError, match=rf"has NumPy {np.__version__} instead of 1\.9"):
        list(executor.map(divide, [1]))


def test_workers_start_no_workers_of_their_own(executor):
    assert list(executor.map(describe_worker, [0])) == [(True, "Serial", 1)]
    assert not within_a_worker()


def test_a_fit_within_a_task_gives_the_same_bits(executor):
    (result,) = executor.map(fit_in_worker, [0])
    np.testing.assert_array_equal(result, fit_in_worker(0))


def test_a_fit_gives_the_same_bits_though_a_worker_is_killed(wanted, table, expected):
    with find_executor(wanted) as executor:
        process = next(iter(executor.map(worker_process, [0])))

    def kill(event):
        nonlocal process
        if event.epoch == 2 and process:
            os.kill(process, signal.SIGKILL)
            process = 0

    model = AdaptiveClassifier(effort=4, random_state=0, executor=wanted)
    with pytest.warns(WorkerLostWarning, match="Tasks were lost with a worker of the cluster"):
        model.fit(*table, on_event=kill)
    assert process == 0
    np.testing.assert_array_equal(model.oof_proba_, expected)


def test_a_large_table_in_blocks_gives_the_same_bits(wanted, monkeypatch):
    for module, name, n_rows in [
        (sampling, "MIN_ROWS", 400),
        (sampling, "SAMPLE", 300),
        (stored_rows, "MAX_BLOCK", 256),
        (stored_rows, "_MIN_BLOCK", 64),
    ]:
        monkeypatch.setattr(module, name, n_rows)
    rng = np.random.default_rng(2)
    X = rng.standard_normal((1000, 3))
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    one = AdaptiveClassifier(effort=3, random_state=0)
    other = clone(one).set_params(executor=wanted).fit(X, y)
    np.testing.assert_array_equal(one.fit(X, y).predict_proba(X), other.predict_proba(X))
    assert len(one.model_.summary.members)


def test_trees_give_the_same_bits(wanted):
    rng = np.random.default_rng(1)
    X = rng.integers(0, 4, (400, 3)).astype(float)
    y = (X.sum(axis=1) % 3 > 0).astype(int)
    one = AdaptiveClassifier(effort=2, random_state=0)
    other = clone(one).set_params(executor=wanted)
    np.testing.assert_array_equal(one.fit(X, y).oof_proba_, other.fit(X, y).oof_proba_)


def test_joblib_s_backend_trains_long_fits(request):
    client = request.getfixturevalue("dask")
    with joblib.parallel_config("dask", client=client):
        kinds = [
            type(choose_executor(n_jobs, uses_threads=True, multiply_adds=work)).__name__
            for n_jobs, work in [(None, MIN_PROCESS_WORK), (1, MIN_PROCESS_WORK), (None, 1.0)]
        ]
    assert kinds == ["DaskCluster", "Serial", "Serial"]


def test_joblib_s_backend_of_ray_trains_long_fits(ray):
    from ray.util.joblib import register_ray

    register_ray()
    with joblib.parallel_config("ray"):
        chosen = choose_executor(None, uses_threads=True, multiply_adds=MIN_PROCESS_WORK)
    assert type(chosen).__name__ == "RayCluster"


def test_a_client_is_cloned_as_it_is_and_pickled_as_its_address(dask, table):
    model = AdaptiveClassifier(effort=1, random_state=0, executor=dask)
    assert clone(model).executor is dask
    assert clone(model).get_params()["executor"] is dask
    assert model.executor is dask
    again = pickle.loads(pickle.dumps(model.fit(*table)))
    assert again.executor == dask.scheduler.address
    np.testing.assert_array_equal(again.oof_proba_, model.oof_proba_)


def test_the_command_trains_on_an_address(dask, penguins, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fit = ["fit", str(penguins), "--target", "species", "--effort", "2", "-q", "-o"]
    address = dask.scheduler.address.replace("tcp://", "dask://")
    assert main([*fit, "one.madaline"]) == 0
    assert main([*fit, "two.madaline", "--on", address]) == 0
    assert Path("one.madaline").read_bytes() == Path("two.madaline").read_bytes()


@contextmanager
def short_lived_scheduler():
    """Yield the address of a scheduler with a worker, and the process of both."""
    code = (
        "from distributed import LocalCluster; import time\n"
        "with LocalCluster(1, processes=False, protocol='tcp', threads_per_worker=2,"
        " host='127.0.0.1', dashboard_address='127.0.0.1:0') as workers:\n"
        "    print(workers.scheduler_address, flush=True); time.sleep(600)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().strip(), process
    finally:
        process.kill()
        process.communicate()


def test_a_lost_scheduler_is_a_sentence_and_the_fit_goes_on_from_its_checkpoint(
    tmp_path, monkeypatch, capsys
):
    distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("madaline._race.checkpoint.CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr("madaline._race.checkpoint.CHECKPOINT_SHARE", 1e9)
    from madaline._race.race import Race

    rows = "".join(f"{n % 7},{n * n % 11},{n * n % 3}\n" for n in range(60))
    Path("rows.csv").write_text(f"a,b,c\n{rows}")
    fit = ["fit", "rows.csv", "--target", "c", "--effort", "4", "-q", "-o"]
    with short_lived_scheduler() as (address, process):
        run_epoch = Race.run_epoch

        def lose(race, stop):
            if race.epoch == 2:
                monkeypatch.setattr(distributed.Client, "_reconnect", distributed.Client._close)
                process.kill()
                process.wait()
            yield from run_epoch(race, stop)

        monkeypatch.setattr(Race, "run_epoch", lose)
        assert main([*fit, "lost.madaline", "--on", address]) != 0
    said = capsys.readouterr().err
    assert f"The connection to the Dask scheduler at {address} was lost" in said
    assert "the same command goes on after epoch 2" in said
    monkeypatch.setattr(Race, "run_epoch", run_epoch)
    assert main([*fit, "lost.madaline"]) == 0
    assert main([*fit, "whole.madaline"]) == 0
    assert Path("lost.madaline").read_bytes() == Path("whole.madaline").read_bytes()


def test_ray_starts_where_it_was_imported_before():
    pytest.importorskip("ray", reason="the extra ray is not installed")
    code = (
        "import ray\n"
        "from madaline.nn._engine.executors.choice import find_executor\n"
        "with find_executor('ray') as executor:\n"
        "    print(list(executor.map(abs, [-3, 2])), executor.n_workers > 0)\n"
        "from ray._private.authentication.authentication_utils import is_token_auth_enabled\n"
        "print(is_token_auth_enabled())"
    )
    given = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=given)
    assert done.stdout.splitlines() == ["[3, 2] True", "True"], done.stderr


def test_a_lost_ray_is_a_sentence(executor_of_ray, monkeypatch):
    def lose(_):
        raise ConnectionError("Client is shutting down.")

    monkeypatch.setattr(executor_of_ray._ray, "get", lose)
    with pytest.raises(ClusterError, match=r"connection to the Ray cluster .* was lost"):
        list(executor_of_ray.map(divide, [1]))


def test_workers_of_this_machine_start_or_say_why_and_end_without_lines(monkeypatch):
    distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")
    settings = {}

    def start(**given):
        settings.update(given)
        raise RuntimeError("Nanny failed to start.")

    monkeypatch.setattr(distributed, "LocalCluster", start)
    with pytest.raises(ClusterError, match=r"Nanny failed to start\.\): in a script, fit within"):
        find_executor("dask").open()
    assert settings["silence_logs"] > logging.ERROR  # "Failed to communicate with scheduler"


@pytest.fixture
def executor_of_ray(ray):
    with find_executor("ray") as executor:
        yield executor


@pytest.mark.parametrize("address", ["dask://127.0.0.1:1", "ray://127.0.0.1:1", "tls://[::1]:1"])
def test_an_address_at_which_nobody_answers_is_refused(address, table):
    module = "ray" if address.startswith("ray") else "distributed"
    pytest.importorskip(module, reason="without the extra, that is what is told")
    with pytest.raises(ClusterError, match="Nothing answers at"):
        AdaptiveClassifier(executor=address).fit(*table)


@pytest.mark.parametrize(("engine", "module"), [("dask", "distributed"), ("ray", "ray")])
def test_a_missing_package_names_the_extra(engine, module, table, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError, match=rf"needs {module}: .*extra {engine} of madaline"):
        AdaptiveClassifier(executor=engine).fit(*table)


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("tcp://127.0.0.1:8786", True),
        ("ray://localhost:10001", True),
        ("tls://[::1]:8786", True),
        ("inproc://10.0.0.1/3/1", True),
        ("10.0.0.1:6379", False),
        ("ray://head:10001", False),
    ],
)
def test_loopback_is_told_from_other_addresses(address, loopback):
    assert cluster.is_loopback(address) is loopback


def test_an_open_scheduler_is_warned_of(dask, monkeypatch):
    monkeypatch.setattr("madaline.nn._engine.executors.dask_cluster.is_loopback", lambda _: False)
    with (
        pytest.warns(OpenClusterWarning, match="let it use TLS"),
        find_executor(dask.scheduler.address) as executor,
    ):
        executor.open()


def test_an_open_ray_is_warned_of(ray, monkeypatch):
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch.setattr("madaline.nn._engine.executors.choice._check_reachable", lambda *_: None)
    executor = find_executor("ray://head:10001")
    monkeypatch.setattr(executor._ray, "init", lambda *_, **__: None)
    with pytest.warns(OpenClusterWarning, match="ask for a token"):
        executor._connect()
