"""Rows in blocks have the features, targets, weights and folds that they have together."""

from __future__ import annotations

import numpy as np
import pytest
from tests.fits import context_of, data_of

from madaline._models.fitting.preparation import prepare
from madaline._models.fitting.prepared import Preparation
from madaline._race import stored_rows
from madaline._race.evaluation.objective import Objective
from madaline._race.row_blocks import RowBlocks
from madaline._race.stored_rows import RowsInMemory, RowValues, count_blocks
from madaline._tables.splits.folds import GivenFolds
from madaline._tables.splits.sampled import folds_in_sample
from madaline._tables.table import Table

N_BINS = (0, 16)


def make_table(n_samples: int = 600, seed: int = 0) -> tuple[Table, np.ndarray]:
    rng = np.random.default_rng(seed)
    size = rng.normal(size=n_samples)
    size[::17] = np.nan
    city = rng.integers(0, 90, n_samples)  # so many levels that some features are usual targets
    table = Table.from_columns(
        {
            "size": size,
            "date": np.datetime64("2020-01-01", "us") + rng.integers(0, 10**14, n_samples),
            "city": np.array([f"city {number}" for number in city], object),
            "big": rng.random(n_samples) < 0.3,
        }
    )
    return table, np.nan_to_num(size) + 0.02 * city + rng.normal(size=n_samples)


def prepared(table: Table, target: np.ndarray, weight=None, folds=4, groups=None) -> Preparation:
    data = data_of(table, target, weight, groups, folds, time=False)
    return prepare(data, context_of(Objective(), None, {}))


def blocks_of(sample: Preparation, table: Table, target: np.ndarray, places, weight=None, **more):
    values = RowValues(
        [own.read_rows(table) for own in sample.encoder.encoders],
        np.asarray(sample.target_encoder.matrix(target), np.float32),
        None if weight is None else np.asarray(weight / weight.mean(), np.float32),
        places.astype(np.int32),
        **{"folds": folds_in_sample(sample.rows, places), **more},
    )
    return RowBlocks.in_memory(sample.encoder, sample.dataset, values, seed=1)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(stored_rows, "CHUNK", 128)
    monkeypatch.setattr(stored_rows, "MAX_BLOCK", 128)


@pytest.mark.parametrize("weighted", [False, True])
def test_rows_in_blocks_are_those_of_the_dataset(weighted):
    table, target = make_table()
    weight = np.random.default_rng(1).uniform(0.5, 2, len(target)) if weighted else None
    whole = prepared(table, target, weight)
    places = np.empty(len(target), int)
    places[whole.rows.order] = np.arange(len(target))
    blocks = blocks_of(whole, table, target, places, weight)
    assert blocks.n_blocks == 5
    assert blocks.n_samples == len(target)
    seen = []
    for number in range(blocks.n_blocks):
        block, values = blocks.dataset(number, N_BINS), blocks.rows.read(number)
        own = values.places[block.rows.order]  # their places in the dataset of all rows
        seen.append(own)
        for n_bins in N_BINS:
            np.testing.assert_array_equal(
                block.features[n_bins], whole.dataset.features[n_bins][own]
            )
            for fold in range(4):
                here = block.rows.held_out(fold)
                there = whole.rows.held_out(fold)
                assert ((own[here] >= there.start) & (own[here] < there.stop)).all()
                np.testing.assert_array_equal(
                    block.encoded(n_bins, fold, slice(None)),
                    whole.dataset.encoded(n_bins, fold, own),
                )
        np.testing.assert_array_equal(block.target, whole.dataset.target[own])
        if weighted:
            np.testing.assert_array_equal(block.weight, whole.dataset.weight[own])
    assert sorted(np.concatenate(seen)) == list(range(len(target)))


def test_networks_learn_from_rows_outside_of_the_sample():
    table, target = make_table()
    drawn = np.arange(0, 600, 3)
    sample = prepared(table.take(drawn), target[drawn])
    places = np.full(600, -1)
    places[drawn[sample.rows.order]] = np.arange(len(drawn))
    blocks = blocks_of(sample, table, target, places)
    for number in range(blocks.n_blocks):
        block, values = blocks.dataset(number, [0]), blocks.rows.read(number)
        own = values.places[block.rows.order]
        assert block.rows.n_folds == 4
        assert block.rows.n_evaluated == (own >= 0).sum()
        for network in range(4):
            learned = np.zeros(block.n_samples, bool)
            learned[block.rows.training(network)] = True
            held_out = sample.rows.held_out(network)
            assert (learned == ~((own >= held_out.start) & (own < held_out.stop))).all()


def test_usual_targets_of_other_rows_are_of_the_rows_that_a_network_learned_from():
    table, target = make_table()
    sample = prepared(table, target)
    features, encoders = sample.dataset.features.of_folds, sample.encoder.encoders
    columns = [own.read_rows(table.take(sample.rows.order)) for own in encoders]
    others = features.of_other_rows(encoders, columns)
    for fold in range(4):  # a row that is held out is no row that its networks learned from
        held_out, learned = sample.rows.held_out(fold), sample.rows.training(fold)
        np.testing.assert_array_equal(
            others.values[fold, held_out], features.values[fold, held_out]
        )
        assert (others.values[fold, learned] != features.values[fold, learned]).any()


def test_given_training_rows_stay_those_of_each_fold():
    table, target = make_table()
    numbers = np.arange(600) // 200 - 1  # as of a time series split: the first rows in no fold
    training = np.stack([np.arange(600) < 200, np.arange(600) < 400])
    whole = prepared(table, target, folds=GivenFolds(numbers, training))
    places = np.empty(600, int)
    places[whole.rows.order] = np.arange(600)
    blocks = blocks_of(
        whole, table, target, places, folds=numbers.astype(np.int16), learned=training.T
    )
    for number in range(blocks.n_blocks):
        block, values = blocks.dataset(number, [0]), blocks.rows.read(number)
        own = values.places[block.rows.order]
        for fold in range(2):
            expected = np.isin(own, whole.rows.training(fold))
            assert (np.flatnonzero(expected) == block.rows.training(fold)).all()


def test_a_block_may_hold_no_row_of_a_fold():
    table, target = make_table(60)
    sample = prepared(table.take(np.arange(8)), target[:8])
    places = np.full(60, -1)
    places[sample.rows.order] = np.arange(8)
    blocks = blocks_of(sample, table.take(np.arange(30, 60)), target[30:], places[30:])
    block = blocks.dataset(0, [0])
    assert block.rows.n_folds == 4
    assert block.rows.n_evaluated == 0
    assert len(block.rows.training(3)) == block.n_samples == 30


def test_every_block_holds_rows_of_all_parts_of_the_table():
    n = 1000
    values = RowValues([], np.zeros((n, 1)), None, np.arange(n, dtype=np.int32), np.zeros(n))
    rows = RowsInMemory.of(values, n_blocks=7, seed=0)
    blocks = [rows.read(number).places for number in range(7)]
    assert sorted(np.concatenate(blocks)) == list(range(n))
    for block in blocks:
        assert len(block) in (142, 143)
        assert np.bincount(block // 128, minlength=8).min() >= 104 // 7
        assert (np.diff(block) < 0).any()
    again = RowsInMemory.of(values, n_blocks=7, seed=0)
    assert (again.order == rows.order).all()
    assert (RowsInMemory.of(values, n_blocks=7, seed=1).order != rows.order).any()


def test_blocks_of_wide_rows_have_fewer():
    assert count_blocks(10, 5) == 1
    assert count_blocks(1280, 5) == 10
    assert count_blocks(1280, 2**18) == 10
