"""The benchmark of exports compares what it says it does, and notices wrong files."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
WHY = "onnx and onnxruntime are not installed, or not for this Python"


@pytest.fixture
def exports(monkeypatch, shared_tables):
    pytest.importorskip("onnxruntime", reason=WHY)
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import exports

    yield exports
    for name in ("exports", "tables"):
        sys.modules.pop(name, None)


SHORT = ["--sets", "car", "--effort", "1", "--rows", "200"]


def test_a_right_file_passes(exports, capsys) -> None:
    assert exports.main(SHORT) == 0
    name, rows, labels, difference, *_, verdict = capsys.readouterr().out.splitlines()[1].split()
    assert (name, rows, labels, verdict) == ("car", "690", "0", "passed")
    assert float(difference) < exports.CLOSE


@pytest.mark.networks
def test_a_wrong_file_fails(exports, capsys, monkeypatch) -> None:
    from madaline._apps.export import networks

    right, wrong = networks._affine, networks.np.float32(1.001)
    monkeypatch.setattr(
        networks, "_affine", lambda steps, x, weight, bias: right(steps, x, weight * wrong, bias)
    )
    assert exports.main(SHORT) == 1
    assert capsys.readouterr().out.splitlines()[1].endswith("FAILED")


def test_gaps_of_every_kind_are_among_the_rows(exports) -> None:
    table = exports.load_table(exports.DEFAULT_FOLDER, "car")
    model = exports.fit(table, 1, 200)
    rows = exports.with_gaps(table.x_test, model)
    column = rows[rows.columns[0]]
    assert len(rows) == 2 * len(table.x_test)
    assert {"never seen", "", " "} <= set(column[len(table.x_test) :])
    assert column[len(table.x_test) :].isna().any()
    assert not column[: len(table.x_test)].isna().any()
