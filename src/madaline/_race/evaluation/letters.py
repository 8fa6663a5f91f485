"""Whether the letters of names tell more than the names themselves, where most are in few rows.

A category of very many levels is predicted from by the mean target of each level, which says little
of a level with few rows, and nothing of a new one. The letters of a name are shared by others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from madaline._tables.kinds.text import TextEncoder
from madaline._tables.table import Distinct
from madaline.nn.arrays import Array

# Fewer levels, or levels of more rows on average, tell what they tell without their letters.
_MIN_LEVELS, _MAX_ROWS_OF_LEVEL = 20, 20
_MIN_ROWS, _MAX_ROWS, _N_FOLDS = 60, 1000, 5  # rows that are looked at, and in how many folds
_STRENGTHS = (0.1, 1.0, 10.0)  # of the ridge regression on letters; the best one counts
_PRIOR_ROWS = (0.2, 1.0, 5.0, 25.0)  # as how many rows the overall mean counts; the best counts
# Standard errors, and share of the squared error, by which letters must be better.
_MIN_STANDARD_ERRORS, _MIN_SHARE = 3.0, 0.01
_MAX_OUTPUTS = 10  # that are predicted: those that vary most


@dataclass(frozen=True)
class _LettersTell:
    """How much of a target the levels of a column explain, and how much their letters."""

    by_levels: float  # share of the variance, out of fold
    by_letters: float
    standard_errors: float  # by how many the letters are better

    @property
    def more(self) -> bool:
        """Whether letters are clearly better."""
        gain = self.by_letters - self.by_levels
        return self.standard_errors > _MIN_STANDARD_ERRORS and gain > _MIN_SHARE


def letters_tell(
    levels: Distinct,
    target: Array,  # (n_samples, n_outputs), what the networks learn to predict
    groups: Array | None = None,  # (n_samples,), rows of one group stay together
) -> _LettersTell | None:
    """Compare what levels and their letters explain; None where levels are few or frequent."""
    present = levels.is_present
    n_levels = int(present.sum())
    n_rows = len(levels.codes) - levels.n_missing
    texts = all(isinstance(level, str) for level in levels.values[present])
    if not texts or n_levels < max(_MIN_LEVELS, n_rows / _MAX_ROWS_OF_LEVEL):
        return None
    rows = _rows(levels)
    if len(rows) < _MIN_ROWS:
        return None
    codes = levels.codes[rows]
    truth = _scaled(target[rows])
    encoder = TextEncoder.fit("", levels.values[codes])
    if not encoder.n_features or not truth.any():
        return None
    x = np.empty((len(rows), encoder.n_features), np.float32)
    encoder.write(levels.values[codes], x)
    kernel = (x @ x.T).astype(np.float64) / encoder.n_features
    held = list(_folds(rows if groups is None else groups[rows]))
    by_levels = _lowest([_errors_of_means(codes, truth, held, prior) for prior in _PRIOR_ROWS])
    by_letters = _lowest([_errors_of_ridge(kernel, truth, held, ridge) for ridge in _STRENGTHS])
    without = np.square(truth).sum(axis=1)
    better = by_levels - by_letters
    error = better.std(ddof=1) / np.sqrt(len(better))
    return _LettersTell(
        1 - float(by_levels.mean() / without.mean()),
        1 - float(by_letters.mean() / without.mean()),
        float(better.mean() / error) if error > 0 else 0.0,
    )


def _rows(levels: Distinct) -> Array:
    """Return the rows of some levels, by chance, all of each, so that they stay as rare as ever."""
    order = np.random.default_rng(0).permutation(len(levels.values))
    order = order[levels.is_present[order]]
    n_taken = np.searchsorted(np.cumsum(levels.counts[order]), _MAX_ROWS) + 1
    return np.flatnonzero(np.isin(levels.codes, order[:n_taken]))[:_MAX_ROWS]


def _scaled(target: Array) -> Array:
    """Return the outputs that vary most, centered, with a mean square of one together."""
    centered = target.astype(np.float64) - target.mean(axis=0)
    varied = np.argsort(-np.square(centered).sum(axis=0), kind="stable")[:_MAX_OUTPUTS]
    scale = np.sqrt(np.square(centered[:, varied]).sum(axis=1).mean())
    scaled: Array = centered[:, varied] / (scale or 1.0)
    return scaled


def _folds(groups: Array) -> Iterator[Array]:
    """Yield which rows are held out, fold after fold."""
    index = np.unique(groups, return_inverse=True)[1]
    fold = np.random.default_rng(1).permutation(index.max() + 1)[index] % _N_FOLDS
    for number in range(_N_FOLDS):
        yield fold == number


def _errors_of_means(codes: Array, target: Array, held: list[Array], prior: float) -> Array:
    """Return each row's squared error where levels are predicted by their shrunk means."""
    errors = np.zeros(len(codes))
    for out in held:
        mean = target[~out].mean(axis=0)
        counts = np.bincount(codes[~out], minlength=codes.max() + 1)[:, None]
        sums = np.zeros((len(counts), target.shape[1]))
        np.add.at(sums, codes[~out], target[~out] - mean)
        predicted = mean + (sums / (counts + prior))[codes[out]]
        errors[out] = np.square(target[out] - predicted).sum(axis=1)
    return errors


def _errors_of_ridge(kernel: Array, target: Array, held: list[Array], strength: float) -> Array:
    """Return each row's squared error where letters predict it by ridge regression."""
    errors = np.zeros(len(target))
    for out in held:
        mean = target[~out].mean(axis=0)
        ridge = kernel[np.ix_(~out, ~out)] + strength * np.eye(int(np.count_nonzero(~out)))
        predicted = mean + kernel[np.ix_(out, ~out)] @ np.linalg.solve(ridge, target[~out] - mean)
        errors[out] = np.square(target[out] - predicted).sum(axis=1)
    return errors


def _lowest(errors: list[Array]) -> Array:
    return min(errors, key=lambda of_rows: float(of_rows.mean()))
