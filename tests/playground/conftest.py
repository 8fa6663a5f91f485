"""Fixtures of the playground's tests: a server in a thread."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the extra serve is not installed")
pytest.importorskip("uvicorn", reason="the extra serve is not installed")

from tests.serve.conftest import Client

from madaline._apps.playground import PlaygroundSettings, make_app
from madaline._apps.serve.server import listening, make_server_of


@contextmanager
def playing(**settings: Any) -> Iterator[Client]:
    """Run a playground in a thread; it has ended when the block has."""
    told = PlaygroundSettings(**{"port": 0, **settings})
    with listening(told) as listener:
        server = make_server_of(told, partial(make_app, told))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.005)
        try:
            yield Client(listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(120)  # on a busy machine
            assert not thread.is_alive()


@pytest.fixture(scope="session")
def client() -> Iterator[Client]:
    """A client of a playground."""
    with playing() as running:
        yield running


@pytest.fixture
def run_async():
    """Run a coroutine."""
    return asyncio.run
