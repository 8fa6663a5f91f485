"""What a fit tells of later rows: each number of its stretches by a sum of its own."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics

from madaline._race.dataset import Dataset
from madaline._race.evaluation.score import Score
from madaline._race.features import NetworkInputs, RowFeatures
from madaline._race.time.later_rows import LaterRows
from madaline._race.time.stretches import ROW_ORDER, RowTimes, make_stretches
from madaline._tables.splits.folds import FoldedRows
from madaline.nn.losses import BinaryCrossEntropy, Squared


class Off:
    """An ensemble whose networks of each fold are off by a number of their own."""

    def __init__(self, offsets):
        self.offsets = offsets

    def predict(self, dataset, fold, places):
        return dataset.target[places].astype(float) + self.offsets[fold]


def later_rows(rng, n_rows=40, *, loss=None, target=None, shuffled=True, weight=None, **more):
    values = rng.permutation(n_rows) if shuffled else np.arange(n_rows)
    times = RowTimes(more.pop("name", "t"), values.astype(float), **more.pop("of_times", {}))
    folds = make_stretches(times, n_stretches=3)
    rows = FoldedRows.from_folds(folds.numbers, folds.training, folds.n_final)
    target = rng.normal(size=(n_rows, 1)) if target is None else target
    weight = None if weight is None else weight[rows.order].astype(np.float32)
    dataset = Dataset(
        rows,
        RowFeatures({0: np.zeros((n_rows, 1), np.float32)}),
        NetworkInputs({0: (0,)}),
        target[rows.order].astype(np.float32),
        loss or Squared(),
        weight,
    )
    return LaterRows(times, dataset, **more)


def stretches_of(later, n_rows=40):
    """Return which of the rows given are in each stretch: after two fifths, thirds of the rest."""
    place = later.times.values
    cuts = [0.4 * n_rows, 0.6 * n_rows, 0.8 * n_rows, n_rows]
    return [(place >= a) & (place < b) for a, b in itertools.pairwise(cuts)]


@pytest.mark.parametrize("metric", ["rmse", "mean_absolute_error", "r2"])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_last_known_value_is_that_before_the_stretch(metric, weighted):
    rng = np.random.default_rng(0)
    target = rng.normal(size=(40, 1)).astype(np.float32)
    weight = rng.uniform(0.5, 2, 40) if weighted else None
    later = later_rows(rng, target=target, weight=weight)
    times, y = later.times.values, target[:, 0].astype(float)
    each = np.ones(40) if weight is None else weight
    for number, held_out in enumerate(stretches_of(later)):
        before = times < times[held_out].min()
        last = y[before][times[before].argmax()]
        own = {"sample_weight": each[held_out]}
        constant = np.average(y[before], weights=each[before])
        expected = {
            "rmse": metrics.root_mean_squared_error(
                y[held_out], np.full(held_out.sum(), last), **own
            ),
            "mean_absolute_error": metrics.mean_absolute_error(
                y[held_out], np.full(held_out.sum(), last), **own
            ),
            "r2": 1
            - np.average((y[held_out] - last) ** 2, weights=each[held_out])
            / np.average((y[held_out] - constant) ** 2, weights=each[held_out]),
        }[metric]
        scale = 1 if metric == "r2" else 3
        found = later._last_known(number, [(later.dataset, 3.0)], metric)
        assert found == pytest.approx(scale * expected, rel=1e-5)
        both = later._last_known(number, [(later.dataset, 3.0), (later.dataset, 1.0)], metric)
        mean = expected if metric == "r2" else 2 * expected
        assert both == pytest.approx(mean, rel=1e-5)
    assert later._last_known(0, [(later.dataset, 1.0)], "mean_pinball_loss") is None


def test_each_series_has_a_last_known_value_and_a_new_one_that_of_all():
    rng = np.random.default_rng(1)
    target = rng.normal(size=(40, 1)).astype(np.float32)
    series = np.arange(40) % 3
    later = later_rows(rng, target=target, shuffled=False, series=np.where(series, series, 9))
    fresh = np.where(np.arange(40) == 20, 7, np.where(series, series, 9))
    later = replace(later, series=fresh)  # a series that begins in the first stretch
    y = target[:, 0].astype(float)
    known = []
    for row in range(16, 24):
        same = [n for n in range(16) if fresh[n] == fresh[row]]
        known.append(y[same[-1]] if same else y[15])
    found = later._last_known(0, [(later.dataset, 1.0)], "rmse")
    assert found == pytest.approx(np.sqrt(np.mean((y[16:24] - known) ** 2)))
    told = replace(later, known=np.arange(40.0))
    found = told._last_known(0, [(later.dataset, 1.0)], "rmse")
    assert found == pytest.approx(np.sqrt(np.mean((y[16:24] - np.arange(16, 24)) ** 2)))


@pytest.mark.parametrize("n_outputs", [1, 3])
def test_class_shares_are_those_of_as_many_rows_before(n_outputs):
    rng = np.random.default_rng(2)
    codes = rng.integers(0, max(2, n_outputs), 40)
    target = codes[:, None].astype(float) if n_outputs == 1 else np.eye(3)[codes]
    weight = rng.uniform(0.5, 2, 40)
    later = later_rows(rng, target=target, loss=BinaryCrossEntropy(), weight=weight)
    times = later.times.values
    for number, held_out in enumerate(stretches_of(later)):
        start = times[held_out].min()
        latest = (times < start) & (times >= start - 8)
        n_classes = max(2, n_outputs)
        shares = np.array(
            [np.average(codes[latest] == k, weights=weight[latest]) for k in range(n_classes)]
        )
        shares = (8 * shares + 1) / (8 + n_classes)
        expected = np.average(-np.log(shares[codes[held_out]]), weights=weight[held_out])
        found = later._last_known(number, [(later.dataset, 1.0)], "log_loss")
        assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("squared", [True, False])
def test_networks_age_by_the_mean_logarithm_of_their_losses(squared):
    """Errors of 4, 2, 1 for the first networks to the last ones: by a half from one to the next."""
    rng = np.random.default_rng(3)
    later = later_rows(rng)
    offsets = [4.0, 2.0, 1.0]
    if not squared:
        loss = type("Cubes", (), {})()
        loss.mean = lambda output, target, _: float(np.mean(np.abs(output - target)))
        loss.in_order = lambda output: output
        later = replace(later, dataset=replace(later.dataset, loss=loss))
    first, second = later.aging(Off(offsets), 1.0)
    assert (first.age, second.age) == (8, 16)
    assert (first.loss, second.loss) == pytest.approx((2, 4), rel=1e-5)
    uneven = later.aging(Off([6.0, 2.0, 1.0]), 1.0)
    assert uneven[0].loss == pytest.approx(np.sqrt(3 * 2), rel=1e-5)
    assert uneven[1].loss == pytest.approx(6, rel=1e-5)
    assert later.aging(Off([0.0, 2.0, 1.0]), 1.0)[1:] == ()


def test_outputs_are_divided_by_the_temperature():
    rng = np.random.default_rng(4)
    later = later_rows(rng)
    found = later.outputs(Off([1.0, 1.0, 1.0]), 2.0)
    for places, output in zip(later.ahead, found, strict=True):
        np.testing.assert_allclose(output, (later.dataset.target[places] + 1) / 2, rtol=1e-6)


def ahead(later):
    """Return the times of the rows that each stretch's networks promise, in order."""
    when = later.times.values[later.dataset.rows.order]
    return [np.sort(when[places]).tolist() for places in later.ahead]


def test_scores_are_promised_for_a_quarter_as_many_rows():
    rng = np.random.default_rng(5)
    later = later_rows(rng)
    assert ahead(later) == [list(range(16, 26)), list(range(24, 34)), list(range(32, 40))]
    reaching = replace(later, reach=12.0)
    assert ahead(reaching) == [list(range(16, 29)), list(range(24, 37)), list(range(32, 40))]
    short = replace(later, reach=2.0)
    stretches = [list(range(16, 24)), list(range(24, 32)), list(range(32, 40))]
    assert ahead(short) == stretches  # no less than the stretch itself
    grouped = replace(later, series=np.arange(40) % 4)
    assert ahead(grouped) == stretches
    named = replace(grouped, series_names=("store",))
    assert ahead(named) == ahead(later)
    with_horizon = later_rows(rng, of_times={"horizon": 3.0})
    assert ahead(with_horizon) == [[16, 17, 18], [24, 25, 26], [32, 33, 34]]


def test_of_many_rows_ahead_some_are_asked(monkeypatch):
    later = later_rows(np.random.default_rng(6), shuffled=False)
    monkeypatch.setattr("madaline._race.time.later_rows._MAX_PROMISED_ROWS", 4)
    assert ahead(later)[0] == [16, 19, 22, 25]


def test_intervals_are_wider_by_a_standard_error_of_the_errors_of_stretches():
    rng = np.random.default_rng(7)
    later = later_rows(rng)
    places = np.concatenate([np.arange(0, 5), np.arange(9, 15), np.arange(18, 24)])
    errors = rng.normal(size=17) * np.repeat([1, 2, 3], [5, 6, 6])
    fold = np.repeat([0, 1, 2], [5, 6, 6])
    sizes = [np.sqrt(np.mean(errors[fold == k] ** 2)) for k in range(3)]
    weights = np.array([1, 2, 3]) / 6
    value = weights @ sizes
    variance = (2 * (value / 4) ** 2 + np.sum((sizes - np.mean(sizes)) ** 2)) / 4
    error = np.sqrt(variance * (1 + weights @ weights))
    assert later.widening(places, errors, 0.0) == pytest.approx(1 + error / value)
    more = 0.2 * value
    expected = 1 + np.hypot(error, more) / (value + more)
    assert later.widening(places, errors, 0.2) == pytest.approx(expected)
    assert later.widening(places, 0 * errors, 0.0) == 1


def test_what_is_told_of_each_stretch():
    rng = np.random.default_rng(8)
    later = later_rows(rng, shuffled=False, of_times={"gap": 2.0}, name=ROW_ORDER)
    by_stretch = [
        (Score("r2", 0.5, 0.1, 0.0, True), Score("rmse", value, 0.1, 3.0, False))
        for value in (1.0, 1.2, 1.4)
    ]
    found = later.scores(by_stretch, [(later.dataset, 1.0)], ())
    assert found.metric == "rmse"
    assert [(one.first, one.last) for one in found.stretches] == [(16, 23), (24, 31), (32, 39)]
    assert [one.n_rows for one in found.stretches] == [8, 8, 8]
    assert [one.n_learned for one in found.stretches] == [14, 22, 30]  # two rows lie between
    assert [one.value for one in found.stretches] == [1.0, 1.2, 1.4]
    assert [one.baseline for one in found.stretches] == [3, 3, 3]
    assert found.trend == pytest.approx(0.2)
    assert (found.gap, found.n_final, found.n_undated) == (2.0, 3, 0)
    assert found.ahead == 9  # of ten rows, ten and eight
    assert (found.series, found.n_steps) == ((), 1)
    y = later.dataset.target[:, 0].astype(float)
    order = later.dataset.rows.order
    row = {given: place for place, given in enumerate(order.tolist())}
    last = y[row[13]]
    errors = [y[row[number]] - last for number in range(16, 24)]
    assert found.stretches[0].last_known == pytest.approx(np.sqrt(np.mean(np.square(errors))))


def test_rows_of_one_time_count_once_as_steps_and_learned_rows():
    rng = np.random.default_rng(9)
    later = later_rows(rng, shuffled=False, series=np.arange(40) % 2, series_names=("store",))
    paired = replace(later, times=replace(later.times, values=later.times.values // 2))
    assert paired._n_steps() == 5  # ten rows of two stores
    again = replace(later, given=np.arange(40) // 2)
    assert [again._n_learned(number) for number in range(3)] == [8, 12, 16]
    assert [later._n_learned(number) for number in range(3)] == [16, 24, 32]
