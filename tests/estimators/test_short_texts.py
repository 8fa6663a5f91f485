"""Short texts, names and codes: learned from pieces of words, and from runs of characters."""

from __future__ import annotations

import numpy as np
import pytest

from madaline import AdaptiveClassifier


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def accuracy_on_new_rows(texts: list[str], labels: np.ndarray) -> float:
    """Return the share of right answers on the last third of the rows."""
    first = 2 * len(texts) // 3
    model = AdaptiveClassifier(random_state=0).fit(texts[:first], labels[:first])
    return model.score(texts[first:], labels[first:])


def test_words_are_found_where_no_spaces_part_them(rng) -> None:
    """Single characters are as frequent in both classes; only their order tells."""
    others = [chr(0x4E00 + number) for number in range(40)]

    def text(words: tuple[str, str]) -> str:
        parts = [*words, *rng.choice(others, 6)]
        return "".join(parts[index] for index in rng.permutation(8))

    labels = np.arange(240) % 2
    texts = [text((("好吃", "便宜"), ("吃好", "宜便"))[label]) for label in labels]
    assert accuracy_on_new_rows(texts, labels) > 0.95


def test_names_are_told_by_how_they_end(rng) -> None:
    letters, endings = list("bcdfghklmnprst"), (("a", "ine"), ("o", "us"))
    labels = np.arange(240) % 2
    names = ["".join(rng.choice(letters, 4)) + str(rng.choice(endings[label])) for label in labels]
    assert len(set(names)) > 235
    assert accuracy_on_new_rows(names, labels) > 0.95


def test_codes_are_told_by_how_they_begin(rng) -> None:
    labels = rng.integers(3, size=240)
    codes = [f"{('A', 'BK', 'X')[label]}{rng.integers(10_000):04}-Q" for label in labels]
    assert accuracy_on_new_rows(codes, labels) > 0.95


def test_names_that_tell_nothing_are_no_reason_to_be_sure(rng) -> None:
    names = ["".join(rng.choice(list("abcdefghij"), 8)) for _ in range(300)]
    labels = rng.integers(2, size=300)
    with pytest.warns(UserWarning, match="not clearly better"):
        model = AdaptiveClassifier(random_state=0).fit(names[:200], labels[:200])
    probabilities = model.predict_proba(names[200:])
    loss = -np.log(probabilities[np.arange(100), labels[200:]]).mean()
    assert loss < 0.75  # without any knowledge .693
