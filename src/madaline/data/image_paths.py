"""Columns of paths to image files, beside other columns, become columns of images.

Pillow opens the files, as it does those of a folder (`image_files.py`). Where a row has no image it
gets an even one, in the mean color of the others, and that is said.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from madaline.core.arrays import Array
from madaline.data.image_files import (
    ENDINGS,
    common_shape,
    open_image,
    resizing_notes,
    sized,
)
from madaline.data.table import Table
from madaline.errors import InputError
from madaline.words import count


@dataclass(frozen=True, eq=False)
class OpenedImages:
    """A table whose columns of paths hold images now.

    Parameters
    ----------
    table : Table
        The table.
    notes : tuple of str
        What was done, in sentences.
    """

    table: Table
    notes: tuple[str, ...]


def is_image_paths(column: Array) -> bool:
    """Return whether a column holds paths of image files, and nothing else but gaps.

    Examples
    --------
    >>> is_image_paths(np.array(["a.png", None, "b/c.JPG"], dtype=object))
    True
    >>> is_image_paths(np.array(["a.png", "apple"], dtype=object))
    False
    """
    if column.dtype != object or column.ndim > 1:
        return False
    texts = [one for one in column.tolist() if one is not None]
    return bool(texts) and all(
        isinstance(one, str) and one.lower().endswith(ENDINGS) for one in texts
    )


def open_images(
    table: Table,
    *,
    kinds: Mapping[str, str] | None = None,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
    folder: str | os.PathLike[str] = "",
    skip_broken: bool = False,
) -> OpenedImages:
    """Return the table with the images that its columns of paths name.

    Parameters
    ----------
    table : Table
        The table.
    kinds : mapping of str to str, optional
        What some columns are to be taken for; a column of paths told to be no image is left.
    shapes : mapping of str to tuple of int, optional
        Height, width and channels of the columns that a model needs; then no others are opened.
    folder : path
        What relative paths are relative to; by default the working directory.
    skip_broken : bool, default=False
        Whether a file that cannot be read counts as a missing image.

    Raises
    ------
    InputError
        If a file is not there or cannot be read; it is named.
    """
    told = {} if kinds is None else kinds
    wanted = table.names if shapes is None else [name for name in shapes if name in table]
    columns, notes = dict(table.columns), []
    for name in wanted:
        if told.get(name, "image") != "image" or not is_image_paths(table[name]):
            continue
        opened = [_open(path, Path(folder), name, skip_broken) for path in table[name]]
        columns[name], said = _stacked(name, opened, None if shapes is None else shapes[name])
        notes += said
    return OpenedImages(Table(columns), tuple(notes))


def _open(path: str | None, folder: Path, name: str, skip_broken: bool) -> Any:
    """Return an image, or None where there is none."""
    if path is None:
        return None
    place = folder / path
    found = open_image(place) if place.is_file() else "there is no such file"
    if not isinstance(found, str):
        return found
    if skip_broken:
        return None
    raise InputError(
        f"{place} of column {name} cannot be read as an image ({found}): correct the path, or leave"
        " it empty."
    )


def _stacked(
    name: str, images: Sequence[Any], shape: tuple[int, ...] | None
) -> tuple[Array, list[str]]:
    present = [one for one in images if one is not None]
    if not present and shape is None:
        raise InputError(f"No file of column {name} can be read as an image: correct the paths.")
    shape = shape or common_shape(present)
    pixels = [None if one is None else sized(one, shape) for one in images]
    known = [one for one in pixels if one is not None]
    even = np.mean([one.mean(axis=(0, 1)) for one in known], axis=0) if known else np.zeros(1)
    filler = np.broadcast_to(np.round(even).astype(np.uint8), shape)
    notes = [f"Column {name}: {note}" for note in resizing_notes(present, shape)]
    if len(known) < len(pixels):
        n_missing = count(len(pixels) - len(known), "row has", "rows have")
        notes.append(f"Column {name}: {n_missing} no image and got an even one instead.")
    return np.stack([filler if one is None else one for one in pixels]), notes
