"""One measure of association: zero by chance, one where a column follows from another."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from madaline._race.evaluation.association import (
    MAX_ROWS,
    _View,
    associate,
    associations_of_pairs,
    associations_with,
    views_of,
    views_of_missing,
)
from madaline._tables.io.table_files import read_file
from madaline._tables.schema import Schema
from madaline._tables.target.values import infer_task

DATA = Path(__file__).parents[3] / "shared" / "data" / "tabular"
CODES = ("diabetes130", "nycflights13")  # whose columns of codes need --category


def strength(one, other, kinds=("number", "number")) -> float:
    first, second = (views_of(kind, x) for kind, x in zip(kinds, (one, other), strict=True))
    return associate(first, second).strength


@pytest.mark.parametrize("correlation", [0.3, 0.6, 0.9])
def test_it_reads_like_a_correlation(correlation) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=5000)
    y = correlation * x + np.sqrt(1 - correlation**2) * rng.normal(size=5000)
    assert strength(x, y) == pytest.approx(correlation, abs=0.04)
    assert strength(x, y) == pytest.approx(strength(y, x))
    assert strength(np.exp(x), -y) == pytest.approx(strength(x, y), abs=0.02)


def test_curves_categories_dates_and_missingness_count_alike() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=2000)
    noise = rng.normal(size=2000)
    color = np.array(["red", "green", "blue"], object)[rng.integers(0, 3, 2000)]
    day = np.datetime64("2026-01-01", "us") + rng.integers(0, 900, 2000).astype("timedelta64[D]")
    weekday = day.astype("datetime64[D]").astype(int) % 7
    assert strength(x, x**2 + 0.1 * noise) > 0.8
    assert strength(x, np.sin(4 * x)) > 0.6
    assert strength(color, (color == "red") + 0.2 * noise, ("category", "number")) > 0.8
    assert strength(color, color.copy(), ("category", "category")) == pytest.approx(1)
    assert strength(day, weekday + 0.1 * noise, ("datetime", "number")) > 0.9
    missing = np.where(noise > 1, np.nan, x)
    assert associate(views_of_missing(missing), views_of("number", noise)).strength > 0.7
    assert views_of_missing(x) == ()
    assert strength(x, noise) == 0


def test_copies_are_told_from_what_follows() -> None:
    city = np.array(["Bonn", "Kiel", "Lyon", "Nice"], object)[np.arange(400) % 4]
    country = np.array(["D", "D", "F", "F"], object)[np.arange(400) % 4]
    found = associate(views_of("category", city), views_of("category", country))
    assert found.strength == pytest.approx(1)
    assert found.mutual < 0.95
    x = np.random.default_rng(0).normal(size=900)
    pairs = associations_of_pairs(
        {"x": views_of("number", x), "y": views_of("number", 2 * x + 1), "z": views_of("number", x)}
    )
    assert [round(item.mutual, 2) for _, _, item in pairs] == [1, 1, 1]


def test_the_moments_of_chi_squared_are_those_of_permutations() -> None:
    rng = np.random.default_rng(2)
    one = _View.of(rng.integers(0, 4, 120))
    other = rng.choice(4, 120, p=[0.6, 0.2, 0.1, 0.1])
    values = []
    for _ in range(3000):
        view = _View.of(rng.permutation(other))
        joint = np.bincount(4 * one.codes + view.codes, minlength=16).reshape(4, 4)
        expected = np.outer(one.counts, view.counts) / 120
        values.append(np.sum(joint**2 / expected) - 120)
    (free, spread), (other_free, other_spread) = one.spread, view.spread
    variance = 240 / 117 * (free - spread) * (other_free - other_spread)
    variance += 120**2 / 119 * spread * other_spread
    assert np.mean(values) == pytest.approx(120 * 9 / 119, rel=0.03)
    assert np.var(values) == pytest.approx(variance, rel=0.12)


def test_rare_levels_and_columns_of_one_value_tell_nothing() -> None:
    each = np.array([f"level {number}" for number in range(500)], object)
    assert views_of("category", each) == ()
    assert views_of("number", np.ones(50)) == ()
    assert views_of("text", each) == ()
    y = views_of("number", np.arange(500.0))
    assert associations_with(y, {}) == {}
    assert associate((), y).strength == 0


def test_categories_of_many_levels_tell_nothing_by_chance() -> None:
    rng = np.random.default_rng(3)
    columns = {
        f"c{number}": views_of("category", rng.integers(0, 40 * number + 2, 8000).astype(object))
        for number in range(12)
    }
    assert list(associations_of_pairs(columns)) == []


@pytest.mark.slow
@pytest.mark.skipif(not DATA.exists(), reason="needs the development data")
def test_shuffled_columns_tell_nothing_in_nineteen_of_twenty() -> None:
    told = total = 0
    for line in csv.DictReader((DATA / "manifest.csv").read_text().splitlines()):
        if line["name"] in CODES:
            continue
        table = read_file(DATA / f"{line['name']}.parquet").table
        rng = np.random.default_rng(0)
        rows = rng.permutation(table.n_samples)[: MAX_ROWS // 4]
        target, x = table[line["target"]][rows], table.drop([line["target"]]).take(rows)
        schema = Schema.infer(x)
        x = schema.read(x)
        classes = infer_task(target)[0] == "classification"
        goal = (
            views_of("category", target.astype(object)) if classes else views_of("number", target)
        )
        kept = [column for column in schema.columns if column.kept]
        real = {c.name: views_of(c.kind, x[c.name]) for c in kept}
        mixed = {f"{c.name} mixed": views_of(c.kind, rng.permutation(x[c.name])) for c in kept}
        found = associations_with(goal, {**real, **mixed})
        told += sum(found[name].strength > 0 for name in mixed)
        total += len(mixed)
    assert total > 400
    assert told <= total / 20
