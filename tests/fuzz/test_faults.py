"""A fit whose memory or disk fails at any place: one sentence, nothing lost, nothing left."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from madaline._apps.cli import main
from madaline._race import checkpoint

PLACES = 24 if settings.default.max_examples < 1000 else 400
"""Places that fail, each in a fit of its own; evenly spread over all calls."""

ALLOCATIONS = ("empty", "zeros", "full", "concatenate", "stack")
SYSTEM_CALLS = ("open", "fsync", "replace", "unlink")


class Faults:
    """Counts the calls that may fail, and lets one of them fail (final)."""

    def __init__(self, failing: int | None = None) -> None:
        self.failing, self.count = failing, 0

    def call(self, error: Exception) -> None:
        """Count a call; raise the error if it is the one that fails."""
        self.count += 1
        if self.count == self.failing:
            raise error

    @contextmanager
    def injected(self) -> Iterator[None]:
        """Count calls of NumPy that take memory, and of the system that write files."""
        with pytest.MonkeyPatch.context() as patch:
            for name in ALLOCATIONS:
                patch.setattr(np, name, self._wrapped(getattr(np, name), MemoryError()))
            full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            for name in SYSTEM_CALLS:
                patch.setattr(os, name, self._wrapped(getattr(os, name), full))
            opened = os.fdopen
            patch.setattr(os, "fdopen", lambda *given: FailingFile(opened(*given), self, full))
            yield

    def _wrapped(self, function: Any, error: Exception) -> Any:
        def wrapped(*given: Any, **options: Any) -> Any:
            self.call(error)
            return function(*given, **options)

        return wrapped


class FailingFile:
    """A file whose writes may fail (final)."""

    def __init__(self, file: Any, faults: Faults, error: Exception) -> None:
        self._file, self._faults, self._error = file, faults, error

    def __enter__(self) -> FailingFile:
        self._file.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._file.__exit__(*error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, content: bytes) -> int:
        """Write, or fail after half of it."""
        try:
            self._faults.call(self._error)
        except Exception:
            self._file.write(content[: len(content) // 2])
            raise
        return int(self._file.write(content))

    def writelines(self, chunks: Any) -> None:
        """Write each chunk."""
        for chunk in chunks:
            self.write(chunk)


@pytest.fixture
def fit(tmp_path, monkeypatch, capfd):
    """Return what fits a small table, with checkpoints after every epoch, and its exit code."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(checkpoint, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(checkpoint, "CHECKPOINT_SHARE", 1e9)
    rng = np.random.default_rng(0)
    rows = [
        f"{one:.3f},{'uvw'[number % 3]},{one > 0}" for number, one in enumerate(rng.normal(size=40))
    ]
    Path("t.csv").write_text("\n".join(["a,b,y", *rows]) + "\n")

    def run(faults: Faults | None = None) -> tuple[int, str]:
        words = ["fit", "t.csv", "--target", "y", "--effort", "3", "--jobs", "1", "--quiet"]
        capfd.readouterr()
        with (faults or Faults()).injected():
            code = main([*words, "-o", "m.madaline"])
        return code, capfd.readouterr().err

    return run


@pytest.mark.filterwarnings("ignore:The fit goes on, but cannot be resumed")
def test_a_fit_that_fails_anywhere_loses_and_leaves_nothing(fit):
    counting = Faults()
    assert fit(counting)[0] == 0  # what is only done once is done now
    expected = Path("m.madaline").read_bytes()
    counting = Faults()
    assert fit(counting)[0] == 0
    assert Path("m.madaline").read_bytes() == expected
    failed = 0
    for failing in np.unique(np.linspace(1, counting.count, PLACES).astype(int)).tolist():
        Path("m.madaline").write_bytes(b"an older model")
        code, told = fit(Faults(failing))
        assert code in (0, 2), (failing, told)
        failed += code == 2
        assert "Traceback" not in told
        assert code == 0 or told.count("\nmadaline: ") + told.startswith("madaline: ") == 1, told
        left = {path.name for path in Path().iterdir()}
        assert left <= {"t.csv", "m.madaline", "m.madaline.checkpoint"}, (failing, left)
        found = Path("m.madaline").read_bytes()
        assert found == expected or (code == 2 and found == b"an older model")
        assert fit()[0] == 0
        assert Path("m.madaline").read_bytes() == expected
        assert {path.name for path in Path().iterdir()} == {"t.csv", "m.madaline"}
    assert failed > PLACES / 2
