"""The methods beside madaline: what each is, with the settings that people take.

They are used as their packages suggest: of most, settings are chosen among a few by their loss in
folds of the training rows, and the rest are the defaults.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from operator import attrgetter
from typing import Any, final

from madaline._comparison.features import (
    Features,
    Problem,
    as_they_are,
    encoded,
    encoded_terms,
    for_bins,
    native_texts,
)
from madaline._evaluation.objective import LOG_LOSS
from madaline._words import format_list
from madaline.errors import InputError

CONSTANT, LINEAR, MADALINE = "constant", "linear", "madaline"
SQUARED, QUANTILE, POISSON = "squared", "quantile", "poisson"


Settings = Mapping[str, Any]
"""Arguments of an estimator; functions are of the problem."""


@final
@dataclass(frozen=True)
class Learner:
    """An estimator that minimizes one of the losses, and what is chosen of it."""

    path: str
    settings: Settings = field(default_factory=dict)
    choices: Sequence[Settings] = ({},)

    def make(self, problem: Problem, chosen: Settings) -> Any:
        """Return the estimator with some of the choices."""
        module, _, name = self.path.rpartition(".")
        given = {**self.settings, **chosen}
        made = {key: value(problem) if callable(value) else value for key, value in given.items()}
        return getattr(import_module(module), name)(**made)


@final
@dataclass(frozen=True)
class Method:
    """A method: what it is called, what it needs, and what learns each loss that it can learn."""

    title: str
    learners: Mapping[str, Learner]
    package: str = "sklearn"  # the module that must be installed
    features: Callable[[Problem], Features] = as_they_are
    fit_options: Callable[[Problem], dict[str, Any]] = field(default=lambda _: {})

    def learns(self, loss: str) -> bool:
        """Return whether it can minimize a loss."""
        return not self.learners or loss in self.learners

    @property
    def is_installed(self) -> bool:
        """Whether its package is there."""
        return find_spec(self.package) is not None


def chosen_methods(names: Any) -> tuple[str, ...]:
    """Return the names of the methods to compare, in their order; the constant is always one.

    By default all whose package is installed.

    >>> chosen_methods(["madaline", "linear"])
    ('constant', 'linear', 'madaline')
    """
    names = list(METHODS) if names is None else [names] if isinstance(names, str) else list(names)
    unknown = [name for name in names if name not in METHODS]
    if unknown:
        raise InputError(
            f"There is no model {unknown[0]!s} to compare: choose among {format_list(METHODS, 12)}."
        )
    return tuple(name for name in METHODS if name in (CONSTANT, *names))


def _each(name: str, *values: Any) -> list[Settings]:
    return [{name: value} for value in values]


def _boosted(n_trees: str) -> list[Settings]:
    """Return learning rates with numbers of trees to choose among."""
    pairs = ((100, 0.03), (100, 0.1), (400, 0.1))
    return [{n_trees: trees, "learning_rate": rate} for trees, rate in pairs]


def _family(
    path: str, choices: Sequence[Settings] = ({},), *, losses: Settings, **settings: Any
) -> dict[str, Learner]:
    """Return the learners of a classifier and of a regressor with settings by loss."""
    numbers = {
        loss: Learner(f"{path}Regressor", settings | dict(of_loss), choices)
        for loss, of_loss in losses.items()
    }
    return {LOG_LOSS: Learner(f"{path}Classifier", settings, choices), **numbers}


_SEED, _JOBS = attrgetter("seed"), attrgetter("n_jobs")
_LEVEL, _CATEGORIES = attrgetter("quantile"), attrgetter("categories")
_STRENGTHS = _each("alpha", 1e-4, 1e-2, 1.0)

METHODS: Mapping[str, Method] = {
    CONSTANT: Method(
        "constant",
        _family(
            "sklearn.dummy.Dummy",
            losses={
                SQUARED: {},
                POISSON: {},
                QUANTILE: {"strategy": QUANTILE, "quantile": _LEVEL},
            },
        ),
    ),
    LINEAR: Method(
        "linear model",
        {
            LOG_LOSS: Learner(
                "sklearn.linear_model.LogisticRegression",
                {"max_iter": 500},
                _each("C", 0.01, 0.1, 1.0, 10.0),
            ),
            SQUARED: Learner(
                "sklearn.linear_model.Ridge", {}, _each("alpha", 0.1, 1.0, 10.0, 100.0, 1000.0)
            ),
            QUANTILE: Learner(
                "sklearn.linear_model.QuantileRegressor", {"quantile": _LEVEL}, _STRENGTHS
            ),
            POISSON: Learner(
                "sklearn.linear_model.PoissonRegressor", {"max_iter": 500}, _STRENGTHS
            ),
        },
        features=encoded,
    ),
    "neighbors": Method(
        "nearest neighbors",
        _family(
            "sklearn.neighbors.KNeighbors",
            _each("n_neighbors", 5, 15, 50),
            losses={SQUARED: {}, POISSON: {}},
            n_jobs=_JOBS,
        ),
        features=encoded,
    ),
    "forest": Method(
        "random forest",
        _family(
            "sklearn.ensemble.RandomForest",
            _each("min_samples_leaf", 1, 5),
            losses={SQUARED: {}, POISSON: {"criterion": POISSON}},
            n_jobs=_JOBS,
            random_state=_SEED,
        ),
        features=encoded_terms,
    ),
    "boosting": Method(
        "boosting (sklearn)",
        _family(
            "sklearn.ensemble.HistGradientBoosting",
            _boosted("max_iter"),
            losses={
                SQUARED: {},
                POISSON: {"loss": POISSON},
                QUANTILE: {"loss": QUANTILE, "quantile": _LEVEL},
            },
            categorical_features=_CATEGORIES,
            random_state=_SEED,
        ),
        features=for_bins,
    ),
    "lightgbm": Method(
        "LightGBM",
        _family(
            "lightgbm.LGBM",
            _boosted("n_estimators"),
            losses={
                SQUARED: {},
                POISSON: {"objective": POISSON},
                QUANTILE: {"objective": QUANTILE, "alpha": _LEVEL},
            },
            n_jobs=_JOBS,
            random_state=_SEED,
            verbose=-1,
        ),
        "lightgbm",
        fit_options=lambda problem: {"categorical_feature": problem.categories or "auto"},
    ),
    "xgboost": Method(
        "XGBoost",
        _family(
            "xgboost.XGB",
            _boosted("n_estimators"),
            losses={
                SQUARED: {},
                POISSON: {"objective": "count:poisson"},
                QUANTILE: {"objective": "reg:quantileerror", "quantile_alpha": _LEVEL},
            },
            enable_categorical=True,
            feature_types=lambda problem: ["c" if c else "q" for c in problem.fold.is_category],
            n_jobs=_JOBS,
            random_state=_SEED,
        ),
        "xgboost",
    ),
    MADALINE: Method("madaline", {}, "madaline"),  # learns from the table itself
    "mlp": Method(
        "MLP (sklearn)",
        _family(
            "sklearn.neural_network.MLP",
            _each("early_stopping", False, True),
            losses={SQUARED: {}, POISSON: {"loss": POISSON}},
            random_state=_SEED,
        ),
        features=encoded,
    ),
    "catboost": Method(
        "CatBoost",
        _family(
            "catboost.CatBoost",
            losses={
                SQUARED: {},
                POISSON: {"loss_function": "Poisson"},
                QUANTILE: {"loss_function": lambda problem: f"Quantile:alpha={problem.quantile}"},
            },
            thread_count=_JOBS,
            random_seed=_SEED,
            verbose=False,
            allow_writing_files=False,
        ),
        "catboost",
        native_texts,
        lambda problem: {
            "cat_features": [str(column) for column in problem.categories],
            "text_features": problem.texts,
        },
    ),
}
"""The methods by the names that are typed, in the order in which they are fitted."""
