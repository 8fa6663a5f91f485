"""Views of a column: a part of its values that may hold the target, where the whole does not.

An identifier ends in the class, a note has a word for it, a number of one class has more decimals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from madaline._base.language import _
from madaline.nn.arrays import Array

_MIN_DISTINCT, _MIN_SHARE = 20, 0.05  # values, and of all rows, from which parts are looked at
_MAX_LEVELS = 60  # of a part that has levels
_MAX_TOKENS, _MAX_WORDS = 3, 2000  # from either end of a text; words that are compared
_MIN_TEXTS, _WORD = 5, r"(?u)[^\W\d_]+"  # that a word is in; runs of letters
_MAX_DECIMALS = 8
_ORDINALS = ("first", "second", "third")
_TOKEN = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)*")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def views_of(column: Array, missing: Array) -> Iterator[tuple[str, Array]]:
    """Yield parts of a column in words, and their values: numbers, or indices of levels as texts.

    Only columns of many values have some.
    """
    present = column[~missing]
    if not len(present):
        return
    if column.dtype.kind == "O":
        texts = ["" if gone else str(value) for value, gone in zip(column, missing, strict=True)]
        if _are_many(len(set(texts)), len(texts)):
            yield from _of_texts(texts)
    elif column.dtype.kind == "M":
        yield from _of_moments(column)
    elif _are_many(len(np.unique(present)), len(present)):
        yield from _of_numbers(column.astype(np.float64))


def _are_many(n_distinct: int, n_rows: int) -> bool:
    return n_distinct >= max(_MIN_DISTINCT, _MIN_SHARE * n_rows)


def _of_texts(texts: Sequence[str]) -> Iterator[tuple[str, Array]]:
    """Yield tokens of texts by their places, the numbers in them, length and spelling."""
    tokens = [_TOKEN.findall(text) for text in texts]
    for place in range(_MAX_TOKENS):
        for end, index in (("", place), (" last", -1 - place)):
            part = [one[index] if len(one) > place else "" for one in tokens]
            name = (
                "the last word"
                if index == -1
                else _("the {ORDINALS}{end} word").format(ORDINALS=_ORDINALS[place], end=end)
            )
            if 1 < len(set(part)) <= _MAX_LEVELS:
                yield name, np.array(part, object)
    for letters, name in ((slice(1), "the first letter"), (slice(-1, None), "the last letter")):
        part = [text[letters] for text in texts]
        if 1 < len(set(part)) <= _MAX_LEVELS:
            yield name, np.array(part, object)
    numbers = [_NUMBER.findall(text) for text in texts]
    for place in range(_MAX_TOKENS - 1):
        found = [float(one[place]) if len(one) > place else np.nan for one in numbers]
        if np.isfinite(found).any():
            yield _("the {ORDINALS} number").format(ORDINALS=_ORDINALS[place]), np.array(found)
    yield "the length", np.array([float(len(text)) for text in texts])


def _of_moments(column: Array) -> Iterator[tuple[str, Array]]:
    gone = np.isnat(column)
    seconds = column.astype("datetime64[s]").astype(np.int64)
    for name, values in (
        ("the day of the week", seconds // 86_400 % 7),
        ("the time of day", seconds % 86_400),
        ("the seconds", seconds % 60),
    ):
        if len(np.unique(values[~gone])) > 1:
            yield name, np.where(gone, np.nan, values.astype(np.float64))


def _of_numbers(column: Array) -> Iterator[tuple[str, Array]]:
    """Yield the last digit of whole numbers, or how many decimals others have."""
    finite = column[np.isfinite(column)]
    if np.abs(finite).max(initial=0.0) >= 2.0**53:
        return
    if (finite == finite.round()).all():
        yield "the last digit", np.abs(column) % 10
        return
    decimals = np.full(len(column), float(_MAX_DECIMALS))
    for places in reversed(range(_MAX_DECIMALS)):
        short = np.abs(column - column.round(places)) <= 1e-9 * np.maximum(1, np.abs(column))
        decimals[short] = places
    if len(np.unique(decimals)) > 1:
        yield "the number of decimals", decimals


def explained_by_words(texts: Sequence[str], truth: Array) -> tuple[Array, str, Array]:
    """Return the share of each output that words explain, the clearest word, and what they predict.

    Each row is predicted by two thirds of the rows that do not hold it.
    """
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import KFold, cross_val_predict

    counter = CountVectorizer(
        binary=True, token_pattern=_WORD, min_df=_MIN_TEXTS, max_features=_MAX_WORDS
    )
    nothing = np.zeros(truth.shape[1])
    try:
        x = counter.fit_transform(texts)
    except ValueError:  # no word is in several texts
        return nothing, "", np.zeros(len(texts))
    model = Ridge(alpha=1.0)
    folds = KFold(3, shuffle=True, random_state=0)
    prediction = cross_val_predict(model, x, truth, cv=folds).reshape(truth.shape)
    errors = np.square(prediction - truth).mean(axis=0) / np.maximum(truth.var(axis=0), 1e-12)
    weights = np.abs(model.fit(x, truth).coef_).reshape(truth.shape[1], -1).max(axis=0)
    frequency = np.asarray(x.mean(axis=0)).ravel()
    clearest = int(np.argmax(weights * np.sqrt(np.maximum(frequency * (1 - frequency), 0))))
    word = str(counter.get_feature_names_out()[clearest])
    return np.asarray(1 - errors), word, prediction[:, int(np.argmin(errors))]
