"""A key that only this user has: files signed with it were written by nobody else.

The checksum of a checkpoint is made with it, because an interrupted fit goes on with whatever
networks the checkpoint holds: one that came with a table from a stranger must not decide them.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from madaline._data.media.files import open_regular

LENGTH = 32


def user_key() -> bytes:
    """Return the key of this user on this machine, made when first needed.

    Returns
    -------
    bytes
        Empty where there is no place to keep one, such as in a container without a home folder:
        then a checkpoint is protected from damage alone.
    """
    try:
        path = _folder() / "checkpoint.key"
        if not path.exists():
            _make(path)
        with open_regular(path) as file:
            key = file.read(LENGTH + 1)
    except (OSError, RuntimeError):  # RuntimeError: nobody knows where the home folder is
        return b""
    return key if len(key) == LENGTH else b""


def _folder() -> Path:
    """Return the folder for what programs keep between their runs."""
    given = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_STATE_HOME", "")
    base = Path(given) if Path(given).is_absolute() else Path.home() / ".local" / "state"
    return base / "madaline"


def _make(path: Path) -> None:
    """Write a new key, whole or not at all, unless another process is faster."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)  # readable for its owner alone
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(LENGTH))
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
