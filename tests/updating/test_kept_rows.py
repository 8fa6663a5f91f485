"""Rows that a model keeps: a bounded sample, in the file without pickle, checked when read."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
from tests.fuzz.mutants import lay_out, signed

from madaline import AdaptiveClassifier, runtime, sounds
from madaline._models.model import FittedModel
from madaline._models.model.kept_rows import KeptRows, columns_from_state, columns_to_state
from madaline._tables.io.tensor_file import MODEL, read_tensor_file
from madaline._tables.table import Table
from madaline.errors import InputError, ModelFileError


def test_columns_of_all_kinds_survive() -> None:
    table = Table.from_columns(
        {
            "number": [1.5, None, -2.0],
            "day": np.array(["2027-01-31", "NaT", "1969-07-20"], "datetime64[us]"),
            "text": ["a", None, ""],
            "flag": [True, None, False],
        }
    )
    described, arrays = columns_to_state(table)
    assert all(array.dtype.kind in "fi" for array in arrays.values())
    found = columns_from_state(json.loads(json.dumps(described)), arrays)
    np.testing.assert_array_equal(found["number"], table["number"])
    np.testing.assert_array_equal(found["day"], table["day"])
    assert found["text"].tolist() == ["a", None, ""]
    assert found["flag"].tolist() == ["True", None, "False"]


def sample(first: int, n_rows: int, rng: np.random.Generator, weight=None) -> KeptRows:
    numbers = np.arange(first, first + n_rows, dtype=np.float64)
    table = Table.from_columns({"row": numbers})
    return KeptRows.of(table, numbers, np.zeros(n_rows, int), most=100, rng=rng, weight=weight)


def test_rows_of_all_times_are_kept_alike_and_heavy_ones_more_often() -> None:
    rng = np.random.default_rng(0)
    counts = np.zeros(600)
    for _ in range(100):
        kept = sample(0, 200, rng).with_rows(sample(200, 400, rng))
        assert kept.n_rows == 100
        counts[kept.target.astype(int)] += 1
    assert counts[:200].mean() == pytest.approx(100 / 6, rel=0.08)
    assert counts[200:].mean() == pytest.approx(100 / 6, rel=0.08)
    weight = np.where(np.arange(600) < 300, 3.0, 1.0)
    shares = [(sample(0, 600, rng, weight).target < 300).mean() for _ in range(50)]
    assert np.mean(shares) == pytest.approx(0.74, abs=0.03)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The description and the arrays of a model that keeps rows."""
    rng = np.random.default_rng(0)
    X = {"size": rng.normal(size=90), "color": rng.choice(["red", "blue"], 90).astype(object)}
    X["size"][::9] = np.nan
    path = tmp_path_factory.mktemp("kept") / "model.madaline"
    model = AdaptiveClassifier(effort=1, random_state=0, keep_rows=40)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # little can be learned in an epoch
        model.fit(X, np.arange(90) % 2).save(path)
    return path, X


def test_the_runtime_ignores_kept_rows(written) -> None:
    path, X = written
    assert FittedModel.load(path).kept_rows.n_rows == 40
    assert runtime.load(path).predict(X).shape == (90,)


def _put(name, change):
    def forge(description, arrays):
        arrays[f"kept.{name}"] = change(arrays[f"kept.{name}"].copy())

    return forge


def _replaced(index, value):
    def change(array):
        array[index] = value
        return array

    return change


FORGERIES = {
    "kept_rows.folds holds 99": _put("folds", _replaced(3, 99)),
    "kept_rows.target holds 2": _put("target", _replaced(0, 2)),
    "kept_rows.keys holds nan": _put("keys", _replaced(0, np.nan)),
    "kept_rows.column0 holds inf": _put("column0", _replaced(0, np.inf)),
    "kept_rows.column1 holds 7": _put("column1", _replaced(0, 7)),
    "kept_rows.target has the shape": _put("target", lambda array: array[1:]),
    "kept_rows has 40 rows": lambda description, _: description["kept_rows"].update(most=9),
    "kept_rows lacks a column of the encoder": lambda description, _: description["kept_rows"][
        "columns"
    ][0].update(name="other"),
    "kept_rows.columns.0.holds is": lambda description, _: description["kept_rows"]["columns"][
        0
    ].update(holds="pickles"),
    "kept_rows has an unknown array more": lambda _, arrays: arrays.update(
        {"kept.more": np.ones(3)}
    ),
    "kept_rows lacks": lambda description, _: description.pop("kept_rows"),
}


@pytest.mark.parametrize("message", FORGERIES)
def test_malformed_rows_are_refused(written, tmp_path, message) -> None:
    description, arrays = read_tensor_file(written[0])
    FORGERIES[message](description, arrays)
    path = tmp_path / "forged.madaline"
    path.write_bytes(signed(MODEL, json.dumps(description), *lay_out(arrays)))
    with pytest.raises(ModelFileError, match=message):
        FittedModel.load(path)


def test_what_cannot_be_kept_is_refused() -> None:
    waves = [np.sin(np.arange(900) * (0.2 + 0.3 * (row % 2))) for row in range(30)]
    model = AdaptiveClassifier(effort=1, keep_rows=9)
    with pytest.raises(InputError, match=r"kind sound .* cannot be kept"):
        model.fit(sounds(waves, 8000), np.arange(30) % 2)
    for wrong in (-1, 0.5, "all", True):
        with pytest.raises(InputError, match="keep_rows is"):
            AdaptiveClassifier(keep_rows=wrong).fit({"x": [1.0, 2.0] * 20}, [0, 1] * 20)
