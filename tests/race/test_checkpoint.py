from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.grids import grid
from tests.race.changed import changed

from madaline._race import checkpoint
from madaline._race.checkpoint import CheckpointFile, fingerprint, resume, save_checkpoint
from madaline._race.race import Race
from madaline._tables.io import spill
from madaline._tables.io.tensor_file import MODEL, write_tensor_file
from madaline._tables.splits.folds import FoldedRows
from madaline.errors import InputError, ModelFileError
from madaline.nn._engine.executors.executor import Serial, Threads
from madaline.nn._engine.numpy_backend import backend_named
from madaline.records.race_decisions import Stopped


def advance(race, records, decisions, epochs):
    """Run some epochs, or to the end, and write down what happens."""
    for _ in range(epochs):
        if race.finished:
            return
        for record, decision in race.run_epoch():
            if decision is None:
                records.append(record)
            else:
                decisions.append(decision)


def test_outputs_in_files_are_kept_and_go_on(make_dataset, plan, bits, tmp_path, monkeypatch):
    monkeypatch.setattr(spill, "MIN_SPILLED", 1)
    dataset = make_dataset("multiclass")
    whole, history = Race(plan, dataset, 5), ([], [])
    advance(whole, *history, 99)
    interrupted, before = Race(plan, dataset, 5), ([], [])
    advance(interrupted, *before, 2)
    save_checkpoint(tmp_path / "state", interrupted, *before)
    race = Race(plan, dataset, 5)
    resumed = resume(tmp_path / "state", race)
    for one in race.candidates.values():
        assert isinstance(one.output, spill.RowFile)
    advance(race, *resumed, 99)
    assert bits(race) == bits(whole)


@pytest.mark.parametrize(
    ("task", "busy"), grid(["binary", "multiclass", "regression"], [False, True])
)
def test_a_race_goes_on_after_any_epoch_and_ends_in_the_same_bits(
    task, busy, make_dataset, plan, busy_plan, bits, tmp_path
):
    plan = busy_plan if busy else plan
    dataset = make_dataset(task, weighted=task == "regression")
    whole, history = Race(plan, dataset, 5), ([], [])
    advance(whole, *history, 99)
    for stop in range(0, whole.epoch + 1, 3 if busy else 1):
        interrupted, before = Race(plan, dataset, 5), ([], [])
        advance(interrupted, *before, stop)
        save_checkpoint(tmp_path / "state", interrupted, *before)
        race = Race(plan, dataset, 5, executor=Threads(2))
        resumed = resume(tmp_path / "state", race)
        assert resumed == before
        assert race.epoch == interrupted.epoch == stop
        advance(race, *resumed, 99)
        assert bits(race) == bits(whole)
        assert resumed == history
        assert race.ensemble().weights == whole.ensemble().weights


def test_a_race_goes_on_with_the_backend_it_was_started_with(
    make_dataset, plan, bits, tmp_path, monkeypatch
):
    pytest.importorskip("numba", reason="numba is not installed")
    dataset = make_dataset()
    whole, history = Race(plan, dataset, 5, backend_named("numba")), ([], [])
    advance(whole, *history, 99)
    interrupted, before = Race(plan, dataset, 5, backend_named("numba")), ([], [])
    advance(interrupted, *before, 2)
    save_checkpoint(tmp_path / "state", interrupted, *before)
    race = Race(plan, dataset, 5)
    advance(race, *resume(tmp_path / "state", race), 99)
    assert bits(race) == bits(whole)

    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(checkpoint, "backend_named", missing)
    race = Race(plan, dataset, 5)
    with pytest.warns(UserWarning, match="started with numba, which is not installed"):
        resume(tmp_path / "state", race)
    assert race.backend.name == "numpy"


def test_the_state_of_another_version_is_refused_with_a_sentence(
    make_dataset, plan, tmp_path, monkeypatch
):
    race = Race(plan, make_dataset(), 5)
    advance(race, [], [], 1)
    monkeypatch.setattr(checkpoint, "FORMAT", 1)
    save_checkpoint(tmp_path / "state", race, [], [])
    monkeypatch.undo()
    with pytest.warns(UserWarning, match="another version of madaline.*from the beginning"):
        assert resume(tmp_path / "state", Race(plan, make_dataset(), 5)) is None


def other_races(dataset, plan):
    """Return races that differ from the usual one in one thing each."""
    target = dataset.target.copy()
    target[3] = 1 - target[3]
    features = {bins: matrix.copy() for bins, matrix in dataset.features.encoded.items()}
    features[16][0, 0] += 1
    weight = dataset.weight.copy()
    weight[0] += 1
    order, bounds = dataset.rows.order, dataset.rows.bounds
    return {
        "seed": Race(plan, dataset, 6),
        "epochs": Race(replace(plan, epochs=7), dataset, 5),
        "recipes": Race(replace(plan, recipes=plan.recipes[::-1]), dataset, 5),
        "target": Race(plan, replace(dataset, target=target), 5),
        "features": Race(plan, changed(dataset, features=features), 5),
        "weight": Race(plan, replace(dataset, weight=weight), 5),
        "no weight": Race(plan, replace(dataset, weight=None), 5),
        "order": Race(plan, replace(dataset, rows=FoldedRows(order[::-1].copy(), bounds)), 5),
        "folds": Race(plan, replace(dataset, rows=FoldedRows(order, (0, 20, 41, 61))), 5),
    }


def test_the_state_of_another_race_is_refused(make_dataset, plan, bits, tmp_path):
    dataset = make_dataset(weighted=True)
    race = Race(plan, dataset, 5)
    advance(race, [], [], 2)
    save_checkpoint(tmp_path / "state", race, [], [])
    for name, other in other_races(dataset, plan).items():
        before = bits(other)
        assert resume(tmp_path / "state", other) is None, name
        assert bits(other) == before, name


def test_the_fingerprint_does_not_depend_on_threads_or_progress(make_dataset, plan):
    first, second = (Race(plan, make_dataset(), 5, executor=one) for one in (Serial(), Threads(3)))
    expected = fingerprint(first)
    advance(second, [], [], 2)
    assert fingerprint(second) == expected


def test_a_damaged_state_is_refused(make_dataset, plan, tmp_path):
    path = tmp_path / "state"
    race = Race(plan, make_dataset(), 5)
    advance(race, [], [], 1)
    save_checkpoint(path, race, [], [])
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    for place in rng.integers(8, len(content), 20):
        changed = bytearray(content)
        changed[place] ^= 1
        path.write_bytes(changed)
        with pytest.raises(ModelFileError):
            resume(path, Race(plan, make_dataset(), 5))
    path.write_bytes(content[:-1])
    with pytest.raises(ModelFileError, match="damaged"):
        resume(path, Race(plan, make_dataset(), 5))


def test_a_state_that_could_not_be_read_is_not_written(make_dataset, plan, tmp_path, monkeypatch):
    path, race = tmp_path / "state", Race(plan, make_dataset(), 5)
    advance(race, [], [], 1)
    save_checkpoint(path, race, [], [])
    before = path.read_bytes()
    unreadable = [Stopped(1, "\ud800", 0.5, best_epoch=1)]
    with pytest.raises(InputError, match=r"state is not written, .*subject is '\\ud800'"):
        save_checkpoint(path, race, [], unreadable)
    assert path.read_bytes() == before
    monkeypatch.setattr(checkpoint, "CHECKPOINT_SECONDS", -1.0)
    file = CheckpointFile(path)
    with pytest.warns(UserWarning, match="The fit goes on, but cannot be resumed"):
        file.save_if_due(race, [], unreadable)
    assert (file.path, path.read_bytes()) == (None, before)


def test_a_model_is_no_checkpoint(make_dataset, plan, tmp_path):
    write_tensor_file(tmp_path / "model", MODEL, {}, {}, check=lambda *_: None)
    with pytest.raises(ModelFileError):
        resume(tmp_path / "model", Race(plan, make_dataset(), 5))
