"""What the benchmark of pictures draws: patches that share nothing, and files of MNIST's format."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def pictures(monkeypatch):
    """Return the module of the benchmark."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    module = pytest.importorskip("pictures", reason="the benchmarks need threadpoolctl")
    yield module
    for name in ("pictures", "tables", "measuring"):
        sys.modules.pop(name, None)


def test_no_pixel_is_in_two_patches(pictures):
    photograph = np.arange(70 * 50 * 3).reshape(70, 50, 3)
    patches = pictures._patches(photograph, np.random.default_rng(0))
    assert patches.shape == (4 * 3, 16, 16, 3)
    assert len(np.unique(patches)) == patches.size
    first = patches[np.argmin(patches[:, 0, 0, 0])]
    np.testing.assert_array_equal(first, photograph[:16, :16])


def test_every_row_is_learned_from_or_tested(pictures):
    divided = pictures._divided(np.arange(20), np.arange(20) + 100, 6, flips=True)
    assert (len(divided.train_x), len(divided.test_x)) == (14, 6)
    rows = np.concatenate([divided.train_x, divided.test_x])
    assert sorted(rows) == list(range(20))
    np.testing.assert_array_equal(divided.test_y, divided.test_x + 100)


def test_files_of_fashion_mnist_are_read(pictures, tmp_path):
    values = np.arange(2 * 3 * 4, dtype=np.uint8)
    header = bytes([0, 0, 8, 3]) + np.array([2, 3, 4], ">i4").tobytes()
    (tmp_path / "images.gz").write_bytes(gzip.compress(header + values.tobytes()))
    np.testing.assert_array_equal(pictures._idx(tmp_path / "images.gz"), values.reshape(2, 3, 4))
