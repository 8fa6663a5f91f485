"""A large file that is written in parts, whole or absent, and goes on after the last one.

The parts stand in a hidden folder beside the file until it is complete, then become one file.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, final

from madaline._base.extras import load_polars
from madaline._tables.io.atomic import move_atomically, write_atomically
from madaline._tables.io.compression import compressed, plain_name
from madaline._tables.io.table_files import BINARY_ENDINGS, format_columns
from madaline.errors import InputError
from madaline.nn.arrays import Array

_ENDING, _KEY = ".madaline-parts", "key.json"
_NO_SPACE = os.strerror(errno.ENOSPC)
_BLOCK = 2**20  # bytes that are copied at a time


def parts_folder(path: Path) -> Path:
    """Return the folder in which the parts of a file stand."""
    return path.with_name(f".{path.name}{_ENDING}")


@final
class PartFile:
    """A file of columns in the making: CSV, JSON lines, Parquet and all else that is written.

    Parts of an earlier process are kept if they have the same key, which tells what is written.
    Each has a note, which is written before it.
    """

    def __init__(self, path: Path, key: Mapping[str, Any]) -> None:
        self.path, self._is_binary = path, Path(plain_name(path)).suffix in BINARY_ENDINGS
        if self._is_binary and plain_name(path) != path.name.lower():
            raise InputError(
                "A large table is not written to {name}, as Parquet and Feather are compressed by themselves: give {stem}.",
                name=path.name,
                stem=path.stem,
            )
        self.folder = parts_folder(path)
        text = json.dumps(key, sort_keys=True)
        if _text(self.folder / _KEY) != text:
            self.discard()
            self.folder.mkdir()
            write_atomically(self.folder / _KEY, text.encode())
        self.notes = [*self._notes()]

    def write(self, columns: Mapping[str, Array], note: Mapping[str, Any]) -> None:
        """Write the next part; `OSError` if that is not possible, and then it is absent."""
        number = len(self.notes)
        content = format_columns(self.path, columns, header=number == 0)
        write_atomically(self._note(number), json.dumps(note).encode())
        write_atomically(self._part(number), compressed(self.path, content))
        self.notes.append(dict(note))

    def finish(self) -> None:
        """Make one file of all parts, in place of an older one, and remove them."""
        numbers = range(len(self.notes))
        if self._is_binary:
            self._join(self.folder / "whole")
            move_atomically(self.folder / "whole", self.path)
        else:
            blocks = (block for number in numbers for block in _blocks_of(self._part(number)))
            write_atomically(self.path, b"", blocks)
        self.discard()

    def discard(self) -> None:
        """Remove all parts."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _join(self, whole: Path) -> None:
        """Write one binary file of all parts, which may lack the type of what is missing."""
        polars = load_polars()
        of_parquet = Path(plain_name(self.path)).suffix in (".parquet", ".pq")
        scan = polars.scan_parquet if of_parquet else polars.scan_ipc
        parts = [scan(self._part(number), glob=False) for number in range(len(self.notes))]
        rows = polars.concat(parts, how="vertical_relaxed")
        try:
            (rows.sink_parquet if of_parquet else rows.sink_ipc)(whole)
        except BaseException as error:
            whole.unlink(missing_ok=True)
            if _NO_SPACE in str(error):
                raise OSError(errno.ENOSPC, _NO_SPACE) from None
            raise

    def _notes(self) -> Iterator[dict[str, Any]]:
        """Yield the notes of the parts, up to the first that is missing or damaged."""
        number = 0
        while self._part(number).exists():
            try:
                yield json.loads(_text(self._note(number)))
            except ValueError:
                return
            number += 1

    def _part(self, number: int) -> Path:
        return self.folder / f"{number:06}"

    def _note(self, number: int) -> Path:
        return self.folder / f"{number:06}.json"


def _text(path: Path) -> str:
    with suppress(OSError):
        return path.read_text("utf-8")
    return ""


def _blocks_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block
