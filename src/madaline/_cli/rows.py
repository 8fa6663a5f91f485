"""Rows for a fitted model: of a file that holds a table, or images or sounds in a folder."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from madaline._cli.console import tell
from madaline._data.conversion import as_moments, as_numbers
from madaline._data.formats.characters import check_missing
from madaline._data.formats.choice import READINGS, Format
from madaline._data.io.media_tables import OpenedFiles, frequency_notes, open_files, read_folder
from madaline._data.io.table_files import read_file
from madaline._data.kinds.image import ImageEncoder
from madaline._data.kinds.kind import ColumnEncoder
from madaline._data.kinds.number import NumberEncoder
from madaline._data.kinds.sound import SoundEncoder
from madaline._data.table import Table
from madaline._data.target import REGRESSION
from madaline._data.text_columns import choose_text_formats, missing_notes, read_formats
from madaline._model import FittedModel
from madaline._words import format_count, option_value, paragraph
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

    @property
    def numbers(self) -> Array:
        """The number of each row of the table among all rows."""
        return np.flatnonzero(self.kept)

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


def read_rows(
    arguments: Namespace,
    model: FittedModel,
    *,
    path: str | None = None,
    also: Sequence[str] = (),
    carry: Sequence[str] = (),
) -> FileRows:
    """Read the table that a command was given, or a path, and print what was done to its values.

    The columns to `carry` identify the rows in what is written; `also` are read where they exist.
    """
    encoder, path = model.predictor.encoder, path or arguments.table
    if not Path(path).is_dir():
        table, as_written = read_table_of(path, model, arguments, also=also, carry=carry)
        carried = {name: _carried(as_written, name) for name in carry}
        past = model.predictor.past
        if past is not None:
            _say(past.remarks(table))
            table = past.add(table)
        return replace(_opened(table, model, Path(path), arguments), carried=carried)
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
    # What is only carried along is read as text, which 007 stays.
    encoder, past = model.predictor.encoder, model.predictor.past
    texts = [name for name in carry if name not in encoder.columns]
    needed = [*encoder.columns, *(() if past is None else past.read)]
    written, columns = _written(model), list(dict.fromkeys([*needed, *also, *carry]))
    others = () if past is None else past.lags.others
    categories = [*encoder.categories, *written, *texts, *(o.name for o in others if o.classes)]
    otherwise = option_value(model.summary.settings.get("file_options", []), "--encoding")
    file = read_file(
        path,
        categories=categories,
        columns=columns,
        encoding=arguments.encoding,
        otherwise=otherwise,
        missing=check_missing([*encoder.missing, *arguments.missing]),
    )
    table, read = _with_numbers(read_formats(file.table, written), model)
    _say(file.notes, read, missing_notes(table, encoder.plain))
    return table, file.table


def _carried(table: Table, name: str) -> Array:
    """Return a column that identifies rows; whole numbers without decimals."""
    if name not in table:
        raise InputError(f"--id names {name}, but the table has no such column: check the name.")
    values = np.asarray(table[name])
    if values.dtype.kind != "f":
        return values
    return np.array([None if x != x else int(x) if x == int(x) else x for x in values], object)


def _written(model: FittedModel) -> dict[str, Format]:
    """Return how the numbers and dates of a model's table were written."""
    target = {} if model.schema.target is None else {model.target_names[0]: model.schema.target}
    past = model.predictor.past
    others = () if past is None else past.lags.others
    of_past = {column.name: column.written for column in others if column.written is not None}
    return {**model.predictor.encoder.written, **of_past, **target}


def _with_numbers(table: Table, model: FittedModel) -> tuple[Table, list[str]]:
    """Return the table with numbers and dates in another form than the model's, and sentences.

    The model learned from plain numbers and dates, but the table holds text in these columns.
    """
    kinds = {encoder.name: encoder.kind for encoder in model.predictor.encoder.encoders}
    if model.summary.task == REGRESSION:
        kinds |= dict.fromkeys(model.target_names, NumberEncoder.kind)
    kinds = {
        name: kind
        for name, kind in kinds.items()
        if kind in READINGS and name in table and not _is_plain(name, table[name], kind)
    }
    choices = choose_text_formats(table.select(kinds), kinds) if kinds else {}
    read = read_formats(table, {name: choice.format for name, choice in choices.items()})
    return read, [f"{name}: {choice.words}." for name, choice in choices.items() if choice.words]


def _is_plain(name: str, column: Array, kind: str) -> bool:
    """Return whether a column reads as numbers or dates as Python writes them."""
    try:
        (as_numbers if kind == NumberEncoder.kind else as_moments)(name, column)
    except InputError:
        return False
    return True


def _on_scale(table: Table, encoder: ColumnEncoder) -> Table:
    """Return images of files on the scale of those that a model learned from."""
    if not isinstance(encoder, ImageEncoder) or encoder.name not in table:
        return table
    return Table({**table.columns, encoder.name: encoder.of_files(table[encoder.name])})


def _opened(table: Table, model: FittedModel, path: Path, arguments: Namespace) -> FileRows:
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
