"""A folder of files is a table: a row for each file, and its class is the folder that it is in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from madaline.data.table import Table
from madaline.errors import BrokenFileError, InputError
from madaline.nn.arrays import Array

LABEL = "label"
"""Name of the column that says in which folder a file is."""


@dataclass(frozen=True, eq=False)
class Folder:
    """What was read from the files of a folder.

    Parameters
    ----------
    table : Table
        The column of images or sounds and, where files are in folders of their own, that of labels.
    names : tuple of str
        The path of each file within the folder, also of those that could not be used.
    kept : bool ndarray of shape (n_files,)
        Which of them could be used, and are rows of the table.
    notes : tuple of str
        What was done to what was read, in sentences.
    """

    table: Table
    names: tuple[str, ...]
    kept: Array
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        folder: Path,
        paths: Sequence[Path],
        kept: Array,
        name: str,
        column: Any,
        notes: Sequence[str],
    ) -> Folder:
        """Return a column, one row for each file that is kept, with the labels of its folders."""
        names = [path.relative_to(folder) for path in paths]
        columns = {name: column}
        if all(len(one.parts) > 1 for one in names):
            columns[LABEL] = np.array([one.parts[0] for one in names], dtype=object)[kept]
        broken = [one for one, good in zip(names, kept, strict=True) if not good]
        said = [left_out([str(one) for one in broken])] if broken else []
        return cls(Table.from_columns(columns), tuple(map(str, names)), kept, (*said, *notes))


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


def read_each(
    paths: Sequence[Path], read: Callable[[Path], Any], *, skip_broken: bool
) -> tuple[list[Any], Array]:
    """Return what is in those files that can be read, and which files those are.

    Parameters
    ----------
    paths : sequence of Path
        The files.
    read : callable
        Returns what is in one, or raises a `BrokenFileError`.
    skip_broken : bool
        Whether to go on without files that cannot be used.

    Returns
    -------
    list, bool ndarray of shape (n_files,)

    Raises
    ------
    BrokenFileError
        If one cannot be used, or all, where broken ones may be left out.
    """
    found, kept = [], np.ones(len(paths), bool)
    first: BrokenFileError | None = None
    for place, path in enumerate(paths):
        try:
            found.append(read(path))
        except BrokenFileError as error:
            if not skip_broken:
                raise BrokenFileError(
                    f"{str(error).rstrip('.')}; --skip-broken leaves such files out."
                ) from None
            first = first or error
            kept[place] = False
    if first is not None and not found:
        raise first
    return found, kept


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
