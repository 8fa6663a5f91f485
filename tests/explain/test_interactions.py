"""Interactions: found where they were planted, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from known_models import known_model
from tests.fits import fitting_of

from madaline._tables.table import Table
from madaline._tell.explain.importances import Interaction, Interactions, interactions
from madaline.errors import InputError


@pytest.fixture
def columns():
    """Four columns of numbers that resemble one another."""
    rng = np.random.default_rng(0)
    common = rng.normal(size=1000)
    return {name: common + rng.normal(size=1000) for name in "abcd"}


def test_networks_that_add_have_no_interactions_however_alike_columns_are(columns):
    model = known_model(columns, lambda t: np.sin(3 * t["a"]) + t["b"] ** 3 - np.abs(t["c"]))
    assert all(one.strength < 1e-6 and not one.clear for one in interactions(model, columns))


def test_exclusive_or_is_nothing_but_interaction(columns):
    columns = {name: np.random.default_rng(ord(name)).normal(size=1000) for name in "abcd"}
    model = known_model(columns, lambda t: np.sign(t["b"] * t["d"]))
    first, *others = interactions(model, columns)
    assert first.columns == ("b", "d")
    assert first.strength == pytest.approx(1, abs=0.1)
    assert first.clear
    assert all(one.strength < 1e-6 for one in others)


def test_the_strength_is_the_share_of_the_spread(columns):
    """Of a + b + 2 a b with independent columns of unit variance, 4 of 6 parts are together."""
    columns = {name: np.random.default_rng(ord(name)).normal(size=3000) for name in "ab"}
    model = known_model(columns, lambda t: t["a"] + t["b"] + 2 * t["a"] * t["b"])
    (found,) = interactions(model, columns)
    assert abs(found.strength - np.sqrt(4 / 6)) < 3 * found.standard_error + 0.1


def test_several_classes_count_together(columns):
    model = known_model(
        columns,
        lambda t: np.stack([t["a"], t["b"] * t["c"], -t["a"]], axis=1),
        classes=["x", "y", "z"],
    )
    assert interactions(model, columns)[0].columns == ("b", "c")


def test_only_pairs_that_were_asked_for(columns):
    model = known_model(columns, lambda t: t["a"] * t["b"])
    (pair,) = interactions(model, columns, ["a", "c"])
    assert (pair.columns, pair.strength) == (("a", "c"), pytest.approx(0, abs=1e-9))
    assert interactions(model, columns, seed=3) == interactions(model, columns, seed=3)
    assert pair.to_json()["columns"] == ["a", "c"]


def test_of_many_columns_those_that_move_most_are_looked_at():
    rng = np.random.default_rng(0)
    columns = {f"x{number}": rng.normal(size=200) for number in range(40)}
    model = known_model(columns, lambda t: t["x7"] * t["x33"] + 0.1 * t["x1"])
    found = interactions(model, columns)
    assert len(found) == 66
    assert found[0].columns == ("x7", "x33")


@pytest.mark.slow
@pytest.mark.parametrize("task", ["exclusive or", "sum"])
def test_networks_that_learned(task):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(800, 4))
    planted = np.sign(x[:, 1] * x[:, 3]) if task == "exclusive or" else x[:, 1] ** 2 + x[:, 3]
    columns = {f"x{number}": x[:, number] for number in range(4)}
    target = planted + 0.2 * rng.normal(size=800)
    fitting = fitting_of(Table.from_columns(columns), target, effort=40)
    list(fitting)
    found = interactions(fitting.model(), columns)
    clear = [one.columns for one in found if one.clear]
    assert clear == ([("x1", "x3")] if task == "exclusive or" else [])


def test_what_cannot_be_is_a_sentence(columns):
    model = known_model(columns, lambda t: t["a"])
    with pytest.raises(InputError, match="no column 'nobody'"):
        interactions(model, columns, ["a", "nobody"])
    with pytest.raises(InputError, match="needs two columns, and there is 1"):
        interactions(model, columns, ["a", "a"])
    with pytest.raises(InputError, match="one row"):
        interactions(model, {name: values[:1] for name, values in columns.items()})


def test_what_is_not_clear_is_not_said_to_interact():
    pairs = [Interaction(("a", "b"), strength, 0.007) for strength in (0.18, 0.08, 0.001)]
    assert [pair.clear for pair in pairs] == [True, False, False]
    assert str(pairs[0]).startswith("a and b interact: their joint effect is 18% (± 0.7%)")
    for pair in pairs[1:]:
        assert str(pair).startswith("a and b do not clearly interact: their joint effect is ")
    page = Interactions(pairs)._repr_html_()
    assert page.count("no clear interaction") == page.count('<tr class="unclear') == 2
    assert "below 10%" in page
