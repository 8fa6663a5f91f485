"""Arrays and data sets of xarray are tables by the names of their coordinates and variables."""

from __future__ import annotations

import numpy as np
import pytest

xarray = pytest.importorskip("xarray", reason="xarray is not installed")

from madaline import AdaptiveClassifier, OnlineClassifier  # noqa: E402
from madaline.errors import InputError  # noqa: E402

# What is noise teaches nothing.
pytestmark = pytest.mark.filterwarnings("ignore::madaline.errors.NothingLearnedWarning")
QUICK = {"effort": 2, "random_state": 0}
VALUES = np.random.default_rng(0).normal(size=(80, 2)) * [1, 100]
Y = (VALUES[:, 0] > 0).astype(int)
ARRAY = xarray.DataArray(VALUES, dims=("time", "what"), coords={"what": ["size", "cost"]})
TURNED = ARRAY.sel(what=["cost", "size"])


@pytest.mark.parametrize("kind", [AdaptiveClassifier, OnlineClassifier])
def test_coordinates_name_the_columns(kind):
    model = kind(random_state=0).fit(ARRAY, Y)
    assert model.feature_names_in_.tolist() == ["size", "cost"]
    expected = model.predict_proba(ARRAY)
    np.testing.assert_array_equal(model.predict_proba(TURNED), expected)
    np.testing.assert_array_equal(model.predict_proba(ARRAY.to_dataset(dim="what")), expected)
    np.testing.assert_array_equal(model.predict_proba(TURNED.to_dataset(dim="what")), expected)


def test_arrays_without_names_are_as_those_of_numpy():
    model = AdaptiveClassifier(**QUICK).fit(VALUES, Y)
    plain = xarray.DataArray(VALUES)
    np.testing.assert_array_equal(model.predict_proba(plain), model.predict_proba(VALUES))
    assert AdaptiveClassifier(**QUICK).fit(plain, Y).n_features_in_ == 2


def test_targets_and_images():
    expected = AdaptiveClassifier(**QUICK).fit(ARRAY, Y).predict_proba(ARRAY)
    for y in (xarray.DataArray(Y, dims="time"), xarray.Dataset({"answer": ("time", Y)})):
        model = AdaptiveClassifier(**QUICK).fit(ARRAY, y)
        np.testing.assert_array_equal(model.predict_proba(ARRAY), expected)
    assert model.model_.summary.target == "answer"
    images = xarray.DataArray(np.random.default_rng(0).random((80, 5, 5)))
    model = AdaptiveClassifier(effort=1, random_state=0).fit(images, Y)
    assert model.model_.schema.columns[0].kind == "image"


def test_variables_of_several_dimensions_are_refused():
    grid = xarray.Dataset({"heat": (("time", "place"), VALUES)})
    with pytest.raises(InputError, match=r"Column 'heat' has 2 dimensions .*: give one value a"):
        AdaptiveClassifier(**QUICK).fit(grid, Y)
