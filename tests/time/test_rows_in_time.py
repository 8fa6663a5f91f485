"""Later rows beside others: the losses of simple models, by independent sums."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from madaline._race.time import noticing, rows_in_time
from madaline._race.time.rows_in_time import Losses, RowsInTime
from madaline._race.time.stretches import RowTimes
from madaline._race.time.told_times import RowOrder
from madaline._tables.schema import Schema
from madaline._tables.table import Table
from madaline._tables.target import ClassEncoder, CountEncoder, JointEncoder, RegressionEncoder


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def losses_of(after, among, weight=None, **more) -> Losses:
    after, among = np.array(after, float), np.array(among, float)
    weight = np.full(len(after), 1 / len(after)) if weight is None else np.array(weight)
    return Losses(after, among, weight, more.get("log_after", np.nan), np.nan, 1)


def test_losses_differ_by_so_many_of_their_standard_errors():
    weight = np.array([0.1, 0.2, 0.3, 0.4])
    found = losses_of([3, 5, 4, 6], [1, 2, 2, 3], weight)
    assert found.mean_after == pytest.approx(0.3 + 1.0 + 1.2 + 2.4)
    assert found.mean_among == pytest.approx(0.1 + 0.4 + 0.6 + 1.2)
    difference = np.array([2, 3, 2, 3.0])
    mean = weight @ difference
    error = np.sqrt(np.sum((weight * (difference - mean)) ** 2))
    assert found.standard_errors == pytest.approx(mean / error)
    assert losses_of([2, 3], [1, 2]).standard_errors == 0  # nothing scatters


def test_the_difference_of_rows_in_random_order_is_within_two_errors_as_often_as_due(rng):
    found = [losses_of(*rng.exponential(size=(2, 200))).standard_errors for _ in range(1000)]
    assert np.mean(np.abs(found) < 2) == pytest.approx(0.954, abs=0.025)


@pytest.mark.parametrize(
    ("after", "among", "min_errors", "differ"),
    [
        (1.03, 1.0, 2, True),
        (1.02, 1.0, 2, False),  # two hundredths are no difference
        (1.03, 1.0, 9, False),
        (0.9, 1.0, 2, False),
    ],
)
def test_later_rows_are_clearly_harder(after, among, min_errors, differ):
    jitter = np.tile([0.0025, -0.0025], 2)  # of a mean of four: 0.00125
    losses = losses_of(after + jitter, np.full(4, among))
    ratio = abs(after - among) / 0.00125
    assert losses.standard_errors == pytest.approx(np.sign(after - among) * ratio)
    assert noticing._differ(losses, min_errors * ratio / 8) is differ


def test_log_losses_of_classes_must_be_higher_too():
    losses = losses_of([3, 5, 4, 6], [1, 2, 2, 3])
    assert noticing._differ(losses, 2)
    assert noticing._differ(replace(losses, log_after=0.5, log_among=0.4), 2)
    assert not noticing._differ(replace(losses, log_after=0.4, log_among=0.4), 2)


def test_what_was_noticed_is_told_in_the_unit_of_the_target():
    losses = replace(losses_of([8, 10, 9, 9], [2, 3, 1, 2]), n_outputs=4)
    found = noticing._noticed(losses, 10.0)
    assert (found.among, found.after) == pytest.approx((10 * np.sqrt(2 / 4), 10 * np.sqrt(9 / 4)))
    assert found.metric == "rmse"
    errors = losses.standard_errors
    assert found.standard_error == pytest.approx((found.after - found.among) / errors)
    logs = replace(losses, log_after=0.9, log_among=0.4)
    found = noticing._noticed(logs, None)
    assert (found.among, found.after, found.metric) == (0.4, 0.9, "log_loss")
    assert found.standard_error == pytest.approx(0.5 / errors)
    assert noticing._noticed(losses_of([2, 3], [1, 2]), 1.0).standard_error == 0


def test_units_of_several_targets_are_averaged_by_their_squares():
    assert noticing._scale(RegressionEncoder(0.0, 3.0, -9, 9)) == 3
    assert noticing._scale(ClassEncoder(np.array(["a", "b"]))) is None
    both = JointEncoder(
        ("a", "b"), (RegressionEncoder(0.0, 3.0, -9, 9), RegressionEncoder(0.0, 4.0, -9, 9))
    )
    assert noticing._scale(both) == pytest.approx(np.sqrt((9 + 16) / 2))
    classes = (ClassEncoder(np.array(["a", "b"])),) * 2
    assert noticing._scale(JointEncoder(("a", "b"), classes)) is None
    assert noticing._scale(CountEncoder.fit(np.arange(9.0))) is not None


def test_stretches_are_fifths_that_part_no_time():
    found = rows_in_time._stretches(np.arange(50.0))
    assert found.tolist() == np.repeat(np.arange(5), 10).tolist()
    times = np.repeat(np.arange(10.0), 4)
    times[7:9] = 1.5  # the second fifth would begin at row 8, in the midst of rows of one time
    found = rows_in_time._stretches(np.sort(times))
    assert all(len(np.unique(found[np.sort(times) == time])) == 1 for time in np.unique(times))
    assert found[-1] == 4
    assert rows_in_time._stretches(np.zeros(9)).tolist() == [0] * 9


def test_cells_that_models_learn_from_are_earlier_or_as_many_of_any_time(rng):
    found = rows_in_time._learned_cells(3, 5, rng).reshape(2, 4, 5, 4)
    for part in range(4):
        assert not found[:, part, :, part].any()  # none of its own part
        for other in set(range(4)) - {part}:
            assert found[0, part, :, other].tolist() == [1, 1, 1, 0, 0]
            assert found[1, part, :, other].sum() == 3
    assert found[1, :, 3:].any()


def made(rng, n_rows=200, target=None, **more) -> RowsInTime:
    x = rng.normal(size=(n_rows, 2))
    facts = {
        "x": x,
        "rising": np.zeros(2, bool),
        "of_time": np.zeros(2, bool),
        "target": (x[:, :1] + rng.normal(size=(n_rows, 1))) if target is None else target,
        "weight": rng.uniform(0.5, 2, n_rows),
        "groups": None,
        "stretch": np.arange(n_rows) * 5 // n_rows,
    }
    return RowsInTime(**(facts | more))


def test_predictions_are_those_of_ridge_regressions_on_cells(rng):
    rows = made(rng)
    features = np.concatenate([np.ones((200, 1)), rows.x], axis=1)
    part = rows._parts(np.random.default_rng(1))
    for stretch in range(5):
        counts = np.bincount(part[rows.stretch == stretch], minlength=4)
        assert counts.tolist() == [10] * 4
    found = rows._predictions(features, part, np.random.default_rng(2))
    assert found.shape == (2, 3, 120, 1)
    draws = np.random.default_rng(2)
    for stretch in (2, 3, 4):
        learned = rows_in_time._learned_cells(stretch, 5, draws).reshape(2, 4, 5, 4)
        for number in range(4):
            own = (rows.stretch == stretch) & (part == number)
            for kind in range(2):
                used = learned[kind, number, rows.stretch, part] > 0
                x, y, w = features[used], rows.target[used], rows.weight[used]
                for place, strength in enumerate((0.01, 0.2, 5.0)):
                    penalty = w.sum() * np.diag([1e-6, strength, strength])
                    weights = np.linalg.solve(
                        x.T @ (w[:, None] * x) + penalty, x.T @ (w[:, None] * y)
                    )
                    expected = features[own] @ weights
                    got = found[kind, place][own[80:]]
                    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-9)


def test_groups_are_in_one_part(rng):
    rows = made(rng, groups=np.arange(200) % 30)
    part = rows._parts(rng)
    assert all(len(np.unique(part[rows.groups == group])) == 1 for group in range(30))
    assert sorted(np.bincount(part[:30])) == [7, 7, 8, 8]


def test_shares_are_of_the_rows_that_are_predicted(rng):
    rows = made(rng)
    assert rows.evaluated.tolist() == [False] * 80 + [True] * 120
    assert rows.shares == pytest.approx(rows.weight[80:] / rows.weight[80:].sum())
    squares = np.stack([np.full((3, 120), 4.0), np.full((3, 120), 3.0)])[None]
    squares[0, 0, 1], squares[0, 1, 2] = 2.0, 1.0
    logs = np.arange(6.0).reshape(1, 2, 3)
    found = rows._mean_losses(squares, logs)
    assert (found.mean_after, found.mean_among) == pytest.approx((2, 1))  # of the best models
    assert (found.log_after, found.log_among) == (1, 5)


def test_rows_can_be_predicted_where_their_classes_occurred_before(rng):
    assert made(rng).can_be_predicted
    assert not made(rng, stretch=np.minimum(np.arange(200) * 5 // 200, 2)).can_be_predicted
    assert made(rng, stretch=np.minimum(np.arange(200) * 5 // 200, 3)).can_be_predicted
    assert not made(rng, x=np.empty((200, 0))).can_be_predicted
    new = np.zeros((200, 1))
    new[100:102] = 1  # 2 of 120
    assert made(rng, target=new).can_be_predicted
    new[100:103] = 1
    assert not made(rng, target=new).can_be_predicted


def test_features_that_tell_the_time_may_be_left_out(rng):
    assert made(rng).left_out == []
    rising = made(rng, rising=np.array([True, False]))
    assert [one.tolist() for one in rising.left_out] == [[True, False]]
    both = made(rng, rising=np.array([True, False]), of_time=np.array([False, True]))
    assert [one.tolist() for one in both.left_out] == [[True, False], [True, True]]
    assert made(rng).local.shape == (200, 0)
    assert rising.local.shape == (200, 25)  # eight rows of each time
    assert rising.local.sum(axis=1) == pytest.approx(np.ones(200))
    assert rising.local[0, 0] == rising.local[-1, -1] == 1
    place = 24 * 10 / 199
    assert rising.local[10, 1] == pytest.approx(1 - (place - 1))


def test_log_losses_are_of_shares_that_no_class_lacks():
    target = np.eye(3)[[0, 2]]
    output = np.array([[0.5, 0.25, 0.25], [1.2, 0.4, -0.3]])
    found = rows_in_time._log_losses(output, target)
    assert found == pytest.approx([-np.log(0.5), -np.log(0.01 / 1.41)])
    binary = rows_in_time._log_losses(np.array([[0.8], [0.8], [1.5]]), np.array([[1.0], [0], [0]]))
    assert binary == pytest.approx([-np.log(0.8), -np.log(0.2), -np.log(0.01)])
    labels = np.array([[1.0, 1.0], [0.0, 0.0]])
    found = rows_in_time._log_losses(np.array([[0.8, 0.4], [0.3, 0.1]]), labels)
    expected = [-np.log([0.8, 0.4]).mean(), -np.log([0.7, 0.9]).mean()]
    assert found == pytest.approx(expected)


def test_of_many_classes_the_rare_ones_count_as_one(rng):
    codes = np.repeat(np.arange(30), np.arange(1, 31))
    found = rows_in_time._most_varied(np.eye(30)[codes])
    assert found.shape == (465, 21)
    assert (found.sum(axis=1) == 1).all()
    assert found[:, 20].sum() == sum(range(1, 11))
    numbers = rng.normal(size=(50, 30)) * np.arange(1, 31)
    varied = rows_in_time._most_varied(numbers)
    assert varied.shape == (50, 20)
    assert (np.diff(varied.var(axis=0)) <= 0).all()
    few = rng.normal(size=(50, 20))
    assert rows_in_time._most_varied(few) is few


def test_features_of_a_hidden_layer_are_scaled_columns_and_units(rng):
    x = np.column_stack([rng.normal(5, 3, 400), np.ones(400), rng.standard_t(1, 400)])
    found = rows_in_time._hidden_layer(x, rng)
    assert found.shape == (400, 1 + 2 + 2 * 30)
    assert (found[:, 0] == 1).all()
    scaled = np.clip((x[:, 0] - x[:, 0].mean()) / x[:, 0].std(), -4, 4)
    assert found[:, 1] == pytest.approx(scaled)
    assert np.abs(found[:, 1:3]).max() <= 4
    assert found[:, 3:].mean(axis=0) == pytest.approx(np.zeros(60), abs=1e-12)
    few = rows_in_time._hidden_layer(x[:40], rng)
    assert few.shape == (40, 1 + 2 + 2 * 5)  # a quarter as many units as rows
    wide = rows_in_time._hidden_layer(rng.normal(size=(300, 101)), rng)
    assert wide.shape == (300, 1 + 100 + 60)
    assert wide[:, 1:101].std() == pytest.approx(1, rel=0.1)


def test_runs_of_neighbors_stand_for_many_rows(rng):
    values = rng.permutation(9000).astype(float)
    table = Table.from_columns({"x": rng.normal(size=9000)})
    schema = Schema.infer(table)
    target = values[:, None]
    order = RowOrder(RowTimes("t", np.where(values < 100, np.nan, values)), True, False)
    rows = RowsInTime.of(order, table, schema, target, None, np.arange(9000) // 2)
    assert len(rows.x) == 4000
    runs = rows.target[:, 0].reshape(200, 20)
    assert (np.diff(runs, axis=1) == 1).all()
    assert (np.diff(runs[:, 0]) > 0).all()
    assert (runs[0, 0], runs[-1, 0]) == (100, 8980)  # rows without a time are in none
    assert rows.groups.max() + 1 == len(np.unique(rows.groups))


@pytest.mark.parametrize("drift", [0.0, 3.0])
def test_later_rows_are_harder_where_the_relation_changes_and_only_there(rng, drift):
    times = np.arange(600.0)
    x = rng.normal(size=600)
    target = (1 + drift * times / 600) * x + 0.5 * rng.normal(size=600)
    table = Table.from_columns({"x": x, "noise": rng.normal(size=600)})
    facts = RowTimes("t", times), table, Schema.infer(table), target[:, None]
    assert noticing.is_harder_later(*facts, classes=False) is (drift > 0)
    labels = (target > 0).astype(float)[:, None]
    few = RowTimes("t", np.zeros(600)), table, Schema.infer(table), labels
    assert noticing.is_harder_later(*few, classes=True) is False


def test_columns_of_one_value_predict_nothing():
    table = Table.from_columns({"x": np.ones(60), "z": np.full(60, 3.0)})
    found, names = rows_in_time._features(table, Schema.infer(table), np.random.default_rng(0))
    assert (found.shape, names.shape) == ((60, 0), (0,))


def test_many_levels_are_projected_beside_the_numbers():
    rng = np.random.default_rng(0)
    levels = {
        name: np.array([f"level {code}" for code in rng.integers(0, 70, 2000)], object)
        for name in "cd"
    }
    table = Table.from_columns({"x": rng.normal(size=2000)} | levels)
    schema = Schema.infer(table, {"c": "category", "d": "category"})
    found, names = rows_in_time._features(table, schema, np.random.default_rng(0))
    assert names.tolist() == ["x"] + [""] * 100
    assert found.shape == (2000, 101)
