"""Plain numbers, read at one look, have the bits that they have in a table."""

from __future__ import annotations

import numpy as np
import pytest

from madaline.data.encoders.joined_bins import JoinedBins
from madaline.data.encoders.plain_numbers import (
    FEW_ROWS,
    as_plain_numbers,
    encode_columns,
    encode_rows,
)
from madaline.data.encoders.table_encoder import TableEncoder
from madaline.data.schema import Schema
from madaline.data.table import Table

ROWS = {
    "arrays": {"a": np.array([1.5, np.nan]), "b": np.array([2.0, 1e300])},
    "of several types": {"a": np.array([1, 2], np.int8), "b": np.array([0.1, 0.2], np.float32)},
    "lists": {"b": [3, 4.5], "a": [2**60, -1]},
    "one row": {"a": np.array([0.25]), "b": np.array([-7.0])},
    "many rows": {"a": np.linspace(0, 9, 5000, dtype=np.float32), "b": np.arange(5000)[::-1]},
    "many rows, some missing": {
        "a": np.where(np.arange(5000) % 3, 2.5, np.nan),
        "b": np.ones(5000),
    },
    "beside another": {"c": [3.0], "b": [2.0], "a": [1.0]},
    "many rows, beside another": {
        "b": np.arange(5000.0),
        "c": np.zeros(5000, np.int32),
        "a": np.arange(5000, dtype=np.uint16),
    },
}
CLOSER = {
    "lacks one": {"a": [1.0]},
    "infinity in another": {"a": [1.0], "b": [2.0], "c": [np.inf]},
    "another without a name": {"a": [1.0], "b": [2.0], 3: [3.0]},
    "no columns": {},
    "text": {"a": ["1.0"], "b": [2.0]},
    "nothing": {"a": [None], "b": [2.0]},
    "infinity": {"a": [np.inf], "b": [2.0]},
    "lengths": {"a": [1.0, 2.0], "b": [2.0]},
    "no rows": {"a": [], "b": []},
    "many rows, lists": {"a": [1.0] * (FEW_ROWS + 1), "b": np.zeros(FEW_ROWS + 1)},
    "many rows, infinity": {"a": np.zeros(FEW_ROWS + 1), "b": np.full(FEW_ROWS + 1, np.inf)},
    "many rows, text": {"a": np.zeros(FEW_ROWS + 1), "b": np.full(FEW_ROWS + 1, "x")},
    "many rows, lengths": {"a": np.zeros(FEW_ROWS + 1), "b": np.zeros(FEW_ROWS + 2)},
    "many rows, pictures": {"a": np.zeros((FEW_ROWS + 1, 2)), "b": np.zeros(FEW_ROWS + 1)},
    "masked": {"a": np.ma.array([1.0], mask=[True]), "b": np.array([1.0])},
    "dates": {"a": np.array(["2026-11-25"], "datetime64[D]"), "b": np.array([1.0])},
    "one number": {"a": 1.0, "b": 2.0},
    "arrays of one number": {"a": np.array(1.0), "b": np.array(2.0)},
    "many rows, wide floats": {
        "a": np.zeros(FEW_ROWS + 1, np.longdouble),
        "b": np.zeros(FEW_ROWS + 1),
    },
    "pictures": {"a": np.zeros((1, 2)), "b": np.zeros((1, 2))},
}


@pytest.fixture(scope="module")
def encoder() -> TableEncoder:
    rng = np.random.default_rng(0)
    table = Table.from_columns({"a": rng.standard_normal(500), "b": rng.standard_normal(500) * 9})
    return TableEncoder.fit(table, Schema.infer(table), n_bins=(0, 16))


@pytest.mark.parametrize("columns", ROWS.values(), ids=ROWS.keys())
def test_one_look_encodes_the_same_bits(encoder: TableEncoder, columns: dict[str, object]) -> None:
    found = encode_columns(encoder, columns)
    expected = encoder.encode(Table.from_columns(columns))
    assert found is not None
    for n_bins in (0, 16):
        np.testing.assert_array_equal(found.features(n_bins), expected.features(n_bins))
    assert found.unseen == expected.unseen == {}


@pytest.mark.parametrize("columns", CLOSER.values(), ids=CLOSER.keys())
def test_what_needs_a_closer_look_gets_one(
    encoder: TableEncoder, columns: dict[str, object]
) -> None:
    assert encode_columns(encoder, columns) is None


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a"), ("c", "a", "b")], ids="-".join)
@pytest.mark.parametrize("n_rows", [1, 5000])
@pytest.mark.parametrize("kind", ["f4", "f8", "f2", "i8", "u1"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_rows_are_encoded_with_the_bits_of_a_table(
    encoder: TableEncoder, names: tuple[str, ...], n_rows: int, kind: str, order: str
) -> None:
    numbers = np.random.default_rng(1).standard_normal((n_rows, len(names))) * 9
    rows = np.array(np.abs(numbers), dtype=kind, order=order)  # type: ignore[call-overload]
    if kind.startswith("f"):
        rows[::3, 0] = np.nan
    found = encode_rows(encoder, rows, names)
    expected = encoder.encode(Table.from_columns(zip(names, rows.T, strict=True)))
    assert found is not None
    for n_bins in (0, 16):
        np.testing.assert_array_equal(found.features(n_bins), expected.features(n_bins))


@pytest.mark.parametrize(
    "rows",
    [
        np.array([[1.0, np.inf]]),
        np.full((50_000, 2), -np.inf),
        np.zeros((0, 2)),
        np.zeros(2),
        np.zeros((1, 2, 1)),
        np.array([[True, False]]),
        np.array([[1.0, "2"]], dtype=object),
        np.array([["1", "2"]]),
        np.array([[1, 2j]]),
        np.zeros((1, 2), np.longdouble),
        np.zeros((1, 2), "datetime64[D]"),
    ],
    ids=lambda rows: f"{rows.dtype} {rows.shape}",
)
def test_rows_that_need_a_closer_look_get_one(encoder: TableEncoder, rows: np.ndarray) -> None:
    assert encode_rows(encoder, rows, ("a", "b")) is None


def test_rows_must_have_all_columns(encoder: TableEncoder) -> None:
    assert encode_rows(encoder, np.zeros((1, 2)), ("a", "c")) is None


def test_a_table_with_other_columns_needs_a_closer_look() -> None:
    table = Table.from_columns({"a": [1.0, 2, 3, 4], "b": list("xyxy")})
    encoder = TableEncoder.fit(table, Schema.infer(table), n_bins=(0,))
    assert encode_columns(encoder, {"a": [1.0], "b": ["x"]}) is None
    assert encode_rows(encoder, np.zeros((1, 2)), ("a", "b")) is None


def test_no_columns_are_no_numbers() -> None:
    assert as_plain_numbers([np.zeros(0)]) is None


@pytest.mark.parametrize("tiny", [1.0, 1e-300, 5e-324])
def test_a_few_rows_lie_in_the_bins_of_many(tiny: float) -> None:
    rng = np.random.default_rng(0)
    edges = (
        np.sort(rng.standard_normal(17)),
        np.arange(5) * tiny,
        np.array([-1e308, 0, 1e-9, 1e308]),
    )
    bins = JoinedBins.of(edges, [rng.random(len(own) - 1) for own in edges])
    ends = [np.concatenate([own, own * 1.5, np.nextafter(own, 0)])[:12] for own in edges]
    numbers = np.array([np.tile(own, 12 // len(own) + 1)[:12] for own in ends])
    many, few = (np.empty((12, len(bins)), np.float32) for _ in range(2))
    with np.errstate(all="raise", under="ignore"):
        bins.write(numbers, many)
        for row in range(12):
            bins.write(numbers[:, [row]], few[row : row + 1])
    np.testing.assert_array_equal(few, many)
