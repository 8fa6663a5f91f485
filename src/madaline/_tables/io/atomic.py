"""Files are written whole or not at all, and changed by one process at a time.

A full disk or a killed run leaves the old file or the new one, never half. Of two processes that
read, change and write a file, the second is refused: what the first wrote is not lost.
"""

from __future__ import annotations

import glob
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from madaline.errors import InputError

try:
    import fcntl

    LOCKS = True
except ImportError:  # Windows, where a file that is open cannot be deleted anyway
    LOCKS = False

ENDING = ".madaline-part"  # ending of the names of temporary files


def write_atomically(
    path: str | os.PathLike[str], content: bytes, more: Iterable[bytes] = ()
) -> None:
    """Write a temporary file next to `path` and rename it when it is complete.

    Temporary files of `path` that killed processes left are removed.

    `more` are further chunks, written after `content`. `InputError` where no file can be, `OSError`
    if it cannot be written; an existing file is then unchanged.
    """
    path = Path(path)
    check_place(path)
    remove_leftovers(path)
    handle, name = _temporary(path)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.writelines(more)
            file.flush()
            os.fsync(file.fileno())
            if LOCKS:
                _replace(name, path)  # while it is locked
        if not LOCKS:
            _replace(name, path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    _sync_folder(path.parent)


def write_document(path: str | os.PathLike[str], text: str) -> None:
    """Write text that people read, as `write_atomically` does; names in it may hold anything.

    What would move the cursor of a terminal or turn the direction of a text is replaced.
    """
    write_atomically(path, text.translate(_CONTROLS).encode("utf-8", "backslashreplace"))


_CONTROLS = dict.fromkeys(
    {*range(32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
    - set(map(ord, "\t\n")),
    "\ufffd",
)
"""Control characters, and those that embed, override or isolate a direction of writing."""


def move_atomically(made: Path, path: Path) -> None:
    """Move a complete file, in the folder of `path` or one within it, in place of an older one."""
    remove_leftovers(path)
    with made.open("rb") as file:
        os.fsync(file.fileno())
    _replace(str(made), path)
    _sync_folder(path.parent)


def check_place(path: Path) -> None:
    """Refuse a path where there is a folder or a device, or whose folder is missing."""
    if path.is_dir():
        raise InputError("{path} is a folder: give the name of a file to write.", path=path)
    if path.exists() and not path.is_file():
        raise InputError(
            "{path} is a device and not a file: give the name of a file to write.", path=path
        )
    if not path.parent.is_dir():
        raise InputError(
            "There is no folder {parent} to write {name} in: make it first.",
            parent=path.parent,
            name=path.name,
        )


def remove_leftovers(path: str | os.PathLike[str]) -> None:
    """Remove temporary files that processes left which were killed while they wrote to `path`.

    Who writes holds a lock, which ends with the process.
    """
    path = Path(path)
    for name in path.parent.glob(f".{glob.escape(path.name)}.*{ENDING}"):
        with suppress(OSError):
            if not LOCKS:
                name.unlink()
                continue
            handle = os.open(name, os.O_RDWR | os.O_NOFOLLOW)
            try:
                _lock(handle)
                name.unlink()
            finally:
                os.close(handle)


@contextmanager
def alone(path: str | os.PathLike[str]) -> Iterator[None]:
    """Keep other processes that do the same away from a file.

    The file itself is replaced when it is written, so a hidden one beside it is locked. The system
    ends the lock with the process, however that ends: a file that a killed one left keeps nobody
    away. It need not be there yet; `InputError` if another process has it.
    """
    path = Path(path)
    lock = path.with_name(f".{path.name}.lock")
    handle = _locked(path, lock)
    try:
        yield
    finally:
        with suppress(OSError):  # Windows removes no file that is open
            lock.unlink()
        os.close(handle)


def _temporary(path: Path) -> tuple[int, str]:
    """Return a new file beside `path`, locked, and its name."""
    while True:
        handle, name = tempfile.mkstemp(ENDING, f".{path.name}.", path.parent)
        try:
            _lock(handle)
            if os.fstat(handle).st_nlink or not LOCKS:
                return handle, name
        except BlockingIOError:  # another process took it for a leftover just now
            pass
        except OSError:  # a file system without locks
            return handle, name
        os.close(handle)


def _lock(handle: int) -> None:
    """Lock a file until it is closed; `BlockingIOError` if another process has locked it."""
    if LOCKS:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _replace(name: str, path: Path) -> None:
    Path(name).chmod(0o666 & ~_umask())
    Path(name).replace(path)


def _sync_folder(folder: Path) -> None:
    """Write the new name to disk, too, where the system can: or a power failure may undo it."""
    flags: Any = getattr(os, "O_DIRECTORY", None)
    if flags is None:
        return
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | flags)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _opened(path: Path, lock: Path) -> int:
    """Return the file to be locked, which only its owner may open; a link is not followed."""
    try:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        return os.open(lock, flags, 0o600)
    except OSError as error:
        if not lock.is_symlink():
            raise
        raise InputError(
            "{lock}, which keeps other commands away from {path}, is a link ({strerror}): remove it.",
            lock=lock,
            path=path,
            strerror=error.strerror,
        ) from None


def _locked(path: Path, lock: Path) -> int:
    """Return the file beside another one, locked."""
    while True:
        handle = _opened(path, lock)
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            else:
                _lock(handle)
        except (BlockingIOError, PermissionError):
            os.close(handle)
            raise InputError(
                "{path} is in use by another madaline command, which will write it: wait until that one ends, or give another file.",
                path=path,
            ) from None
        except OSError:  # a file system without locks
            return handle
        if os.fstat(handle).st_nlink:
            return handle
        os.close(handle)  # whoever had it removed it just now
