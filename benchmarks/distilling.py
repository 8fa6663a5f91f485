"""Another model's knowledge in a small file: loss, size and seconds a row of teacher and students.

A teacher learns the training rows of a table. Students are madaline with default arguments, which
learn the labels; the probabilities that the teacher gives for the rows that it learned from; or
those of teachers of five folds, each for rows that it did not learn from. All are measured on the
test rows, against their labels and, as divergence, against the probabilities of the teacher.
"""

from __future__ import annotations

import argparse
import importlib.util
import pickle
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from measuring import append, read_so_far
from peers import PEERS
from tables import DEFAULT_FOLDER, Table, load_table, log_loss

TABLES = ("adult", "churn", "letter", "phoneme")
LABELS, SEEN, UNSEEN = "labels", "seen rows", "unseen rows"
STUDENTS = (LABELS, SEEN, UNSEEN)
"""What students learn: labels, or probabilities for rows that the teacher learned from or not."""

N_FOLDS = 5
SMALLEST_PROBABILITY = 1e-7
"""Of a forest, whose leaves hold a class or none: its log loss would be infinite without."""


@dataclass(frozen=True)
class Distilled:
    """A teacher, or a student, on the test rows: a row of the file of results."""

    table: str
    teacher: str
    student: str  # empty: the teacher itself
    seed: int
    loss: float
    accuracy: float
    divergence: float  # mean relative entropy of the teacher's probabilities
    megabytes: float
    row_ms: float  # milliseconds of a row alone
    rows_ms: float  # milliseconds a thousand rows together
    fit_s: float  # processor seconds, those of the teachers of the folds included
    entropy: float  # mean, of the probabilities that were learned


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is missing, and print a table."""
    options = _parse(arguments)
    measured = read_so_far(options.output, Distilled)
    for seed in options.seeds:
        for teacher in _present(options.teachers):
            for name in options.tables:
                done = {(o.table, o.teacher, o.student, o.seed) for o in measured}
                if (name, teacher, UNSEEN, seed) not in done:
                    for one in _measure(load_table(options.folder, name), teacher, seed):
                        measured.append(one)
                        append(options.output, one)
    print("\n".join(_lines(measured)))
    return 0


def _forest(kind: str, seed: int) -> Any:
    import sklearn.ensemble
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    texts = make_column_selector(dtype_exclude="number")
    encode = make_column_transformer((encoder, texts), remainder="passthrough")
    forest = getattr(sklearn.ensemble, kind)(200, random_state=seed)
    return make_pipeline(encode, forest)


def _catboost(table: Table, seed: int) -> Any:
    return PEERS["catboost"](table, seed).set_params(catboostclassifier__iterations=300)


TEACHERS: Mapping[str, Callable[[Table, int], Any]] = {
    "random forest": lambda _, seed: _forest("RandomForestClassifier", seed),
    "CatBoost": _catboost,
    "extra trees": lambda _, seed: _forest("ExtraTreesClassifier", seed),
}
"""Forests of 200 trees, CatBoost of 300; all else are defaults."""


def _present(teachers: Sequence[str]) -> Iterator[str]:
    for name in teachers:
        if name == "CatBoost" and importlib.util.find_spec("catboost") is None:
            print("CatBoost is left out: it is not installed here.", file=sys.stderr)
        else:
            yield name


def _measure(table: Table, teacher: str, seed: int) -> Iterator[Distilled]:
    """Yield the teacher and its students."""
    import pandas as pd
    from sklearn.model_selection import StratifiedKFold

    begun = time.process_time()
    model = TEACHERS[teacher](table, seed).fit(table.x_train, table.y_train)
    taught, classes = time.process_time() - begun, list(model.classes_)
    truth = model.predict_proba(table.x_test)
    facts = table.name, teacher
    yield _outcome(facts, "", seed, table, model, truth, taught, 0.0)
    begun = time.process_time()
    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=seed)
    unseen = np.empty((len(table.y_train), len(classes)))
    for training, held_out in folds.split(table.x_train, table.y_train):
        own = TEACHERS[teacher](table, seed)
        own.fit(table.x_train.iloc[training], table.y_train[training])
        unseen[held_out] = own.predict_proba(table.x_train.iloc[held_out])
    folded = time.process_time() - begun
    seen = model.predict_proba(table.x_train)
    targets: dict[str, tuple[Any, float]] = {
        SEEN: (pd.DataFrame(seen, columns=classes), taught),
        UNSEEN: (pd.DataFrame(unseen, columns=classes), folded),
    }
    of_labels, took = _of_labels(table, seed)
    yield _outcome(facts, LABELS, seed, table, of_labels, truth, took, 0.0)
    for student, (target, before) in targets.items():
        fitted, took = _student(table, target, seed)
        entropy = _entropy(target.to_numpy())
        yield _outcome(facts, student, seed, table, fitted, truth, took + before, entropy)


_KNOWN: dict[tuple[str, int], tuple[Any, float]] = {}
"""Students of labels, which all teachers stand beside."""


def _of_labels(table: Table, seed: int) -> tuple[Any, float]:
    key = table.name, seed
    if key not in _KNOWN:
        _KNOWN[key] = _student(table, table.y_train, seed)
    return _KNOWN[key]


def _student(table: Table, target: Any, seed: int) -> tuple[Any, float]:
    """Return a fitted student and its processor seconds."""
    from madaline import AdaptiveClassifier

    begun = time.process_time()
    fitted = AdaptiveClassifier(random_state=seed).fit(table.x_train, target)
    return fitted, time.process_time() - begun


def _outcome(
    facts: tuple[str, str],
    student: str,
    seed: int,
    table: Table,
    model: Any,
    truth: Any,
    took: float,
    entropy: float,
) -> Distilled:
    shares = np.clip(model.predict_proba(table.x_test), SMALLEST_PROBABILITY, 1)
    shares /= shares.sum(axis=1, keepdims=True)
    hits = np.asarray(model.classes_)[shares.argmax(axis=1)] == table.y_test
    one = Distilled(
        *facts,
        student,
        seed,
        log_loss(table.y_test, shares, model.classes_),
        float(hits.mean()),
        float(np.mean(-np.sum(truth * np.log(shares), axis=1))) - _entropy(truth),
        _size(model) / 1e6,
        _milliseconds(model, table.x_test.iloc[:1]),
        _milliseconds(model, table.x_test.iloc[:1000]),
        round(took, 2),
        entropy,
    )
    words = f"{one.table:10} {one.teacher:14} {student or 'itself':12} {seed}"
    print(f"{words} {one.loss:.4f} {one.megabytes:8.2f} MB", file=sys.stderr, flush=True)
    return one


def _entropy(shares: Any) -> float:
    logs = np.log(np.where(shares > 0, shares, 1))
    return float(-np.sum(shares * logs, axis=1).mean())


def _size(model: Any) -> int:
    """Return the bytes of a model's file: that of `save`, or a pickle."""
    if not hasattr(model, "save"):
        return len(pickle.dumps(model))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.madaline"
        model.save(path)
        return path.stat().st_size


def _milliseconds(model: Any, rows: Any) -> float:
    """Return the shortest of five predictions, in processor time."""
    times = []
    for _ in range(5):
        begun = time.process_time()
        model.predict_proba(rows)
        times.append(time.process_time() - begun)
    return 1000 * min(times)


def _lines(measured: Sequence[Distilled]) -> Iterator[str]:
    """Yield a table in Markdown: means over the seeds."""
    heads = ("table", "teacher", "itself", *STUDENTS, "MB", "student", "a row, ms", "student")
    yield f"| {' | '.join(heads)} |"
    yield "| --- " * 2 + "| ---: " * (len(heads) - 2) + "|"
    for name, teacher in dict.fromkeys((one.table, one.teacher) for one in measured):
        own = [one for one in measured if (one.table, one.teacher) == (name, teacher)]
        parts = {s: [one for one in own if one.student == s] for s in ("", *STUDENTS)}
        losses = [f"{fmean(one.loss for one in parts[s]):.4f}" for s in parts if parts[s]]
        sizes = [
            _short(fmean(getattr(one, key) for one in parts[s]))
            for key in ("megabytes", "row_ms")
            for s in ("", SEEN)
            if parts[s]
        ]
        yield f"| {' | '.join([name, teacher, *losses, *sizes])} |"


def _short(number: float) -> str:
    return f"{number:.2g}" if number < 10 else f"{number:.0f}"


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", nargs="+", default=list(TABLES), metavar="TABLE")
    parser.add_argument("--teachers", nargs="+", default=list(TEACHERS), choices=TEACHERS)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], metavar="SEED")
    parser.add_argument("--output", type=Path, help="CSV of measurements to go on with")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="the data folder")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
