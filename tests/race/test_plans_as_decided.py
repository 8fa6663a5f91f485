"""The plans of each kind of data, as benchmarks decided them, stand in `plans.txt`.

A change of a plan changes fits: it comes with its benchmark, and with the new lines of that file.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from madaline._race.plan import PRESETS, Plan
from madaline._race.planning import TableFacts, make_plan, plan_for_rare_class
from madaline._race.time.recipes import plan_for_lags, plan_for_later_rows
from madaline._tables.media.grids import Grid

WIDTHS = {0: 8, 16: 100, 64: 300}
IMAGE, SMALL_IMAGE = Grid(0, 784, (28, 28)), Grid(0, 192, (8, 8))
STEPS, SOUND = Grid(0, 264, (22,)), Grid(0, 640, (32,), spectral=True)


def plans() -> dict[str, Plan]:
    """Return a plan of each kind, by words for it."""
    tables = {
        f"table of {rows} rows, {name}": make_plan(
            TableFacts(rows, WIDTHS), epochs=100, preset=preset
        )
        for rows in (300, 30_000)
        for name, preset in PRESETS.items()
    }
    usual, same = tables["table of 300 rows, balanced"], dict.fromkeys(WIDTHS, 500)

    def of(rows: int, widths: dict[int, int] = same, **kind: object) -> Plan:
        return make_plan(TableFacts(rows, widths, **kind), epochs=100)

    return tables | {
        "in blocks": of(2_000_000, WIDTHS, in_blocks=True),
        "in blocks, of few rows": of(200_000, WIDTHS, in_blocks=True),
        "later rows": plan_for_later_rows(usual),
        "lags": plan_for_lags(usual),
        "rare class": plan_for_rare_class(usual, 300, 25),
        "texts": of(4000, only_texts=True, n_outputs=20),
        "texts of two classes": of(4000, only_texts=True),
        "patterns, few": of(100, patterns=True, n_outputs=2),
        "patterns, more": of(2000, patterns=True, n_outputs=2),
        "patterns, many": of(3001, patterns=True, n_outputs=2),
        "images": of(4000, grids=[IMAGE]),
        "few small images": of(300, grids=[SMALL_IMAGE]),
        "sequences": of(2000, grids=[STEPS]),
        "sounds": of(2000, grids=[SOUND]),
        "images beside columns": of(2000, WIDTHS, grids=[IMAGE], beside=True),
    }


def lines(plan: Plan) -> list[str]:
    """Return what differs from the defaults, and the recipes."""
    facts = [
        f"{own.name} {getattr(plan, own.name)}"
        for own in fields(plan)
        if own.name != "recipes" and getattr(plan, own.name) != own.default
    ]
    return [", ".join(facts), *(_shown(recipe) for recipe in plan.recipes)]


def _shown(recipe: object) -> str:
    """Return the class of a recipe and its settings that are not the usual ones."""
    told = [
        f"{own.name} {getattr(recipe, own.name)}"
        for own in fields(recipe)
        if getattr(recipe, own.name) != own.default
    ]
    return f"  {type(recipe).__name__}: {', '.join([*told, f'rate {recipe.learning_rate}'])}"


def test_plans_are_as_decided() -> None:
    """Compare all plans with the file."""
    found = [line for name, plan in plans().items() for line in (f"# {name}", *lines(plan))]
    decided = Path(__file__).with_name("plans.txt").read_text(encoding="utf-8").splitlines()
    assert found == decided


def test_defaults_of_a_plan_are_as_decided() -> None:
    """Compare the usual numbers of all plans."""
    plan = Plan((), 5, 32)
    told = {own.name: getattr(plan, own.name) for own in fields(plan)}
    assert told == {
        "recipes": (),
        "n_folds": 5,
        "batch_size": 32,
        "epochs": 100,
        "patience": 6,
        "patience_of_copies": 3,
        "flat_gain": 0.0,
        "least_gain": 0.002,
        "cuts": ((3, 6), (6, 4), (12, 2)),
        "lowest_rate": 0.001,
        "overfit": 0.97,
        "rows_for_a_parameter": 2.0,
        "fewest_columns": 16,
        "widest": 256,
        "expected_work": 1.0,
        "tolerance": 0.002,
        "n_final": 0,
        "trees": True,
    }
