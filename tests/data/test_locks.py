"""One process at a time uses a file; a killed one keeps nobody away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from madaline._tables.io.atomic import alone, write_document
from madaline.errors import InputError

SOURCE = Path(__file__).resolve().parents[2] / "src"

HOLDS = """
import sys
from madaline._tables.io.atomic import alone, write_document

with alone(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def other(tmp_path):
    """Another process that has a file."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path / "state")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
    )
    assert process.stdout.readline() == b"held\n"
    yield process
    process.communicate()


def test_a_second_process_is_refused_until_the_first_ends(other, tmp_path):
    path = tmp_path / "state"
    with (
        pytest.raises(InputError, match="state is in use by another madaline command"),
        alone(path),
    ):
        pass
    with alone(tmp_path / "another"):
        pass
    other.communicate(b"\n")
    with alone(path):
        assert [one.name for one in tmp_path.iterdir()] == [".state.lock"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_process_keeps_nobody_away(other, tmp_path):
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert (tmp_path / ".state.lock").exists()
    with alone(tmp_path / "state"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_an_error_ends_it_too(tmp_path):
    with pytest.raises(KeyError), alone(tmp_path / "state"):
        raise KeyError
    with alone(tmp_path / "state"):
        pass


def test_a_lock_that_was_just_removed_is_taken_anew(tmp_path, monkeypatch):
    own, opened = tmp_path / ".state.lock", []

    def open_and_remove(path, flags, mode):
        handle = original(path, flags, mode)
        if not opened:
            own.unlink()
        opened.append(handle)
        return handle

    original = os.open
    monkeypatch.setattr(os, "open", open_and_remove)
    with alone(tmp_path / "state"):
        assert len(opened) == 2
        assert own.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_lock_is_its_owners_and_no_link(tmp_path):
    lock, other = tmp_path / ".state.lock", tmp_path / "other"
    with alone(tmp_path / "state"):
        assert lock.stat().st_mode & 0o777 == 0o600
    lock.symlink_to(other)
    with pytest.raises(InputError, match="is a link"), alone(tmp_path / "state"):
        pass
    assert not other.exists()


def test_documents_hold_no_controls_and_all_letters(tmp_path):
    letters = "\u0633\u0644\u0627 \u0645\u06cc\u200c\u0634 \u05e9\u05dc \u4ef7\u683c\tna\u00efve\n"
    write_document(tmp_path / "card.md", letters + "\x1b]0;a\x07 \x9b2J \u202eb\u2066\r\ud800")
    text = (tmp_path / "card.md").read_bytes().decode()
    assert text == letters + "\ufffd]0;a\ufffd \ufffd2J \ufffdb\ufffd\ufffd\\ud800"
