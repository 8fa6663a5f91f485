from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from madaline._tables.splits.folds import FoldedRows


@st.composite
def fold_numbers(draw: st.DrawFn) -> np.ndarray:
    """Fold numbers in any order and of any sizes, none of at least two folds empty."""
    sizes = draw(st.lists(st.integers(1, 12), min_size=2, max_size=5))
    folds = np.repeat(np.arange(len(sizes)), sizes)
    return np.random.default_rng(draw(st.integers(0, 99))).permutation(folds)


@given(fold_numbers())
def test_the_order_is_sorted_by_fold_and_otherwise_as_it_was(folds):
    rows = FoldedRows.from_folds(folds)
    assert sorted(rows.order) == list(range(len(folds)))
    for fold in range(rows.n_folds):
        assert list(rows.order[rows.held_out(fold)]) == list(np.flatnonzero(folds == fold))


@given(fold_numbers())
def test_every_place_is_either_held_out_or_learned_from(folds):
    rows = FoldedRows.from_folds(folds)
    for fold in range(rows.n_folds):
        held_out = np.arange(rows.n_samples)[rows.held_out(fold)]
        assert sorted([*held_out, *rows.training(fold)]) == list(range(rows.n_samples))


@given(fold_numbers())
def test_n_training_is_what_the_network_with_the_fewest_rows_has(folds):
    rows = FoldedRows.from_folds(folds)
    assert rows.n_training == min(len(rows.training(fold)) for fold in range(rows.n_folds))
    assert rows.n_samples == len(folds)


@given(fold_numbers(), st.data())
def test_a_network_sees_each_row_at_most_once_and_never_its_own_fold(folds, data):
    rows = FoldedRows.from_folds(folds)
    batch_size = data.draw(st.integers(1, rows.n_training))
    order = np.stack(rows.batches(batch_size, np.random.default_rng(0)))
    assert order.shape == (rows.n_folds, rows.steps(batch_size)[0], batch_size)
    assert rows.n_training - batch_size < order.shape[1] * batch_size <= rows.n_training
    for fold, places in enumerate(order.reshape(rows.n_folds, -1)):
        assert len(set(places)) == len(places)
        assert fold not in folds[rows.order[places]]


def test_rows_left_out_of_one_epoch_come_in_another():
    rows = FoldedRows.from_folds(np.arange(20) % 2)
    rng = np.random.default_rng(0)
    seen = {int(place) for _ in range(20) for place in rows.batches(7, rng)[0].ravel()}
    assert seen == set(rows.training(0))


def test_batches_are_in_random_order_and_repeat_with_the_seed():
    rows = FoldedRows.from_folds(np.arange(40) % 2)
    first, again, other = (rows.batches(5, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(("batch_size", "steps"), [(1, 10), (3, 3), (10, 1)])
def test_an_incomplete_last_batch_is_left_out(batch_size, steps):
    assert FoldedRows.from_folds(np.arange(20) % 2).steps(batch_size) == [steps] * 2


@given(fold_numbers(), st.data())
def test_rows_that_are_never_evaluated_come_last_and_are_learned_from(folds, data):
    extra = data.draw(st.integers(1, 9))
    folds = np.random.default_rng(0).permutation(np.concatenate([folds, np.full(extra, -1)]))
    rows = FoldedRows.from_folds(folds)
    assert (rows.n_samples, rows.n_evaluated) == (len(folds), (folds >= 0).sum())
    assert set(folds[rows.order[rows.n_evaluated :]]) == {-1}
    for fold in range(rows.n_folds):
        assert list(rows.order[rows.held_out(fold)]) == list(np.flatnonzero(folds == fold))
        assert sorted(rows.order[rows.training(fold)]) == list(np.flatnonzero(folds != fold))
    assert rows.n_training == min(len(rows.training(fold)) for fold in range(rows.n_folds))


def test_rows_to_learn_from_can_be_chosen():
    folds = np.array([1, -1, 0, 1, -1])
    training = np.array([[1, 1, 0, 0, 0], [0, 0, 1, 0, 1]], bool)
    rows = FoldedRows.from_folds(folds, training)
    for fold, chosen in enumerate(training):
        assert sorted(rows.order[rows.training(fold)]) == list(np.flatnonzero(chosen))
    assert rows.n_training == 2
    assert np.stack(rows.batches(2, np.random.default_rng(0))).shape == (2, 1, 2)


@pytest.mark.parametrize(
    "rows",
    [
        FoldedRows.from_folds(np.array([0, 1, 2, 0, 1, 2, -1])),
        FoldedRows.from_folds(np.array([0, 0, -1, -1, -1, -1, -1])),
        FoldedRows.from_folds(np.array([0, 1, -1, -1]), np.array([[0, 0, 1, 1], [1, 0, 0, 1]]) > 0),
    ],
)
def test_seen_rows_are_learned_from(rows):
    for fold in range(rows.n_folds):
        held_out = rows.held_out(fold)
        assert set(rows.training_sample(fold)) <= set(rows.training(fold))
        assert len(rows.training_sample(fold)) >= held_out.stop - held_out.start
