"""Budgets of memory, time and rows: each estimate by a sum of its own, each bound at its edge."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from tests.fits import data_of, roles_of

from madaline._models.arguments import read_monotone
from madaline._models.fitting import all_rows, memory, sampling, training
from madaline._models.fitting.arguments import (
    check_constrainable,
    check_lengths,
    check_weight,
    count_folds,
)
from madaline._models.fitting.columns import unit_mean
from madaline._models.fitting.means import TimeLimit
from madaline._models.fitting.memory import ExpectedInputs, MemoryLimit, Proposal, estimate
from madaline._models.fitting.training import _off_center, _TrainingTime
from madaline._models.fitting.training_data import EncodedTarget
from madaline._models.request import FitRequest
from madaline._race.architecture import build_network
from madaline._race.evaluation.objective import Objective
from madaline._race.features import NetworkInputs
from madaline._race.plan import Plan
from madaline._race.recipe import PatternRecipe, TableRecipe, TextRecipe
from madaline._race.time.time_request import TimeRequest
from madaline._tables import drawing
from madaline._tables.drawing import ranked
from madaline._tables.splits.folds import GivenFolds
from madaline._tables.table import Table
from madaline._tables.target import ClassEncoder, RegressionEncoder
from madaline.errors import InputError

MIB = 2**20


@pytest.fixture(autouse=True)
def nothing_used(monkeypatch):
    """Let limits be about what is taken from here on, by code that is not compiled."""
    monkeypatch.setattr(memory, "used_memory", lambda: 0)
    monkeypatch.setattr(memory, "has_numba", lambda: False)


def inputs_of(n_samples=1000, **more) -> ExpectedInputs:
    columns = {0: (0, 1, 2), 16: (0, 0, 1, 1, 2)}
    facts = {"grids": (), "n_outputs": 2, "n_columns": 3} | more
    inputs = NetworkInputs(columns, facts.pop("grids"), facts.pop("patterns", ()))
    return ExpectedInputs(inputs, n_samples=n_samples, **facts)


PLAN = Plan(
    (TableRecipe(0, 3.0, (8,)), TableRecipe(0, 30.0, (8,)), TableRecipe(16, 3.0, (4, 6))),
    n_folds=5,
    batch_size=32,
    epochs=10,
)


def test_the_memory_of_a_fit_is_the_sum_of_its_parts():
    inputs = inputs_of()
    sizes = [
        build_network(recipe, inputs.inputs, 2).layout.size
        for recipe in (PLAN.recipes[0], PLAN.recipes[2])
    ]
    rows = 1000 * ((3 + 5) + 3)  # both encodings, and a copy of the plain one
    networks = 4 * 5 * (2 * sizes[0] + sizes[1])
    tasks = [
        2 * 5 * (6 * sizes[0] + 32 * (3 + 6 * 8 + 2)),
        1 * 5 * (6 * sizes[1] + 32 * (5 + 6 * 6 + 2)),
    ]
    others = 40 * 1000 * 2 + (24 * 1000 + 8192) * 3 + 10_240 * 3
    for n_workers in (1, 3):
        expected = 4 * (rows + networks + n_workers * max(tasks)) + others
        expected += 20 * MIB + (n_workers - 1) * 80 * MIB
        assert estimate(PLAN, inputs, n_workers) == expected
    final = replace(PLAN, n_final=2)
    assert estimate(final, inputs) - estimate(PLAN, inputs) == 4 * (
        networks * 2 // 5 + max(tasks) * 2 // 5
    )


def test_means_of_folds_and_texts_take_memory_of_their_own():
    plain = estimate(PLAN, inputs_of())
    assert estimate(PLAN, inputs_of(n_means=2)) - plain == 4 * 1000 * (5 * 2 + 3)
    text = replace(PLAN, recipes=(TextRecipe(0, 3.0),))
    kept, dense = (estimate(text, inputs_of(5000, terms_of_a_row=terms)) for terms in (2.5, None))
    # 6 numbers a term, and 1,024 rows with zeros, instead of two whole copies and their features
    assert kept - dense == 4 * (6 * 12_500 + 1024 * 3 - 5000 * 6) - 10_240 * 3
    many = estimate(text, inputs_of(10_000, terms_of_a_row=2.5))
    assert many - estimate(text, inputs_of(9995, terms_of_a_row=2.5)) == (
        4 * (6 * 12.5 + 3) + 40 * 5 * 2 + 24 * 5 * 3
    )


def test_spaces_of_rows_grow_with_their_square():
    patterns = replace(PLAN, recipes=(PatternRecipe(0, 3.0),))
    few, many = (estimate(patterns, inputs_of(n, patterns=((0, 3),))) for n in (100, 200))
    numbers = 100 * (3 + 3) + 4 * (200 * 203 - 100 * 103)
    assert many - few == 4 * numbers + 40 * 100 * 2 + 24 * 100 * 3


def test_compiled_code_takes_more(monkeypatch):
    monkeypatch.setattr(memory, "has_numba", lambda: True)
    few, many = memory._code(int(2e10) - 1, 3), memory._code(int(2e10), 3)
    assert (few, many) == (20 * MIB + 2 * 80 * MIB, 110 * MIB)


def test_rows_that_wait_take_memory_too():
    encoder = SimpleNamespace(
        encoders=(SimpleNamespace(n_means=0),) * 3, columns=("a", "b", "c"), n_bins=(0, 16),
        feature_columns=lambda n: np.array({0: [0, 1, 2], 16: [0, 0, 1, 1, 2]}[n]),
        grids={}, patterns={}, n_changes=0, terms_of_a_row=None,
    )  # fmt: skip
    proposal = Proposal(encoder, PLAN, 1)
    assert proposal.n_bytes(1000, 2) == estimate(PLAN, inputs_of())
    waiting = replace(proposal, n_waiting=500)
    more = waiting.n_bytes(1000, 2) - proposal.n_bytes(1000, 2)
    assert more == 500 * (16 * 3 + 4 * (2 + 5))


def test_limits_hold_at_their_edge(monkeypatch):
    monkeypatch.setattr(memory, "used_memory", lambda: 100)
    assert MemoryLimit(150).allows(50)
    assert not MemoryLimit(150).allows(51)
    assert MemoryLimit(None).allows(10**15)
    MemoryLimit(100 + 40 * 30 * 4).check_outputs(30, 4)
    with pytest.raises(InputError, match=r"has 4 classes in 30 rows, .* 5 kB of memory"):
        MemoryLimit(99 + 40 * 30 * 4).check_outputs(30, 4)
    MemoryLimit(100 + 100 * 7).check_text("t", 7)
    with pytest.raises(InputError, match="'t' has a text of 7 characters"):
        MemoryLimit(99 + 100 * 7).check_text("t", 7)
    MemoryLimit(None).check_text("t", 10**9)
    MemoryLimit(None).check_outputs(10**9, 9)


def test_what_a_cheaper_plan_leaves_out():
    assert [one.n_bins for one in memory._with_bins(0)(PLAN).recipes] == [0, 0]
    assert memory._with_bins(16)(PLAN) == PLAN
    only = replace(PLAN, recipes=PLAN.recipes[2:])
    assert memory._with_bins(0)(only) == only
    assert memory._one_recipe_each(PLAN).recipes == PLAN.recipes[1:]  # the second of its kind
    assert memory._few_folds(replace(PLAN, n_folds=9)).n_folds == 5
    assert memory._few_folds(replace(PLAN, n_folds=3)).n_folds == 3


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def race_of(n_workers=2, epoch=3, works=(100, 300)):
    cohorts = [
        SimpleNamespace(recipes=[f"{k}{place}" for place in range(3)], multiply_adds=work)
        for k, work in enumerate(works)
    ]
    candidates = {
        recipe: SimpleNamespace(
            recipe=recipe, recipe_id=recipe, epoch=epoch,
            network=SimpleNamespace(multiply_adds=lambda: 7),
        )
        for cohort in cohorts for recipe in cohort.recipes
    }  # fmt: skip
    return SimpleNamespace(
        cohorts=cohorts,
        candidates=candidates,
        executor=SimpleNamespace(n_workers=n_workers),
        dataset=SimpleNamespace(rows=SimpleNamespace(n_evaluated=50)),
        state=SimpleNamespace(racing=list(candidates.values())),
        multiply_adds=0,
        evaluated=True,
    )


def test_what_is_left_of_a_limit_is_without_what_follows():
    clock = Clock()
    limit = TimeLimit(10.0, clock=clock)
    clock.now = 2.0
    assert (limit.seconds_passed, limit.seconds_left) == (2, 8)
    time = _TrainingTime(limit, race_of(), preparation=1.5, slowness=1.0, speed=1000.0)
    # Six candidates: three passes of 50 rows of 7 multiply-adds each for all of them
    rest = 0.75 + 1.5 * 1.5 + 3 * 6 * 50 * 7 / 1000
    assert time.left() == pytest.approx(8 - rest)
    fresh = _TrainingTime(limit, race_of(epoch=0), preparation=1.5, slowness=1.0, speed=1000.0)
    assert fresh.left() == pytest.approx(8 - (0.75 + 2.25 + 3 * 1 * 50 * 7 / 1000))
    many = _TrainingTime(
        limit, race_of(works=(1, 1, 1, 1)), preparation=0.0, slowness=1.0, speed=1000.0
    )
    assert many.left() == pytest.approx(8 - (0.75 + 3 * 8 * 50 * 7 / 1000))


def test_an_epoch_starts_where_all_networks_fit_into_the_time():
    clock = Clock()
    time = _TrainingTime(TimeLimit(10.0, clock=clock), race_of(), 0.0, slowness=1.0, speed=1000.0)
    left = time.left()
    clock.now = left - 0.2 - 1e-9  # 400 multiply-adds by two workers of 1,000 a second
    assert time.allows_epoch
    clock.now = left - 0.2 + 1e-3
    assert not time.allows_epoch


def test_the_speed_is_that_of_the_latest_epoch_and_worker():
    clock = Clock()
    time = _TrainingTime(TimeLimit(99.0, clock=clock), race_of(), 0.0, slowness=1.0, speed=1.0)
    time.race.multiply_adds, clock.now = 50, 5.0
    time.start_epoch()
    time.race.multiply_adds, clock.now = 650, 8.0
    time.end_epoch()
    assert time.speed == pytest.approx(600 / 3 / 2)


def test_recipes_start_from_the_middle_as_far_as_there_is_time():
    time = _TrainingTime(
        TimeLimit(99.0, clock=Clock()), race_of(works=(300, 600, 900)), 0.0, 1.0, 10.0
    )
    seconds = time._seconds_by_recipe()
    assert list(seconds) == ["11", "01", "21", "10", "12", "00", "02", "20", "22"]
    assert seconds["11"] == pytest.approx(600 / 3 / 10 / 2)
    total = np.cumsum(list(seconds.values()))
    for n_started in (1, 3, 8):
        time.left = lambda n=n_started: training.WANTED_EPOCHS * total[n - 1]
        assert time.superfluous() == list(seconds)[n_started:]
    time.left = lambda: -1.0
    assert time.superfluous() == list(seconds)[1:]
    assert [_off_center(place, 4) for place in range(4)] == [1.5, 0.5, 0.5, 1.5]


@pytest.mark.parametrize(
    ("counts", "size"),
    [
        ([900, 100], 50_000),
        ([990_000, 10_000], 100_000),
        ([10_000, 990_000], 100_000),
        ([9_999_999, 1], 200_000),
        ([500, 300, 2], 50_000),
        ([7], 50_000),
    ],
)
def test_a_sample_is_larger_where_one_of_two_classes_is_rare(counts, size):
    assert sampling.size_of_sample(np.array(counts)) == size


def test_rows_are_ranked_among_their_class():
    codes = np.array([1, 0, 1, 1, 0])
    rows, ranks = ranked(codes)
    assert (rows.tolist(), ranks.tolist()) == ([1, 4, 0, 2, 3], [0, 1, 0, 1, 2])
    rows, _ = ranked(codes, np.array([0.3, 0.9, 0.2, 0.1, 0.4]))
    assert rows.tolist() == [4, 1, 3, 2, 0]


def test_a_sample_holds_each_class_and_both_ends(monkeypatch):
    for name, value in (("MIN_ROWS", 200), ("SAMPLE", 50), ("_RARE_ROWS", 1)):
        monkeypatch.setattr(sampling, name, value)
    monkeypatch.setattr(drawing, "ROWS_OF_CLASS", 3)
    rng = np.random.default_rng(0)
    table = Table.from_columns({"x": rng.normal(size=300)})
    numbers = rng.permutation(300).astype(float)
    data = data_of(table, numbers, None, None, None)
    sample = all_rows.draw_sample(data, "regression", 0)
    assert (np.diff(sample) > 0).all()
    assert {numbers.argmin(), numbers.argmax()} <= set(sample.tolist())
    assert 50 <= len(sample) <= 52
    labels = np.where(np.arange(300) < 5, "c", np.where(numbers > 99, "a", "b")).astype(object)
    data = data_of(table, labels, None, None, None)
    sample = all_rows.draw_sample(data, None, 0)
    assert np.sum(labels[sample] == "c") >= 3
    assert 50 <= len(sample) <= 59
    few = data_of(table.take(slice(199)), labels[:199])
    assert all_rows.draw_sample(few, None, 0) is None
    edge = data_of(table.take(slice(200)), labels[:200])
    assert all_rows.draw_sample(edge, None, 0) is not None
    folds = GivenFolds(np.arange(300) % 3)
    assert all_rows.draw_sample(replace(data, folds=folds), None, 0) is None
    assert all_rows.draw_sample(replace(data, asked=TimeRequest(lags=(1,))), None, 0) is None


def _asking(name):
    return lambda value: FitRequest(**{name: value})


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        (_asking("effort"), [1, 2**53, np.int64(7)], [0, 2**53 + 1, True, 2.0, "9", None]),
        (_asking("seed"), [0, 2**53], [-1, 2**53 + 1]),
        (_asking("members"), ["networks", "all"], ["trees", None, 3]),
        (_asking("folds"), [None, 2, np.int64(5)], [1, 0, 2.0]),
        (_asking("keep_rows"), [0, 7, np.int64(7)], [-1, 2**40, True, 1.0, None]),
        (_asking("preset"), ["quick", "best"], ["fast", None]),
        (check_weight, [None, np.array([0.0, 1.0]), np.array([1e-100, 1e-100]),
                        np.array([1e100, 1e100]), np.array([1.0, 1e30])],
         [np.zeros(2), np.array([-1.0, 1]), np.array([np.nan, 1]), np.array([np.inf, 1]),
          np.array([1e-101, 1e-101]), np.array([1e101, 1e101]), np.array([1.0, 2e30])]),
    ],
)  # fmt: skip
def test_arguments_at_the_edge_of_what_can_be(check, right, wrong):
    for value in right:
        check(value)
    for value in wrong:
        with pytest.raises(InputError):
            check(value)
    assert count_folds(GivenFolds(np.array([0, 1, 2]))) == 3
    assert count_folds(None) is None


def test_lengths_and_directions_are_checked():
    check_lengths(3, np.zeros((3, 2)), np.ones(3), None, np.zeros(3))
    for given in (
        (np.zeros((4, 2)), None, None, None),
        (np.zeros(3), np.ones(2), None, None),
        (np.zeros(3), None, np.ones((3, 1)), None),
        (np.zeros(3), None, None, np.ones(4)),
    ):
        with pytest.raises(InputError, match="give one"):
            check_lengths(3, *given)
    assert read_monotone(None) == {}
    assert read_monotone({"a": 1, "b": 0, "c": -1}) == {"a": 1, "c": -1}
    for wrong in ({"a": 2}, {"a": True}, [1]):
        with pytest.raises(InputError, match="monotone is"):
            read_monotone(wrong)
    check_constrainable(1, has_grids=False)
    for n_outputs, has_grids in ((2, False), (1, True)):
        with pytest.raises(InputError, match="monotone"):
            check_constrainable(n_outputs, has_grids=has_grids)


def test_weights_have_a_mean_of_one():
    weight = np.array([1.0, 3.0, 2.0, 4.0])
    assert unit_mean(weight, np.array([3, 0])).tolist() == pytest.approx([1.6, 0.4])
    assert unit_mean(None, np.array([3, 0])) is None


def test_rows_of_no_weight_are_no_rows():
    table = Table.from_columns({"x": np.arange(4.0)})
    weight, groups = np.array([1.0, 0.0, 2.0, 1.0]), np.array([5, 6, 7, 8])
    data = data_of(
        table, np.arange(4.0), weight, groups, GivenFolds(np.array([0, 0, 1, 1])),
        time=np.arange(4.0),
    )  # fmt: skip
    assert data.row_numbers.tolist() == [0, 2, 3]
    assert (data.weight.tolist(), data.groups.tolist()) == ([1, 2, 1], [5, 7, 8])
    assert (data.time.tolist(), data.folds.numbers.tolist()) == ([0, 2, 3], [0, 1, 1])
    given = roles_of(
        np.arange(4.0), weight, groups, GivenFolds(np.array([0, 0, 1, 1])), time=np.arange(4.0)
    )
    assert given.given == ("sample_weight", "groups", "folds", "time")
    assert roles_of(np.arange(4.0)).given == ()
    whole = data_of(table, np.arange(4.0), np.ones(4), None, None)
    assert whole.table is table
    for names, target in ((("a", "a"), np.zeros((4, 2))), (("a",), np.zeros((4, 2)))):
        with pytest.raises(InputError, match="give each column a name of its own"):
            data_of(table, target, None, None, None, names)
    with pytest.raises(InputError, match="lags are of labels"):
        data_of(table, np.full((4, 2), 0.5), None, None, None, classes=np.array([0, 1]), lags=[1])


def test_targets_are_encoded_with_the_weights_of_their_classes():
    labels = np.array(["a", "b", "a", "a"], object)
    encoder = ClassEncoder.fit(labels)
    objective = Objective(class_weight={"b": 3.0})
    goal = EncodedTarget.of(encoder, objective, labels, None)
    assert goal.weight.tolist() == [1, 3, 1, 1]
    assert goal.n_rare is None  # rows do not count alike
    plain = EncodedTarget.of(encoder, Objective(), labels, None)
    assert plain.n_rare == 1
    assert plain.drawn is plain.matrix
    numbers = EncodedTarget.of(RegressionEncoder(0.0, 1.0, 0, 9), Objective(), np.arange(4.0), None)
    assert numbers.n_rare is None
    three = ClassEncoder.fit(np.array(["a", "b", "c"], object))
    goal = EncodedTarget.of(three, Objective(), np.array(["a", "b", "c"], object), None)
    assert goal.n_rare is None
    shares = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
    goal = EncodedTarget.of(ClassEncoder(np.array(["a", "b"], object)), objective, shares, None)
    assert goal.of_probabilities
    assert goal.n_rare is None
    expected = shares * [1, 3]
    np.testing.assert_allclose(goal.weight, expected.sum(axis=1))
    np.testing.assert_allclose(goal.matrix[:, 0], (expected / expected.sum(axis=1)[:, None])[:, 1])
    assert set(np.unique(goal.drawn)) <= {0, 1}
    levels = Objective(loss="quantile", quantile=(0.1, 0.9))
    y = np.arange(4.0)
    several = EncodedTarget.of(levels.fit_target_encoder("regression", y, None), levels, y, None)
    assert several.of_quantiles
    assert several.codes.shape == (4,)
    assert several.matrix.shape == (4, 2)
