"""Tables whose relation changes, and models of the rows before the change."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from madaline import AdaptiveClassifier, AdaptiveRegressor


def rows_of(
    seed: int, n_rows: int, *, turned: bool = False
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return columns and a number: it grows with `size`, or falls where the relation has turned."""
    rng = np.random.default_rng(seed)
    size, other = rng.normal(size=(2, n_rows))
    color = rng.choice(["red", "green", "blue"], n_rows).astype(object)
    number = (-1 if turned else 1) * size + (color == "red") + 0.3 * rng.normal(size=n_rows)
    return {"size": size, "other": other, "color": color, "constant": np.ones(n_rows)}, number


@pytest.fixture(scope="session")
def make_rows() -> Callable[..., tuple[dict[str, np.ndarray], np.ndarray]]:
    """Make columns and labels, "high" or "low"."""

    def make(seed: int, n_rows: int, *, turned: bool = False):
        X, number = rows_of(seed, n_rows, turned=turned)
        return X, np.where(number > 0.3, "high", "low")

    return make


@pytest.fixture(scope="session")
def make_numbers():
    """Make columns and numbers."""
    return rows_of


@pytest.fixture
def fit(make_rows):
    """Fit a classifier to 300 rows."""

    def fitted(**options) -> AdaptiveClassifier:
        return AdaptiveClassifier(effort=4, random_state=0, **options).fit(
            *make_rows(0, 300), folds=3
        )

    return fitted


@pytest.fixture
def fit_numbers(make_numbers):
    """Fit a regressor to 300 rows."""

    def fitted(**options) -> AdaptiveRegressor:
        return AdaptiveRegressor(effort=4, random_state=0, **options).fit(
            *make_numbers(0, 300), folds=3
        )

    return fitted
