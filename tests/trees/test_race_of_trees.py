"""Trees race after the networks: what keeps them out, when they grow on, and what joins."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from tests.race.changed import changed

from madaline._race.dataset import AllRows
from madaline._race.race import Race
from madaline._race.recipe import TableRecipe, TreeRecipe
from madaline._race.trees import racing
from madaline._race.trees.racing import _count_blocks, _obstacle, _Trees, race_trees
from madaline._tables.media.grids import Grid
from madaline.nn._sparse_rows import SparseRows
from madaline.nn.losses import BinaryCrossEntropy, Huber, Squared
from madaline.records.race_decisions import TreesCompared, TreesLeftOut


def never(work, networks):
    return False


def always(n_bytes):
    return True


@pytest.fixture
def raced(make_dataset, plan):
    """A maker of races of one epoch, whose target jumps where a column is positive, or not."""

    def make(steps=True, n_final=0, **changes):
        dataset = make_dataset("regression", n_samples=180, **changes)
        x, noise = dataset.features[0], np.random.default_rng(3).normal(size=(180, 1))
        target = 3.0 * ((x[:, :1] > 0) ^ (x[:, 1:2] > 0.3)) + 0.1 * noise if steps else noise
        rows = replace(dataset.rows, n_final=n_final)
        dataset = replace(dataset, target=target.astype(np.float32), rows=rows)
        race = Race(replace(plan, recipes=(TableRecipe(0, 30, (8, 8)),), epochs=1), dataset, 5)
        list(race.run())
        return race

    return make


def facts(dataset, blocks=None, n_workers=2):
    executor = SimpleNamespace(n_local_workers=n_workers)
    return SimpleNamespace(dataset=dataset, blocks=blocks, executor=executor)


@pytest.mark.parametrize(
    ("task", "changes", "words"),
    [
        ("regression", {"grids": (Grid(0, 4, (2, 2)),)}, "no images, sounds or sequences"),
        ("regression", {"patterns": ((0, 4),)}, "no images, sounds or sequences"),
        ("regression", {"features": {0: SparseRows.of([np.eye(61)])}}, "all columns are texts"),
        ("multiclass", {"loss": Squared()}, "several targets or quantiles"),
        ("regression", {"target": np.eye(61, 2), "loss": Squared()}, "several targets"),
        ("regression", {"loss": Huber()}, "has none for this loss"),
        ("regression", {"loss": BinaryCrossEntropy()}, "from labels, not probabilities"),
        ("binary", {"target": np.eye(61, 1) / 2}, "from labels, not probabilities"),
        ("regression", {"columns": {0: (0,) * 2049}}, "2,049 features, more than 2,048"),
        ("regression", {"columns": {0: (0,) * 2048}}, ""),
        ("binary", {}, ""),
        ("multiclass", {}, ""),
        ("regression", {}, ""),
    ],
)
def test_an_obstacle_is_told_in_words(make_dataset, task, changes, words):
    found = _obstacle(facts(changed(make_dataset(task), **changes)), always)
    assert words in found
    assert bool(words) == bool(found)
    if not words:
        assert _obstacle(facts(make_dataset(task)), lambda _: False) == "there is not enough memory"


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_each_fold_must_learn_from_all_classes_or_from_several_values(make_dataset, task):
    """The rows of the second fold alone have the last class, or another value."""
    dataset = make_dataset(task)
    target = np.zeros_like(dataset.target)
    target[:, 0] = task == "multiclass"
    target[dataset.rows.held_out(1)] = np.eye(dataset.n_outputs)[-1]
    if task == "multiclass":
        target[::5] = [0, 1, 0]
    assert "lack a class" in _obstacle(facts(replace(dataset, target=target)), always)


def test_trees_need_rows_for_a_split(make_dataset):
    for n_samples, words in ((59, "too few to be split"), (60, "")):  # two thirds are learned from
        assert words in _obstacle(facts(make_dataset("regression", n_samples=n_samples)), always)
    assert _obstacle(facts(make_dataset("regression", n_samples=60)), always) == ""


def test_memory_is_needed_for_sixteen_bytes_of_each_number_and_worker(make_dataset):
    dataset, asked = make_dataset(), []
    assert _count_blocks(facts(dataset, n_workers=3), lambda n: not asked.append(n)) == 1
    assert asked == [3 * 16 * 61 * 4]
    blocks = SimpleNamespace(n_blocks=5, n_samples=1000)
    each = 2 * 16 * 1000 * 4 // 5
    for most in range(5):
        room = most * each
        assert _count_blocks(facts(dataset, blocks), lambda n, room=room: n <= room) == most
    assert _count_blocks(facts(dataset, blocks), always) == 5


def test_an_obstacle_leaves_trees_out(raced):
    race = raced()
    ((record, decision),) = race_trees(race, never, lambda _: False)
    assert record is race.state.best.record
    assert isinstance(decision, TreesLeftOut)
    assert (decision.epoch, decision.subject) == (1, "boosted trees")
    assert decision.reason == "there is not enough memory"


@pytest.mark.parametrize("slow", [False, True])
def test_trees_that_are_slow_or_late_are_left_out(raced, slow, monkeypatch):
    monkeypatch.setattr(_Trees, "are_slow", property(lambda _: slow))
    race, asked = raced(), []
    ((_, decision),) = race_trees(race, lambda *of: not asked.append(of), always)
    if slow:
        assert decision.reason == "those of 1 outputs would take longer than the networks"
        assert asked == []
    else:
        assert decision.reason == "there is no time for them"
        work = 2e7 + 8e5 * 4 + (6e3 + 150 * 4) * 120  # of a round, four columns and 120 rows
        assert asked == [(pytest.approx(3 * 20 * work), 3)]


def test_trees_that_explain_nothing_stay_out_after_few_rounds(raced):
    race = raced(steps=False)
    before, work = dict(race.candidates), race.multiply_adds
    ((record, decision),) = race_trees(race, never, always)
    assert record is race.state.best.record
    assert isinstance(decision, TreesCompared)
    assert not decision.follow
    assert not decision.joined
    assert (decision.rounds, decision.rows) == (20, 180)
    assert race.candidates == before
    of_round = 2e7 + 8e5 * 4 + (6e3 + 150 * 4) * 120
    assert race.multiply_adds - work == pytest.approx(3 * 20 * of_round)


def test_trees_that_explain_more_than_the_networks_join(raced):
    race = raced()
    start = race.multiply_adds
    (_, first), (record, nothing), (same, decision) = race_trees(race, never, always)
    assert first.follow
    assert not first.joined
    assert (nothing, same) == (None, record)
    assert decision.joined
    assert not decision.follow
    candidate = race.candidates["2"]
    assert candidate.recipe == TreeRecipe(0, rounds=decision.rounds)
    assert candidate.record is record
    assert (decision.recipe_id, record.recipe_id) == ("2", "2")
    dataset, network = race.dataset, candidate.network
    for fold in range(3):
        held_out = dataset.rows.held_out(fold)
        expected = network.predict(candidate.theta[fold], dataset.features[0][held_out])
        np.testing.assert_array_equal(candidate.output[held_out], expected)
    loss = ((candidate.output - dataset.target) ** 2).mean()
    assert record.loss == record.best_loss == candidate.loss == pytest.approx(loss, rel=1e-4)
    assert decision.loss == pytest.approx(loss, rel=1e-4)
    assert (record.epoch, candidate.epoch, candidate.entered) == (1, 1, 1)
    assert (record.learning_rate, record.racing) == (0.1, 0)
    assert not candidate.racing
    assert record.multiply_adds == race.multiply_adds > start
    assert record.recipe == candidate.name


def test_without_time_to_grow_on_the_first_rounds_join(raced):
    race, asked = raced(), []
    (_, first), _, (_, decision) = race_trees(
        race, lambda *of: asked.append(of) or len(asked) > 1, always
    )
    assert first.follow
    assert decision.joined
    assert decision.rounds == first.rounds == 20
    assert len(asked) == 2


@pytest.fixture
def grown(raced, monkeypatch):
    """A maker of trees that lower the loss of a blend as told, with what is grown written down."""

    def make(loss, n_final=0):
        trees, log = _Trees(raced(n_final=n_final), 1), []

        def grow(networks, rounds):
            log.append((list(networks), rounds))
            trees.grown |= {network: (network, rounds) for network in networks}

        def blended(rounds):
            return SimpleNamespace(loss_before=1.0, loss_after=loss(rounds))

        monkeypatch.setattr(trees, "_grow", grow)
        monkeypatch.setattr(trees, "_blended", blended)
        return trees, log

    return make


@pytest.mark.parametrize(
    ("loss", "grown_to", "best"),
    [
        (lambda rounds: 0.9, [40], 20),  # no gain is the end
        (lambda rounds: 0.9 - 0.0009 * (rounds - 20) / 10, [40], 40),  # nor is a small one
        (lambda rounds: 0.9 - 0.0011 * (rounds - 20) / 10, range(40, 201, 20), 200),
        (lambda rounds: abs(rounds - 60) / 100, [40, 60, 80], 60),
        (lambda rounds: float("nan"), [40], 20),
    ],
)
def test_trees_grow_while_the_loss_of_the_blend_falls_clearly(grown, loss, grown_to, best):
    trees, log = grown(loss)
    assert trees.grow_on(never) == best
    assert log == [([0, 1, 2], rounds) for rounds in grown_to]


def test_trees_of_final_networks_are_grown_once(grown):
    trees, log = grown(None, n_final=2)
    trees.grow_all(20)
    assert log == [([0, 1, 2], 20), ([3], 20)]
    assert trees.grown[3] is trees.grown[4]
    assert trees.grown[3] == (3, 20)


def test_growth_asks_for_the_time_of_what_is_new(grown):
    asked = []
    trees, log = grown(lambda rounds: -rounds, n_final=1)
    trees.__dict__["_work_of_round"] = 10.0
    assert trees.grow_on(lambda *of: asked.append(of) or len(asked) == 3) == 60
    assert asked == [(4 * 10.0 * 20, 4)] * 3
    assert [rounds for _, rounds in log] == [40, 60]


def test_trees_that_are_there_are_not_grown_again(raced):
    race = raced()
    trees = _Trees(race, 1)
    trees.__dict__["_work_of_round"] = 10.0
    before = race.multiply_adds
    trees._grow([0, 1], 40)
    assert race.multiply_adds - before == 10.0 * 2 * 40
    trees._grow([0, 1, 2], 40)
    assert race.multiply_adds - before == 10.0 * 3 * 40
    rows = race.dataset.rows
    outputs = [trees.grown[fold].outputs[20] for fold in range(3)]
    np.testing.assert_array_equal(trees._output(20), np.concatenate(outputs))
    assert trees._output(40).shape == (rows.n_evaluated, 1)
    trees._grow([0, 1], 60)
    assert race.multiply_adds - before == 10.0 * (3 * 40 + 2 * 20)  # 20 rounds more of two folds


def test_the_first_trees_are_those_of_all_folds(raced):
    trees = _Trees(raced(), 1)
    first = trees.compare_first()
    assert sorted(trees.grown) == [0, 1, 2]
    assert (first.rounds, first.rows) == (20, 180)


def test_rows_of_a_group_count_together_where_trees_are_compared(make_dataset):
    dataset, rng = make_dataset(weighted=True), np.random.default_rng(2)
    dataset = replace(dataset, groups=rng.integers(0, 9, 61))
    before, after, own = rng.normal(size=(3, 61, 1))
    trees = object.__new__(_Trees)
    trees.__dict__.update(dataset=dataset, before=before, race=SimpleNamespace(epoch=9))
    places, weights = slice(10, 50), np.array([0.5, 0.2, 0.3])
    found = trees._compared(40, own[places], weights, after[places], places)
    target, weight, groups = (
        of[places] for of in (dataset.target, dataset.weight.astype(float), dataset.groups)
    )
    of_before, of_after, of_own = (
        np.log1p(np.exp(np.where(target == 1, -one, one)))[:, 0]
        for one in (before[places], after[places], own[places])
    )
    assert found.weight == 0.3
    assert found.loss == pytest.approx(np.average(of_own, weights=weight))
    assert found.loss_before == pytest.approx(np.average(of_before, weights=weight))
    assert found.loss_after == pytest.approx(np.average(of_after, weights=weight))
    gain = np.average(of_before - of_after, weights=weight)
    without = [
        np.average((of_before - of_after)[groups != one], weights=weight[groups != one])
        for one in np.unique(groups)
    ]
    assert found.standard_error == pytest.approx(np.linalg.norm(np.array(without) - gain))
    full = trees._loss(own)
    losses = np.log1p(np.exp(np.where(dataset.target == 1, -own, own)))[:, 0]
    assert full == pytest.approx(np.average(losses, weights=dataset.weight))


def test_work_is_that_of_the_blocks_that_are_learned_from(make_dataset):
    dataset = replace(make_dataset("regression"), all_rows=AllRows(1000, (700, 600, 650), 5))
    trees = object.__new__(_Trees)
    trees.__dict__.update(dataset=dataset, levels=(), n_blocks=3)
    assert trees._work_of_round == 2e7 + 8e5 * 4 + (6e3 + 150 * 4) * 600 * 3 / 5


def test_what_trees_must_show(raced, monkeypatch):
    """A fifth of a percent for more rounds, less where rows are many; one error to join."""
    few, many = racing._OF_FEW, racing._OF_MANY
    assert (few.first_rounds, few.share) == (20, 0.002)
    assert (many.first_rounds, many.share) == (100, 0.0005)
    assert racing._LEAST_ERRORS == 1.0
    trees = _Trees(raced(), 1)
    trees.compare_first()
    assert trees.compare(20).joined
    monkeypatch.setattr(racing, "_LEAST_ERRORS", 1e9)
    assert not trees.compare(20).joined


def test_where_rows_are_many_trees_grow_for_longer(grown):
    trees, log = grown(lambda rounds: 0.9 - 0.0006 * (rounds - 100) / 20)
    trees.patience = racing._OF_MANY
    assert trees.grow_on(never) == 200
    assert [rounds for _, rounds in log] == [120, 140, 160, 180, 200]
