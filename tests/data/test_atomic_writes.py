"""What a killed process was writing is removed by the next one that writes the same file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from madaline._tables.io.atomic import ENDING, remove_leftovers, write_atomically

SOURCE = Path(__file__).resolve().parents[2] / "src"

DIES = """
import os, signal, sys
from madaline._tables.io.atomic import write_atomically

def chunks():
    yield b"half"
    os.kill(os.getpid(), signal.SIGKILL)

write_atomically(sys.argv[1], b"new ", chunks())
"""

WAITS = """
import sys
from madaline._tables.io.atomic import write_atomically

def chunks():
    print("writing", flush=True)
    sys.stdin.readline()
    yield b"of another"

write_atomically(sys.argv[1], b"content ", chunks())
"""

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")


def start(code, path):
    return subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_what_a_killed_process_left_is_removed(tmp_path):
    path = tmp_path / "a [model]"
    path.write_bytes(b"old")
    for _ in range(2):
        dying = start(DIES, path)
        dying.communicate()
        assert dying.returncode < 0
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 2  # the second process removed what the first left
    kept = [tmp_path / f".a [mode].{ENDING}", tmp_path / ".a [model].settings"]
    for other in kept:
        other.write_bytes(b"of somebody")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert sorted(tmp_path.iterdir()) == sorted([path, *kept])


def test_what_another_process_writes_is_left_alone(tmp_path):
    path = tmp_path / "model"
    other = start(WAITS, path)
    assert other.stdout.readline() == "writing\n"
    write_atomically(path, b"mine")
    remove_leftovers(path)
    assert len(list(tmp_path.iterdir())) == 2
    other.communicate("\n")
    assert other.returncode == 0
    assert path.read_bytes() == b"content of another"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_no_leftover(tmp_path):
    (tmp_path / "mine").write_bytes(b"mine")
    link = tmp_path / f".model.abc{ENDING}"
    link.symlink_to(tmp_path / "mine")
    write_atomically(tmp_path / "model", b"new")
    assert link.is_symlink()
    assert (tmp_path / "mine").read_bytes() == b"mine"
