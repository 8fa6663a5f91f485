"""Usual targets over all rows of a large table are those that an encoder takes of them at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.race.changed import changed
from tests.race.test_row_blocks import blocks_of, make_table, prepared

from madaline._race import stored_rows
from madaline._race.level_means import MeansOfAllRows
from madaline._tables.kinds.category import CategoryEncoder
from madaline._tables.kinds.level_means import PARTS, LevelMeans

N_ROWS = 600


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(stored_rows, "CHUNK", 128)
    monkeypatch.setattr(stored_rows, "MAX_BLOCK", 128)


def all_rows(weighted=False, n_final=0):
    """Return blocks of all rows of a table, all of which raced, and their weights."""
    table, target = make_table(N_ROWS)
    weight = np.random.default_rng(1).uniform(0.5, 2, N_ROWS) if weighted else None
    whole = prepared(table, target, weight)
    places = np.empty(N_ROWS, int)
    places[whole.rows.order] = np.arange(N_ROWS)
    blocks = blocks_of(whole, table, target, places, weight)
    if n_final:
        rows = replace(whole.dataset.rows, n_final=n_final)
        blocks = replace(blocks, sample=replace(blocks.sample, rows=rows))
    return blocks


def city(blocks) -> tuple[int, CategoryEncoder]:
    return next(
        (index, own)
        for index, own in enumerate(blocks.encoder.encoders)
        if isinstance(own, CategoryEncoder) and own.means is not None
    )


def read(blocks):
    """Return all rows in the order of the sample: their columns, and the part of each."""
    places, parts, columns = [], [], []
    for number in range(blocks.n_blocks):
        values = blocks.rows.read(number)
        places.append(values.places)
        parts.append(np.arange(values.n_samples) % PARTS)
        columns.append(values.columns)
    order = np.argsort(np.concatenate(places))
    columns = [np.concatenate(of)[order] for of in zip(*columns, strict=True)]
    return columns, np.concatenate(parts)[order]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_final", [0, 1])
def test_each_row_has_the_mean_of_other_rows_that_a_network_learned_from(weighted, n_final):
    blocks = all_rows(weighted, n_final)
    sample, (index, own) = blocks.sample, city(blocks)
    columns, parts = read(blocks)
    levels, target, weight = own.slots(columns[index]), sample.target, sample.weight
    expected = LevelMeans.fit(levels, target, weight, n_levels=len(own.means.values))
    found = blocks.with_means_of_all()
    (means,) = found.means.of_all[index]
    np.testing.assert_allclose(means.values, expected.values, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(means.prior, expected.prior, rtol=1e-4)
    np.testing.assert_array_equal(found.means.parts, parts)
    assert found.encoder.encoders[index].means is means
    others = [one for place, one in enumerate(found.encoder.encoders) if place != index]
    assert others == [one for place, one in enumerate(blocks.encoder.encoders) if place != index]
    assert sample.rows.n_networks == 4 + n_final
    for network in range(sample.rows.n_networks):
        learned = sample.rows.training(network)
        values = expected.for_networks(levels, target, weight, learned, parts)
        np.testing.assert_allclose(
            found.sample.features.of_folds.values[network], values, rtol=1e-3, atol=1e-4
        )


def test_a_block_has_the_means_of_its_rows():
    blocks = all_rows().with_means_of_all()
    of_sample = blocks.sample.features.of_folds
    for number in range(blocks.n_blocks):
        block, values = blocks.dataset(number, [0]), blocks.rows.read(number)
        own = values.places[block.rows.order]
        np.testing.assert_array_equal(block.features.of_folds.features, of_sample.features)
        np.testing.assert_array_equal(block.features.of_folds.values, of_sample.values[:, own])


def test_rows_outside_of_the_sample_count():
    table, target = make_table(N_ROWS)
    drawn = np.arange(0, N_ROWS, 3)
    sample = prepared(table.take(drawn), target[drawn])
    places = np.full(N_ROWS, -1)
    places[drawn[sample.rows.order]] = np.arange(len(drawn))
    blocks = blocks_of(sample, table, target, places)
    index, own = city(blocks)
    (means,) = blocks.with_means_of_all().means.of_all[index]
    levels = own.slots(own.read_rows(table))
    n_levels = len(own.means.values)
    scaled = np.asarray(sample.target_encoder.matrix(target), np.float32)
    expected = LevelMeans.fit(levels, scaled, None, n_levels=n_levels)
    np.testing.assert_allclose(means.values, expected.values, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("weighted", [False, True])
def test_pairs_of_levels_have_means_too(weighted):
    """Rows without a level of the other column count in no pair."""
    blocks = all_rows(weighted)
    sample, (index, own) = blocks.sample, city(blocks)
    columns, parts = read(blocks)
    cells = np.random.default_rng(0).integers(-1, 3, N_ROWS).astype(columns[index].dtype)
    other = replace(own, name="other", levels=("a", "b", "c"), means=None)
    target, weight = sample.target, sample.weight
    paired = own.with_pair_means(columns[index], other, cells, target, weight)
    encoders = tuple(
        paired if one is own else other if place == _spare(blocks, index) else one
        for place, one in enumerate(blocks.encoder.encoders)
    )
    spare = _spare(blocks, index)
    values = blocks.rows.values
    of_table = np.empty_like(cells)
    of_table[:] = cells[values.places]
    changed = [of_table if place == spare else one for place, one in enumerate(values.columns)]
    rows = replace(blocks.rows, values=replace(values, columns=changed))
    blocks = replace(blocks, encoder=replace(blocks.encoder, encoders=encoders), rows=rows)
    means = MeansOfAllRows.of(blocks.encoder, blocks.sample, blocks.rows)
    levels = own.slots(columns[index])
    of_levels, of_pairs = means.of_all[index]
    np.testing.assert_allclose(of_pairs.values, paired.pair_means.values, rtol=1e-3, atol=1e-4)
    for network in range(4):
        learned = sample.rows.training(network)
        expected = np.hstack(
            [
                of_levels.for_networks(levels, target, weight, learned, parts),
                of_pairs.for_networks(levels, target, weight, learned, parts, cells),
            ]
        )
        is_learned = np.zeros((N_ROWS, 4), bool)
        is_learned[learned, network] = True
        found = means.of_rows({index: levels}, parts, is_learned)
        np.testing.assert_allclose(found.values[network], expected, rtol=1e-3, atol=1e-4)


def _spare(blocks, index):
    """Return the place of another column: it stands in for the one that makes pairs."""
    return next(place for place in range(len(blocks.encoder.encoders)) if place != index)


def test_without_usual_targets_nothing_changes():
    blocks = all_rows()
    _, own = city(blocks)
    plain = replace(own, means=None)
    encoders = tuple(plain if one is own else one for one in blocks.encoder.encoders)
    without = replace(blocks, encoder=replace(blocks.encoder, encoders=encoders))
    assert without.with_means_of_all() is without
    none = replace(blocks, sample=changed(blocks.sample, of_folds=None))
    assert none.with_means_of_all() is none


def test_a_category_without_means_of_all_rows_stays():
    blocks = all_rows()
    found = blocks.with_means_of_all()
    assert found.encoder.encoders != blocks.encoder.encoders
    assert (
        replace(found.means, of_all={}).encoder(blocks.encoder).encoders == blocks.encoder.encoders
    )
