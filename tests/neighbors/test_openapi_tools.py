"""Programs that read OpenAPI find nothing that is not answered as described, and make clients."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the extra serve is not installed")

from tests.serve.conftest import serving


@pytest.fixture(scope="module")
def server(fittings):
    """A client of a server of one model of classes, and one of numbers."""
    models = {task: fittings[task][1] for task in ("multiclass", "regression")}
    with serving(models) as client:
        yield client


def run(program: str, *arguments: str, cwd: Path) -> str:
    """Return what a program of this environment prints."""
    command = [str(Path(sys.executable).with_name(program)), *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-9000:]
    return done.stdout


def test_schemathesis_finds_no_failure(server, tmp_path):
    pytest.importorskip("schemathesis", reason="schemathesis is not installed")
    address = f"http://127.0.0.1:{server.port}/openapi.json"
    options = ["--max-examples", "15", "--seed", "3", "--suppress-health-check", "all"]
    told = run("schemathesis", "run", address, *options, "--no-color", cwd=tmp_path)
    assert "No issues found" in told


def test_a_client_is_generated_for_each_operation(server, tmp_path):
    pytest.importorskip("openapi_python_client", reason="openapi-python-client is not installed")
    described = server.get("/openapi.json").json
    (tmp_path / "openapi.json").write_text(json.dumps(described))
    options = ["--path", "openapi.json", "--meta", "none", "--output-path", "client"]
    told = run("openapi-python-client", "generate", *options, cwd=tmp_path)
    assert "Unable to" not in told
    names = {path.stem for path in (tmp_path / "client" / "api" / "default").glob("*.py")}
    methods = [method for one in described["paths"].values() for method in one.values()]
    assert {method["operationId"] for method in methods} == names - {"__init__"}
