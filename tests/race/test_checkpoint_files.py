"""When a checkpoint is written, whose key it has, and which states make no sense."""

from __future__ import annotations

import os
import stat
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from madaline._base.json_checks import Malformed
from madaline._race import checkpoint
from madaline._race.checkpoint import (
    CheckpointFile,
    _check_candidate,
    _check_shape,
    _problems,
    user_key,
)
from madaline._race.recipe import TableRecipe
from madaline._race.state import Candidate
from madaline.errors import InputError, ModelFileError
from madaline.records.history import Record

RACE = SimpleNamespace(epoch=4)


class Clock:
    """A clock that tests turn on."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(checkpoint, "time", clock)
    return clock


@pytest.fixture
def saved(monkeypatch, clock):
    """The times at which the state was saved; saving takes a second."""
    times = []

    def save(path, race, records, decisions):
        times.append(clock.now)
        clock.now += saved_takes[0]

    saved_takes = [1.0]
    monkeypatch.setattr(checkpoint, "save_checkpoint", save)
    times.append(saved_takes)  # how long saving takes
    return times


def test_the_state_is_saved_every_five_seconds_or_for_a_twentieth_of_the_time(
    tmp_path, clock, saved
):
    takes, file = saved.pop(), CheckpointFile(tmp_path / "m")
    due = []
    for second in range(60):
        clock.now = max(clock.now, 100.0 + second)
        before = len(saved)
        takes[0] = 1.0 if len(saved) else 0.1
        file.save_if_due(RACE, [], [])
        due += [second] * (len(saved) > before)
    # more than five seconds later; saving took .1 and then 1 second, which is due after 20 more
    assert due == [6, 12, 34, 56]
    assert file.epoch == 4


def test_the_clock_starts_anew(tmp_path, clock, saved):
    takes, file = saved.pop(), CheckpointFile(tmp_path / "m")
    takes[0] = 10.0
    clock.now += 6
    file.save_if_due(RACE, [], [])
    file.start()
    clock.now += 5
    file.save_if_due(RACE, [], [])
    assert len(saved) == 1
    clock.now += 1
    file.save_if_due(RACE, [], [])
    assert len(saved) == 2


def test_without_a_path_nothing_is_saved_or_resumed(clock, saved):
    saved.pop()
    file = CheckpointFile(None)
    clock.now += 99
    file.save_if_due(RACE, [], [])
    assert saved == []
    assert file.resume(RACE) == ([], [])
    assert file.epoch == 0
    file.discard()


@pytest.mark.parametrize(
    ("error", "reason"), [(OSError(28, "No space"), "No space"), (InputError("odd."), "odd.")]
)
def test_what_cannot_be_written_is_said_once(tmp_path, clock, monkeypatch, error, reason):
    def fail(*_):
        raise error

    monkeypatch.setattr(checkpoint, "save_checkpoint", fail)
    file = CheckpointFile(tmp_path / "m")
    clock.now += 6
    with pytest.warns(UserWarning, match=rf"m cannot be written \({reason}\)"):
        file.save_if_due(RACE, [], [])
    assert (file.path, file.epoch) == (None, 0)
    clock.now += 99
    file.save_if_due(RACE, [], [])


def test_what_was_found_is_returned_and_of_another_race_nothing(tmp_path, monkeypatch):
    path = tmp_path / "m"
    file = CheckpointFile(path)
    assert file.resume(RACE) == ([], [])  # there is none yet
    path.touch()
    monkeypatch.setattr(checkpoint, "resume", lambda *_: (["record"], ["decision"]))
    assert file.resume(RACE) == (["record"], ["decision"])
    assert file.epoch == 4
    monkeypatch.setattr(checkpoint, "resume", lambda *_: None)
    assert file.resume(RACE) == ([], [])


def test_a_file_that_cannot_be_read_is_told_and_the_fit_begins_anew(tmp_path, monkeypatch):
    def fail(*_):
        raise ModelFileError("m is damaged.")

    (tmp_path / "m").touch()
    monkeypatch.setattr(checkpoint, "resume", fail)
    file = CheckpointFile(tmp_path / "m")
    with pytest.warns(UserWarning, match="m is damaged; the fit starts from the beginning"):
        assert file.resume(RACE) == ([], [])
    assert file.epoch == 0


def test_a_finished_fit_leaves_no_file_nor_what_killed_runs_left(tmp_path, monkeypatch):
    path, removed = tmp_path / "m", []
    path.touch()
    monkeypatch.setattr(checkpoint, "remove_leftovers", removed.append)
    CheckpointFile(path).discard()
    assert not path.exists()
    assert removed == [path]
    CheckpointFile(path).discard()  # nothing to remove is no error


@pytest.fixture
def state_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "state"))
    return tmp_path / "state" / "madaline"


def test_a_key_is_made_once_for_its_owner_alone(state_folder):
    key = user_key()
    assert len(key) == 32
    assert user_key() == key == (state_folder / "checkpoint.key").read_bytes()
    assert os.listdir(state_folder) == ["checkpoint.key"]
    if os.name == "posix":
        assert stat.S_IMODE((state_folder / "checkpoint.key").stat().st_mode) == 0o600
        assert stat.S_IMODE(state_folder.stat().st_mode) == 0o700
    (state_folder / "checkpoint.key").unlink()
    assert user_key() != key


@pytest.mark.parametrize("size", [0, 31, 33, 99])
def test_a_key_of_another_length_is_none(state_folder, size):
    state_folder.mkdir(parents=True)
    (state_folder / "checkpoint.key").write_bytes(b"k" * size)
    assert user_key() == b""


def test_the_key_of_a_process_that_was_faster_stays(state_folder):
    state_folder.mkdir(parents=True)
    path = state_folder / "checkpoint.key"
    path.write_bytes(b"k" * 32)
    checkpoint._make_key(path)
    assert user_key() == b"k" * 32
    assert os.listdir(state_folder) == ["checkpoint.key"]


def test_without_a_place_there_is_no_key(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("LOCALAPPDATA", "relative")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert len(user_key()) == 32
    assert (tmp_path / ".local" / "state" / "madaline" / "checkpoint.key").exists()

    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    assert user_key() == b""


ONE, TWO = TableRecipe(0, 3), TableRecipe(0, 10)


def contender(key="1", recipe=ONE, **changes):
    record = Record(5, "", 0.5, 0.5, 0.03, 1, 0.0, key)
    return replace(Candidate(key, recipe, None, 0.5, 5, record=record), **changes)


def told(*candidates, cohorts=None, plan=(ONE,), epoch=5):
    racing = Counter(one.recipe for one in candidates if one.racing)
    cohorts = [SimpleNamespace(recipes=list(racing.elements()))] if cohorts is None else cohorts
    return list(_problems(epoch, cohorts, candidates, plan))


def test_a_state_of_one_race_has_no_problem():
    stopped = contender("2", TWO, racing=False)
    snapshot = contender("1", snapshot=True, racing=False, epoch=3)
    assert told(contender(), stopped, snapshot, plan=(ONE, TWO)) == []
    joined = contender("3", replace(ONE, timeless=True), entered=5, record=None, epoch=0)
    assert told(contender(), joined) == []
    assert told(contender(snapshot_epoch=5)) == []


@pytest.mark.parametrize(
    ("candidates", "options", "problem"),
    [
        ([contender()], {"cohorts": []}, "trains other recipes than race"),
        (
            [contender()],
            {"cohorts": [SimpleNamespace(recipes=[ONE]), SimpleNamespace(recipes=[ONE])]},
            "trains other recipes than race",
        ),
        ([contender()], {"plan": (ONE, TWO)}, "lacks recipes of the plan"),
        (
            [contender(), contender("1", TWO)],
            {},
            "has two candidates of one name",
        ),
        ([contender(epoch=6)], {}, "has candidates of later epochs"),
        ([contender(snapshot_epoch=6)], {}, "has candidates of later epochs"),
        (
            [contender(), contender("2", TWO, entered=6, record=None, racing=False)],
            {},
            "has candidates of later epochs",
        ),
        ([contender(record=None)], {}, "has candidates that race without a record"),
        ([contender(entered=5)], {}, "has candidates that race without a record"),
        ([contender(snapshot=True)], {}, "has candidates that race without a record"),
    ],
)
def test_what_no_race_can_be_is_told(candidates, options, problem):
    assert told(*candidates, **options) == [problem]


def test_outputs_must_have_the_loss_that_is_told(make_dataset):
    dataset = make_dataset("regression")
    output, theta = dataset.target + 1, np.zeros((3, 5), np.float32)
    one = contender(output=output, theta=theta, loss=1.0)
    _check_candidate(one, dataset)
    _check_candidate(replace(one, loss=1.0009), dataset)
    for loss in (1.003, 0.997):
        with pytest.raises(Malformed, match="outputs of a loss of 1, not"):
            _check_candidate(replace(one, loss=loss), dataset)
    _check_candidate(replace(one, loss=9.0, epoch=0), dataset)  # it has no outputs yet
    theta[1, 2] = np.inf
    with pytest.raises(Malformed, match="no finite numbers"):
        _check_candidate(one, dataset)
    exact = contender(output=dataset.target, theta=np.zeros((3, 5), np.float32), loss=1e-7)
    _check_candidate(exact, dataset)


@pytest.mark.parametrize(
    "array", [None, np.zeros((2, 3)), np.zeros((3, 2), np.float32), np.zeros(6, np.float32)]
)
def test_arrays_have_their_shape_in_float32(array):
    good = np.zeros((2, 3), np.float32)
    assert _check_shape(good, (2, 3), "theta") is good
    with pytest.raises(Malformed, match="float32"):
        _check_shape(array, (2, 3), "theta")
