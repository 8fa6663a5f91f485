"""Rows for a fitted model: of a file that holds a table, or images or sounds in a folder."""

from __future__ import annotations

import shlex
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from madaline._cli.console import tell
from madaline._cli.large import open_large
from madaline._data.io.compression import TooLargeError
from madaline._data.io.media_tables import OpenedFiles, frequency_notes, open_files, read_folder
from madaline._data.io.table_files import read_file
from madaline._data.io.tensor_file import MODELS, is_of_kind
from madaline._data.kinds.image import ImageEncoder
from madaline._data.kinds.kind import ColumnEncoder
from madaline._data.kinds.sound import SoundEncoder
from madaline._data.table import Table
from madaline._data.text_columns import missing_notes, read_formats
from madaline._model import FittedModel
from madaline._model.large_table import MAX_DRAWN, LargeTable
from madaline._model.many import ModelsByGroup
from madaline._model.reading import (
    carried_column,
    format_notes,
    needed_columns,
    other_formats,
    reading_options,
    written_formats,
)
from madaline._words import format_count, paragraph
from madaline.errors import BrokenFileError, InputError
from madaline.nn.arrays import Array


@dataclass(frozen=True, eq=False)
class FileRows:
    """Rows as they were read."""

    table: Table  # what the model needs, of the rows whose files can be read
    kept: Array  # (n_rows,), which rows those are
    files: Array | None = None  # (n_rows,), of images or sounds in a folder, the name of each file
    # (n_rows,), columns that identify the rows in what is written.
    carried: Mapping[str, Array] = field(default_factory=dict)

    drawn: Array | None = None  # (n_rows,), of a large table, the numbers of these rows

    @property
    def numbers(self) -> Array:
        """The number of each row of the table among all rows."""
        return np.flatnonzero(self.kept) if self.drawn is None else self.drawn

    @property
    def names(self) -> Array | None:
        """The name of the file of each row of the table."""
        return None if self.files is None else self.files[self.kept]

    def first(self, n_rows: int | None) -> FileRows:
        """Return the first rows, or all."""
        files = None if self.files is None else self.files[:n_rows]
        kept = self.kept[:n_rows]
        if not kept.any():
            raise InputError(
                f"The files of the first {format_count(len(kept), 'row')} cannot be read: ask for"
                " more."
            )
        carried = {name: values[:n_rows] for name, values in self.carried.items()}
        return FileRows(self.table.take(slice(int(kept.sum()))), kept, files, carried)

    def spread(self, columns: Mapping[str, Array]) -> dict[str, Array]:
        """Return columns for all rows, empty where a file could not be read, behind the names."""
        named = dict(self.carried) if self.files is None else {"file": self.files}
        return named | {name: self._spread(values) for name, values in columns.items()}

    def _spread(self, values: Array) -> Array:
        if self.kept.all():
            return values
        column = np.full(len(self.kept), None)
        column[self.kept] = values.tolist()
        return column


def load_model(arguments: Namespace) -> FittedModel:
    """Return the model of a file, or that of a group in a file of many models."""
    path, group = arguments.model, arguments.group
    if not is_of_kind(path, MODELS):
        if group is not None:
            raise InputError(
                f"--group chooses one of many models, but {path} holds one: leave it out."
            )
        return FittedModel.load(path)
    models = ModelsByGroup.load(path)
    if group is None:
        number, entry = next(models.index.numbered())
        example = entry.text if number >= 0 else "common"
        raise InputError(
            f"{path} holds a model for each of {format_count(len(models.index.entries), 'group')}:"
            f" choose one with --group, such as --group {shlex.quote(example)}."
        )
    return models.model(models.number(group))


def read_rows(arguments: Namespace, model: FittedModel, *, also: Sequence[str] = ()) -> FileRows:
    """Read the table that a command was given, and print what was done to its values.

    `also` are columns that are read where they exist. Of several files, and of one that is too
    large for memory, some rows are drawn, with a sentence.
    """
    try:
        is_file = Path(arguments.table).is_file()
        large = None if is_file else open_large(arguments, model, also=also)
        if large is None:
            return rows_at_once(arguments, model, also=also)
    except TooLargeError:
        large = open_large(arguments, model, also=also)
        if large is None:
            raise
    return _drawn_rows(large)


def rows_at_once(
    arguments: Namespace,
    model: FittedModel,
    *,
    also: Sequence[str] = (),
    carry: Sequence[str] = (),
) -> FileRows:
    """Read all rows as `read_rows` does, and draw none: `TooLargeError` if there are too many.

    The columns to `carry` identify the rows in what is written.
    """
    path = arguments.table
    encoder = model.predictor.encoder
    if not Path(path).is_dir():
        table, as_written = read_table_of(path, model, arguments, also=also, carry=carry)
        carried = {name: carried_column(as_written, name) for name in carry}
        past = model.predictor.past
        if past is not None:
            _say(past.remarks(table))
            table = past.add(table)
        return replace(open_rows(table, model, Path(path), arguments), carried=carried)
    if carry:
        raise InputError(
            f"{path} is a folder, whose files are named in the column file: leave out --id."
        )
    first = encoder.encoders[0]
    if not encoder.shape and not isinstance(first, SoundEncoder):
        raise InputError(f"{path} is a folder, but the model needs a table: give a file.")
    root, skip_broken = arguments.root, arguments.skip_broken
    folder = read_folder(path, encoder=first, root=root, skip_broken=skip_broken)
    scale_note = first.files_note if isinstance(first, ImageEncoder) else ""
    frequencies = frequency_notes(folder.table, encoder.encoders)
    _say(folder.notes, filter(None, (*frequencies, scale_note)))
    names = np.array(folder.names, dtype=object)
    return FileRows(_on_scale(folder.table, first), folder.kept, names)


def _drawn_rows(large: LargeTable) -> FileRows:
    """Return rows that are drawn evenly over a large table."""
    sample = large.sample(MAX_DRAWN)
    if sample.n_rows < sample.n_seen:
        drawn = f"{sample.n_rows:,} of {sample.n_seen:,} rows"
        tell(paragraph(f"The table is large: {drawn} are looked at, drawn at random."))
    return FileRows(sample.table, np.ones(sample.n_rows, bool), drawn=sample.numbers)


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
    table, notes = as_learned(file.table, model)
    _say(file.notes, notes)
    return table, file.table


def as_learned(table: Table, model: FittedModel) -> tuple[Table, list[str]]:
    """Return a table of a file with numbers and dates as a model needs them, and what was done."""
    table = read_formats(table, written_formats(model))
    choices = other_formats(table, model)
    table = read_formats(table, {name: choice.format for name, choice in choices.items()})
    return table, [*format_notes(choices), *missing_notes(table, model.predictor.encoder.plain)]


def _on_scale(table: Table, encoder: ColumnEncoder) -> Table:
    """Return images of files on the scale of those that a model learned from."""
    if not isinstance(encoder, ImageEncoder) or encoder.name not in table:
        return table
    return Table({**table.columns, encoder.name: encoder.of_files(table[encoder.name])})


def open_rows(table: Table, model: FittedModel, path: Path, arguments: Namespace) -> FileRows:
    """Return the rows of a table with the images and sounds that it names."""
    encoders = model.predictor.encoder.encoders
    opened = open_named_files(table, path, arguments, encoders=encoders)
    if opened.broken.all():
        raise InputError(f"Every row of {path} names a file that cannot be read: correct them.")
    _say(opened.notes, frequency_notes(opened.table, encoders))
    return FileRows(opened.table.take(~opened.broken), ~opened.broken)


def open_named_files(table: Table, path: Path, arguments: Namespace, **columns: Any) -> OpenedFiles:
    """Return the table of a file with the images and sounds that its `columns` name."""
    folder = path.parent
    root, skip = arguments.root or folder, arguments.skip_broken
    try:
        return open_files(table, folder=folder, root=root, skip_broken=skip, **columns)
    except BrokenFileError as error:
        raise InputError(f"{str(error).rstrip('.')}; --skip-broken goes on without.") from None


def _say(*notes: Iterable[str]) -> None:
    tell(*map(paragraph, chain(*notes)))
