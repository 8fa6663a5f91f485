"""Fixtures of the server's tests: a server in a thread, and a client on a bare connection."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the extra serve is not installed")
pytest.importorskip("uvicorn", reason="the extra serve is not installed")

from madaline._apps.serve.server import listening, make_server
from madaline._apps.serve.settings import Settings
from madaline._models.model import FittedModel


@dataclass(frozen=True)
class Reply:
    """What the server answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON, strictly: no NaN."""
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.body, parse_constant=lambda word: pytest.fail(word))

    @property
    def sentence(self) -> str:
        """The sentence of a refusal."""
        assert 400 <= self.status < 500 or self.status == 503, self.body
        assert list(self.json) == ["error"]
        assert "Traceback" not in self.json["error"]
        return str(self.json["error"])


@dataclass(frozen=True)
class Client:
    """Asks a running server."""

    port: int
    log: list[str] = field(default_factory=list)

    def get(self, path: str, **headers: str) -> Reply:
        """Ask for a path."""
        return self.ask("GET", path, b"", headers)

    def post(self, path: str, value: Any, **headers: str) -> Reply:
        """Send a value as JSON, or bytes as they are."""
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return self.ask("POST", path, body, headers)

    def ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        """Send a request and read all of the answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, names, answer.read())
        finally:
            connection.close()


@contextmanager
def serving(models: dict[str, Path], **settings: Any) -> Iterator[Client]:
    """Serve models in a thread; the server has ended when the block has."""
    told = Settings(models, **{"port": 0, "reload_seconds": 0.02, "timeout": 60.0, **settings})
    log: list[str] = []
    with listening(told) as listener:
        server = make_server(told, log.append)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.005)
        try:
            yield Client(listener.getsockname()[1], log)
        finally:
            server.should_exit = True
            thread.join(120)  # on a busy machine
            assert not thread.is_alive()


@pytest.fixture(scope="session")
def files(fittings) -> dict[str, Path]:
    """The file of a model of each task."""
    return {task: path for task, (_, path) in fittings.items()}


@pytest.fixture(scope="session")
def models(files) -> dict[str, FittedModel]:
    """A model of each task."""
    return {task: FittedModel.load(path) for task, path in files.items()}


@pytest.fixture(scope="session")
def client(files) -> Iterator[Client]:
    """A client of a server of all three."""
    with serving(files) as running:
        yield running


@pytest.fixture(scope="session")
def only(files) -> Iterator[Client]:
    """A client of a server of the model of two classes."""
    with serving({"binary": files["binary"]}) as running:
        yield running


@pytest.fixture(scope="session")
def records(make_columns) -> list[dict[str, Any]]:
    """New rows, as JSON has them."""
    columns, _ = make_columns("binary", n_samples=20, seed=1)
    columns["day"] = [str(day)[:10] for day in columns["day"]]
    columns["width"] = [None if value != value else value for value in columns["width"]]
    columns["checked"] = [bool(value) for value in columns["checked"]]
    return [
        {name: values[row] for name, values in columns.items() if name != "note"}
        for row in range(20)
    ]


@pytest.fixture
def run_async() -> Callable[..., Any]:
    """Run a coroutine."""
    return asyncio.run
