"""A fit stays within its memory: a cheaper plan, or a refusal before any row is encoded."""

from __future__ import annotations

import gzip
import io
import json
import warnings
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from tests.fits import fitting_of

import madaline
from madaline import AdaptiveClassifier
from madaline._apps.cli import main
from madaline._models.fitting import memory
from madaline._models.fitting.memory import LIBRARIES, ExpectedInputs, estimate
from madaline._race.features import NetworkInputs
from madaline._race.plan import Plan
from madaline._race.recipe import TableRecipe, TextRecipe
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.io import compression
from madaline._tables.io.table_files import read_file
from madaline._tables.kinds.category import CategoryEncoder
from madaline._tables.table import Table
from madaline.errors import InputError, MemoryWarning
from madaline.records.race_decisions import CheaperPlan
from madaline.records.reading import DECISION

MB = 10**6


@pytest.fixture(autouse=True)
def nothing_used(monkeypatch):
    """Let limits be about what is taken from here on."""
    monkeypatch.setattr(memory, "used_memory", lambda: 0)
    monkeypatch.setattr(compression, "used_memory", lambda: 0)


def numbers(n_samples, n_columns):
    values = np.random.default_rng(0).normal(size=(n_columns, n_samples))
    return Table({f"x{place}": column for place, column in enumerate(values)})


def categories(n_samples, n_columns, n_levels):
    codes = np.random.default_rng(0).integers(0, n_levels, (n_columns, n_samples))
    levels = np.array([f"level {code}" for code in range(n_levels)], object)
    return Table({f"c{place}": levels[own] for place, own in enumerate(codes)})


def labels(n_samples, n_classes=2):
    return np.array([f"class {place % n_classes}" for place in range(n_samples)], object)


def fitting(table, target, limit, **options):
    return fitting_of(table, target, memory_limit=limit, effort=1, **options)


def usual_bytes(table, target, n_workers=1, **options):
    """Return what the usual plan takes."""
    fit = fitting(table, target, None, n_jobs=n_workers, **options)
    assert fit.cheaper is None
    assert fit.decisions == []
    proposal = memory.Proposal(fit.encoder, fit.plan, n_workers)
    return proposal.n_bytes(table.n_samples, fit.race.dataset.n_outputs)


def ladder(table, target):
    """Return the changes of each plan that less and less memory leads to, down to the refusal.

    Also what the last of them takes.
    """
    limit, found = usual_bytes(table, target), []
    while True:
        try:
            fit = fitting(table, target, limit - 1)
        except InputError:
            return found, limit
        assert fit.decisions == [fit.cheaper]
        assert fit.cheaper.cheaper_bytes < limit <= fit.cheaper.n_bytes
        found.append(fit.cheaper.changes.split("; "))
        limit = fit.cheaper.cheaper_bytes


@cache
def ladder_of_categories():
    return ladder(categories(300, 20, 40), labels(300))


FEWER = ["numbers get at most 16 bins", "numbers get no bins"]
ONE, FOLDS = "one recipe of each kind races", "at most 5 folds"
KEEP = "categories keep {} levels, texts 1/{} of their terms"


@pytest.mark.slow
def test_less_and_less_memory_leads_down_the_ladder():
    found, _ = ladder(numbers(2000, 3), labels(2000))
    assert found == [FEWER[:1], FEWER, [*FEWER, ONE]]
    found, _ = ladder_of_categories()
    assert found == [
        [ONE],
        [ONE, FOLDS],
        [ONE, FOLDS, KEEP.format(16, 4)],
        [ONE, FOLDS, KEEP.format(4, 16)],
    ]


def test_given_folds_stay():
    table, target = categories(300, 20, 40), labels(300)
    fit = fitting(table, target, usual_bytes(table, target, folds=10) - 1, folds=10)
    assert fit.cheaper.changes == ONE
    assert fit.rows.n_folds == 10
    with pytest.raises(InputError, match="even with the cheapest plan"):
        fitting(table, target, 3 * MB, folds=10)


def test_one_processor_is_tried_first():
    table, target = numbers(300, 30), labels(300)
    fit = fitting(table, target, usual_bytes(table, target, 2) - 1, n_jobs=2)
    assert fit.cheaper.changes == "networks train on one processor"
    assert fit.race.executor.n_workers == 1


@pytest.mark.parametrize(
    ("table", "target", "match"),
    [
        (numbers(100, 50), labels(100), "100 rows of 50 columns become 50 features"),
        (
            Table({"a": np.arange(100) / 7, **categories(100, 1, 30).columns}),
            labels(100),
            "most of them, 29, from column 'c0'",
        ),
        (numbers(400, 2), labels(400, 200), "The target has 200 classes in 400 rows"),
        (
            Table({"note": np.array(["some words " * 10**5] * 3 + ["other"] * 60, object)}),
            labels(63),
            "Column 'note' has a text of 1,100,000 characters",
        ),
    ],
    ids=["numbers", "categories", "classes", "texts"],
)
def test_what_is_too_large_is_refused_before_it_is_encoded(monkeypatch, table, target, match):
    def too_late(*_, **__):
        raise AssertionError("rows were encoded")

    monkeypatch.setattr(TableEncoder, "encode", too_late)
    kinds = {"note": "text"} if "note" in table else {}
    with pytest.raises(InputError, match=match) as refused:
        fitting(table, target, 3 * MB, kinds=kinds)
    assert "raise the limit (memory_limit=)" in str(refused.value)
    assert "3.0 MB" in str(refused.value)


def test_the_estimate_grows_with_all_that_takes_memory():
    columns = {0: (0, 1), 16: (0, 1) * 17}
    inputs = ExpectedInputs(NetworkInputs(columns), 2, 1000, 2)
    plan = Plan((TableRecipe(0, 3),), n_folds=5, batch_size=32)
    usual = estimate(plan, inputs)
    assert usual > LIBRARIES
    more = [
        (plan, ExpectedInputs(NetworkInputs(columns), 50, 1000, 2)),
        (plan, ExpectedInputs(NetworkInputs(columns), 2, 9000, 2)),
        (plan, ExpectedInputs(NetworkInputs({0: (0, 1) * 50}), 2, 1000, 2)),
        (Plan(plan.recipes, n_folds=10, batch_size=32), inputs),
        (Plan((*plan.recipes, TableRecipe(0, 10)), n_folds=5, batch_size=32), inputs),
        (Plan((*plan.recipes, TableRecipe(16, 3)), n_folds=5, batch_size=32), inputs),
    ]
    assert all(estimate(*one) > usual for one in more)
    assert estimate(plan, inputs, 2) > usual


def test_rows_of_texts_take_memory_for_the_terms_that_they_have():
    plan = Plan((TextRecipe(0, 30),), n_folds=5, batch_size=64)
    dense = ExpectedInputs(NetworkInputs({0: (0,) * 8000}), 1, 9000, 1)
    few, many = (replace(dense, terms_of_a_row=terms) for terms in (50.0, 150.0))
    assert estimate(plan, few) < estimate(plan, many) < 0.6 * estimate(plan, dense)


@pytest.mark.slow
def test_a_cheaper_fit_says_so_and_comes_back_from_its_file(tmp_path):
    table = categories(300, 20, 40)
    frame, (_, limit) = dict(table.columns), ladder_of_categories()
    model = AdaptiveClassifier(effort=1, random_state=0, memory_limit=limit)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        model.fit(frame, labels(300))
    (said,) = [str(one.message) for one in warned if one.category is MemoryWarning]
    assert "categories keep 4 levels" in said
    decision = model.decisions_[0]
    assert isinstance(decision, CheaperPlan)
    assert DECISION.read(json.loads(json.dumps(decision.to_json()))) == decision
    assert decision.sentence in str(model.model_.story(full=True)).replace("\n", " ")
    model.save(tmp_path / "m.madaline")
    loaded = madaline.load(tmp_path / "m.madaline")
    np.testing.assert_array_equal(loaded.predict_proba(frame), model.predict_proba(frame))
    assert loaded.model_.predictor.encoder.n_features(0) < 20 * 40


def test_a_limit_that_is_wide_enough_changes_nothing():
    table, target = numbers(200, 4), labels(200)
    outputs = []
    for limit in (None, "8GB"):
        fit = fitting(table, target, limit)
        list(fit)
        outputs.append(fit.out_of_fold())
    np.testing.assert_array_equal(*outputs)


def test_rare_levels_share_a_feature():
    column = np.array(["a"] * 5 + ["b"] * 4 + ["c"] * 3 + ["d"] * 2 + [None], object)
    encoder = CategoryEncoder.fit("c", column, most_features=2)
    assert encoder.feature_names[:4] == ("c = a", "c = b", "c is rare", "c is missing")
    again = CategoryEncoder.from_state(*encoder.to_state())
    written = [np.empty((len(column), one.n_features), np.float32) for one in (encoder, again)]
    for one, out in zip((encoder, again), written, strict=True):
        one.write(one.read(column), out)
    np.testing.assert_array_equal(*written)
    c, d = written[0][[9, 12]]
    np.testing.assert_array_equal(c[:4], d[:4])
    assert c[4] > d[4]  # the frequency
    assert "most_features" not in CategoryEncoder.fit("c", column).to_state()[0]


@pytest.mark.parametrize("ending", [".csv", ".csv.gz"])
def test_a_file_that_is_too_large_is_refused_while_it_is_inflated(tmp_path, monkeypatch, ending):
    content = b"a,b\n" + b"1,2\n" * 10**6
    path = tmp_path / f"big{ending}"
    path.write_bytes(gzip.compress(content) if ending.endswith(".gz") else content)
    inflated = []
    write = io.BytesIO.write

    class Counted(io.BytesIO):
        def write(self, block):
            inflated.append(len(block))
            return write(self, block)

    monkeypatch.setattr(compression.io, "BytesIO", Counted)
    with pytest.raises(InputError, match=r"holds more than 1\.0 MB, decompressed"):
        read_file(path, memory=3 * MB)
    assert sum(inflated) < 3 * MB


def test_cells_are_counted_before_they_are_parsed(tmp_path):
    path = tmp_path / "cells.csv"
    path.write_bytes(b"a,b,c\n" + b"1,2,3\n" * 10**5)
    with pytest.raises(InputError, match=r"To read .*cells.csv would take about 8.4 MB"):
        read_file(path, memory=3 * MB)
    assert read_file(path, memory="1GB").table.n_samples == 10**5


def test_the_command_line_has_a_limit(tmp_path, capsys):
    path = tmp_path / "t.csv"
    rows = "".join(f"{place},{place % 7},{'ab'[place % 2]}\n" for place in range(300))
    path.write_text("x,z,y\n" + rows)
    assert main(["fit", str(path), "--target", "y", "--memory", "1kB"]) == 2
    assert "raise the limit" in capsys.readouterr().err
    assert main(["fit", str(path), "--target", "y", "--memory", "much"]) == 2
    assert "The memory limit is 'much': give a size such as 2GB" in capsys.readouterr().err
