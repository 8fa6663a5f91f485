"""Pages with cells run in the root of the project, as what their readers type does."""

import os
import sys
from pathlib import Path
from typing import Any

from IPython import get_ipython

os.chdir(Path(os.environ["IPYTHONDIR"]).parents[1])
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
sys.path.append("docs/course")  # the chapters import checks.py, which lies beside them
Path("build").mkdir(exist_ok=True)


def run_or_raise(command: str) -> None:
    """Run what follows an exclamation mark; a page whose commands fail is not built."""
    run(command)
    code: Any = shell.user_ns["_exit_code"]
    if code:
        raise RuntimeError(f"{command!r} ended with exit code {code}.")


shell = get_ipython()
run = shell.system
shell.system = run_or_raise
