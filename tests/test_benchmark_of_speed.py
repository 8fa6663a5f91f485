"""The benchmark of speed: its arithmetic, and that its smallest sections run without any peer."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def sections(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, ModuleType]]:
    """Return the modules of the benchmark, which stand beside its script."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import timing

    for name in (
        "case",
        "engine",
        "engine_madaline",
        "equivalent",
        "fit",
        "growth",
        "tables_of_text",
    ):
        import_module(f"timing.{name}")

    yield {name: module for name, module in vars(timing).items() if isinstance(module, ModuleType)}
    for name in set(sys.modules) - before:
        if name.split(".")[0] in ("timing", "tables", "measuring"):
            del sys.modules[name]


def run_speed(output: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.run(
        [sys.executable, str(BENCHMARKS / "speed.py"), "--output", str(output), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_engine_and_start_run_without_peers(tmp_path: Path) -> None:
    result = run_speed(
        tmp_path, "engine", "start", "--quick", "--threads", "1", "--only", "madaline"
    )
    assert result.returncode == 0, result.stderr
    engine = read(tmp_path / "engine.csv")
    assert {(row["name"], row["members"]) for row in engine} == {
        ("madaline", "1"),
        ("madaline", "16"),
    }
    assert all(0 < float(row["floor_ms"]) < float(row["ms"]) for row in engine)
    assert all(float(row["loss"]) < 2.5 for row in engine)  # it starts near 2.6
    start = {row["what"] for row in read(tmp_path / "start.csv")}
    assert {"import numpy", "import madaline", "`madaline predict` of a row"} <= start
    again = run_speed(tmp_path, "engine", "start", "--read")
    assert again.stdout == result.stdout


def test_an_engine_that_is_not_installed_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    if any(run_in_new_process(f"import {name}") == 0 for name in ("jax", "keras")):
        pytest.skip("JAX or Keras is installed")
    result = run_speed(
        tmp_path, "engine", "--quick", "--threads", "1", "--only", "madaline", "JAX, scan"
    )
    assert result.returncode == 0, result.stderr
    assert "JAX, scan is left out at 64-32-32-10, batch 64: ModuleNotFoundError" in result.stderr
    assert {row["name"] for row in read(tmp_path / "engine.csv")} == {"madaline"}


def run_in_new_process(code: str) -> int:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode


def test_multiply_adds_are_those_of_forward_and_backward(sections: Any) -> None:
    """64-2-10: forward 64 x 2 + 2 x 10, the weights' gradients as much, inputs' 2 x 10."""
    case = sections["case"].Case((2,), batch=3, members=5)
    assert case.multiply_adds == 5 * 3 * (2 * (128 + 20) + 20)
    assert case.orders(np.random.default_rng(0)).shape == (5, 4096 // 3, 3)


def test_the_driven_engine_does_what_single_networks_do(sections: Any) -> None:
    """Groups and threads change nothing: the same bits on one thread and on two."""
    case, engine = sections["case"].Case, sections["engine_madaline"]
    members = case((64,), batch=512, members=9)
    assert len(engine.group_slices(members)) > 1
    pytest.importorskip("numba", reason="without numba, workers are processes")
    losses = []
    for threads in (1, 2):
        (trainer,) = engine.prepare_compiled(members, threads)
        before = trainer.loss()
        trainer.run(2)
        losses.append(trainer.loss())
        assert losses[-1] < before
    assert losses[0] == losses[1]


def test_exponents_and_pages(sections: Any) -> None:
    assert sections["growth"].exponent([1, 2, 8], [5, 10, 40]) == pytest.approx(1)
    text = sections["tables_of_text"]
    with pytest.raises(SystemExit, match="The page has no place for fit"):
        text.put_into_page("<!-- engine: begin --><!-- engine: end -->", "fit", "x")
    table = text.TextTable("T", ("a", "b"), [("x", "1")])
    assert table.markdown() == "T:\n\n| a | b |\n| --- | ---: |\n| x | 1 |\n"


def test_ratios_of_fits_are_over_the_sets_that_both_have(sections: Any) -> None:
    """Half of its time on one set and an eighth on the other is a quarter in the geometric mean."""
    facts = {"threads": 1, "wall_s": 1.0, "loss": 0.5, "peak_mb": 10.0}
    times = {"madaline": {"a": 1.0, "b": 1.0, "c": 9.0}, "peer": {"a": 2.0, "b": 8.0}}
    rows = [
        {"name": name, "method": method, "cpu_s": seconds, **facts}
        for method, own in times.items()
        for name, seconds in own.items()
    ]
    _, summary = sections["fit"].tables(rows)
    assert summary.lines == [("peer", "2", "0.25", "0.50", "1.000", "0", "1.00")]


def test_the_page_has_a_place_for_every_section(project: Path) -> None:
    page = (project / "benchmarks" / "performance.md").read_text()
    for section in ("engine", "fit", "predict", "models", "growth", "start"):
        assert page.count(f"<!-- {section}: begin -->") == 1
        assert page.count(f"<!-- {section}: end -->") == 1


def test_the_graph_says_what_the_networks_say(sections: Any) -> None:
    """As ONNX Runtime computes it; two recipes x three folds with different shares."""
    pytest.importorskip("onnx", reason="the graph is made with onnx (extra bench)")
    onnxruntime = pytest.importorskip("onnxruntime", reason="and run by onnxruntime")
    from madaline._models.runtime.frozen_networks import NetworkPart
    from madaline.nn.layers import Linear, ScaledLinear, SiLU
    from madaline.nn.network import Network

    rng = np.random.default_rng(0)
    network = Network((ScaledLinear((0, 0, 1), 4), SiLU(), Linear(4, 2)))
    theta = rng.normal(size=(2, 3, network.layout.size)).astype(np.float32)
    part = NetworkPart(0, network, theta, np.array([0.25, 0.75]))
    session = onnxruntime.InferenceSession(sections["equivalent"].to_onnx((part,)))
    x = rng.normal(size=(70, 3)).astype(np.float32)
    expected = np.einsum("rfno,r->no", network.predict(theta, x), part.weights / 3)  # 3 folds
    np.testing.assert_allclose(session.run(["y"], {"x0": x})[0], expected, atol=1e-5)


def test_convolutions_are_timed_without_peers(tmp_path: Path) -> None:
    result = run_speed(tmp_path, "convolution", "--quick", "--threads", "1", "--only", "madaline")
    assert result.returncode == 0, result.stderr
    rows = read(tmp_path / "convolution.csv")
    assert {row["members"] for row in rows} == {"1", "8"}
    assert all(0 < float(row["floor_ms"]) < float(row["ms"]) for row in rows)
    assert "16-32-64-10 on 28 x 28" in result.stdout
