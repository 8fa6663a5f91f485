"""A first pass draws rows of equal probability, some of each class, and counts all of them."""

from __future__ import annotations

import numpy as np
import pytest

from madaline._models.fitting.sampling import ColumnRoles as Roles
from madaline._models.fitting.sampling import draw_rows
from madaline._tables.table import Table
from madaline.errors import InputError

PRICE, CLASS = Roles(("price",)), Roles(("class",))


def whole(rows):
    return Table.join(list(rows.blocks()))


def test_all_rows_of_a_small_table_are_drawn_in_their_order(make_rows):
    rows = make_rows(399)
    drawn = draw_rows(rows, PRICE, seed=0)
    assert drawn.is_complete
    assert drawn.n_rows == drawn.n_samples == 399
    for name in rows.names:
        np.testing.assert_array_equal(drawn.table[name], whole(rows)[name])


def test_rows_are_drawn_with_equal_probability_in_their_order(make_rows):
    rows, counts = make_rows(2000), np.zeros(2000)
    for seed in range(40):
        drawn = draw_rows(rows, PRICE, seed=seed)
        assert not drawn.is_complete
        assert 300 <= len(drawn.numbers) <= 302
        assert (np.diff(drawn.numbers) > 0).all()
        assert (drawn.table["row"] == drawn.numbers).all()
        counts[drawn.numbers] += 1
    price = whole(rows)["price"]
    assert counts[price.argmin()] == counts[price.argmax()] == 40
    inner = np.delete(counts, [price.argmin(), price.argmax()])
    assert abs(inner.mean() - 6) < 0.1
    assert inner.max() < 20  # 6 on average, standard deviation 2.3


def test_the_same_seed_draws_the_same_rows(make_rows):
    one, same, other = (draw_rows(make_rows(), PRICE, seed=seed) for seed in (1, 1, 2))
    assert (one.numbers == same.numbers).all()
    assert len(np.intersect1d(one.numbers, other.numbers)) < 100


@pytest.mark.parametrize("n_rows", [2000, 10_000])
def test_every_class_has_rows(make_rows, n_rows):
    labels = np.array([f"class {number % 3}" for number in range(n_rows)], object)
    labels[5::50] = "of one in fifty"
    labels[[3, n_rows - 2]] = "of two"
    drawn = draw_rows(make_rows(n_rows, **{"class": labels}), CLASS, seed=0)
    counts = {label: (drawn.table["class"] == label).sum() for label in set(labels)}
    assert counts["of two"] == 2
    assert counts["of one in fifty"] >= 8
    assert 300 <= len(drawn.numbers) <= 320
    assert (np.diff(drawn.numbers) > 0).all()


def test_a_larger_sample_is_drawn_where_one_of_two_classes_is_rare(make_rows):
    labels = np.where(np.arange(6000) % 60 == 7, "rare", "usual").astype(object)
    drawn = draw_rows(make_rows(6000, **{"class": labels}), CLASS, seed=0)
    assert len(drawn.numbers) == 900  # 50 of the rare class would need 3,000
    labels = np.where(np.arange(6000) % 10 == 7, "rare", "usual").astype(object)
    drawn = draw_rows(make_rows(6000, **{"class": labels}), CLASS, seed=0)
    assert 500 <= len(drawn.numbers) <= 501


def test_rows_without_target_or_weight_are_left_out(make_rows):
    price, weight = np.arange(2000.0), np.ones(2000)
    price[::4], weight[1::4] = np.nan, 0
    rows = make_rows(price=price, weight=weight)
    drawn = draw_rows(rows, Roles(("price",), "weight"), seed=0)
    assert (drawn.n_rows, drawn.n_samples) == (2000, 1000)
    assert (drawn.numbers % 4 >= 2).all()
    assert drawn.left_out == "price has no value in 500 of 2,000 rows, which are left out."


def test_several_targets_have_their_extremes(make_rows):
    other = np.random.default_rng(1).normal(size=2000)
    rows = make_rows(other=other)
    drawn = draw_rows(rows, Roles(("price", "other")), seed=0)
    for name in ("price", "other"):
        column = whole(rows)[name]
        assert {column.argmin(), column.argmax()} <= set(drawn.numbers.tolist())


@pytest.mark.parametrize(
    ("columns", "roles", "classes", "words"),
    [
        ({"price": np.full(900, np.nan)}, PRICE, None, "has no value in any row"),
        ({"price": np.r_[[np.nan] * 500, [1.0] * 400]}, PRICE, None, "which is most of them"),
        ({"price": np.r_[np.zeros(777), 1e160, np.zeros(122)]}, PRICE, None, "1e+160 in row 777"),
        ({"price": np.arange(10_001.0)}, PRICE, True, "more than 10,000 different values"),
        ({"weight": np.r_[np.ones(888), -1]}, Roles(("price",), "weight"), None, "-1 in row 888"),
        ({"weight": np.zeros(900)}, Roles(("price",), "weight"), None, "is zero in every row"),
        ({"weight": ["x"] * 900}, Roles(("price",), "weight"), None, "holds no numbers"),
        ({"group": ["x"] * 700 + [None]}, Roles(("price",), None, "group"), None, "in row 700"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(make_rows, columns, roles, classes, words):
    n_rows = len(next(iter(columns.values())))
    columns = {name: np.asarray(column) for name, column in columns.items()}
    rows = make_rows(n_rows, **columns)
    with pytest.raises(InputError, match=words.replace("+", r"\+")):
        draw_rows(rows, roles, seed=0, classes=classes)


def test_many_numbers_are_no_classes_unless_that_is_told(make_rows):
    rows = make_rows(price=np.arange(2000.0))
    assert len(draw_rows(rows, PRICE, seed=0).numbers) <= 302
    assert len(draw_rows(rows, PRICE, seed=0, classes=True).numbers) == 2000
