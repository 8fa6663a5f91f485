"""The features that methods beside madaline learn from: as they are, or encoded for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain, pairwise
from typing import Any, TypeAlias, final

import numpy as np

from madaline._comparison.rows import Columns, Fold
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


Features: TypeAlias = tuple[Any, Callable[[Columns], Any]]
"""The features of the training rows, and what returns those of other rows."""


def as_they_are(problem: Problem) -> Features:
    """Return numbers with missing values, and categories by the ranks of their levels."""
    return problem.fold.learned.x, _numbers


def _numbers(columns: Columns) -> Array:
    return columns.x


def for_bins(problem: Problem) -> Features:
    """Return the same, but the rarest levels are missing where there are too many for bins."""
    features = partial(_without_rare, is_category=problem.fold.is_category)
    return features(problem.fold.learned), features


def _without_rare(columns: Columns, is_category: Array) -> Array:
    return np.where(is_category & (columns.x >= _MAX_BINNED), np.nan, columns.x)


def native_texts(problem: Problem) -> Features:
    """Return a frame whose categories and texts are text, as CatBoost takes them."""
    fold = problem.fold
    numbers = np.flatnonzero(~fold.is_term | (not problem.texts))
    features = partial(
        _frame, is_category=fold.is_category, numbers=numbers, texts=tuple(problem.texts)
    )
    return features(fold.learned), features


def _frame(columns: Columns, is_category: Array, numbers: Array, texts: tuple[str, ...]) -> Any:
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
    from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder

    fold = problem.fold
    learned, categories = fold.learned, fold.is_category
    many = categories & (np.where(np.isnan(learned.x), 0, learned.x).max(axis=0) >= _MAX_ONE_HOT)
    numbers = ~(categories | fold.is_term) if by_words else ~categories
    impute = SimpleImputer(strategy="median", add_indicator=True)
    steps = (
        (make_pipeline(impute, StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), categories & ~many),
        (make_pipeline(TargetEncoder(random_state=problem.seed), StandardScaler()), many),
    )
    encoder = make_column_transformer(*((step, np.flatnonzero(which)) for step, which in steps))
    x = encoder.fit_transform(learned.x, problem.target)
    texts = learned.texts.T if by_words else ()
    words = [TfidfVectorizer(sublinear_tf=True, max_features=_MAX_WORDS).fit(t) for t in texts]
    return _beside_words(x, learned, words), partial(_encode, encoder=encoder, words=words)


def _encode(columns: Columns, encoder: Any, words: list[Any]) -> Any:
    return _beside_words(encoder.transform(columns.x), columns, words)


def _beside_words(x: Array, columns: Columns, words: list[Any]) -> Any:
    from scipy.sparse import csr_array, hstack

    pairs = zip(words, columns.texts.T, strict=False)
    parts = [vectorizer.transform(texts) for vectorizer, texts in pairs]
    return hstack([csr_array(x), *parts]).tocsr() if parts else x
