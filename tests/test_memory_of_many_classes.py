"""What is made of outputs of many classes needs little room beside them: a few rows at a time."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from madaline._race.dataset import Dataset
from madaline._race.ensemble_weights import greedy_weights, weighted_mean
from madaline._race.evaluation.calibration import calibrate
from madaline._race.features import NetworkInputs, RowFeatures
from madaline._race.plan import Plan
from madaline._race.race import Race
from madaline._race.recipe import TableRecipe
from madaline._tables.io import spill
from madaline._tables.splits.folds import FoldedRows
from madaline.nn.arrays import BLOCK, row_blocks
from madaline.nn.losses import CrossEntropy

N_ROWS, N_CLASSES = 6000, 150
BOUNDS = (0, 2000, 4000, 6000)


@pytest.fixture(scope="module")
def outputs():
    rng = np.random.default_rng(0)
    shape = (N_ROWS, N_CLASSES)
    return [rng.standard_normal(shape, np.float32) for _ in range(5)]


@pytest.fixture(scope="module")
def target():
    codes = np.random.default_rng(1).integers(0, N_CLASSES, N_ROWS)
    return np.eye(N_CLASSES, dtype=np.float32)[codes]


def peak(function):
    """Return what a call returns, and the most bytes that it held at a time."""
    tracemalloc.start()
    try:
        found = function()
        return found, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_losses_of_rows(outputs, target):
    loss, output = CrossEntropy(), outputs[0]
    losses, needed = peak(lambda: loss.rows(output, target))
    assert needed < output.nbytes
    one_by_one = [loss.rows(output[i : i + 1], target[i : i + 1])[0] for i in range(0, N_ROWS, 97)]
    np.testing.assert_allclose(losses[::97], one_by_one, rtol=1e-6)
    members = loss.rows(np.stack(outputs), target)
    np.testing.assert_allclose(members[0], losses, rtol=1e-6)


def test_mixes(outputs, target):
    shares, needed = peak(lambda: greedy_weights(outputs, target, CrossEntropy()))
    assert needed < 3 * outputs[0].nbytes
    mean, needed = peak(lambda: weighted_mean(outputs, shares))
    assert needed < mean.nbytes + outputs[0].nbytes
    np.testing.assert_allclose(mean, np.tensordot(shares, np.stack(outputs), axes=1), rtol=1e-6)


def test_calibration(outputs, target):
    output = 2.0 * outputs[0] + target.astype(np.float64)
    calibration, needed = peak(lambda: calibrate(CrossEntropy(), output, target, BOUNDS))
    assert calibration.best > 1
    assert needed < output.nbytes


@pytest.mark.slow
def test_races(target, monkeypatch):
    x = np.random.default_rng(2).standard_normal((N_ROWS, 4)).astype(np.float32)
    rows = FoldedRows.from_folds(np.arange(N_ROWS) % 3)
    dataset = Dataset(
        rows, RowFeatures({0: x}), NetworkInputs({0: (0, 1, 2, 3)}), target, CrossEntropy()
    )
    recipes = tuple(TableRecipe(0, 10.0, (units,)) for units in range(4, 10))
    plan = Plan(recipes, n_folds=3, batch_size=256, epochs=2, patience=2, cuts=())
    needed, losses = [], []
    for large in (2**30, 1):
        monkeypatch.setattr(spill, "MIN_SPILLED", large)
        race = Race(plan, dataset, 0)
        needed.append(peak(lambda race=race: [*race.run(), race.ensemble()])[1])
        losses.append([one.loss for one in race.candidates.values()])
    assert needed[1] < needed[0] - 4 * target.nbytes
    assert losses[0] == losses[1]


@pytest.mark.parametrize("width", [1, 3, 200, 2 * BLOCK])
@pytest.mark.parametrize("n_rows", [0, 1, 15, 16, 17, 5000])
def test_blocks_hold_every_row_once(n_rows, width):
    blocks = list(row_blocks(n_rows, width))
    assert [row for some in blocks for row in range(n_rows)[some]] == list(range(n_rows))
    assert all(some.stop - some.start <= max(16, BLOCK // width) for some in blocks)
