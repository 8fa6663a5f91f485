"""A model recognizes the rows that it was trained on, and takes no other rows for them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.fits import fitting_of

from madaline._models.model import FittedModel
from madaline._models.model.known_rows import BYTES, MAX_KNOWN_ROWS, KnownRows, _checksums
from madaline._tables.table import Table


def share_of(known, features):
    """Return the share of encoded rows that were trained on, and its standard error."""
    copies = known.among(_checksums(features))
    return copies.share, copies.error


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_training_rows_are_known_and_others_are_not(fittings, make_columns, task: str) -> None:
    model = FittedModel.load(fittings[task][1])
    (old, truth), (new, other) = (
        (Table.from_columns(columns), np.asarray(target))
        for columns, target in (make_columns(task, seed=seed) for seed in (0, 1))
    )
    few = slice(3, 20)
    together = _joined(old, new, new), np.concatenate([truth, other, other])
    tables = [(old, truth), (old.take(few), truth[few]), (new, other), together]
    held = [model.copies(*table) for table in tables]
    assert [copies and copies.trained_on for copies in held] == [True, True, False, False]
    assert held[3] is not None
    assert held[3].others is not None
    assert held[3].others.tolist() == list(range(len(truth), len(truth) + 2 * len(other)))


def test_rows_with_the_columns_of_training_rows_but_another_target_are_new(
    fittings, make_columns
) -> None:
    model = FittedModel.load(fittings["regression"][1])
    columns, target = make_columns("regression", seed=0)
    copies = model.copies(Table.from_columns(columns), np.asarray(target) + 1)
    assert copies is not None
    assert (copies.trained_on, copies.some) == (False, False)


def test_checksums_without_a_target_claim_nothing_of_rows_they_know(fittings, make_columns) -> None:
    """Files of earlier versions hold checksums of the columns alone."""
    model = FittedModel.load(fittings["binary"][1])
    (old, truth), (new, other) = (make_columns("binary", seed=seed) for seed in (0, 1))
    known = KnownRows.of(model.predictor, Table.from_columns(old), None)
    values = known.to_json()
    del values["of_target"]
    assert KnownRows.from_json(values) == known
    earlier = replace(model, known_rows=known)
    assert earlier.copies(Table.from_columns(old), np.asarray(truth)) is None
    copies = earlier.copies(Table.from_columns(new), np.asarray(other))
    assert copies is not None
    assert copies.trained_on is False


def _joined(*tables: Table) -> Table:
    names = tables[0].names
    return Table.from_columns({n: np.concatenate([one[n] for one in tables]) for n in names})


def test_of_a_large_table_few_bytes_are_kept_and_its_parts_are_known() -> None:
    rng = np.random.default_rng(0)
    rows, others = rng.normal(size=(2, 20_000, 3)).astype(np.float32)
    step = -(-len(rows) // MAX_KNOWN_ROWS)
    known = KnownRows.of_encoded(rows[::step], sampled=1 / step)
    assert len(known.to_json()["checksums"]) <= 4 / 3 * BYTES * MAX_KNOWN_ROWS + 3
    assert share_of(known, rows)[0] == pytest.approx(1.0, abs=0.05)
    assert share_of(known, rows[5_000:8_000])[0] > 0.9
    some = np.concatenate([rows[:5_000], others[:15_000]])
    assert share_of(known, some)[0] == pytest.approx(0.25, 0.1)
    assert share_of(known, others)[0] < 0.01


@pytest.mark.parametrize("step", [1, 3])
@pytest.mark.parametrize("n_values", [600, 1_000, 4_000])
def test_new_rows_that_are_equal_to_training_rows_are_no_training_rows(
    step: int, n_values: int
) -> None:
    """Up to all but a hundredth of the new rows are equal to one that was trained on."""
    rng = np.random.default_rng(0)
    rows, others = rng.integers(0, n_values, (2, 3_000, 1)).astype(np.float32)
    known = KnownRows.of_encoded(rows[::step], sampled=1 / step)
    for features, expected in ((rows, 1.0), (others, 0.0)):
        share, error = share_of(known, features)
        assert abs(share - expected) < max(0.05, 3 * error)


def test_a_few_rows_of_a_large_table_are_no_evidence() -> None:
    rows = np.random.default_rng(0).normal(size=(20_000, 3)).astype(np.float32)
    step = -(-len(rows) // MAX_KNOWN_ROWS)
    known = KnownRows.of_encoded(rows[::step], sampled=1 / step)
    share, error = share_of(known, rows[1 : step - 1])
    assert share == 0
    assert error > 0.25


def test_rows_that_often_repeat_tell_nothing() -> None:
    rng = np.random.default_rng(0)
    table = Table.from_columns({"a": rng.integers(0, 4, 200), "b": rng.integers(0, 3, 200)})
    target = (table["a"] > 1).astype(int)
    fitting = fitting_of(table, target, effort=3)
    list(fitting)
    model = fitting.model()
    assert model.known_rows is not None
    assert model.known_rows.repeated == 1
    assert model.copies(table, target) is None


def test_checksums_survive_a_file(fittings) -> None:
    known = FittedModel.load(fittings["binary"][1]).known_rows
    assert known is not None
    assert KnownRows.from_json(known.to_json()) == known
