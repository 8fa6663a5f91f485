"""The application: its paths, and what each of them answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from madaline._extras import load_extra
from madaline._serve import inference_shape, json_shape, mlflow_shape
from madaline._serve.answers import Answer, Asked, Wanted
from madaline._serve.guard import Authorized, Bodies, KnownHosts, Measured, TimeLimited, Turns, here
from madaline._serve.messages import (
    Refusal,
    error_response,
    json_response,
    large_json_response,
    page_response,
    read_json,
    shortened,
    status_of,
    text_response,
)
from madaline._serve.metrics import CONTENT_TYPE, Metrics
from madaline._serve.models import Registry, ServedModel
from madaline._serve.openapi import describe
from madaline._serve.page import index_page, model_page, read_form
from madaline._serve.rows import Rows
from madaline._serve.settings import Settings
from madaline._serve.watching import Watcher
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


Reading: TypeAlias = Callable[[Any, Mapping[str, str], int], Asked]
Writing: TypeAlias = Callable[[ServedModel, Answer, Asked], dict[str, Any]]
"""How the requests of a shape are read, and its answers written."""


@dataclass(frozen=True, eq=False)
class Endpoints:
    """The answers to all requests (final).

    Parameters
    ----------
    settings : Settings
        Of the server.
    registry : Registry
        The models.
    metrics : Metrics
        What is counted.
    bodies : Bodies
        Reads the bodies of requests.
    turns : Turns
        Lets large requests wait for one another.
    """

    settings: Settings
    registry: Registry
    metrics: Metrics
    bodies: Bodies
    turns: Turns

    async def predict(self, request: Request) -> Response:
        """Answer rows as people write them."""
        return await self._predicted(request, json_shape.read_request, json_shape.write_answer)

    async def invocations(self, request: Request) -> Response:
        """Answer in MLflow's shapes."""
        return await self._predicted(request, mlflow_shape.read_request, mlflow_shape.write_answer)

    async def infer(self, request: Request) -> Response:
        """Answer tensors of the Open Inference Protocol."""
        if "inference-header-content-length" in request.headers:
            raise Refusal(400, "Binary tensors are not read: send the data of inputs as JSON.")
        return await self._predicted(
            request, inference_shape.read_request, inference_shape.write_answer
        )

    async def labels(self, request: Request) -> Response:
        """Take in labels of rows that were predicted under a key."""
        async with self.bodies.of(request) as body:
            served = self._served(request)
            async with self.turns.turn(body, 1, 1) as run:
                keys, known = await run(
                    lambda: json_shape.read_labels(read_json(body), self.settings.max_rows)
                )
        found = await _watcher(served).learn(keys, known)
        return json_response(json_shape.write_alarms(served, found))

    async def alarms(self, request: Request) -> Response:
        """Tell what changed since the model is watched."""
        served = self._served(request)
        alarms = _watcher(served).monitor.alarms
        return await asyncio.to_thread(
            lambda: large_json_response(json_shape.write_alarms(served, alarms))
        )

    async def server_metadata(self, _: Request) -> Response:
        """Tell what the server is."""
        return json_response(inference_shape.server_metadata())

    async def model_metadata(self, request: Request) -> Response:
        """Tell what a model needs and answers."""
        return json_response(inference_shape.model_metadata(self._served(request)))

    async def live(self, _: Request) -> Response:
        """Tell that the server runs."""
        return json_response({"live": True})

    async def ready(self, _: Request) -> Response:
        """Tell that all models answer, and which of them are older than their files."""
        return json_response({"ready": True, "problems": self._problems()})

    async def model_ready(self, request: Request) -> Response:
        """Tell that a model answers."""
        served = self._served(request)
        return json_response({"name": served.name, "ready": True})

    async def page(self, request: Request) -> Response:
        """Show a form for one row, and the answer to it."""
        if self._name(request) is None:
            page = await asyncio.to_thread(index_page, self._all(), self._problems())
            return page_response(page)
        path = request.url.path
        if request.method == "POST":
            async with self.bodies.of(request) as body:
                return await self._filled_in(body, request, path)
        served, typical = self._served(request), "typical" in request.query_params
        page = await asyncio.to_thread(model_page, served, path=path, typical=typical)
        return page_response(page)

    async def report(self, request: Request) -> Response:
        """Show the report of a model."""
        served = self._served(request)
        if self.settings.report is not None:
            return page_response(await asyncio.to_thread(self.settings.report.read_text, "utf-8"))
        return page_response(await asyncio.to_thread(lambda: served.report))

    async def story(self, request: Request) -> Response:
        """Tell how a model was found."""
        story = self._served(request).model.story
        return text_response(f"{await asyncio.to_thread(story)}\n")

    async def openapi(self, _: Request) -> Response:
        """Describe all paths."""
        models, settings = self._all(), self.settings
        return await asyncio.to_thread(lambda: large_json_response(describe(models, settings)))

    async def metrics_text(self, _: Request) -> Response:
        """Tell what was counted."""
        return text_response(self.metrics.text(), CONTENT_TYPE)

    async def _filled_in(self, body: bytes, request: Request, path: str) -> Response:
        """Show the answer to a form, or what is wrong with it."""
        served = self._served(request)
        given = await asyncio.to_thread(read_form, body, served)
        show = partial(model_page, served, path=path, given=given)
        try:
            rows = json_shape.read_request([given], served.kinds).rows
            answer = await self._answer(served, rows, Wanted(explain=True, coverage=0.9))
        except Refusal:
            raise
        except InputError as error:
            return page_response(await asyncio.to_thread(show, error=shortened(str(error))), 400)
        return page_response(await asyncio.to_thread(show, answer=answer))

    async def _predicted(self, request: Request, read: Reading, write: Writing) -> Response:
        """Answer the rows of a request in one of the shapes."""
        async with self.bodies.of(request) as body:
            served = self._served(request)
            async with self.turns.turn(body, len(served.kinds), served.n_outputs) as run:
                asked = await run(self._asked, read, body, served)
                if asked.keys is not None:
                    _watcher(served)
                answer = await self._answer(served, asked.rows, asked.wanted)
                served.observe(asked.rows, asked.keys, len(body))
                respond = json_response if run is here else large_json_response
                return await run(lambda: respond(write(served, answer, asked)))

    def _asked(self, read: Reading, body: bytes, served: ServedModel) -> Asked:
        """Return what a body asks, with as many rows as columns and outputs allow."""
        width = max(1, len(served.kinds), served.n_outputs)
        most = max(1, min(self.settings.max_rows, self.settings.max_cells // width))
        return read(read_json(body), served.kinds, most)

    async def _answer(self, served: ServedModel, rows: Rows, wanted: Wanted) -> Answer:
        answer = await served.answer(rows, wanted)
        self.metrics.predicted(served.name, rows.n_rows, answer.unseen)
        return answer

    def _served(self, request: Request) -> ServedModel:
        """Return the model that a path names, or the only one."""
        name = self._name(request)
        if name is None:
            names = " or ".join(f"/models/{one}" for one in self.registry.names[:2])
            raise Refusal(404, f"There are several models: name one in the path, such as {names}.")
        served = self.registry.get(name)
        if request.path_params.get("version", served.version) != served.version:
            raise Refusal(404, f"The version of {name} is {served.version}, and there is no other.")
        return served

    def _name(self, request: Request) -> str | None:
        name: str | None = request.path_params.get("name", self.settings.only)
        return name

    def _all(self) -> list[ServedModel]:
        return [self.registry.get(name) for name in self.registry.names]

    def _problems(self) -> dict[str, str]:
        return dict(self.registry.problems)


def _watcher(served: ServedModel) -> Watcher:
    """Return what watches a model; `Refusal` if nothing does."""
    if served.watcher is None:
        raise Refusal(404, "Nothing is watched: start the server with --watch FOLDER.")
    return served.watcher
