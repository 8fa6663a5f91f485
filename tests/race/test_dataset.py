"""What a race knows of its rows: priors, steps, losses by a metric, and one output of several."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from tests.race.changed import changed

from madaline._race.dataset import AllRows, Offset
from madaline._race.evaluation.metrics import TIE_BREAK
from madaline._race.features import NetworkInputs
from madaline._race.recipe import TableRecipe
from madaline._race.state import Candidate, RaceState
from madaline.nn.layers import Linear
from madaline.nn.losses import Absolute, Quantiles, Squared
from madaline.nn.network import Network


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_prior_is_the_mean_of_training_rows_and_of_half_a_row_of_each_class(
    make_dataset, task, weighted
):
    dataset = make_dataset(task, weighted=weighted)
    weight = np.ones(61) if dataset.weight is None else dataset.weight.astype(float)
    repeated = []
    for fold in range(3):
        own = dataset.rows.training(fold)
        rows = weight[own] @ dataset.target[own]
        if task == "regression":
            expected = rows / weight[own].sum()
        elif task == "binary":
            expected = np.log((rows + 0.5) / (weight[own].sum() - rows + 0.5))
        else:
            shares = np.log(rows + 0.5)
            expected = shares - shares.mean()
        found = dataset.prior(fold)
        if task == "multiclass":
            found = found - found.mean()
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
        held_out = dataset.rows.held_out(fold)
        repeated.append(np.tile(dataset.prior(fold), (held_out.stop - held_out.start, 1)))
    np.testing.assert_allclose(dataset.prior_output(), np.concatenate(repeated), rtol=1e-6)
    assert dataset.prior_output().dtype == np.float32


def test_a_final_network_has_a_prior_of_all_rows(make_dataset):
    dataset = make_dataset("regression")
    dataset = replace(dataset, rows=replace(dataset.rows, n_final=1))
    np.testing.assert_allclose(dataset.prior(3), dataset.target.mean(axis=0), rtol=1e-5)
    assert dataset.prior_output().shape == (61, 1)


def test_a_pass_through_all_rows_has_as_many_steps_as_full_batches(make_dataset):
    dataset = make_dataset()
    assert dataset.steps_of_pass(16) == [2] * 3
    assert (dataset.n_training, dataset.n_blocks) == (40, 1)
    large = replace(dataset, all_rows=AllRows(1000, (700, 600, 650), 5))
    assert large.steps_of_pass(16) == [37] * 3  # as many as the fewest rows make
    assert large.steps_of_pass(601) == [1] * 3
    assert (large.n_training, large.n_blocks) == (600, 5)
    final = replace(
        large,
        rows=replace(dataset.rows, n_final=1),
        all_rows=AllRows(1000, (700, 600, 650, 1000), 5),
    )
    assert final.steps_of_pass(16) == [43, 37, 40, 62]


def test_a_metric_decides_and_the_loss_breaks_ties(make_dataset):
    dataset, asked = make_dataset("regression"), []
    shift = np.arange(61.0)[:, None]

    def distance(output, places):
        asked.append((output.copy(), places))
        return 0.25

    own = replace(
        dataset, metric=SimpleNamespace(distance=distance, name="m"), offset=Offset(shift)
    )
    output, places = np.ones((10, 1)), slice(5, 15)
    loss = np.mean((1 - dataset.target[places]) ** 2)
    assert own.validation_loss(output, places) == pytest.approx(0.25 + TIE_BREAK * loss)
    np.testing.assert_array_equal(asked[0][0], 1 + shift[places])
    assert asked[0][1] == places
    assert dataset.validation_loss(output, places) == pytest.approx(loss, rel=1e-6)
    whole = own.validation_loss(np.zeros((61, 1)))
    assert whole == pytest.approx(0.25 + TIE_BREAK * np.mean(dataset.target**2))


def test_the_best_weights_are_by_the_metric_or_by_the_loss(make_dataset):
    """The metric is low where the mean of outputs is, whatever the targets are."""
    dataset = make_dataset("regression")
    lowest = SimpleNamespace(distance=lambda output, _: float(output.mean()), name="lowest")
    own = replace(dataset, metric=lowest)
    outputs = [dataset.target, dataset.target - 9]
    assert own.best_weights(outputs).tolist() == [0, 1]
    assert own.best_weights(outputs, by_loss=True).tolist() == [1, 0]
    assert dataset.best_weights(outputs).tolist() == [1, 0]


def test_targets_are_told_with_what_is_added_to_outputs(make_dataset):
    dataset = make_dataset("regression")
    assert dataset.from_anchors() is dataset
    shift = np.arange(61.0)[:, None]
    found = replace(dataset, offset=Offset(shift)).from_anchors()
    np.testing.assert_allclose(found.target, dataset.target + shift)


def test_one_output_of_several_has_its_own_target_loss_and_shift(make_dataset):
    dataset = make_dataset("regression")
    target, shift = np.arange(183.0).reshape(61, 3), np.arange(183.0, 366).reshape(61, 3)
    metric = SimpleNamespace(name="m")
    own = replace(dataset, target=target, metric=metric)
    one = own.of_output(1)
    np.testing.assert_array_equal(one.target, target[:, [1]])
    assert (one.metric, one.offset, one.loss) == (None, None, Squared())
    moved = replace(own, offset=Offset(shift, {2: shift / 2})).of_output(2)
    np.testing.assert_array_equal(moved.target, target[:, [2]])
    np.testing.assert_array_equal(moved.offset.values, shift[:, [2]])
    np.testing.assert_array_equal(moved.offset.parts[2], shift[:, [2]] / 2)
    assert moved.metric is None
    quantiles = replace(own, loss=Quantiles((0.1, 0.5, 0.9)))
    assert quantiles.of_output(2).loss == quantiles.loss.of_output(2)


def test_columns_are_counted_over_all_encodings(make_dataset):
    assert make_dataset().inputs.n_columns == 7
    assert NetworkInputs({0: (0, 1, 1, 3), 16: (0, 1)}).n_columns == 4


def test_patterns_of_changes_are_the_last_features(make_dataset):
    dataset = changed(make_dataset(), n_changes=1)
    with_changes, without = (dataset.row_spaces[changes] for changes in (True, False))
    assert (with_changes.n_features, without.n_features) == (4, 3)
    x = dataset.features[0].astype(float)
    np.testing.assert_allclose(without.rows @ without.rows.T, x[:, :3] @ x[:, :3].T / 3, atol=1e-6)
    np.testing.assert_allclose(with_changes.rows @ with_changes.rows.T, x @ x.T / 4, atol=1e-6)


def test_the_digest_is_of_all_that_decides_a_race(make_dataset):
    dataset = make_dataset("regression", weighted=True)
    others = [
        dataset,
        replace(dataset, loss=Absolute()),
        replace(dataset, metric=SimpleNamespace(name="r2")),
        replace(dataset, metric=SimpleNamespace(name="mae")),
        changed(dataset, directions={0: np.array([1, 0, 0, 0])}),
        changed(dataset, directions={0: np.array([0, 1, 0, 0])}),
        replace(dataset, all_rows=AllRows(100, (60, 60, 60), 2)),
        replace(dataset, all_rows=AllRows(101, (60, 60, 60), 2)),
        replace(dataset, rows=replace(dataset.rows, learned=(np.arange(9),) * 3)),
        replace(dataset, rows=replace(dataset.rows, bounds=(0, 20, 41, 61))),
    ]
    assert len({one.digest for one in others}) == len(others)
    assert replace(dataset).digest == dataset.digest


def test_the_loss_of_training_rows_is_that_of_the_next_fold(make_dataset):
    """Every row counts once, and is predicted by networks that learned from it."""
    dataset, network = make_dataset("regression"), Network((Linear(4, 1),))
    theta = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
    one = Candidate("1", TableRecipe(0, 3), network, 0.5, 4, theta=theta)
    losses = []
    for fold in range(3):
        rows = dataset.rows.held_out((fold + 1) % 3)
        (own,) = network.bind(theta[fold])
        output = dataset.features[0][rows] @ own["weight"] + own["bias"]
        losses.append((output - dataset.target[rows]) ** 2)
    found = RaceState(4, {"1": one}, dataset).training_loss(one)
    assert found == pytest.approx(np.concatenate(losses).mean(), rel=1e-5)
