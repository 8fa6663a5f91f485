"""What a fit knows of its rows before it plans anything."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from tests.fits import context_of, data_of

from madaline._models.fitting import all_rows, examination
from madaline._models.fitting.examination import (
    Examination,
    _check_limits,
    _find_leaks,
    _infer_task,
    _repeating,
    in_order,
)
from madaline._models.fitting.training_data import EncodedTarget
from madaline._race.evaluation.leakage import Leak
from madaline._race.evaluation.objective import Objective
from madaline._race.time.hooks import TimeHooks
from madaline._race.time.stretches import RowTimes, hidden_features
from madaline._tables.kinds.kind import CATEGORY, ColumnSchema
from madaline._tables.level_counts import LevelCounts
from madaline._tables.schema import Schema
from madaline._tables.table import Table
from madaline._tables.target import ClassEncoder, JointEncoder, RegressionEncoder


def goal_of(encoder, target):
    return EncodedTarget.of(encoder, Objective(), target, None)


@pytest.fixture
def looked(monkeypatch):
    """The calls of the search for leaks, each of which finds one."""
    calls = []

    def find(table, names, target, *, classes, groups, labels):
        calls.append((names, target, classes, groups, labels))
        return (Leak.__new__(Leak),)

    monkeypatch.setattr(examination, "find_leaks", find)
    return calls


def test_leaks_of_classes_are_looked_for_in_their_numbers(looked):
    labels, groups = np.array(["b", "a", "b", "c"], object), np.array([3, 1, 3, 2])
    columns = {"x": np.arange(4.0), "t": ["one two three", "four", "five six", "seven"]}
    data = data_of(columns, labels, groups=groups)
    schema = Schema.infer(data.table, {"t": "text"})
    goal = goal_of(ClassEncoder.fit(labels), labels)
    (leak,) = _find_leaks(data, schema, goal, labels, None, classes=True)
    assert isinstance(leak, Leak)
    ((names, target, classes, of, words),) = looked
    assert (names, classes, words) == (["x", "t"], True, ["a", "b", "c"])
    assert target.tolist() == [1, 0, 1, 2]
    assert target.dtype.kind == "i"
    assert of is data.groups


def test_leaks_of_several_numbers_are_looked_for_one_by_one(monkeypatch):
    found = []

    def find(table, names, target, **options):
        found.append((names, target, options))
        return (SimpleNamespace(target=""),)

    monkeypatch.setattr(examination, "find_leaks", find)
    monkeypatch.setattr(examination, "replace", lambda leak, target: target)
    target = np.array([["1", "5"], ["2", "6"], ["4", "8"]], object)
    columns = {"x": np.arange(3.0), "lag": np.arange(3.0), "source": np.arange(3.0) ** 2}
    data = replace(data_of(columns, target, target_name=("u", "v")))
    one = RegressionEncoder(0.0, 1.0, 0, 9)
    goal = EncodedTarget(JointEncoder(("u", "v"), (one, one)), target, target, None, False)
    lags = SimpleNamespace(names=("lag",), sources=("source",))
    past = SimpleNamespace(past=SimpleNamespace(lags=lags))
    leaks = _find_leaks(data, Schema.infer(data.table), goal, target, past, classes=False)
    assert leaks == ("u", "v")
    assert [names for names, _, _ in found] == [["x"]] * 2  # lags are known before
    assert [one.tolist() for _, one, _ in found] == [[1, 2, 4], [5, 6, 8]]
    assert all(one.dtype == np.float64 for _, one, _ in found)
    assert [options["labels"] for _, _, options in found] == [[], []]


def test_columns_whose_levels_repeat_in_all_rows_stay_categories():
    names = [f"n{number}" for number in range(30)]
    table = Table.from_columns({"often": names, "once": names, "x": np.arange(30) % 7})
    schema = Schema.infer(table, {"often": CATEGORY, "once": CATEGORY})
    levels = np.array(names, object)
    counts = {
        "often": LevelCounts(levels, np.full(30, 9), 0),
        "once": LevelCounts(levels, np.ones(30, int), 0),
        "x": LevelCounts(levels, np.full(30, 9), 0),
    }
    options = context_of(Objective(), None, {}, all_rows=counts.get)
    assert list(_repeating(schema, options)) == ["often"]
    assert list(_repeating(schema, context_of(Objective(), None, {}))) == []


def test_memory_is_asked_for_the_longest_text_and_for_many_classes():
    class Asked:
        def __init__(self):
            self.outputs, self.texts = [], []

        def check_outputs(self, *given):
            self.outputs.append(given)

        def check_text(self, *given):
            self.texts.append(given)

    table = Table.from_columns(
        {"t": ["abc def", None, "a b c d e"], "c": ["x" * 99, "y", "x"], "none": [None] * 3}
    )
    schema = Schema.infer(table, {"t": "text", "c": "category"})
    none = ColumnSchema("none", "text", 3, 0, "")
    schema = replace(schema, columns=(*schema.columns[:2], none))
    data = data_of(table, np.arange(3.0), None, None, None)
    for classes, expected in (("ab", []), ("abc", [(3, 3)])):
        asked = Asked()
        _check_limits(asked, data, schema, ClassEncoder(np.array([*classes], object)))
        assert (asked.outputs, asked.texts) == (expected, [("t", 9), ("none", 0)])
    asked = Asked()
    _check_limits(asked, data, schema, RegressionEncoder(0.0, 1.0, 0, 9))
    assert asked.outputs == []


def examined(data, **more):
    encoder, schema = RegressionEncoder(0.0, 1.0, 0, 9), Schema.infer(data.table)
    facts = {"task": "regression", "target_encoder": encoder} | more
    goal = goal_of(facts["target_encoder"], data.target)
    given = {"task_reason": "", "leaks": (), "time": TimeHooks()} | facts
    return Examination(data=data, schema=schema, goal=goal, **given)


def test_rows_in_the_order_of_the_target_are_told_unless_they_have_times():
    n = 600
    columns = {"x": np.random.default_rng(0).normal(size=n), "row_id": np.arange(n) + 5}
    seen = examined(data_of(columns, np.sort(np.random.default_rng(1).normal(size=n))))
    assert seen.schema["row_id"].kind == "dropped"
    assert seen.sorted_rows.startswith("The rows are sorted by the target, and row_id")
    labels = np.repeat([*"cab"], n // 3).astype(object)
    more = {"task": "classification", "target_encoder": ClassEncoder.fit(labels)}
    of_classes = examined(data_of(columns, labels), **more)
    assert of_classes.sorted_rows.startswith("The rows are sorted by the target, and row_id")
    times = RowTimes("t", np.arange(600.0))
    assert replace(seen, time=TimeHooks(times)).sorted_rows == ""
    both = data_of(columns, np.random.default_rng(1).normal(size=(n, 2)), target_name=("u", "v"))
    assert replace(seen, data=both).sorted_rows == ""


def test_rows_are_held_out_in_time_only_where_an_order_is_of_time(monkeypatch):
    rng = np.random.default_rng(0)
    columns = {"x": rng.normal(size=60), "row_id": np.arange(60.0)}
    seen = examined(data_of(columns, rng.normal(size=60)))
    order = SimpleNamespace(of_time=False, times=RowTimes("t", np.arange(60.0)))
    for found, in_time in ((None, False), (order, False), (order, True)):
        order.of_time = in_time
        monkeypatch.setattr(examination, "_find_order", lambda *_, found=found: found)
        after = in_order(seen)
        assert after.time.order is found
        assert (after.time.times is not None) == in_time
        assert (after.data.folds is not None) == in_time
        assert (after.target_encoder is seen.target_encoder) != in_time
        assert (after.goal.encoder is after.target_encoder) or not in_time
        assert (after.schema["row_id"].kind == "number") == in_time


def test_the_task_of_several_targets_is_that_of_all():
    numbers = np.random.default_rng(0).normal(size=(50, 2))
    several = data_of({"x": np.arange(50.0)}, numbers, target_name=("u", "v"))
    assert _infer_task(several)[0] == all_rows._task(several, np.arange(50)) == "regression"
    labels = np.array([["a", "u"], ["b", "v"]] * 25, object)
    several = data_of({"x": np.arange(50.0)}, labels, target_name=("u", "v"))
    assert _infer_task(several)[0] == all_rows._task(several, np.arange(50)) == "classification"
    assert all_rows._task(data_of({"x": np.arange(50.0)}, labels[:, 0]), np.arange(9)) == (
        "classification"
    )


def test_features_that_tell_the_time_are_those_of_their_columns(monkeypatch):
    columns = {0: [0, 1, 1, 2], 4: [0, 1, 1, 2, 0, 0, 2]}
    encoder = SimpleNamespace(feature_columns=lambda n: np.array(columns[n]))
    base = np.array([True, True, False, False])
    monkeypatch.setattr("madaline._race.time.stretches.rising_columns", lambda *_: base)
    times = SimpleNamespace(values=None)
    found = hidden_features(encoder, SimpleNamespace(base=None), times, [0, 4])
    assert found[0].tolist() == [0, 1]
    assert found[4].tolist() == [0, 1, 4, 5]  # and bins of the number, which alone is its column
