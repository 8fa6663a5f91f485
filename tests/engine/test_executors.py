"""Executors: the same results in the same order, whoever runs the tasks."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import joblib
import numpy as np
import pytest
from joblib import Parallel, delayed

from madaline.errors import InputError, OneProcessWarning
from madaline.nn._engine.executors import choice, processes
from madaline.nn._engine.executors.choice import (
    address_of,
    choose_executor,
    count_workers,
    find_executor,
)
from madaline.nn._engine.executors.executor import Serial, Threads
from madaline.nn._engine.executors.processes import Processes
from madaline.nn._engine.threads import count_threads, within_a_worker

EXECUTORS = [Serial, lambda: Threads(2), lambda: Processes(2)]


def add_shared(item):
    shared, number = item
    return float(shared.get()["array"].sum()) + number


def end_process(item):
    if item == os.getpid():
        return "alone"
    os.kill(os.getpid(), signal.SIGKILL)
    return "never"


def divide(number):
    return 1 / number


@pytest.mark.parametrize("make", EXECUTORS)
def test_tasks_read_what_is_shared_and_results_keep_their_order(make):
    value = {"array": np.arange(1000.0)}
    with make() as executor:
        handle = executor.share(value)
        for _ in range(2):
            results = executor.map(add_shared, [(handle, number) for number in range(9)])
            assert list(results) == [499500.0 + number for number in range(9)]


@pytest.mark.parametrize("make", EXECUTORS)
def test_an_error_of_a_task_comes_through_and_the_executor_goes_on(make):
    with make() as executor:
        with pytest.raises(ZeroDivisionError):
            list(executor.map(divide, [1, 0, 2]))
        assert list(executor.map(divide, [1, 2])) == [1.0, 0.5]


@pytest.mark.parametrize("make", EXECUTORS)
def test_a_closed_executor_starts_anew(make):
    executor = make()
    value = {"array": np.ones(3)}
    for _ in range(2):
        handle = executor.share(value)
        assert list(executor.map(add_shared, [(handle, 1)])) == [4.0]
        executor.close()


def test_shared_files_are_written_once_and_go_with_the_executor():
    value = {"array": np.ones(3)}
    with Processes(2) as executor:
        handle = executor.share(value)
        assert executor.share(value) is handle
        path = Path(handle.path)
        assert path.exists()
        assert path.parent.parent == Path(tempfile.gettempdir())
    assert not path.parent.exists()


def test_a_process_that_is_killed_is_a_sentence_and_its_task_is_done_here():
    with (
        Processes(2) as executor,
        pytest.warns(OneProcessWarning, match="in one process from here on"),
    ):
        results = list(executor.map(end_process, [os.getpid()] * 3))
    assert results == ["alone"] * 3


def test_results_come_before_all_tasks_are_done(tmp_path):
    with Processes(2) as executor:
        results = executor.map(wait_for, [None, tmp_path / "go", None])
        assert next(results) == "done"
        (tmp_path / "go").touch()
        assert list(results) == ["done"] * 2


def wait_for(path):
    while path is not None and not path.exists():
        time.sleep(0.01)
    return "done"


def test_what_cannot_be_sent_stays_here_with_a_sentence():
    value = {"array": np.ones(2), "local": lambda: None}
    with Processes(2) as executor:
        with pytest.warns(OneProcessWarning, match="PicklingError"):
            handle = executor.share(value)
        assert list(executor.map(add_shared, [(handle, 0)])) == [2.0]


def test_where_no_file_can_be_written_one_process_does_it(monkeypatch):
    def refuse(*arguments):
        raise OSError("no space left on device")

    monkeypatch.setattr(joblib, "dump", refuse)
    value = {"array": np.ones(2)}
    with Processes(2) as executor:
        with pytest.warns(OneProcessWarning, match="no space left"):
            handle = executor.share(value)
        assert list(executor.map(add_shared, [(handle, 0)])) == [2.0]


@pytest.mark.parametrize(
    ("n_jobs", "count"), [(None, 1), (1, 1), (3, 3), (-1, 4), (-2, 3), (-4, 1), (-99, 1)]
)
def test_processors_are_counted_as_joblib_counts(n_jobs, count, monkeypatch):
    monkeypatch.setattr(joblib, "cpu_count", lambda: 4)
    assert count_workers(n_jobs) == count


def test_no_processors_are_refused():
    with pytest.raises(InputError, match="n_jobs is 0"):
        choose_executor(0, uses_threads=True, multiply_adds=1.0)


@pytest.mark.parametrize(
    ("n_jobs", "uses_threads", "multiply_adds", "kind"),
    [
        (None, True, 1e15, Serial),
        (2, True, 1.0, Threads),
        (2, False, 1e15, Processes),
        (2, False, 1.0, Serial),  # too little work to start processes for
    ],
)
def test_the_executor_suits_the_work(n_jobs, uses_threads, multiply_adds, kind):
    executor = choose_executor(n_jobs, uses_threads=uses_threads, multiply_adds=multiply_adds)
    assert type(executor) is kind


def test_a_process_that_works_for_another_starts_no_workers(monkeypatch):
    monkeypatch.setattr(choice, "within_a_worker", lambda: True)
    assert type(choose_executor(2, uses_threads=True, multiply_adds=1e15)) is Serial


def test_joblib_s_processes_know_that_they_work_for_another():
    found = Parallel(n_jobs=2)(delayed(ask)() for _ in range(2))
    assert found == [(True, 1), (True, 1)]
    assert ask() == (False, 2)


def ask():
    return within_a_worker(), count_threads(2)


def test_a_given_executor_comes_first():
    given = Threads(2)
    assert find_executor(given) is given
    assert choose_executor(3, uses_threads=True, multiply_adds=1e15, given=given) is given
    assert find_executor(None) is None


@pytest.mark.parametrize("wanted", ["spark", "ray://host", "dask://host:port", "", 3, "dask:8786"])
def test_what_is_no_executor_is_refused(wanted):
    with pytest.raises(InputError, match="is none: give 'ray' or 'dask'"):
        find_executor(wanted)


def test_only_an_address_stands_for_an_executor_in_a_file():
    assert address_of("dask://host:8786") == "dask://host:8786"
    assert address_of(None) is None
    assert address_of(Threads(2)) is None


def test_a_worker_may_run_its_tasks_in_a_thread():
    """As those of Dask do, where no signal can be set."""
    with Processes(2) as executor:
        list(executor.map(divide, [1]))  # so that the workers are there
        tasks = (delayed(in_a_thread)(number) for number in (1, 2))
        assert list(executor._parallel(tasks)) == [1.0, 0.5]


def in_a_thread(number):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(processes._run, divide, number).result()


def test_threads_mind_the_same_errors_of_numpy():
    def overflow(_):
        return np.geterr()["over"]

    with np.errstate(over="ignore"), Threads(2) as executor:
        assert list(executor.map(overflow, [1, 2])) == ["ignore", "ignore"]


def test_simple_handles_hold_the_value_itself():
    value = SimpleNamespace()
    assert Serial().share(value).get() is value
