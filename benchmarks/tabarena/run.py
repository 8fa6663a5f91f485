"""How madaline does by TabArena's protocol, on tables that are at hand, beside its results.

Boosted trees are run as TabArena runs them: AutoGluon's defaults, bagged over eight folds. Errors
over theirs can be compared from one cut of a table to another, so what TabArena has published of
other methods can stand beside ours.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean, geometric_mean
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from arena_tables import TASKS, load_split
from arena_tables import error as error_of

from measuring import Job, Outcome, measure_and_tell, run_worker_if_asked
from tables import DEFAULT_FOLDER, Table

PUBLISHED_NAMES = {"catboost": "CAT (default)", "lightgbm": "GBM (default)"}
"""What TabArena calls the methods that others can be compared with."""
SEEDS = {"CAT": "random_seed", "GBM": "seed"}


@dataclass(frozen=True)
class ArenaError(Outcome):
    """What came of one fit: TabArena's error, and processor seconds of fit and prediction."""

    name: str
    method: str
    n_train: int
    error: float
    cpu_s: float
    seed: int = 0
    arguments: str = "{}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the methods, print errors over those of one of them; 1 if a fit failed, else 0."""
    options = _parse(arguments)
    jobs = [
        Job(name, method, repeat, str(options.folder.resolve()), {})
        for name in options.tables
        for repeat in range(options.repeats)
        for method in options.methods
    ]
    measured, n_failed = measure_and_tell(
        jobs, _line_of, script=Path(__file__), output=options.output, kind=ArenaError
    )
    if measured:
        published = _published(options.published, options.tables, options.reference)
        print("\n".join(comparison(measured, published, options.reference)))
    return 1 if n_failed else 0


def comparison(
    measured: Sequence[ArenaError], published: Mapping[str, Mapping[str, float]], reference: str
) -> Iterator[str]:
    """Yield each method's ratios to the error of one of them by table, then means, best first.

    Parameters
    ----------
    measured : sequence of ArenaError
        Ours and those of the reference; the errors of several repeats are averaged.
    published : mapping of str to mapping of str to float
        By method and table, the error over that of the reference on the same cut.
    reference : str
        The method that all errors are divided by.

    Yields
    ------
    str
        A line per table and measured method, and one per method with the geometric mean of its
        ratios, on how many tables it is better than the reference, and its processor seconds.
    """
    errors = _means(measured, lambda one: one.error)
    seconds = _means(measured, lambda one: one.cpu_s)
    ratios = {method: _over(errors.get(reference, {}), of) for method, of in errors.items()}
    for method, of_tables in ratios.items():
        for name, ratio in of_tables.items():
            yield (
                f"{name:16}{method:12}{errors[method][name]:12.5g}{ratio:8.3f}"
                f"{seconds[method][name]:9.1f} s"
            )
    yield ""
    everything = {method: of for method, of in (ratios | dict(published)).items() if of}
    for method in sorted(everything, key=lambda one: geometric_mean(everything[one].values())):
        of = everything[method]
        line = f"{method:36}x{geometric_mean(of.values()):.3f}"
        line += f"; better on {sum(ratio < 1 for ratio in of.values())} of {len(of)}"
        if method in seconds:
            line += f"; {sum(seconds[method][name] for name in of):.0f} s"
        yield line


def _over(reference: Mapping[str, float], errors: Mapping[str, float]) -> dict[str, float]:
    """Return the errors over those of the reference, of the tables that both have."""
    return {name: error / reference[name] for name, error in errors.items() if name in reference}


def _means(
    measured: Sequence[ArenaError], value: Callable[[ArenaError], float]
) -> dict[str, dict[str, float]]:
    groups: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for one in measured:
        groups[one.method][one.name].append(value(one))
    return {
        method: {name: fmean(values) for name, values in of.items()}
        for method, of in groups.items()
    }


def _published(
    path: Path | None, names: Sequence[str], reference: str
) -> dict[str, dict[str, float]]:
    """Return the ratios of TabArena's file of results on these tables, its first cut of each."""
    if path is None:
        return {}
    by_arena_name = {TASKS[name].arena_name: name for name in names}
    errors: dict[str, dict[str, float]] = defaultdict(dict)
    with path.open(newline="", encoding="utf-8") as file:
        for line in csv.DictReader(file):
            if line["dataset"] in by_arena_name and line.get("imputed", "False") != "True":
                errors[line["method"]][by_arena_name[line["dataset"]]] = float(line["metric_error"])
    return {method: _over(errors[PUBLISHED_NAMES[reference]], of) for method, of in errors.items()}


class _BaggedTrees:
    """AutoGluon's default CatBoost (`CAT`) or LightGBM (`GBM`), bagged over eight folds."""

    def __init__(self, table: Table, seed: int, kind: str) -> None:
        self.table, self.settings = table, {kind: {SEEDS[kind]: seed}}

    def fit(self, x: Any, y: Any) -> None:
        """Fit eight models, each stopped early on the fold that it does not learn from."""
        from autogluon.tabular import TabularPredictor

        problem = TASKS[self.table.name].problem
        metric = {"binary": "roc_auc", "multiclass": "log_loss"}.get(problem, "rmse")
        self.predictor = TabularPredictor(
            "target",
            problem_type=problem,
            eval_metric=metric,
            path=tempfile.mkdtemp(),
            verbosity=0,
        ).fit(
            x.assign(target=y),
            hyperparameters=self.settings,
            num_bag_folds=8,
            num_bag_sets=1,
            num_stack_levels=0,
            fit_weighted_ensemble=False,
            ag_args_ensemble={"fold_fitting_strategy": "sequential_local"},
            num_cpus=1,
        )
        if problem != "regression":
            self.classes_ = self.predictor.class_labels

    def predict(self, x: Any) -> Any:
        """Return the mean of the predictions."""
        return self.predictor.predict(x).to_numpy()

    def predict_proba(self, x: Any) -> Any:
        """Return the mean of the probabilities."""
        return self.predictor.predict_proba(x).to_numpy()


def _madaline(table: Table, seed: int, **arguments: Any) -> Any:
    from madaline import AdaptiveClassifier, AdaptiveRegressor

    kind = AdaptiveClassifier if table.is_classification else AdaptiveRegressor
    return kind(random_state=seed, **arguments)


METHODS: dict[str, Callable[[Table, int], Any]] = {
    "catboost": partial(_BaggedTrees, kind="CAT"),
    "lightgbm": partial(_BaggedTrees, kind="GBM"),
    "madaline": _madaline,
    "networks": lambda table, seed: _madaline(table, seed, members="networks"),
    "best": lambda table, seed: _madaline(table, seed, preset="best"),
}


def _measure(job: Job, table: Table, estimator: Any) -> ArenaError:
    start = time.process_time()
    estimator.fit(table.x_train, table.y_train)
    predict = estimator.predict_proba if table.is_classification else estimator.predict
    prediction = predict(table.x_test)
    cpu_s = round(time.process_time() - start, 2)
    error = error_of(table, prediction, getattr(estimator, "classes_", None))
    return ArenaError(job.name, job.method, len(table.y_train), error, cpu_s, job.seed)


def _line_of(one: ArenaError) -> str:
    return f"{one.name} ({one.method}, repeat {one.seed}): {one.error:.5g}, {one.cpu_s:.1f} s"


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", nargs="+", choices=list(TASKS), default=list(TASKS))
    parser.add_argument(
        "--methods", nargs="+", choices=list(METHODS), default=["catboost", "madaline", "best"]
    )
    parser.add_argument("--reference", choices=list(PUBLISHED_NAMES), default="catboost")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--output", type=Path, help="CSV of measurements to write or to go on with")
    parser.add_argument("--published", type=Path, help="results_per_split.csv of TabArena")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="the data folder")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    run_worker_if_asked(
        lambda job, table: METHODS[job.method](table, job.seed),
        _measure,
        lambda job: load_split(Path(job.folder), job.name, job.seed),
    )
    sys.exit(main())
