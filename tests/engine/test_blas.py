"""Matrix libraries on one thread, for as long as anybody needs it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import threadpoolctl
from threadpoolctl import threadpool_info, threadpool_limits

from madaline.nn._engine import blas
from madaline.nn._engine.blas import one_threaded_products


def blas_threads():
    """Return the number of threads of each matrix library that NumPy brought."""
    assert np.ones((2, 2)).dot(np.ones(2)).sum() == 4
    counts = [info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas"]
    return counts or pytest.skip("NumPy's matrix library does not tell its number of threads")


def test_matrix_products_inside_take_one_thread_and_are_released_afterwards():
    with threadpool_limits(limits=2, user_api="blas"):
        before = blas_threads()
        with one_threaded_products(), one_threaded_products():
            assert set(blas_threads()) == {1}
        assert blas_threads() == before


def test_a_thread_is_limited_after_another_one_was():
    with threadpool_limits(limits=2, user_api="blas"):
        with one_threaded_products():
            pass
        before = blas_threads()
        with ThreadPoolExecutor() as threads:
            assert set(threads.submit(threads_inside).result()) == {1}
        assert blas_threads() == before


def threads_inside():
    with one_threaded_products():
        return blas_threads()


def test_a_library_that_is_found_meanwhile_is_limited_and_released(monkeypatch):
    libraries = [SimpleNamespace(num_threads=3) for _ in range(2)]
    for library in libraries:
        library.set_num_threads = partial(setattr, library, "num_threads")
    limit = blas._Limit()
    monkeypatch.setattr(blas, "_libraries", lambda: libraries[:1])
    with limit.held():
        monkeypatch.setattr(blas, "_libraries", lambda: libraries)
        limit.look_again()
        assert [library.num_threads for library in libraries] == [1, 1]
    assert [library.num_threads for library in libraries] == [3, 3]


def test_a_library_that_does_not_tell_its_threads_is_left_alone(monkeypatch):
    silent, other = SimpleNamespace(num_threads=None), SimpleNamespace(num_threads=3)
    found = SimpleNamespace(lib_controllers=[silent, other])
    monkeypatch.setattr(
        threadpoolctl, "ThreadpoolController", lambda: SimpleNamespace(select=lambda **_: found)
    )
    assert blas._libraries() == [other]
