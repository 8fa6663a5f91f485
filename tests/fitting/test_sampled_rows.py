"""Samples of large tables: which rows they have, and what they tell of all others."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from tests.fits import data_of

from madaline._models.fitting import sampling
from madaline._models.fitting.all_rows import _Assigner, _n_bytes, _Reader, _Weigher, draw_sample
from madaline._models.fitting.sampling import ColumnRoles, SampledRows, draw_rows
from madaline._race.evaluation.objective import Objective
from madaline._race.time.stretches import RowTimes
from madaline._tables import drawing
from madaline._tables.drawing import row_keys
from madaline._tables.rows import Rows
from madaline._tables.splits.folds import FoldedRows
from madaline._tables.table import Table
from madaline._tables.target import ClassEncoder
from madaline.errors import InputError, TextReadWarning


class Blocks(Rows):
    """A table in memory, read as if it were in a file."""

    n_rows = None

    def __init__(self, table):
        self._table = table

    @property
    def names(self):
        return self._table.names

    @property
    def digest(self):
        return "rows"

    def blocks(self, columns=None, *, n_rows=100, start=0):
        for first in range(start, self._table.n_samples, n_rows):
            yield self._table.take(slice(first, first + n_rows))


@pytest.fixture
def small(monkeypatch):
    for name, value in (
        ("MIN_ROWS", 400), ("SAMPLE", 300), ("MAX_SAMPLE", 500), ("_RARE_ROWS", 50),
    ):  # fmt: skip
        monkeypatch.setattr(sampling, name, value)
    for name, value in (
        ("ROWS_OF_CLASS", 8), ("_MAX_NUMBERS", 12), ("_MAX_CLASSES", 40), ("KEY_CHUNK", 128),
    ):  # fmt: skip
        monkeypatch.setattr(drawing, name, value)


def smallest(keys, rows, size):
    return set(rows[np.argsort(keys[rows])][:size].tolist())


RNG = np.random.default_rng(0)
CLASSES = {
    "rare of two": np.where(RNG.random(3000) < 0.12, "a", "b").astype(object),
    "two": RNG.choice([*"ab"], 3000).astype(object),
    "many": np.array([f"c{int(one)}" for one in RNG.exponential(4, 3000)], object),
    "numbers": RNG.integers(0, 9, 3000).astype(float),
}


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("told", [None, True])
def test_the_rows_of_the_smallest_keys_are_drawn(small, name, told):
    """And those of each class, and both ends of numbers that may be no classes."""
    labels, weight = CLASSES[name].copy(), np.ones(3000)
    weight[::7] = 0
    rows = Blocks(Table.from_columns({"y": labels, "w": weight, "x": np.arange(3000.0)}))
    drawn = draw_rows(rows, ColumnRoles(("y",), "w"), seed=3, classes=told)
    keys, counted = row_keys(3000, seed=3), np.flatnonzero(weight)
    of_classes = [counted[labels[counted] == one] for one in sorted(set(labels.tolist()))]
    sizes = [len(own) for own in of_classes]
    size = 300
    if len(sizes) == 2:
        size = min(500, max(300, 50 * sum(sizes) // min(sizes)))
    expected = smallest(keys, counted, size)
    for own in of_classes:
        expected |= smallest(keys, own, 8)
    if name == "numbers" and told is None:
        ordered = labels[counted]
        expected |= {counted[ordered.argmin()], counted[ordered.argmax()]}
    assert drawn.numbers.tolist() == sorted(expected)
    assert (drawn.n_rows, drawn.n_samples) == (3000, len(counted))
    assert drawn.table["x"].tolist() == drawn.numbers.tolist()
    data = data_of({"x": np.arange(3000.0)}, labels)
    whole = draw_sample(data, "classification" if told else None, 3)
    sizes = np.unique(labels.astype(str), return_counts=True)[1]
    size = 300 if len(sizes) != 2 else min(500, max(300, 50 * 3000 // sizes.min()))
    expected = smallest(keys, np.arange(3000), size)
    for one in sorted(set(labels.tolist())):
        expected |= smallest(keys, np.flatnonzero(labels == one), 8)
    if name != "numbers" or told:
        assert whole.tolist() == sorted(expected)


def test_numbers_and_pairs_of_targets_are_drawn_with_both_ends(small):
    rng = np.random.default_rng(1)
    u, v = rng.normal(size=(2, 2000)).round(2)
    rows = Blocks(Table.from_columns({"u": u, "v": v}))
    drawn = draw_rows(rows, ColumnRoles(("u", "v")), seed=0, classes=False)
    keys = row_keys(2000, seed=0)
    ends = {int(one) for y in (u, v) for one in (y.argmin(), y.argmax())}
    expected = smallest(keys, np.arange(2000), 300) | ends
    assert drawn.numbers.tolist() == sorted(expected)
    data = data_of({"x": np.arange(2000.0)}, np.column_stack([u, v]), target_name=("u", "v"))
    assert draw_sample(data, "regression", 0).tolist() == sorted(expected)
    pairs = Blocks(Table.from_columns({"u": np.array([*"ab"], object)[(u > 0) * 1],
                                       "v": np.array([*"cd"], object)[(v > 1.5) * 1]}))  # fmt: skip
    drawn = draw_rows(pairs, ColumnRoles(("u", "v")), seed=0)
    expected = smallest(keys, np.arange(2000), 300)
    for a in (False, True):
        for b in (False, True):
            expected |= smallest(keys, np.flatnonzero(((u > 0) == a) & ((v > 1.5) == b)), 8)
    assert drawn.numbers.tolist() == sorted(expected)


@pytest.mark.parametrize(("n_values", "told", "fits"), [
    (40, True, True), (41, True, False), (12, None, True), (13, None, True),
])  # fmt: skip
def test_so_many_numbers_are_classes(small, n_values, told, fits):
    rows = Blocks(Table.from_columns({"y": np.arange(1200.0) % n_values}))
    if not fits:
        with pytest.raises(InputError, match="more than 40 different values"):
            draw_rows(rows, ColumnRoles(("y",)), seed=0, classes=told)
        return
    found = draw_rows(rows, ColumnRoles(("y",)), seed=0, classes=told)
    keys, all_rows = row_keys(1200, seed=0), np.arange(1200)
    expected = smallest(keys, all_rows, 300)
    if told or n_values <= 12:
        for value in range(n_values):
            expected |= smallest(keys, np.flatnonzero(all_rows % n_values == value), 8)
    if told is None:
        expected |= {0, n_values - 1}
    assert found.numbers.tolist() == sorted(expected)


@pytest.mark.parametrize(("n_wrong", "n_rows", "told"), [
    (100, 400, True), (101, 400, False), (200, 2000, True), (201, 2000, False), (1, 1, True),
])  # fmt: skip
def test_a_tenth_or_a_hundred_texts_may_be_no_numbers(n_wrong, n_rows, told):
    class Own:
        name, kind = "size", "number"

        def read_rows(self, table):
            return self.read(table["size"])

        def read(self, column):
            if any(value == "lots" for value in column.tolist()):
                raise InputError("no number")
            return np.array([np.nan if one is None else float(one) for one in column.tolist()])

    own = Own()
    encoder = SimpleNamespace(encoders=[own], written={"size": None})
    read, column = _Reader(encoder), np.array(["1.5"] * n_rows, object)
    column[-n_wrong:] = "lots"
    table, numbers = Table({"size": column}), np.arange(n_rows) * 2
    first = f"size: 'lots' in row {2 * (n_rows - n_wrong):,}"
    if not told:
        with pytest.raises(InputError, match=rf"{first} .* {n_wrong - 1:,} of the {n_rows - 1:,} "):
            read(table, numbers)
        return
    with pytest.warns(TextReadWarning, match=first):
        (found,) = read(table, numbers)
    assert np.isnan(found).tolist() == [False] * (n_rows - n_wrong) + [True] * n_wrong
    read(table, numbers)  # which is told once
    encoder.written = {}
    with pytest.raises(InputError, match="no number"):
        read(table, numbers)


def test_rows_in_memory_take_what_is_said():
    """At most: the columns, targets, weights, places, folds and which networks learn; twice."""
    n_samples, n_folds = 1000, 5
    columns = [np.zeros(n_samples), np.zeros(n_samples, np.int64), np.zeros(n_samples)]
    target, weight = np.zeros((n_samples, 2), np.float32), np.zeros(n_samples, np.float32)
    places, folds = np.zeros(n_samples, np.int32), np.zeros(n_samples, np.int16)
    learned = np.zeros((n_samples, n_folds), bool)
    real = sum(one.nbytes for one in (*columns, target, weight, places, folds, learned))
    dataset = SimpleNamespace(n_outputs=2, rows=SimpleNamespace(n_folds=n_folds))
    ready = SimpleNamespace(encoder=SimpleNamespace(encoders=columns), dataset=dataset)
    without = _n_bytes(ready, n_samples, 0.0)
    assert 2 * real <= without <= 3 * real
    assert _n_bytes(ready, n_samples, 10.0) - without == 2 * n_samples * 2 * 10  # as in Python


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("class_weight", [None, {"b": 3.0}, "balanced"])
def test_rows_weigh_as_in_the_sample(weighted, class_weight):
    labels, weight = np.array([*"aabab"], object), np.array([1.0, 2, 1, 4, 2])
    table = Table({"y": labels, "w": weight})
    roles = ColumnRoles(("y",), "w" if weighted else None)
    drawn = SimpleNamespace(table=table)
    sampled = SampledRows(None, roles, drawn, lambda _, column: column)
    encoder = ClassEncoder.fit(labels)
    ready = SimpleNamespace(target_encoder=encoder, objective=Objective(class_weight=class_weight))
    found = _Weigher(sampled, ready)(table, labels)
    if not weighted and class_weight is None:
        assert found is None
        return
    own = weight if weighted else np.ones(5)
    of_class = {None: {"a": 1, "b": 1}, "balanced": {}}.get(str(class_weight), {"a": 1, "b": 3})
    if class_weight is None:
        of_class = {"a": 1.0, "b": 1.0}
    elif class_weight == "balanced":
        of_class = {one: own.sum() / (2 * own[labels == one].sum()) for one in "ab"}
    expected = own * [of_class[one] for one in labels]
    assert found == pytest.approx(expected / expected.mean())
    later = _Weigher(sampled, ready)(table.take([2, 0]), labels[[2, 0]])
    assert later == pytest.approx((expected / expected.mean())[[2, 0]])


def test_rows_of_a_sample_are_found_in_the_table():
    numbers = np.array([2, 3, 7, 8])  # of the rows that were drawn
    rows = FoldedRows.from_folds(np.array([1, 0, 0, 1]))
    ready = SimpleNamespace(rows=rows, time=SimpleNamespace(times=None), schema=None)
    of_sample, of_rows = np.array([1.0, 2, 3, 4]), np.array([9.0, 1, 2, 3, 4, 3])
    for grouped in (False, True):
        assign = _Assigner(ready, numbers, of_sample if grouped else None)
        assert assign.columns == ()
        groups = of_rows if grouped else None
        places, folds, learned = assign(np.array([0, 2, 3, 7, 8, 11]), groups, None)
        assert places[[0, 5]].tolist() == [-1, -1]
        assert rows.order[places[1:5]].tolist() == [0, 1, 2, 3]
        assert folds[:5].tolist() == [-1, 1, 0, 0, 1]
        assert folds[5] == (0 if grouped else -1)  # of the group of the third
        assert learned is None
    ready.time.times = RowTimes("day, hour", np.arange(4.0))
    assert set(_Assigner(ready, numbers, None).columns) == {"day, hour", "day", "hour"}
