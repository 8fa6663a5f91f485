"""Folders of images or sounds, and columns of their paths, become columns of their content."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from madaline._base.language import _
from madaline._base.words import format_count, format_file_name, format_list
from madaline._tables.column import is_missing
from madaline._tables.io.recognition import IMAGES_NAME
from madaline._tables.io.source_files import table_files
from madaline._tables.kinds.image import WHITE, ImageEncoder
from madaline._tables.kinds.kind import IMAGE, SOUND, ColumnEncoder
from madaline._tables.kinds.sound import SoundEncoder
from madaline._tables.media import files as media_files
from madaline._tables.media.signals import SOUND_NAME, Sound, holds
from madaline._tables.table import Table
from madaline.errors import BrokenFileError, InputError
from madaline.nn.arrays import Array

LABEL = "label"  # name of the column of subfolder names

_ENDINGS = {IMAGE: media_files.IMAGE_ENDINGS, SOUND: media_files.SOUND_ENDINGS}


@dataclass(frozen=True, eq=False)
class Folder:
    """The content of a folder of files."""

    # The column of images or sounds and, if all files are in subfolders, the column of labels.
    table: Table
    # The path of each file within the folder, including files that cannot be read.
    names: tuple[str, ...]
    kept: Array  # (n_files,), which of them can be read, and are rows of the table
    notes: tuple[str, ...]  # what was changed or left out, in sentences


def read_folder(
    folder: str | os.PathLike[str],
    *,
    encoder: ColumnEncoder | None = None,
    root: str | os.PathLike[str] | None = None,
    skip_broken: bool = False,
) -> Folder:
    """Read all images, or all sounds, in a folder and its subfolders, in the order of their paths.

    Subfolders are named after classes. With the encoder of a model, files are of its kind, and
    images get the size that it was trained on. Links may lead to files in `root`, by default the
    folder itself.
    """
    folder = Path(folder)
    kind, paths = _files_of_one_kind(folder, encoder)
    opener, allowed = _opener(kind, encoder), folder if root is None else Path(root)
    items, kept, notes = _read_files(paths, opener, folder, allowed, skip_broken=skip_broken)
    if kind == IMAGE:
        shape = (
            encoder.shape if isinstance(encoder, ImageEncoder) else media_files.common_shape(items)
        )
        columns = {IMAGES_NAME: np.stack([media_files.resized(image, shape) for image in items])}
        notes += media_files.resizing_notes(items, shape)
    else:
        columns = {SOUND_NAME: np.fromiter(items, object, len(items))}
        notes += _rate_notes(items)
    names = [path.relative_to(folder) for path in paths]
    if all(len(name.parts) > 1 for name in names):
        labels = [format_file_name(name.parts[0]) for name in names]
        columns[LABEL] = np.array(labels, dtype=object)[kept]
    shown = tuple(format_file_name(str(name)) for name in names)
    return Folder(Table.from_columns(columns), shown, kept, tuple(notes))


def _files_of_one_kind(folder: Path, encoder: ColumnEncoder | None) -> tuple[str, list[Path]]:
    """Return what the files in a folder are, those of a model or either images or sounds."""
    kinds = (IMAGE, SOUND) if encoder is None else (encoder.kind,)
    paths = {kind: _files_in(folder, _ENDINGS[kind]) for kind in kinds}
    present = [kind for kind in kinds if paths[kind]]
    if not present:
        if table_files(folder):
            raise InputError(
                "{folder} is a folder of tables: give the name of one of them.", folder=folder
            )
        tables = "; or tables (.parquet, .csv, .jsonl)" if encoder is None else ""
        endings = ", ".join(ending for kind in kinds for ending in _ENDINGS[kind])
        raise InputError(
            "The folder {folder} holds {kinds}: put files ({endings}) into it, those of each class into a subfolder{tables}.",
            folder=folder,
            kinds=_(" and ").join(_("no {kind}s").format(kind=kind) for kind in kinds),
            endings=endings,
            tables=tables,
        )
    if len(present) > 1:
        raise InputError(
            "The folder {folder} holds images ({image}) and sounds ({sound}): put them into two folders.",
            folder=folder,
            image=paths[IMAGE][0].name,
            sound=paths[SOUND][0].name,
        )
    (kind,) = present
    return kind, paths[kind]


def _rate_notes(sounds: Iterable[Sound]) -> Iterator[str]:
    """Yield a sentence if sounds have different sampling rates."""
    rates = {sound.rate for sound in sounds}
    if len(rates) > 1:
        yield _(
            "The sounds have sampling rates from {lowest:,} to {highest:,} hertz: only frequencies that all of them contain are used."
        ).format(lowest=min(rates), highest=max(rates))


def _files_in(folder: Path, endings: Sequence[str]) -> list[Path]:
    """Return the files with such endings in a folder and its subfolders, in the order of paths."""
    if not folder.is_dir():
        raise InputError("There is no folder {folder}: check the name.", folder=folder)
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in endings
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def _read_files(
    paths: Sequence[Path],
    read: Callable[[Path], Any],
    folder: Path,
    root: Path,
    *,
    skip_broken: bool,
) -> tuple[list[Any], Array, list[str]]:
    """Return the content of the readable files, which files those are, and notes on the others."""
    items: list[Any] = []
    broken: dict[int, BrokenFileError] = {}
    for index, path in enumerate(paths):
        try:
            items.append(read(media_files.path_within(str(path.relative_to(folder)), folder, root)))
        except BrokenFileError as error:
            if not skip_broken:
                raise BrokenFileError(
                    "{english}; --skip-broken leaves such files out.",
                    english=error.english.rstrip("."),
                ) from None
            broken[index] = error
    if not items:
        raise next(iter(broken.values()))
    kept = np.ones(len(paths), bool)
    kept[list(broken)] = False
    names = (format_file_name(str(paths[index].relative_to(folder))) for index in broken)
    left_out = _("Files that cannot be read were left out: {names}.").format(
        names=format_list(names, limit=3)
    )
    return items, kept, [left_out] if broken else []


@dataclass(frozen=True, eq=False)
class OpenedFiles:
    """A table whose columns of paths have become images and sounds."""

    table: Table
    notes: tuple[str, ...]  # what was changed, in sentences
    broken: Array  # (n_samples,), rows with a file that cannot be read


def _note_of_broken(name: str, paths: Mapping[int, Any]) -> str:
    named = (_("{path} (row {row})").format(path=path, row=row) for row, path in paths.items())
    return _("Column {name}: files that cannot be read: {files}; rows are counted from 0.").format(
        name=name, files=format_list(named, limit=3)
    )


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

    With the `encoders` of a model, only its columns are opened, and images get the size it was
    trained on. Paths are relative to `folder`, by default the working directory. Files outside of
    `root`, also where a link leads there, are broken: give it wherever a stranger may have written
    the table. With `skip_broken`, a file that cannot be read counts as missing.
    """
    folder = Path(folder)
    within = partial(media_files.path_within, folder=folder, root=Path(root or folder))
    locate = folder.joinpath if root is None else within
    needed = {encoder.name: encoder for encoder in encoders or () if encoder.kind in (IMAGE, SOUND)}
    if encoders is not None and not needed:
        return OpenedFiles(table, (), np.zeros(table.n_samples, bool))
    kinds = dict(kinds or {}) | {name: encoder.kind for name, encoder in needed.items()}
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
            notes.append(_note_of_broken(name, {row: paths[row] for row in rows}))
    fitting = encoders is None
    used = np.ones(table.n_samples, bool) if fitting else ~broken
    columns, changes = _media_columns(read, needed, used, fitting=fitting)
    return OpenedFiles(table.replaced(columns), (*notes, *changes), broken)


def _media_columns(
    read: Mapping[str, tuple[str, list[Any]]],  # the kind and the content of each column
    needed: Mapping[str, ColumnEncoder],
    used: Array,  # (n_samples,): which rows are learned from, or predicted
    *,
    fitting: bool,
) -> tuple[dict[str, Array], list[str]]:
    """Return columns of images and sounds, and what was changed."""
    columns: dict[str, Array] = {}
    notes: list[str] = []
    for name, (kind, items) in read.items():
        if kind == IMAGE:
            columns[name], changes = _images(name, items, needed.get(name), used)
        else:
            columns[name], changes = _sounds(name, items, fitting=fitting)
        notes += (
            _("Column {name}: {change}").format(name=name, change=change) for change in changes
        )
    return columns, notes


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


def _kind(column: Array, given: str | None) -> str | None:
    """Return the kind of the files whose paths a column holds; None where it holds no paths."""
    is_text = holds(column, str)
    if given in (IMAGE, SOUND):
        return given if is_text or (column.ndim == 1 and is_missing(column).all()) else None
    if given is not None or not is_text:
        return None
    if media_files.names_files(column, media_files.IMAGE_ENDINGS):
        return IMAGE
    return SOUND if media_files.names_files(column, media_files.SOUND_ENDINGS) else None


def _opener(kind: str, encoder: ColumnEncoder | None) -> Callable[[Path], Any]:
    """Return the function that opens a file, with the settings of the encoder of a model."""
    if kind == IMAGE:
        shape = encoder.shape if isinstance(encoder, ImageEncoder) else None
        return partial(media_files.open_image, largest=media_files.kept_side(shape))
    least = encoder.spectrogram.least_rate if isinstance(encoder, SoundEncoder) else 0.0
    return partial(media_files.read_sound, least_rate=least)


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
                raise BrokenFileError(
                    "Column {name}: {english}", name=name, english=error.english
                ) from None
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
        shape = media_files.common_shape(present)
        color = np.mean(
            [media_files.resized(image, shape).mean(axis=(0, 1)) for image in present], axis=0
        )
    else:
        raise InputError(
            "No file of column {name} can be read as an image: correct the names.", name=name
        )
    filler = np.broadcast_to(np.round(color).astype(np.uint8), shape)
    pixels = np.stack(
        [filler if image is None else media_files.resized(image, shape) for image in images]
    )
    notes = [*media_files.resizing_notes(present, shape)]
    if n_missing:
        rows = format_count(n_missing, "row has", "rows have")
        notes.append(
            _("{rows} no image that can be read and got a uniform one instead.").format(rows=rows)
        )
    if isinstance(encoder, ImageEncoder) and encoder.files_note:
        notes.append(encoder.files_note)
        pixels = encoder.of_files(pixels)
    return pixels, notes


def _sounds(name: str, sounds: Sequence[Any], *, fitting: bool) -> tuple[Array, list[str]]:
    """Return sounds as a column, and notes."""
    present = [sound for sound in sounds if sound is not None]
    if not present and fitting:
        raise InputError(
            "No file of column {name} can be read as a sound: correct the names.", name=name
        )
    column = np.fromiter(sounds, object, len(sounds))
    return column, [*_rate_notes(present)] if fitting else []
