"""Everything is timed in a process of its own, with its number of threads set before any import.

A worker reads one request a line and answers in one line, both JSON. It lives on between
requests, so that several can be asked in turns: what disturbs the machine then disturbs all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from measuring import THREAD_VARIABLES, UNSET_VARIABLES

WORKER_FLAG = "--serve"
SCRIPT = Path(__file__).resolve().parents[1] / "speed.py"


class WorkerError(Exception):
    """What went wrong in a worker, in its own last words."""


class Worker:
    """A process that measures for one section of the benchmark.

    Parameters
    ----------
    section : str
        Whose requests it understands.
    threads : int
        Threads of the matrix library, and processors that it may use.
    """

    def __init__(self, section: str, threads: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(SCRIPT), WORKER_FLAG, section, str(threads)],
            env=environment(threads),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ask(self, **request: Any) -> dict[str, Any]:
        """Return what comes of a request; `WorkerError` where nothing does."""
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        answer = json.loads(line) if line else {"error": "its process ended"}
        if "error" in answer:
            raise WorkerError(answer["error"])
        return dict(answer)

    def __enter__(self) -> Worker:
        """Return the worker itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process."""
        self.close()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


def environment(threads: int) -> dict[str, str]:
    """Return the variables of a process with so many threads."""
    kept = {key: value for key, value in os.environ.items() if key not in UNSET_VARIABLES}
    return kept | dict.fromkeys(THREAD_VARIABLES, str(threads))


def serve_if_asked(sections: Mapping[str, Any]) -> None:
    """In a process started by `Worker`, answer its requests until there are no more, and exit."""
    if WORKER_FLAG not in sys.argv[1:2]:
        return
    section, threads = sys.argv[2], int(sys.argv[3])
    use_processors(threads)
    # What libraries print must not get between the answers; nobody reads it.
    answers = os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    for line in sys.stdin:
        try:
            answer = sections[section].answer(threads=threads, **json.loads(line))
        except Exception as error:  # the others go on, and this one is named
            answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
    sys.exit(0)


def use_processors(count: int) -> None:
    """Keep this process on so many processors, where the system can; libraries count them."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-count:])


def processors() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
