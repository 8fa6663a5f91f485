from __future__ import annotations

import errno
import json
import os
import stat
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import load, save

from madaline._tables.io.atomic import write_atomically
from madaline._tables.io.spill import RowFile
from madaline._tables.io.tensor_file import (
    CHECKPOINT,
    MODEL,
    NO_CHECKSUM,
    VERSION,
    checksum,
    read_tensor_file,
    write_tensor_file,
)
from madaline._tables.io.tensor_header import DTYPES
from madaline.errors import InputError, ModelFileError

DESCRIPTION = {"words": 'größer ∞ "quoted" \\', "numbers": [1, 0.1, 1e300], "nothing": None}


@pytest.fixture
def arrays():
    """Return one array of every element type that a file can hold, and some odd shapes."""
    rng = np.random.default_rng(0)
    typed = {name: rng.integers(0, 2, (2, 3)).astype(dtype) for name, dtype in DTYPES.items()}
    return typed | {
        "scalar": np.array(2.5),
        "empty": np.empty((0, 3), np.float32),
        "transposed": rng.standard_normal((3, 4)).T,
        "special": np.array([np.nan, np.inf, -np.inf, -0.0]),
    }


@pytest.fixture
def path(tmp_path, arrays):
    """Return the path of a small sound file."""
    write_tensor_file(tmp_path / "small.model", MODEL, DESCRIPTION, arrays, check=lambda *_: None)
    return tmp_path / "small.model"


@pytest.fixture
def tiny(tmp_path):
    """Return the path of a sound file so small that every byte of it can be tried."""
    write_tensor_file(
        tmp_path / "tiny.model",
        MODEL,
        {"a": 1},
        {"x": np.ones((2, 3), np.float32)},
        check=lambda *_: None,
    )
    return tmp_path / "tiny.model"


def assert_same(found, expected):
    assert set(found) == set(expected)
    for name, array in expected.items():
        assert found[name].shape == array.shape, name
        assert found[name].dtype == array.dtype, name
        assert found[name].tobytes() == array.tobytes(), name


def test_what_is_written_is_read(path, arrays):
    description, found = read_tensor_file(path)
    assert description == DESCRIPTION
    assert_same(found, arrays)


def test_what_is_read_cannot_be_changed(path):
    _, arrays = read_tensor_file(path)
    with pytest.raises(ValueError, match="read-only"):
        arrays["F32"][0] = 1


def test_big_endian_arrays_keep_their_values(tmp_path):
    write_tensor_file(
        tmp_path / "file", MODEL, {}, {"x": np.arange(3, dtype=">f4")}, check=lambda *_: None
    )
    np.testing.assert_array_equal(read_tensor_file(tmp_path / "file")[1]["x"], [0, 1, 2])


def test_the_safetensors_library_reads_what_we_write(path, arrays):
    assert_same(load(path.read_bytes()), arrays)
    with safe_open(path, "numpy") as file:
        metadata = file.metadata()
    assert (metadata["format"], metadata["version"]) == (MODEL, str(VERSION))
    assert json.loads(metadata["description"]) == DESCRIPTION


def test_we_read_what_the_safetensors_library_writes(tmp_path, arrays):
    metadata = {"format": MODEL, "version": "1", "checksum": NO_CHECKSUM, "description": "[1]"}
    contiguous = {name: np.array(array, order="C") for name, array in arrays.items()}
    content = save(contiguous, metadata=metadata)
    signed = content.replace(NO_CHECKSUM.encode(), checksum([content]).encode())
    (tmp_path / "file").write_bytes(signed)
    description, found = read_tensor_file(tmp_path / "file")
    assert description == [1]
    assert_same(found, arrays)


def test_rows_in_a_file_are_written_like_an_array(tmp_path, arrays):
    filed = {name: RowFile(array) if array.ndim else array for name, array in arrays.items()}
    write_tensor_file(tmp_path / "filed", MODEL, DESCRIPTION, filed, check=lambda *_: None)
    write_tensor_file(tmp_path / "whole", MODEL, DESCRIPTION, arrays, check=lambda *_: None)
    assert (tmp_path / "filed").read_bytes() == (tmp_path / "whole").read_bytes()


def test_arrays_are_written_one_after_the_other(tmp_path):
    filed = {str(number): RowFile(np.ones((2**8, 2**10))) for number in range(8)}  # 2 MiB each
    tracemalloc.start()
    write_tensor_file(tmp_path / "file", CHECKPOINT, {}, filed, check=lambda *_: None)
    needed = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert needed < 4 * 2**21  # of 8


def test_the_same_content_makes_the_same_bytes(tmp_path, arrays):
    contents = set()
    for number in range(5):
        write_tensor_file(tmp_path / f"{number}", MODEL, DESCRIPTION, arrays, check=lambda *_: None)
        contents.add((tmp_path / f"{number}").read_bytes())
    assert len(contents) == 1


@pytest.mark.parametrize("change", [1, 0x20, 0x80])
def test_every_changed_byte_is_refused(tiny, change):
    content = tiny.read_bytes()
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= change
        tiny.write_bytes(changed)
        with pytest.raises(ModelFileError):
            read_tensor_file(tiny)


def test_every_truncation_is_refused(tiny):
    content = tiny.read_bytes()
    for length in range(len(content)):
        tiny.write_bytes(content[:length])
        with pytest.raises(ModelFileError, match="damaged" if length > 10 else None):
            read_tensor_file(tiny)


def test_bytes_at_the_end_are_refused(path):
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(ModelFileError, match="damaged"):
        read_tensor_file(path)


def test_arrays_that_changed_places_are_refused(path):
    path.write_bytes(path.read_bytes().replace(b'"F32":', b'"F64":', 1))
    with pytest.raises(ModelFileError, match="damaged"):
        read_tensor_file(path)


@given(st.binary(max_size=200))
def test_random_bytes_are_no_model(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("random") / "file"
    path.write_bytes(content)
    with pytest.raises(ModelFileError):
        read_tensor_file(path)


@given(
    st.dictionaries(
        st.sampled_from(["__metadata__", "x"]),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=5),
            lambda inner: st.dictionaries(
                st.sampled_from(["format", "version", "checksum", "description", "dtype"]), inner
            ),
        ),
    )
)
def test_any_other_json_header_is_no_model(tmp_path_factory, header):
    text = json.dumps(header).encode()
    path = tmp_path_factory.mktemp("json") / "file"
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    with pytest.raises(ModelFileError):
        read_tensor_file(path)


@pytest.mark.parametrize("version", ["", "-1", "1.5", "²", "None"])
def test_a_version_that_is_no_number_is_refused(tmp_path, version):
    metadata = {"format": MODEL, "version": version, "checksum": NO_CHECKSUM, "description": "{}"}
    content = save({}, metadata=metadata)
    (tmp_path / "file").write_bytes(
        content.replace(NO_CHECKSUM.encode(), checksum([content]).encode())
    )
    with pytest.raises(ModelFileError, match="damaged"):
        read_tensor_file(tmp_path / "file")


def test_a_header_nested_without_end_is_refused(tmp_path):
    text = b'{"a":' * 200_000
    (tmp_path / "file").write_bytes(len(text).to_bytes(8, "little") + text)
    with pytest.raises(ModelFileError, match="damaged"):
        read_tensor_file(tmp_path / "file")


def test_a_huge_header_is_not_even_read(tmp_path):
    (tmp_path / "file").write_bytes(b"\xff" * 7 + b"\x00{}")
    with pytest.raises(ModelFileError, match="is not a madaline model"):
        read_tensor_file(tmp_path / "file")


def test_a_newer_version_says_what_to_do(path):
    content = path.read_bytes().replace(b'"version":"1"', b'"version":"7"')
    path.write_bytes(content)
    with pytest.raises(ModelFileError) as caught:
        read_tensor_file(path)
    assert str(caught.value) == (
        f"{path} was written by a newer madaline (file version 7, this one reads up to {VERSION}):"
        " upgrade with `pip install --upgrade madaline`."
    )


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ModelFileError, match=r"There is no file .*\.model: check the name\."):
        read_tensor_file(tmp_path / "missing.model")


def test_a_folder_is_no_model(tmp_path):
    with pytest.raises(ModelFileError, match="cannot be read"):
        read_tensor_file(tmp_path)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"PK\x03\x04" + bytes(30)])
def test_other_files_are_no_models(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ModelFileError, match="is not a madaline model"):
        read_tensor_file(tmp_path / "file")


def test_another_safetensors_file_is_no_model(tmp_path):
    (tmp_path / "file").write_bytes(save({"x": np.zeros(3)}, metadata={"format": "pt"}))
    with pytest.raises(ModelFileError, match="is not a madaline model"):
        read_tensor_file(tmp_path / "file")


def test_models_and_checkpoints_are_told_apart(path, tmp_path):
    with pytest.raises(ModelFileError):
        read_tensor_file(path, CHECKPOINT)
    write_tensor_file(tmp_path / "state", CHECKPOINT, {}, {}, check=lambda *_: None)
    with pytest.raises(ModelFileError):
        read_tensor_file(tmp_path / "state")
    assert read_tensor_file(tmp_path / "state", CHECKPOINT) == ({}, {})


def fail_with_full_disk(monkeypatch):
    def fsync(_descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fsync)


def test_a_full_disk_leaves_the_old_file_and_no_other(path, tmp_path, monkeypatch):
    before = path.read_bytes()
    fail_with_full_disk(monkeypatch)
    with pytest.raises(OSError, match="No space left") as caught:
        write_tensor_file(path, MODEL, {"new": True}, {}, check=lambda *_: None)
    assert caught.value.errno == errno.ENOSPC
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]


def test_an_interruption_leaves_no_half_file(tmp_path, monkeypatch):
    def fsync(_descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "file", b"content")
    assert os.listdir(tmp_path) == []


def test_a_file_is_replaced_whole(tmp_path):
    write_atomically(tmp_path / "file", b"a long first content")
    write_atomically(tmp_path / "file", b"short")
    assert (tmp_path / "file").read_bytes() == b"short"
    assert os.listdir(tmp_path) == ["file"]


def test_a_place_for_no_file_is_a_sentence(tmp_path):
    with pytest.raises(InputError, match=r"There is no folder .*missing to write file in: make"):
        write_atomically(tmp_path / "missing" / "file", b"content")
    with pytest.raises(InputError, match="is a folder: give the name of a file"):
        write_atomically(tmp_path, b"content")
    assert os.listdir(tmp_path) == []


def test_a_name_without_a_folder_means_this_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_atomically("file", b"content")
    assert (tmp_path / "file").read_bytes() == b"content"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_file_may_be_read_by_whom_the_umask_says(tmp_path, umask, mode):
    old = os.umask(umask)
    try:
        write_atomically(tmp_path / "file", b"content")
        assert os.umask(umask) == umask
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode
