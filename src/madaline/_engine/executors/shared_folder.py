"""A temporary folder for what processes share; those that killed processes left are removed."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

try:
    import fcntl

    LOCKS = True
except ImportError:  # Windows
    LOCKS = False

PREFIX, LOCK = "madaline-", "in use"


class SharedFolder:
    """A folder with a lock, which ends with the process that made it (final).

    Examples
    --------
    >>> folder = SharedFolder()
    >>> os.path.isdir(folder.path)
    True
    >>> folder.remove()
    >>> os.path.isdir(folder.path)
    False
    """

    def __init__(self) -> None:
        _remove_leftovers()
        self._folder = tempfile.TemporaryDirectory(prefix=PREFIX)
        self.path = self._folder.name
        self._lock: int | None = None
        if LOCKS:
            with suppress(OSError):  # without a lock, no other process takes it for a leftover
                new = Path(self.path, "new")
                self._lock = os.open(new, os.O_CREAT | os.O_RDWR, 0o600)
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                new.rename(Path(self.path, LOCK))  # which others look for, once it is locked

    def remove(self) -> None:
        """Remove the folder with all that is in it."""
        self._folder.cleanup()
        if self._lock is not None:
            os.close(self._lock)
        self._lock = None


def _remove_leftovers() -> None:
    """Remove the folders of killed processes of this user."""
    if not LOCKS:
        return
    for lock in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{LOCK}"):
        with suppress(OSError):
            handle = os.open(lock, os.O_RDWR | os.O_NOFOLLOW)
            try:
                own = os.fstat(handle)
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if own.st_uid == os.getuid() and own.st_size == 0:
                    shutil.rmtree(lock.parent, ignore_errors=True)
            finally:
                os.close(handle)
