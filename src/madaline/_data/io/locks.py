"""One process at a time reads, changes and writes a file: what another one wrote is not lost."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from madaline.errors import InputError


@contextmanager
def alone(path: str | os.PathLike[str]) -> Iterator[None]:
    """Keep other processes that do the same away from a file.

    The file itself is replaced when it is written, so a hidden one beside it is locked. The system
    ends the lock with the process, however that ends: a file that a killed one left keeps nobody
    away.

    Parameters
    ----------
    path : path
        The file; it need not be there yet.

    Raises
    ------
    InputError
        If another process has it.
    """
    path = Path(path)
    own = path.with_name(f".{path.name}.lock")
    handle = _locked(path, own)
    try:
        yield
    finally:
        with suppress(OSError):  # Windows removes no file that is open
            own.unlink()
        os.close(handle)


def _locked(path: Path, own: Path) -> int:
    """Return the file beside another one, locked."""
    while True:
        handle = os.open(own, os.O_RDWR | os.O_CREAT)
        try:
            _lock(handle)
        except (BlockingIOError, PermissionError):
            os.close(handle)
            raise InputError(
                f"{path} is in use by another madaline command, which will write it: wait until"
                " that one ends, or give another file."
            ) from None
        except OSError:  # a file system without locks
            return handle
        if os.fstat(handle).st_nlink:
            return handle
        os.close(handle)  # whoever had it removed it just now


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
