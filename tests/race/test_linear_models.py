"""Linear models of folds are ridge regressions with closed forms, and few rows have none."""

from __future__ import annotations

import numpy as np
import pytest
from tests.race.changed import changed

from madaline._race.linear import _features, _thinned, linear_models
from madaline._tables.media.grids import Grid
from madaline._tables.splits.folds import FoldedRows
from madaline.nn._sparse_rows import SparseRows


def ridge(x, target, weight, strength):
    """Return the weights and the bias that minimize strength x squared errors + squares / 2."""
    share = weight / weight.sum()
    center, mean = share @ x, share @ target
    x, target = x - center, target - mean
    found = np.linalg.solve(
        2 * strength * (x.T * weight) @ x + np.eye(x.shape[1]),
        2 * strength * (x.T * weight) @ target,
    )
    return found, mean - center @ found


def ridges(dataset, x):
    """Return the out-of-fold outputs of each strength until their loss no longer falls."""
    rows, outputs, losses = dataset.rows, [], []
    weight = np.ones(len(x)) if dataset.weight is None else dataset.weight.astype(float)
    for strength in (0.01, 0.1, 1.0, 10.0):
        output = np.empty(dataset.target.shape)
        for fold in range(rows.n_folds):
            own, held_out = rows.training(fold), rows.held_out(fold)
            weights, bias = ridge(x[own], dataset.target[own], weight[own], strength)
            output[held_out] = x[held_out] @ weights + bias
        outputs.append(output)
        losses.append(np.average((output - dataset.target)[:, 0] ** 2, weights=weight))
        if len(losses) > 1 and losses[-1] >= losses[-2]:
            return outputs[-2], len(losses) - 2
    return outputs[-1], len(losses) - 1


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("scale", "noise", "best"), [(0.1, 0.0, 3), (0.1, 20.0, 2), (1.0, 3.0, 1), (1.0, 30.0, 0)]
)
def test_decay_is_as_weak_as_lowers_the_loss_of_rows_that_are_held_out(
    make_dataset, scale, noise, best, weighted
):
    dataset = make_dataset("regression", weighted=weighted)
    small = (scale * dataset.features[0]).astype(np.float32)  # decay matters more
    x, rng = small.astype(float), np.random.default_rng(1)
    target = x / scale @ [[2.0], [-1.0], [0.5], [0.0]] + 7 + noise * rng.normal(size=(61, 1))
    dataset = changed(dataset, target=target.astype(np.float32), features={0: small})
    expected, place = ridges(dataset, x)
    assert place == best
    models = linear_models(dataset, 1e9)
    np.testing.assert_allclose(models.out_of_fold(), expected, rtol=1e-3, atol=0.03)
    np.testing.assert_array_equal(
        models.output(1, np.array([2, 60])), models.output(1, slice(None))[[2, 60]]
    )


def test_what_rises_with_time_has_no_slope(make_dataset):
    dataset = make_dataset("regression")
    x = dataset.features[0].astype(float)
    target = (x[:, :1] + 3 * x[:, 1:2]).astype(np.float32)
    dataset = changed(dataset, target=target, hidden={0: np.array([1])})
    given = dataset.features[0].copy()
    seen = x.copy()
    seen[:, 1] = 0
    expected, _ = ridges(dataset, seen)
    models = linear_models(dataset, 1e9)
    np.testing.assert_allclose(models.out_of_fold(), expected, rtol=1e-3, atol=0.03)
    np.testing.assert_array_equal(dataset.features[0], given)
    np.testing.assert_array_equal(_features(dataset, 0, slice(None)), seen)


def test_the_fold_with_the_fewest_rows_decides_whether_they_are_too_few(make_dataset):
    dataset = make_dataset("regression")
    x = np.random.default_rng(0).normal(size=(61, 8)).astype(np.float32)
    rows = FoldedRows(dataset.rows.order, (0, 22, 42, 61))  # 39 rows, then 41 and 42
    dataset = changed(dataset, features={0: x}, columns={0: tuple(range(8))}, rows=rows)
    assert linear_models(dataset, 1e9) is None


@pytest.mark.parametrize(("width", "learns"), [(8, True), (9, False)])
def test_it_needs_five_rows_for_each_feature(make_dataset, width, learns):
    dataset = make_dataset("regression")  # each fold leaves 40 rows or more
    x = np.random.default_rng(0).normal(size=(61, width)).astype(np.float32)
    dataset = changed(dataset, features={0: x}, columns={0: tuple(range(width))})
    assert (linear_models(dataset, 1e9) is not None) == learns


@pytest.mark.parametrize("kind", [{"grids": (Grid(0, 4, (2, 2)),)}, {"patterns": ((0, 4),)}])
def test_grids_and_patterns_have_none(make_dataset, kind):
    assert linear_models(changed(make_dataset("regression"), **kind), 1e9) is None


@pytest.mark.parametrize(("work", "most"), [(0.0, 104_166), (2e10, 104_166), (4e10, 208_333)])
def test_it_learns_from_as_many_rows_as_a_tenth_of_the_work_pays(make_dataset, work, most):
    """A row of 4 features takes 2 x 4 multiply-adds, in 3 folds, 4 strengths and 200 passes."""
    dataset = make_dataset("regression")
    all_rows = np.arange(most + 1)
    assert len(_thinned(dataset, all_rows[:most], work)) == most
    np.testing.assert_array_equal(_thinned(dataset, all_rows, work), all_rows[::2])
    twice = np.arange(2 * most + 2)
    np.testing.assert_array_equal(_thinned(dataset, twice, work), twice[::3])


def test_more_outputs_take_more_work(make_dataset):
    dataset = make_dataset("multiclass")
    places = np.arange(40_000)
    np.testing.assert_array_equal(_thinned(dataset, places, 0.0), places[::2])


def test_rows_without_their_zeros_are_the_same_numbers(make_dataset):
    dataset = make_dataset("regression")
    x = np.where(dataset.features[0] > 0, dataset.features[0], 0)
    places = np.array([5, 0, 33])
    sparse = changed(dataset, features={0: SparseRows.of([x])})
    np.testing.assert_array_equal(_features(sparse, 0, places).toarray(), x[places])
