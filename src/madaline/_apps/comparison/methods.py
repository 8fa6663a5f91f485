"""The methods beside madaline: what each is, with the settings that people take, and its features.

They are used as their packages suggest: of most, settings are chosen among a few by their loss in
folds of the training rows, and the rest are the defaults.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from importlib import import_module
from importlib.util import find_spec
from itertools import chain, pairwise
from operator import attrgetter
from typing import Any, TypeAlias, final

import numpy as np

from madaline._apps.comparison.compared_rows import ComparedColumns, Fold
from madaline._base.words import format_list
from madaline._race.evaluation.objective import LOG_LOSS
from madaline.errors import InputError
from madaline.nn.arrays import Array

_MAX_ONE_HOT = 40  # levels of a category that get a feature of their own; else means of the target
_MAX_BINNED = 250  # levels that scikit-learn's boosting takes
_MIN_PAIRS = 5  # of the same two words, without which CatBoost takes no text
_MAX_WORDS = 20_000  # of a column of texts that get a feature of their own


@final
@dataclass(frozen=True, eq=False)
class Problem:
    """What a method is to learn in a fold."""

    fold: Fold
    target: Array  # of the training rows: numbers, or classes as codes
    loss: str  # as a key of `Method.learners`
    quantile: float
    seed: int
    n_jobs: int

    @property
    def categories(self) -> list[int]:
        """The columns of categories."""
        return [int(column) for column in self.fold.is_category.nonzero()[0]]

    @cached_property
    def texts(self) -> list[str]:
        """The columns of texts in the frame of `native_texts`, none where CatBoost refuses one."""
        columns = self.fold.learned.texts.T
        if not all(map(_has_frequent_pair, columns)):
            return []
        return [f"text {number}" for number in range(len(columns))]


def _has_frequent_pair(texts: Array) -> bool:
    """Return whether two words follow one another so often that CatBoost finds some to count."""
    words = map(str.split, texts)
    pairs = Counter(chain.from_iterable(map(pairwise, words)))
    return max(pairs.values(), default=0) >= _MIN_PAIRS


Features: TypeAlias = tuple[Any, Callable[[ComparedColumns], Any]]
"""The features of the training rows, and what returns those of other rows."""


def as_they_are(problem: Problem) -> Features:
    """Return numbers with missing values, and categories by the ranks of their levels."""
    return problem.fold.learned.x, _numbers


def _numbers(columns: ComparedColumns) -> Array:
    return columns.x


def for_bins(problem: Problem) -> Features:
    """Return the same, but the rarest levels are missing where there are too many for bins."""
    features = partial(_without_rare, is_category=problem.fold.is_category)
    return features(problem.fold.learned), features


def _without_rare(columns: ComparedColumns, is_category: Array) -> Array:
    return np.where(is_category & (columns.x >= _MAX_BINNED), np.nan, columns.x)


def native_texts(problem: Problem) -> Features:
    """Return a frame whose categories and texts are text, as CatBoost takes them."""
    fold = problem.fold
    numbers = np.flatnonzero(~fold.is_term | (not problem.texts))
    features = partial(
        _frame, is_category=fold.is_category, numbers=numbers, texts=tuple(problem.texts)
    )
    return features(fold.learned), features


def _frame(
    columns: ComparedColumns, is_category: Array, numbers: Array, texts: tuple[str, ...]
) -> Any:
    import pandas as pd  # which CatBoost brings along

    frame: dict[str, Any] = {}
    for number in numbers:
        values = columns.x[:, number]
        frame[str(number)] = [f"{code:g}" for code in values] if is_category[number] else values
    return pd.DataFrame(frame | dict(zip(texts, columns.texts.T, strict=False)))


def encoded(problem: Problem) -> Features:
    """Return features for methods that need numbers of similar size and none missing.

    Missing numbers become the median, and are told. Few levels of a category become one feature
    each, many the mean of the target (cross-fitted). Texts become their words by TF-IDF.
    """
    return _encoded(problem, by_words=True)


def encoded_terms(problem: Problem) -> Features:
    """Return the same, but with fewer terms of texts, as madaline counts them."""
    return _encoded(problem, by_words=False)


def _encoded(problem: Problem, *, by_words: bool) -> Features:
    from sklearn.compose import make_column_transformer
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    fold = problem.fold
    learned, categories = fold.learned, fold.is_category
    many = categories & (np.where(np.isnan(learned.x), 0, learned.x).max(axis=0) >= _MAX_ONE_HOT)
    numbers = ~(categories | fold.is_term) if by_words else ~categories
    impute = SimpleImputer(strategy="median", add_indicator=True)
    steps = (
        (make_pipeline(impute, StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), categories & ~many),
        (make_pipeline(_target_encoder(problem), StandardScaler()), many),
    )
    encoder = make_column_transformer(*((step, np.flatnonzero(which)) for step, which in steps))
    x = encoder.fit_transform(learned.x, problem.target)
    texts = learned.texts.T if by_words else ()
    words = [TfidfVectorizer(sublinear_tf=True, max_features=_MAX_WORDS).fit(t) for t in texts]
    return _beside_words(x, learned, words), partial(_encode, encoder=encoder, words=words)


def _target_encoder(problem: Problem) -> Any:
    from sklearn.preprocessing import TargetEncoder

    # By itself it takes a target of whole numbers for classes.
    kind = "auto" if problem.loss == LOG_LOSS else "continuous"
    return TargetEncoder(target_type=kind, random_state=problem.seed)


def _encode(columns: ComparedColumns, encoder: Any, words: list[Any]) -> Any:
    return _beside_words(encoder.transform(columns.x), columns, words)


def _beside_words(x: Array, columns: ComparedColumns, words: list[Any]) -> Any:
    from scipy.sparse import csr_array, hstack

    pairs = zip(words, columns.texts.T, strict=False)
    parts = [vectorizer.transform(texts) for vectorizer, texts in pairs]
    return hstack([csr_array(x), *parts]).tocsr() if parts else x


CONSTANT, LINEAR, MADALINE = "constant", "linear", "madaline"
SQUARED, QUANTILE, POISSON = "squared", "quantile", "poisson"

Settings = Mapping[str, Any]  # arguments of an estimator; functions are of the problem


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
    work: float = 5.0  # time that it takes beside others, about

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
    """
    names = list(METHODS) if names is None else [names] if isinstance(names, str) else list(names)
    unknown = [name for name in names if name not in METHODS]
    if unknown:
        raise InputError(
            "There is no model {unknown!s} to compare: choose among {METHODS}.",
            unknown=unknown[0],
            METHODS=format_list(METHODS, 12),
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
            losses={SQUARED: {}, POISSON: {}, QUANTILE: {"strategy": QUANTILE, "quantile": _LEVEL}},
        ),
        work=1.0,  # with what is prepared for all
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
        work=1.0,
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
        work=1.0,
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
    MADALINE: Method("madaline", {}, "madaline", work=15.0),  # learns from the table itself
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
