"""Trees of scikit-learn become arrays, by hand-worked cases; what they see, and how they grow."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from tests.race.changed import changed
from tests.trees.test_trees import categories, dataset, grown

from madaline._race.trees import growing
from madaline._race.trees.growing import (
    GrowTask,
    Inputs,
    _directions,
    _joined,
    _learned,
    _rounded_down,
    _Splits,
    _tree,
    grow,
    levels_of,
    network_of,
)
from madaline._tables.encoders.encoded import FoldFeatures
from madaline.nn import losses
from madaline.nn._engine.executors.executor import Serial
from madaline.nn._engine.grown_trees import tree_of
from madaline.nn.network import Network

NODE = [("feature_idx", "i4"), ("num_threshold", "f8"), ("left", "u4"), ("right", "u4")]
NODE += [("value", "f8"), ("is_leaf", "u1"), ("bin_threshold", "u1")]


def nodes(*given):
    return tree_of(np.array([(*node, 0) for node in given], NODE))


LEAF = nodes((0, 0, 0, 0, 7.0, 1))
# x1 <= 0.5: (x0 <= 0.1: 1, else 2), else (x2 <= -3: 3, else 4)
FOUR = nodes(
    (1, 0.5, 1, 4, 0, 0),
    (0, 0.1, 2, 3, 0, 0),
    (0, 0, 0, 0, 1.0, 1),
    (0, 0, 0, 0, 2.0, 1),
    (2, -3.0, 5, 6, 0, 0),
    (0, 0, 0, 0, 3.0, 1),
    (0, 0, 0, 0, 4.0, 1),
)


def predicted(trees, bias, x, n_features, n_leaves):
    splits = _Splits([[_tree(one) for one in own] for own in trees], np.array(bias))
    layer, theta = _joined([splits], n_features)
    network = Network((layer,))
    assert layer.n_leaves == n_leaves
    assert layer.holds(network.bind(theta[0])[0])
    return network.predict(theta[0], np.array(x, np.float32))


def test_a_tree_without_splits_adds_its_only_leaf():
    np.testing.assert_array_equal(predicted([[LEAF]], [0.25], [[9.0], [-9.0]], 1, 2), [[7.25]] * 2)


def test_rows_go_where_each_split_sends_them():
    x = [[0, 0, 0], [0.2, 0.5, 0], [0, 0.6, -3], [0, 0.6, 0]]
    found = predicted([[FOUR, LEAF], [LEAF, LEAF]], [0.0, 100.0], x, 3, 4)
    np.testing.assert_array_equal(found, [[8, 114], [9, 114], [10, 114], [11, 114]])


def test_thresholds_are_rounded_down_to_float32():
    numbers = np.array([0.1, 0.7, 1.0, -0.1, -0.7, 1e-50])
    found = _rounded_down(numbers)
    assert found.dtype == np.float32
    assert (found <= numbers).all()
    assert (np.nextafter(found, np.float32(np.inf)).astype(float) > numbers).all()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("task", ["regression", "classes"])
def test_a_fold_grows_what_scikit_learn_grows_by_default(task, weighted):
    own = dataset(losses.CrossEntropy() if task == "classes" else losses.Absolute())
    if weighted:
        weight = np.random.default_rng(5).uniform(0.1, 2, 240).astype(np.float32)
        own = replace(own, weight=weight)
    learned, held_out = own.rows.training(1), own.rows.held_out(1)
    x, settings = own.features[0], {"max_iter": 20, "early_stopping": False, "random_state": 0}
    weight = None if own.weight is None else own.weight[learned]
    if task == "classes":
        model = HistGradientBoostingClassifier(**settings)
        model.fit(x[learned], own.target.argmax(axis=1)[learned], sample_weight=weight)
        expected = model.decision_function(x[held_out])
    else:
        model = HistGradientBoostingRegressor(loss="absolute_error", **settings)
        model.fit(x[learned], own.target[learned, 0], sample_weight=weight)
        expected = model.predict(x[held_out])[:, None]
    found = grown(own, fold=1, rounds=20).outputs[20]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_settings_are_as_decided():
    model = grown(dataset(losses.Quantile(0.8)), rounds=20).model
    settings = model.get_params()
    assert (settings["loss"], settings["quantile"]) == ("quantile", 0.8)
    assert (settings["learning_rate"], settings["max_leaf_nodes"]) == (0.1, 31)
    assert (settings["max_bins"], settings["max_iter"]) == (255, 20)
    assert settings["early_stopping"] is False
    assert settings["warm_start"] is True
    assert settings["monotonic_cst"] is None
    assert (growing.MAX_FEATURES, growing._MAX_WEIGHTS) == (2048, 131_072)


def test_each_network_has_random_numbers_of_its_own():
    share = Serial().share(dataset())

    def state(network, seed):
        return grow(GrowTask(share, network, 20, seed=seed)).model.random_state

    assert len({state(0, 0), state(1, 0), state(0, 1)}) == 3
    assert state(1, 7) == np.random.default_rng([7, 1]).integers(2**31)


def test_a_final_network_learns_from_all_rows_and_has_no_outputs():
    own = dataset()
    own = replace(own, rows=replace(own.rows, n_final=1))
    model = HistGradientBoostingRegressor(max_iter=20, early_stopping=False)
    model.fit(own.features[0], own.target[:, 0])
    final = grown(own, fold=3, rounds=20)
    assert final.outputs == {}
    np.testing.assert_allclose(
        final.model.predict(own.features[0]), model.predict(own.features[0]), rtol=1e-6
    )


def of_levels(n_numbers, n_levels, *, scale=1.0, twice=False, half=False):
    """Return rows of numbers and of a category with a feature for each level."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(240, n_numbers + n_levels))
    x[:, n_numbers:] = scale * np.eye(n_levels)[np.arange(240) % n_levels]
    if twice:
        x[7, n_numbers:] = scale
    if half:
        x[:n_levels, n_numbers:] /= 2
    columns = {0: (*range(n_numbers), *[n_numbers] * n_levels)}
    return changed(dataset(), features={0: x.astype(np.float32)}, columns=columns)


@pytest.mark.parametrize(
    ("own", "found"),
    [
        (of_levels(1, 3), True),  # two inputs instead of four
        (of_levels(2, 3), False),  # three instead of five are not half
        (of_levels(2, 4), True),
        (of_levels(0, 2), False),  # two levels are one feature already
        (of_levels(1, 3, scale=1.1), False),
        (of_levels(1, 3, scale=1 + 5e-6), True),  # but for rounding
        (of_levels(1, 3, twice=True), False),
        (of_levels(1, 3, half=True), False),
    ],
)
def test_levels_are_features_of_which_a_row_has_one(own, found):
    assert len(levels_of(own)) == found


def test_what_differs_between_networks_is_no_level():
    own = of_levels(1, 4)
    values = np.zeros((3, 240, 2), np.float32)
    (levels,) = levels_of(own)
    assert levels.tolist() == [1, 2, 3, 4]
    assert levels_of(changed(own, of_folds=FoldFeatures(np.array([1, 2]), values))) == ()


def test_the_layer_that_orders_levels_has_so_many_weights_at_most(monkeypatch):
    own = of_levels(1, 6)
    monkeypatch.setattr(growing, "_MAX_WEIGHTS", 2 * 7)
    assert len(levels_of(own)) == 1
    monkeypatch.setattr(growing, "_MAX_WEIGHTS", 2 * 7 - 1)
    assert levels_of(own) == ()


def test_a_row_without_a_level_is_at_zero_and_numbers_stay():
    own = categories()
    (levels,) = levels_of(own)
    inputs = Inputs.of(own, 1, (levels,))
    x = own.features[0].copy()
    x[:, levels] = x[:, levels].min(axis=0)
    made = inputs(x)
    np.testing.assert_array_equal(made[:, 0], x[:, 0])
    np.testing.assert_array_equal(made[:, 1], 0)
    seen = inputs(own.features[0])[:, 1]
    assert set(np.unique(seen)) <= {-3, -2, -1, 1, 2, 3, 4, 5, -4, -5}
    level = own.features[0][:, levels].argmax(axis=1)
    assert len({(one, place) for one, place in zip(level, seen, strict=True)}) == 6
    assert len(set(seen)) == 6
    assert (inputs.layer.in_features, inputs.layer.out_features) == (7, 2)


def test_a_level_at_the_mean_of_all_is_above_zero():
    target = np.array([-1.0, 0.0, 1.0])[:, None]
    assert growing._order_of_levels(np.eye(3) > 0, target, None).tolist() == [-1, 1, 2]


def test_numbers_are_constrained_and_levels_are_not():
    own = categories()
    (levels,) = levels_of(own)
    inputs = Inputs.of(own, 0, (levels,))
    assert _directions(own, inputs) is None
    directions = np.array([-1, 0, 0, 0, 0, 0, 0])
    own = changed(own, directions={0: directions})
    assert _directions(own, inputs).tolist() == [-1, 0]
    assert _directions(own, None) is directions


def test_rows_of_blocks_are_learned_from_together():
    own = replace(dataset(), weight=np.arange(240, dtype=np.float32))
    parts, asked = [replace(own, target=own.target + number) for number in range(3)], []

    def block(number, n_bins):
        asked.append(n_bins)
        return parts[number]

    blocks = Serial().share(SimpleNamespace(dataset=block))
    task = GrowTask(Serial().share(own), 1, 20, seed=0, blocks=blocks, n_blocks=2)
    x, target, weight = _learned(own, task, None)
    learned = own.rows.training(1)
    np.testing.assert_array_equal(x, np.concatenate([own.features[0][learned]] * 2))
    expected = np.concatenate([one.target[learned, 0] for one in parts[:2]])
    np.testing.assert_array_equal(target, expected)
    np.testing.assert_array_equal(weight, np.concatenate([own.weight[learned]] * 2))
    assert (x.dtype, target.dtype) == (np.float64, np.float64)
    assert asked == [[0], [0]]
    assert _learned(replace(own, weight=None), replace(task, blocks=None), None)[2] is None


def test_fewer_rounds_are_the_first_ones():
    own = grown(dataset(), rounds=40)
    few, theta = network_of([own], 20, n_features=4)
    held_out = dataset().features[0][dataset().rows.held_out(0)]
    np.testing.assert_allclose(few.predict(theta[0], held_out), own.outputs[20], atol=1e-5)
    assert few.layers[0].n_trees == 20
