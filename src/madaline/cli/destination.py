"""Where a result will be written: checked before the work begins, not after it is done."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from madaline.errors import InputError

FULL = (errno.ENOSPC, errno.EDQUOT)
"""What the operating system says of a full disk."""


def check_destination(path: Path, *, sources: Iterable[str]) -> None:
    """Refuse a path that a file could not be written to.

    Parameters
    ----------
    path : path
        Where to write later.
    sources : iterable of str
        Files that are read; none of them may be overwritten.

    Raises
    ------
    InputError
        If the folder is missing or cannot be written to, or what is there is no file or a source.
    """
    folder = path.parent
    if path.is_dir():
        raise InputError(f"{path} is a folder: give the name of a file to write.")
    if path.exists() and not path.is_file():
        raise InputError(f"{path} is a device and not a file: give the name of a file to write.")
    for source in sources:
        if path.exists() and Path(source).exists() and path.samefile(source):
            raise InputError(f"{path} is what is read: give another file to write.")
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder} to write {path.name} in: make it first.")
    try:
        # Files are written beside their place and then moved there, so the folder decides.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise unwritable(path, error) from None


def unwritable(path: str | os.PathLike[str], error: OSError) -> InputError:
    """Return the sentence for a file that the operating system would not write."""
    reason = (error.strerror or str(error)).lower()
    remedy = "free some space" if error.errno in FULL else "allow writing there"
    return InputError(
        f"{os.fspath(path)} cannot be written, {reason}: {remedy}, or write elsewhere with -o."
    )
