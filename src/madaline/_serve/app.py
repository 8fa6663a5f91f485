"""The application: paths, what answers them, and what all of them have in common."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from madaline._extras import load_extra
from madaline._serve.authorization import Authorized
from madaline._serve.endpoints import Endpoints
from madaline._serve.hosts import KnownHosts
from madaline._serve.limits import Bodies, TimeLimited
from madaline._serve.measured import Measured
from madaline._serve.metrics import Metrics
from madaline._serve.refusals import status_of
from madaline._serve.registry import Registry
from madaline._serve.responses import error_response
from madaline._serve.settings import Settings
from madaline._serve.turns import Turns
from madaline.errors import InputError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


Task: TypeAlias = Callable[[], Coroutine[Any, Any, None]]
"""What goes on for ever beside the requests."""


def make_app(settings: Settings, log: Callable[[str], object] = print, *tasks: Task) -> Any:
    """Return an ASGI application that serves models.

    Parameters
    ----------
    settings : Settings
        Which models, and the limits; host and port are for who runs it.
    log : callable
        Gets a sentence of what happened.
    *tasks : callable
        Each returns a coroutine that runs while the application does.

    Returns
    -------
    ASGI application
        Any server of that interface runs it.

    Raises
    ------
    InputError
        If a model cannot be read, or a package is not installed.
    """
    applications = load_extra("starlette.applications", extra="serve", purpose="madaline serve")
    metrics = Metrics()
    registry = Registry(settings, metrics, log)
    bodies, turns = Bodies(settings.max_bytes), Turns(settings.max_cells)
    endpoints = Endpoints(settings, registry, metrics, bodies, turns)
    app = applications.Starlette(
        routes=_routes(endpoints),
        exception_handlers=_handlers(),
        lifespan=_lifespan(registry, [lambda: registry.follow(settings.reload_seconds), *tasks]),
    )
    app.router.redirect_slashes = False  # it would lead to any host that a request names
    limited = TimeLimited(app, settings.timeout)
    guarded = limited if settings.token is None else Authorized(limited, settings.token)
    return Measured(KnownHosts(guarded, settings.host, settings.allow_hosts), metrics)


def _routes(endpoints: Endpoints) -> list[Any]:
    """Return the paths; what is asked most often is first."""
    from starlette.routing import Route

    version = "/versions/{version}"
    paths: list[tuple[str, str, Callable[..., Any]]] = []
    for start in ("", "/models/{name}"):
        paths += [
            ("POST", f"{start}/predict", endpoints.predict),
            ("POST", f"{start}/invocations", endpoints.invocations),
            ("POST", f"{start}/labels", endpoints.labels),
            ("GET", f"{start}/alarms", endpoints.alarms),
            ("GET", f"{start}/report", endpoints.report),
            ("GET", f"{start}/story", endpoints.story),
        ]
    for end in ("", version):
        model = "/v2/models/{name}" + end
        paths += [
            ("POST", f"{model}/infer", endpoints.infer),
            ("GET", f"{model}/ready", endpoints.model_ready),
            ("GET", model, endpoints.model_metadata),
        ]
    paths += [
        ("GET POST", "/", endpoints.page),
        ("GET POST", "/models/{name}", endpoints.page),
        ("GET", "/v2", endpoints.server_metadata),
        ("GET", "/v2/health/live", endpoints.live),
        ("GET", "/v2/health/ready", endpoints.ready),
        ("GET", "/openapi.json", endpoints.openapi),
        ("GET", "/metrics", endpoints.metrics_text),
    ]
    return [Route(path, answer, methods=methods.split()) for methods, path, answer in paths]


def _handlers() -> dict[Any, Any]:
    """Return what is answered instead where something is wrong: always one sentence."""
    from starlette.exceptions import HTTPException

    return {HTTPException: _no_such_path, InputError: _refused, Exception: _bug}


async def _no_such_path(request: Request, error: Any) -> Response:
    if error.status_code == 405:
        sentence = f"{request.method} is not answered at {request.url.path}: see /openapi.json."
    else:
        sentence = f"There is nothing at {request.url.path}: see /openapi.json."
    response = error_response(error.status_code, sentence)
    response.headers.update(error.headers or {})
    return response


async def _refused(_: Request, error: Any) -> Response:
    return error_response(status_of(error), str(error))


async def _bug(_: Request, error: Exception) -> Response:
    name = type(error).__name__
    sentence = f"This is a bug in madaline ({name}): the server's log tells more."
    return error_response(500, sentence)


def _lifespan(registry: Registry, tasks: list[Task]) -> Any:
    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        running = [asyncio.create_task(task()) for task in tasks]
        yield
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        registry.close()

    return lifespan
