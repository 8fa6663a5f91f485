"""Lists of dictionaries and structured arrays are tables; a signaling NaN is a missing value."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from madaline import AdaptiveRegressor, runtime
from madaline._tables.io.recognition import to_table
from madaline.errors import InputError, RowsLeftOutWarning

N = 40
SIZES = np.linspace(1, 9, N)
RECORDS = [{"size": size, "color": "red" if row % 2 else "blue"} for row, size in enumerate(SIZES)]
STRUCTURED = np.array([tuple(one.values()) for one in RECORDS], [("size", float), ("color", "U4")])


@pytest.fixture(scope="module")
def fitted():
    return AdaptiveRegressor(effort=5, random_state=0).fit(RECORDS, 2 * SIZES)


@pytest.mark.parametrize("rows", [RECORDS, STRUCTURED], ids=["dictionaries", "structured"])
def test_records_are_fitted_and_predicted_as_columns_are(fitted, rows, tmp_path):
    columns = {"size": SIZES, "color": STRUCTURED["color"]}
    expected = AdaptiveRegressor(effort=5, random_state=0).fit(columns, 2 * SIZES).predict(columns)
    again = AdaptiveRegressor(effort=5, random_state=0).fit(rows, 2 * SIZES)
    np.testing.assert_array_equal(again.predict(rows), expected)
    np.testing.assert_array_equal(fitted.predict(rows), expected)
    fitted.save(tmp_path / "sizes.madaline")
    predictor = runtime.load(tmp_path / "sizes.madaline")
    np.testing.assert_allclose(predictor.predict(rows), expected)
    assert again.feature_names_in_.tolist() == ["size", "color"]


def test_a_column_that_records_lack_is_named(fitted):
    with pytest.raises(InputError, match="lacks 'color'"):
        fitted.predict([{"size": 1.0}])


def test_what_one_dictionary_lacks_is_missing():
    table = to_table([{"size": 1.5}, {"size": 2.5, "color": "red"}])
    assert table["color"].tolist() == [None, "red"]


def test_a_signaling_nan_is_missing():
    values = [Decimal("1.5"), Decimal("sNaN"), Decimal("NaN")]
    np.testing.assert_array_equal(to_table({"size": values})["size"], [1.5, np.nan, np.nan])


def test_a_signaling_nan_in_a_target_is_left_out():
    y = [Decimal("sNaN"), *map(Decimal, range(N - 1))]
    with pytest.warns(RowsLeftOutWarning, match="y has no value in 1 of"):
        AdaptiveRegressor(effort=1).fit(RECORDS, y)
