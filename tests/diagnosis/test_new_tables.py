"""A new table is compared with what is kept of the one that was learned from."""

from __future__ import annotations

import numpy as np
import pytest

from madaline._models.diagnosis.new_table import diagnose_table, find_drift
from madaline._tables.profile import ColumnProfile, TableProfile
from madaline._tables.schema import Schema
from madaline._tables.table import Table


def draw(n_rows, seed):
    """Return columns of every kind."""
    rng = np.random.default_rng(seed)
    return {
        "age": np.where(rng.random(n_rows) < 0.1, np.nan, rng.normal(50, 9, n_rows)),
        "amount": np.exp(rng.normal(size=n_rows)),
        "rooms": rng.integers(1, 6, n_rows).astype(float),
        "city": rng.choice(["Bonn", "Kiel", "Ulm", None], n_rows, p=[0.6, 0.3, 0.08, 0.02]),
        "member": rng.choice([True, False], n_rows).astype(object),
        "day": np.datetime64("2026-01-01", "us") + rng.integers(0, 300, n_rows) * 86_400_000_000,
    }


@pytest.fixture(scope="module")
def profile():
    table = Table.from_columns(draw(3000, seed=0))
    return TableProfile.of(table, Schema.infer(table))


def test_tables_of_one_source_seldom_look_drifted(profile):
    """At a level of 1 % a table, of 100 tables."""
    drifted = [
        bool(find_drift(Table.from_columns(draw(400, seed)), profile)) for seed in range(1, 101)
    ]
    assert sum(drifted) <= 3


@pytest.mark.parametrize("tail", ["normal", "lognormal", "pareto", "sparse"])
def test_rows_of_one_source_are_seldom_outside(tail):
    """However long the tails are; but a number in another unit always is."""
    rng = np.random.default_rng(3)

    def columns(n_rows):
        draws = {
            "normal": lambda: rng.normal(size=n_rows),
            "lognormal": lambda: np.exp(2 * rng.normal(size=n_rows)),
            "pareto": lambda: rng.pareto(1.5, n_rows),
            "sparse": lambda: np.where(rng.random(n_rows) < 0.03, rng.pareto(2.5, n_rows), 0.0),
        }
        return {f"column {number}": draws[tail]() for number in range(10)}

    table = Table.from_columns(columns(1000))
    profile = TableProfile.of(table, Schema.infer(table))
    found = [outside(columns(200), profile) for _ in range(50)]
    assert sum(map(bool, found)) <= 3
    wrong = columns(200)
    wrong["column 4"][7] = 1e4 * table["column 4"].max()
    assert outside(wrong, profile)[0].rows == (7,)


def outside(columns, profile):
    findings = diagnose_table(Table.from_columns(columns), profile, {})
    return [finding for finding in findings if finding.kind == "outside"]


CHANGES = {
    "age": lambda column, rng: column + 9,
    "amount": lambda column, rng: 1.8 * column,
    "rooms": lambda column, rng: np.minimum(5, column + 1),
    "city": lambda column, rng: np.where(rng.random(len(column)) < 0.4, "Kiel", column),
    "member": lambda column, rng: np.where(rng.random(len(column)) < 0.4, True, column),
    "day": lambda column, rng: column + np.timedelta64(90, "D"),
}


@pytest.mark.parametrize("name", list(CHANGES))
def test_a_column_that_drifted_is_named(name, profile):
    columns = draw(400, seed=7)
    columns[name] = CHANGES[name](columns[name], np.random.default_rng(0))
    (found,) = find_drift(Table.from_columns(columns), profile)
    assert found.subject == name
    assert found.severity in ("high", "medium")
    assert found.evidence["p_value"] < 1e-4


def test_missing_values_drift_too(profile):
    columns = draw(400, seed=7)
    columns["rooms"][::5] = np.nan
    (found,) = find_drift(Table.from_columns(columns), profile)
    assert found.subject == "rooms"
    assert "missing values are 20.0% of its rows and were 0.0%" in found.sentence


def test_few_rows_tell_nothing_of_drift(profile):
    columns = {name: column[:29] for name, column in draw(400, seed=7).items()}
    columns["age"] = columns["age"] + 100
    assert find_drift(Table.from_columns(columns), profile) == []


def test_a_column_without_any_value(profile):
    columns = draw(400, seed=7) | {"age": np.full(400, np.nan)}
    (found,) = find_drift(Table.from_columns(columns), profile)
    assert found.severity == "high"


def test_rows_outside_of_all_that_was_learned_from(profile):
    columns = draw(400, seed=7)
    columns["age"][[3, 5]] = 999, -999
    columns["day"][9] = np.datetime64("2126-01-01")
    found = diagnose_table(Table.from_columns(columns), profile, {"city": 30})
    outside, unseen = (next(one for one in found if one.kind == kind) for kind in KINDS)
    assert (outside.rows, outside.subject, outside.severity) == ((3, 5, 9), "age", "low")
    assert (unseen.subject, unseen.severity) == ("city", "medium")


KINDS = ("outside", "unseen categories")


def test_names_with_braces_are_no_trouble():
    old = Table.from_columns({"{a:b}": ["{0}", "{1}"] * 50})
    new = Table.from_columns({"{a:b}": ["{0}"] * 50})
    (found,) = find_drift(new, TableProfile.of(old, Schema.infer(old)))
    assert "{a:b} differs from the training rows" in found.sentence
    assert "{0}" in found.sentence or "{1}" in found.sentence


def test_a_profile_comes_back_from_json(profile):
    assert TableProfile.from_json(profile.to_json()) == profile


def test_a_profile_holds_no_row_but_quantiles():
    column = np.random.default_rng(0).normal(size=1000)
    profile = ColumnProfile.of(Table.from_columns({"a": column}), "a", "number")
    assert len(profile.edges) == len(profile.below) == 21
    assert profile.below[10] == pytest.approx(0.5, abs=0.01)
