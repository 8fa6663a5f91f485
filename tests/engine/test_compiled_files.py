"""Compiled code on disk is not older than its sources."""

from __future__ import annotations

import os

import pytest

pytest.importorskip("numba", reason="numba is not installed")

from madaline.nn._engine.compiled_arithmetic import remove_stale


def test_code_that_is_older_than_any_source_is_removed(tmp_path):
    cache = tmp_path / "__pycache__"
    cache.mkdir()
    for name, moment in {"compiled_a.py": 10, "compiled_b.py": 20}.items():
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (moment, moment))
    kept = {"compiled_a.f-1.py311.nbi": 21, "compiled_a.f-1.py311.1.nbc": 20, "backend.pyc": 1}
    stale = {"compiled_a.g-9.py311.nbi": 19, "compiled_a.g-9.py311.1.nbc": 11}
    for name, moment in (kept | stale).items():
        (cache / name).touch()
        os.utime(cache / name, (moment, moment))
    remove_stale(tmp_path)
    assert {path.name for path in cache.iterdir()} == kept.keys()


def test_without_sources_nothing_is_removed(tmp_path):
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "compiled_a.f-1.py311.nbi").touch()
    remove_stale(tmp_path)
    assert len([*(tmp_path / "__pycache__").iterdir()]) == 1
