"""What killed processes shared is removed by the next one that shares something."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from madaline.nn._engine.executors.processes import LOCK, PREFIX, SharedFolder

SOURCE = Path(__file__).resolve().parents[2] / "src"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")


def test_only_folders_of_killed_processes_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    code = (
        "import os, signal, tempfile; tempfile.tempdir = os.environ['HERE']\n"
        "from madaline.nn._engine.executors.processes import SharedFolder\n"
        "folder = SharedFolder(); open(os.path.join(folder.path, 'large'), 'w').close()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    settings = os.environ | {"PYTHONPATH": str(SOURCE), "HERE": str(tmp_path)}
    assert subprocess.run([sys.executable, "-c", code], env=settings, check=False).returncode < 0
    (left,) = tmp_path.iterdir()
    assert {path.name for path in left.iterdir()} == {LOCK, "large"}
    of_others = tmp_path / f"{PREFIX}notes"
    of_others.mkdir()
    mine = SharedFolder()
    assert not left.exists()
    another = SharedFolder()
    assert {path.name for path in tmp_path.iterdir()} == {
        of_others.name,
        Path(mine.path).name,
        Path(another.path).name,
    }
    mine.remove()
    another.remove()
    assert list(tmp_path.iterdir()) == [of_others]
