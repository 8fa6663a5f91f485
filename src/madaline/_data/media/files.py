"""Opens the files that a table names: regular files only, and none outside of a folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from madaline.errors import BrokenFileError


def open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a file for reading, if it is a regular one: to open a pipe would wait for its writer.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    OSError
        If it cannot be opened, or is a folder, a pipe or a device.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(None, "it is no regular file")
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def path_within(name: str, folder: Path, root: Path) -> Path:
    """Return the path of a file that a table names, if it is in a folder or below it.

    A table from a stranger may name any file of its reader, whose image a report would then show.
    The error is the same whether there is such a file or not.

    Parameters
    ----------
    name : str
        What the table holds.
    folder : Path
        What it is relative to.
    root : Path
        The folder.

    Raises
    ------
    BrokenFileError
        If it is elsewhere, or a link there leads elsewhere.

    Examples
    --------
    >>> path_within("faces/1.png", Path("data"), Path("data")).as_posix()
    'data/faces/1.png'
    >>> path_within("../1.png", Path("data"), Path("data"))
    Traceback (most recent call last):
    madaline.errors.BrokenFileError: ../1.png is not in the folder data: only files in it are
    opened. Move the file there, or name a folder that holds all files with --root (root= in
    Python).
    """
    path = folder / name
    try:
        inside = Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))
    except ValueError:  # a null character
        inside = False
    if inside:
        return path
    raise BrokenFileError(
        f"{name} is not in the folder {root}: only files in it are opened. Move the file there, or"
        " name a folder that holds all files with --root (root= in Python)."
    )
