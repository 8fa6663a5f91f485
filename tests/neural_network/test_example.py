"""The example runs, and what it prints is so."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pandas", reason="the example reads a table with pandas")


@pytest.fixture(scope="module")
def printed(project: Path) -> str:
    """What the example prints."""
    command = [sys.executable, "-W", "error", "examples/neural_network.py"]
    result = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert result.stderr == ""
    return result.stdout


def test_plain_training_has_hardly_begun_and_adaptive_training_succeeds(printed: str) -> None:
    plain = float(re.search(r"a loss of (\S+) after 1,000", printed)[1])
    adaptive = float(re.search(r"A loss of (\S+), and the predictions \[0 1 1 0\]", printed)[1])
    assert adaptive < 0.1 < plain < 0.6931


def test_most_penguins_are_right(printed: str) -> None:
    assert int(re.search(r"Right on (\d+)% of 83 new penguins", printed)[1]) > 80
    assert "on held-out rows" in printed
    assert "Overfit: " in printed


def test_the_example_fits_on_a_page(project: Path) -> None:
    script = (project / "examples" / "neural_network.py").read_text()
    assert len(script.splitlines()) <= 65
