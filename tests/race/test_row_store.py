"""Rows on disk are those that memory would hold, in the same order, and leave nothing behind."""

from __future__ import annotations

import errno
import os
import pickle
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest

from madaline._race import row_store, stored_rows
from madaline._race.row_store import RowStore, check_storable
from madaline._race.stored_rows import RowsInMemory, RowValues
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.kinds.kind import TEXT
from madaline._tables.schema import Schema
from madaline._tables.table import Table
from madaline.errors import InputError

N = 700


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    monkeypatch.setattr(stored_rows, "CHUNK", 128)
    monkeypatch.setattr(stored_rows, "MAX_BLOCK", 128)
    monkeypatch.setattr(row_store, "CHUNK", 128)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    number = rng.normal(size=N)
    number[::9] = np.nan
    words = np.array(["good", "bad", "größer", "", None, "an end"], object)
    texts = [" ".join(filter(None, words[rng.integers(0, 6, 5)])) or None for _ in range(N)]
    return Table.from_columns(
        {
            "number": number,
            "level": np.array([None, *"abcdefgh"], object)[rng.integers(0, 9, N)],
            "flag": np.array([None, True, False], object)[rng.integers(0, 3, N)],
            "moment": np.datetime64("2020-01-01", "us") + rng.integers(0, 10**14, N),
            "text": np.array(texts, object),
        }
    )


@pytest.fixture(scope="module")
def encoder(table):
    return TableEncoder.fit(table, Schema.infer(table, {"text": TEXT}))


def values_of(table, encoder, target, **more):
    rng = np.random.default_rng(1)
    given = {
        "weight": rng.uniform(0.5, 2, N).astype(np.float32),
        "places": np.where(rng.random(N) < 0.3, np.arange(N), -1).astype(np.int32),
        "folds": rng.integers(-1, 4, N).astype(np.int16),
        "learned": rng.random((N, 4)) < 0.5,
    }
    columns = [own.read_rows(table) for own in encoder.encoders]
    return RowValues(columns, target, **{**given, **more})


def parts_of(values, sizes=(100, 250, 1, 349)):
    stops = np.cumsum(sizes)
    return (values.take(slice(b - a, b)) for a, b in zip(sizes, stops, strict=True))


def check_equal(one, other):
    for a, b in zip(one.columns, other.columns, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    for name in ("target", "weight", "places", "folds", "learned"):
        a, b = getattr(one, name), getattr(other, name)
        assert (a is None) == (b is None)
        if a is not None:
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("n_blocks", [1, 6, 300])
@pytest.mark.parametrize("plain", [False, True])
def test_a_store_has_the_rows_of_memory_in_their_order(table, encoder, n_blocks, plain):
    target = np.random.default_rng(2).normal(size=(N, 2)).astype(np.float32)
    values = values_of(
        table, encoder, target, **({"weight": None, "learned": None} if plain else {})
    )
    memory = RowsInMemory.of(values, n_blocks=n_blocks, seed=3)
    store = RowStore(encoder, parts_of(values), N, n_blocks=n_blocks, seed=3, one_hot=False)
    for number in range(n_blocks):
        check_equal(store.read(number), memory.read(number))
    store.close()


def test_many_classes_are_stored_as_their_numbers(table, encoder):
    target = np.eye(50, dtype=np.float32)[np.random.default_rng(0).integers(0, 50, N)]
    values = values_of(table, encoder, target)
    store = RowStore(encoder, [values], N, n_blocks=3, seed=0, one_hot=True)
    check_equal(store.read(1), RowsInMemory.of(values, n_blocks=3, seed=0).read(1))
    assert store.n_bytes < 100 * N
    store.close()


def test_another_process_reads_the_same_rows(table, encoder):
    values = values_of(table, encoder, np.zeros((N, 1), np.float32))
    store = RowStore(encoder, [values], N, n_blocks=3, seed=0, one_hot=False)
    sent = pickle.loads(pickle.dumps(store))
    check_equal(sent.read(2), store.read(2))
    sent.close()
    check_equal(store.read(0), RowsInMemory.of(values, n_blocks=3, seed=0).read(0))
    sent = pickle.loads(pickle.dumps(store))
    store.close()
    with pytest.raises(InputError, match="a folder that all machines of the cluster share"):
        sent.read(0)  # as on a machine that does not have them


def test_a_closed_store_leaves_nothing(table, encoder, tmp_path):
    values = values_of(table, encoder, np.zeros((N, 1), np.float32))
    store = RowStore(encoder, [values], N, n_blocks=3, seed=0, one_hot=False)
    assert list(tmp_path.iterdir())
    store.close()
    assert not list(tmp_path.iterdir())


def test_no_room_is_said_before_anything_is_written(table, encoder, tmp_path, monkeypatch):
    values = values_of(table, encoder, np.zeros((N, 1), np.float32))
    usage = shutil.disk_usage(tmp_path)._replace(free=70 * 10**6)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(InputError, match=r"take about .* of temporary files.*TMPDIR"):
        RowStore(encoder, [values], N, n_blocks=3, seed=0, one_hot=False, text_bytes=10_000)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("when", ["posix_fallocate", "write"])
def test_a_full_disk_is_one_sentence_and_leaves_nothing(
    table, encoder, tmp_path, monkeypatch, when
):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    if when == "write":
        monkeypatch.setattr(row_store, "_put", fail)
    else:
        monkeypatch.setattr(os, when, fail, raising=False)
    values = values_of(table, encoder, np.zeros((N, 1), np.float32))
    with pytest.raises(InputError, match="need more room than there is"):
        RowStore(encoder, [values], N, n_blocks=3, seed=0, one_hot=False)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("n_samples", [N - 1, N + 1])
def test_a_table_that_changes_is_refused(table, encoder, n_samples, tmp_path):
    values = values_of(table, encoder, np.zeros((N, 1), np.float32))
    with pytest.raises(InputError, match="do not change it during the fit"):
        RowStore(encoder, [values], n_samples, n_blocks=3, seed=0, one_hot=False)
    assert not list(tmp_path.iterdir())


def test_images_are_refused():
    images = Table({"picture": np.random.default_rng(0).random((9, 4, 4, 1))})
    encoder = TableEncoder.fit(images, Schema.infer(images))
    with pytest.raises(InputError, match=r"'picture' is read as .*images, which"):
        check_storable(encoder)


def test_the_folder_of_a_killed_process_is_removed(tmp_path):
    left = tmp_path / "madaline-left"
    left.mkdir()
    (left / "in use").touch()
    (left / "rows").touch()
    row_store.SharedFolder().remove()
    assert not Path(left).exists()
