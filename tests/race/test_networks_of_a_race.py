"""Small promises of cohorts, tasks, ensembles, recipes and rows on disk, by hand-worked cases."""

from __future__ import annotations

import errno
import os
import shutil
from dataclasses import replace
from io import FileIO
from types import SimpleNamespace

import numpy as np
import pytest
from tests.race.test_cohort import RECIPES, start

from madaline._race import epoch_task, row_store
from madaline._race.architecture import build_training_network, hide_features, width
from madaline._race.cohort import training_loss
from madaline._race.dataset import AllRows
from madaline._race.ensemble import Ensemble, EnsembleMember, Evaluator
from madaline._race.epoch_task import BlockInTask, EpochSeed, TaskGroup, divide
from madaline._race.features import NetworkInputs
from madaline._race.importance import Importance
from madaline._race.race import Race
from madaline._race.recipe import GridRecipe, LinearRecipe, TableRecipe, legend
from madaline._race.row_blocks import RowBlocks
from madaline._race.state import Candidate, RaceState
from madaline._race.stored_rows import RowValues, count_blocks
from madaline._tables.media.grids import Grid
from madaline.errors import InputError
from madaline.nn._engine.executors.executor import Serial
from madaline.nn._engine.numpy_backend import NumpyBackend
from madaline.nn.layers import Linear
from madaline.nn.losses import BinaryCrossEntropy, Squared
from madaline.nn.network import Network
from madaline.records.history import Record

BACKEND = NumpyBackend()


class Threaded(NumpyBackend):
    """A backend that would train each network on a thread of its own."""

    uses_threads = True


@pytest.mark.parametrize(
    ("n_samples", "steps"), [(61, 10), (200, 16), (3200, 200)]
)  # 2, 8 and 133 of a pass
def test_steps_grow_at_first_for_two_passes_within_bounds(make_dataset, n_samples, steps):
    assert start(make_dataset(n_samples=n_samples)).rule.warmup_steps == steps


@pytest.mark.parametrize(
    ("changes", "backend", "n_workers", "sizes"),
    [
        ({}, BACKEND, 1, [(3, 5)]),
        ({}, BACKEND, 2, [(3, 1)] * 5),
        ({}, Threaded(), 2, [(1, 1)] * 15),
        ({}, Threaded(), 1, [(3, 5)]),
        ({"n_final": 1}, BACKEND, 1, [(3, 1)] * 6),  # which takes more steps
    ],
)
def test_small_groups_for_several_workers(make_dataset, changes, backend, n_workers, sizes):
    dataset = make_dataset(n_folds=5, n_samples=66)
    dataset = replace(dataset, rows=replace(dataset.rows, **changes))
    groups = start(dataset)._groups(backend, n_workers)
    found = [(g.recipes.stop - g.recipes.start, g.folds.stop - g.folds.start) for g in groups]
    assert found == sizes


def test_work_of_blocks_is_a_share_of_that_of_a_pass(make_dataset):
    dataset = make_dataset()
    whole = start(dataset).multiply_adds
    forward = 61 * 104 * 3  # as in test_cohort
    large = replace(dataset, all_rows=AllRows(320, (160, 160, 160), 5))
    assert start(large).steps == [10] * 3
    assert start(large).multiply_adds == (whole - forward) * 5 / 5 + forward


def test_rows_are_evaluated_at_a_time_as_the_widest_layer_allows(make_dataset):
    def chunk(units):
        cohort = start(make_dataset(), [TableRecipe(0, 3, units)])
        shared = Serial().share(cohort.dataset)
        epoch = EpochSeed(0, 1)
        order = epoch.order(cohort.dataset, 16)
        return cohort.tasks(epoch, order, shared, BACKEND, 1)[0].chunk

    assert chunk((8, 1024)) == 1024
    assert chunk((8, 2048)) == 512
    assert chunk((8,)) == 1024


@pytest.mark.parametrize(("smoothing", "loss"), [(0.1, BinaryCrossEntropy(0.1)), (0.0, None)])
def test_labels_are_smoothed_where_a_recipe_says_so(smoothing, loss):
    usual = BinaryCrossEntropy()
    found = training_loss(replace(RECIPES[0], label_smoothing=smoothing), usual)
    assert found == (loss or usual)
    assert training_loss(replace(RECIPES[0], label_smoothing=smoothing), Squared()) == Squared()


def test_groups_are_as_alike_as_can_be():
    assert divide(5, 2, recipes_each=2, folds_each=9) == [
        TaskGroup(slice(0, 2), slice(0, 2)),
        TaskGroup(slice(2, 4), slice(0, 2)),
        TaskGroup(slice(4, 5), slice(0, 2)),
    ]
    sizes = [g.folds.stop - g.folds.start for g in divide(1, 7, recipes_each=1, folds_each=5)]
    assert sizes == [4, 3]


def test_random_numbers_of_an_epoch_are_its_own(make_dataset):
    rows = make_dataset()
    orders = {
        np.stack(EpochSeed(seed, number).order(rows, 16)).tobytes()
        for seed, number in ((0, 1), (0, 2), (1, 1), (1, 2))
    }
    assert len(orders) == 4
    drawn = {
        rng.random()
        for seed, number in ((0, 1), (0, 2), (1, 1))
        for rng in EpochSeed(seed, number).rngs(slice(1, 4))
    }
    assert len(drawn) == 9
    first = EpochSeed(0, 1).rngs(slice(0, 3))[2].random()
    assert first == EpochSeed(0, 1).rngs(slice(2, 3))[0].random()


def test_a_block_is_made_once_for_all_tasks_of_an_epoch():
    made = []

    class Blocks:
        def dataset(self, *of):
            made.append(of)
            return SimpleNamespace(of=of)

    epoch_task._made.cache_clear()
    shared = Serial().share(Blocks())
    one = BlockInTask(shared, 3, (0, 16)).get()
    assert BlockInTask(shared, 3, (0, 16)).get() is one
    assert made == [(3, (0, 16))]
    assert BlockInTask(shared, 4, (0,)).get().of == (4, (0,))
    epoch_task._made.cache_clear()


def test_what_rises_with_time_has_no_weights_and_no_gates():
    inputs = NetworkInputs({0: (0, 1, 1, 2)}, hidden={0: np.array([2])})
    recipe = TableRecipe(0, 3, (8, 8), timeless=True)
    network = build_training_network(recipe, inputs, 1)
    assert network.layers[0].columns == (0, 1, 3, 2)  # what rises has a gate of its own
    theta = np.ones((2, 3, network.layout.size), np.float32)
    hide_features(recipe, network, theta, inputs)
    first = network.bind(theta)[0]
    shown = [[1, 1, 0, 1]] * 3
    np.testing.assert_array_equal(first["weight"][0, :, :, 0], shown)
    np.testing.assert_array_equal(first["weight"].all(axis=-1), [shown] * 2)
    gates = np.array(shown)[:, [0, 1, 3, 2]]
    np.testing.assert_array_equal(first["gate"], [gates] * 2)
    assert first["bias"].all()


@pytest.mark.parametrize(("n_samples", "step"), [(1800, 2), (760, 1), (1533, 1), (1536, 2)])
def test_statistics_are_of_256_training_rows_at_most(make_dataset, monkeypatch, n_samples, step):
    """Of those of the next fold, evenly spread as far as that is more than enough."""
    dataset, seen = make_dataset(n_samples=n_samples), []
    fake = SimpleNamespace(
        has_normalization=lambda _: True,
        measure_statistics=lambda network, theta, x: seen.append(x),
        copy_statistics=lambda network, theta, matrix: seen.append(matrix),
    )
    monkeypatch.setattr(epoch_task, "normalization", fake)
    rule = SimpleNamespace(network=None, averaged=lambda _: None)
    members = SimpleNamespace(theta="theta", memory={"z": "z"})
    epoch_task.measure(rule, members, dataset, n_bins=0, fold=2)
    expected = dataset.features[0][dataset.rows.held_out(0)][::step][:256]
    np.testing.assert_array_equal(seen[0], expected)
    assert seen[1:] == ["theta", "z"]


def test_columns_beside_a_grid_have_a_first_layer_of_their_own():
    columns, grids = {0: (5, *[0] * 30, 3, 3, 9)}, (Grid(1, 31, (6, 5)),)
    recipe = GridRecipe(0, 10, (8,), channels=((3,),))
    network = build_training_network(recipe, NetworkInputs(columns, grids), 1)
    first, _, hidden, *_ = network.layers
    assert first.spans == (((1, 31),), ((0, 1), (31, 34)))
    beside = first.branches[1][0]
    assert (beside.columns, beside.out_features) == ((1, 0, 0, 2), 64)
    assert (hidden.in_features, hidden.out_features) == (3 * 3 * 2 + 64, 8)  # the grid is pooled


def test_the_widest_layer_of_each_kind():
    columns = NetworkInputs({0: (0, 1)})
    assert width(TableRecipe(0, 3, (8, 20, 9)), columns, 3) == 20
    assert width(LinearRecipe(0, 3), columns, 3) == 3
    grids = (Grid(0, 60, (6, 5)), Grid(60, 90, (15,)))
    recipe = GridRecipe(0, 10, (8,), channels=((3, 99), (7,)))
    assert width(recipe, NetworkInputs({}, grids), 1) == 7 * 15
    recipe = replace(recipe, channels=((4,), (7,)))
    assert width(recipe, NetworkInputs({}, grids), 1) == 4 * 30


@pytest.fixture
def member(make_dataset):
    """A member of linear networks, and rows in folds of 400."""
    dataset = make_dataset("regression", n_samples=1200)
    network = Network((Linear(4, 1),))
    theta = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
    return EnsembleMember("1", "1", "", 0, network, theta, None, 1.0), dataset


def test_all_chunks_of_rows_are_predicted(member):
    one, dataset = member
    x = dataset.features[0].astype(float)
    places = np.random.default_rng(1).permutation(1200)
    found = Ensemble((replace(one, weight=0.5),)).predict(dataset, 2, places)
    expected = 0.5 * (x[places] @ one.theta[2, :4, None] + one.theta[2, 4])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("step", [1, 3, 7])
def test_outputs_are_of_every_step_th_row_of_all_folds(member, step):
    one, dataset = member
    expected = np.concatenate(
        [
            dataset.features[0][dataset.rows.held_out(fold)] @ one.theta[fold, :4, None]
            + one.theta[fold, 4]
            for fold in range(3)
        ]
    )
    found = Evaluator(dataset, 1).output(one, step)
    np.testing.assert_allclose(found, expected[::step], rtol=1e-4, atol=1e-5)
    inputs = Evaluator(dataset, step).layer_inputs(one, 0)
    np.testing.assert_array_equal(np.concatenate(inputs), dataset.features[0][::step])


def test_networks_of_all_folds_predict_two_thousand_rows_at_most(make_dataset):
    dataset = make_dataset("regression", n_samples=4003)
    network, theta = Network((Linear(4, 1),)), np.zeros((3, 5), np.float32)
    one = EnsembleMember("1", "1", "", 0, network, theta, np.zeros((4003, 1)), 1.0)
    found = Ensemble((one,)).fold_outputs(dataset)
    rows = np.concatenate([range(*dataset.rows.held_out(f).indices(4003))[::3] for f in range(3)])
    np.testing.assert_array_equal(found.target, dataset.target[rows])
    sizes = [
        len(rows[(rows >= a) & (rows < b)]) for a, b in ((0, 1335), (1335, 2669), (2669, 4003))
    ]
    np.testing.assert_array_equal(found.own, np.repeat([0, 1, 2], sizes))


def test_what_a_candidate_tells_of_itself():
    record = Record(9, "", 0.5, 0.4, 0.03, 1, 0.0, "1")
    one = Candidate("1", TableRecipe(0, 3), None, 0.4, 7, record=record, entered=4)
    one.inherited_epochs = 10
    assert one.latest_loss == 0.5
    assert Candidate("1", TableRecipe(0, 3), None).latest_loss == np.inf
    assert one.epochs_trained(9) == 15
    assert not one.stopped_at(9)  # it races
    stopped = replace(one, racing=False)
    assert stopped.stopped_at(9)
    assert not stopped.stopped_at(8)
    assert not replace(stopped, record=None).stopped_at(9)
    assert (one.improved, replace(one, gained_epoch=0).improved) == (7, 0)
    assert (one.key, replace(one, snapshot=True).key) == ("1", "1@7")
    state = RaceState(9, {"1": one, "2": stopped, "3": replace(one, epoch=0)}, None)
    assert state.racing == [one, state.candidates["3"]]
    assert state.able == [one, stopped]
    assert state.facts(one) == (9, one.name, 0.4)


def test_ensembles_are_compared_by_loss_whatever_the_metric(make_dataset):
    """The metric prefers what is lowest; it is not asked for weights."""
    dataset = make_dataset("regression")
    lowest = SimpleNamespace(distance=lambda output, _: float(output.mean()), name="lowest")
    dataset = replace(dataset, metric=lowest)
    facts = {"loss": 0.5, "epoch": 4}
    good = Candidate("1", TableRecipe(0, 3), None, output=dataset.target + 0.1, **facts)
    low = Candidate("2", TableRecipe(0, 10), None, output=dataset.target - 9, **facts)
    state = RaceState(9, {"1": good, "2": low}, dataset)
    assert state.ensemble_loss() == pytest.approx(dataset.validation_loss(good.output), rel=1e-3)


def test_an_epoch_learns_from_its_block_with_the_encodings_that_race(make_dataset, plan):
    race, made = Race(replace(plan, recipes=plan.recipes[1:3]), make_dataset(), 5), []
    assert race._block() is None
    race.blocks = SimpleNamespace(n_blocks=3, dataset=lambda *of: made.append(of) or of)
    for race.epoch in (1, 3, 4):
        assert race._block().get() is made[-1]
    assert made == [(number, [0, 16]) for number in (0, 2, 0)]


def test_the_widest_encoding_decides_how_many_blocks_there_are(make_dataset, monkeypatch):
    asked = []
    monkeypatch.setattr("madaline._race.row_blocks.count_blocks", lambda *of: asked.append(of) or 2)
    encoder = SimpleNamespace(widths={0: 8, 16: 100, 64: 20})
    blocks = RowBlocks.in_memory(encoder, make_dataset(), values(61), seed=1)
    assert asked == [(61, 100)]
    assert (blocks.n_blocks, blocks.n_samples) == (2, 61)


def test_copies_are_changed_again_if_they_paid(make_dataset):
    dataset = make_dataset("regression")
    parent = Candidate("1", TableRecipe(0, 3), None, 0.5)
    copy = replace(parent, recipe_id="2", parent_id="1", loss=0.4999)
    state = RaceState(9, {"1": parent, "2": copy}, dataset)
    assert state.paid(parent, 0.1)
    assert state.paid(copy, 0.0)
    assert not state.paid(copy, 0.1)
    assert not state.paid(replace(copy, loss=0.5), 0.0)


def test_the_legend_tells_the_words_that_names_have():
    text = legend(["16 bins · weight decay 0.33 · 3×64"])
    assert text.startswith("Recipes are named by their settings")
    assert "Bins: numbers are also given" in text
    assert "; weight decay: how fast" in text
    assert text.endswith(".")
    assert "warping" not in text


def values(n, **changes):
    facts = {
        "columns": [np.arange(n), np.array([f"t{k}" for k in range(n)], object)],
        "target": np.arange(n, dtype=np.float32)[:, None],
        "weight": np.arange(n, dtype=np.float32),
        "places": np.arange(n, dtype=np.int32),
        "folds": (np.arange(n) % 4 - 1).astype(np.int16),
        "learned": np.arange(n)[:, None] % np.array([2, 3, 4]) > 0,
    }
    return RowValues(**{**facts, **changes})


def test_rows_that_each_fold_learns_from_are_counted():
    assert values(10).count_learned(3).tolist() == [5, 6, 7]
    assert values(10, learned=None).count_learned(3).tolist() == [7, 8, 8]
    assert values(10, learned=None).count_learned(5).tolist() == [7, 8, 8, 10, 10]


def test_parts_that_are_joined_are_the_whole():
    whole = values(10)
    joined = RowValues.join(
        [whole.take(slice(0, 3)), whole.take(slice(3, 4)), whole.take(slice(4, 10))]
    )
    for name in ("target", "weight", "places", "folds", "learned"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(whole, name))
    for one, other in zip(joined.columns, whole.columns, strict=True):
        np.testing.assert_array_equal(one, other)
    bare = values(4, weight=None, learned=None)
    joined = RowValues.join([bare, bare])
    assert (joined.weight, joined.learned, joined.n_samples) == (None, None, 8)
    assert RowValues.join([whole]) is whole


@pytest.mark.parametrize(
    ("n_samples", "width", "blocks"),
    [
        (32_768, 5, 1),
        (32_769, 5, 2),
        (32_768, 1024, 1),  # 2^25 numbers
        (32_768, 2048, 2),
        (32_768, 2**20, 4),  # but 8192 rows, however wide
        (0, 5, 1),
    ],
)
def test_blocks_hold_so_many_rows_or_numbers(n_samples, width, blocks):
    assert count_blocks(n_samples, width) == blocks


@pytest.mark.parametrize(("left", "fits"), [(0, True), (-1, False)])
def test_sixty_four_mebibytes_of_a_disk_stay_free(monkeypatch, left, fits):
    usage = SimpleNamespace(free=1000 + 64 * 2**20 + left)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    if fits:
        row_store.check_room(1000)
    else:
        with pytest.raises(InputError, match="take about"):
            row_store.check_room(1000)


class Halting(FileIO):
    """A file that writes three bytes at a time."""

    def write(self, data):
        return super().write(data[:3])


def test_what_is_written_in_parts_is_whole(tmp_path):
    rows = np.arange(10, dtype=np.int16)
    with Halting(tmp_path / "rows", "w+") as file:
        row_store._put(file, 4, rows)
        found = np.empty(10, np.int16)
        row_store._fill(file, 4, found)
        np.testing.assert_array_equal(found, rows)
        with pytest.raises(OSError, match="cut short"):
            row_store._fill(file, 6, found)


def test_what_is_read_in_parts_is_whole(tmp_path, monkeypatch):
    read_at = row_store.read_at
    monkeypatch.setattr(row_store, "read_at", lambda f, offset, out: read_at(f, offset, out[:3]))
    rows = np.arange(10, dtype=np.int16)
    with FileIO(tmp_path / "rows", "w+") as file:
        row_store._put(file, 0, rows)
        found = np.empty(8, np.int16)
        row_store._fill(file, 4, found)
    np.testing.assert_array_equal(found, rows[2:])


@pytest.mark.parametrize(("code", "raises"), [(errno.ENOSPC, True), (errno.EINVAL, False)])
def test_systems_that_cannot_take_room_go_without(tmp_path, monkeypatch, code, raises):
    def fail(*_):
        raise OSError(code, "no")

    monkeypatch.setattr(os, "posix_fallocate", fail, raising=False)
    with FileIO(tmp_path / "rows", "w+") as file:
        if raises:
            with pytest.raises(OSError, match="no"):
                row_store._reserve(file, 10)
        else:
            row_store._reserve(file, 10)


def test_importances_tell_their_columns_and_whether_they_are_clear():
    one = Importance(("a", "b"), "r2", 0.1, 0.2)
    assert (one.name, one.clear) == ("a + b", False)
    assert str(one).endswith("(no clear effect)")
    assert repr(one) == f"<Importance {one}>"
