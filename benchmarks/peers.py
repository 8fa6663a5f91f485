"""Peers are other people's estimators with their defaults, measured just as madaline is.

They need packages that madaline never does; install them in an environment of their own
(`benchmarks/README.md` says which).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from measuring import Failure, Job, measure_all, read_measurements, run_worker_if_asked
from tables import DEFAULT_FOLDER, Table, table_names


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the peers on the sets and append what came of it to a file of measurements."""
    options = _parse(arguments)
    default_names = table_names(options.folder, large=options.large)
    names = options.sets or default_names
    limits = _limits(options.seconds_of)
    jobs = [
        Job(name, method, seed, str(options.folder.resolve()), _arguments(method, limits[name]))
        for method in options.methods
        for seed in options.seeds
        for name in names
    ]
    failures = 0
    for outcome in measure_all(jobs, script=Path(__file__), output=options.output):
        if isinstance(outcome, Failure):
            failures += 1
            print(
                f"{outcome.job.method} on {outcome.job.name} failed: {outcome.message}",
                file=sys.stderr,
            )
        else:
            print(
                f"{outcome.method:16} {outcome.name:24} {outcome.loss:.5f} {outcome.cpu_s:8.2f} s",
                flush=True,
            )
    return 1 if failures else 0


def _build(job: Job, table: Table) -> Any:
    return PEERS[job.method](table, job.seed, **job.arguments)


def _limits(path: Path | None) -> dict[str, float]:
    """Return the mean processor seconds of each set in a file of measurements."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for one in [] if path is None else read_measurements(path):
        seconds[one.name].append(one.cpu_s)
    return defaultdict(float, {name: round(fmean(of), 1) for name, of in seconds.items()})


def _arguments(method: str, seconds: float) -> dict[str, float]:
    if method != "autogluon":
        return {}
    if not seconds:
        raise SystemExit("AutoGluon needs a limit for each set: give --seconds-of ours.csv.")
    return {"seconds": seconds}


def _realmlp(table: Table, seed: int, *, n_folds: int = 1, threads: int = 1) -> Any:
    import torch
    from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline

    torch.set_num_threads(threads)
    options = {"device": "cpu", "n_cv": n_folds, "n_threads": threads, "random_state": seed}
    if table.is_classification:
        # Log-loss is measured: let it pick the epoch, without the label smoothing that harms it.
        options |= {"val_metric_name": "cross_entropy", "use_ls": False}
    kind = RealMLP_TD_Classifier if table.is_classification else RealMLP_TD_Regressor
    impute = ColumnTransformer(
        [("numbers", SimpleImputer(strategy="median"), _number_columns(table))],
        remainder="passthrough",
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    return make_pipeline(impute, _text_columns_to("category"), kind(**options))


def _catboost(table: Table, seed: int, *, threads: int = 1) -> Any:
    from catboost import CatBoostClassifier, CatBoostRegressor
    from sklearn.pipeline import make_pipeline

    kind = CatBoostClassifier if table.is_classification else CatBoostRegressor
    estimator = kind(
        cat_features=_text_columns(table),
        random_seed=seed,
        thread_count=threads,
        verbose=False,
        allow_writing_files=False,
    )
    return make_pipeline(_text_columns_to("object"), estimator)


class _CatBoostFolds:
    """The mean of five CatBoost models, each stopped early on the fold it does not learn from."""

    def __init__(self, table: Table, seed: int) -> None:
        self.table, self.seed = table, seed

    def fit(self, x: Any, y: Any) -> None:
        """Fit one model for each fold."""
        from sklearn.model_selection import KFold, StratifiedKFold

        kind = StratifiedKFold if self.table.is_classification else KFold
        folds = kind(5, shuffle=True, random_state=self.seed)
        self.models = [self._fitted(x, y, *parts) for parts in folds.split(x, y)]
        self.classes_ = getattr(self.models[0], "classes_", None)

    def predict(self, x: Any) -> Any:
        """Return the mean of the predictions."""
        return np.mean([one.predict(_texts_as_objects(x)) for one in self.models], axis=0)

    def predict_proba(self, x: Any) -> Any:
        """Return the mean of the probabilities."""
        return np.mean([one.predict_proba(_texts_as_objects(x)) for one in self.models], axis=0)

    def _fitted(self, x: Any, y: Any, training: Any, held_out: Any) -> Any:
        x, model = _texts_as_objects(x), _catboost(self.table, self.seed).steps[-1][1]
        return model.fit(
            x.iloc[training],
            y[training],
            eval_set=(x.iloc[held_out], y[held_out]),
            early_stopping_rounds=100,
        )


class _AutoGluon:
    """AutoGluon's `best_quality` on one core, within a limit of processor seconds.

    Its clock is made to count processor seconds, which other programs do not use up.
    """

    def __init__(self, table: Table, seed: int, seconds: float) -> None:
        del seed  # its own are fixed
        start = time.time()
        time.time = lambda: start + time.process_time()
        from autogluon.tabular import TabularPredictor

        self.seconds = seconds
        self.predictor = TabularPredictor(
            "target",
            problem_type=None if table.is_classification else "regression",
            eval_metric="log_loss" if table.is_classification else "rmse",
            path=tempfile.mkdtemp(),
            verbosity=0,
        )

    def fit(self, x: Any, y: Any) -> None:
        """Fit stacked and bagged models, one after the other, until the limit."""
        self.predictor.fit(
            x.assign(target=y),
            presets="best_quality",
            time_limit=self.seconds,
            dynamic_stacking=False,
            fit_strategy="sequential",
            num_cpus=1,
            ag_args_ensemble={"fold_fitting_strategy": "sequential_local"},
        )
        self.classes_ = self.predictor.class_labels

    def predict(self, x: Any) -> Any:
        """Return the predictions of the best ensemble."""
        return self.predictor.predict(x).to_numpy()

    def predict_proba(self, x: Any) -> Any:
        """Return the probabilities of the best ensemble."""
        return self.predictor.predict_proba(x).to_numpy()


def _lightgbm(table: Table, seed: int, *, threads: int = 1) -> Any:
    from lightgbm import LGBMClassifier, LGBMRegressor
    from sklearn.pipeline import make_pipeline

    kind = LGBMClassifier if table.is_classification else LGBMRegressor
    return make_pipeline(
        _text_columns_to("category"), kind(random_state=seed, n_jobs=threads, verbose=-1)
    )


def _sklearn_mlp(table: Table, seed: int, *, threads: int = 1) -> Any:
    from sklearn.compose import TransformedTargetRegressor, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    del threads  # those of the matrix library
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    texts = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    encoder = make_column_transformer(
        (numbers, _number_columns(table)), (texts, _text_columns(table))
    )
    if table.is_classification:
        network = MLPClassifier(early_stopping=True, random_state=seed)
    else:
        # Its learning rate fits a target of unit scale.
        network = TransformedTargetRegressor(
            MLPRegressor(early_stopping=True, random_state=seed), transformer=StandardScaler()
        )
    return make_pipeline(_text_columns_to("object"), encoder, network)


def _text_columns_to(dtype: str) -> Any:
    from sklearn.preprocessing import FunctionTransformer

    return FunctionTransformer(_convert_text_columns, kw_args={"dtype": dtype})


def _convert_text_columns(x: Any, *, dtype: str) -> Any:
    texts = x.select_dtypes(exclude="number").astype(object).fillna("missing")
    return x.assign(**texts.astype(dtype))


def _texts_as_objects(x: Any) -> Any:
    return _convert_text_columns(x, dtype="object")


def _number_columns(table: Table) -> list[str]:
    return list(table.x_train.select_dtypes("number").columns)


def _text_columns(table: Table) -> list[str]:
    return list(table.x_train.select_dtypes(exclude="number").columns)


PEERS: dict[str, Callable[..., Any]] = {
    "realmlp": _realmlp,
    "catboost": _catboost,
    "lightgbm": _lightgbm,
    "sklearn_mlp_es": _sklearn_mlp,
    "realmlp_folds": partial(_realmlp, n_folds=5),
    "catboost_folds": _CatBoostFolds,
    "autogluon": _AutoGluon,
}
"""The peers by name; those called folds are ensembles of five and take several times as long."""

SINGLE = ("realmlp", "catboost", "lightgbm", "sklearn_mlp_es")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="CSV to write or to go on with")
    parser.add_argument("--methods", nargs="+", choices=list(PEERS), default=list(SINGLE))
    parser.add_argument("--sets", nargs="+", metavar="NAME", help="default: all small sets")
    parser.add_argument("--large", action="store_true", help="the large sets, not the small ones")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument(
        "--seconds-of", type=Path, metavar="CSV", help="measurements that limit AutoGluon's time"
    )
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="the data folder")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    run_worker_if_asked(_build)
    sys.exit(main())
