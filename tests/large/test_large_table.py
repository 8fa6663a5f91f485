"""All rows of a large table are learned from, each by the networks that are not evaluated on it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.fits import context_of, data_of

from madaline._models.fitting import all_rows
from madaline._models.fitting.all_rows import blocks_of_files
from madaline._models.fitting.preparation import prepare
from madaline._models.fitting.prepared import Preparation
from madaline._models.fitting.sampling import ColumnRoles as Roles
from madaline._models.fitting.sampling import SampledRows, draw_rows
from madaline._race.evaluation.objective import Objective
from madaline._race.row_store import RowStore
from madaline._race.stored_rows import RowsInMemory
from madaline._tables.column import is_missing
from madaline._tables.table import Table
from madaline.errors import InputError, TextReadWarning

IN_MEMORY, ON_DISK = (lambda _: True), (lambda _: False)


def prepared(rows, roles, *, objective=None, kinds=None, time=False) -> Preparation:
    drawn = draw_rows(rows, roles, seed=0)
    sampled = SampledRows(rows, roles, drawn, lambda _, column: column)
    table = drawn.table
    data = data_of(
        table.drop(roles.names),
        sampled.target(table),
        None if roles.weight is None else table[roles.weight],
        None if roles.groups is None else table[roles.groups],
        None,
        time=time,
    )
    options = context_of(objective or Objective(), None, {"row": "number", **(kinds or {})})
    return prepare(replace(data, drawn_from=sampled), options)


def values_of(ready: Preparation, allows) -> list:
    rows = blocks_of_files(ready.data.drawn_from, ready, allows, seed=0).rows
    assert isinstance(rows, RowsInMemory if allows(0) else RowStore)
    values = [rows.read(number) for number in range(rows.n_blocks)]
    rows.close()
    return values


def numbers_of(ready, values):
    """Return which rows of the table these are: its column of row numbers tells."""
    return values.columns[ready.encoder.columns.index("row")].astype(int)


@pytest.mark.parametrize("of_classes", [False, True])
def test_blocks_are_the_same_in_memory_and_on_disk(make_rows, of_classes):
    roles = Roles(("class",) if of_classes else ("price",))
    rows = make_rows(text=np.array(["good day", "bad day", "great", None] * 500, object))
    kinds = {"text": "text", "price" if of_classes else "class": "dropped"}
    ready = prepared(rows, roles, kinds=kinds)
    whole = Table.join(list(rows.blocks()))
    for one, other in zip(values_of(ready, IN_MEMORY), values_of(ready, ON_DISK), strict=True):
        numbers = numbers_of(ready, one)
        for name, encoder in zip(ready.encoder.columns, ready.encoder.encoders, strict=True):
            index = ready.encoder.columns.index(name)
            np.testing.assert_array_equal(one.columns[index], other.columns[index])
            expected = encoder.read_rows(whole.select([name]))[numbers]
            np.testing.assert_array_equal(one.columns[index], expected)
        target = ready.target_encoder.matrix(whole[roles.targets[0]][numbers])
        np.testing.assert_array_equal(one.target, target)
        np.testing.assert_array_equal(other.target, target)
        np.testing.assert_array_equal(one.places, other.places)
        np.testing.assert_array_equal(one.folds, other.folds)


def test_rows_of_the_sample_keep_their_folds(make_rows):
    ready = prepared(make_rows(), Roles(("price",)), kinds={"class": "dropped"})
    drawn, seen = ready.data.drawn_from.drawn.numbers, []
    for values in values_of(ready, ON_DISK):
        raced = values.places >= 0
        numbers = numbers_of(ready, values)
        seen.append(numbers)
        assert (drawn[ready.rows.order[values.places[raced]]] == numbers[raced]).all()
        assert not np.isin(numbers[~raced], drawn).any()
        assert (values.folds[~raced] == -1).all()
        for fold in range(ready.rows.n_folds):
            own = ready.rows.order[ready.rows.held_out(fold)]
            assert ((values.folds == fold) == np.isin(numbers, drawn[own])).all()
    assert sorted(np.concatenate(seen)) == list(range(2000))


def test_rows_without_target_are_not_learned_from(make_rows):
    price = np.arange(2000.0) % 17 + 0.5
    price[::4] = np.nan
    ready = prepared(make_rows(price=price), Roles(("price",)), kinds={"class": "dropped"})
    numbers = np.concatenate([numbers_of(ready, one) for one in values_of(ready, ON_DISK)])
    assert sorted(numbers) == [row for row in range(2000) if row % 4]
    assert ready.n_own == 1500


def test_networks_do_not_learn_from_groups_that_they_are_evaluated_on(make_rows):
    group = np.random.default_rng(1).integers(0, 40, 2000).astype(float)
    rows = make_rows(group=group)
    ready = prepared(rows, Roles(("price",), None, "group"), kinds={"class": "dropped"})
    held_out = [
        set(group[ready.data.drawn_from.drawn.numbers[ready.rows.order[ready.rows.held_out(fold)]]])
        for fold in range(ready.rows.n_folds)
    ]
    for number in range(ready.blocks.n_blocks):
        block, values = ready.blocks.dataset(number, [0]), ready.blocks.rows.read(number)
        numbers = numbers_of(ready, values)[block.rows.order]
        for fold, groups in enumerate(held_out):
            learned = numbers[block.rows.training(fold)]
            assert sorted(learned) == sorted(
                row for row in numbers.tolist() if group[row] not in groups
            )


@pytest.mark.parametrize("name", ["date", "the order of the rows"])
def test_networks_of_stretches_learn_from_earlier_rows(make_rows, name):
    rows = make_rows()
    ready = prepared(
        rows, Roles(("price",)), kinds={"class": "dropped"}, time=name if name == "date" else True
    )
    whole = Table.join(list(rows.blocks()))
    times = whole["date"].astype(float) / 1e6 if name == "date" else whole["row"]
    drawn = ready.data.drawn_from.drawn.numbers
    assert ready.rows.n_final
    for number in range(ready.blocks.n_blocks):
        block, values = ready.blocks.dataset(number, [0]), ready.blocks.rows.read(number)
        numbers = numbers_of(ready, values)[block.rows.order]
        for fold in range(ready.rows.n_folds):
            start = times[drawn[ready.rows.order[ready.rows.held_out(fold)]]].min()
            learned = numbers[block.rows.training(fold)]
            assert sorted(learned) == sorted(numbers[times[numbers] < start])
        assert len(block.rows.training(ready.rows.n_folds)) == len(numbers)


def test_rows_weigh_what_they_and_their_class_weigh(make_rows):
    weight = np.random.default_rng(1).uniform(0.5, 2, 2000)
    ready = prepared(
        make_rows(weight=weight),
        Roles(("class",), "weight"),
        objective=Objective(class_weight={"low": 3.0}),
        kinds={"price": "dropped"},
    )
    values = values_of(ready, ON_DISK)
    numbers = np.concatenate([numbers_of(ready, one) for one in values])
    targets = np.concatenate([one.target for one in values])
    given = np.concatenate([one.weight for one in values])
    low = targets[:, ready.target_encoder.classes.tolist().index("low")] == 1
    expected = weight[numbers] * np.where(low, 3, 1)
    np.testing.assert_allclose(given / expected, (given / expected)[0], rtol=1e-5)
    assert given.mean() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(("form", "value"), [("number", "lots"), ("date", "soon")])
def test_texts_that_are_no_numbers_count_as_missing(make_rows, form, value):
    rng = np.random.default_rng(0)
    texts = {
        "number": [f"{one:.2f}".replace(".", ",") for one in rng.normal(size=2000)],
        "date": [f"{one:02}.05.2026" for one in rng.integers(1, 32, 2000)],
    }[form]
    drawn = set(draw_rows(make_rows(), Roles(("price",)), seed=0).numbers.tolist())
    wrong = [row for row in range(2000) if row not in drawn][-3:]
    for row in wrong:
        texts[row] = value
    rows = make_rows(told=np.array(texts, object))
    with pytest.warns(
        TextReadWarning, match=rf"told: '{value}' in row {wrong[0]:,} .* is no {form}"
    ):
        ready = prepared(rows, Roles(("price",)), kinds={"class": "dropped"})
    index = ready.encoder.columns.index("told")
    for number in range(ready.blocks.n_blocks):
        values = ready.blocks.rows.read(number)
        missing = np.isin(numbers_of(ready, values), wrong)
        assert (is_missing(values.columns[index]) == missing).all()


def test_many_texts_that_are_no_numbers_are_refused(make_rows, monkeypatch):
    monkeypatch.setattr(all_rows, "_MIN_UNREADABLE", 10)
    texts = [f"{one:.2f}".replace(".", ",") for one in np.random.default_rng(0).normal(size=2000)]
    drawn = set(draw_rows(make_rows(), Roles(("price",)), seed=0).numbers.tolist())
    wrong = [row for row in range(300, 400) if row not in drawn]
    for row in wrong:
        texts[row] = "none of them"
    with pytest.raises(InputError, match=f"in row {wrong[0]} .* of the 99 values around it"):
        prepared(make_rows(told=np.array(texts, object)), Roles(("price",)))
