"""Atomic writes: a full disk or a killed run leaves the old file or the new one, never half."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def write_atomically(
    path: str | os.PathLike[str], content: bytes, more: Iterable[bytes] = ()
) -> None:
    """Write a temporary file next to `path` and rename it when it is complete.

    Parameters
    ----------
    path : path
        Where to write; an existing file is replaced.
    content : bytes
        What to write.
    more : iterable of bytes, optional
        Further chunks, written after `content`.

    Raises
    ------
    OSError
        If it cannot be written; an existing file is then unchanged.
    """
    path = Path(path)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.writelines(more)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
