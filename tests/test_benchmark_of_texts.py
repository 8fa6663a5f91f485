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
    for name in [one for one in sys.modules if one.partition(".")[0] in ("texts", "reading")]:
        sys.modules.pop(name)


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


def test_a_rare_topic_may_have_another_share_and_other_rows_to_test(texts, folder):
    task = texts.Draw("posts", 300, rare="space", share=0.05, n_test=50).task(folder, 0)
    assert len(task.test_x) == 50
    labels = np.concatenate([task.train_y, task.test_y])
    assert np.mean(labels == "space") == pytest.approx(0.05, abs=0.005)
    assert texts._parse([]).draws == 3
    names = [name for tasks in texts.SECTIONS.values() for name in tasks]
    assert len(set(names)) == len(names)


def test_the_average_precision_is_that_of_the_rarer_label(texts):
    from reading.contenders import _precision

    truth, probabilities = ["a", "b", "b", "b"], np.array([[0.9, 0.1], [0.2, 0.8]] + [[0, 1]] * 2)
    assert _precision(truth, ["a", "b"], probabilities) == 1
    assert np.isnan(_precision(truth, ["a", "b", "c"], probabilities))


def test_phrases_have_two_to_four_words_in_a_row(texts, folder):
    draw = texts.Draw("posts", 100, phrases=True)
    task, other = draw.task(folder, 0), draw.task(folder, 1)
    assert {len(text.split()) for text in task.train_x} == {2, 3, 4}
    assert "two three" in " ".join(task.train_x)
    assert task.train_x != other.train_x
    assert set(task.test_y) == {"a", "b", "space"}


def test_labels_may_be_joined_or_left_out_and_texts_cut_short(texts, folder):
    draw = texts.Draw("posts", 100, mixed=True, relabel=lambda label: label.strip("b"))
    task = draw.task(folder, 0)
    assert set(task.train_y) == {"a", "space"}
    assert {len(text.split()) for text in task.train_x} == {6}  # eight words, or all
    longer = texts.Draw("posts", 100, mixed=True)
    assert longer._cut("one two three four five six seven eight nine", FixedChance()) == (
        "one two three four five six seven eight"
    )


class FixedChance:
    """Always comes up."""

    def random(self) -> float:
        return 0.0


def test_what_is_measured_is_not_measured_again(texts, folder, tmp_path, monkeypatch, capsys):
    from reading.contenders import Answers

    tasks = {"three kinds": texts.Draw("posts", 100)}
    monkeypatch.setattr(texts, "SECTIONS", {"texts": tasks, "names": {}})
    rng, fits = np.random.default_rng(0), []

    def answer(task, **_):
        fits.append(len(task.train_x))
        return Answers(rng.random(300) + 0.5, rng.random(300) > 0.5, 2.0, 0.99, 0.03)

    monkeypatch.setattr(texts, "madaline", answer)
    monkeypatch.setattr(texts, "regression", answer)
    arguments = ["--folder", str(folder), "--output", str(tmp_path / "texts.csv"), "--draws"]
    texts.main([*arguments, "1"])
    texts.main([*arguments, "2"])
    assert fits == [100] * 4
    table = capsys.readouterr().out.split("Means of the draws")[2]
    assert "three kinds" in table
    assert "0.990" in table
    texts.main([*arguments, "2"])
    assert len(fits) == 4


def test_the_error_of_draws_is_that_of_rows_or_of_draws(texts):
    assert texts._paired([(0.0, 0.3), (0.0, 0.4)]) == pytest.approx((0.0, 0.25))
    assert texts._paired([(-1.0, 0.0), (1.0, 0.0)]) == pytest.approx((0.0, 1.0))
