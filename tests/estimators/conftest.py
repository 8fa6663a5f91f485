"""Small tables for the estimators, of the kinds that people have."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

N_SAMPLES = 120


@pytest.fixture
def mixed() -> tuple[pd.DataFrame, np.ndarray]:
    """Numbers, text, categories, booleans and dates with gaps, and a label that depends on them."""
    rng = np.random.default_rng(0)
    size = rng.normal(size=N_SAMPLES)
    color = rng.choice(["red", "green", "blue"], N_SAMPLES)
    y = np.where(size + (color == "red") > 0.3, "yes", "no")
    table = pd.DataFrame(
        {
            "size": np.where(rng.random(N_SAMPLES) < 0.1, np.nan, size),
            "count": pd.array(rng.integers(0, 9, N_SAMPLES), dtype="Int64"),
            "color": color,
            "grade": pd.Categorical(rng.choice(["a", "b", "c"], N_SAMPLES)),
            "member": pd.array(rng.random(N_SAMPLES) < 0.5, dtype="boolean"),
            "since": pd.Timestamp("2020-01-01")
            + pd.to_timedelta(rng.integers(0, 900, N_SAMPLES), unit="D"),
        }
    )
    table.loc[3, ["count", "color", "grade", "member", "since"]] = None
    return table, y


@pytest.fixture
def line() -> tuple[np.ndarray, np.ndarray]:
    """Three columns of numbers, the first of which decides."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(N_SAMPLES, 3))
    return X, 3 * X[:, 0] + 0.3 * rng.normal(size=N_SAMPLES)


@pytest.fixture
def halves(line) -> tuple[np.ndarray, np.ndarray]:
    """The same columns with two classes."""
    X, y = line
    return X, (y > 0).astype(int)
