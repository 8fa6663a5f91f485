"""Columns of paths to files, beside other columns, become columns of images or of sounds.

Where a row has no image it gets an even one, in the mean color of the others, and that is said; a
sound that is not there is a missing value like any other.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from madaline.data.column import is_missing
from madaline.data.encoders.column_encoder import ColumnEncoder
from madaline.data.encoders.image_encoder import WHITE, ImageEncoder
from madaline.data.encoders.sound_encoder import SoundEncoder
from madaline.data.io.image_files import (
    ENDINGS,
    common_shape,
    kept_side,
    open_image,
    resizing_notes,
    sized,
)
from madaline.data.io.sound_files import rate_notes
from madaline.data.kinds import IMAGE, SOUND
from madaline.data.media.signals import holds
from madaline.data.media.sound_file import names_sounds, read_sound
from madaline.data.table import Table
from madaline.errors import BrokenFileError, InputError
from madaline.nn.arrays import Array
from madaline.words import count, some


@dataclass(frozen=True, eq=False)
class OpenedFiles:
    """A table whose columns of paths hold images and sounds now.

    Parameters
    ----------
    table : Table
        The table.
    notes : tuple of str
        What was done, in sentences.
    broken : bool ndarray of shape (n_samples,)
        Rows with a file that could not be used.
    """

    table: Table
    notes: tuple[str, ...]
    broken: Array


def is_image_paths(column: Array) -> bool:
    """Return whether a column holds paths of image files, and nothing else but gaps.

    Examples
    --------
    >>> is_image_paths(np.array(["a.png", None, "b/c.JPG"], dtype=object))
    True
    >>> is_image_paths(np.array(["a.png", "apple"], dtype=object))
    False
    """
    if not holds(column, str):
        return False
    return all(path.lower().endswith(ENDINGS) for path in column.tolist() if path is not None)


def open_files(
    table: Table,
    *,
    kinds: Mapping[str, str] | None = None,
    encoders: Sequence[ColumnEncoder] | None = None,
    folder: str | os.PathLike[str] = "",
    skip_broken: bool = False,
) -> OpenedFiles:
    """Return the table with the images and sounds that its columns of paths name.

    Parameters
    ----------
    table : Table
        The table.
    kinds : mapping of str to str, optional
        What some columns are to be taken for, whatever their paths end in.
    encoders : sequence of ColumnEncoder, optional
        Those of a model: what it needs is opened, in the size that it learned from.
    folder : path
        What relative paths are relative to; by default the working directory.
    skip_broken : bool, default=False
        Whether a file that cannot be used counts as a missing one.

    Raises
    ------
    InputError
        If a file is not there or cannot be used; it is named.
    """
    needed = {one.name: one for one in encoders or ()}
    told = dict(kinds or {}) | {name: one.kind for name, one in needed.items()}
    columns, broken = dict(table.columns), np.zeros(table.n_samples, bool)
    notes: list[str] = []
    read: dict[str, tuple[str, list[Any]]] = {}
    for name, paths in table.columns.items():
        kind = _kind(paths, told.get(name)) if encoders is None or name in needed else None
        if kind is None:
            continue
        reader = _Reader(name, Path(folder), _opener(kind, needed.get(name)), skip_broken)
        items, rows = reader.all(paths)
        read[name] = kind, items
        broken[rows] = True
        notes += _broken_notes(name, paths, rows)
    used = np.ones(table.n_samples, bool) if encoders is None else ~broken
    for name, (kind, items) in read.items():
        if kind == IMAGE:
            columns[name], said = _images(name, items, needed.get(name), used)
        else:
            columns[name], said = _sounds(name, items, fitting=encoders is None)
        notes += said
    return OpenedFiles(Table(columns), tuple(notes), broken)


def lacking_notes(table: Table, encoders: Iterable[ColumnEncoder]) -> Iterator[str]:
    """Yield in sentences which sounds lack pitches that a model listens to.

    Parameters
    ----------
    table : Table
        Rows to predict, their files opened.
    encoders : iterable of ColumnEncoder
        Those of the model.
    """
    for encoder in encoders:
        if isinstance(encoder, SoundEncoder) and encoder.name in table:
            note = encoder.lacking(table[encoder.name])
            if note:
                yield note


def scale_notes(table: Table, encoders: Iterable[ColumnEncoder]) -> Iterator[str]:
    """Yield in sentences which images stand on another scale than those that a model learned from.

    Parameters
    ----------
    table : Table
        Rows to predict, their files opened.
    encoders : iterable of ColumnEncoder
        Those of the model.
    """
    for encoder in encoders:
        if not isinstance(encoder, ImageEncoder) or encoder.name not in table:
            continue
        images = table[encoder.name]
        if images.ndim == 4:
            note = encoder.off_scale(images)
            if note:
                yield note


def _kind(column: Array, told: str | None) -> str | None:
    """Return what the files are that a column names; None where it names none."""
    if told in (IMAGE, SOUND):
        names_files = holds(column, str) or (column.ndim == 1 and is_missing(column).all())
        return told if names_files else None
    if told is not None or not holds(column, str):
        return None
    if is_image_paths(column):
        return IMAGE
    return SOUND if names_sounds(column) else None


def _opener(kind: str, encoder: ColumnEncoder | None) -> Callable[[Path], Any]:
    """Return what opens a file, as the encoder of a model needs it."""
    if kind == IMAGE:
        shape = encoder.shape if isinstance(encoder, ImageEncoder) else None
        return partial(open_image, largest=kept_side(shape))
    least = encoder.spectrogram.least_rate if isinstance(encoder, SoundEncoder) else 0.0
    return partial(read_sound, least_rate=least)


@dataclass(frozen=True)
class _Reader:
    """Reads the files of a column."""

    name: str
    folder: Path
    read: Callable[[Path], Any]
    skip_broken: bool

    def all(self, paths: Array) -> tuple[list[Any], list[int]]:
        """Return what is in each file, None where nothing is, and the rows of broken ones."""
        items: list[Any] = []
        broken: list[int] = []
        for row, path in enumerate(paths.tolist()):
            item = None
            try:
                if isinstance(path, str):
                    item = self.read(self.folder / path)
            except BrokenFileError as error:
                if not self.skip_broken:
                    raise BrokenFileError(f"Column {self.name}: {error}") from None
                broken.append(row)
            items.append(item)
        return items, broken


def _broken_notes(name: str, paths: Array, rows: Sequence[int]) -> Iterator[str]:
    """Yield in a sentence which files could not be read, if there are such."""
    if rows:
        shown = some((f"{paths[row]} (row {row})" for row in rows), limit=3)
        yield f"Column {name}: files that cannot be read: {shown}; rows are counted from 0."


def _images(
    name: str, images: Sequence[Any], encoder: ColumnEncoder | None, used: Array
) -> tuple[Array, list[str]]:
    """Return images as an array; an even one, of the mean color, where there is none.

    A model does not use rows with a broken file, in whichever column, and so nothing is said of
    these.
    """
    present = [one for one in images if one is not None]
    n_missing = sum(one is None for one, is_used in zip(images, used, strict=True) if is_used)
    if isinstance(encoder, ImageEncoder):
        shape, even = encoder.shape, np.asarray(encoder.mean)
        even = even * WHITE if encoder.brightest == 1 else even
    elif present:
        shape = common_shape(present)
        even = np.mean([sized(one, shape).mean(axis=(0, 1)) for one in present], axis=0)
    else:
        raise InputError(f"No file of column {name} can be read as an image: correct the names.")
    filler = np.broadcast_to(np.round(even).astype(np.uint8), shape)
    pixels = np.stack([filler if one is None else sized(one, shape) for one in images])
    notes = [f"Column {name}: {note}" for note in resizing_notes(present, shape)]
    if n_missing:
        rows = count(n_missing, "row has", "rows have")
        notes.append(
            f"Column {name}: {rows} no image that can be read and got an even one instead."
        )
    if isinstance(encoder, ImageEncoder) and encoder.files_note:
        notes.append(f"Column {name}: {encoder.files_note}")
        pixels = encoder.of_files(pixels)
    return pixels, notes


def _sounds(name: str, sounds: Sequence[Any], *, fitting: bool) -> tuple[Array, list[str]]:
    """Return sounds as a column."""
    present = [one for one in sounds if one is not None]
    if not present and fitting:
        raise InputError(f"No file of column {name} can be read as a sound: correct the names.")
    column = np.empty(len(sounds), dtype=object)
    column[:] = sounds
    return column, [f"Column {name}: {note}" for note in rate_notes(present)] if fitting else []
