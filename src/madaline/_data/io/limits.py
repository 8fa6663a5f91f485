"""A file is checked against the memory that its table will take, before that is taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from madaline._engine.memory import used_memory
from madaline._words import format_size
from madaline.errors import InputError

_COPIES = 3  # copies of a file's bytes that reading makes: as they are, decoded, encoded again
CELL_BYTES = 24  # bytes for each cell of a text file while it is read

VALUE_BYTES, TEXT_BYTES = 8, 64
"""Bytes for each value of a column of numbers or dates, and for one of text."""

SEPARATORS = (b",", b";", b"\t", b"|")


def most_bytes(limit: int | None) -> int | None:
    """Return how many bytes a file may hold, decompressed; None where there is no limit."""
    return None if limit is None else max(0, limit - used_memory()) // _COPIES


def check_size(path: Path, n_bytes: int, most: int | None) -> None:
    """Raise `InputError` if a file holds more bytes than it may."""
    if most is not None and n_bytes > most:
        raise InputError(
            f"{path} holds more than {format_size(most)}, decompressed, which is more than fits"
            " into memory: give fewer rows or columns, or raise the limit (--memory)."
        )


def check_cells(path: Path, content: bytes, limit: int | None) -> None:
    """Raise `InputError` if the cells of a text would take too much memory, about."""
    if limit is None:
        return
    n_cells = max(map(content.count, SEPARATORS)) + content.count(b"\n")
    _check(path, (_COPIES - 1) * len(content) + CELL_BYTES * n_cells, limit)


def check_frame(path: Path, frame: Any, limit: int | None) -> None:
    """Raise `InputError` if the columns of a polars frame would take too much memory, about."""
    if limit is None:
        return
    texts = sum(dtype == "String" for dtype in map(str, frame.dtypes))
    values = frame.width - texts
    _check(path, frame.height * (TEXT_BYTES * texts + VALUE_BYTES * values), limit)


def _check(path: Path, needed: int, limit: int) -> None:
    needed += used_memory()
    if needed > limit:
        raise InputError(
            f"To read {path} would take about {format_size(needed)} of memory, more than the limit"
            f" of {format_size(limit)}: give fewer rows or columns, or raise the limit (--memory)."
        )
