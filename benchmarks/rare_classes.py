"""How good madaline is where one class is rare and rows are few, beside two usual methods.

A table of two classes is drawn, of which the rare one has a given share. All other rows are test
rows, weighted so that they have the same share.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, geometric_mean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from measuring import Job, Promise, measure_and_tell, run_worker_if_asked
from peers import PEERS
from tables import DEFAULT_FOLDER, SMALLEST_PROBABILITY, Table

OURS = "madaline"

TASKS: Mapping[str, tuple[str, Any, float, int]] = {
    "adult 1:20": ("adult", ">50K", 0.05, 1000),
    "adult 1:100": ("adult", ">50K", 0.01, 2000),
    "churn 1:20": ("churn", "yes", 0.05, 600),
    "telco_churn 1:20": ("telco_churn", "Yes", 0.05, 300),
    "credit_default 1:20": ("credit_default_taiwan", "1", 0.05, 2000),
    "phoneme 1:100": ("phoneme", "1", 0.01, 1500),
    "electricity 1:20": ("electricity", "1", 0.05, 500),
    "satimage 1:20": ("satimage", "damp grey soil", 0.05, 1000),
    "letter 1:100": ("letter", "H", 0.01, 1000),
    "splice 1:20": ("splice", "EI", 0.05, 600),
    "spambase 1:100": ("spambase", "spam", 0.01, 1000),
    "wine_quality 1:20": ("wine_quality_white", 8.0, 0.05, 1500),
}
"""The table, its rare class (of a number, this much or more), its share, and rows to learn from."""


@dataclass(frozen=True)
class RareClass(Promise):
    """What came of one fit; a row of a file.

    `promised` is the log loss out of fold, of madaline alone; errors are standard errors.
    """

    name: str
    method: str
    n_train: int
    loss: float
    error: float
    area: float
    promised: float | None
    promised_error: float | None
    cpu_s: float
    seed: int = 0
    arguments: str = "{}"

    @property
    def task(self) -> str:
        """The name of the task."""
        return str(json.loads(self.arguments)["task"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the tasks and print a table in Markdown; 1 if a fit failed, else 0."""
    options = _parse(arguments)
    jobs = [
        Job(TASKS[task][0], method, seed, str(options.folder.resolve()), {"task": task})
        for task in options.tasks
        for method in options.methods
        for seed in options.seeds
    ]
    measured, failed = measure_and_tell(
        jobs,
        lambda one: f"{one.task:20} {one.method:10} {one.seed} {one.loss:.4f} {one.cpu_s:6.1f} s",
        script=Path(__file__),
        output=options.output,
        kind=RareClass,
    )
    print("\n".join(_lines(measured, options.methods)))
    return 1 if failed else 0


def draw(table: Table, task: str, seed: int) -> tuple[Table, NDArray[np.float64]]:
    """Return the rows to learn from and all others, and the weight of each of these.

    Weights are those with which the rare class has the same share in both.
    """
    import pandas as pd

    _, rare, share, n_rows = TASKS[task]
    x = pd.concat([table.x_train, table.x_test], ignore_index=True)
    y = np.concatenate([table.y_train, table.y_test])
    is_rare = y == rare if table.is_classification else y >= rare
    rng = np.random.default_rng(seed)
    n_rare = round(share * n_rows)
    chosen = np.zeros(len(y), bool)
    for of_class, number in ((is_rare, n_rare), (~is_rare, n_rows - n_rare)):
        chosen[rng.choice(np.flatnonzero(of_class), number, replace=False)] = True
    rows = rng.permutation(np.flatnonzero(chosen))
    label = np.where(is_rare, "rare", "usual").astype(object)
    truth = is_rare[~chosen]
    weight = np.where(truth, share / truth.sum(), (1 - share) / (~truth).sum())
    drawn = Table(
        task,
        True,
        x.iloc[rows].reset_index(drop=True),
        label[rows],
        x[~chosen].reset_index(drop=True),
        label[~chosen],
    )
    return drawn, weight


def _build(job: Job, table: Table) -> Any:
    drawn, _ = draw(table, job.arguments["task"], job.seed)
    return METHODS[job.method](drawn, job.seed)


def _measure(job: Job, table: Table, estimator: Any) -> RareClass:
    from sklearn.metrics import roc_auc_score

    drawn, weight = draw(table, job.arguments["task"], job.seed)
    start = time.process_time()
    estimator.fit(drawn.x_train, drawn.y_train)
    probability = np.asarray(estimator.predict_proba(drawn.x_test))[:, 0]
    cpu_s = time.process_time() - start
    truth = drawn.y_test == "rare"
    right = np.where(truth, probability, 1 - probability)
    losses = -np.log(np.clip(right, SMALLEST_PROBABILITY, 1))
    spreads = [losses[rows].var(ddof=1) * np.square(weight[rows]).sum() for rows in (truth, ~truth)]
    promised = [one for one in getattr(estimator, "scores_", ()) if one.metric == "log_loss"]
    return RareClass(
        job.name,
        job.method,
        len(drawn.y_train),
        float(losses @ weight),
        float(np.sqrt(sum(spreads))),
        float(roc_auc_score(truth, probability)),
        promised[0].value if promised else None,
        promised[0].standard_error if promised else None,
        round(cpu_s, 3),
        job.seed,
        job.key[3],
    )


def _madaline(_: Table, seed: int) -> Any:
    from madaline import AdaptiveClassifier

    return AdaptiveClassifier(random_state=seed)


def _logistic(_: Table, seed: int) -> Any:
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegressionCV
    from sklearn.model_selection import StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    encode = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
    )
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    return make_pipeline(
        encode, LogisticRegressionCV(cv=folds, scoring="neg_log_loss", max_iter=2000)
    )


METHODS = {OURS: _madaline, "logistic": _logistic, "catboost": PEERS["catboost"]}


def _lines(measured: Sequence[RareClass], methods: Sequence[str]) -> Iterator[str]:
    tasks: dict[str, dict[str, list[RareClass]]] = defaultdict(lambda: defaultdict(list))
    for one in measured:
        tasks[one.task][one.method].append(one)
    heads = ["task", "rows", *methods, *(f"area, {method}" for method in methods), "promise"]
    yield f"| {' | '.join(heads)} |"
    yield "| --- " * len(heads) + "|"
    for task, of_method in tasks.items():
        losses = [f"{fmean(one.loss for one in of_method[name]):.4f}" for name in methods]
        areas = [f"{fmean(one.area for one in of_method[name]):.3f}" for name in methods]
        promises = ", ".join(f"{one.distance:+.1f}" for one in of_method.get(OURS, []))
        yield f"| {' | '.join([task, str(TASKS[task][3]), *losses, *areas, promises])} |"
    yield ""
    yield from _summary(tasks, methods)


def _summary(
    tasks: Mapping[str, Mapping[str, Sequence[RareClass]]], methods: Sequence[str]
) -> Iterator[str]:
    means = {
        task: {name: fmean(one.loss for one in own) for name, own in of_method.items()}
        for task, of_method in tasks.items()
    }
    for name in methods:
        ratios = [of[OURS] / of[name] for of in means.values() if OURS in of and name in of]
        if name != OURS and ratios:
            wins = sum(ratio < 1 for ratio in ratios)
            yield f"{name}: loss x{geometric_mean(ratios):.3f}, better on {wins} of {len(ratios)}"


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", nargs="+", default=list(TASKS), choices=TASKS, metavar="TASK")
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], metavar="SEED")
    parser.add_argument("--output", type=Path, help="CSV of measurements to write or to go on with")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="the data folder")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    run_worker_if_asked(_build, _measure)
    sys.exit(main())
