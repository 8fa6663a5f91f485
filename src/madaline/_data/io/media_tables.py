"""Folders of images or sounds, and columns of their paths, become columns of their content."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from madaline._data.column import is_missing
from madaline._data.io.rows import IMAGES_NAME
from madaline._data.kinds.image import WHITE, ImageEncoder
from madaline._data.kinds.kind import IMAGE, SOUND, ColumnEncoder
from madaline._data.kinds.sound import SoundEncoder
from madaline._data.media.files import (
    IMAGE_ENDINGS,
    SOUND_ENDINGS,
    common_shape,
    kept_side,
    names_sounds,
    open_image,
    path_within,
    read_sound,
    resized,
    resizing_notes,
)
from madaline._data.media.signals import SOUND_NAME, Sound, holds
from madaline._data.table import Table
from madaline._words import count, file_text, some
from madaline.errors import BrokenFileError, InputError
from madaline.nn.arrays import Array

LABEL = "label"
"""Name of the column of subfolder names."""


@dataclass(frozen=True, eq=False)
class Folder:
    """The content of a folder of files.

    Parameters
    ----------
    table : Table
        The column of images or sounds and, if all files are in subfolders, the column of labels.
    names : tuple of str
        The path of each file within the folder, including files that cannot be read.
    kept : bool ndarray of shape (n_files,)
        Which of them can be read, and are rows of the table.
    notes : tuple of str
        What was changed or left out, in sentences.
    """

    table: Table
    names: tuple[str, ...]
    kept: Array
    notes: tuple[str, ...]


def read_folder(
    folder: str | os.PathLike[str],
    *,
    root: str | os.PathLike[str] | None = None,
    skip_broken: bool = False,
) -> Folder:
    """Read all images, or all sounds, in a folder and its subfolders.

    Parameters
    ----------
    folder : path
        Files in subfolders named after their class, or files without a class.
    root : path, optional
        Links in the folder may lead to files in this one; by default in the folder itself.
    skip_broken : bool, default=False
        Whether to leave out files that cannot be read, with a note.

    Raises
    ------
    InputError
        If there is no such folder, it holds neither or both, or a file cannot be read.
    """
    images = _files_in(Path(folder), IMAGE_ENDINGS)
    sounds = _files_in(Path(folder), SOUND_ENDINGS)
    if images and sounds:
        raise InputError(
            f"The folder {folder} holds images ({images[0].name}) and sounds ({sounds[0].name}):"
            " put them into two folders."
        )
    if not images and not sounds:
        endings = (*IMAGE_ENDINGS, *SOUND_ENDINGS)
        raise _no_files(folder, "no images and no sounds", *endings)
    read = read_sound_folder if sounds else read_image_folder
    return read(folder, root=root, skip_broken=skip_broken)


def read_image_folder(
    folder: str | os.PathLike[str],
    *,
    shape: tuple[int, ...] | None = None,
    root: str | os.PathLike[str] | None = None,
    skip_broken: bool = False,
) -> Folder:
    """Read all images in a folder and its subfolders, in the order of their paths.

    `shape` is the height, width and channels to resize images to, those of a model; by default that
    of `common_shape`. See `read_folder` for the rest.
    """
    paths = _files_in(Path(folder), IMAGE_ENDINGS)
    if not paths:
        raise _no_files(folder, "no images", *IMAGE_ENDINGS)
    read = partial(open_image, largest=kept_side(shape))
    images, kept, notes = _read_files(paths, read, Path(folder), root, skip_broken=skip_broken)
    shape = shape or common_shape(images)
    column = np.stack([resized(image, shape) for image in images])
    notes += resizing_notes(images, shape)
    return _labeled(Path(folder), paths, kept, {IMAGES_NAME: column}, notes)


def read_sound_folder(
    folder: str | os.PathLike[str],
    *,
    least_rate: float = 0.0,
    root: str | os.PathLike[str] | None = None,
    skip_broken: bool = False,
) -> Folder:
    """Read all sounds in a folder and its subfolders, in the order of their paths.

    `least_rate` is the lowest sampling rate (hertz) that a model accepts; see `read_folder` for the
    rest.
    """
    paths = _files_in(Path(folder), SOUND_ENDINGS)
    if not paths:
        raise _no_files(folder, "no sounds", *SOUND_ENDINGS)
    read = partial(read_sound, least_rate=least_rate)
    sounds, kept, notes = _read_files(paths, read, Path(folder), root, skip_broken=skip_broken)
    column = np.empty(len(sounds), dtype=object)
    column[:] = sounds
    notes += rate_notes(sounds)
    return _labeled(Path(folder), paths, kept, {SOUND_NAME: column}, notes)


def rate_notes(sounds: Iterable[Sound]) -> Iterator[str]:
    """Yield a sentence if sounds have different sampling rates."""
    rates = {sound.rate for sound in sounds}
    if len(rates) > 1:
        yield (
            f"The sounds have sampling rates from {min(rates):,} to {max(rates):,} hertz: only"
            " frequencies that all of them contain are used."
        )


def _files_in(folder: Path, endings: Sequence[str]) -> list[Path]:
    """Return the files with such endings in a folder and its subfolders, in the order of paths."""
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}: check the name.")
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in endings
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def _no_files(folder: str | os.PathLike[str], what: str, *endings: str) -> InputError:
    return InputError(
        f"The folder {folder} holds {what}: put files ({', '.join(endings)}) into it, those of each"
        " class into a subfolder."
    )


def _read_files(
    paths: Sequence[Path],
    read: Callable[[Path], Any],
    folder: Path,
    root: str | os.PathLike[str] | None,
    *,
    skip_broken: bool,
) -> tuple[list[Any], Array, list[str]]:
    """Return the content of the readable files, which files those are, and notes on the others."""
    items: list[Any] = []
    broken: dict[int, BrokenFileError] = {}
    allowed = folder if root is None else Path(root)
    for index, path in enumerate(paths):
        try:
            items.append(read(path_within(str(path.relative_to(folder)), folder, allowed)))
        except BrokenFileError as error:
            if not skip_broken:
                raise BrokenFileError(
                    f"{str(error).rstrip('.')}; --skip-broken leaves such files out."
                ) from None
            broken[index] = error
    if not items:
        raise next(iter(broken.values()))
    kept = np.ones(len(paths), bool)
    kept[list(broken)] = False
    names = (file_text(str(paths[index].relative_to(folder))) for index in broken)
    notes = [f"Files that cannot be read were left out: {some(names, limit=3)}."] if broken else []
    return items, kept, notes


def _labeled(
    folder: Path, paths: Sequence[Path], kept: Array, columns: dict[str, Array], notes: list[str]
) -> Folder:
    """Add the column of labels if all files are in subfolders."""
    names = [path.relative_to(folder) for path in paths]
    if all(len(name.parts) > 1 for name in names):
        labels = [file_text(name.parts[0]) for name in names]
        columns[LABEL] = np.array(labels, dtype=object)[kept]
    shown = tuple(file_text(str(name)) for name in names)
    return Folder(Table.from_columns(columns), shown, kept, tuple(notes))


@dataclass(frozen=True, eq=False)
class OpenedFiles:
    """A table whose columns of paths have become images and sounds.

    Parameters
    ----------
    table : Table
        The table.
    notes : tuple of str
        What was changed, in sentences.
    broken : bool ndarray of shape (n_samples,)
        Rows with a file that cannot be read.
    """

    table: Table
    notes: tuple[str, ...]
    broken: Array


def open_files(
    table: Table,
    *,
    kinds: Mapping[str, str] | None = None,
    encoders: Sequence[ColumnEncoder] | None = None,
    folder: str | os.PathLike[str] = "",
    root: str | os.PathLike[str] | None = None,
    skip_broken: bool = False,
) -> OpenedFiles:
    """Return the table with the images and sounds that its columns of paths refer to.

    Parameters
    ----------
    table : Table
        The table.
    kinds : mapping of str to str, optional
        Kinds of some columns, whatever the endings of their paths.
    encoders : sequence of ColumnEncoder, optional
        Those of a model: only its columns are opened, and images get the size it was trained on.
    folder : path
        What paths are relative to; by default the working directory.
    root : path, optional
        The folder that all files must be in, or below: paths and links that lead out of it are
        broken. Give it wherever a stranger may have written the table.
    skip_broken : bool, default=False
        Whether a file that cannot be read counts as missing.

    Raises
    ------
    InputError
        If a file does not exist or cannot be read; the message names it.
    """
    locate = _locator(Path(folder), None if root is None else Path(root))
    needed = {one.name: one for one in encoders or () if one.kind in (IMAGE, SOUND)}
    if encoders is not None and not needed:
        return OpenedFiles(table, (), np.zeros(table.n_samples, bool))
    kinds = dict(kinds or {}) | {name: encoder.kind for name, encoder in needed.items()}
    columns: dict[str, Array] = {}
    broken = np.zeros(table.n_samples, bool)
    notes: list[str] = []
    read: dict[str, tuple[str, list[Any]]] = {}
    for name, paths in table.columns.items():
        kind = _kind(paths, kinds.get(name)) if encoders is None or name in needed else None
        if kind is None:
            continue
        opener = _opener(kind, needed.get(name))
        items, rows = _read_column(name, paths, locate, opener, skip_broken=skip_broken)
        read[name] = kind, items
        broken[rows] = True
        if rows:
            files = some((f"{paths[row]} (row {row})" for row in rows), limit=3)
            notes.append(
                f"Column {name}: files that cannot be read: {files}; rows are counted from 0."
            )
    used = np.ones(table.n_samples, bool) if encoders is None else ~broken
    for name, (kind, items) in read.items():
        if kind == IMAGE:
            columns[name], changes = _images(name, items, needed.get(name), used)
        else:
            columns[name], changes = _sounds(name, items, fitting=encoders is None)
        notes += (f"Column {name}: {change}" for change in changes)
    return OpenedFiles(table.replaced(columns), tuple(notes), broken)


def frequency_notes(table: Table, encoders: Iterable[ColumnEncoder]) -> Iterator[str]:
    """Yield a sentence for each column of sounds that lack high frequencies a model uses."""
    for encoder in encoders:
        if isinstance(encoder, SoundEncoder) and encoder.name in table:
            yield from filter(None, [encoder.low_rate_note(table[encoder.name])])


def scale_notes(table: Table, encoders: Iterable[ColumnEncoder]) -> Iterator[str]:
    """Yield a sentence for each column of images on another scale than those of the fit."""
    for encoder in encoders:
        if isinstance(encoder, ImageEncoder) and encoder.name in table:
            images = table[encoder.name]
            yield from filter(None, [encoder.off_scale(images) if images.ndim == 4 else ""])


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
    return all(path.lower().endswith(IMAGE_ENDINGS) for path in column.tolist() if path is not None)


def _kind(column: Array, given: str | None) -> str | None:
    """Return the kind of the files whose paths a column holds; None where it holds no paths."""
    is_text = holds(column, str)
    if given in (IMAGE, SOUND):
        return given if is_text or (column.ndim == 1 and is_missing(column).all()) else None
    if given is not None or not is_text:
        return None
    if is_image_paths(column):
        return IMAGE
    return SOUND if names_sounds(column) else None


def _opener(kind: str, encoder: ColumnEncoder | None) -> Callable[[Path], Any]:
    """Return the function that opens a file, with the settings of the encoder of a model."""
    if kind == IMAGE:
        shape = encoder.shape if isinstance(encoder, ImageEncoder) else None
        return partial(open_image, largest=kept_side(shape))
    least = encoder.spectrogram.least_rate if isinstance(encoder, SoundEncoder) else 0.0
    return partial(read_sound, least_rate=least)


def _locator(folder: Path, root: Path | None) -> Callable[[str], Path]:
    """Return the function from what a table holds to the path of the file."""
    return folder.joinpath if root is None else partial(path_within, folder=folder, root=root)


def _read_column(
    name: str,
    paths: Array,
    locate: Callable[[str], Path],
    read: Callable[[Path], Any],
    *,
    skip_broken: bool,
) -> tuple[list[Any], list[int]]:
    """Return the content of each file, None where there is none, and the rows of broken files."""
    items: list[Any] = []
    broken: list[int] = []
    for row, path in enumerate(paths.tolist()):
        items.append(None)
        try:
            if isinstance(path, str):
                items[row] = read(locate(path))
        except BrokenFileError as error:
            if not skip_broken:
                raise BrokenFileError(f"Column {name}: {error}") from None
            broken.append(row)
    return items, broken


def _images(
    name: str, images: Sequence[Any], encoder: ColumnEncoder | None, used: Array
) -> tuple[Array, list[str]]:
    """Return images as an array, uniform ones of the mean color where there is none, and notes.

    The notes do not count rows with a broken file, as a model does not predict them.
    """
    present = [image for image in images if image is not None]
    n_missing = sum(image is None for image, is_used in zip(images, used, strict=True) if is_used)
    if isinstance(encoder, ImageEncoder):
        shape = encoder.shape
        color = np.asarray(encoder.mean) * (WHITE if encoder.brightest == 1 else 1)
    elif present:
        shape = common_shape(present)
        color = np.mean([resized(image, shape).mean(axis=(0, 1)) for image in present], axis=0)
    else:
        raise InputError(f"No file of column {name} can be read as an image: correct the names.")
    filler = np.broadcast_to(np.round(color).astype(np.uint8), shape)
    pixels = np.stack([filler if image is None else resized(image, shape) for image in images])
    notes = [*resizing_notes(present, shape)]
    if n_missing:
        rows = count(n_missing, "row has", "rows have")
        notes.append(f"{rows} no image that can be read and got a uniform one instead.")
    if isinstance(encoder, ImageEncoder) and encoder.files_note:
        notes.append(encoder.files_note)
        pixels = encoder.of_files(pixels)
    return pixels, notes


def _sounds(name: str, sounds: Sequence[Any], *, fitting: bool) -> tuple[Array, list[str]]:
    """Return sounds as a column, and notes."""
    present = [sound for sound in sounds if sound is not None]
    if not present and fitting:
        raise InputError(f"No file of column {name} can be read as a sound: correct the names.")
    column = np.empty(len(sounds), dtype=object)
    column[:] = sounds
    return column, [*rate_notes(present)] if fitting else []
