"""The benchmark of programs compares them with the runtime, and notices wrong ones."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def programs(monkeypatch, shared_tables):
    if not shutil.which("gcc") or not shutil.which("node"):
        pytest.skip("gcc or node is not installed")
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import programs

    yield programs
    for name in ("exports_agree", "exports", "programs", "tables"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("table", ["car", "concrete"])
def test_programs_of_real_tables_are_right(table, programs, capsys) -> None:
    assert programs.main(["--sets", table, "--effort", "1"]) == 0
    line = capsys.readouterr().out.splitlines()[1].split()
    assert line[0] == table
    assert max(map(float, line[1:3])) < 1e-5
    assert min(map(float, line[3:5])) > 0


def test_a_wrong_program_is_noticed(programs, monkeypatch) -> None:
    right = programs.in_c
    monkeypatch.setattr(programs, "in_c", lambda *given: (right(*given)[0] + 1, 1.0))
    assert programs.main(["--sets", "car", "--effort", "1"]) == 1


@pytest.mark.parametrize("is_right", [True, False])
def test_exports_of_all_kinds_agree(is_right, programs, monkeypatch, capsys) -> None:
    pytest.importorskip("onnxruntime")
    import exports_agree

    if not is_right:
        monkeypatch.setattr(exports_agree, "typed", lambda *given: programs.typed(*given) + 0.1)
    assert exports_agree.main(["--only", "abalone"]) == int(not is_right)
    line = capsys.readouterr().out.splitlines()[1]
    assert line.startswith("abalone")
    assert line.endswith("FAILED") == (not is_right)
