"""Trees of scikit-learn become parameters that predict the same, and race by the same rules."""

from __future__ import annotations

import numpy as np
import pytest
from tests.race.changed import changed

from madaline._race.dataset import Dataset
from madaline._race.features import NetworkInputs, RowFeatures
from madaline._race.trees import growing
from madaline._race.trees.growing import LOSSES, GrowTask, grow, levels_of, network_of
from madaline._tables.splits.folds import FoldedRows
from madaline.nn import losses
from madaline.nn._engine.executors.executor import Serial, Threads

N_ROWS = 240


def dataset(loss=None, n_outputs=1, **changes) -> Dataset:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(N_ROWS, 4)).astype(np.float32)
    x[:, 3] = np.round(x[:, 3])
    number = np.where((x[:, 0] > 0) ^ (x[:, 1] > 0.3), 2.0, 0.0) + rng.random(N_ROWS)
    target = number[:, None]
    if isinstance(loss, losses.BinaryCrossEntropy):
        target = (number > 1.5)[:, None]
    if isinstance(loss, losses.CrossEntropy):
        target = np.eye(3)[np.digitize(number, [0.8, 2.3])]
    rows = FoldedRows.from_folds(np.arange(N_ROWS) % 3)
    loss = loss or losses.Squared()
    features, inputs = RowFeatures({0: x}), NetworkInputs({0: (0, 1, 2, 3)})
    made = Dataset(rows, features, inputs, target.astype(np.float32), loss)
    return changed(made, **changes)


def grown(data: Dataset, fold: int = 0, rounds: int = 40):
    return grow(GrowTask(Serial().share(data), fold, rounds, seed=0))


CASES = [
    losses.Squared(),
    losses.Absolute(),
    losses.Quantile(0.8),
    losses.Poisson(),
    losses.BinaryCrossEntropy(),
    losses.CrossEntropy(),
]


def test_each_loss_of_trees_is_tried():
    assert {type(loss) for loss in CASES} == LOSSES.keys()


@pytest.mark.parametrize("loss", CASES, ids=lambda loss: type(loss).__name__)
def test_parameters_predict_what_the_estimator_predicts(loss):
    data = dataset(loss)
    own = grown(data)
    network, theta = network_of([own], 40, n_features=4)
    output = network.predict(theta[0], data.features[0])
    if hasattr(own.model, "decision_function"):
        expected = own.model.decision_function(data.features[0])
    else:
        expected = own.model.predict(data.features[0])
        expected = np.log(expected) if isinstance(loss, losses.Poisson) else expected
    np.testing.assert_allclose(output, expected.reshape(output.shape), rtol=1e-4, atol=1e-5)
    assert network.layers[0].holds(network.bind(theta[0])[0])


def test_outputs_of_each_number_of_rounds_are_those_of_so_many_trees():
    data = dataset(losses.CrossEntropy())
    own = grown(data, fold=1)
    assert list(own.outputs) == [20, 40]
    for rounds, output in own.outputs.items():
        network, theta = network_of([own], rounds, n_features=4)
        x = data.encoded(0, 1, data.rows.held_out(1))
        np.testing.assert_allclose(network.predict(theta[0], x), output, atol=1e-5)


def test_going_on_is_the_same_as_more_rounds_at_once():
    data = dataset()
    before = grown(data, rounds=20)
    later = grow(GrowTask(Serial().share(data), 0, 60, seed=0, before=before))
    np.testing.assert_allclose(later.outputs[60], grown(data, rounds=60).outputs[60], atol=1e-5)


def test_numbers_on_a_threshold_go_the_same_way_in_float32():
    """Neighbors in float32 have a middle that may be rounded to the higher one."""
    low = np.float32(1.0)
    x = np.where(np.arange(N_ROWS) % 2, low, np.nextafter(low, np.float32(2)))[:, None]
    target = (x == low).astype(np.float32)
    own = changed(dataset(), features={0: x}, columns={0: (0,)}, target=target)
    network, theta = network_of([grown(own)], 40, n_features=1)
    output = network.predict(theta[0], x)
    assert np.corrcoef(output[:, 0], target[:, 0])[0, 1] > 0.99


def test_features_that_rise_with_time_are_not_split():
    own = dataset(hidden={0: np.array([0])})
    network, theta = network_of([grown(own)], 40, n_features=4)
    (parameters,) = network.bind(theta[0])
    reached = parameters["left"] != parameters["right"]
    assert not (parameters["feature"][reached] == 0).any()


def test_a_constrained_feature_never_lowers_the_output():
    own = dataset(directions={0: np.array([0, 0, 1, 0])})
    network, theta = network_of([grown(own)], 40, n_features=4)
    x = np.repeat(own.features[0][:40], 30, axis=0)
    x[:, 2] = np.tile(np.linspace(-3, 3, 30), 40)
    outputs = network.predict(theta[0], x).reshape(40, 30)
    assert (np.diff(outputs, axis=1) >= 0).all()


def categories(n_levels: int = 6) -> Dataset:
    """Rows of a number and a category, whose levels are features of their own."""
    own, rng = dataset(losses.BinaryCrossEntropy()), np.random.default_rng(1)
    level = rng.integers(0, n_levels, N_ROWS)
    features = np.eye(n_levels, dtype=np.float32)[level]
    x = np.column_stack([own.features[0][:, 0], features - features.mean(axis=0)])
    target = (np.isin(level, [0, 3]) ^ (x[:, 0] > 0.5))[:, None].astype(np.float32)
    columns = {0: (0, *[1] * n_levels)}
    return changed(own, features={0: x.astype(np.float32)}, columns=columns, target=target)


def test_levels_are_one_input_in_the_order_of_their_usual_targets():
    own = categories()
    (levels,) = levels_of(own)
    np.testing.assert_array_equal(levels, [1, 2, 3, 4, 5, 6])
    task = GrowTask(Serial().share(own), 0, 40, seed=0, levels=(levels,))
    own_trees = grow(task)
    network, theta = network_of([own_trees], 40, n_features=7)
    assert network.layers[0].out_features == 2
    order = network.bind(theta[0])[0]["weight"][1:, 1]
    assert set(order[[0, 3]]) == {max(order), sorted(order)[-2]}
    expected = own_trees.model.decision_function(own_trees.inputs(own.features[0]))
    output = network.predict(theta[0], own.features[0])[:, 0]
    np.testing.assert_allclose(output, expected, rtol=1e-4, atol=1e-5)
    held_out = own.rows.held_out(0)
    np.testing.assert_allclose(output[held_out], own_trees.outputs[40][:, 0], atol=1e-4)


@pytest.mark.parametrize("rounding", [-1e-6, 0, 1e-6])
def test_a_row_without_a_level_goes_where_it_went_in_the_fit(rounding):
    """Its place, zero, is a threshold between the levels on both sides."""
    own = categories()
    levels = levels_of(own)
    trees = grow(GrowTask(Serial().share(own), 0, 40, seed=0, levels=levels))
    network, theta = network_of([trees], 40, n_features=7)
    x = own.features[0].copy()
    x[:, 1:] = x[:, 1:].min(axis=0) + np.float32(rounding)
    expected = trees.model.decision_function(trees.inputs(x))
    np.testing.assert_allclose(network.predict(theta[0], x)[:, 0], expected, atol=1e-5)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_outputs", [1, 2, 3])
def test_levels_stand_in_the_order_of_their_shrunk_means(n_outputs, weighted):
    """Rows of the usual mean are added to each; of several outputs their main direction counts."""
    rng = np.random.default_rng(4)
    level, target = rng.integers(0, 9, 300), rng.normal(size=(300, n_outputs))
    target += rng.normal(size=(8 + 2, n_outputs))[level]  # the ninth level is none
    weight = rng.uniform(0.5, 2, 300).astype(np.float32) if weighted else None
    own = np.ones(300) if weight is None else weight.astype(float)
    usual = np.average(target, axis=0, weights=own)
    rows = np.array([own[level == one].sum() for one in range(8)])
    sums = np.array([own[level == one] @ (target[level == one] - usual) for one in range(8)])
    means = sums / (rows + growing._ROWS_OF_MEAN)[:, None]
    found = growing._order_of_levels(level[:, None] == np.arange(8), target, weight)
    if n_outputs > 1:  # the direction along which levels spread most: by power iteration
        spread = (means.T * rows) @ means
        main = np.linalg.matrix_power(spread / np.trace(spread), 200).sum(axis=1)
        means = (means @ main)[:, None]
    place = means[:, 0].argsort().argsort() - (means < 0).sum()
    place = np.where(place < 0, place, place + 1)
    opposite = -means[:, 0]
    turned = opposite.argsort().argsort() - (opposite < 0).sum()
    turned = np.where(turned < 0, turned, turned + 1)
    assert found.tolist() in (
        [place.tolist(), turned.tolist()] if n_outputs > 1 else [place.tolist()]
    )
    assert 0 not in found


def test_few_levels_stay_features_of_their_own():
    assert not levels_of(dataset())
    assert not levels_of(changed(categories(3), columns={0: (0, 1, 2, 3)}))


def test_threads_grow_the_same_bits():
    share = Serial().share(dataset(losses.CrossEntropy()))
    tasks = [GrowTask(share, fold, 20, seed=0) for fold in range(3)]
    with Threads(3) as threads:
        together = list(threads.map(grow, tasks))
    tasks = [GrowTask(share, fold, 20, seed=0) for fold in range(3)]
    for one, other in zip(together, map(grow, tasks), strict=True):
        np.testing.assert_array_equal(one.outputs[20], other.outputs[20])
