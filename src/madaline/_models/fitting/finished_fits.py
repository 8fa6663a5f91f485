"""The fits of many groups that are done, in one file: a killed run goes on from there.

Each is appended as a record, signed with a key of the user: the end of a record that was cut short
is cut off, and nobody else's decides what is fitted.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, final

import numpy as np

from madaline._base.codec import Stored, check_of
from madaline._base.json_checks import Malformed, Text
from madaline._base.words import warn
from madaline._models.model.many import Entry
from madaline._race.checkpoint import user_key
from madaline._tables.io.spill import RowFile, Rows
from madaline._tables.io.tensor_file import CHECKPOINT, parse_tensor_file, tensor_bytes
from madaline.errors import ModelFileError
from madaline.nn.arrays import Array

_LENGTH = 8  # bytes that tell the length of a record


@final
@dataclass(frozen=True, eq=False)
class Done:
    """A fit that is done, or has failed."""

    entry: Entry
    model: Rows | None = None  # the bytes of its file
    losses: Array = field(default_factory=lambda: np.empty(0))  # of each row, NaN if not held out
    metric: str = ""
    notes: tuple[tuple[str, str], ...] = ()  # kinds and sentences of warnings
    columns: tuple[str, ...] = ()  # that the model needs
    texts: tuple[str, ...] = ()  # those of them that are read from files as text
    before: bool = False  # whether an earlier run did it


@final
class FinishedFits:
    """The fits that are done, in a file that is there until the end, or a temporary one."""

    def __init__(self, path: Path | None = None) -> None:
        self.path, self._known = path, dict[str, Done]()
        if path is None:
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (closed by `close`)
        else:
            self._file = path.open("ab+", buffering=0)
        self._key = user_key()
        self._file.truncate(self._resume())

    def get(self, fingerprint: str) -> Done | None:
        """Return what came of a fit before this run."""
        return self._known.get(fingerprint)

    def add(self, fingerprint: str, done: Done) -> Done:
        """Return the same with the model in the file; failures are not kept."""
        if done.model is None:
            return done
        told = _Kept(fingerprint, done.entry, done.metric, done.notes, done.columns, done.texts)
        arrays = {"model": done.model, "losses": done.losses}
        check = check_of(_Kept)
        record = tensor_bytes(
            CHECKPOINT, told.to_json(), arrays, check=lambda json, _: check(json), key=self._key
        )
        start = self._file.seek(0, os.SEEK_END)
        left = memoryview(len(record).to_bytes(_LENGTH, "little") + record)
        while left:  # a write may be partial
            left = left[self._file.write(left) :]
        return self._in_file(done, start + _LENGTH, record)

    def close(self) -> None:
        """Close the file, which stays where it is; an empty and a temporary one go."""
        is_empty = not self._file.closed and self._file.seek(0, os.SEEK_END) == 0
        self._file.close()
        if self.path is not None and is_empty:
            self.path.unlink(missing_ok=True)

    def _resume(self) -> int:
        """Take in what an earlier run finished; return where that ends."""
        size, end = self._file.seek(0, os.SEEK_END), 0
        while end + _LENGTH <= size:
            self._file.seek(end)
            n_bytes = int.from_bytes(self._file.read(_LENGTH), "little")
            start = end + _LENGTH
            if start + n_bytes > size:  # killed while it was written
                break
            record = RowFile.within(self._file, range(start, start + n_bytes))[:]
            try:
                told, arrays = parse_tensor_file(
                    record.data, str(self.path), CHECKPOINT, key=self._key
                )
                check_of(_Kept)(told)
            except (ModelFileError, Malformed) as error:
                warn(
                    "{error}; what it holds from there on is fitted again.",
                    error=str(error).rstrip("."),
                )
                break
            kept = _Kept.from_json(told)
            facts = kept.metric, kept.notes, kept.columns, kept.texts
            done = Done(kept.entry, arrays["model"], arrays["losses"], *facts)
            self._known[kept.fingerprint] = replace(self._in_file(done, start, record), before=True)
            end = start + n_bytes
        return end

    def _in_file(self, done: Done, start: int, record: Any) -> Done:
        """Return what came of a fit with its model in the file, where its record starts."""
        first = start + 8 + int.from_bytes(record[:8], "little")
        place = range(first, first + (0 if done.model is None else len(done.model)))
        return replace(done, model=RowFile.within(self._file, place))


@dataclass(frozen=True)
class _Kept(Stored):
    """What is told of a fit that is done, beside its model and its losses."""

    fingerprint: Annotated[str, Text(200)]
    entry: Entry
    metric: Annotated[str, Text(100)]
    notes: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    texts: tuple[str, ...]
