"""The benchmark of texts: how its tasks are drawn."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def texts(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import texts

    yield texts
    sys.modules.pop("texts")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a data folder with 400 texts, a tenth of them about space."""
    labels = np.where(np.arange(400) % 10 == 0, "space", np.where(np.arange(400) % 2, "a", "b"))
    sentences = [f"one two three four five {number}" for number in range(400)]
    (tmp_path / "text").mkdir()
    path = tmp_path / "text" / "posts.parquet"
    pd.DataFrame({"text": sentences, "label": labels}).to_parquet(path)
    return tmp_path


def test_a_rare_topic_has_seven_rows_of_a_hundred(texts, folder):
    task = texts.Draw("posts", 300, rare="space").task(folder, 0)
    labels = np.concatenate([task.train_y, task.test_y])
    assert len(task.train_x) == 300
    assert set(labels) == {"space", "other"}
    assert np.mean(labels == "space") == pytest.approx(0.07, abs=0.005)
    assert not set(task.train_x) & set(task.test_x)


def test_phrases_have_two_to_four_words_in_a_row(texts, folder):
    draw = texts.Draw("posts", 100, phrases=True)
    task, other = draw.task(folder, 0), draw.task(folder, 1)
    assert {len(text.split()) for text in task.train_x} == {2, 3, 4}
    assert "two three" in " ".join(task.train_x)
    assert task.train_x != other.train_x
    assert set(task.test_y) == {"a", "b", "space"}
