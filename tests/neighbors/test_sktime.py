"""Panels of sktime are sequences, or the call that makes them so is named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("sktime", reason="sktime is not installed")

import madaline
from madaline import AdaptiveClassifier, AdaptiveRegressor
from madaline.errors import InputError, KindGuessedWarning

# What is noise teaches nothing.
pytestmark = pytest.mark.filterwarnings("ignore::madaline.errors.NothingLearnedWarning")
QUICK = {"effort": 2, "random_state": 0}


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 60)
    phase = rng.uniform(0, 6, (60, 1))
    waves = np.sin(np.arange(40) * np.where(y, 0.9, 0.4)[:, None] + phase)
    return np.stack([waves, rng.normal(size=(60, 40))], axis=1), y  # (n, channels, length)


def test_each_container_becomes_the_same_sequences(panel):
    from sktime.datatypes import convert

    X, y = panel
    expected = AdaptiveClassifier(**QUICK).fit(madaline.sequences(X.transpose(0, 2, 1)), y)
    assert expected.score(madaline.sequences(X.transpose(0, 2, 1)), y) > 0.9
    rows = convert(X, "numpy3D", "df-list", as_scitype="Panel")
    model = AdaptiveClassifier(**QUICK).fit(rows, y)
    np.testing.assert_array_equal(model.predict_proba(rows), expected.predict_proba(rows))
    indexed = convert(X, "numpy3D", "pd-multiindex", as_scitype="Panel")
    groups = [group for _, group in indexed.groupby(level=0)]
    np.testing.assert_array_equal(model.predict_proba(groups), expected.predict_proba(rows))


def test_arrays_and_nested_frames_name_the_call(panel):
    from sktime.datatypes import convert

    X, y = panel
    with pytest.warns(KindGuessedWarning, match=r"give madaline.sequences\(X.transpose\(0, 2, 1\)"):
        AdaptiveClassifier(effort=1, random_state=0).fit(X, y)
    nested = convert(X, "numpy3D", "nested_univ", as_scitype="Panel")
    with pytest.raises(InputError, match=r"holds a Series .*, or madaline.sequences\(column\)"):
        AdaptiveClassifier(**QUICK).fit(nested, y)
    columns = {name: madaline.sequences(nested[name]) for name in nested}
    model = AdaptiveClassifier(**QUICK).fit(columns, y)
    assert [column.kind for column in model.model_.schema.columns] == ["sequence"] * 2


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of sktime, about its own settings
def test_forecasts_by_reduction():
    from sktime.forecasting.compose import make_reduction

    months = pd.period_range("2015-01", periods=72, freq="M")
    y = pd.Series(np.sin(np.arange(72) / 6 * np.pi) * 10 + 50, index=months)
    forecaster = make_reduction(AdaptiveRegressor(effort=20, random_state=0), window_length=12)
    found = forecaster.fit(y[:60]).predict(fh=range(1, 13))
    assert np.abs(found.to_numpy().ravel() - y[60:].to_numpy()).mean() < 4
