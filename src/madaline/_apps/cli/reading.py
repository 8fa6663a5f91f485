"""What a command reads for a fitted model: the model, and rows of files, at once or in blocks."""

from __future__ import annotations

import shlex
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatch
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from madaline._apps.cli.console import tell, unwritable
from madaline._base.language import _
from madaline._base.words import format_count, paragraph
from madaline._models.model import FittedModel
from madaline._models.model.many import ModelsByGroup
from madaline._models.model.model_rows import MAX_DRAWN, ModelRows, RowBlock, counted_from, obstacle
from madaline._models.model.predictions import parts_of
from madaline._models.model.reading import (
    WrittenAs,
    carried_column,
    needed_columns,
    reading_options,
)
from madaline._models.watching.monitor import Monitor
from madaline._tables.column import is_missing
from madaline._tables.io.compression import TooLargeError
from madaline._tables.io.media_tables import OpenedFiles, frequency_notes, open_files, read_folder
from madaline._tables.io.part_files import PartFile, parts_folder
from madaline._tables.io.source_files import reads_in_blocks
from madaline._tables.io.table_files import read_file
from madaline._tables.io.tensor_file import MODELS, is_of_kind
from madaline._tables.kinds.image import ImageEncoder
from madaline._tables.kinds.kind import ColumnEncoder
from madaline._tables.kinds.sound import SoundEncoder
from madaline._tables.table import Table
from madaline._tables.target import CLASSIFICATION
from madaline._tell.progress.row_progress import RowProgress
from madaline.errors import BrokenFileError, InputError
from madaline.nn.arrays import Array


def load_model(arguments: Namespace) -> FittedModel:
    """Return the model of a file, or that of a group in a file of many models."""
    path, group = arguments.model, arguments.group
    if not is_of_kind(path, MODELS):
        if group is not None:
            raise InputError(
                "--group chooses one of many models, but {path} holds one: leave it out.", path=path
            )
        return FittedModel.load(path)
    models = ModelsByGroup.load(path)
    if group is None:
        number, entry = next(models.index.numbered())
        example = entry.text if number >= 0 else "common"
        raise InputError(
            "{path} holds a model for each of {groups}: choose one with --group, such as --group {quote}.",
            path=path,
            groups=format_count(len(models.index.entries), "group"),
            quote=shlex.quote(example),
        )
    return models.model(models.number(group))


def open_model_rows(
    arguments: Namespace,
    model: FittedModel,
    *,
    also: Sequence[str] = (),
    carry: Sequence[str] = (),
    at_once: bool = False,
) -> ModelRows:
    """Return the rows of a command's table, and print what is done to their values.

    Several files and large ones are read block by block; one file with `at_once` only if it does
    not fit into memory. `also` are columns that are read where they exist; those to `carry`
    identify the rows in what is written.
    """
    rows = None
    if not (at_once and Path(arguments.table).is_file()):
        rows = _rows_in_blocks(arguments, model, also, carry)
    if rows is not None:
        return rows
    try:
        return ModelRows.of(model, _rows_at_once(arguments, model, also, carry))
    except TooLargeError:
        rows = _rows_in_blocks(arguments, model, also, carry)
        if rows is None:
            raise
        return rows


def read_rows(arguments: Namespace, model: FittedModel, *, also: Sequence[str] = ()) -> RowBlock:
    """Return the rows of a command's table at once.

    Of several files, and of one that is too large for memory, some are drawn, with a sentence.
    """
    rows = open_model_rows(arguments, model, also=also, at_once=True)
    block, note = rows.sample(MAX_DRAWN)
    _say(filter(None, [note]))
    return block


def _rows_in_blocks(
    arguments: Namespace, model: FittedModel, also: Sequence[str], carry: Sequence[str]
) -> ModelRows | None:
    """Return the rows of files to be read block by block; None if they are best read at once."""
    path = arguments.table
    if not reads_in_blocks(path) or (Path(path).is_file() and obstacle(model)):
        return None
    check_output(arguments, path)
    rows = ModelRows.open(
        model,
        path,
        also=also,
        carry=carry,
        encoding=arguments.encoding,
        missing=arguments.missing,
    )
    if rows is not None:
        _say(rows.notes)
    return rows


def _rows_at_once(
    arguments: Namespace, model: FittedModel, also: Sequence[str], carry: Sequence[str]
) -> RowBlock:
    """Return all rows of a file or folder; `TooLargeError` if there are too many."""
    path = arguments.table
    if not Path(path).is_dir():
        table, as_written = read_table_of(path, model, arguments, also=also, carry=carry)
        carried = {name: carried_column(as_written, name) for name in carry}
        past = model.predictor.past
        if past is not None:
            _say(past.remarks(table))
            table = past.add(table)
        return replace(open_media(table, model, Path(path), arguments), carried=carried)
    if carry:
        raise InputError(
            "{path} is a folder, whose files are named in the column file: leave out --id.",
            path=path,
        )
    return _folder_at_once(arguments, model)


def _folder_at_once(arguments: Namespace, model: FittedModel) -> RowBlock:
    """Return the images or sounds of a folder."""
    path, encoder = arguments.table, model.predictor.encoder
    first = encoder.encoders[0]
    if not encoder.shape and not isinstance(first, SoundEncoder):
        raise InputError("{path} is a folder, but the model needs a table: give a file.", path=path)
    root, skip_broken = arguments.root, arguments.skip_broken
    folder = read_folder(path, encoder=first, root=root, skip_broken=skip_broken)
    scale_note = first.files_note if isinstance(first, ImageEncoder) else ""
    frequencies = frequency_notes(folder.table, encoder.encoders)
    _say(folder.notes, filter(None, (*frequencies, scale_note)))
    names = np.array(folder.names, dtype=object)
    return RowBlock(_on_scale(folder.table, first), readable=folder.kept, files=names)


def check_written(arguments: Namespace, task: str, target: str, names: Sequence[str]) -> None:
    """Refuse to write probabilities of a number, or what is predicted as an identifier."""
    if arguments.proba and task != CLASSIFICATION:
        raise InputError(
            "{model} predicts a number, {target}, which has no classes: leave out --proba.",
            model=arguments.model,
            target=target,
        )
    for name in names:
        if name in arguments.id:
            raise InputError(
                "--id names {name}, which is predicted: name another column.", name=name
            )


def check_output(arguments: Namespace, table: str) -> None:
    """Refuse to write among the files that are read."""
    output = getattr(arguments, "output", None)
    if output in (None, "-"):
        return
    path, read = Path(output).absolute(), Path(table).absolute()
    if read in path.parents or fnmatch(str(path), str(read)):
        raise InputError(
            "{output} would become a part of {table} as it is read: write elsewhere.",
            output=output,
            table=table,
        )


def write_parts(
    path: Path,
    key: Mapping[str, Any],
    rows: ModelRows,
    write: Callable[[PartFile], Iterable[int]],
) -> int:
    """Write a file part by part, tell how far it is, and return how many rows it has.

    `write` goes on after the parts that are there, and yields how many rows are done.
    """
    progress = RowProgress(rows.rows.n_rows_about, sys.stderr)
    try:
        with parts_of(path, key) as file:
            progress.start(sum(note["n_rows"] for note in file.notes))
            if progress.n_done:
                tell(
                    _("Going on after {rows} that are done.").format(
                        rows=format_count(progress.n_done, "row")
                    )
                )
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
    return _("The same command goes on after {done}, kept in {parts_folder}.").format(
        done=done, parts_folder=parts_folder(path)
    )


def rows_at(rows: ModelRows, numbers: Sequence[int]) -> Table:
    """Return some rows, by their numbers."""
    found = []
    for number in numbers:
        block = next(rows.blocks(number, n_rows=1), None) if number >= 0 else None
        if block is None:
            raise InputError(_no_such_row(rows, number))
        if not block.table.n_samples:
            raise InputError(
                "--row is {number}, whose file cannot be read: choose another row.", number=number
            )
        found.append(block.table)
    return Table.join(found)


def _no_such_row(rows: ModelRows, number: int) -> str:
    if rows.in_blocks:
        return _("--row is {number}, but the table has no such row, counted from 0.").format(
            number=number
        )
    n_rows = rows.first(None).n_rows
    return _(
        "--row is {number}, but the table has {rows}, counted from 0: give a number from 0 to {n_rows}."
    ).format(number=number, rows=format_count(n_rows, "row"), n_rows=n_rows - 1)


def observe(
    monitor: Monitor, rows: ModelRows, target: str, times_of: Callable[[Table], Array | None]
) -> Iterator[int]:
    """Let a monitor take rows in blocks, and yield how many it took after each block."""
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
            "The rows are not in the order of time: row {first:,} is earlier than one before it. A large table is read in its own order: sort it first.",
            first=first + row + 1,
        )
    return known[-1]


def time_columns(model: FittedModel) -> list[str]:
    """Return the columns that may tell when rows of a model were recorded."""
    forward = model.summary.forward
    return [] if forward is None else list(forward.columns)


def read_table_of(
    path: str,
    model: FittedModel,
    arguments: Namespace,
    *,
    also: Sequence[str] = (),
    carry: Sequence[str] = (),
) -> tuple[Table, Table]:
    """Return what a model needs of a table in a file, and the same as it was written.

    What was done to its values is printed.
    """
    columns = list(dict.fromkeys([*needed_columns(model), *also, *carry]))
    options = reading_options(
        model, carry=carry, encoding=arguments.encoding, missing=arguments.missing
    )
    file = read_file(path, columns=columns, **options)
    written, table = WrittenAs.of(file.table, model)
    _say(file.notes, written.notes)
    return table, file.table


def _on_scale(table: Table, encoder: ColumnEncoder) -> Table:
    """Return images of files on the scale of those that a model learned from."""
    if not isinstance(encoder, ImageEncoder) or encoder.name not in table:
        return table
    return Table({**table.columns, encoder.name: encoder.of_files(table[encoder.name])})


def open_media(table: Table, model: FittedModel, path: Path, arguments: Namespace) -> RowBlock:
    """Return the rows of a table with the images and sounds that it names."""
    encoders = model.predictor.encoder.encoders
    opened = open_named_files(table, path, arguments, encoders=encoders)
    if opened.broken.all():
        raise InputError(
            "Every row of {path} names a file that cannot be read: correct them.", path=path
        )
    _say(opened.notes, frequency_notes(opened.table, encoders))
    return RowBlock(opened.table.take(~opened.broken), readable=~opened.broken)


def open_named_files(table: Table, path: Path, arguments: Namespace, **columns: Any) -> OpenedFiles:
    """Return the table of a file with the images and sounds that its `columns` name."""
    folder = path.parent
    root, skip = arguments.root or folder, arguments.skip_broken
    try:
        return open_files(table, folder=folder, root=root, skip_broken=skip, **columns)
    except BrokenFileError as error:
        raise InputError(
            "{error}; --skip-broken goes on without.", error=str(error).rstrip(".")
        ) from None


def _say(*notes: Iterable[str]) -> None:
    tell(*map(paragraph, chain(*notes)))
