"""Whether later rows are harder to predict: noticed where rows have dates, never where shuffled."""

from __future__ import annotations

import numpy as np
import pytest

from madaline._race.time.noticing import TimeOrder, find_time_order
from madaline._tables.io.recognition import to_table
from madaline._tables.io.table_files import read_file
from madaline._tables.io.targets import to_target
from madaline._tables.schema import Schema
from madaline._tables.target import ClassEncoder, JointEncoder, RegressionEncoder

DAY = np.timedelta64(1, "D")
START = np.datetime64("2020-01-01", "us")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def find(columns, target, **given) -> TimeOrder | None:
    """Return the order in which later rows are harder to predict."""
    table = to_table(columns)
    schema = Schema.infer(table)
    target = np.asarray(target)
    encoder = (RegressionEncoder if target.dtype.kind == "f" else ClassEncoder).fit(target)
    return find_time_order(schema.read(table), schema, encoder, encoder.matrix(target), **given)


def days(n_rows: int) -> np.ndarray:
    return START + np.arange(n_rows) * DAY


def walk(rng: np.random.Generator, n_rows: int) -> np.ndarray:
    return rng.normal(size=n_rows).cumsum()


def test_a_walk_is_easier_among_its_days_than_after_them(rng):
    x, y = rng.normal(size=300), walk(rng, 300)
    found = find({"x": x, "day": days(300)}, x + y)
    assert found.times.name == "day"
    assert found.of_time
    assert found.times.of_dates
    assert found.noticed.metric == "rmse"
    assert found.noticed.after > 1.5 * found.noticed.among
    assert 0 < found.noticed.standard_error < found.noticed.after - found.noticed.among
    again = find({"x": x, "day": days(300)}, 10 * (x + y))
    assert again.noticed.after == pytest.approx(10 * found.noticed.after)


def test_rows_need_not_be_in_the_order_of_their_dates(rng):
    rows = rng.permutation(300)
    x, y = rng.normal(size=300), walk(rng, 300)
    for order in (rows, np.arange(300)[::-1]):
        found = find({"x": x[order], "day": days(300)[order]}, (x + y)[order])
        assert found.times.name == "day"


def test_a_relation_that_changes_is_noticed_without_a_trend(rng):
    x = rng.normal(size=(600, 2))
    angle = np.linspace(0, np.pi, 600)
    y = x[:, 0] * np.cos(angle) + x[:, 1] * np.sin(angle)
    found = find({"a": x[:, 0], "b": x[:, 1], "day": days(600)}, np.where(y > 0, "up", "down"))
    assert found.noticed.metric == "log_loss"
    assert found.noticed.after > 1.1 * found.noticed.among


def test_what_holds_for_a_few_rows_of_a_day_is_noticed(rng):
    """No sum of functions of single columns tells it, but trees do."""
    day, level = np.repeat(np.arange(60), 20), rng.integers(8, size=1200)
    y = rng.random((60, 8))[day, level] < 0.2
    found = find({"level": level.astype(float), "day": START + day * DAY}, y.astype(str))
    assert found.times.name == "day"


@pytest.mark.slow
def test_hardly_any_shuffled_table_is_taken_for_dated():
    found = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(150, 3))
        y = x[:, 0] + x[:, 1] * x[:, 2] + rng.standard_t(4, size=150)
        columns = dict(zip("abc", x.T, strict=True))
        found.append(find(columns, y if seed % 2 else (y > 0).astype(str)))
        if seed < 20:  # dates that have nothing to do with the rest
            found.append(find(columns | {"day": rng.permutation(days(150))}, y))
    assert sum(order is not None for order in found) <= 1


def test_rows_that_are_sorted_by_dates_are_later_rows(rng):
    x, y = rng.normal(size=150), rng.normal(size=150)
    found = find({"x": x, "day": days(150)}, x + y)
    assert found.times.name == "day"
    assert found.of_time
    assert not found.noticed.is_clear
    assert find({"x": x, "day": np.arange(150.0)}, x + y) is None  # may count anything


@pytest.mark.parametrize(
    "name", ["ames_housing", "bike_hour", "car", "credit_g", "wine_quality_white"]
)
def test_real_tables_in_random_order_are_not_dated(shared_tables, name):
    """Two have columns of years, months or hours, but without days these are no dates."""
    table = read_file(shared_tables / f"{name}.parquet").table
    target = {"bike_hour": "y", "car": "class", "credit_g": "class", "ames_housing": "Sale_Price"}
    label = target.get(name, "quality")
    schema = Schema.infer(table.drop([label]))
    labels = to_target(table[label])
    numbers = labels.dtype.kind == "f"
    encoder = (RegressionEncoder if numbers else ClassEncoder).fit(labels)
    read = schema.read(table.drop([label]))
    for seed in (None, 0, 1):
        rows = np.arange(len(labels))
        rows = rows if seed is None else np.random.default_rng(seed).permutation(rows)
        assert (
            find_time_order(read.take(rows), schema, encoder, encoder.matrix(labels[rows])) is None
        )


def test_rows_that_run_like_hours_are_in_the_order_of_time(rng):
    hours = np.arange(24 * 30)
    load = np.sin(hours * 2 * np.pi / 24) + 0.3 * rng.normal(size=len(hours))
    found = find({"load": load}, load + walk(rng, len(hours)) / 3)
    assert found.times.name == "the order of the rows"
    assert found.of_time


def test_neighbors_that_are_alike_may_be_in_another_order(rng):
    """Rows of a batch are alike, but nothing says that batches follow one another in time."""
    levels = np.repeat(rng.normal(size=10), 60)
    x = levels[:, None] + rng.normal(size=(600, 4))
    found = find(dict(zip("abcd", x.T, strict=True)), levels)
    assert not found.of_time
    assert "Rows near one another in the table are alike" in found.advice
    assert "(groups=)" in found.advice


@pytest.mark.parametrize("sorted_by", ["target", "class", "size", "town"])
def test_sorted_tables_are_not_in_the_order_of_time(rng, sorted_by):
    size, noise = rng.normal(size=400), rng.normal(size=400)
    town = rng.integers(12, size=400)
    y = size + noise + 3 * rng.normal(size=12)[town]
    key = {"target": y, "class": y > 1, "size": size, "town": town}[sorted_by]
    order = np.argsort(key, kind="stable")
    labels = (y > 1).astype(str) if sorted_by == "class" else y
    columns = {"size": size[order], "town": town.astype(str)[order], "noise": noise[order]}
    assert find(columns, labels[order]) is None


def test_groups_stay_together(rng):
    """Each walk is a group: what is alike within a group alone says nothing of time."""
    group, x = np.repeat(np.arange(20), 20), rng.normal(size=400)
    levels = np.repeat(3 * rng.normal(size=20), 20) + 0.1 * rng.normal(size=400)
    moments = START + np.tile(np.arange(20), 20) * DAY
    assert find({"x": x, "day": moments}, levels, groups=group) is None
    by_day = np.tile(walk(rng, 20), 20) + 0.1 * rng.normal(size=400)
    assert find({"x": x, "day": moments}, by_day, groups=group).times.name == "day"


def test_rows_count_by_their_weight(rng):
    x, steady = rng.normal(size=600), np.arange(600) % 2 == 0
    y = np.where(steady, x, walk(rng, 600))
    columns = {"x": x, "day": days(600), "steady": steady.astype(str)}
    assert find(columns, y).noticed.is_clear
    assert not find(columns, y, weight=np.where(steady, 1.0, 1e-9)).noticed.is_clear


def test_classes_that_are_new_later_cannot_be_learned_before(rng):
    x, label = rng.normal(size=300), np.where(np.arange(300) < 150, "old", "new")
    mixed = np.where(rng.random(300) < 0.5, "other", label)
    assert find({"x": x, "day": days(300)}, mixed) is None


def test_few_rows_say_nothing(rng):
    assert find({"x": rng.normal(size=39), "day": days(39)}, walk(rng, 39)) is None


def test_several_targets_and_many_classes(rng):
    x, walks = rng.normal(size=300), np.stack([walk(rng, 300), walk(rng, 300)], axis=1)
    table = to_table({"x": x, "day": days(300)})
    schema = Schema.infer(table)
    encoder = JointEncoder.fit(["a", "b"], walks, RegressionEncoder.fit)
    found = find_time_order(table, schema, encoder, encoder.matrix(walks))
    assert found.noticed.after > found.noticed.among
    states = np.floor(walk(rng, 2000) / 2).astype(int) % 30
    found = find({"x": rng.normal(size=2000), "day": days(2000)}, states.astype(str))
    assert found is None or found.noticed.metric == "log_loss"
