"""Rows in a file are read like those of an array."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from madaline._tables.io.spill import MIN_SPILLED, RowFile, read_rows, spill_to_disk

N_ROWS = 37


@pytest.fixture(scope="module")
def rows():
    return np.random.default_rng(0).standard_normal((N_ROWS, 5))


@pytest.fixture(scope="module")
def filed(rows):
    return RowFile(rows)


@given(st.slices(N_ROWS))
def test_slices_are_those_of_the_array(rows, filed, places):
    found = filed[places]
    assert found.dtype == rows.dtype
    np.testing.assert_array_equal(found, rows[places])


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16])
def test_any_array_can_be_spilled(rows, dtype):
    whole = (100 * rows).astype(dtype)
    for array in (whole, whole[::3], whole.T, whole[:, 1:3], whole[:0], whole[:, 0]):
        filed = RowFile(array)
        assert (filed.shape, filed.dtype, len(filed)) == (array.shape, array.dtype, len(array))
        assert filed[:].tobytes() == array.tobytes()


def test_what_was_read_does_not_change_what_is_kept(rows, filed):
    filed[3:5][...] = 7
    np.testing.assert_array_equal(filed[:], rows)


@pytest.mark.parametrize("start", [0, 4, N_ROWS - 3])
def test_rows_are_read_into_an_array(rows, filed, start):
    for source in (rows, filed):
        out = np.zeros((3, 5))
        read_rows(source, start, out)
        np.testing.assert_array_equal(out, rows[start : start + 3])


def test_only_large_arrays_are_spilled():
    few, many = (
        np.zeros((MIN_SPILLED // 2 - 1, 2), np.float32),
        np.ones((MIN_SPILLED // 2, 2), np.float32),
    )
    assert spill_to_disk(few) is few
    filed = spill_to_disk(many)
    assert isinstance(filed, RowFile)
    np.testing.assert_array_equal(filed[:], many)


def test_without_room_on_the_disk_rows_stay_in_memory(monkeypatch):
    def full(*_arguments, **_named):
        raise OSError(28, "No space left on device")

    many = np.ones(MIN_SPILLED, np.float32)
    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    assert spill_to_disk(many) is many


def test_a_disk_that_fills_up_meanwhile_is_noticed(tmp_path):
    """The last bytes of a file may be those that find no room."""
    script = tmp_path / "fill.py"
    script.write_text(
        "import resource, signal\n"
        "import numpy as np\n"
        "from madaline._tables.io.spill import spill_to_disk\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2**22, 2**22))\n"
        "rows = np.ones((1_049_576, 1), np.float32)\n"
        "assert spill_to_disk(rows) is rows\n"
    )
    pytest.importorskip("resource", reason="files cannot be limited here")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    result = subprocess.run(
        [sys.executable, script], env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


def test_rows_that_are_gone_are_an_error(rows):
    filed = RowFile(rows)
    filed._file.truncate(8 * rows.size - 1)
    with pytest.raises(OSError, match="cut short"):
        filed[:]


def test_room_of_another_type_is_refused(filed):
    with pytest.raises(TypeError, match="float64"):
        filed.read(0, np.empty((3, 5), np.float32))


@pytest.mark.parametrize("system", ["as it is", "Windows"])
def test_threads_read_at_once(rows, filed, system, monkeypatch):
    if system == "Windows":
        monkeypatch.delattr(os, "preadv", raising=False)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            starts = [place % (N_ROWS - 3) for place in range(4000)]
            found = threads.map(lambda start: filed[start : start + 3], starts)
            for start, some in zip(starts, found, strict=True):
                np.testing.assert_array_equal(some, rows[start : start + 3])
    finally:
        sys.setswitchinterval(before)


def test_a_file_is_closed_when_nothing_refers_to_it(rows):
    filed = RowFile(rows)
    file = filed._file
    assert not file.closed
    del filed
    assert file.closed
