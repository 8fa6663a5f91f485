"""Run a script of `benchmarks` in this process, which has imported most of what it needs."""

from __future__ import annotations

import io
import json
import runpy
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest


def run_here(script: Path, *arguments: str) -> CompletedProcess[str]:
    """Return what a script comes to; also the jobs of `measuring.measure_all` run here."""
    words, out, err = [str(script), *arguments], io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(script.parent))
        patch.setattr(sys, "argv", words)
        patch.setattr("measuring._in_new_process", _measured_here)
        with redirect_stdout(out), redirect_stderr(err):
            try:
                runpy.run_path(str(script), run_name="__main__")
                code: Any = 0
            except SystemExit as end:
                code = end.code or 0
            if isinstance(code, str):
                print(code, file=err)
                code = 1
    return CompletedProcess(words, code, out.getvalue(), err.getvalue())


def _measured_here(job: Any, script: Path, kind: type[Any]) -> Any:
    done = run_here(script, sys.modules["measuring"].WORKER_FLAG, json.dumps(asdict(job)))
    return kind(**json.loads(done.stdout.splitlines()[-1]))
