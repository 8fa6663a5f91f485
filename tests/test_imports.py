"""An import costs what it needs: the rest is imported where it is used."""

import subprocess
import sys

import pytest

HEAVY = (
    *("madaline._fitting.fit", "madaline._race", "madaline._explain", "madaline._diagnosis"),
    *("madaline._watching.monitor", "madaline._online", "madaline._runtime", "madaline._model"),
    *("madaline._story", "madaline._report", "madaline._sampling", "madaline._playground"),
    *("polars", "numba", "matplotlib", "jinja2", "onnx", "ray", "distributed"),
)


def test_an_estimator_is_imported_without_what_a_fit_needs():
    script = "import sys; from madaline import AdaptiveClassifier; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = done.stdout.split()
    assert "madaline._estimators.classifier" in loaded
    assert [name for name in loaded if name.startswith(HEAVY)] == []
    assert sum(name.startswith("madaline") for name in loaded) < 150  # of some 290 for a fit


@pytest.mark.parametrize(
    "script",
    [
        "import madaline",
        "from madaline._cli import main; main([])",
        "from madaline._cli import main; main(['--help'])",
        "from madaline._cli import main; main(['--version'])",
    ],
)
def test_help_loads_no_command(script):
    script += "; import sys; print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert 0 < sum(name.startswith("madaline") for name in done.stderr.split()) < 60
