"""FastAPI mounts models, and uvicorn and gunicorn run such an application in several processes."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="fastapi is not installed")

from tests.serve.conftest import Client

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "deployment" / "app.py"


@contextlib.contextmanager
def running(folder: Path, *command: str):
    """Run a command that listens at a free port in a folder; return a client."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [word.format(port=port) for word in command]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-m", *words], cwd=folder, stderr=log)
        try:
            client, end = Client(port), time.monotonic() + 120
            while True:
                with contextlib.suppress(OSError):
                    client.get("/models/ping")
                    break
                assert process.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < end
                time.sleep(0.2)
            yield client
        finally:
            process.terminate()
            process.wait(60)


@pytest.mark.parametrize("server", ["uvicorn", "gunicorn", "gunicorn --preload"])
def test_the_example_answers_in_two_processes(server, fittings, make_columns, tmp_path):
    name, *options = server.split()
    pytest.importorskip(name, reason=f"{name} is not installed")
    shutil.copy(EXAMPLE, tmp_path)
    shutil.copy(fittings["binary"][1], tmp_path / "penguins.madaline")
    columns, _ = make_columns("binary", 8, 1)
    rows = [
        {"width": 1.5, "length": length, "count": 3, "city": "Ulm", "checked": True, "day": None}
        for length in columns["length"]
    ]
    command = ["uvicorn", "app:app", "--workers", "2", "--port", "{port}"]
    if name == "gunicorn":
        worker = ["-k", "uvicorn.workers.UvicornWorker", "-w", "2"]
        command = ["gunicorn", "app:app", *worker, "-b", "127.0.0.1:{port}", *options]
    model = fittings["binary"][0].model()
    with running(tmp_path, *command) as client:
        answer = client.post("/models/predict", rows).json["predictions"]
        assert [one["prediction"] for one in answer] == model.predict(rows).tolist()
        assert client.get("/models/openapi.json").json["servers"] == [{"url": "/models"}]
        assert client.get("/openapi.json").json["info"]["title"] == "FastAPI"
