"""What is prepared for a race, and what a fit tells of it: counts, columns, kept rows, work."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from tests.fits import context_of, data_of

from madaline._models.fitting import columns, file_checks, preparation
from madaline._models.fitting.columns import infer_schema, read_by_letters, with_counters
from madaline._models.fitting.file_checks import check_file
from madaline._models.fitting.fit import Fitting, _sample_of_rows
from madaline._models.fitting.preparation import _choose, _fold, _learning_from, prepare
from madaline._models.fitting.prepared import Preparation
from madaline._models.fitting.training_data import EncodedTarget
from madaline._models.request import FitRequest
from madaline._race.evaluation.objective import Objective
from madaline._race.plan import Plan
from madaline._race.recipe import TableRecipe
from madaline._race.time import hooks
from madaline._race.time.hooks import TimeHooks
from madaline._race.time.stretches import RowTimes
from madaline._race.time.time_request import TimeRequest
from madaline._tables.kinds.kind import CATEGORY, DROPPED, NUMBER, TEXT
from madaline._tables.level_counts import LevelCounts
from madaline._tables.profile import TableProfile
from madaline._tables.schema import Schema
from madaline._tables.splits.folds import FoldedRows, GivenFolds
from madaline._tables.table import Table
from madaline._tables.target import ClassEncoder, JointEncoder, RegressionEncoder
from madaline.errors import InputError


def prepared_of(**facts):
    """Return a preparation with some facts; all others are missing."""
    missing = {one.name: None for one in fields(Preparation)} | {"time": TimeHooks()}
    return Preparation(**missing | facts)


ROWS = FoldedRows.from_folds(np.array([1, 0, -1, 0, 1]))


def test_rows_are_counted_once_each():
    plain = prepared_of(rows=ROWS, target_encoder=RegressionEncoder(0.0, 1.0, 0, 9))
    assert (plain.n_own, plain.n_given, plain.n_predicted, plain.drawn) == (5, 5, 1, None)
    assert sorted(plain.evaluated_rows.tolist()) == [0, 1, 3, 4]
    given = np.array([7, 6, 5, 4, 3])
    lagged = SimpleNamespace(made=SimpleNamespace(n_own=4), n_given=8, given=given)
    past = replace(plain, time=TimeHooks(lagged=lagged))
    assert (past.n_own, past.n_given) == (4, 8)
    assert past.evaluated_rows.tolist() == given[plain.evaluated_rows].tolist()
    blocks = SimpleNamespace(n_samples=900, n_blocks=3)
    on_disk = replace(plain, blocks=blocks)
    assert (on_disk.n_own, on_disk.n_given) == (900, 5)
    assert on_disk.evaluated_rows.tolist() == plain.evaluated_rows.tolist()
    assert (on_disk.drawn.rows, on_disk.drawn.sampled, on_disk.drawn.blocks) == (900, 5, 3)
    sample = np.array([10, 20, 30, 40, 50])
    in_memory = replace(on_disk, sample=sample)
    assert (in_memory.n_own, in_memory.n_given) == (900, 900)
    assert in_memory.evaluated_rows.tolist() == sample[plain.evaluated_rows].tolist()
    one = RegressionEncoder(0.0, 1.0, 0, 9)
    assert replace(plain, target_encoder=JointEncoder(("u", "v"), (one, one))).n_predicted == 2


def test_means_of_levels_are_of_all_rows_unless_there_are_groups():
    plain = prepared_of(data=SimpleNamespace(groups=None))
    blocks = SimpleNamespace(sampled="sampled", encoder="encoder")
    of_all = SimpleNamespace(sampled="all", encoder="of all")
    blocks.with_means_of_all = lambda: of_all
    found = _learning_from(blocks, plain)
    assert (found.dataset, found.encoder, found.blocks) == ("all", "of all", of_all)
    grouped = prepared_of(data=SimpleNamespace(groups=np.arange(3)))
    found = _learning_from(blocks, grouped)
    assert (found.dataset, found.encoder, found.blocks) == ("sampled", "encoder", blocks)


def test_times_are_looked_at_by_groups_or_by_the_column_that_tells_rows_apart():
    n = 40
    store = np.array([*"ab"] * (n // 2), object)
    data = data_of({"store": store, "x": np.random.default_rng(0).normal(size=n)}, np.arange(40.0))
    dataset = SimpleNamespace(weight=None)
    dataset.from_anchors = lambda: dataset
    facts = {"data": data, "schema": Schema.infer(data.table), "dataset": dataset, "rows": ROWS}
    assert prepared_of(**facts).later is None
    times = RowTimes("t", np.repeat(np.arange(20.0), 2), reach=5.0)
    later = prepared_of(**facts, time=TimeHooks(times)).later
    assert (later.series_names, later.reach, later.noticed) == (("store",), 5, None)
    assert later.series.tolist() == [0, 1] * 20
    order = SimpleNamespace(noticed="seen")
    grouped = replace(data, groups=np.arange(40))
    later = prepared_of(**facts | {"data": grouped}, time=TimeHooks(times, order=order)).later
    assert (later.series is grouped.groups, later.series_names, later.noticed) == (
        True,
        (),
        "seen",
    )
    apart = replace(times, values=np.arange(40.0))
    assert prepared_of(**facts, time=TimeHooks(apart)).later.series is None


def test_folds_are_the_given_ones_or_dealt_out_by_the_seed():
    data = data_of({"x": np.arange(40.0)}, np.arange(40.0))
    plan = Plan((TableRecipe(0, 3.0, (8,)),), n_folds=4, batch_size=8)
    one, same, other = (_fold(data, data.target, plan, "regression", seed) for seed in (0, 0, 1))
    assert one.n_folds == 4
    assert one.order.tolist() == same.order.tolist() != other.order.tolist()
    given = replace(data, folds=GivenFolds(np.arange(40) % 3))
    rows = _fold(given, data.target, plan, "regression", 0)
    assert rows.n_folds == 3
    assert set(rows.order[rows.held_out(1)].tolist()) == set(range(1, 40, 3))
    grouped = replace(data, groups=np.arange(40) // 2)
    rows = _fold(grouped, data.target, plan, "regression", 0)
    for fold in range(4):
        held_out = set(rows.order[rows.held_out(fold)].tolist())
        assert held_out == {row ^ 1 for row in held_out}
    with pytest.raises(InputError, match="group"):
        _fold(replace(grouped, folds=given.folds), data.target, plan, "regression", 0)


def test_plans_are_made_for_what_is_to_be_predicted(monkeypatch):
    made = []

    def planned(name):
        return lambda plan, *given: made.append((name, *given)) or plan

    monkeypatch.setattr(preparation, "plan_for_rare_class", planned("plan_for_rare_class"))
    for name in ("plan_for_later_rows", "plan_for_lags"):
        monkeypatch.setattr(hooks, name, planned(name))
    labels = np.array(["a"] * 30 + ["b"] * 10, object)
    rng = np.random.default_rng(0)
    data = data_of({"x": rng.normal(size=40), "z": rng.normal(size=40)}, labels)
    goal = EncodedTarget.of(ClassEncoder.fit(labels), Objective(), labels, None)
    options = context_of(Objective(), None, {}, seed=0)
    seen = SimpleNamespace(data=data, schema=Schema.infer(data.table), goal=goal, time=TimeHooks())
    chosen, _ = _choose(seen, {}, options)
    assert made == [("plan_for_rare_class", 40, 10)]
    assert chosen.n_waiting == 0
    large = replace(options, n_samples=900)
    assert _choose(seen, {}, large)[0].n_waiting == 900
    on_disk = replace(data, drawn_from=object())
    assert _choose(SimpleNamespace(**vars(seen) | {"data": on_disk}), {}, large)[0].n_waiting == 0
    made.clear()
    later = SimpleNamespace(**vars(seen) | {"time": TimeHooks(object())})
    _choose(later, {}, options)
    assert made == [("plan_for_later_rows",)]
    made.clear()
    later.time = TimeHooks(object(), object())
    _choose(later, {}, options)
    assert made == [("plan_for_later_rows",), ("plan_for_lags",)]
    adjusted = replace(options, adjust=lambda plan: replace(plan, epochs=7))
    assert _choose(seen, {}, adjusted)[0].plan.epochs == 7
    constrained = _choose(seen, {"x": 1}, options)[0].plan
    assert constrained.recipes
    assert all(one.monotone for one in constrained.recipes)
    assert not any(one.monotone for one in chosen.plan.recipes)


def test_columns_that_repeat_in_all_rows_are_categories():
    names = [f"customer {number}x{number}" for number in range(60)]
    data = data_of({"who": names, "x": np.random.default_rng(0).normal(size=60)}, np.arange(60.0))
    assert infer_schema(data, {})["who"].kind == DROPPED
    levels = np.array(names, object)
    many = LevelCounts(levels, np.full(60, 5), 0)
    once = LevelCounts(levels, np.ones(60, int), 0)
    assert infer_schema(data, {}, {"who": many}.get)["who"].kind == CATEGORY
    assert infer_schema(data, {}, {"who": once}.get)["who"].kind == DROPPED
    assert infer_schema(data, {"who": DROPPED}, {"who": many}.get)["who"].kind == DROPPED


def test_only_names_are_read_by_their_letters(monkeypatch):
    asked = []

    def tell(distinct, target, groups):
        asked.append((len(distinct.values), groups))
        return SimpleNamespace(more=len(asked) == 1, by_letters=0.42, by_levels=0.1)

    monkeypatch.setattr(columns, "letters_tell", tell)
    names = [f"{one}{other}a" for one in "abcdefghijklmnopqrst" for other in "abcdefghij"]
    refs = [f"H{number}" for number in range(200)]
    numbers = np.arange(200) % 7
    table = Table.from_columns(
        {"name": names, "other": names[::-1], "x": numbers, "kept": names, "ref": refs}
    )
    schema = Schema.infer(table, {"name": CATEGORY, "other": CATEGORY, "kept": CATEGORY})
    assert schema["ref"].kind == DROPPED
    groups = np.arange(200)
    found = read_by_letters(schema, table, np.zeros((200, 1)), groups, {"kept"})
    assert [found[name].kind for name in table.names] == [TEXT, CATEGORY, NUMBER, CATEGORY, DROPPED]
    assert found["name"].detail.endswith("; its letters explain 42%, its values 10%")
    assert asked == [(200, groups)] * 2
    monkeypatch.setattr(columns, "letters_tell", lambda *_: None)
    assert read_by_letters(schema, table, np.zeros((200, 1)), None, ()) == schema


def test_counters_are_numbers_only_where_they_rise_with_the_time():
    rng = np.random.default_rng(0)
    table = Table.from_columns(
        {
            "up": np.arange(60.0),
            "mixed": rng.permutation(60).astype(float),
            "code": [f"k{n}q" for n in range(60)],
        }
    )
    schema = Schema.infer(table, {"up": DROPPED, "mixed": DROPPED, "code": DROPPED})
    found = with_counters(schema, table, RowTimes("t", np.arange(60.0)))
    assert [found[name].kind for name in table.names] == [NUMBER, DROPPED, DROPPED]


def test_spans_and_horizons_are_told_as_json_has_them():
    spans = (timedelta(days=20, seconds=7), np.timedelta64(2, "h"), "7 days", 3, None)
    told = [TimeRequest.given(True, gap=span, horizon=span) for span in spans]
    expected = ["1728007 seconds", "7200 seconds", "7 days", 3, None]
    assert [one.gap for one in told] == [one.horizon for one in told] == expected
    assert TimeRequest.given(lags=3, horizon=np.int64(3)) == TimeRequest(horizon=3, lags=(3,))


@pytest.mark.parametrize("n_final", [0, 2])
def test_kept_rows_know_which_networks_did_not_learn_from_them(n_final):
    numbers = np.array([1, 0, -1, 0, 1, 2, 2])
    rows = FoldedRows.from_folds(numbers, None, n_final) if not n_final else SimpleNamespace(
        n_samples=7, n_final=2
    )  # fmt: skip
    data = data_of({"x": np.arange(7.0), "z": np.arange(7.0) % 3}, np.arange(7.0),
                   weight=np.arange(1.0, 8))  # fmt: skip
    prepared = prepared_of(data=data, rows=rows, schema=Schema.infer(data.table))
    kept = _sample_of_rows(prepared, FitRequest(keep_rows=7, kinds={"z": DROPPED}))
    assert kept.folds.tolist() == ([-1] * 7 if n_final else numbers.tolist())
    assert kept.table["x"].tolist() == list(range(7))
    assert kept.n_rows == 7
    few = _sample_of_rows(prepared, FitRequest(keep_rows=3))
    assert few.n_rows == 3
    assert _sample_of_rows(prepared, FitRequest()) is None


def test_the_work_of_a_row_is_that_of_the_networks_that_predict():
    fitting = Fitting.__new__(Fitting)
    ensemble = SimpleNamespace(row_multiply_adds=70)
    rows = SimpleNamespace(n_networks=7, predicting=slice(4, 7))
    fitting.prepared = SimpleNamespace(rows=rows)
    assert fitting._row_work(ensemble) == 30
    rows = SimpleNamespace(n_networks=5, predicting=slice(None))
    fitting.prepared = SimpleNamespace(rows=rows)
    assert fitting._row_work(ensemble) == 70


def test_known_rows_of_a_sample_stand_for_all(monkeypatch):
    from madaline._models.fitting import fit

    known = SimpleNamespace(sampled=0.5)
    monkeypatch.setattr(fit, "_known_rows", lambda *_: known)
    monkeypatch.setattr(fit, "replace", lambda one, **changes: changes)
    fitting = Fitting.__new__(Fitting)
    fitting.prepared = SimpleNamespace(blocks=None)
    assert fitting._known_rows(None) is known
    rows = SimpleNamespace(n_samples=100)
    fitting.prepared = SimpleNamespace(blocks=object(), rows=rows, n_own=400)
    assert fitting._known_rows(None) == {"sampled": 0.125}


def test_a_file_that_cannot_be_written_is_refused_before_the_race(monkeypatch):
    """What is learned takes an eighth of its header."""
    rng = np.random.default_rng(0)
    table = Table.from_columns({"x": rng.normal(size=60), "c": np.array([*"ab"] * 30, object)})
    data = data_of(table, rng.normal(size=60), None, None, None)
    prepared = prepare(data, context_of(Objective(), None, {}))
    profile = TableProfile.of(table, prepared.schema)
    request = FitRequest(effort=1)
    checked = []
    monkeypatch.setattr(file_checks, "check_header", checked.append)
    check_file(prepared, profile, request, None)
    monkeypatch.setattr(file_checks, "header_size", lambda *_: 7000)
    kept = SimpleNamespace(check=lambda: checked.append("kept"))
    check_file(prepared, profile, request, kept)
    assert checked[1:] == ["kept", 8000]
    assert 300 < checked[0] < 10_000
    with pytest.raises(InputError, match=r"The settings cannot be used.*kinds"):
        check_file(prepared, profile, FitRequest(kinds={"x": "none"}), None)
    long = replace(prepared, data=replace(data, target_names=("y" * 100_001,)))
    with pytest.raises(InputError, match=r"The target 'y+.*' cannot be learned.*: rename it"):
        check_file(long, profile, request, None)
