"""Texts that are hard for networks: few rows, a rare topic, several classes, short phrases.

Tasks are drawn from public sets of texts, several times each: some rows to learn from, others to
test. Beside madaline with default arguments stands logistic regression on TF-IDF whose strength
five folds choose. Nothing is measured in parallel; seconds are those of the processor.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sensing.task import Outcome, Task, evaluate
from tables import DEFAULT_FOLDER
from timing.tables_of_text import TextTable, digits, put_into_page

PAGE, SECTION = Path(__file__).resolve().parents[1] / "docs" / "senses.md", "texts"
STRENGTHS = (1, 3, 10, 30, 100, 300)
N_TEST, SHARE_OF_RARE = 1500, 0.07


@dataclass(frozen=True)
class Draw:
    """How the rows of a task are drawn: from which set, how many, of which topic, cut to phrases.

    Parameters
    ----------
    name : str
        The set: the name of its file.
    n_rows : int
        Rows to learn from; up to 1,500 others test.
    rare : str
        A label that is told from all others, in 7 % of the rows; empty for the set's own labels.
    phrases : bool
        Whether each text is cut to two to four words in a row.
    """

    name: str
    n_rows: int
    rare: str = ""
    phrases: bool = False

    def task(self, folder: Path, seed: int) -> Task:
        """Return the rows of one draw."""
        import pandas as pd

        table = pd.read_parquet(folder / "text" / f"{self.name}.parquet")
        texts, labels = (table[one].astype(str).to_numpy(object) for one in ("text", "label"))
        rng = np.random.default_rng(seed)
        rows = rng.permutation(len(labels))
        if self.rare:
            labels = np.where(labels == self.rare, self.rare, "other").astype(object)
            rows = self._with_rare(rows, labels, rng)
        rows = rows[: self.n_rows + N_TEST]
        chosen = [self._phrase(texts[row], rng) for row in rows]
        n = self.n_rows
        return Task(self.name, chosen[:n], labels[rows[:n]], chosen[n:], labels[rows[n:]])

    def _with_rare(self, rows: Any, labels: Any, rng: np.random.Generator) -> Any:
        """Return rows of which 7 % have the rare label, as many as there are of them."""
        rare, others = rows[labels[rows] == self.rare], rows[labels[rows] != self.rare]
        most = min(len(rare) / SHARE_OF_RARE, len(others) / (1 - SHARE_OF_RARE))
        n_rows = min(self.n_rows + N_TEST, int(most))
        n_rare = int(SHARE_OF_RARE * n_rows)
        return rng.permutation(np.concatenate([rare[:n_rare], others[: n_rows - n_rare]]))

    def _phrase(self, text: str, rng: np.random.Generator) -> str:
        if not self.phrases:
            return text
        words, n_words = text.split(), int(rng.integers(2, 5))
        start = rng.integers(0, max(1, len(words) - n_words + 1))
        return " ".join(words[start : start + n_words])


TASKS: Mapping[str, Draw] = {
    "a rare topic, 300 posts": Draw("newsgroups", 300, rare="sci.space"),
    "a rare topic, 1,500 posts": Draw("newsgroups", 1500, rare="sci.med"),
    "6 kinds of questions, 300": Draw("trec", 300),
    "6 kinds of questions, 1,000": Draw("trec", 1000),
    "6 kinds of questions, 4,000": Draw("trec", 4000),
    "4 topics of news, 300": Draw("ag_news", 300),
    "4 topics of news, 1,000": Draw("ag_news", 1000),
    "subjective or not, 500 sentences": Draw("subj", 500),
    "subjective or not, 4,000 phrases": Draw("subj", 4000, phrases=True),
    "five stars or not, 1,000 reviews": Draw("amazon_fine_foods", 1000),
}


def madaline(task: Task) -> Outcome:
    """Return how good madaline is with default arguments."""
    from madaline import AdaptiveClassifier

    model = AdaptiveClassifier(random_state=0).fit(task.train_x, task.train_y)
    return evaluate(task.test_y, model.classes_, model.predict_proba(task.test_x))


def regression(task: Task) -> Outcome:
    """Return how good logistic regression on words and pairs of words is; five folds tune it."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, StratifiedKFold

    terms = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2))
    x, folds = terms.fit_transform(task.train_x), StratifiedKFold(5, shuffle=True, random_state=0)
    search = GridSearchCV(
        LogisticRegression(max_iter=300), {"C": STRENGTHS}, scoring=_minus_log_loss, cv=folds
    )
    search.fit(x, task.train_y)
    probabilities = search.predict_proba(terms.transform(task.test_x))
    return evaluate(task.test_y, search.classes_, probabilities)


def _minus_log_loss(model: Any, x: Any, labels: Any) -> float:
    """Score a model, also where a fold lacks a class: scikit-learn's own scorer fails there."""
    return -evaluate(labels, model.classes_, model.predict_proba(x)).log_loss


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure both on every task, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks", nargs="*", help="parts of the names of tasks; default: all")
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--markdown", action="store_true", help="put it into docs/senses.md")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="the data folder")
    options = parser.parse_args(arguments)
    names = [name for name in TASKS if not options.tasks or any(t in name for t in options.tasks)]
    lines, ratios = [], []
    for name in names:
        tasks = [TASKS[name].task(options.folder, seed) for seed in range(options.draws)]
        pairs = [_measured(contender, tasks) for contender in (madaline, regression)]
        ratios.append(pairs[0][0].mean(axis=0)[0] / pairs[1][0].mean(axis=0)[0])
        lines.append(_line(name, pairs, ratios[-1]))
        print("  ".join(lines[-1]), file=sys.stderr, flush=True)
    mean = float(np.exp(np.mean(np.log(ratios))))
    lines.append(("geometric mean", *[""] * 4, f"{mean:.3f}", "", ""))
    heads = ("task", "log loss", "TF-IDF", "right", "TF-IDF", "loss, ratio", "s", "TF-IDF")
    table = TextTable(f"Means of {options.draws} draws", heads, lines)
    print(table.plain())
    if options.markdown:
        page = put_into_page(PAGE.read_text("utf-8"), SECTION, table.markdown())
        PAGE.write_text(page, "utf-8")
    return 0


def _measured(contender: Callable[[Task], Outcome], tasks: Sequence[Task]) -> tuple[Any, float]:
    """Return (draws, 2) losses and accuracies, and the mean seconds of the processor."""
    begun = time.process_time()
    outcomes = [contender(task) for task in tasks]
    seconds = (time.process_time() - begun) / len(tasks)
    return np.array([(one.log_loss, one.accuracy) for one in outcomes]), seconds


def _line(name: str, pairs: Sequence[tuple[Any, float]], ratio: float) -> tuple[str, ...]:
    losses = (f"{digits(float(values.mean(axis=0)[0]))}" for values, _ in pairs)
    accuracies = (f"{values.mean(axis=0)[1]:.1%}" for values, _ in pairs)
    return (name, *losses, *accuracies, f"{ratio:.3f}", *(digits(s) for _, s in pairs))


if __name__ == "__main__":
    sys.exit(main())
