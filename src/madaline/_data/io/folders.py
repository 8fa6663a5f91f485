"""A folder of files as a table: one row for each image or sound, labeled with its subfolder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from madaline._data.io import image_files
from madaline._data.io.image_files import (
    common_shape,
    kept_side,
    open_image,
    resized,
    resizing_notes,
)
from madaline._data.io.inputs import IMAGES_NAME
from madaline._data.media import sound_files
from madaline._data.media.files import path_within
from madaline._data.media.sounds import SOUND_NAME, Sound
from madaline._data.table import Table
from madaline._words import file_text, some
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
    images = _files_in(Path(folder), image_files.ENDINGS)
    sounds = _files_in(Path(folder), sound_files.ENDINGS)
    if images and sounds:
        raise InputError(
            f"The folder {folder} holds images ({images[0].name}) and sounds ({sounds[0].name}):"
            " put them into two folders."
        )
    if not images and not sounds:
        endings = (*image_files.ENDINGS, *sound_files.ENDINGS)
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
    paths = _files_in(Path(folder), image_files.ENDINGS)
    if not paths:
        raise _no_files(folder, "no images", *image_files.ENDINGS)
    read = partial(open_image, largest=kept_side(shape))
    images, kept, notes = _read_each(paths, read, Path(folder), root, skip_broken=skip_broken)
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
    paths = _files_in(Path(folder), sound_files.ENDINGS)
    if not paths:
        raise _no_files(folder, "no sounds", *sound_files.ENDINGS)
    read = partial(sound_files.read_sound, least_rate=least_rate)
    sounds, kept, notes = _read_each(paths, read, Path(folder), root, skip_broken=skip_broken)
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


def _read_each(
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
