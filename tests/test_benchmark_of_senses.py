"""The benchmark of the senses: what it prints, that it goes on where it stopped, names failures."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
SVC = "SVC, RBF (scikit-learn)"
PLACES = {
    "senses": ("mnist", "fsdd", "fsdd_speakers", "reviews", "reviews_splits"),
    "series": ("vowels",),
    "texts": ("texts", "rare topics", "names"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a data folder with sequences of two kinds: 40 to learn from, 20 to test."""
    rng = np.random.default_rng(0)
    y, lengths = np.arange(60) % 2, rng.integers(3, 6, 60)
    X = rng.normal(size=(lengths.sum(), 2)).astype(np.float32) + 4 * np.repeat(y, lengths)[:, None]
    (tmp_path / "sequences").mkdir()
    path = tmp_path / "sequences" / "japanese_vowels.npz"
    np.savez(path, X=X, y=y, lengths=lengths, n_train=40)
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.run(
        [sys.executable, str(BENCHMARKS / "senses.py"), "--folder", str(folder), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_contender_is_measured_once_and_kept(folder: Path, tmp_path: Path) -> None:
    asked = ("vowels", "--only", SVC, "--output", str(tmp_path / "senses.csv"), "--threads", "1")
    first = run(folder, *asked)
    assert first.returncode == 0, first.stderr
    assert f"{SVC} on vowels ..." in first.stderr
    assert f"{SVC}  100.00%" in first.stdout
    again = run(folder, *asked)
    assert again.stdout == first.stdout
    assert again.stderr == ""


def test_a_contender_that_fails_is_named_and_the_others_go_on(folder: Path) -> None:
    path = folder / "sequences" / "japanese_vowels.npz"
    with np.load(path) as data:
        facts = dict(data)
    np.savez(path, **(facts | {"X": np.full_like(facts["X"], np.inf)}))
    result = run(folder, "vowels", "--only", SVC, "--threads", "1")
    assert result.returncode == 1
    assert f"{SVC} on vowels failed: ValueError" in result.stderr
    assert result.stdout.startswith("japanese_vowels")


def test_the_pages_have_a_place_for_every_data_set(project: Path) -> None:
    pages = {name: (project / "docs" / "trust" / f"{name}.md").read_text() for name in PLACES}
    for name, places in PLACES.items():
        for place in places:
            for edge in ("begin", "end"):
                assert pages[name].count(f"<!-- {place}: {edge} -->") == 1, (name, place)
