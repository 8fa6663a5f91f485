"""The package itself: `import madaline` is cheap and offers what it lists."""

from __future__ import annotations

import subprocess
import sys

import pytest

import madaline

HEAVY = {"joblib", "narwhals", "pandas", "polars", "pyarrow", "rich", "safetensors", "sklearn"}


def test_import_loads_nothing_heavy():
    code = "import sys, madaline; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "madaline" in loaded
    assert not HEAVY & set(loaded)


@pytest.mark.parametrize("name", madaline.__all__)
def test_every_public_name_is_there_and_explained(name):
    assert name in dir(madaline)
    assert getattr(madaline, name).__doc__


def test_a_wrong_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'AdaptiveClasifier'"):
        _ = madaline.AdaptiveClasifier
