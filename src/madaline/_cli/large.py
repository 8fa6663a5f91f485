"""Large tables on the command line: read block by block, with a line that tells how far it is."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatch
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np

from madaline._cli.console import tell, unwritable
from madaline._data.column import is_missing
from madaline._data.io.part_files import PartFile, parts_folder
from madaline._data.io.sources import BLOCK_ROWS, is_large
from madaline._data.table import Table
from madaline._model import FittedModel
from madaline._model.kept_rows import joined
from madaline._model.large_table import LargeTable, counted_from, obstacle
from madaline._model.predictions import parts_of
from madaline._story.row_progress import RowProgress
from madaline._watching.monitor import Monitor
from madaline._words import format_count, paragraph
from madaline.errors import InputError
from madaline.nn.arrays import Array


def open_large(
    arguments: Namespace,
    model: FittedModel,
    *,
    also: Sequence[str] = (),
    carry: Sequence[str] = (),
) -> LargeTable | None:
    """Return the table of a command to be read block by block, and print how it is read.

    None if it is small, or nothing of the kind.
    """
    path = arguments.table
    if not is_large(path) or (Path(path).is_file() and obstacle(model)):
        return None
    check_output(arguments, path)
    rows = LargeTable.open(
        model,
        path,
        also=also,
        carry=carry,
        encoding=arguments.encoding,
        missing=arguments.missing,
    )
    if rows is not None:
        tell(*map(paragraph, rows.notes))
    return rows


def check_output(arguments: Namespace, table: str) -> None:
    """Refuse to write among the files that are read."""
    output = getattr(arguments, "output", None)
    if output in (None, "-"):
        return
    path, read = Path(output).absolute(), Path(table).absolute()
    if read in path.parents or fnmatch(str(path), str(read)):
        raise InputError(f"{output} would become a part of {table} as it is read: write elsewhere.")


def write_parts(
    path: Path,
    key: Mapping[str, Any],
    rows: LargeTable,
    write: Callable[[PartFile], Iterable[int]],
) -> int:
    """Write a file part by part, tell how far it is, and return how many rows it has.

    `write` goes on after the parts that are there, and yields how many rows are done.
    """
    progress = RowProgress(rows.source.n_rows_about, sys.stderr)
    try:
        with parts_of(path, key) as file:
            progress.start(sum(note["n_rows"] for note in file.notes))
            if progress.n_done:
                tell(f"Going on after {format_count(progress.n_done, 'row')} that are done.")
            progress.follow(write(file))
    except OSError as error:
        raise InputError(f"{unwritable(path, error)} {_what_is_kept(path, progress)}") from None
    except KeyboardInterrupt:
        tell(paragraph(_what_is_kept(path, progress)))
        raise
    return progress.n_done


def _what_is_kept(path: Path, progress: RowProgress) -> str:
    """Return in a sentence what an interrupted command leaves."""
    done = format_count(progress.n_done, "row")
    return f"The same command goes on after {done}, kept in {parts_folder(path)}."


def first_rows(rows: LargeTable, n_rows: int) -> Table:
    """Return the first rows of a large table, as many as there are."""
    tables: list[Table] = []
    for block in rows.blocks(n_rows=min(n_rows, BLOCK_ROWS)):
        tables.append(block.table)
        if block.first + block.table.n_samples >= n_rows:
            break
    return reduce(joined, tables).take(slice(n_rows))


def rows_at(rows: LargeTable, numbers: Sequence[int]) -> Table:
    """Return some rows of a large table, by their numbers."""
    found = []
    for number in numbers:
        block = next(rows.blocks(number, n_rows=1), None) if number >= 0 else None
        if block is None:
            raise InputError(f"--row is {number}, but the table has no such row, counted from 0.")
        found.append(block.table)
    return reduce(joined, found)


def observe(
    monitor: Monitor, rows: LargeTable, target: str, times_of: Callable[[Table], Array | None]
) -> Iterator[int]:
    """Let a monitor take the rows of a large table, and yield how many it took after each block."""
    latest = None
    for block in rows.blocks():
        with counted_from(block.first):
            times = times_of(block.table)
        latest = _check_order(times, latest, block.first)
        with counted_from(block.first):
            monitor.observe(block.table, block.table.columns.get(target))
        yield block.first + block.table.n_samples


def _check_order(times: Array | None, latest: Any, first: int) -> Any:
    """Return the latest time of rows in the order of time; `InputError` if they are in another."""
    present = None if times is None else times[~is_missing(times)]
    if times is None or present is None or not len(present):
        return latest
    known = np.maximum.accumulate(present)
    known = known if latest is None else np.maximum(known, latest)
    if (present < known).any():
        row = np.flatnonzero(~is_missing(times))[(present < known).argmax()]
        raise InputError(
            f"The rows are not in the order of time: row {first + row + 1:,} is earlier than one"
            " before it. A large table is read in its own order: sort it first."
        )
    return known[-1]
