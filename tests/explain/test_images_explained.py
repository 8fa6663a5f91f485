"""What places of an image add: it adds up, it is the integral, and it is where the answer is."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from madaline import AdaptiveClassifier, AdaptiveRegressor
from madaline._models.runtime.frozen_networks import NetworkPart
from madaline._tell.explain import explain
from madaline._tell.explain.attributions.parts import WholePart, passes, rescale
from madaline.nn.arrays import Workspace
from madaline.nn.layers import (
    Convolution,
    Linear,
    MaxPooling,
    MeanPooling,
    ReLU,
    SiLU,
)
from madaline.nn.network import Network

TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def digits():
    """Images of 8 x 8 pixels and the digit that each shows."""
    X, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(X))[:300]
    return X[order].reshape(-1, 8, 8), y[order]


@pytest.fixture(scope="module")
def reader(digits):
    X, y = digits
    return AdaptiveClassifier(effort=5, random_state=0).fit(X[:250], y[:250])


@pytest.mark.parametrize("method", ["expected", "integrated"])
@pytest.mark.parametrize("scale", ["log_odds", "probability"])
def test_places_add_up_to_the_column_and_columns_to_the_output(reader, digits, method, scale):
    X = digits[0]
    found = reader.explain(X[250:254], background=X[:30], method=method, scale=scale)
    allowed = TOLERANCE * np.maximum(1, np.abs(found.output - found.base))
    assert np.all(np.abs(found.remaining) <= allowed)
    assert found.maps["image"].shape == (4, 8, 8)
    np.testing.assert_allclose(
        found.maps["image"].sum(axis=(1, 2)), found.attributions[:, 0], rtol=1e-9
    )


def test_without_a_background_an_even_image_is_compared_with(reader, digits):
    found = explain(reader.model_, {"image": digits[0][:2]})
    assert "a plain image" in found.background
    assert np.abs(found.remaining).max() < 1e-3


def test_the_segments_come_to_what_very_many_slopes_come_to(reader, digits):
    """The mean of 1,000 slopes along the way, which know nothing of segments."""
    X = digits[0]
    model, row, other = reader.model_, X[250:251], X[:1]
    found = explain(model, {"image": row}, background={"image": other}, nodes=32)
    asked = found.target_class[0]
    places = (np.arange(1000) + 0.5) / 1000
    way = other + places[:, None, None] * (row - other)
    slopes = explain(
        model, {"image": way}, background={"image": other}, method="slope", target_class=asked
    )
    integral = (slopes.maps["image"] / places[:, None, None]).mean(axis=0)
    scale = np.abs(integral).mean()
    assert np.abs(found.maps["image"][0] - integral).mean() < 0.03 * scale
    few = explain(model, {"image": row}, background={"image": other})
    assert np.abs(few.maps["image"][0] - integral).mean() < 0.3 * scale


@pytest.mark.slow
def test_what_tells_where_a_bar_stands_is_the_bar():
    rng = np.random.default_rng(0)
    place = rng.integers(2, 14, 300)
    X = rng.normal(size=(300, 12, 16)) / 10
    X[np.arange(300), :, place] += 2
    model = AdaptiveRegressor(effort=8, random_state=0).fit(X[:250], place[:250])
    found = model.explain(X[250:270], background=np.zeros((1, 12, 16)))
    size = np.abs(found.maps["image"]).sum(axis=1)  # (n, width)
    own = size[np.arange(20), place[250:270]]
    assert np.mean(own / size.sum(axis=1)) > 0.5  # one column of 16


def test_rows_keep_their_maps_and_shapley_values_have_none(reader, digits):
    X = digits[0]
    found = reader.explain(X[:3], background=X[:10])
    np.testing.assert_array_equal(found[1].maps["image"], found.maps["image"][1:2])
    assert "8 x 8 pixels, gray" in str(found)
    assert "(parts: +" in str(found)
    shapley = reader.explain(X[:3], background=X[:10], method="shapley")
    assert shapley.maps == {}
    np.testing.assert_allclose(shapley.attributions, found.attributions, atol=1e-3)


def test_columns_of_numbers_have_no_maps():
    X = np.random.default_rng(0).normal(size=(100, 2))
    model = AdaptiveClassifier(effort=2, random_state=0).fit(X, X[:, 0] > 0)
    assert model.explain(X[:2]).maps == {}


@pytest.mark.parametrize(
    "layers",
    [
        (Convolution((5, 4), 2, 3), MaxPooling((5, 4)), ReLU(), Linear(12, 2)),
        (Convolution((7,), 2, 3), ReLU(), MaxPooling((7,)), SiLU(), Linear(9, 2)),
        (MaxPooling((4, 4)), MeanPooling((2, 2)), Linear(2, 1)),
    ],
    ids=["picture", "sequence", "pooling alone"],
)
def test_one_segment_adds_up_exactly_through_kinks(layers):
    found, change = through(layers, 1)
    np.testing.assert_allclose(found, change, rtol=1e-9)


def test_layers_without_a_rule_of_their_own_add_up_the_better_the_more_segments():
    layers = (MaxPooling((12,), 3), SiLU(), Linear(8, 1))
    errors = []
    for segments in (4, 16, 64):
        found, change = through(layers, segments)
        errors.append(np.abs(found - change).max())
    assert errors[2] < errors[1] / 2 < errors[0] / 4


def through(layers, segments, seed=0):
    """Return what inputs add on a way through one network, and by how much its output changed."""
    rng = np.random.default_rng(seed)
    network = Network(layers)
    widths = {"Convolution": 2, "MaxPooling": 2}
    first = layers[0]
    positions = getattr(first, "n_positions", None) or int(np.prod(first.shape))
    n_features = positions * widths[type(first).__name__]
    theta = network.initialize((1, 1), rng, dtype=np.float64).theta
    theta += rng.normal(size=theta.shape) / 5
    part = WholePart(NetworkPart(0, network, theta, np.ones(1)), np.zeros(n_features, np.intp))
    a, b = rng.normal(size=(2, 1, 6, n_features))
    total, before = 0, passes(part, a, Workspace())
    n_outputs = before[-1].y.shape[-1]
    weight = rng.normal(size=n_outputs)
    for one in range(1, segments + 1):
        after = passes(part, a + one / segments * (b - a), Workspace())
        gradient = np.broadcast_to(weight, (1, 6, n_outputs)).copy()
        share = rescale(before, after, gradient, part.discarded)
        total = total + (share * (b - a) / segments).sum(axis=-1)
        before = after
    start, end = (part.forward(x, Workspace())[0] for x in (a, b))
    return total, (end - start) @ weight
