"""An import costs what it needs: the rest is imported where it is used."""

import subprocess
import sys

import pytest

HEAVY = (
    *(
        "madaline._models.fitting.fit",
        "madaline._race.race",
        "madaline._tell.explain",
        "madaline._models.diagnosis",
    ),
    *(
        "madaline._models.watching.monitor",
        "madaline._models.online",
        "madaline._models.runtime",
        "madaline._models.model",
    ),
    *(
        "madaline._models.story",
        "madaline._tell.report",
        "madaline._apps.sampling",
        "madaline._apps.playground",
    ),
    *("polars", "numba", "matplotlib", "jinja2", "onnx", "ray", "distributed"),
)


def test_an_estimator_is_imported_without_what_a_fit_needs():
    script = "import sys; from madaline import AdaptiveClassifier; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = done.stdout.split()
    assert "madaline._apps.estimators.classifier" in loaded
    assert [name for name in loaded if name.startswith(HEAVY)] == []
    assert sum(name.startswith("madaline") for name in loaded) < 150  # of some 290 for a fit


@pytest.mark.parametrize(
    "script",
    [
        "import madaline",
        "from madaline._apps.cli import main; main([])",
        "from madaline._apps.cli import main; main(['--help'])",
        "from madaline._apps.cli import main; main(['--version'])",
    ],
)
def test_help_loads_no_command(script):
    script += "; import sys; print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert 0 < sum(name.startswith("madaline") for name in done.stderr.split()) < 60
