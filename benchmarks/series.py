"""How good madaline is on series, beside MiniRocket of aeon (`pip install aeon`).

Default arguments, the split that comes with each set, one thread. The loss of MiniRocket is that of
a logistic regression on its features, whose strength is chosen by three folds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import process_time
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

SETS = (
    "ACSF1",
    "ArrowHead",
    "BasicMotions",
    "GunPoint",
    "ItalyPowerDemand",
    "JapaneseVowels",
    "OSULeaf",
    "PickupGestureWiimoteZ",
)
"""Sets of classes that the package aeon holds."""

OF_EQUAL_LENGTH = {"JapaneseVowels": "JapaneseVowels_eq"} | {
    "PickupGestureWiimoteZ": "PickupGestureWiimoteZ_eq"
}
"""What MiniRocket sees of sets whose series differ in length."""


@dataclass(frozen=True)
class Result:
    """What came of one contender on one set."""

    accuracy: float
    log_loss: float
    seconds: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row for each set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    print("| set | series | steps | classes | madaline | s | MiniRocket | s |")
    print("| --- | ---: | ---: | ---: | --- | ---: | --- | ---: |")
    with threadpool_limits(1):
        for name in options.sets:
            print(" | ".join(_row(name, options.seed)), flush=True)
    return 0


def _row(name: str, seed: int) -> Iterator[str]:
    train, y = load(name, "train")
    test, truth = load(name, "test")
    lengths = {len(one) for one in train}
    yield f"| {name}"
    yield f"{len(train)}, {len(test)}"
    yield f"{min(lengths)} to {max(lengths)}" if len(lengths) > 1 else f"{min(lengths)}"
    yield f"{len(set(y))}"
    for result in (ours(train, y, test, truth, seed), minirocket(name, seed)):
        yield f"{result.accuracy:.4f} / {result.log_loss:.3f}"
        yield f"{result.seconds:.1f}"
    yield "|"


def load(name: str, split: str) -> tuple[list[Any], Any]:
    """Return the series of a set, each of shape (length, channels), and their classes."""
    from aeon.datasets import load_classification

    X, y = load_classification(name, split=split)
    return [np.asarray(one, np.float32).T for one in X], y


def ours(train: list[Any], y: Any, test: list[Any], truth: Any, seed: int) -> Result:
    """Fit madaline and evaluate it."""
    from sklearn.metrics import log_loss

    from madaline import AdaptiveClassifier, sequences

    start = process_time()
    model = AdaptiveClassifier(random_state=seed, n_jobs=1).fit(sequences(train), y)
    probabilities = model.predict_proba(sequences(test))
    seconds = process_time() - start
    hits = model.classes_[probabilities.argmax(axis=1)] == truth
    return Result(float(hits.mean()), float(log_loss(truth, probabilities)), seconds)


def minirocket(name: str, seed: int) -> Result:
    """Fit MiniRocket with ridge regression (accuracy), and logistic regression (loss)."""
    from aeon.datasets import load_classification
    from aeon.transformations.collection.convolution_based import MiniRocket
    from sklearn.linear_model import LogisticRegression, RidgeClassifierCV
    from sklearn.metrics import log_loss
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    name = OF_EQUAL_LENGTH.get(name, name)
    X, y = load_classification(name, split="train")
    Z, truth = load_classification(name, split="test")
    MiniRocket(random_state=seed).fit_transform(X[:2])  # compiles
    start = process_time()
    rocket = MiniRocket(random_state=seed, n_jobs=1).fit(X)
    known, new = rocket.transform(X), rocket.transform(Z)
    ridge = make_pipeline(StandardScaler(), RidgeClassifierCV(alphas=np.logspace(-3, 3, 10)))
    accuracy = ridge.fit(known, y).score(new, truth)
    seconds = process_time() - start
    logistic = make_pipeline(StandardScaler(), LogisticRegression(max_iter=200))
    strengths = {"logisticregression__C": [1e-4, 1e-3, 1e-2]}
    tuned = GridSearchCV(logistic, strengths, scoring="neg_log_loss", cv=_folds(y)).fit(known, y)
    loss = log_loss(truth, tuned.predict_proba(new), labels=tuned.classes_)
    return Result(float(accuracy), float(loss), seconds)


def _folds(y: Any) -> int:
    return int(min(3, np.unique(y, return_counts=True)[1].min()))


if __name__ == "__main__":
    sys.exit(main())
