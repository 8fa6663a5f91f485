from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from tests.race.changed import changed

from madaline._race import cohort as cohort_module
from madaline._race import race as race_module
from madaline._race.cohort import Cohort
from madaline._race.evaluation.objective import Objective
from madaline._race.pruning import prune_ensemble
from madaline._race.race import Race
from madaline._race.recipe import TableRecipe
from madaline._tables.encoders.encoded import FoldFeatures
from madaline._tables.io import spill
from madaline._tables.splits.folds import FoldedRows
from madaline._tables.target import ClassEncoder
from madaline.nn._engine import numpy_backend
from madaline.nn._engine.executors.executor import Serial, Threads
from madaline.nn._engine.executors.processes import Processes
from madaline.nn._engine.numpy_backend import backend_named
from madaline.records.model_decisions import Calibrated
from madaline.records.race_decisions import SnapshotKept


def executor_of(n_workers):
    return Threads(n_workers) if n_workers > 1 else Serial()


def run(race):
    """Run a race to its end and return its records and decisions."""
    events = list(race.run())
    records = [record for record, decision in events if decision is None]
    return records, [decision for _, decision in events if decision is not None]


def plain_forward(network, theta, features):
    """Compute the output of one network in float64, written out anew."""
    slots = network.layout.slots
    stops = np.cumsum([slot.size for slot in slots])
    pieces = np.split(theta.astype(np.float64), stops[:-1])
    gate, *rest = (piece.reshape(slot.shape) for piece, slot in zip(pieces, slots, strict=True))
    x = features.astype(np.float64) * gate
    for weight, bias in zip(rest[:-2:2], rest[1:-2:2], strict=True):
        total = x @ weight + bias
        x = total / (1 + np.exp(-total))
    return x @ rest[-2] + rest[-1]


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_same_seed_same_bits_on_any_number_of_threads(task, make_dataset, plan, bits):
    dataset = make_dataset(task, weighted=task == "binary")
    races = [Race(plan, dataset, 5, executor=executor_of(n_threads)) for n_threads in (1, 2, 3)]
    histories = [run(race) for race in races]
    assert histories[0] == histories[1] == histories[2]
    assert bits(races[0]) == bits(races[1]) == bits(races[2])


@pytest.mark.slow
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_same_bits_compiled_and_in_processes(task, make_dataset, plan, bits):
    pytest.importorskip("numba", reason="numba is not installed")
    dataset = make_dataset(task, weighted=task == "binary")
    values = np.random.default_rng(1).standard_normal((3, 61, 2)).astype(np.float32)
    dataset = changed(dataset, of_folds=FoldFeatures(np.array([1, 3]), values))
    for name in ("numpy", "numba"):
        executors = [Serial(), Threads(2), Processes(2)]
        races = [Race(plan, dataset, 5, backend_named(name), one) for one in executors]
        histories = [run(race) for race in races]
        assert histories[0] == histories[1] == histories[2]
        assert bits(races[0]) == bits(races[1]) == bits(races[2])


def test_what_a_metric_holds_need_not_be_sent(make_dataset, plan, bits):
    spread = SimpleNamespace(distance=lambda output, places: float(np.ptp(output)))
    dataset = replace(make_dataset(), metric=spread)
    alone, two = (Race(plan, dataset, 5, executor=one) for one in (Serial(), Processes(2)))
    assert run(alone) == run(two)
    assert bits(alone) == bits(two)


@pytest.mark.parametrize("n_workers", [1, 2])
def test_a_race_goes_on_after_an_epoch_that_was_interrupted(
    n_workers, make_dataset, plan, monkeypatch
):
    def interrupted(task):
        raise KeyboardInterrupt

    race = Race(plan, make_dataset(), 5, executor=executor_of(n_workers))
    list(race.run_epoch())
    with monkeypatch.context() as here:
        here.setattr(race_module, "run_epoch_task", interrupted)
        with race.executor, pytest.raises(KeyboardInterrupt):
            list(race.run_epoch())
    with race.executor:
        assert len(list(race.run_epoch())) >= len(plan.recipes) - 1


def test_the_backend_and_the_executor_suit_the_planned_work(make_dataset, plan, monkeypatch):
    race = Race(plan, make_dataset(), 5)
    race.equip(2)
    assert (race.backend.name, type(race.executor)) == ("numpy", Serial)
    monkeypatch.setattr(numpy_backend, "MIN_COMPILED_WORK", 0.0)
    race.equip(2)
    assert (race.backend.name, type(race.executor)) == ("numba", Threads)


def test_one_process_draws_the_order_of_an_epoch_once_for_all_cohorts(
    make_dataset, plan, monkeypatch
):
    drawn, batches = [], FoldedRows.batches

    def watched(rows, *arguments):
        drawn.append(rows)
        return batches(rows, *arguments)

    monkeypatch.setattr(FoldedRows, "batches", watched)
    race = Race(plan, make_dataset(), 5)
    assert len(race.cohorts) > 1
    list(race.run_epoch())
    assert len(drawn) == 1


@pytest.mark.parametrize("elements", [1, 10**9])
def test_the_grouping_of_networks_does_not_matter(elements, make_dataset, plan, bits, monkeypatch):
    dataset = make_dataset()
    usual = Race(plan, dataset, 5)
    run(usual)
    monkeypatch.setattr(cohort_module, "GROUP_ELEMENTS", elements)
    grouped = Race(plan, dataset, 5, executor=executor_of(2))
    run(grouped)
    assert bits(grouped) == bits(usual)


def test_grouping_and_threads_do_not_matter_at_the_usual_sizes(make_dataset, bits, monkeypatch):
    dataset = make_dataset(n_samples=700, n_folds=5)
    recipes = (TableRecipe(0, 3), TableRecipe(0, 10), TableRecipe(16, 3))
    plan = replace(_plan_of(recipes), n_folds=5, batch_size=64, epochs=2)
    usual = Race(plan, dataset, 5)
    run(usual)
    monkeypatch.setattr(cohort_module, "GROUP_ELEMENTS", 1)
    grouped = Race(plan, dataset, 5, executor=executor_of(3))
    run(grouped)
    assert bits(grouped) == bits(usual)


def test_another_seed_gives_other_networks(make_dataset, plan, bits):
    dataset = make_dataset()
    first, second = Race(plan, dataset, 1), Race(plan, dataset, 2)
    run(first)
    run(second)
    assert bits(first) != bits(second)


def test_what_a_held_out_row_was_cannot_be_known(make_dataset, plan):
    """Turn the held-out targets of one fold around: its networks stay the same to the bit."""
    dataset = make_dataset(n_folds=3)
    turned = replace(dataset, target=dataset.target.copy())
    turned.target[dataset.rows.held_out(0)] = 1 - turned.target[dataset.rows.held_out(0)]
    races = [Race(replace(plan, cuts=(), patience=99), one, 5) for one in (dataset, turned)]
    for race in races:
        run(race)
    for first, second in zip(*(race.cohorts for race in races), strict=True):
        theta, turned_theta = first.population.theta, second.population.theta
        np.testing.assert_array_equal(theta[:, 0], turned_theta[:, 0])
        assert not np.array_equal(theta[:, 1], turned_theta[:, 1])


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_out_of_fold_outputs_are_those_of_the_networks_that_are_kept(task, make_dataset, plan):
    dataset = make_dataset(task, weighted=True)
    race = Race(plan, dataset, 5)
    run(race)
    rows = dataset.rows
    for candidate in race.candidates.values():
        features = dataset.features[candidate.recipe.n_bins]
        expected = np.concatenate(
            [
                plain_forward(
                    candidate.network, candidate.theta[fold], features[rows.held_out(fold)]
                )
                for fold in range(rows.n_folds)
            ]
        )
        np.testing.assert_allclose(candidate.output, expected, rtol=1e-4, atol=1e-5)
        assert candidate.loss == dataset.validation_loss(candidate.output)


def test_every_epoch_has_batches_of_its_own_and_all_recipes_the_same(
    make_dataset, plan, monkeypatch
):
    seen = {}
    tasks = Cohort.tasks

    def watched(cohort, epoch, order, *arguments):
        seen.setdefault(race.epoch, []).append(np.stack(order).tobytes())
        return tasks(cohort, epoch, order, *arguments)

    monkeypatch.setattr(Cohort, "tasks", watched)
    race = Race(plan, make_dataset(), 5)
    run(race)
    assert all(len(set(orders)) == 1 for orders in seen.values())
    assert len({orders[0] for orders in seen.values()}) == race.epoch


@pytest.mark.parametrize("shuffled", [False, True])
def test_records_tell_the_whole_history(shuffled, make_dataset, plan):
    plan = replace(plan, epochs=30, patience=8, cuts=((12, 3),))
    race = Race(plan, make_dataset(shuffled=shuffled), 5)
    records, decisions = run(race)
    for key, candidate in race.candidates.items():
        own = [record for record in records if record.recipe_id == key]
        losses = [record.loss for record in own]
        assert [record.epoch for record in own] == list(range(1, len(own) + 1))
        assert [record.best_loss for record in own] == list(np.minimum.accumulate(losses))
        assert candidate.loss == min(losses)
        assert candidate.epoch == int(np.argmin(losses)) + 1
        assert candidate.record == own[-1]
        ends = [decision.epoch for decision in decisions if decision.recipe_id == key]
        assert len(own) == (ends[0] if ends else race.epoch)
    for epoch in range(1, race.epoch + 1):
        assert {record.racing for record in records if record.epoch == epoch} == {
            sum(record.epoch == epoch for record in records)
        }


def test_the_work_is_counted_for_those_that_race(make_dataset, plan):
    race = Race(plan, make_dataset(), 5)
    records, _ = run(race)
    learned, evaluated = (
        3 * 2 * 16,
        61,
    )  # rows of an epoch: 3 folds, 2 batches of 16; the evaluation
    work = {}
    for name, first in {"plain": 4 * 8, "binned": 7 * 8}.items():
        forward = first + 8 * 8 + 8  # multiply-adds of a row; twice as many back, but for the first
        work[name] = learned * (3 * forward - first) + evaluated * forward
    expected = sum(
        work["plain" if record.recipe.startswith("no bins") else "binned"] for record in records
    )
    assert race.multiply_adds == records[-1].multiply_adds == expected


@pytest.mark.parametrize("epochs", [1, 3])
def test_no_network_sees_the_table_more_often_than_planned(epochs, make_dataset, plan):
    race = Race(replace(plan, epochs=epochs, patience=99), make_dataset(), 5)
    records, _ = run(race)
    assert race.epoch == max(record.epoch for record in records) == epochs
    assert race.finished


def test_cuts_leave_as_many_recipes_as_planned(make_dataset, plan):
    race = Race(replace(plan, patience=99), make_dataset(), 5)
    records, decisions = run(race)
    racing = [max(r.racing for r in records if r.epoch == epoch) for epoch in range(1, 7)]
    assert racing == [4, 4, 3, 3, 2, 2]
    dropped = [one.epoch for one in decisions if one.action == "drop"]
    assert dropped == [2, 4]


def test_a_recipe_s_training_does_not_change_when_others_leave(make_dataset, plan):
    races = [
        Race(replace(plan, patience=99, cuts=cuts), make_dataset(), 5)
        for cuts in ((), ((2, 2), (4, 1)))
    ]
    everyone, survivors = (run(race)[0] for race in races)
    losses = {(record.epoch, record.recipe): record.loss for record in everyone}
    assert len(survivors) < len(everyone)
    assert all(losses[record.epoch, record.recipe] == record.loss for record in survivors)


def test_the_race_ends_when_every_recipe_is_flat(make_dataset, plan):
    race = Race(replace(plan, epochs=200), make_dataset(shuffled=True), 5)
    _, decisions = run(race)
    assert race.finished
    assert race.epoch < 100
    assert not any(candidate.racing for candidate in race.candidates.values())
    stops = [decision for decision in decisions if decision.action == "stop"]
    assert stops
    for stop in stops:
        assert stop.epoch - race.candidates[stop.recipe_id].epoch == plan.patience


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_every_decision_says_its_reason_in_words(task, make_dataset, plan):
    race = Race(replace(plan, epochs=60), make_dataset(task), 5)
    _, decisions = run(race)
    assert {decision.action for decision in decisions} == {"drop", "stop"}
    for decision in decisions:
        assert decision.sentence.endswith(".")
        assert not re.search(r"[{}]|nan|inf\b", decision.sentence)
        assert race.candidates[decision.recipe_id].recipe.name == decision.subject


def test_a_decision_comes_with_the_record_that_led_to_it(make_dataset, plan):
    race = Race(replace(plan, epochs=60), make_dataset(), 5)
    pairs = [(record, decision) for record, decision in race.run() if decision is not None]
    assert pairs
    for record, decision in pairs:
        assert (record.recipe_id, record.epoch) == (decision.recipe_id, decision.epoch)


def test_outputs_are_kept_once(make_dataset, plan):
    race = Race(plan, make_dataset("multiclass"), 5)
    with race.executor:
        list(race.run_epoch())
        assert race.state.racing
        assert all(one.latest_output is one.output for one in race.state.racing)
    run(race)
    kept = [one.output for one in race.candidates.values() if one.epoch]
    assert all(output.base is None for output in kept)  # none holds those of others
    assert all(one.latest_output.size == 0 for one in race.candidates.values())


@pytest.mark.parametrize("by_metric", [False, True])
def test_outputs_in_files_change_no_bit(by_metric, make_dataset, busy_plan, bits, monkeypatch):
    dataset = make_dataset("multiclass")
    if by_metric:
        codes = dataset.target.argmax(axis=1)
        metric = Objective(metric="accuracy").make_metric(
            ClassEncoder.fit(codes), codes, None, n_evaluated=len(codes)
        )
        dataset = replace(dataset, metric=metric)
    found = []
    for large in (spill.MIN_SPILLED, 1):
        monkeypatch.setattr(spill, "MIN_SPILLED", large)
        race = Race(busy_plan, dataset, 5)
        run(race)
        ensemble = race.ensemble()
        pruned = prune_ensemble(ensemble, dataset, epoch=race.epoch, tolerance=0.05)
        pruned = pruned.without_member_outputs()
        outputs = (
            ensemble.output.tobytes(),
            pruned.ensemble.output.tobytes(),
            pruned.before.output.tobytes(),
        )
        found.append((bits(race), ensemble.weights, pruned.decisions, outputs))
        kept = [one.output for one in race.state.able]
        assert all(isinstance(output, spill.RowFile) == (large == 1) for output in kept)
    assert found[0] == found[1]


def test_the_final_output_is_the_weighted_mean_and_no_worse_than_the_best(make_dataset, plan):
    dataset = make_dataset("regression", n_samples=90)
    race = Race(replace(plan, epochs=40, patience=10), dataset, 5)
    run(race)
    ensemble = race.ensemble()
    assert set(ensemble.weights) <= set(race.candidates)
    assert sum(ensemble.weights.values()) == pytest.approx(1)
    assert min(ensemble.weights.values()) > 0
    expected = sum(
        share * race.candidates[key].output.astype(np.float64)
        for key, share in ensemble.weights.items()
    )
    np.testing.assert_allclose(ensemble.output, expected, rtol=1e-12)
    best = min(candidate.loss for candidate in race.candidates.values())
    assert dataset.validation_loss(ensemble.output) <= best * (1 + 1e-6)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_race_learns_what_there_is_to_learn(task, make_dataset, long_plan):
    dataset = make_dataset(task, n_samples=300)
    race = Race(long_plan, dataset, 5)
    run(race)
    constant = dataset.validation_loss(dataset.prior_output())
    assert race.state.best.loss < 0.7 * constant


def test_what_the_race_cannot_do_is_refused(make_dataset, plan):
    race = Race(plan, make_dataset(), 5)
    with pytest.raises(TypeError, match="cannot carry out Calibrated"):
        race._apply(Calibrated(1, "the ensemble", 1.0, 0.0, 0.0, 0.0, 0.0, recipe_id="1"))


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_busy_race_keeps_its_promises(task, make_dataset, busy_plan, bits):
    dataset = make_dataset(task)
    race, threaded = (Race(busy_plan, dataset, 5, executor=executor_of(jobs)) for jobs in (1, 3))
    records, decisions = run(race)
    assert run(threaded) == (records, decisions)
    assert bits(threaded) == bits(race)
    own = {"simplify"} if busy_plan.overfit else {"grow", "keep"}
    assert {"drop", "stop", "lower"} | own <= {one.action for one in decisions}
    for decision in decisions:
        assert race.candidates[decision.recipe_id].recipe.name == decision.subject
        assert decision.sentence.endswith(".")
        assert not re.search(r"[{}]|\bnan\b|\binf\b", decision.sentence)
    for key, candidate in race.candidates.items():
        assert not candidate.racing
        if candidate.snapshot:
            assert candidate.loss == dataset.validation_loss(candidate.output)
            assert candidate.epoch in [one.epoch for one in decisions if one.action == "keep"]
            continue
        own = [record for record in records if record.recipe_id == key]
        losses = [record.loss for record in own]
        assert 1 <= len(own) <= busy_plan.epochs
        assert [record.best_loss for record in own] == list(np.minimum.accumulate(losses))
        assert own[0].epoch == candidate.entered + 1
        assert candidate.loss == min(losses) == dataset.validation_loss(candidate.output)


def test_a_snapshot_is_what_the_networks_were_and_changes_nothing_for_them(make_dataset, plan):
    plan = replace(plan, patience=99, cuts=())
    race, undisturbed = (Race(plan, make_dataset(), 5) for _ in range(2))
    for one in (race, undisturbed):
        list(one.run_epoch())
    racing = race.candidates["3"]
    race._apply(SnapshotKept(1, racing.name, 0.5, 1, 0.4, 0.5, recipe_id="3"))
    snapshot = race.candidates["3@1"]
    assert (racing.recipe, snapshot.name) == (plan.recipes[2], f"{racing.name} · epoch 1")
    assert not snapshot.racing
    assert racing.snapshot_epoch == 1
    before = racing.theta.copy()
    assert run(race) == run(undisturbed)
    assert snapshot.theta.tobytes() == before.tobytes() != racing.theta.tobytes()
    features = race.dataset.features[16]
    for fold in range(3):
        held = race.dataset.rows.held_out(fold)
        expected = plain_forward(snapshot.network, snapshot.theta[fold], features[held])
        np.testing.assert_allclose(snapshot.output[held], expected, rtol=1e-4, atol=1e-5)


def _plan_of(recipes):
    from madaline._race.plan import Plan

    return Plan(tuple(recipes), n_folds=3, batch_size=16)
