"""Sequences: what is taken for one, how they come to one length, what is refused in a sentence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from madaline import sequences, sounds
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.io.recognition import to_table
from madaline._tables.kinds.sequence import MAX_STEPS, SequenceEncoder
from madaline._tables.media.grids import add_offsets
from madaline._tables.media.signals import Sequence
from madaline._tables.media.transforms import downsampled, interpolated
from madaline._tables.schema import Schema
from madaline._tables.table import Table
from madaline.errors import InputError


def random_arrays(n=30, channels=3, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(rng.integers(3, 12), channels)) for _ in range(n)]


def encoded(encoder, column):
    out = np.full((len(column), encoder.n_features), np.nan, np.float32)
    encoder.write(encoder.read(column), out)
    return out.reshape(len(column), encoder.length, -1)


@pytest.mark.parametrize(
    "X",
    [
        random_arrays(),
        tuple(random_arrays()),
        sequences(random_arrays()),
        [np.arange(length) for length in range(2, 8)],
        pd.Series(sequences(random_arrays())),
        pd.DataFrame({"sequence": random_arrays()}),
        {"sequence": random_arrays()},
    ],
)
def test_arrays_of_different_lengths_are_sequences(X):
    table = to_table(X)
    assert table.names == ("sequence",)
    assert Schema.infer(table)["sequence"].kind == "sequence"


def test_arrays_that_are_alike_are_images_if_they_can_be():
    assert to_table([np.zeros((4, 5)), np.ones((4, 5))])["image"].shape == (2, 4, 5, 1)
    assert to_table([np.zeros((4, 3)), np.ones((4, 3))]).names == ("sequence",)
    assert to_table([np.zeros((4, 5)), -np.ones((4, 5))]).names == ("sequence",)
    assert to_table(np.zeros((2, 4, 3)))["image"].shape == (2, 4, 3, 1)
    assert to_table([np.zeros(3), np.ones(3)]).names == ("x0", "x1", "x2")
    alike = to_table(sequences(np.zeros((2, 4, 3))))
    assert alike["sequence"][0].values.shape == (4, 3)


def test_sequences_are_values_like_others():
    one, other = (Sequence(np.array(values, np.float32)) for values in ([[1], [2]], [[1], [3]]))
    assert one == Sequence(one.values.copy())
    assert len({one, other, Sequence(one.values.copy())}) == 2
    assert one != other
    assert one != Sequence(one.values.reshape(1, 2))
    assert str(one) != str(other)


def test_a_schema_describes_them():
    column = sequences([[[1, 2]] * 5, None, [[3, 4]] * 7, [[3, 4]] * 7])
    (schema,) = Schema.infer(Table.from_columns({"walk": column})).columns
    assert schema.detail == "5 to 7 steps, 2 numbers a step"
    assert (schema.n_missing, schema.n_distinct, schema.kind) == (1, 2, "sequence")
    with pytest.raises(InputError, match="holds sequences: its kind is sequence or dropped"):
        Schema.infer(Table.from_columns({"walk": column}), {"walk": "number"})
    with pytest.raises(InputError, match="'age' cannot be read as sequences"):
        Schema.infer(Table.from_columns({"age": [1, 2, 3]}), {"age": "sequence"})


def test_channels_are_scaled_by_all_steps_that_there_are():
    column = sequences([a * [1, 10, 0] + [5, 0, 7] for a in random_arrays(200)])
    encoder = SequenceEncoder.fit("walk", column)
    x = encoded(encoder, column)
    there = x[..., -1] == 1
    np.testing.assert_allclose(x[there][:, :2].mean(axis=0), 0, atol=0.02)
    np.testing.assert_allclose(x[there][:, :2].std(axis=0), 1, atol=0.03)
    assert not x[~there].any()
    assert not x[..., 2].any()  # the same everywhere
    assert encoder.grid_shape == (encoder.length, 4)
    np.testing.assert_array_equal(there.sum(axis=1), [min(len(a), encoder.length) for a in column])


def test_a_weight_of_two_is_the_row_twice():
    column = sequences(random_arrays(6))
    twice = np.concatenate([column, column[:1]])
    weighted = SequenceEncoder.fit("walk", column, np.array([2.0, 1, 1, 1, 1, 1]))
    np.testing.assert_allclose(weighted.mean, SequenceEncoder.fit("walk", twice).mean)


def test_what_is_missing_within_a_sequence_lies_between_its_neighbors():
    whole = np.stack([np.arange(6.0), np.arange(6.0) * 2], axis=1)
    gap = whole.copy()
    gap[2:4, 1] = np.nan
    encoder = SequenceEncoder.fit("walk", sequences([whole, whole + 1]))
    x, y = encoded(encoder, sequences([whole, gap]))
    np.testing.assert_allclose(y[:, :2], x[:, :2], atol=1e-6)
    np.testing.assert_array_equal(y[:, 2], [1, 1, 0.5, 0.5, 1, 1])
    unknown = whole.copy()
    unknown[:, 0] = np.nan
    np.testing.assert_array_equal(encoded(encoder, sequences([unknown]))[0, :, 0], 0)
    assert not encoded(encoder, sequences([None, whole]))[0].any()


def test_long_sequences_are_downsampled_to_means():
    rng = np.random.default_rng(0)
    long = rng.normal(size=(1000, 2)).astype(np.float32)
    np.testing.assert_allclose(
        downsampled(long, 100), long.reshape(100, 10, 2).mean(axis=1), atol=1e-5
    )
    np.testing.assert_allclose(downsampled(long, 77).mean(axis=0), long.mean(axis=0), atol=1e-5)
    assert downsampled(long, 1000) is long
    assert SequenceEncoder.fit("ecg", sequences([long, long])).length == MAX_STEPS
    np.testing.assert_array_equal(interpolated(np.full((2, 1), np.nan)), np.full((2, 1), np.nan))


def test_an_encoder_comes_back_from_its_state():
    column = sequences(random_arrays())
    encoder = SequenceEncoder.fit("walk", column)
    again = SequenceEncoder.from_state(*encoder.to_state())
    assert again.to_state() == encoder.to_state()
    np.testing.assert_array_equal(encoded(again, column), encoded(encoder, column))


def test_sequences_beside_numbers_are_features_of_one_column():
    table = Table.from_columns({"walk": random_arrays(), "age": np.arange(30.0)})
    encoder = TableEncoder.fit(table, Schema.infer(table, {"age": "number"}))
    assert encoder.grid == ()
    assert [grid.sides for grid in encoder.grids.values()] == [(encoder.encoders[0].length,)]
    assert encoder.encode(table).features(0).shape[1] == encoder.n_features(0) > 30
    assert np.isfinite(encoder.encode(table).features(0)).all()


def test_offsets_move_what_is_there_and_nothing_else():
    rng = np.random.default_rng(0)
    rows = np.zeros((2000, 4, 3), np.float32)
    rows[:, :2, -1] = 1
    moved = rows.copy().reshape(2000, -1)
    add_offsets(moved, 4, 0.5, rng)
    moved = moved.reshape(rows.shape)
    np.testing.assert_array_equal(moved[:, 2:], 0)
    np.testing.assert_array_equal(moved[..., -1], rows[..., -1])
    np.testing.assert_array_equal(moved[:, 0], moved[:, 1])
    assert moved[:, 0, :2].std() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("arrays", "problem"),
    [
        ([np.zeros((3, 2)), np.zeros((4, 5))], r"Sequence 1 .* has 5 numbers a step where .* 2"),
        ([np.zeros((3, 2)), np.full((4, 2), np.inf)], r"Sequence 1 .* infinity.* in step 0"),
        ([np.full((4, 2), 1e300)], "too large, in step 0"),
        ([np.zeros((0, 2))], "Sequence 0 .* has no steps"),
        ([np.zeros((2, 2, 2))], r"has the shape \(2, 2, 2\)"),
        ([["a", "b"]], "something else than numbers"),
        ([[[1, 2], [3]]], "something else than numbers"),
    ],
)
def test_what_is_no_sequence_is_refused(arrays, problem):
    with pytest.raises(InputError, match=problem):
        sequences(arrays)


def test_arrays_with_different_channels_are_named():
    with pytest.raises(InputError, match=r"Array 1 .* shape \(4, 5\) where array 0 has \(3, 2\)"):
        to_table([np.zeros((3, 2)), np.zeros((4, 5))])
    tone = sounds([np.sin(np.arange(900))], 8000)[0]
    with pytest.raises(InputError, match="mixes Sequence and Sound"):
        Table.from_columns({"both": [tone, sequences([[1]])[0]]})
