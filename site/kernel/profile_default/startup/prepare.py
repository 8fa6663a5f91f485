"""Pages with cells run in the root of the project, as what their readers type does."""

import os
import subprocess
import sys
from pathlib import Path

from IPython import get_ipython

os.chdir(Path(os.environ["IPYTHONDIR"]).parents[1])
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
sys.path.append("docs/course")  # the chapters import checks.py, which lies beside them
Path("build").mkdir(exist_ok=True)


def run_or_raise(command: str) -> None:
    """Run what follows an exclamation mark, without a terminal; if it fails, so does the page."""
    both = subprocess.STDOUT
    done = subprocess.run(command, shell=True, stdout=subprocess.PIPE, stderr=both, text=True)
    print(done.stdout, end="")
    done.check_returncode()


get_ipython().system = run_or_raise
