"""Trees as a layer: where rows come to, and which parameters are trees at all."""

from __future__ import annotations

import numpy as np
import pytest

from madaline.nn.arrays import Workspace
from madaline.nn.layers import Trees
from madaline.nn.network import Network

LAYER = Trees(3, 2, 4, 5)


def parameters():
    theta = Network((LAYER,)).initialize((), np.random.default_rng(0)).theta
    return Network((LAYER,)).bind(theta)[0]


def walked(own, x):
    """Return what a row comes to, one split after the other."""
    y = own["bias"].astype(float)
    for output, tree in np.ndindex(LAYER.out_features, LAYER.n_trees):
        node = 0
        while node >= 0:
            goes_left = (
                x[int(own["feature"][output, tree, node])] <= (own["threshold"][output, tree, node])
            )
            node = int(own["left" if goes_left else "right"][output, tree, node])
        y[output] += own["value"][output, tree, -1 - node]
    return y


def test_rows_come_to_the_leaf_that_the_splits_lead_to():
    own, x = parameters(), np.random.default_rng(1).normal(size=(50, 3)).astype(np.float32)
    y, _ = LAYER.forward(own, x, workspace=Workspace())
    np.testing.assert_allclose(y, [walked(own, row) for row in x], rtol=1e-5)


def test_trees_hold_their_own_parameters():
    assert LAYER.holds(parameters())


@pytest.mark.parametrize("axes", [(), (6,)])
def test_trees_begin_as_chains_of_splits(axes):
    """Each split has a leaf on the left, and the next split, or the last leaf, on the right."""
    layer = Trees(3, 2, 7, 5)
    network = Network((layer,))
    own = network.bind(network.initialize(axes, np.random.default_rng(0)).theta)[0]
    assert layer.holds(own)
    shape = (*axes, 2, 7, 4)
    np.testing.assert_array_equal(own["left"], np.broadcast_to([-1, -2, -3, -4], shape))
    np.testing.assert_array_equal(own["right"], np.broadcast_to([1, 2, 3, -5], shape))
    assert set(np.unique(own["feature"])) == {0, 1, 2}
    for name in ("threshold", "value", "bias"):
        assert len(np.unique(own[name])) == own[name].size
    assert own["threshold"].std() == pytest.approx(1, abs=0.4)
    assert (layer.multiply_adds(), layer.width(own, np.zeros((1, 3)))) == (2 * 7 * 5, 2 * 7)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("feature", 3),
        ("feature", -1),
        ("feature", 0.5),
        ("feature", np.nan),
        ("left", 0),  # leads back to itself
        ("left", 4),  # there are four splits
        ("left", -6),  # and five leaves
        ("right", 2.5),
        ("right", np.inf),
        ("left", -2),  # the right side of another leads there, too
    ],
)
def test_splits_that_lead_nowhere_are_found(name, value):
    own = parameters()
    own[name][1, 2, 2 if value == -2 else 0] = value
    if value == -2:
        own["left"][1, 2, 1] = -2
    assert not LAYER.holds(own)


def test_a_split_may_lead_to_one_leaf_alone():
    own = parameters()
    for side in ("left", "right"):
        own[side][...] = -1
    assert LAYER.holds(own)


@pytest.mark.parametrize(("side", "split"), [("left", 0), ("right", 3)])
def test_a_leaf_is_led_to_once_however_far_apart_splits_are(side, split):
    own = parameters()
    own[side][1, 2, split] = -4 if split == 0 else -1
    assert not LAYER.holds(own)
    for name in own:  # the trees beside it are as they should be
        own[name] = own[name][:1] if name == "bias" else own[name][:, :2]
    assert Trees(3, 2, 2, 5).holds(own)
