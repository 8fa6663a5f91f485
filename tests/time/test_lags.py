"""Columns of the past: never a value that would not be known, the same at fit and at predict."""

import json
from dataclasses import replace

import numpy as np
import pytest

from madaline._base.json_checks import Malformed
from madaline._race.time.anchors import LAST, SEASON, THETA, TREND, Anchor, Size
from madaline._race.time.history import SeriesHistory
from madaline._race.time.lags import Lags, read_lags
from madaline._race.time.past import PAST, LaggedRows, Past
from madaline._race.time.past_columns import PastColumn
from madaline._tables.table import Table
from madaline.errors import InputError

DAY = np.timedelta64(1, "D")
FIRST = np.datetime64("2026-01-01", "us")
LAGS = Lags("sales", (1, 2, 7), horizon=5, time="date", series=("store",), of_dates=True)


def stores(n_days=40, *, seed=0):
    """Return the rows of two stores, shuffled, and their sales."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(2 * n_days)
    columns = {
        "date": np.tile(FIRST + np.arange(n_days) * DAY, 2)[order],
        "store": np.repeat(np.array(["a", "b"], dtype=object), n_days)[order],
    }
    return Table.from_columns(columns), rng.normal(size=2 * n_days)[order]


def fitted(table, sales, lags=LAGS, *, seed=0, anchored=True):
    """Return the lagged rows of a table."""
    rng, times = np.random.default_rng(seed), lags.read_times(table)
    return LaggedRows.of(lags, table, sales, times, anchored=anchored, rng=rng)


def future(days, store="a", **columns):
    """Return rows of one store, so many days after the first one."""
    dates = FIRST + np.asarray(days) * DAY
    return Table.from_columns({"date": dates, "store": [store] * len(dates), **columns})


def test_later_values_change_no_bit_of_a_row():
    table, sales = stores()
    before = fitted(table, sales)
    late = table["date"] >= FIRST + 25 * DAY
    after = fitted(table, np.where(late, sales + 1e6, sales))
    early = ~late[before.rows]
    late_origin = (table["date"][before.rows] - before.steps * DAY) >= FIRST + 25 * DAY
    for name, values in before.columns.items():
        np.testing.assert_array_equal(values[early], after.columns[name][early])
        # rows whose origin is earlier see nothing of it, though they are later themselves
        np.testing.assert_array_equal(values[~late_origin], after.columns[name][~late_origin])
    assert not np.array_equal(before.columns["last known sales"], after.columns["last known sales"])


def test_a_row_is_not_made_of_its_own_value():
    table, sales = stores()
    lagged = fitted(table, sales)
    for row in range(0, 80, 7):
        changed = sales.copy()
        changed[row] += 1
        own = lagged.rows == row
        again = fitted(table, changed).columns
        for name, values in lagged.columns.items():
            np.testing.assert_array_equal(values[own], again[name][own])


def test_values_are_those_of_the_rows_before():
    table = Table.from_columns({"date": FIRST + np.arange(30) * DAY})
    sales = np.arange(30.0) ** 2
    lags = Lags("sales", (1, 7), horizon=10, time="date", of_dates=True)
    lagged = fitted(table, sales, lags)
    row, steps = lagged.rows, lagged.steps
    last = (row - steps) ** 2.0
    np.testing.assert_array_equal(lagged.columns["last known sales"], last)
    season = row - 7 * np.ceil(steps / 7)
    np.testing.assert_array_equal(
        lagged.columns["sales 7 rows before"], np.where(season >= 0, season**2 - last, np.nan)
    )
    earlier = np.where(row - steps >= 1, last - (row - steps - 1.0) ** 2, np.nan)
    np.testing.assert_array_equal(lagged.columns["1-row change of sales"], earlier)
    latest = [np.mean(sales[max(o - 6, 0) : o + 1]) for o in row - steps]
    np.testing.assert_allclose(lagged.columns["7-row mean of sales"], latest - last)
    np.testing.assert_array_equal(lagged.columns["steps ahead"], steps)
    assert set(steps) == set(range(1, 11))


@pytest.mark.parametrize("horizon", [1, 5])
def test_new_rows_get_what_rows_learned_from_got(horizon):
    table, sales = stores(60)
    lags = Lags("sales", (1, 2, 7), horizon, "date", ("store",), of_dates=True)
    early = table["date"] < FIRST + 50 * DAY
    known = lags.read_series(table), lags.read_times(table), sales[:, None]
    history, _ = SeriesHistory.of(*(part[early] for part in known), of_classes=[False])
    for seed in range(8):
        whole = fitted(table, sales, lags, seed=seed)
        past = Past(whole.past.lags, history.latest(whole.past.lags.n_kept))
        for day in (50, 51):
            row = np.flatnonzero((table["date"] == FIRST + day * DAY) & (table["store"] == "b"))[0]
            steps = whole.steps[whole.rows == row][0]
            if day - steps != 49:  # the last known value is another one
                continue
            made = past.add(future(np.arange(50, day + 1), "b"))
            for name in past.lags.names:
                was = whole.columns[name][whole.rows == row][0]
                np.testing.assert_array_equal(made[name][-1], was)


def test_rows_may_hold_known_values_themselves():
    table, sales = stores()
    lagged = fitted(table, sales)
    rows = future([40, 41, 42, 43], sales=[3.0, 5.0, None, None])
    made = lagged.past.add(rows)
    np.testing.assert_array_equal(made["steps ahead"], [1, 1, 1, 2])
    np.testing.assert_array_equal(made["last known sales"][1:], [3, 5, 5])
    other = lagged.past.add(future([40, 41, 42, 43], sales=[3.0, 5.0, 1e9, 1e9]))
    np.testing.assert_array_equal(other["last known sales"][:3], made["last known sales"][:3])


def test_later_values_correct_those_that_are_kept():
    table, sales = stores()
    past = fitted(table, sales).past
    made = past.add(future([39, 40], sales=[7.0, None]))
    np.testing.assert_array_equal(made["last known sales"][1], 7)
    joined = past.joined(future([38, 39], sales=[None, 7.0]))
    assert joined.kept.n_points == past.kept.n_points
    again = joined.add(future([40]))
    for name in past.lags.names:
        np.testing.assert_array_equal(again[name][0], made[name][1])


def test_the_order_of_new_rows_does_not_matter():
    table, sales = stores()
    lagged = fitted(table, sales)
    rows = future([42, 40, 43, 41])
    made = lagged.past.add(rows)
    np.testing.assert_array_equal(made["steps ahead"], [3, 1, 4, 2])
    np.testing.assert_array_equal(fitted(table, sales).columns["steps ahead"], lagged.steps)
    for name in lagged.past.lags.names:
        again = lagged.past.add(rows.take([1, 3, 0, 2]))[name]
        np.testing.assert_array_equal(again, made[name][[1, 3, 0, 2]])


def test_one_row_further_ahead_counts_the_days_between():
    table, sales = stores()
    lagged = fitted(table, sales)
    made = lagged.past.add(future([43]))
    np.testing.assert_array_equal(made["steps ahead"], [4])
    far = lagged.past.add(future([140]))
    np.testing.assert_array_equal(far["steps ahead"], [5])  # the horizon: none learned from more


def test_weekends_without_rows_are_no_missing_days():
    days = np.arange(60)
    weekdays = days[(days + 3) % 7 < 5]  # 2026 began on a Thursday
    table = Table.from_columns({"date": FIRST + weekdays * DAY})
    lags = Lags("sales", (1, 5), horizon=5, time="date", of_dates=True)
    lagged = fitted(table, np.arange(float(len(weekdays))), lags)
    later = np.arange(60, 70)
    later = later[(later + 3) % 7 < 5][:5]
    made = lagged.past.add(future(later))
    np.testing.assert_array_equal(made["steps ahead"], [1, 2, 3, 4, 5])


def test_months_are_steps_of_different_lengths():
    months = np.arange("2020-01", "2024-01", dtype="datetime64[M]").astype("datetime64[us]")
    table = Table.from_columns({"date": months})
    lags = Lags("sales", (1, 12), horizon=6, time="date", of_dates=True)
    lagged = fitted(table, np.arange(48.0), lags)
    row = Table.from_columns({"date": [np.datetime64("2024-03-01", "us")]})
    np.testing.assert_array_equal(lagged.past.add(row)["steps ahead"], [3])


def test_rows_of_the_same_time_share_a_mean_and_do_not_see_each_other():
    table = Table.from_columns({"date": FIRST + np.repeat(np.arange(20), 3) * DAY})
    sales = np.tile([1.0, 2.0, 6.0], 20) + np.repeat(np.arange(20), 3)
    lags = Lags("sales", (1,), time="date", of_dates=True)
    lagged = fitted(table, sales, lags)
    day = lagged.rows // 3
    np.testing.assert_array_equal(lagged.columns["last known sales"], 3.0 + day - 1)


def test_a_series_that_is_new_has_no_past():
    table, sales = stores()
    lagged = fitted(table, sales)
    made = lagged.past.add(future([40, 41], "c"))
    assert np.isnan(made["last known sales"]).all()
    np.testing.assert_array_equal(lagged.past.lags.anchors(made), [lagged.past.lags.typical] * 2)
    told = lagged.past.add(future([40, 41], "c", sales=[7.0, None]))
    np.testing.assert_array_equal(told["last known sales"], [np.nan, 7.0])


def test_rows_in_order_need_no_column_of_times():
    lags = Lags("sales", (1, 2), horizon=2)
    rows = Table.from_columns({"price": np.arange(30.0)})
    lagged = fitted(rows, np.arange(30.0) ** 2, lags)
    made = lagged.past.add(rows.take(slice(3)))
    np.testing.assert_array_equal(made["last known sales"], [29.0**2] * 3)
    np.testing.assert_array_equal(made["steps ahead"], [1, 2, 2])


def test_missing_values_in_between_are_passed_over():
    table, sales = stores()
    lagged = fitted(table, sales)
    rows = future([40, 41, 42, 43], sales=[3.0, None, 5.0, None])
    made = lagged.past.add(rows)
    np.testing.assert_array_equal(made["last known sales"][1:], [3, 3, 5])
    np.testing.assert_array_equal(made["steps ahead"], [1, 1, 2, 1])


def test_lags_of_classes_are_their_labels_and_shares():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 2, 50).astype(np.float64)
    lags = Lags("rain", (1, 7), 3, "date", of_dates=True, classes=("no", "yes"))
    table = Table.from_columns({"date": FIRST + np.arange(50) * DAY})
    lagged = fitted(table, codes, lags)
    origins = lagged.rows - lagged.steps
    labels = np.array(["no", "yes"], dtype=object)[codes.astype(int)]
    assert list(lagged.columns["last known rain"]) == list(labels[origins])
    shares = [np.mean(codes[max(o - 6, 0) : o + 1]) for o in origins]
    np.testing.assert_allclose(lagged.columns["7-row share of rain yes"], shares)
    made = lagged.past.add(future([50, 51], rain=["yes", None]))
    assert list(made["last known rain"]) == [labels[-1], "yes"]


def test_the_anchor_is_what_comes_closest():
    table = Table.from_columns({"date": FIRST + np.arange(200) * DAY})
    rng, day = np.random.default_rng(0), np.arange(200)
    lags = Lags("sales", (1, 7), horizon=7, time="date", of_dates=True)
    season = 10 * np.sin(2 * np.pi * day / 7)
    walk = np.cumsum(rng.normal(size=200))
    assert fitted(table, walk, lags).past.lags.anchor.kind == LAST
    assert fitted(table, season + rng.normal(size=200), lags).past.lags.anchor == Anchor(SEASON, 7)
    trending = fitted(table, season + 3 * day, lags)
    assert trending.past.lags.anchor == Anchor(TREND, 7)
    anchors = trending.past.lags.anchors(trending.columns)
    later = trending.rows >= 14
    np.testing.assert_allclose(anchors[later], (season + 3 * day)[trending.rows[later]])


def test_the_past_comes_back_from_a_file():
    table, sales = stores()
    past = fitted(table, sales).past
    state, arrays = past.to_state()
    state = json.loads(json.dumps(state))
    PAST(state)
    again = Past.from_state(state, arrays)
    assert again.lags == past.lags
    assert again.kept.n_points == 2 * LAGS.n_kept
    for name in LAGS.names:
        made = again.add(future([40, 41]))[name]
        np.testing.assert_array_equal(made, past.add(future([40, 41]))[name])


@pytest.mark.parametrize("damage", ["starts", "times", "values"])
def test_a_damaged_past_is_refused(damage):
    state, arrays = fitted(*stores()).past.to_state()
    broken = {"starts": arrays["starts"][::-1], "times": arrays["times"] * np.nan}
    broken["values"] = arrays["values"][1:]
    with pytest.raises(Malformed):
        Past.from_state(state, arrays | {damage: broken[damage]})


def test_times_must_be_there():
    table, sales = stores()
    dates = table["date"].copy()
    dates[5] = np.datetime64("NaT", "us")
    with pytest.raises(InputError, match="time 'date' is missing in row 5"):
        fitted(table.replaced({"date": dates}), sales)
    lagged = fitted(table, sales)
    with pytest.raises(InputError, match="The rows lack 'store'"):
        lagged.past.add(future([40]).drop(["store"]))


def test_series_of_one_row_each_have_no_past():
    table = Table.from_columns({"date": [FIRST] * 5, "store": list("abcde")})
    with pytest.raises(InputError, match="no series has two"):
        fitted(table, np.arange(5.0))


OTHERS = (PastColumn("visits"), PastColumn("sky", ("clear", "cloud")))


def visited(n_days=40):
    """Return the rows of two stores with visits and the sky, which are not known in advance."""
    table, sales = stores(n_days)
    rng = np.random.default_rng(5)
    sky = np.array(["clear", "cloud"], dtype=object)[rng.integers(0, 2, len(sales))]
    return table.replaced({"visits": rng.normal(size=len(sales)), "sky": sky}), sales


@pytest.mark.parametrize("gap", [0, 2])
def test_later_values_of_other_columns_change_no_bit_of_a_row(gap):
    lags = replace(LAGS, others=OTHERS, gap=gap)
    table, sales = visited()
    before = fitted(table, sales, lags)
    late = table["date"] >= FIRST + 25 * DAY
    changed = {
        "visits": np.where(late, table["visits"] + 1e6, table["visits"]),
        "sky": np.where(late, "cloud", table["sky"]).astype(object),
    }
    after = fitted(table.replaced(changed), np.where(late, sales + 1e6, sales), lags)
    late_origin = (table["date"][before.rows] - before.steps * DAY) >= FIRST + 25 * DAY
    assert set(before.steps) == set(range(gap + 1, 6))
    for name, values in before.columns.items():
        np.testing.assert_array_equal(values[~late_origin], after.columns[name][~late_origin])
    for name in ("last known visits", "7-row share of sky cloud"):
        assert not np.array_equal(before.columns[name], after.columns[name])


@pytest.mark.parametrize("gap", [0, 2])
def test_new_rows_get_the_past_of_other_columns(gap):
    lags = replace(LAGS, others=OTHERS, gap=gap)
    table, sales = visited(60)
    early = table["date"] < FIRST + 50 * DAY
    past = fitted(table.take(early), sales[early], lags).past
    own = np.flatnonzero(table["store"] == "b")
    own = own[np.argsort(table["date"][own])]
    for day in range(50, 55):
        made = past.add(table.take(own[50 : day + 1]))
        origin = min(49, day - gap - 1)
        np.testing.assert_array_equal(made["last known visits"][-1], table["visits"][own[origin]])
        assert made["last known sky"][-1] == table["sky"][own[origin]]
        assert made["steps ahead"][-1] == day - origin
        share = np.mean(table["sky"][own[origin - 6 : origin + 1]] == "cloud")
        np.testing.assert_allclose(made["7-row share of sky cloud"][-1], share)
    # what the rows themselves hold is known once their target is
    rows = table.take(own[50:54])
    known = rows.replaced({"sales": np.array([1.0, 2, 3, np.nan])})
    expected = rows["visits"][2 - gap]
    np.testing.assert_array_equal(past.add(known)["last known visits"][-1], expected)


def test_rows_of_an_update_see_nothing_later():
    table, sales = visited(60)
    early = table["date"] < FIRST + 30 * DAY
    past = fitted(table.take(early), sales[early], replace(LAGS, others=OTHERS, gap=1)).past
    rows = table.take(~early).replaced({"sales": sales[~early]})
    late = rows["date"] >= FIRST + 45 * DAY
    changed = {name: np.where(late, rows[name] + 1e6, rows[name]) for name in ("sales", "visits")}
    before, after = past.go_on(rows, np.random.default_rng(0))
    again, _ = past.go_on(rows.replaced(changed), np.random.default_rng(0))
    steps = before["steps ahead"].astype(int)
    assert set(steps) == {2, 3, 4, 5}
    seen = rows["date"] - steps * DAY < FIRST + 45 * DAY
    for name in past.lags.names:
        np.testing.assert_array_equal(before[name][seen], again[name][seen])
    by_day = {
        (store, date): row
        for row, (store, date) in enumerate(zip(table["store"], table["date"], strict=True))
    }
    origins = [by_day[one] for one in zip(rows["store"], rows["date"] - steps * DAY, strict=True)]
    np.testing.assert_array_equal(before["last known sales"], sales[origins])
    np.testing.assert_array_equal(before["last known visits"], table["visits"][origins])
    assert after.kept.n_points == 2 * past.lags.n_kept
    assert after.kept.times.max() == table["date"].max().astype(np.int64) / 1e6


def test_the_past_of_several_columns_comes_back_from_a_file():
    table, sales = visited()
    past = fitted(table, sales, replace(LAGS, others=OTHERS)).past
    state, arrays = past.to_state()
    state = json.loads(json.dumps(state))
    PAST(state)
    rows = future([40, 41])
    for name, values in past.add(rows).columns.items():
        np.testing.assert_array_equal(Past.from_state(state, arrays).add(rows)[name], values)
    with pytest.raises(Malformed):
        Past.from_state(state, arrays | {"values": arrays["values"][:, :2]})


@pytest.mark.parametrize("lags", [0, [1, 0], "1", [1.5], [], [True], None])
def test_lags_are_numbers_of_rows(lags):
    with pytest.raises(InputError, match="lags is"):
        read_lags(lags)


def test_series_of_different_sizes_are_divided_by_what_was_known():
    table, sales = stores()
    large = table["store"] == "b"
    sales = np.where(large, 1e6, 1.0) * (10 + sales)
    lagged = fitted(table, sales)
    lags, columns = lagged.past.lags, lagged.columns
    assert lags.size.n_rows == 21
    sizes = lags.sizes(columns)
    of_large = large[lagged.rows]
    np.testing.assert_allclose(sizes[of_large].mean() / sizes[~of_large].mean(), 1e6, rtol=0.1)
    assert np.abs(columns["last known sales"]).max() < 20
    # what was divided is multiplied again
    learned = lags.differences(sales[lagged.rows], columns)
    np.testing.assert_allclose(learned * sizes + lags.anchors(columns), sales[lagged.rows])
    last = np.round(lags.naive(Table(columns), 1), 6)
    assert np.isin(last, np.round(sales, 6)).all()
    # the first changes of a series do not tell its size
    days = (table["date"][lagged.rows] - FIRST) // DAY
    assert (days - lagged.steps).min() == 7 + 2
    assert lagged.past.lags == Lags.from_json(json.loads(json.dumps(lags.to_json())))


def test_a_series_of_zeros_has_the_size_of_a_small_one():
    size = Size.of(8, np.array([0.0, np.nan, *np.arange(1.0, 200)]))
    assert (size.typical, size.small) == (100, 3)
    np.testing.assert_array_equal(size.read(np.array([0.0, np.nan, 7.0])), [3, 100, 7])
    assert Size.of(8, np.zeros(3)).read(np.zeros(1)).tolist() == [1]


def test_series_of_which_little_is_known_are_learned_nevertheless():
    table, sales = stores(3)
    sales = np.where(table["store"] == "b", 1e6, 1.0) * (10 + sales)
    lags = replace(LAGS, rows=(1,), horizon=1)
    assert len(fitted(table, sales, lags).rows) == 4


def rising(n_years=12):
    """Return the months of a shop whose sales rise and have a season, and its sales."""
    months = np.arange(12 * n_years)
    season = 1 + 0.4 * np.sin(2 * np.pi * months / 12)
    noise = np.random.default_rng(0).normal(1, 0.1, len(months))
    return Table.from_columns({"row": months}), (100 + months) * season * noise


def test_theta_is_the_anchor_where_it_comes_closest():
    table, sales = rising()
    lags = fitted(table, sales, Lags("sales", (1, 12), horizon=12)).past.lags
    assert (lags.anchor.kind, lags.theta.season) == (THETA, 12)


def test_theta_is_left_out_where_too_much_would_be_kept(monkeypatch):
    table, sales = rising()
    monkeypatch.setattr("madaline._race.time.lags.MAX_KEPT_VALUES", 90)
    lags = fitted(table, sales, Lags("sales", (1, 12), horizon=12)).past.lags
    assert (lags.theta.season, lags.n_kept) == (1, 33)
    monkeypatch.setattr("madaline._race.time.lags.MAX_KEPT_VALUES", 30)
    lags = fitted(table, sales, Lags("sales", (1, 12), horizon=12)).past.lags
    assert (lags.theta.season, lags.n_kept) == (0, 25)


def test_a_missing_week_does_not_shift_the_season():
    table, sales = stores(60)
    there = table["date"] < FIRST + 20 * DAY
    there |= table["date"] >= FIRST + 27 * DAY
    by_day = {
        key: value
        for *key_, value in zip(table["store"], table["date"], sales, strict=True)
        for key in [tuple(key_)]
    }
    lags = replace(LAGS, rows=(1, 7))
    lagged = fitted(table.take(there), sales[there], lags)
    rows, columns = table.take(there).take(lagged.rows), lagged.columns
    assert lagged.past.lags.calendar.unit == "days"
    assert lagged.steps.max() == LAGS.horizon
    size = lagged.past.lags.sizes(columns)
    size = 1.0 if size is None else size
    origins = rows["date"] - lagged.steps * DAY
    for row in range(0, len(lagged.rows), 5):
        store = rows["store"][row]
        last = by_day[store, origins[row]]  # the value known is that so many days before
        assert np.ravel(columns["last known sales"] * size)[row] == pytest.approx(last)
        season = rows["date"][row] - 7 * DAY
        missing = FIRST + 20 * DAY <= season < FIRST + 27 * DAY
        season = season - 7 * DAY * missing
        if season >= FIRST:
            change = np.ravel(columns["sales 7 rows before"] * size)[row]
            assert change == pytest.approx(by_day[store, season] - last)
