"""The methods beside madaline: of each a maker, with the settings that people take.

They are used as their packages suggest: of most, one hyperparameter is chosen among a few values by
cross-validation within the training rows, and the rest are the defaults.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, final

import numpy as np

from madaline._comparison.rows import Fold
from madaline._words import format_list
from madaline.errors import InputError
from madaline.nn.arrays import Array

CONSTANT, LINEAR, MADALINE = "constant", "linear", "madaline"
_MAX_ONE_HOT = 40  # levels of a category that get a feature of their own; else means of the target
_MAX_BINNED = 250  # levels that scikit-learn's boosting takes
_SPEEDS = (0.03, 0.1)  # learning rates


@final
@dataclass(frozen=True)
class Problem:
    """What a method is to learn in a fold."""

    fold: Fold
    of_classes: bool
    seed: int
    n_jobs: int

    def choose(self, estimator: Any, **values: Any) -> Any:
        """Return an estimator that chooses a hyperparameter by the loss in the inner folds."""
        from sklearn.model_selection import GridSearchCV

        loss = "neg_log_loss" if self.of_classes else "neg_mean_squared_error"
        return GridSearchCV(estimator, values, scoring=loss, cv=list(self.fold.inner))

    def of_kind(self, classifier: Any, regressor: Any, **settings: Any) -> Any:
        """Return a classifier or a regressor with the same settings."""
        return (classifier if self.of_classes else regressor)(**settings)

    @property
    def categories(self) -> list[int]:
        """The columns of categories."""
        return [int(column) for column in np.flatnonzero(self.fold.is_category)]


@final
@dataclass(frozen=True)
class Method:
    """A method: what it is called, what it needs, and how it is made for a fold."""

    title: str
    make: Callable[[Problem], Any] | None  # None of madaline, which learns from the table itself
    package: str = "sklearn"  # the module that must be installed
    fit_options: Callable[[Problem], dict[str, Any]] = field(default=lambda _: {})

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


def _constant(problem: Problem) -> Any:
    from sklearn.dummy import DummyClassifier, DummyRegressor

    return DummyClassifier() if problem.of_classes else DummyRegressor()


def _linear(problem: Problem) -> Any:
    from sklearn.linear_model import LogisticRegression, Ridge

    if problem.of_classes:
        chosen = problem.choose(LogisticRegression(max_iter=500), C=(0.01, 0.1, 1.0, 10.0))
    else:
        chosen = problem.choose(Ridge(), alpha=(0.1, 1.0, 10.0, 100.0, 1000.0))
    return _on_features(problem, chosen)


def _neighbors(problem: Problem) -> Any:
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    most = min(len(learned) for learned, _ in problem.fold.inner)
    made = problem.of_kind(KNeighborsClassifier, KNeighborsRegressor, n_jobs=problem.n_jobs)
    numbers = sorted({min(number, most) for number in (5, 15, 50)})
    return _on_features(problem, problem.choose(made, n_neighbors=numbers))


def _forest(problem: Problem) -> Any:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    made = problem.of_kind(
        RandomForestClassifier,
        RandomForestRegressor,
        n_jobs=problem.n_jobs,
        random_state=problem.seed,
    )
    return _on_features(problem, problem.choose(made, min_samples_leaf=(1, 5)))


def _boosting(problem: Problem) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    made = problem.of_kind(
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
        categorical_features=problem.categories or None,
        random_state=problem.seed,
    )
    capped = FunctionTransformer(_without_rare, kw_args={"categories": problem.categories})
    return make_pipeline(capped, problem.choose(made, learning_rate=_SPEEDS))


def _lightgbm(problem: Problem) -> Any:
    from lightgbm import LGBMClassifier, LGBMRegressor

    made = problem.of_kind(
        LGBMClassifier,
        LGBMRegressor,
        n_jobs=problem.n_jobs,
        random_state=problem.seed,
        verbose=-1,
    )
    return problem.choose(made, learning_rate=_SPEEDS)


def _xgboost(problem: Problem) -> Any:
    from xgboost import XGBClassifier, XGBRegressor

    made = problem.of_kind(
        XGBClassifier,
        XGBRegressor,
        enable_categorical=True,
        feature_types=["c" if of_category else "q" for of_category in problem.fold.is_category],
        n_jobs=problem.n_jobs,
        random_state=problem.seed,
    )
    return problem.choose(made, learning_rate=_SPEEDS)


def _catboost(problem: Problem) -> Any:
    from catboost import CatBoostClassifier, CatBoostRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    made = problem.of_kind(
        CatBoostClassifier,
        CatBoostRegressor,
        cat_features=problem.categories,
        thread_count=problem.n_jobs,
        random_seed=problem.seed,
        verbose=False,
        allow_writing_files=False,
    )
    texts = FunctionTransformer(_as_texts, kw_args={"categories": problem.categories})
    return make_pipeline(texts, made)


def _mlp(problem: Problem) -> Any:
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.preprocessing import StandardScaler

    made = problem.of_kind(MLPClassifier, MLPRegressor, random_state=problem.seed)
    made = problem.choose(made, early_stopping=(False, True))
    if not problem.of_classes:  # its learning rate suits a target of unit size
        made = TransformedTargetRegressor(made, transformer=StandardScaler())
    return _on_features(problem, made)


def _on_features(problem: Problem, estimator: Any) -> Any:
    """Return a pipeline: missing numbers become the median, and are told; categories are encoded.

    Few levels become one feature each, many the mean of the target (cross-fitted).
    """
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder

    x, categories = problem.fold.x_training, problem.categories
    numbers = [column for column in range(x.shape[1]) if column not in set(categories)]
    many = [column for column in categories if np.nanmax(x[:, column], initial=0) >= _MAX_ONE_HOT]
    few = [column for column in categories if column not in many]
    scaled = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    means = make_pipeline(TargetEncoder(random_state=problem.seed), StandardScaler())
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return make_pipeline(
        make_column_transformer((scaled, numbers), (one_hot, few), (means, many)), estimator
    )


def _without_rare(x: Array, *, categories: list[int]) -> Array:
    """Return columns whose rarest levels are missing, where there are too many for bins."""
    x = x.copy()
    levels = x[:, categories]
    x[:, categories] = np.where(levels < _MAX_BINNED, levels, np.nan)
    return x


def _as_texts(x: Array, *, categories: list[int]) -> Any:
    """Return a frame whose categories are text, as CatBoost needs them; it brings pandas along."""
    import pandas as pd

    columns: dict[int, Any] = dict(enumerate(x.T))
    columns |= {column: [f"{code:g}" for code in x[:, column]] for column in categories}
    return pd.DataFrame(columns)


def _native_categories(problem: Problem) -> dict[str, Any]:
    return {"categorical_feature": problem.categories or "auto"}


METHODS: Mapping[str, Method] = {
    CONSTANT: Method("constant", _constant),
    LINEAR: Method("linear model", _linear),
    "neighbors": Method("nearest neighbors", _neighbors),
    "forest": Method("random forest", _forest),
    "boosting": Method("boosting (sklearn)", _boosting),
    "lightgbm": Method("LightGBM", _lightgbm, "lightgbm", _native_categories),
    "xgboost": Method("XGBoost", _xgboost, "xgboost"),
    MADALINE: Method("madaline", None, "madaline"),
    "mlp": Method("MLP (sklearn)", _mlp),
    "catboost": Method("CatBoost", _catboost, "catboost"),
}
"""The methods by the names that are typed, in the order in which they are fitted."""
