from __future__ import annotations

import os
import threading
import time

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from madaline.errors import InputError
from madaline.training.threads import Workers, count_threads


def blas_threads():
    """Return the number of threads of each matrix library that NumPy brought."""
    assert np.ones((2, 2)).dot(np.ones(2)).sum() == 4
    counts = [info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas"]
    return counts or pytest.skip("NumPy's matrix library does not tell its number of threads")


@pytest.mark.parametrize(
    ("n_jobs", "threads"), [(None, 1), (1, 1), (3, 3), (-1, 4), (-2, 3), (-4, 1), (-99, 1)]
)
def test_threads_are_counted_as_joblib_counts(n_jobs, threads, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert count_threads(n_jobs) == threads


def test_no_threads_are_refused():
    with pytest.raises(InputError, match="n_jobs is 0"):
        Workers(0)


@pytest.mark.parametrize("n_jobs", [1, 2, 5])
def test_results_come_in_the_order_of_the_tasks(n_jobs):
    def slow_at_first(number):
        time.sleep(0.01 if number == 0 else 0)
        return number * number

    assert Workers(n_jobs).map(slow_at_first, range(20)) == [number**2 for number in range(20)]
    assert Workers(n_jobs).map(slow_at_first, []) == []


def test_tasks_run_side_by_side():
    meeting = threading.Barrier(3)
    places = Workers(3).map(lambda _: meeting.wait(timeout=30), range(3))
    assert sorted(places) == [0, 1, 2]


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_matrix_products_inside_take_one_thread_and_are_released_afterwards(n_jobs):
    with threadpool_limits(limits=2, user_api="blas"):
        before = blas_threads()
        seen = Workers(n_jobs).map(lambda _: blas_threads(), range(4))
        assert {count for counts in seen for count in counts} == {1}
        assert blas_threads() == before


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_an_error_in_a_task_comes_through_and_the_threads_are_released(n_jobs):
    def fail(number):
        if number == 2:
            raise RuntimeError("the third task")
        return number

    with threadpool_limits(limits=2, user_api="blas"):
        before = blas_threads()
        with pytest.raises(RuntimeError, match="the third task"):
            Workers(n_jobs).map(fail, range(4))
        assert blas_threads() == before
