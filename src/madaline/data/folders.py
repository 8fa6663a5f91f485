"""A folder of files is a table: a row for each file, and its class is the folder that it is in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from madaline.data.table import Table
from madaline.errors import InputError

LABEL = "label"
"""Name of the column that says in which folder a file is."""


@dataclass(frozen=True, eq=False)
class Folder:
    """What was read from the files of a folder.

    Parameters
    ----------
    table : Table
        The column of images or sounds and, where files are in folders of their own, that of labels.
    paths : tuple of str
        Each file's path within the folder.
    notes : tuple of str
        What was done to what was read, in sentences.
    """

    table: Table
    paths: tuple[str, ...]
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls, folder: Path, paths: Sequence[Path], name: str, column: Any, notes: Sequence[str]
    ) -> Folder:
        """Return a column, one row for each file in `paths`, with the labels that folders give."""
        names = [path.relative_to(folder) for path in paths]
        columns = {name: column}
        if all(len(one.parts) > 1 for one in names):
            columns[LABEL] = np.array([one.parts[0] for one in names], dtype=object)
        return cls(Table.from_columns(columns), tuple(map(str, names)), tuple(notes))


def files_in(folder: Path, endings: Sequence[str]) -> list[Path]:
    """Return the files in a folder and in its folders whose names end so, in the order of paths.

    Raises
    ------
    InputError
        If there is no such folder.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}: check the name.")
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in endings and not _hidden(path.relative_to(folder))
    ]


def left_out(broken: Sequence[str]) -> str:
    """Return the sentence about files that were left out, given their names.

    Examples
    --------
    >>> left_out(["a.png", "b.png"])
    'Files that cannot be read were left out: a.png, b.png.'
    """
    shown = ", ".join(broken[:3]) + (f" and {len(broken) - 3} more" if len(broken) > 3 else "")
    return f"Files that cannot be read were left out: {shown}."


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
