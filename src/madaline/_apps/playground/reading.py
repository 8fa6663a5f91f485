"""Reads a file that was dropped on a page in a process with limited memory and time.

A few bytes may be a table of gigabytes: whatever that does to the process that reads it, the server
goes on, and answers others meanwhile.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from madaline._base.words import format_size
from madaline._tables.io.compression import TooLargeError
from madaline.errors import InputError
from madaline.nn._engine.memory import used_memory

_SMALL = 1_000_000  # bytes of a text that cannot become a large table
_MAX_BYTES = 500_000_000  # of a table while it is read
_ADDRESS_SPACE = 4_000_000_000
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


def read_apart(path: Path, read: Callable[[Path, int], Any]) -> Any:
    """Return what a function of a module makes of a file and a limit of memory, elsewhere.

    `InputError` if it fails, or takes too much.
    """
    code = "from madaline._apps.playground.reading import main; main()"
    command = [sys.executable, "-c", code, read.__module__, read.__name__, str(path)]
    folders = os.pathsep.join(filter(None, sys.path))
    with suppress(subprocess.TimeoutExpired):
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": folders, "POLARS_MAX_THREADS": "2"},
            timeout=_SECONDS,
            check=False,
        )
        if done.returncode == 0:
            outcome = pickle.loads(done.stdout)
            if isinstance(outcome, InputError):
                raise outcome
            return outcome
    raise InputError(
        "{path} is too large for a page: to read it takes more than {MAX_BYTES} of memory, or {SECONDS} seconds; give fewer rows or columns.",
        path=path,
        MAX_BYTES=format_size(_MAX_BYTES),
        SECONDS=_SECONDS,
    )


def main() -> None:
    """Write what a function makes of a file to standard output, or the error that it raises."""
    module, name, path = sys.argv[1:]
    read = getattr(import_module(module), name)
    _limit_this_process()
    try:
        outcome = read(Path(path), used_memory() + _MAX_BYTES)
    except TooLargeError:
        sys.exit(1)
    except InputError as error:
        outcome = InputError(str(error))
    sys.stdout.buffer.write(pickle.dumps(outcome))


def _limit_this_process() -> None:
    with suppress(ImportError):  # Windows has no such limits
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
        os.nice(5)
