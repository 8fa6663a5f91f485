"""Other ASGI servers run the application, and other applications mount it."""

from __future__ import annotations

import shutil
import threading
import time
from contextlib import contextmanager

import pytest
from tests.serve.conftest import Client
from tests.serve.test_serve_models import replace, wait_for

from madaline.errors import InputError
from madaline.serving import Settings, make_app


@contextmanager
def running(app):
    """Run an application in a thread, on a server of uvicorn with its defaults."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.005)
    try:
        yield Client(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(120)


def mounted(models):
    """Return an application in which another one is mounted, whose lifespan it runs."""
    from starlette.applications import Starlette
    from starlette.routing import Mount

    return Starlette(routes=[Mount("/inner", models)], lifespan=models.lifespan)


def test_a_server_of_others_runs_it(files, records) -> None:
    with running(make_app(Settings({"m": str(files["binary"])}))) as client:
        assert client.post("/predict", records).status == 200
        assert "servers" not in client.get("/openapi.json").json


def test_what_is_mounted_answers_below_its_path(files, records) -> None:
    inner = make_app(Settings({"m": files["binary"], "n": files["regression"]}, token="sesame"))
    with running(mounted(inner)) as client:
        for path in ("/inner/ping", "/inner/v2/health/ready"):
            assert client.get(path).status == 200
        assert client.get("/inner/openapi.json").status == 401
        headers = {"Authorization": "Bearer sesame"}
        assert client.post("/inner/models/m/predict", records, **headers).status == 200
        assert client.get("/inner/openapi.json", **headers).json["servers"] == [{"url": "/inner"}]
        index = client.get("/inner/", **headers).body.decode()
        page = client.get("/inner/models/m", **headers).body.decode()
        for link in ("/inner/openapi.json", "/inner/models/m", "/inner/models/m/story"):
            assert f'href="{link}"' in index
        for link in ('href="/inner/openapi.json"', 'action="/inner/models/m#answer"'):
            assert link in page


def test_files_are_read_again_where_the_lifespan_runs(files, tmp_path) -> None:
    path, log = tmp_path / "m.madaline", []
    shutil.copy(files["binary"], path)
    inner = make_app(Settings({"m": path}, reload_seconds=0.02), log.append)
    with running(mounted(inner)) as client:
        before = client.get("/inner/v2/models/m").json["versions"]
        replace(path, files["multiclass"])
        wait_for(lambda: client.get("/inner/v2/models/m").json["versions"] != before)
    assert any("was replaced" in sentence for sentence in log)


def test_no_second_application_watches_the_same_models(files, tmp_path) -> None:
    settings = Settings({"m": files["binary"]}, watch=tmp_path)
    with running(make_app(settings)), pytest.raises(InputError, match="is in use"):
        make_app(settings)
    with running(make_app(settings)) as client:
        assert client.get("/alarms").status == 200
