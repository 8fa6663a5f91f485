"""Orders that rows may have in time: which columns tell one, and what other orders look like."""

from __future__ import annotations

import numpy as np
import pytest

from madaline._race.time.orders import find_series, row_orders, shows_time
from madaline._race.time.stretches import ROW_ORDER
from madaline._race.time.told_times import read_moments, read_parts, told_orders
from madaline._tables.schema import Schema
from madaline._tables.table import Table

START = np.datetime64("2020-01-01", "us")
N_ROWS = 240


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def target(rng) -> np.ndarray:
    return rng.normal(size=(N_ROWS, 1))


def orders(columns, target, groups=None):
    table = Table.from_columns(columns)
    schema = Schema.infer(table)
    return row_orders(schema.read(table), schema, target, groups)


def names_of(found):
    return [order.times.name for order in found]


def names(columns, target, groups=None):
    return names_of(orders(columns, target, groups))


def test_dates_in_order_are_the_only_order(target):
    days = START + np.arange(N_ROWS) * np.timedelta64(1, "D")
    for given in (days, days[::-1], days.astype("M8[D]").astype(str)):
        (order,) = orders({"day": given, "x": target[:, 0]}, target)
        assert (order.times.name, order.is_told, order.is_sorted) == ("day", True, True)
        assert np.ptp(order.times.values) == (N_ROWS - 1) * 86_400


@pytest.mark.parametrize("share", [0.3, 0.6])
@pytest.mark.parametrize("kind", ["dates", "months", "numbers"])
def test_times_may_be_missing_in_half_of_the_rows(rng, target, kind, share):
    days = START + np.arange(N_ROWS) * np.timedelta64(1, "D")
    missing = rng.random(N_ROWS) < share
    given = {
        "dates": np.where(missing, np.datetime64("NaT", "D"), days),
        "months": np.array([str(day) for day in days.astype("M8[M]")], object),
        "numbers": np.where(missing, np.nan, np.arange(N_ROWS, dtype=float)),
    }[kind]
    if kind == "months":
        given[missing] = None
    found = orders({"day": given, "x": target[:, 0]}, target)
    (order,) = found
    if share > 0.5:
        assert order.times.name == ROW_ORDER
    else:
        assert (order.times.name, order.is_sorted) == ("day", True)
        assert np.array_equal(np.isnan(order.times.values), missing)


def test_dates_in_another_order_stand_beside_the_order_of_the_rows(rng, target):
    days = START + rng.permutation(N_ROWS) * np.timedelta64(1, "D")
    found = orders({"day": days, "birthday": days[::-1]}, target)
    assert [order.times.name for order in found] == ["day", ROW_ORDER]
    assert not found[0].is_sorted


def test_parts_of_dates_make_dates(rng, target):
    month, day = np.repeat(np.arange(1, 9), 30), np.tile(np.arange(1, 31), 8)
    columns = {"Month": month.astype(float), "day": day.astype(float), "x": target[:, 0]}
    (order,) = orders(columns, target)
    assert order.times.name == "Month, day"
    assert order.times.values[31] - order.times.values[0] == 32 * 86_400  # 2 February
    shuffled = rng.permutation(N_ROWS)
    mixed = {name: values[shuffled] for name, values in columns.items()}
    assert names(mixed, target) == ["Month, day", ROW_ORDER]
    del mixed["day"]  # many tables have months: they are no dates unless rows are sorted by them
    assert names(mixed, target) == [ROW_ORDER]


def test_years_and_quarters(target):
    year, quarter = np.repeat(np.arange(1950, 2010), 4), np.tile(np.arange(1, 5), 60)
    (order,) = orders({"year": year.astype(float), "quarter": quarter.astype(float)}, target)
    assert order.times.name == "year, quarter"
    assert order.times.values[0] == (np.datetime64("1950-01-01", "s")).astype(float)


def test_whole_numbers_that_are_months(target):
    months = 100.0 * (1990 + np.arange(N_ROWS) // 12) + 1 + np.arange(N_ROWS) % 12
    (order,) = orders({"period": months, "x": target[:, 0]}, target)
    assert order.times.values[12] == (np.datetime64("1991-01-01", "s")).astype(float)
    assert names({"amount": months + 50, "x": target[:, 0]}, target) == []


def test_whole_numbers_that_are_dates(target):
    days = np.arange("2020-01-01", "2020-08-28", dtype="M8[D]")
    numbers = [float(str(day).replace("-", "")) for day in days]
    (order,) = orders({"when": numbers, "x": target[:, 0]}, target)
    assert order.times.of_dates
    assert np.array_equal(np.diff(order.times.values), np.full(N_ROWS - 1, 86_400))


@pytest.mark.parametrize(
    "write",
    [
        "{year}-{month:02d}",
        "{year}Q{quarter}",
        "Q{quarter}/{year}",
        "{name} {year}",
        "{month}/{year}",
    ],
)
def test_texts_of_months_and_quarters(rng, target, write):
    """They are read as names, or left out as identifiers, but tell the order in time."""
    months = np.arange(N_ROWS)
    names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    texts = [
        write.format(
            year=1970 + month // 12,
            month=month % 12 + 1,
            quarter=month % 12 // 3 + 1,
            name=names[month % 12],
        )
        for month in months.tolist()
    ]
    (order,) = orders({"when": texts, "x": target[:, 0]}, target)
    assert order.times.of_dates
    year = (np.datetime64("1971-01-01", "s")).astype(float)
    assert order.times.values[12] == year
    mixed = rng.permutation(np.array(texts, object))
    assert names_of(orders({"when": mixed, "x": target[:, 0]}, target)) == ["when", ROW_ORDER]
    mixed[7:60:9] = [f"some day {number}" for number in range(6)]
    assert names_of(orders({"when": mixed, "x": target[:, 0]}, target)) == [ROW_ORDER]


def test_parts_of_dates_are_read_from_other_tables(target):
    table = Table.from_columns({"Year": [1970.0, 1971.0], "month": [2.0, 1.0], "x": [1.0, 2.0]})
    months = np.tile(np.arange(1.0, 13), 2)
    learned = Table.from_columns({"Year": np.repeat([1970.0, 1971], 12), "month": months})
    (order,) = told_orders(learned, Schema.infer(learned))
    assert np.array_equal(read_parts(order.times.name, table), [31 * 86_400, 365 * 86_400])
    assert read_parts("Year, month", Table.from_columns({"Year": [1970.0]})) is None
    assert (
        read_parts("Year, month", Table.from_columns({"Year": [1970.0], "month": [13.0]})) is None
    )
    assert read_parts("Year, x", table) is None


def test_years_count_in_series_but_not_in_random_order(rng, target):
    """The year of a used car is no time of a row."""
    years = np.tile(np.arange(2000.0, 2012.0), 20)
    series = np.repeat([f"s{number}" for number in range(20)], 12)
    assert names({"year": years, "series": series}, target) == ["year"]
    shuffled = rng.permutation(N_ROWS)
    assert names({"year": years[shuffled], "series": series[shuffled]}, target) == [ROW_ORDER]


def test_numbers_named_like_times_count_where_rows_are_sorted_by_them(rng, target):
    numbers = np.sort(rng.exponential(size=N_ROWS)).cumsum()
    assert names({"julian_day": numbers, "x": target[:, 0]}, target) == ["julian_day"]
    assert names({"price": numbers, "x": target[:, 0]}, target) == []
    assert names({"julian_day": rng.permutation(numbers)}, target) == [ROW_ORDER]


def test_steady_growth_is_no_sorting(rng, target):
    people = 1000 + np.arange(N_ROWS) + 0.3 * rng.random(N_ROWS)
    assert names({"people": people, "x": target[:, 0]}, target) == [ROW_ORDER]
    assert names({"index": np.arange(float(N_ROWS)), "x": target[:, 0]}, target) == [ROW_ORDER]


def test_blocks_are_no_order_of_time(rng, target):
    x, blocks = rng.normal(size=N_ROWS), np.repeat(np.arange(12), 20)
    assert names({"x": x}, target) == [ROW_ORDER]
    assert names({"x": x}, target, groups=blocks) == []
    assert names({"x": x, "town": blocks.astype(str)}, target) == []
    assert names({"x": x}, np.sort(target, axis=0)) == []
    assert names({"x": x}, np.eye(12)[blocks]) == []
    assert names({"x": x}, (blocks[:, None] > 5).astype(float)) == []
    assert names({"x": x}, np.eye(12)[rng.permutation(blocks)]) == [ROW_ORDER]


@pytest.mark.parametrize(
    ("runs_like_time", "make"),
    [
        (True, lambda rows, rng: np.sin(rows * 2 * np.pi / 12) + 0.5 * rng.normal(size=N_ROWS)),
        (True, lambda rows, rng: (rows % 7 == 0).astype(float)),
        (True, lambda rows, rng: np.random.default_rng(3).normal(size=N_ROWS).cumsum()),
        (False, lambda rows, rng: rng.normal(size=N_ROWS)),
        (False, lambda rows, rng: rows + 0.3 * rng.random(N_ROWS)),
        (False, lambda rows, rng: rng.normal(size=12)[rows // 20] + 0.1 * rng.normal(size=N_ROWS)),
        (False, lambda rows, rng: (rows % 5).astype(float)),
    ],
)
def test_periods_and_paths_show_time(rng, target, runs_like_time, make):
    table = Table.from_columns({"x": make(np.arange(N_ROWS), rng)})
    noise = np.zeros((N_ROWS, 1))
    assert shows_time(table, Schema.infer(table), noise) is runs_like_time


def test_moments_of_other_tables_are_read_as_those_of_the_fit() -> None:
    columns = {
        "number": [20261129.0, None, 20261130.0],
        "month": ["2026-11", None, "2026-12"],
        "date": np.array(["2026-11-29", "NaT", "2026-11-30"], "datetime64[us]"),
        "text": ["2026-11-29", None, "2026-11-30"],
        "other": ["a", "b", "c"],
        "size": [1.0, 2.0, 3.0],
    }
    table = Table.from_columns(columns)
    day, month = 86_400, np.array(["2026-11", "2026-12"], "datetime64[s]").astype(float)
    for name in ("number", "date", "text"):
        moments = read_moments(name, table)
        assert moments[2] - moments[0] == day
        assert moments[0] == np.datetime64("2026-11-29", "s").astype(float)
        assert np.isnan(moments[1])
    assert np.array_equal(read_moments("month", table)[[0, 2]], month)
    assert read_moments("other", table) is None
    assert read_moments("nowhere", table) is None


def test_series_have_one_row_at_a_time():
    rng = np.random.default_rng(0)
    years, states = np.repeat(np.arange(1990.0, 2002), 6), ["NY", "LA", "UT", "WA", "OR", "ME"] * 12
    region = ["east", "south", "west", "west", "west", "east"] * 12
    columns = {"year": years, "region": region, "state": states, "x": rng.normal(size=72)}
    table = Table.from_columns(columns)
    assert find_series(years, table, Schema.infer(table)) == ("state",)
    days = np.arange(72.0)
    assert find_series(days, table, Schema.infer(table)) == ()  # there is nothing to tell apart
    table = Table.from_columns({name: columns[name] for name in ("year", "region", "x")})
    assert find_series(years, table, Schema.infer(table)) == ()
