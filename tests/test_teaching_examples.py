"""The examples that teach run, and what they say is so."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the examples need scikit-learn")


def printed(project: Path, name: str) -> str:
    """Return what an example prints."""
    command = [sys.executable, "-W", "error", f"examples/{name}.py"]
    result = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert result.stderr == ""
    return result.stdout


def test_the_network_from_scratch_learns_the_same_as_neural_network(project: Path) -> None:
    text = printed(project, "from_scratch")
    by_hand, ours = text.split("With NeuralNetwork:")
    losses = re.findall(r"epoch +\d+: loss (\S+)", by_hand)
    assert len(losses) == 5
    assert losses == re.findall(r"epoch +\d+: loss (\S+)", ours)
    assert float(losses[0]) > 0.6 > 0.05 > float(losses[-1])
    assert "equal to the last digit: True" in text
    assert float(re.search(r"Adaptive training: a loss of (\S+) ", text)[1]) < 0.05


def test_the_network_from_scratch_uses_numpy_alone(project: Path) -> None:
    script = (project / "examples" / "from_scratch.py").read_text()
    by_hand = script.split("# The same with madaline.")[0]
    assert re.findall(r"^(?:import|from) .*$", by_hand, flags=re.MULTILINE) == [
        "import numpy as np"
    ]
    assert len(script.splitlines()) <= 85


@pytest.mark.slow
def test_of_many_networks_neither_the_slowest_nor_the_fastest_wins(project: Path) -> None:
    text = printed(project, "many_networks")
    rows = re.findall(r"^ +([\d.]+) +([\d.]+) +([\d.]+)(  <- wins)?$", text, flags=re.MULTILINE)
    rates, learned, new = np.array([row[:3] for row in rows], float).T
    assert len(rates) == 16
    assert np.all(np.diff(rates) > 0)
    (winner,) = (number for number, row in enumerate(rows) if row[3])
    assert new[winner] == new.min()
    assert 0 < winner < 15
    assert learned[winner] < 0.2 < learned[0]
    assert "16 networks of 33 parameters" in text
