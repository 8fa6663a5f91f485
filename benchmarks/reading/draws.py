"""How the rows of a task are drawn from a set, and the tasks themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reading.sets import load
from sensing.task import Task

N_TEST, SHARE_OF_RARE = 1500, 0.07

WORDS_OF_SHORT = 8
"""Words of a document that is cut short."""


@dataclass(frozen=True)
class Draw:
    """How the rows of a task are drawn: from which set, how many, of which labels, how cut.

    Parameters
    ----------
    name : str
        The set.
    n_rows : int
        Rows to learn from; up to 1,500 others test.
    rare : str
        A label that is told from all others; empty for the set's own labels.
    share : float
        Share of the rows that have it.
    n_test : int
        Rows to test, at most.
    phrases : bool
        Whether each text is cut to two to four words in a row.
    mixed : bool
        Whether every other text, by chance, is cut to its first words.
    relabel : callable, optional
        From a label to another; rows whose label becomes empty are left out.
    characters : bool
        Whether logistic regression sees runs of characters instead of words.
    """

    name: str
    n_rows: int
    rare: str = ""
    share: float = SHARE_OF_RARE
    n_test: int = N_TEST
    phrases: bool = False
    mixed: bool = False
    relabel: Callable[[str], str] | None = None
    characters: bool = False

    def task(self, folder: Path, seed: int) -> Task:
        """Return the rows of one draw."""
        texts, labels = load(self.name, folder)
        if self.relabel is not None:
            labels = np.array([self.relabel(label) for label in labels], object)
            texts, labels = texts[labels != ""], labels[labels != ""]
        rng = np.random.default_rng(seed)
        rows = rng.permutation(len(labels))
        if self.rare:
            labels = np.where(labels == self.rare, self.rare, "other").astype(object)
            rows = self._with_rare(rows, labels, rng)
        rows = rows[: self.n_rows + self.n_test]
        chosen = [self._cut(texts[row], rng) for row in rows]
        n = self.n_rows
        return Task(self.name, chosen[:n], labels[rows[:n]], chosen[n:], labels[rows[n:]])

    def _with_rare(self, rows: Any, labels: Any, rng: np.random.Generator) -> Any:
        """Return rows of which a share has the rare label, as many as there are of them."""
        rare, others = rows[labels[rows] == self.rare], rows[labels[rows] != self.rare]
        most = min(len(rare) / self.share, len(others) / (1 - self.share))
        n_rows = min(self.n_rows + self.n_test, int(most))
        n_rare = int(self.share * n_rows)
        return rng.permutation(np.concatenate([rare[:n_rare], others[: n_rows - n_rare]]))

    def _cut(self, text: str, rng: np.random.Generator) -> str:
        if self.mixed and rng.random() < 0.5:
            return " ".join(text.split()[:WORDS_OF_SHORT])
        if not self.phrases:
            return text
        words, n_words = text.split(), int(rng.integers(2, 5))
        start = rng.integers(0, max(1, len(words) - n_words + 1))
        return " ".join(words[start : start + n_words])


def first_part(label: str) -> str:
    """Return the part of a newsgroup's name before the first dot: its hierarchy."""
    return label.partition(".")[0]


def of_computers(label: str) -> str:
    """Return the newsgroup if it is about computers."""
    return label if label.startswith("comp.") else ""


def of_religion(label: str) -> str:
    """Return the newsgroup if it is about religion."""
    return label if "religion" in label or label == "alt.atheism" else ""


TASKS: Mapping[str, Draw] = {
    "a rare topic, 300 posts": Draw("newsgroups", 300, rare="sci.space"),
    "a rare topic, 1,500 posts": Draw("newsgroups", 1500, rare="sci.med"),
    "a rare topic, 300 news": Draw("ag_news", 300, rare="3"),
    "a rare kind of question, 1,000": Draw("trec", 1000, rare="LOC"),
    "6 kinds of questions, 300": Draw("trec", 300),
    "6 kinds of questions, 1,000": Draw("trec", 1000),
    "6 kinds of questions, 4,000": Draw("trec", 4000),
    "4 topics of news, 300": Draw("ag_news", 300),
    "4 topics of news, 1,000": Draw("ag_news", 1000),
    "4 topics of news, 1,000 phrases": Draw("ag_news", 1000, phrases=True),
    "20 topics, 1,000 posts": Draw("newsgroups", 1000),
    "5 topics of computers, 500 posts": Draw("newsgroups", 500, relabel=of_computers),
    "3 topics of religion, 400 posts": Draw("newsgroups", 400, relabel=of_religion),
    "7 topics, 1,500 posts, half cut short": Draw(
        "newsgroups", 1500, mixed=True, relabel=first_part
    ),
    "subjective or not, 200 sentences": Draw("subj", 200),
    "subjective or not, 500 sentences": Draw("subj", 500),
    "subjective or not, 4,000 phrases": Draw("subj", 4000, phrases=True),
    "five stars or not, 300 reviews": Draw("amazon_fine_foods", 300),
    "five stars or not, 1,000 reviews": Draw("amazon_fine_foods", 1000),
}
"""Texts in English, written with spaces."""


def poor(label: str) -> str:
    """Return the label of reviews with fewer than five stars, which are called other."""
    return "poor" if label == "other" else label


def _topic(rare: str) -> Draw:
    return Draw("newsgroups", 5000, rare=rare, share=0.05, n_test=1900)


RARE_TOPICS: Mapping[str, Draw] = {
    "sci.crypt, 5,000 posts": _topic("sci.crypt"),
    "rec.autos, 5,000 posts": _topic("rec.autos"),
    "soc.religion.christian, 5,000 posts": _topic("soc.religion.christian"),
    "misc.forsale, 5,000 posts": _topic("misc.forsale"),
    "the world, 4,000 news": Draw("ag_news", 4000, rare="1", share=0.05, n_test=1900),
    "science, 4,000 news": Draw("ag_news", 4000, rare="4", share=0.05, n_test=1900),
    "people, 3,900 questions": Draw("trec", 3900, rare="HUM", share=0.05, n_test=1000),
    "fewer than five stars, 2,400 reviews": Draw(
        "amazon_fine_foods", 2400, rare="poor", share=0.05, n_test=1000, relabel=poor
    ),
}
"""One topic in 5 % of many texts; none of them was looked at while the offset was chosen."""

OTHER_TASKS: Mapping[str, Draw] = {
    "liked or not, 500 Chinese reviews": Draw("chinese_reviews", 500, characters=True),
    "liked or not, 3,000 Chinese reviews": Draw("chinese_reviews", 3000, characters=True),
    "woman or man, 500 Japanese names": Draw("japanese_names", 500, characters=True),
    "woman or man, 3,000 Japanese names": Draw("japanese_names", 3000, characters=True),
    "woman or man, 1,000 first names": Draw("first_names", 1000, characters=True),
    "woman or man, 4,000 first names": Draw("first_names", 4000, characters=True),
    "8 languages, 2,000 surnames": Draw("surnames", 2000, characters=True),
    "10 countries, 2,000 cities": Draw("cities", 2000, characters=True),
    "10 countries, 500 codes of airports": Draw("airports", 500, characters=True),
    "10 countries, 3,000 codes of airports": Draw("airports", 3000, characters=True),
}
"""Scripts without spaces, and single words and codes."""
