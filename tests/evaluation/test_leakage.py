from __future__ import annotations

import numpy as np
import pytest

from madaline._race.evaluation.leakage import Leak, find_leaks, join_leaks
from madaline._tables.table import Table


@pytest.fixture
def honest():
    """Two columns that tell a price well, and one that tells nothing; the price and its class."""
    rng = np.random.default_rng(0)
    size, age = rng.lognormal(4, 0.5, 600), rng.uniform(0, 80, 600)
    price = size * np.exp(-age / 50) * rng.lognormal(0, 1, 600)
    columns = {
        "size": size,
        "age": np.where(rng.random(600) < 0.1, np.nan, age),
        "color": rng.choice(["red", "blue", None], 600).astype(object),
    }
    return columns, price, np.digitize(price, np.quantile(price, [0.3, 0.9]))


NUMBER_LEAKS = {
    "a copy": lambda price, rng: price,
    "little noise": lambda price, rng: price + 0.01 * price.std() * rng.normal(size=600),
    "another unit": lambda price, rng: -32 - 1.8 * price,
    "a monotone function": lambda price, rng: np.exp(price / price.max()),
}

CLASS_LEAKS = {
    "a copy": lambda codes, rng: codes.astype(float),
    "little noise": lambda codes, rng: codes + 0.01 * rng.normal(size=600),
    "recoded": lambda codes, rng: np.array(["x", "a", "m"], object)[codes],
    "finer than the classes": lambda codes, rng: 3.0 * codes + rng.integers(0, 3, 600),
    "moments": lambda codes, rng: np.datetime64("2026-01-01", "us") + codes,
}


@pytest.mark.parametrize("name", list(NUMBER_LEAKS))
def test_a_column_that_gives_a_number_away_is_found(name, honest):
    columns, price, _ = honest
    planted = NUMBER_LEAKS[name](price, np.random.default_rng(1))
    table = Table.from_columns({**columns, "leak": planted})
    (leak,) = find_leaks(table, table.names, price, classes=False)
    assert leak.column == "leak"
    assert leak.others < 0.95 < leak.explained
    assert "leave it out" in str(leak)


@pytest.mark.parametrize("name", list(CLASS_LEAKS))
def test_a_column_that_gives_a_class_away_is_found(name, honest):
    columns, _, codes = honest
    table = Table.from_columns(
        {**columns, "leak": CLASS_LEAKS[name](codes, np.random.default_rng(1))}
    )
    (leak,) = find_leaks(table, table.names, codes, classes=True)
    assert leak.column == "leak"
    assert leak.others < 0.95 < leak.explained


def test_honest_columns_are_no_leaks(honest):
    columns, price, codes = honest
    table = Table.from_columns(columns)
    assert find_leaks(table, table.names, price, classes=False) == ()
    assert find_leaks(table, table.names, codes, classes=True) == ()


def test_columns_that_tell_everything_only_together_are_no_leaks():
    rng = np.random.default_rng(0)
    table = Table.from_columns({name: rng.integers(0, 4, 800) for name in "abc"})
    total = np.sum([table[name] for name in "abc"], axis=0)
    assert find_leaks(table, table.names, total, classes=False) == ()
    assert find_leaks(table, table.names, (total > 4).astype(int), classes=True) == ()


def test_what_the_others_tell_as_well_is_no_leak(honest):
    """Where the task is easy, every column may tell it alone."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 2, 300)
    table = Table.from_columns(
        {
            name: 20.0 * codes + rng.normal(size=300) + (rng.random(300) < 0.04) * 20
            for name in "abc"
        }
        | {"d": 20.0 * codes + rng.normal(size=300)}
    )
    assert find_leaks(table, table.names, codes, classes=True) == ()


def test_two_leaks_do_not_hide_each_other(honest):
    columns, price, _ = honest
    table = Table.from_columns({**columns, "first": price, "second": -price})
    leaks = find_leaks(table, table.names, price, classes=False)
    assert [leak.column for leak in leaks] == ["first", "second"]


def test_a_rare_class_is_given_away_only_if_its_rows_are():
    """A constant is right in 99 of 100 rows, which tells nothing."""
    rng = np.random.default_rng(0)
    codes = (np.arange(2000) % 100 == 0).astype(int)
    table = Table.from_columns({"noise": rng.normal(size=2000), "other": rng.normal(size=2000)})
    assert find_leaks(table, table.names, codes, classes=True) == ()
    table = Table.from_columns({"noise": rng.normal(size=2000), "leak": codes + 0.5})
    assert [one.column for one in find_leaks(table, table.names, codes, classes=True)] == ["leak"]


@pytest.mark.parametrize("n_rows", [1, 2, 59])
def test_few_rows_tell_nothing_of_leaks(n_rows):
    target = np.arange(float(n_rows))
    table = Table.from_columns({"a": target, "b": target**2 % 7})
    assert find_leaks(table, table.names, target, classes=False) == ()


def test_a_single_column_is_what_was_asked_for(honest):
    _, price, _ = honest
    table = Table.from_columns({"size": price})
    assert find_leaks(table, table.names, price, classes=False) == ()


def test_large_tables_are_evaluated_on_a_part(honest):
    rng = np.random.default_rng(0)
    target = rng.normal(size=30_000)
    table = Table.from_columns({"a": rng.normal(size=30_000), "leak": np.tanh(target)})
    assert [one.column for one in find_leaks(table, table.names, target, classes=False)] == ["leak"]


def test_rows_of_a_group_that_are_alike_give_nothing_away():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(80), 5)
    target = rng.normal(size=80)[groups]
    table = Table.from_columns({"same": rng.normal(size=80)[groups], "own": rng.normal(size=400)})
    assert find_leaks(table, table.names, target, classes=False, groups=groups) == ()
    assert [one.column for one in find_leaks(table, table.names, target, classes=False)] == ["same"]


def test_columns_that_all_tell_the_target_are_no_leaks(honest):
    _, price, _ = honest
    table = Table.from_columns({"size": price, "weight": 3 * price})
    assert find_leaks(table, table.names, price, classes=False) == ()


@pytest.mark.parametrize("classes", [False, True])
def test_a_constant_is_not_given_away(classes, honest):
    table = Table.from_columns(honest[0])
    assert find_leaks(table, table.names, np.full(600, 7), classes=classes) == ()


PARTS = {
    "sum": lambda price, rng: {"one": price * rng.random(600), "other": None},
    "difference": lambda price, rng: {
        "one": price + (other := rng.normal(0, 300, 600)),
        "other": other,
    },
    "ratio": lambda price, rng: {
        "one": price * (other := rng.lognormal(0, 2, 600)),
        "other": other,
    },
    "bounds": lambda price, rng: {
        "one": price - 9 * rng.random(600),
        "other": price + 9 * rng.random(600),
    },
}


@pytest.mark.parametrize("form", list(PARTS))
def test_two_columns_that_give_a_number_away_together_are_found(form, honest):
    columns, price, _ = honest
    planted = PARTS[form](price, np.random.default_rng(1))
    if form == "sum":
        planted["other"] = price - planted["one"]
    table = Table.from_columns({**columns, **planted})
    (leak,) = find_leaks(table, table.names, price, classes=False)
    assert (leak.form, sorted(leak.columns), leak.grade) == (form, ["one", "other"], "certain")
    assert "one" in str(leak)
    assert "other" in str(leak)


def test_several_columns_that_add_up_to_a_number_are_found(honest):
    columns, price, _ = honest
    first, second = np.random.default_rng(1).normal(0, 50, size=(2, 600))
    parts = {"first": first, "second": second, "third": price - first - second}
    table = Table.from_columns({**columns, **parts})
    (leak,) = find_leaks(table, table.names, price, classes=False)
    assert (leak.form, sorted(leak.columns)) == ("linear", ["first", "second", "third"])


@pytest.mark.parametrize("classes", [False, True])
def test_a_code_that_is_filled_with_the_outcome_is_suspicious(classes, honest):
    columns, price, codes = honest
    rng = np.random.default_rng(1)
    outcome = codes == 0
    filled = np.where(outcome, rng.random(600) < 0.97, rng.random(600) < 0.005)
    code = np.where(filled, rng.choice(["A", "B", "C"], 600).astype(object), None)
    table = Table.from_columns({**columns, "code": code})
    target = codes if classes else price
    labels = ["low", "middle", "high"] if classes else []
    (leak,) = find_leaks(table, table.names, target, classes=classes, labels=labels)
    assert (leak.form, leak.columns, leak.grade) == ("filled", ("code",), "suspicious")
    assert leak.outcome == ("low" if classes else "")
    assert "whether code has a value explains" in str(leak)


@pytest.mark.parametrize("classes", [False, True])
def test_a_category_that_tells_a_part_of_the_rows_is_found(classes, honest):
    columns, price, _ = honest
    rng = np.random.default_rng(1)
    codes = np.digitize(price, np.quantile(price, [0.4, 0.7]))
    remark = np.array(["cheap", "fair", "dear"], object)[codes]
    table = Table.from_columns(
        {"color": columns["color"], "remark": np.where(rng.random(600) < 0.5, remark, "open {1}")}
    )
    target = codes if classes else price
    (leak,) = find_leaks(table, table.names, target, classes=classes)
    assert (leak.form, leak.value) == ("where other", "open {1}")
    assert "where remark is not open {1} (5" in str(leak)


def test_a_few_kinds_of_things_may_differ_in_a_number():
    rng = np.random.default_rng(0)
    store = np.repeat(np.array(["north", "south", "west"], object), 60)
    sales = np.repeat([0.0, 1, 2], 60) + 0.3 * rng.normal(size=180)
    table = Table.from_columns({"store": store, "x": rng.normal(size=180)})
    assert find_leaks(table, table.names, sales, classes=False) == ()


@pytest.mark.parametrize("classes", [False, True])
def test_means_of_groups_that_hold_the_row_itself_are_found(classes, honest):
    columns, price, codes = honest
    groups = np.random.default_rng(1).integers(0, 60, 600)
    values = (codes == 1).astype(float) if classes else price
    means = np.bincount(groups, weights=values) / np.bincount(groups)
    table = Table.from_columns({**columns, "mean": means[groups]})
    target = codes if classes else price
    (leak,) = find_leaks(table, table.names, target, classes=classes)
    assert (leak.form, leak.columns, leak.grade) == ("means", ("mean",), "certain")
    honest_means = np.bincount(groups, weights=columns["size"]) / np.bincount(groups)
    table = Table.from_columns({**columns, "mean": honest_means[groups]})
    assert find_leaks(table, table.names, target, classes=classes) == ()


def test_a_date_of_a_series_is_no_leak():
    rng = np.random.default_rng(0)
    walk = rng.normal(size=400).cumsum()
    date = np.datetime64("2026-01-01", "us") + np.arange(400).astype("timedelta64[D]")
    table = Table.from_columns({"date": date, "noise": rng.normal(size=400)})
    assert find_leaks(table, table.names, walk, classes=False) == ()
    shuffled = rng.permutation(400)
    table = table.take(shuffled)
    (leak,) = find_leaks(table, table.names, walk[shuffled], classes=False)
    assert leak.column == "date"


def test_a_date_that_is_set_with_the_outcome_is_suspicious(honest):
    """A date that is later for most of a class, but not for all, is suspicious, not certain."""
    columns, _, codes = honest
    rng = np.random.default_rng(1)
    days = np.where(codes == 1, rng.integers(180, 360, 600), rng.integers(0, 180, 600))
    days = np.where(rng.random(600) < 0.04, rng.integers(0, 360, 600), days)
    date = np.datetime64("2026-01-01", "us") + days.astype("timedelta64[D]")
    target = (codes == 1).astype(int)
    table = Table.from_columns({"color": columns["color"], "date": date})
    (leak,) = find_leaks(table, table.names, target, classes=True)
    assert (leak.columns, leak.grade) == (("date",), "suspicious")
    assert "make sure that its value is known" in str(leak)


def test_the_order_of_the_rows_tells_nothing(honest):
    """Rows of one value that are sorted by the target are no neighbors of it."""
    columns, price, codes = honest
    for target, classes in ((price, False), (codes, True)):
        order = np.argsort(target, kind="stable")
        table = Table.from_columns({**{n: v[order] for n, v in columns.items()}, "same": [1] * 600})
        assert find_leaks(table, table.names, target[order], classes=classes) == ()


@pytest.mark.parametrize("scale", [1e-300, 1e200, 1e308])
def test_numbers_without_squares_take_no_part(scale):
    """Nor do they stop the search, whose sums would overflow."""
    x, y = np.random.default_rng(0).normal(size=(2, 200))
    odd = scale * np.sign(x)
    found = find_leaks(Table({"odd": odd, "x": x, "y": y}), ["odd", "x", "y"], x + y, classes=False)
    assert [leak.columns for leak in found] == [("x", "y")]
    if scale < 1:
        assert find_leaks(Table({"x": x, "y": y}), ["x", "y"], scale * y, classes=False) == ()


def _shares(groups, values):
    return (np.bincount(groups, weights=values)[groups] - values, np.bincount(groups)[groups] - 1)


VIEWS = {
    "the last digit": lambda codes, rng: 10.0 * rng.integers(1000, 9999, 600) + codes,
    "the first word": lambda codes, rng: np.array(
        [f"{'xyz'[code]}q-{rng.integers(10**6):06d}" for code in codes], object
    ),
    "the number of decimals": lambda codes, rng: np.array(
        [
            round(number, 1 + 2 * code)
            for number, code in zip(rng.random(600) + 1, codes, strict=True)
        ]
    ),
    "the second number": lambda codes, rng: np.array(
        [f"order {rng.integers(10**4)}, type {code}" for code in codes], object
    ),
}


@pytest.mark.parametrize("view", list(VIEWS))
def test_a_part_of_the_values_that_gives_a_class_away_is_found(view, honest):
    columns, _, codes = honest
    table = Table.from_columns({**columns, "code": VIEWS[view](codes, np.random.default_rng(1))})
    (leak,) = find_leaks(table, table.names, codes, classes=True)
    assert leak.columns == ("code",)
    assert leak.form in ("view", "alone")
    assert leak.score_without < 0.85 < leak.score_with


def test_words_of_a_text_that_give_a_class_away_are_found(honest):
    columns, _, codes = honest
    rng = np.random.default_rng(1)
    words = np.array(["called", "wrote", "asked", "paid", "sent", "again", "letter", "folder"])
    told = np.array(["escalated", "settled", "as usual"])[codes]
    texts = [f"{' '.join(rng.permutation([*rng.choice(words, 5), one]))}" for one in told]
    table = Table.from_columns({**columns, "remarks": np.array(texts, object)})
    (leak,) = find_leaks(table, table.names, codes, classes=True)
    assert (leak.columns, leak.form) == (("remarks",), "word")
    assert f'such as "{leak.value}", explain' in str(leak)


def test_what_was_computed_from_the_other_rows_is_found(honest):
    columns, price, _ = honest
    groups = np.random.default_rng(1).integers(0, 60, 600)
    sums, counts = _shares(groups, price)
    computed = {"rest": sums / counts, "street": groups.astype(float)}
    table = Table.from_columns({**columns, **computed})
    (leak,) = find_leaks(table, table.names, price, classes=False)
    assert (leak.columns, leak.grade) == (("rest",), "certain")
    assert "rest is the mean of {target} in the other rows".format(target="the target") in str(leak)
    running = Table.from_columns({**columns, "total": price.cumsum()})
    (leak,) = find_leaks(running, running.names, price, classes=False)
    assert str(leak).startswith("total is a running total of the target")


def test_a_rate_of_a_part_of_the_rows_is_found(honest):
    columns, price, _ = honest
    rng = np.random.default_rng(1)
    fee = np.where(rng.random(600) < 0.3, 0.06 * price, 0.06 * rng.permutation(price))
    table = Table.from_columns({**columns, "fee": fee})
    (leak,) = find_leaks(table, table.names, price, classes=False)
    assert (leak.columns, leak.form, leak.grade) == (("fee",), "rate", "suspicious")


def test_an_amount_in_several_currencies_is_found(honest):
    columns, price, _ = honest
    which = np.random.default_rng(1).integers(0, 3, 600)
    planted = {
        "amount": (price + np.random.default_rng(2).normal(0, 1, 600))
        * np.array([0.9, 1, 150])[which],
        "currency": np.array(["EUR", "USD", "JPY"], object)[which],
    }
    table = Table.from_columns({**columns, **planted})
    (leak,) = find_leaks(table, table.names, price, classes=False)
    assert sorted(leak.columns) == ["amount", "currency"]


def test_three_columns_that_give_a_class_away_together_are_found(honest):
    columns, price, _ = honest
    rng = np.random.default_rng(1)
    high = (price > np.median(price)).astype(int)
    one, other = rng.integers(0, 2, (2, 600))
    parts = {"one": one, "other": other, "third": one ^ other ^ high}
    table = Table.from_columns({**columns, **{name: 1.0 * part for name, part in parts.items()}})
    (leak,) = find_leaks(table, table.names, high, classes=True)
    assert sorted(leak.columns) == ["one", "other", "third"]


def test_the_score_without_a_leak_is_that_of_the_other_columns(honest):
    columns, price, codes = honest
    table = Table.from_columns({**columns, "leak": codes + 0.5})
    (leak,) = find_leaks(table, table.names, codes, classes=True)
    assert leak.metric == "accuracy"
    assert leak.score_without < 0.95 < leak.score_with
    assert f"without it the accuracy is about {leak.score_without:.2f}, with it" in str(leak)
    table = Table.from_columns({"noise": columns["size"][::-1], "leak": price})
    (leak,) = find_leaks(table, table.names, price, classes=False)
    assert "without it the R² is about 0.00, with it" in str(leak)


@pytest.fixture
def deaths(honest):
    """Who died, as 0 and 1, beside the year, month and day of it, which the living have not."""
    columns, price, _ = honest
    rng = np.random.default_rng(1)
    died = (price < np.quantile(price, 0.2)).astype(int)
    moments = {"year": (83, 93), "month": (1, 13), "day": (1, 32)}
    told = {
        name: np.where(died == 1, rng.integers(*ends, 600), np.nan)
        for name, ends in moments.items()
    }
    return {**columns, **told}, died


def test_all_that_leaks_is_told_at_once_with_what_is_left_without_all_of_it(deaths):
    columns, died = deaths
    table = Table.from_columns(columns)
    leaks = find_leaks(table, table.names, died, classes=True)
    (joint,) = join_leaks(leaks)
    assert sorted(joint.columns) == ["day", "month", "year"]
    assert len({leak.score_without for leak in leaks}) == 1
    left = Table.from_columns({name: columns[name] for name in ("size", "age", "color")})
    planted = Table.from_columns({**columns, "year": died, "month": died, "day": died})
    (without,) = {
        one.score_without for one in find_leaks(planted, planted.names, died, classes=True)
    }
    assert leaks[0].score_without == without < 0.95 < leaks[0].score_with
    assert f"; without all of them the accuracy is about {without:.2f}, with them" in str(joint)
    assert find_leaks(left, left.names, died, classes=True) == ()


@pytest.mark.parametrize("dropped", ["year", "month", "day"])
def test_what_still_leaks_after_one_column_is_left_out_was_told_before(deaths, dropped):
    columns, died = deaths
    table = Table.from_columns({name: x for name, x in columns.items() if name != dropped})
    (joint,) = join_leaks(find_leaks(table, table.names, died, classes=True))
    assert {*joint.columns} == {"year", "month", "day"} - {dropped}


def test_leaks_of_two_targets_are_told_apart():
    leaks = [Leak("a", 1, 0, target="x"), Leak("b", 1, 0, target="y"), Leak("c", 1, 0, target="x")]
    assert [joint.columns for joint in join_leaks(leaks)] == [("a", "c"), ("b",)]
    assert "a alone explains 100.0% of x; other leaks: c, unlike" in str(join_leaks(leaks)[0])
