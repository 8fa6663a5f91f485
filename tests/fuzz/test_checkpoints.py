"""Forged checkpoints are refused with a sentence, and the fit ends as if there were none."""

from __future__ import annotations

import json
import os
import stat
import warnings
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fits import fitting_of
from tests.fuzz.mutants import lay_out, mutant, signed

from madaline._race import checkpoint
from madaline._race.checkpoint import KEY_LENGTH, user_key
from madaline._tables.io.tensor_file import CHECKPOINT, read_tensor_file, write_tensor_file
from madaline._tables.table import Table
from madaline.errors import ModelFileError

FEW = settings(max_examples=settings.default.max_examples // 5)
"""Each example starts a fit."""


class Original(bytes):
    """The bytes of a checkpoint, which Hypothesis should not print."""

    def __repr__(self) -> str:
        return "the checkpoint"


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory, make_columns):
    """Return what starts a fit, and a checkpoint of one after three epochs."""
    columns, target = make_columns("multiclass", 60)
    table = Table.from_columns(columns)
    path = tmp_path_factory.mktemp("race") / "m.checkpoint"

    def start():
        return fitting_of(table, target, task="classification", effort=4, checkpoint=path)

    fitting = start()
    for event in fitting:
        if event[0].epoch == 3:
            break
    checkpoint.save_checkpoint(path, fitting.race, fitting.records, fitting.decisions)
    return start, path, Original(path.read_bytes())


def resumed(start):
    """Return the epoch that a fit goes on from, and what was said about it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        return start().race.epoch, [str(one.message) for one in caught]


@FEW
@given(seed=st.integers(0, 2**32))
def test_a_forged_checkpoint_is_refused_with_a_sentence(interrupted, seed):
    start, path, original = interrupted
    path.write_bytes(original)
    description, arrays = read_tensor_file(path, CHECKPOINT, key=user_key())
    path.write_bytes(mutant(Random(seed), CHECKPOINT, description, arrays))
    epoch, (sentence,) = resumed(start)
    assert epoch == 0
    assert "; the fit starts from the beginning." in sentence


@FEW
@given(seed=st.integers(0, 2**32))
def test_malformed_checkpoints_are_no_bug_whoever_signed_them(interrupted, seed):
    start, path, original = interrupted
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "user_key", lambda: b"")
        path.write_bytes(original)
        description, arrays = read_tensor_file(path, CHECKPOINT, key=user_key())
        path.write_bytes(mutant(Random(seed), CHECKPOINT, description, arrays))
        with np.errstate(all="ignore"):
            epoch, sentences = resumed(start)
    if epoch != 3 and not sentences:  # it is that of another fit
        found, _ = read_tensor_file(path, CHECKPOINT)
        assert found.get("fingerprint") != description["fingerprint"]


def test_what_was_not_changed_goes_on(interrupted):
    start, path, original = interrupted
    path.write_bytes(original)
    assert resumed(start) == (3, [])


def test_a_checkpoint_of_another_user_is_not_resumed(interrupted, tmp_path, monkeypatch):
    start, path, original = interrupted
    path.write_bytes(original)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    epoch, (sentence,) = resumed(start)
    assert epoch == 0
    assert "or written by another user or on another machine), so the interrupted fit" in sentence


def test_the_key_is_the_users_alone(tmp_path, monkeypatch):
    for name in ("XDG_STATE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "state"))
    key = user_key()
    assert len(key) == KEY_LENGTH
    assert user_key() == key
    (file,) = (tmp_path / "state" / "madaline").iterdir()
    if os.name != "nt":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_bytes(b"short")
    assert user_key() == b""
    for name in ("XDG_STATE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(file))  # no folder
    assert user_key() == b""
    write_tensor_file(tmp_path / "file", CHECKPOINT, {}, {}, key=key, check=lambda *_: None)
    with pytest.raises(ModelFileError, match="by another user"):
        read_tensor_file(tmp_path / "file", CHECKPOINT, key=bytes(KEY_LENGTH))
    assert read_tensor_file(tmp_path / "file", CHECKPOINT, key=key) == ({}, {})


def test_numbers_that_decide_the_result_are_compared(interrupted, monkeypatch):
    start, path, original = interrupted
    monkeypatch.setattr(checkpoint, "user_key", lambda: b"")
    path.write_bytes(original)
    description, arrays = read_tensor_file(path, CHECKPOINT, key=user_key())

    def forge(change):
        told, given = json.loads(json.dumps(description)), dict(arrays)
        change(told, given)
        path.write_bytes(signed(CHECKPOINT, json.dumps(told), *lay_out(given)))
        epoch, sentences = resumed(start)
        assert epoch == 0
        return sentences[0]

    def other_loss(told, _):
        told["candidates"][0]["loss"] /= 2

    def other_recipes(told, _):
        told["cohorts"][0][0]["decay_time"] *= 2

    def other_outputs(_, given):
        given["candidate0.output"] = given["candidate0.output"] * 2

    def more_rows(_, given):
        given["candidate0.output"] = np.concatenate([given["candidate0.output"]] * 2)

    assert "has outputs of a loss of" in forge(other_loss)
    assert "trains other recipes than race" in forge(other_recipes)
    assert "has outputs of a loss of" in forge(other_outputs)
    assert "candidate0.output is no array of float32 of the shape" in forge(more_rows)
