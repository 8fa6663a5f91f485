"""Reads a file that was dropped on a page in a process with limited memory and time.

A few bytes may be a table of gigabytes: whatever that does to the process that reads it, the server
goes on, and answers others meanwhile.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from madaline._data.io.compression import TooLargeError
from madaline._engine.memory import used_memory
from madaline._words import format_size
from madaline.errors import InputError

if TYPE_CHECKING:
    from madaline._playground.tables import UserTable

_SMALL = 1_000_000  # bytes of a text that cannot become a large table
_MAX_BYTES, _ADDRESS_SPACE = 500_000_000, 4_000_000_000  # of a table while it is read, of all
_SECONDS = 60


def is_small_text(content: bytes) -> bool:
    r"""Return whether a content is a text, not compressed, which takes little memory to read.

    >>> is_small_text(b"a,b\n1,2\n"), is_small_text(b"PAR1" + bytes(8))
    (True, False)
    """
    if len(content) > _SMALL or 0 in content or content.startswith(b"BZh"):
        return False
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def read_apart(path: Path) -> UserTable:
    """Return the table of a file that another process reads; `InputError` if that fails."""
    code = "from madaline._playground.reading import main; main()"
    command = [sys.executable, "-c", code, str(path)]
    found = os.pathsep.join(filter(None, sys.path))
    with suppress(subprocess.TimeoutExpired):
        read = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": found, "POLARS_MAX_THREADS": "2"},
            timeout=_SECONDS,
            check=False,
        )
        if read.returncode == 0:
            table: UserTable | str = pickle.loads(read.stdout)
            if isinstance(table, str):
                raise InputError(table)
            return table
    raise InputError(
        f"{path} is too large for a page: to read it takes more than {format_size(_MAX_BYTES)} of"
        f" memory, or {_SECONDS} seconds; give fewer rows or columns."
    )


def main() -> None:
    """Write the table of a file to standard output, or the sentence why it cannot be read."""
    from madaline._playground.tables import UserTable

    made: UserTable | str
    _limit_this_process()
    try:
        made = UserTable.read(Path(sys.argv[1]), used_memory() + _MAX_BYTES)
    except TooLargeError:
        sys.exit(1)
    except InputError as error:
        made = str(error)
    sys.stdout.buffer.write(pickle.dumps(made))


def _limit_this_process() -> None:
    with suppress(ImportError):  # Windows has no such limits
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
        os.nice(5)
