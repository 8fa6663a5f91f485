"""The files in examples/deployment: what they run is what the command reads, and answers."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import urllib.error
from pathlib import Path

import pytest

from madaline._apps.cli.parser import build_parser
from madaline._apps.serve.settings import Settings, named_models

yaml = pytest.importorskip("yaml", reason="PyYAML reads the files for Kubernetes")

FOLDER = Path(__file__).resolve().parents[1] / "examples" / "deployment"
IMAGE = "registry.example.org/madaline-serve:0.1"


def instruction(name):
    """Return what an instruction of the Dockerfile has: a list of words."""
    return json.loads(re.findall(rf"^{name} .*?(\[.*\])$", recipe(), flags=re.MULTILINE)[0])


def recipe():
    return (FOLDER / "Dockerfile").read_text()


def settings_of(words):
    """Return the settings of a command `madaline serve ...`, as the command itself reads them."""
    program, *arguments = words
    assert Path(program).name == "madaline"
    told = build_parser().parse_args(arguments)
    return Settings(
        named_models(told.model), host=told.host, port=told.port, allow_hosts=told.allow_host
    )


@pytest.fixture(scope="module")
def client(fittings):
    """A client of a server with a token."""
    from tests.serve.conftest import serving

    with serving({"model": fittings["binary"][1]}, token="sesame") as running:
        yield running


def test_the_image_serves_and_knows_whether_it_does(client):
    assert IMAGE in recipe()
    assert "'/source[serve]'" in recipe()
    settings = settings_of(instruction("ENTRYPOINT") + instruction("CMD"))
    assert (settings.host, settings.port) == ("0.0.0.0", 8080)
    assert settings.models == {"model": Path("/models/model.madaline")}
    python, flag, code = instruction("HEALTHCHECK")
    assert (python, flag) == ("python", "-c")
    exec(code.replace("localhost:8080", f"127.0.0.1:{client.port}"), {})
    with pytest.raises(urllib.error.URLError):
        exec(code.replace("localhost:8080", "127.0.0.1:1"), {})


def test_the_runtime_of_kserve_answers_its_probes(client):
    runtime, service = yaml.safe_load_all((FOLDER / "kserve.yaml").read_text())
    (container,) = runtime["spec"]["containers"]
    assert container["image"] == IMAGE
    arguments = [word.replace("{{.Name}}", "penguins") for word in container["args"]]
    settings = settings_of(instruction("ENTRYPOINT") + arguments)
    assert settings.models == {"penguins": Path("/mnt/models/model.madaline")}
    assert settings.allow_hosts == ("*.svc.cluster.local", "*.example.com")
    assert container["ports"] == [{"containerPort": settings.port, "protocol": "TCP"}]
    for probe in ("readinessProbe", "livenessProbe"):
        asked = container[probe]["httpGet"]
        assert (asked["port"], client.get(asked["path"]).status) == (settings.port, 200)
    model = service["spec"]["predictor"]["model"]
    assert model["runtime"] == runtime["metadata"]["name"]
    assert model["protocolVersion"] in runtime["spec"]["protocolVersions"]
    names = [one["name"] for one in runtime["spec"]["supportedModelFormats"]]
    assert model["modelFormat"]["name"] in names


def test_the_unit_of_systemd_serves_with_a_token(tmp_path):
    unit = (FOLDER / "madaline.service").read_text()
    keys = dict(line.split("=", 1) for line in unit.splitlines() if re.match("[A-Z]\\w+=", line))
    words = shlex.split(keys["ExecStart"])
    assert settings_of(words).models == {"penguins": Path("/srv/models/penguins.madaline")}
    assert words[-1] == "${CREDENTIALS_DIRECTORY}/token"
    assert keys["LoadCredential"].startswith("token:")
    assert int(keys["TimeoutStopSec"]) > Settings.shutdown_timeout
    if shutil.which("systemd-analyze"):
        here = tmp_path / "madaline.service"
        here.write_text(unit.replace(words[0], sys.executable))
        command = ["systemd-analyze", "verify", "--man=no", str(here)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "madaline.service" not in done.stderr


def test_the_application_names_what_there_is():
    code = (FOLDER / "app.py").read_text()
    assert "from madaline.serving import Settings, make_app" in code
    compile(code, "app.py", "exec")
