"""Estimators read columns of text as numbers and dates, say how, and take a kind instead."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from madaline import AdaptiveRegressor, load, runtime
from madaline.errors import InputError, RowsLeftOutWarning, TextReadWarning

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


def test_one_warning_tells_of_all_columns_at_the_line_of_the_user():
    frame = FRAME.assign(weight=[f"{price:.1f} kg" for price in PRICES])
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        make_pipeline(AdaptiveRegressor(effort=1)).fit(frame, 2 * PRICES)
    (told,) = [one for one in found if one.category is TextReadWarning]
    assert str(told.message).splitlines() == [
        "price: number, read without $ and thousands separators (,).",
        "weight: number, read without kg.",
    ]
    assert {one.filename for one in found} == {__file__}


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


def test_words_and_numbers_that_are_named_are_missing_everywhere(tmp_path):
    X = FRAME.assign(price=PRICES.astype(object), noise=np.where(np.arange(N) < 9, -999, 1.5))
    X.loc[3, "price"] = "tbc"
    X["price"] = X["price"].astype(str)
    model, _ = fit(X, 2 * PRICES, effort=2, missing=["tbc", -999])
    assert [column.n_missing for column in model.model_.schema.columns] == [1, 9]
    model.save(tmp_path / "m.madaline")
    empty = pd.DataFrame({"price": [None], "noise": [None]}, dtype=object)
    named = pd.DataFrame({"price": ["tbc"], "noise": ["-999"]})
    for predictor in (model, load(tmp_path / "m.madaline"), runtime.load(tmp_path / "m.madaline")):
        np.testing.assert_array_equal(predictor.predict(named), predictor.predict(empty))
    assert load(tmp_path / "m.madaline").missing == ["tbc", "-999"]
    with pytest.raises(InputError, match=r"missing is 'tbc': give a list of words"):
        fit(X, 2 * PRICES, missing="tbc")


def test_a_known_word_in_new_rows_is_missing_with_a_warning_and_another_is_named(fitted):
    new = FRAME.head(3).assign(noise=["0.5", "nil", "1"])
    with pytest.warns(TextReadWarning, match="noise: 'nil' in 1 row counts as missing"):
        fitted.predict(new)
    with pytest.raises(InputError, match=r"'noise'.* text in row 1 \(counted from 0\): 'oops'"):
        fitted.predict(new.assign(noise=["0.5", "oops", "1"]))


def test_rows_without_a_target_are_left_out_with_their_number():
    X, y = FRAME.assign(price=PRICES), PRICES + RNG.normal(0, 900, N)
    y[[4, 7]] = np.nan
    with pytest.warns(RowsLeftOutWarning, match="y has no value in 2 of 120 rows, which are left"):
        model = AdaptiveRegressor(random_state=0, effort=1).fit(X, y)
    assert np.isnan(model.oof_prediction_[[4, 7]]).all()
    assert np.isfinite(np.delete(model.oof_prediction_, [4, 7])).all()
    with pytest.raises(InputError, match=r"no value in 70 of 120 rows, which is most of them"):
        AdaptiveRegressor().fit(X, np.where(np.arange(N) < 70, np.nan, y))
