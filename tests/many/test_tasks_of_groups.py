"""A task fits one group: what goes wrong is a sentence, what is warned of is kept."""

from __future__ import annotations

import hashlib
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

from madaline._models.fitting import many
from madaline._models.fitting.finished_fits import Done, FinishedFits
from madaline._models.fitting.many import (
    COMMON,
    ManyOptions,
    _executor,
    _fits,
    _index_of,
    _run,
    _Task,
)
from madaline._models.model.many import Compared, Entry
from madaline._race.evaluation.score import Score
from madaline.errors import InputError, LeakWarning
from madaline.records.race_decisions import Interrupted


class Job:
    """Stands for rows, whose fit does what it is told."""

    weight = None

    def __init__(self, target, does=None):
        self.target, self.does = np.asarray(target, float), does

    def take(self, rows, without):
        return Job(self.target[rows], self.does)

    def fit(self, seed):
        warnings.warn("x leaks", LeakWarning, stacklevel=1)
        warnings.warn("of no interest", DeprecationWarning, stacklevel=1)
        if isinstance(self.does, BaseException):
            raise self.does
        score = Score("rmse", 0.5, 0.1, 1.0, False)
        summary = SimpleNamespace(scores=(score, "other"))
        model = SimpleNamespace(
            summary=summary, decisions=self.does or (), to_bytes=lambda: bytes([seed, 7])
        )
        return model, self.target + 1


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    losses = lambda model, unseen, truth: ("rmse", np.square(unseen - truth))  # noqa: E731
    monkeypatch.setattr(many, "row_losses", losses)
    monkeypatch.setattr(many, "needed_columns", lambda _: ["x", "z"])
    monkeypatch.setattr(many, "reading_options", lambda _: {"categories": ["z"]})


def task(does=None, **more):
    given = {"number": 1, "entry": Entry(("a",), 3, 5), "whole": Job([1, 2, 3, 4], does)}
    return _Task(**given | {"rows": np.array([0, 2, 3]), "without": ("store",)} | more)


def test_what_comes_of_a_fit_is_kept():
    done = _run(task())
    assert bytes(done.model) == bytes([5, 7])
    assert (
        done.entry.checksum == hashlib.sha256(bytes([5, 7])).hexdigest()[: len(done.entry.checksum)]
    )
    assert (done.entry.score.metric, done.entry.error, done.entry.n_rows) == ("rmse", "", 3)
    assert (done.metric, done.losses.tolist()) == ("rmse", [1, 1, 1])
    assert done.notes == (("LeakWarning", "x leaks"),)
    assert (done.columns, done.texts) == (("x", "z"), ("z",))


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (InputError("One value."), "One value."),
        (MemoryError(), "There is not enough memory for its rows."),
        (ZeroDivisionError("by 0"), "This is a bug in madaline (ZeroDivisionError: by 0): please"),
        (InputError("a" * 1200), "a" * 1000),
    ],
)
def test_what_goes_wrong_in_a_group_is_a_sentence(error, sentence):
    done = _run(task(error))
    assert done.entry.error.startswith(sentence)
    assert len(done.entry.error) <= 1000
    assert done.model is None


def test_an_interrupted_fit_ends_all():
    with pytest.raises(KeyboardInterrupt):
        _run(task((Interrupted(3, "the race", 0.5, 2),)))


def test_a_worker_is_sent_the_rows_of_its_group_alone():
    sent = task().__getstate__()
    assert sent["whole"].target.tolist() == [1, 3, 4]
    assert (sent["rows"], sent["without"], sent["number"]) == (None, (), 1)
    whole = task(rows=None)
    assert whole.job is whole.whole


def test_a_fingerprint_is_that_of_rows_seed_and_key():
    one, same = task().fingerprint, task(number=9).fingerprint
    assert one == same != ""
    others = [
        task(rows=np.array([0, 1, 3])),
        task(entry=Entry(("b",), 3, 5)),
        task(entry=Entry(("a",), 3, 6)),
    ]
    assert len({one, *(other.fingerprint for other in others)}) == 4
    local = task(lambda: None)
    assert local.fingerprint == ""


def test_fits_come_as_they_are_done_and_the_long_ones_start_first(monkeypatch, tmp_path):
    numbers = np.repeat([0, 1, 2, 3], [2, 5, 9, 7])
    grouped = SimpleNamespace(
        keys=[(key,) for key in "abcd"],
        numbers=numbers,
        rows=lambda: [np.flatnonzero(numbers == number) for number in range(4)],
    )
    started, workers = [], []

    class Executor:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def map(self, function, tasks):
            started.extend(one.number for one in tasks)
            return map(function, tasks)

    def executor(*given):
        workers.append(given)
        return Executor()

    monkeypatch.setattr(many, "_executor", executor)
    options = ManyOptions(("key",), "y", "regression", min_rows=3, common=True)
    path = tmp_path / "fits"
    monkeypatch.setattr(many, "_seed_of", lambda *_: 3)
    first = FinishedFits(path)
    found = list(_fits(Job(np.arange(23)), grouped, options, first, (2, "here")))
    first.close()
    assert [number for number, _ in found] == [0, COMMON, 2, 3, 1]
    assert started == [COMMON, 2, 3, 1]
    assert workers == [(4, 2, "here")]
    assert [bool(done.entry.error) for _, done in found] == [True, False, False, False, False]
    again = FinishedFits(path)
    resumed = list(_fits(Job(np.arange(23)), grouped, options, again, (2, "here")))
    again.close()
    assert [number for number, _ in resumed] == [COMMON, 0, 1, 2, 3]
    assert [done.before for _, done in resumed] == [True, False, True, True, True]
    assert workers[1:] == [(0, 2, "here")]


@pytest.mark.parametrize(("n_fits", "n_jobs", "n_workers"), [(5, 2, 2), (1, 2, 1), (0, 2, 1)])
def test_there_are_no_more_workers_than_fits(monkeypatch, n_fits, n_jobs, n_workers):
    monkeypatch.setattr(many, "count_workers", lambda n_jobs: n_jobs)
    monkeypatch.setattr(many, "choose_executor", lambda n, **options: (n, options))
    found, options = _executor(n_fits, n_jobs, None)
    assert found == n_workers
    assert not options["uses_threads"]
    assert options["multiply_adds"] == np.inf


def test_the_index_has_groups_in_their_order_and_columns_once():
    def done(key, columns, texts):
        return Done(Entry(key, 3, 0), columns=columns, texts=texts)

    fits = {
        2: done(("c",), ("x", "b"), ()),
        COMMON: done((), ("a",), ("a",)),
        0: done(("a",), ("x",), ("x",)),
    }
    compared = Compared("rmse", 3, 1.0, 2.0, 0.5, 0.1)
    index = _index_of(fits, ManyOptions(("key",), "y", "regression"), compared)
    assert [entry.key for entry in index.entries] == [("a",), ("c",)]
    assert (index.columns, index.texts) == (("a", "b", "x"), ("a", "x"))
    assert (index.common.key, index.compared) == ((), compared)
    del fits[COMMON]
    assert _index_of(fits, ManyOptions(("key",), "y", "regression"), None).common is None
