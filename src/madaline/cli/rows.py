"""Rows for a fitted model: of a file that holds a table, or images or sounds in a folder."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from madaline.cli.words import paragraph, say
from madaline.core.arrays import Array
from madaline.data.files import read_file
from madaline.data.image_files import read_image_folder
from madaline.data.image_paths import open_images
from madaline.data.schema import SOUND
from madaline.data.sound_files import read_sound_folder
from madaline.data.table import Table
from madaline.errors import InputError
from madaline.model import FittedModel


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows as they were read.

    Parameters
    ----------
    table : Table
        What the model needs.
    files : ndarray of shape (n_samples,) or None
        Of images or sounds in a folder, the name of each file.
    """

    table: Table
    files: Array | None = None

    def first(self, n_rows: int | None) -> Rows:
        """Return the first rows, or all."""
        files = None if self.files is None else self.files[:n_rows]
        return Rows(self.table.take(slice(n_rows)), files)

    @property
    def name_column(self) -> dict[str, Array]:
        """A column with the names of the files, if there are any."""
        return {} if self.files is None else {"file": self.files}


def read_rows(path: str, model: FittedModel, *, also: Sequence[str] = ()) -> Rows:
    """Read rows for a model; what was done to images is said.

    Parameters
    ----------
    path : str
        A file, or a folder of images or sounds.
    model : FittedModel
        It says which columns are needed, and the size of images.
    also : sequence of str
        Further columns that are wanted where they are there.

    Raises
    ------
    InputError
        If there is no such file, or it does not hold what the model needs.
    """
    encoder = model.predictor.encoder
    if not Path(path).is_dir():
        columns = [*encoder.columns, *also]
        shapes = {name: grid.shape for name, grid in encoder.grids.items()}
        table = read_file(path, categories=encoder.categories, columns=columns)
        opened = open_images(table, shapes=shapes, folder=Path(path).parent)
        _say(opened.notes)
        return Rows(opened.table)
    listens = encoder.encoders[0].kind == SOUND
    if not encoder.shape and not listens:
        raise InputError(f"{path} is a folder, but the model needs a table: give a file.")
    folder = read_sound_folder(path) if listens else read_image_folder(path, shape=encoder.shape)
    _say(folder.notes)
    return Rows(folder.table, np.array(folder.paths, dtype=object))


def _say(notes: Sequence[str]) -> None:
    for note in notes:
        say(paragraph(note), sys.stderr)
