"""Reviews of food: five stars or fewer, predicted from the text; the test is about other goods."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from sensing import models
from sensing.task import Outcome, Task, evaluate

NAME = "amazon_fine_foods, 1,000 reviews"

STRENGTHS = (1.0, 3.0, 10.0, 30.0)
"""How little the logistic regression may be regularized (`C`): five folds choose, and the terms."""

DIMENSIONS, RATES, EPOCHS = (10, 50), (0.003, 0.01), 20
"""Of the averaged vectors: size, learning rate, and most epochs; five folds choose among all."""

N_FOLDS, BATCH = 5, 64


def load(folder: Path) -> Task:
    """Return the reviews; the table marks the test part."""
    import pandas as pd

    table = pd.read_parquet(folder / "text" / "amazon_fine_foods.parquet")
    parts = [table[table["split"] == part] for part in ("train", "test")]
    (train_x, train_y), (test_x, test_y) = (
        (part["text"].astype(str).tolist(), part["label"].astype(str).to_numpy()) for part in parts
    )
    return Task(NAME, train_x, train_y, test_x, test_y)


def contenders(task: Task) -> dict[str, Callable[[], Outcome]]:
    """Return who contends."""
    return {
        models.MADALINE: partial(models.madaline, task),
        "TF-IDF + logistic regression, tuned (scikit-learn)": partial(regression, task),
        "averaged vectors as in fastText, tuned (PyTorch)": partial(averaging, task),
    }


def regression(task: Task) -> Outcome:
    """Return how good logistic regression is on words, pairs and threes, rarer or more frequent."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.pipeline import Pipeline

    steps = [
        ("terms", TfidfVectorizer(sublinear_tf=True)),
        ("regression", LogisticRegression(solver="liblinear")),
    ]
    choices = {
        "terms__ngram_range": [(1, 2), (1, 3)],
        "terms__min_df": [1, 2],
        "regression__C": STRENGTHS,
    }
    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=0)
    with TemporaryDirectory() as counted:  # the same terms for every strength
        model = Pipeline(steps, memory=counted)
        search = GridSearchCV(model, choices, scoring="neg_log_loss", cv=folds)
        search.fit(task.train_x, task.train_y)
    return evaluate(task.test_y, search.classes_, search.predict_proba(task.test_x))


def averaging(task: Task) -> Outcome:
    """Return how good the mean of learned vectors of words and pairs is, with a linear layer.

    Joulin, Grave, Bojanowski and Mikolov (2016), "Bag of tricks for efficient text classification",
    arXiv:1607.01759.
    """
    from sklearn.model_selection import StratifiedKFold

    classes, codes = np.unique(task.train_y, return_inverse=True)
    rows, (bags, test) = np.arange(len(codes)), _bags(task.train_x, task.test_x)
    pairs = list(StratifiedKFold(N_FOLDS, shuffle=True, random_state=0).split(rows, codes))
    losses = {}
    for dimension in DIMENSIONS:
        for rate in RATES:
            truth, outputs = [], []
            for learned, others in pairs:
                own = [bags[row] for row in learned]
                outputs.append(
                    _epochs(own, codes[learned], [bags[row] for row in others], dimension, rate)
                )
                truth.append(codes[others])
            probabilities = np.concatenate(outputs, axis=1)  # (epochs, rows, classes)
            right = np.take_along_axis(probabilities, np.concatenate(truth)[None, :, None], axis=2)
            for epoch, loss in enumerate(-np.log(np.clip(right, 1e-15, 1)).mean(axis=(1, 2))):
                losses[dimension, rate, epoch] = loss
    dimension, rate, epoch = min(losses, key=lambda choice: losses[choice])
    return evaluate(task.test_y, classes, _epochs(bags, codes, test, dimension, rate)[epoch])


def _bags(train: list[str], test: list[str]) -> tuple[list[Any], list[Any]]:
    """Return the numbers of the words and pairs of each text that at least two texts have."""
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(ngram_range=(1, 2), min_df=2)
    counted = (counter.fit_transform(train), counter.transform(test))
    first, second = (
        [np.repeat(row.indices, row.data).astype(np.int64) for row in one] for one in counted
    )
    return first, second


def _epochs(bags: list[Any], codes: Any, others: list[Any], dimension: int, rate: float) -> Any:
    """Return the probabilities after each epoch, shape (epochs, rows, classes)."""
    import torch

    torch.manual_seed(0)
    n_terms = 1 + max(int(bag.max(initial=0)) for bag in [*bags, *others])
    vectors = torch.nn.EmbeddingBag(n_terms, dimension, mode="mean", sparse=True)
    torch.nn.init.uniform_(vectors.weight, -1 / dimension, 1 / dimension)
    linear = torch.nn.Linear(dimension, int(codes.max()) + 1)
    optimizers = [
        torch.optim.SparseAdam(list(vectors.parameters()), lr=rate),
        torch.optim.Adam(linear.parameters(), lr=rate),
    ]
    probabilities, target = [], torch.from_numpy(codes)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(bags)).split(BATCH):
            for optimizer in optimizers:
                optimizer.zero_grad()
            outputs = linear(vectors(*_flat([bags[row] for row in rows])))
            torch.nn.functional.cross_entropy(outputs, target[rows]).backward()
            for optimizer in optimizers:
                optimizer.step()
        with torch.no_grad():
            probabilities.append(linear(vectors(*_flat(others))).softmax(dim=1).numpy())
    return np.stack(probabilities)


def _flat(bags: list[Any]) -> tuple[Any, Any]:
    """Return bags end to end, and where each begins."""
    import torch

    begins = np.cumsum([0, *map(len, bags)])[:-1]
    return torch.from_numpy(np.concatenate(bags)), torch.from_numpy(begins)
