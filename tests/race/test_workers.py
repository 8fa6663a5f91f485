from __future__ import annotations

import gc
import os
import signal
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import joblib
import numpy as np
import pytest
import threadpoolctl
from joblib import Parallel, delayed
from threadpoolctl import threadpool_info, threadpool_limits

from madaline.data.encoders.fold_features import FoldFeatures
from madaline.data.splits.folded_rows import FoldedRows
from madaline.engine import blas as threads
from madaline.engine.blas import one_threaded_products
from madaline.errors import InputError, OneProcessWarning, WorkerLostError
from madaline.nn.losses import BinaryCrossEntropy
from madaline.race import workers
from madaline.race.cohort import Cohort
from madaline.race.crew import Crew
from madaline.race.lesson import Duty
from madaline.race.race import Race
from madaline.race.serving import within_a_worker
from madaline.race.shared_memory import IN_MEMORY, SharedMemory
from madaline.race.workers import Workers, count_workers


def blas_threads():
    """Return the number of threads of each matrix library that NumPy brought."""
    assert np.ones((2, 2)).dot(np.ones(2)).sum() == 4
    counts = [info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas"]
    return counts or pytest.skip("NumPy's matrix library does not tell its number of threads")


@pytest.mark.parametrize(
    ("n_jobs", "count"), [(None, 1), (1, 1), (3, 3), (-1, 4), (-2, 3), (-4, 1), (-99, 1)]
)
def test_processors_are_counted_as_joblib_counts(n_jobs, count, monkeypatch):
    monkeypatch.setattr(joblib, "cpu_count", lambda: 4)
    assert count_workers(n_jobs) == count


def test_no_processors_are_refused():
    with pytest.raises(InputError, match="n_jobs is 0"):
        Workers(0)


def test_matrix_products_inside_take_one_thread_and_are_released_afterwards():
    with threadpool_limits(limits=2, user_api="blas"):
        before = blas_threads()
        with one_threaded_products(), one_threaded_products():
            assert set(blas_threads()) == {1}
        assert blas_threads() == before


def test_a_library_that_does_not_tell_its_threads_is_left_alone(monkeypatch):
    silent, other = SimpleNamespace(num_threads=None), SimpleNamespace(num_threads=3)
    other.set_num_threads = partial(setattr, other, "num_threads")
    found = SimpleNamespace(lib_controllers=[silent, other])
    monkeypatch.setattr(
        threadpoolctl, "ThreadpoolController", lambda: SimpleNamespace(select=lambda **_: found)
    )
    libraries = threads._libraries.__wrapped__()
    monkeypatch.setattr(threads, "_libraries", lambda: libraries)
    with one_threaded_products():
        assert other.num_threads == 1
    assert (silent.num_threads, other.num_threads) == (None, 3)


def test_networks_are_trained_with_products_on_one_thread(make_examples, plan, monkeypatch):
    seen = []
    train_group = Cohort.train_group

    def watched(cohort, *arguments):
        seen.extend(blas_threads())
        train_group(cohort, *arguments)

    monkeypatch.setattr(Cohort, "train_group", watched)
    with threadpool_limits(limits=2, user_api="blas"):
        before = blas_threads()
        run(Race(plan, make_examples(), 5))
        assert set(seen) == {1}
        assert blas_threads() == before


def test_products_of_a_worker_take_one_thread(monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    crew = Crew(2, 0)
    _, *infos = crew.run([int, threadpool_info, threadpool_info])
    crew.close()
    counts = {info["num_threads"] for own in infos for info in own if info["user_api"] == "blas"}
    assert counts <= {1}


@pytest.fixture
def processes(monkeypatch):
    """Let the smallest race be worth processes, and let warnings that there are none be errors."""
    monkeypatch.setattr(workers, "WORTH_PROCESSES", 0.0)
    monkeypatch.setattr(workers, "SOON_OVER", 0.0)
    before = set(shared_folders())
    yield
    gc.collect()
    assert set(shared_folders()) <= before


def shared_folders():
    """Return the folders in which this process shares arrays; tests beside it have others."""
    places = (IN_MEMORY, Path(tempfile.gettempdir()))
    return [folder for place in places for folder in place.glob(f"madaline-{os.getpid()}-*")]


def run(race):
    events = list(race.run())
    return [(record, decision) for record, decision in events]


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_processes_give_the_same_bits(task, make_examples, plan, bits, processes):
    def make():
        return make_examples(task, weighted=task == "binary")

    alone, two, three = (Race(plan, make(), 5, Workers(n_jobs)) for n_jobs in (1, 2, 3))
    assert run(alone) == run(two) == run(three)
    assert bits(alone) == bits(two) == bits(three)


def test_processes_give_the_same_bits_whatever_happens_in_the_race(
    make_examples, busy_plan, bits, processes
):
    alone, two = (Race(busy_plan, make_examples(), 5, Workers(n_jobs)) for n_jobs in (1, 2))
    history = run(alone)
    assert {"lower", "drop"} <= {one.action for _, one in history if one is not None}
    assert history == run(two)
    assert bits(alone) == bits(two)


def test_processes_see_what_each_fold_has_of_its_own(make_examples, plan, bits, processes):
    def make():
        values = np.random.default_rng(1).standard_normal((3, 61, 2)).astype(np.float32)
        return replace(make_examples(), fold_features=FoldFeatures(np.array([1, 3]), values))

    alone, two = (Race(plan, make(), 5, Workers(n_jobs)) for n_jobs in (1, 2))
    assert run(alone) == run(two)
    assert bits(alone) == bits(two)


def test_processes_end_with_the_race(make_examples, plan, processes):
    race = Race(plan, make_examples(), 5, Workers(3))
    events = race.run()
    next(events)
    crew = race.workers._crew
    started = list(crew._executor._processes.values())
    assert len(started) == 2
    assert crew.memory.folder.exists()
    for _ in events:
        pass
    assert not any(process.is_alive() for process in started)
    assert not crew.memory.folder.exists()


def test_what_a_metric_holds_need_not_be_sent(make_examples, plan, bits, processes):
    def make():
        examples = make_examples()
        spread = SimpleNamespace(distance=lambda output, places: float(np.ptp(output)))
        return replace(examples, metric=spread)

    alone, two = (Race(plan, make(), 5, Workers(n_jobs)) for n_jobs in (1, 2))
    assert run(alone) == run(two)
    assert bits(alone) == bits(two)


def test_a_worker_that_is_killed_is_a_sentence(make_examples, plan, processes):
    race = Race(plan, make_examples(), 5, Workers(2))
    events = race.run()
    next(events)
    pid = next(iter(race.workers._crew._executor._processes))
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(WorkerLostError, match=r"ended from outside.*try again with fewer"):
        list(events)


def test_an_error_in_a_worker_comes_through(make_examples, plan, processes):
    race = Race(plan, make_examples(), 5, Workers(2))
    events = race.run()
    next(events)
    for cohort in race.cohorts:
        cohort.batch_size = 0
        cohort.keep(range(len(cohort.recipes)))  # so that it is shown anew
    with pytest.raises(ZeroDivisionError):
        list(events)


def test_where_processes_cannot_be_had_one_does_it_with_a_sentence(
    make_examples, plan, bits, processes, monkeypatch
):
    def refuse(*arguments):
        raise OSError("no space left on device")

    monkeypatch.setattr(workers, "Crew", refuse)
    alone, two = (Race(plan, make_examples(), 5, Workers(n_jobs)) for n_jobs in (1, 2))
    run(alone)
    with pytest.warns(OneProcessWarning, match=r"in one process.*no space left") as warned:
        run(two)
    assert len(warned) == 1
    assert bits(alone) == bits(two)


def test_where_there_is_no_room_for_duties_one_process_does_it_with_a_sentence(
    make_examples, plan, bits, processes, monkeypatch
):
    keep = SharedMemory.keep

    def refuse(memory, thing, content=None):
        if isinstance(thing, Duty):
            raise OSError("no space left on device")
        keep(memory, thing, content)

    monkeypatch.setattr(SharedMemory, "keep", refuse)
    alone, two = (Race(plan, make_examples(), 5, Workers(n_jobs)) for n_jobs in (1, 2))
    run(alone)
    with pytest.warns(OneProcessWarning, match=r"in one process.*no space left"):
        run(two)
    assert bits(alone) == bits(two)


def test_an_epoch_that_was_interrupted_ends_the_processes_and_the_next_starts_others(
    make_examples, plan, processes, monkeypatch
):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    race = Race(plan, make_examples(), 5, Workers(2))
    list(race.run_epoch())
    before = race.workers._crew
    with monkeypatch.context() as here:
        here.setattr(Cohort, "train_group", interrupted)
        with pytest.raises(KeyboardInterrupt):
            list(race.run_epoch())
    assert before.closed
    assert len(list(race.run_epoch())) >= len(plan.recipes) - 1
    assert not race.workers._crew.closed
    race.workers.close()


def test_one_process_draws_the_order_of_an_epoch_once_for_all_cohorts(
    make_examples, plan, monkeypatch
):
    drawn, batches = [], FoldedRows.batches

    def watched(rows, *arguments):
        drawn.append(rows)
        return batches(rows, *arguments)

    monkeypatch.setattr(FoldedRows, "batches", watched)
    race = Race(plan, make_examples(), 5)
    assert len(race.cohorts) > 1
    list(race.run_epoch())
    assert len(drawn) == 1


def test_examples_that_cannot_be_sent_stay_here(make_examples, plan, bits, processes):
    class Local(BinaryCrossEntropy):
        """A loss that other processes cannot find."""

    alone, two = (
        Race(plan, replace(make_examples(), loss=Local()), 5, Workers(n_jobs)) for n_jobs in (1, 2)
    )
    run(alone)
    with pytest.warns(OneProcessWarning, match="in one process"):
        run(two)
    assert bits(alone) == bits(two)


def test_small_races_start_no_processes(make_examples, plan, monkeypatch):
    monkeypatch.setattr(workers, "Crew", None)
    run(Race(plan, make_examples(), 5, Workers(2)))


def test_a_process_that_works_for_another_starts_none(make_examples, plan, processes, monkeypatch):
    monkeypatch.setattr(workers, "Crew", None)
    monkeypatch.setattr(workers, "within_a_worker", lambda: True)
    run(Race(plan, make_examples(), 5, Workers(2)))


def test_joblib_s_processes_know_that_they_work_for_another():
    found = Parallel(n_jobs=2, backend="loky")(delayed(within_a_worker)() for _ in range(2))
    assert found == [True, True]
    assert not within_a_worker()


def test_no_more_processes_start_than_there_are_networks(
    make_examples, plan, processes, monkeypatch
):
    counts = []

    def start(n_workers, n_bytes):
        counts.append(n_workers)
        return Crew(2, n_bytes)

    monkeypatch.setattr(workers, "Crew", start)
    run(Race(plan, make_examples(), 5, Workers(99)))
    assert counts == [4 * 3 - 1]  # and this one
