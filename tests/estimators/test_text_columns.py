"""Estimators read columns of text as numbers and dates, say how, and take a kind instead."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from madaline import AdaptiveRegressor, runtime
from madaline.errors import InputError, TextReadWarning

N = 120
RNG = np.random.default_rng(0)
PRICES = RNG.uniform(10, 9999, N).round(2)
FRAME = pd.DataFrame({"price": [f"${price:,.2f}" for price in PRICES], "noise": RNG.normal(size=N)})


def fit(X, y, **settings):
    """Return a fitted model and how it says it read columns of text."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        model = AdaptiveRegressor(random_state=0, **settings).fit(X, y)
    return model, [str(one.message) for one in found if one.category is TextReadWarning]


@pytest.fixture(scope="module")
def fitted():
    return fit(FRAME, 2 * PRICES, effort=15)[0]


def test_a_frame_of_text_is_learned_from_as_its_numbers_are(fitted):
    numbers = FRAME.assign(price=PRICES)
    expected, told = fit(numbers, 2 * PRICES, effort=15)
    assert told == []
    assert fitted.oof_score_ > 0.95
    np.testing.assert_array_equal(fitted.predict(FRAME), expected.predict(numbers))
    np.testing.assert_array_equal(fitted.predict(numbers), expected.predict(numbers))


def test_how_it_was_read_is_a_warning():
    _, told = fit(FRAME, 2 * PRICES, effort=1)
    assert told == ["price: number, read without $ and thousands separators (,)."]


def test_a_saved_model_reads_and_explains_the_same(fitted, tmp_path):
    fitted.save(tmp_path / "m.madaline")
    predictor = runtime.load(tmp_path / "m.madaline")
    np.testing.assert_allclose(
        predictor.predict(FRAME.head().to_dict("records")), fitted.predict(FRAME.head()), rtol=1e-5
    )
    assert fitted.background_["price"].dtype == np.float64
    explanation = fitted.explain(FRAME.head(2))
    assert abs(explanation.attributions[:, 0]).min() > abs(explanation.attributions[:, 1]).max()
    with pytest.raises(InputError, match=r"a number such as \$1,234\.5 .*'12 kg'"):
        predictor.predict({"price": ["12 kg"], "noise": [0.0]})


def test_a_kind_is_taken_instead():
    model, told = fit(FRAME, 2 * PRICES, effort=1, kinds={"price": "category"})
    assert model.model_.schema["price"].kind == "category"
    assert told == []


def test_a_target_of_text_is_read(fitted):
    model, told = fit(FRAME, [f"{2 * price:.2f} kg" for price in PRICES], effort=15)
    assert told[0] == "y: number, read without kg."
    np.testing.assert_allclose(model.predict(FRAME), fitted.predict(FRAME), rtol=1e-3)
