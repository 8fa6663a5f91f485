"""A model recognizes the rows that it was trained on, and takes no other rows for them."""

from __future__ import annotations

import numpy as np
import pytest

from madaline._data.table import Table
from madaline._fitting import Fitting
from madaline._model import FittedModel
from madaline._model.known_rows import BYTES, MAX_KNOWN_ROWS, KnownRows


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_training_rows_are_known_and_others_are_not(fittings, make_columns, task: str) -> None:
    model = FittedModel.load(fittings[task][1])
    old, new = (Table.from_columns(make_columns(task, seed=seed)[0]) for seed in (0, 1))
    few = old.take(slice(3, 20))
    together = Table.from_columns({n: np.concatenate([old[n], new[n], new[n]]) for n in old.names})
    assert model.known_rows is not None
    held = [model.known_rows.hold(model.predictor, one) for one in (old, few, new, together)]
    assert held == [True, True, False, False]


def test_of_a_large_table_few_bytes_are_kept_and_its_parts_are_known() -> None:
    rng = np.random.default_rng(0)
    rows, others = rng.normal(size=(2, 20_000, 3)).astype(np.float32)
    step = -(-len(rows) // MAX_KNOWN_ROWS)
    known = KnownRows.of_encoded(rows[::step], sampled=1 / step)
    assert len(known.to_json()["checksums"]) <= 4 / 3 * BYTES * MAX_KNOWN_ROWS + 3
    assert known.share(rows)[0] == pytest.approx(1.0, abs=0.05)
    assert known.share(rows[5_000:8_000])[0] > 0.9
    some = np.concatenate([rows[:5_000], others[:15_000]])
    assert known.share(some)[0] == pytest.approx(0.25, 0.1)
    assert known.share(others)[0] < 0.01


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
        share, error = known.share(features)
        assert abs(share - expected) < max(0.05, 3 * error)


def test_a_few_rows_of_a_large_table_are_no_evidence() -> None:
    rows = np.random.default_rng(0).normal(size=(20_000, 3)).astype(np.float32)
    step = -(-len(rows) // MAX_KNOWN_ROWS)
    known = KnownRows.of_encoded(rows[::step], sampled=1 / step)
    share, error = known.share(rows[1 : step - 1])
    assert share == 0
    assert error > 0.25


def test_rows_that_often_repeat_tell_nothing() -> None:
    rng = np.random.default_rng(0)
    table = Table.from_columns({"a": rng.integers(0, 4, 200), "b": rng.integers(0, 3, 200)})
    fitting = Fitting(table, rng.normal(size=200), effort=3)
    list(fitting)
    model = fitting.model()
    assert model.known_rows is not None
    assert model.known_rows.repeated == 1
    assert model.known_rows.hold(model.predictor, table) is None


def test_checksums_survive_a_file(fittings) -> None:
    known = FittedModel.load(fittings["binary"][1]).known_rows
    assert known is not None
    assert KnownRows.from_json(known.to_json()) == known
